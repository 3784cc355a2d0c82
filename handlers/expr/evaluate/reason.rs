//! Why a row has no valid value. Pure.

use std::fmt;

/// Why the value of an expression is invalid for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// A number is larger than its type.
    Overflow,
    /// A number was divided by zero.
    DivisionByZero,
    /// A double is not finite.
    NotFinite,
    /// A text is not written as its CAST reads it.
    NotConvertible,
    /// A time lies outside the years 1 to 9999.
    OutsideYears,
    /// A text became longer than 1 MiB.
    TooLong,
    /// A length is negative.
    NegativeLength,
    /// A value that the expression names is invalid.
    Input,
}

impl Reason {
    /// Returns what went wrong, for people.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Overflow => "a number is larger than its type",
            Self::DivisionByZero => "division by zero",
            Self::NotFinite => "a double is not finite",
            Self::NotConvertible => "a text is not written as its CAST reads it",
            Self::OutsideYears => "a time lies outside the years 1 to 9999",
            Self::TooLong => "a text became longer than 1 MiB",
            Self::NegativeLength => "a length is negative",
            Self::Input => "a value that it names is invalid",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
