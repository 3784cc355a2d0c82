//! Single values of silver and gold, compared and written in one form.
//!
//! Values are read and encoded here, not with the code of silver and gold: an encoding that they get wrong must not be
//! compared with itself.

use std::borrow::Cow;
use std::cmp::Ordering;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat};
use sluice::value::decimal;
use sluice::warehouse::schema::ValueType;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Cell<'a> {
    Null,
    Int64(i64),
    Double(f64),
    /// Times ten to its column's scale.
    Decimal(i128),
    Text(Cow<'a, str>),
    Bool(bool),
    /// Microseconds since 1970.
    Timestamp(i64),
    /// Days since 1970.
    Date(i32),
}

impl<'a> Cell<'a> {
    /// Returns the value itself, whatever it was borrowed from.
    pub(crate) fn into_owned(self) -> Cell<'static> {
        match self {
            Self::Null => Cell::Null,
            Self::Int64(number) => Cell::Int64(number),
            Self::Double(number) => Cell::Double(number + 0.0),
            Self::Decimal(number) => Cell::Decimal(number),
            Self::Text(text) => Cell::Text(Cow::Owned(text.into_owned())),
            Self::Bool(is_true) => Cell::Bool(is_true),
            Self::Timestamp(micros) => Cell::Timestamp(micros),
            Self::Date(days) => Cell::Date(days),
        }
    }

    /// Appends the value such that the encodings of different rows differ.
    pub(crate) fn encode(&self, bytes: &mut Vec<u8>) {
        let mut put = |value: &[u8]| {
            bytes.push(1);
            bytes.extend_from_slice(value);
        };
        match self {
            Self::Null => bytes.push(0),
            Self::Int64(number) => put(&number.to_le_bytes()),
            // -0 and 0 are one value.
            Self::Double(number) => put(&(number + 0.0).to_bits().to_le_bytes()),
            Self::Decimal(number) => put(&number.to_le_bytes()),
            Self::Text(text) => {
                put(&(text.len() as u64).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
            Self::Bool(is_true) => put(&[u8::from(*is_true)]),
            Self::Timestamp(micros) => put(&micros.to_le_bytes()),
            Self::Date(days) => put(&days.to_le_bytes()),
        }
    }

    /// Reads a value as a warehouse writes it.
    pub(crate) fn parse(text: Option<&'a str>, kind: ValueType) -> Option<Self> {
        let Some(text) = text else {
            return Some(Self::Null);
        };
        match kind {
            ValueType::Int64 => text.parse().ok().map(Self::Int64),
            ValueType::Double => text.parse().ok().map(Self::Double),
            ValueType::Decimal { scale, .. } => parse_decimal(text, scale).map(Self::Decimal),
            ValueType::Text => Some(Self::Text(Cow::Borrowed(text))),
            ValueType::Bool => match text {
                "true" | "1" => Some(Self::Bool(true)),
                "false" | "0" => Some(Self::Bool(false)),
                _ => None,
            },
            ValueType::Timestamp => parse_time(text).map(Self::Timestamp),
            ValueType::Date => {
                let day = NaiveDate::parse_from_str(text.get(..10)?, "%Y-%m-%d").ok()?;
                Some(Self::Date(day.to_epoch_days()))
            }
        }
    }

    /// Writes the value for people.
    pub(crate) fn show(&self, scale: u8) -> String {
        match self {
            Self::Null => "null".to_owned(),
            Self::Int64(number) => number.to_string(),
            Self::Double(number) => number.to_string(),
            Self::Decimal(number) => decimal::format(*number, scale),
            Self::Text(text) => format!("{text:?}"),
            Self::Bool(is_true) => is_true.to_string(),
            Self::Timestamp(micros) => DateTime::from_timestamp_micros(*micros).map_or_else(
                || micros.to_string(),
                |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true),
            ),
            Self::Date(days) => NaiveDate::from_epoch_days(*days)
                .map_or_else(|| days.to_string(), |day| day.to_string()),
        }
    }

    /// Compares two values of one type; different types and nulls have no order.
    pub(crate) fn order(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Int64(a), Self::Int64(b)) | (Self::Timestamp(a), Self::Timestamp(b)) => {
                Some(a.cmp(b))
            }
            (Self::Double(a), Self::Double(b)) => a.partial_cmp(b),
            (Self::Decimal(a), Self::Decimal(b)) => Some(a.cmp(b)),
            (Self::Date(a), Self::Date(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }
}

fn parse_decimal(text: &str, scale: u8) -> Option<i128> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let missing = usize::from(scale).checked_sub(fraction.len())?;
    let zeros = std::iter::repeat_n(b'0', missing);
    let mut unscaled: i128 = 0;
    for digit in whole.bytes().chain(fraction.bytes()).chain(zeros) {
        let digit = digit.is_ascii_digit().then(|| digit - b'0')?;
        unscaled = unscaled.checked_mul(10)?.checked_add(i128::from(digit))?;
    }
    (!whole.is_empty()).then_some(sign * unscaled)
}

/// Reads a point in time in UTC, with `T` or a blank in the middle, with or without a zone.
fn parse_time(text: &str) -> Option<i64> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.timestamp_micros());
    }
    let text = text.replace('T', " ");
    let time = NaiveDateTime::parse_from_str(text.trim_end_matches('Z'), "%Y-%m-%d %H:%M:%S%.f");
    time.ok().map(|time| time.and_utc().timestamp_micros())
}

/// A column of a batch.
pub(crate) enum Column<'a> {
    Int64(&'a Int64Array),
    Double(&'a Float64Array),
    Decimal(&'a Decimal128Array),
    Text(&'a StringArray),
    Bool(&'a BooleanArray),
    Timestamp(&'a TimestampMicrosecondArray),
    Date(&'a Date32Array),
    /// A column that the file is older than.
    Absent,
}

impl<'a> Column<'a> {
    /// Takes a column of a file, if it has the type that the dataset file says.
    pub(crate) fn of(array: Option<&'a ArrayRef>, kind: ValueType) -> Option<Self> {
        let Some(array) = array else {
            return Some(Self::Absent);
        };
        match kind {
            ValueType::Int64 => array.as_primitive_opt().map(Self::Int64),
            ValueType::Double => array.as_primitive_opt().map(Self::Double),
            ValueType::Decimal { scale, .. } => {
                let array: &Decimal128Array = array.as_primitive_opt()?;
                (array.scale() == i8::try_from(scale).ok()?).then_some(Self::Decimal(array))
            }
            ValueType::Text => array.as_string_opt().map(Self::Text),
            ValueType::Bool => array.as_boolean_opt().map(Self::Bool),
            ValueType::Timestamp => array.as_primitive_opt().map(Self::Timestamp),
            ValueType::Date => array.as_primitive_opt().map(Self::Date),
        }
    }

    /// Returns a row's value.
    pub(crate) fn cell(&self, row: usize) -> Cell<'a> {
        match self {
            Self::Int64(array) if array.is_valid(row) => Cell::Int64(array.value(row)),
            Self::Double(array) if array.is_valid(row) => Cell::Double(array.value(row)),
            Self::Decimal(array) if array.is_valid(row) => Cell::Decimal(array.value(row)),
            Self::Text(array) if array.is_valid(row) => Cell::Text(Cow::Borrowed(array.value(row))),
            Self::Bool(array) if array.is_valid(row) => Cell::Bool(array.value(row)),
            Self::Timestamp(array) if array.is_valid(row) => Cell::Timestamp(array.value(row)),
            Self::Date(array) if array.is_valid(row) => Cell::Date(array.value(row)),
            _ => Cell::Null,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_of_a_warehouse_are_read_exactly() {
        let decimal = ValueType::Decimal {
            precision: 38,
            scale: 2,
        };
        for (text, kind, expected) in [
            ("-0.05", decimal, Some(Cell::Decimal(-5))),
            ("7", decimal, Some(Cell::Decimal(700))),
            ("7.001", decimal, None),
            ("2025-11-14", ValueType::Date, Some(Cell::Date(20_406))),
            (
                "1970-01-01T00:00:01Z",
                ValueType::Timestamp,
                Some(Cell::Timestamp(1_000_000)),
            ),
            (
                "1970-01-01 00:00:01.5",
                ValueType::Timestamp,
                Some(Cell::Timestamp(1_500_000)),
            ),
            ("yes", ValueType::Bool, None),
        ] {
            assert_eq!(Cell::parse(Some(text), kind), expected, "{text}");
        }
        assert_eq!(Cell::parse(None, decimal), Some(Cell::Null));
    }
}
