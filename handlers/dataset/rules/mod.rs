//! What a dataset file says of a column's values beside their type; pure.
//!
//! In the order in which a value meets them: texts that count as null, the default of what is absent, the cast and the
//! notation of times, min and max, what is allowed, the pattern, the mask.

mod pattern;

use std::cmp::Ordering;

use super::types::{Bound, ColumnType};
use crate::value::time::notation::Notation;

pub use pattern::Pattern;

/// The rules of one column; most columns have none.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Rules {
    /// Texts that count as null.
    pub nulls: Vec<String>,
    /// What fills a value that is absent or null.
    pub default: Option<Literal>,
    /// How text says times and days, where that is not as the type has it.
    pub notation: Option<Notation>,
    /// The values allowed, in their order; any if there is none.
    pub allowed: Vec<Literal>,
    /// What a string must look like.
    pub pattern: Option<Pattern>,
    /// What stands for the value.
    pub mask: Option<Mask>,
}

/// A value that the dataset file gives, in the column's own representation.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// Of a type that has an order.
    Bound(Bound),
    /// For string.
    Text(String),
    /// For bool.
    Bool(bool),
}

/// What stands for the values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mask {
    /// How it is made.
    pub how: Masking,
    /// The type of the values before.
    pub of: ColumnType,
}

/// How a mask is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Masking {
    /// A keyed hash: equal values have equal ones.
    Sha256,
    /// The last four characters.
    Last4,
    /// Nothing is left.
    Drop,
}

impl Masking {
    /// Returns the name in the dataset file.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Last4 => "last4",
            Self::Drop => "drop",
        }
    }

    /// Returns the one with a name in the dataset file.
    pub(super) fn named(name: &str) -> Option<Self> {
        let all = [Self::Sha256, Self::Last4, Self::Drop];
        all.into_iter().find(|how| how.as_str() == name)
    }
}

impl Rules {
    /// Returns whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Returns whether a text is as the pattern has it, if there is one.
    #[must_use]
    pub fn fits_pattern(&self, text: &[u8]) -> bool {
        let pattern = self.pattern.as_ref();
        pattern.is_none_or(|own| std::str::from_utf8(text).is_ok_and(|text| own.matches(text)))
    }

    /// Returns whether a value is allowed.
    #[must_use]
    pub fn allows(&self, value: Value<'_>) -> bool {
        let order = |literal: &Literal| literal.order(value);
        self.allowed.is_empty() || self.allowed.binary_search_by(order).is_ok()
    }
}

/// A value of a column that has literals.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'v> {
    /// As [`Literal::Bound`].
    Bound(Bound),
    /// As [`Literal::Text`].
    Text(&'v [u8]),
    /// As [`Literal::Bool`].
    Bool(bool),
}

impl Literal {
    /// Returns the value.
    #[must_use]
    pub fn value(&self) -> Value<'_> {
        match self {
            Self::Bound(bound) => Value::Bound(*bound),
            Self::Text(text) => Value::Text(text.as_bytes()),
            Self::Bool(value) => Value::Bool(*value),
        }
    }

    /// Compares with a value of the same type. Doubles are never NaN.
    #[must_use]
    pub fn order(&self, other: Value<'_>) -> Ordering {
        match (self.value(), other) {
            (Value::Bound(one), Value::Bound(other)) => {
                one.partial_cmp(&other).unwrap_or(Ordering::Less)
            }
            (Value::Text(one), Value::Text(other)) => one.cmp(other),
            (Value::Bool(one), Value::Bool(other)) => one.cmp(&other),
            // No value of another type is one of these.
            _ => Ordering::Less,
        }
    }
}
