//! The types of gold's columns; pure.

use crate::dataset::ColumnType;

/// The type of a value in gold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// A 64-bit integer.
    Int64,
    /// A 64-bit floating-point number.
    Double,
    /// An exact number.
    Decimal {
        /// All digits.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// A point in time in UTC, to the microsecond.
    Timestamp,
    /// A day.
    Date,
}

impl From<ColumnType> for ValueType {
    fn from(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Int64 => Self::Int64,
            ColumnType::Double => Self::Double,
            ColumnType::Decimal { precision, scale } => Self::Decimal { precision, scale },
            ColumnType::String | ColumnType::Json => Self::Text,
            ColumnType::Bool => Self::Bool,
            ColumnType::Timestamp(_) => Self::Timestamp,
            ColumnType::Date => Self::Date,
        }
    }
}
