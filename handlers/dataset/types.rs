//! Types of columns, and limits of their values; pure.

use std::fmt;

use crate::event::EventTime;
use crate::expr::Type;

/// A column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// A 64-bit integer.
    Int64,
    /// A 64-bit floating-point number.
    Double,
    /// An exact number with `precision` digits, `scale` of them after the point; precision 1 to 38, scale 0 to precision.
    Decimal {
        /// All digits.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// UTF-8 text.
    String,
    /// True or false.
    Bool,
    /// A point in time in UTC, to the microsecond.
    Timestamp(TimestampFormat),
    /// A day.
    Date,
    /// Any JSON value, kept as text.
    Json,
}

impl fmt::Display for ColumnType {
    /// Writes the type as the dataset file does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int64 => f.write_str("int64"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String => f.write_str("string"),
            Self::Bool => f.write_str("bool"),
            Self::Timestamp(_) => f.write_str("timestamp"),
            Self::Date => f.write_str("date"),
            Self::Json => f.write_str("json"),
        }
    }
}

impl From<ColumnType> for Type {
    fn from(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Int64 => Self::Int64,
            ColumnType::Double => Self::Double,
            ColumnType::Decimal { precision, scale } => Self::Decimal { precision, scale },
            ColumnType::String => Self::String,
            ColumnType::Bool => Self::Bool,
            ColumnType::Timestamp(_) => Self::Timestamp,
            ColumnType::Date => Self::Date,
            ColumnType::Json => Self::Json,
        }
    }
}

/// How an event writes a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampFormat {
    /// Seconds since 1970, with or without a fraction.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
    /// Microseconds since 1970.
    UnixMicros,
    /// Nanoseconds since 1970, cut to the microsecond.
    UnixNanos,
    /// RFC 3339, such as `2025-11-14T11:44:34.343Z`.
    Rfc3339,
    /// As the column's notation says.
    Strptime,
}

/// A limit of a column's values, already in the column's own representation. Bounds of one type order as their values do.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Bound {
    /// For int64.
    Int64(i64),
    /// For double.
    Double(f64),
    /// For decimal: the value times ten to the column's scale.
    Decimal(i128),
    /// For timestamp: microseconds since 1970.
    Timestamp(EventTime),
    /// For date: days since 1970.
    Date(i32),
}
