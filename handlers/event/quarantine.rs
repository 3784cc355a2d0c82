//! Why a line was rejected.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a line was rejected. The text is stable: operators filter on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RejectReason {
    /// The line is not a JSON object.
    NotAnObject,
    /// A required field is absent or null.
    MissingField,
    /// A value cannot be cast to its column's type without loss.
    InvalidValue,
    /// A decimal or integer is larger than its column's type.
    Overflow,
    /// A value lies outside the column's `min` and `max`.
    OutOfRange,
    /// The event time lies outside the years 1900 to 9999.
    TimeOutOfRange,
    /// The event time lies further in the future than the clock skew that the dataset allows.
    FutureTime,
    /// What a computed column must have cannot be computed.
    Expression,
    /// The event, or what a value stands in, cannot be opened as the dataset says.
    NotOpened,
    /// The event has no array of records where the dataset says.
    NoRecords,
    /// The event is larger than the dataset allows, once it is opened.
    TooLarge,
    /// The schema that an Avro value was written by is not known.
    UnknownSchema,
    /// A value is not among those that its column allows.
    NotAllowed,
    /// A text is not of its column's pattern.
    Pattern,
}

impl RejectReason {
    /// Every reason, in the order in which they are reported.
    pub const ALL: [Self; 14] = [
        Self::NotAnObject,
        Self::MissingField,
        Self::InvalidValue,
        Self::Overflow,
        Self::OutOfRange,
        Self::TimeOutOfRange,
        Self::FutureTime,
        Self::Expression,
        Self::NotOpened,
        Self::NoRecords,
        Self::TooLarge,
        Self::UnknownSchema,
        Self::NotAllowed,
        Self::Pattern,
    ];

    /// Returns the stable text.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::MissingField => "missing_field",
            Self::InvalidValue => "invalid_value",
            Self::Overflow => "overflow",
            Self::OutOfRange => "out_of_range",
            Self::TimeOutOfRange => "time_out_of_range",
            Self::FutureTime => "future_time",
            Self::Expression => "expression",
            Self::NotOpened => "not_opened",
            Self::NoRecords => "no_records",
            Self::TooLarge => "too_large",
            Self::UnknownSchema => "unknown_schema",
            Self::NotAllowed => "not_allowed",
            Self::Pattern => "pattern",
        }
    }
}

/// A reason as the log and the ledger keep it: text, so that an older build reads what a newer one wrote.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum KeptReason {
    /// One that this build knows.
    Known(RejectReason),
    /// One of another build, kept and shown as it is.
    Other(String),
}

impl KeptReason {
    /// Returns the stable text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Known(reason) => reason.as_str(),
            Self::Other(text) => text,
        }
    }
}

impl From<RejectReason> for KeptReason {
    fn from(reason: RejectReason) -> Self {
        Self::Known(reason)
    }
}

impl From<String> for KeptReason {
    fn from(text: String) -> Self {
        let mut known = RejectReason::ALL.into_iter();
        let known = known.find(|reason| reason.as_str() == text);
        known.map_or(Self::Other(text), Self::Known)
    }
}

impl From<KeptReason> for String {
    fn from(reason: KeptReason) -> Self {
        reason.as_str().to_owned()
    }
}

impl fmt::Display for KeptReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for RejectReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
