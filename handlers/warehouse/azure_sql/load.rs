//! Rows as the bulk load takes them; pure.
//!
//! Every value has the type and scale of its column, nulls included: the driver rescales some types wrongly and has no
//! null without a type. Decimals are loaded as text: the driver writes each in as few bytes as it needs, and not every
//! server reads fewer than the column's own 17.

use std::borrow::Cow;

use tiberius::time::{Date, DateTime2, Time};
use tiberius::{ColumnData, TokenRow};

use crate::value::decimal;
use crate::warehouse::model::{Datum, Row, parts};
use crate::warehouse::schema::{Holds, TableSchema, ValueType};

/// Days from the year 1, where the protocol's calendar begins, to 1970.
const DAYS_TO_1970: i64 = 719_162;
/// Days from the year 1 to the last day of the year 9999.
const LAST_DAY: u32 = 3_652_058;
const MICROS_PER_DAY: i64 = 86_400_000_000;
const MICROS_PER_SECOND: i64 = 1_000_000;
/// The most units of UTF-16 of a text: the driver's bulk load takes no more into a column.
const MAX_UNITS: usize = 32_767;
/// What is shown for a NUL, at which many readers of SQL end a text.
const SHOWN_NUL: char = '\u{fffd}';

/// Returns the values of a row in the order of the table's columns.
pub(super) fn token_row(table: &TableSchema, row: Row) -> TokenRow<'static> {
    let mut values = TokenRow::with_capacity(2 + row.dimensions.len() + row.measures.len());
    key(table, &row).for_each(|part| values.push(part));
    for (datum, column) in row.dimensions.into_iter().zip(&table.dimensions) {
        values.push(value(datum, column.kind));
    }
    for (datum, measure) in row.measures.into_iter().zip(&table.measures) {
        for (part, holds) in parts(measure, datum).zip(measure.holds()) {
            values.push(match holds {
                Holds::Value(kind) => value(part, kind),
                Holds::EventTime => value(part, ValueType::Timestamp),
                Holds::RowHash | Holds::Sketch => bytes(part),
            });
        }
    }
    values
}

/// Returns the number of a row and the columns of its key, as the rows that are stored are asked for.
pub(super) fn key_row(table: &TableSchema, (number, row): (i64, &Row)) -> TokenRow<'static> {
    let mut values = TokenRow::with_capacity(3);
    values.push(ColumnData::I64(Some(number)));
    key(table, row).for_each(|part| values.push(part));
    values
}

/// Returns the period of a row, if its table has any, and its key.
fn key(table: &TableSchema, row: &Row) -> impl Iterator<Item = ColumnData<'static>> + use<> {
    let start = table.time().map(|_| match table.time_type() {
        ValueType::Timestamp => seconds(row.start),
        _ => ColumnData::Date(date(row.start.div_euclid(MICROS_PER_DAY))),
    });
    let key = ColumnData::Binary(Some(Cow::Owned(row.key.to_vec())));
    start.into_iter().chain([key])
}

fn bytes(datum: Datum) -> ColumnData<'static> {
    ColumnData::Binary(match datum {
        Datum::Bytes(bytes) => Some(Cow::Owned(bytes)),
        _ => None,
    })
}

/// Returns a value of a column's type; one of another type becomes a null, which a schema makes impossible.
fn value(datum: Datum, kind: ValueType) -> ColumnData<'static> {
    match kind {
        ValueType::Int64 => ColumnData::I64(match datum {
            Datum::Int64(number) => Some(number),
            _ => None,
        }),
        ValueType::Double => ColumnData::F64(match datum {
            Datum::Double(number) => Some(number),
            _ => None,
        }),
        ValueType::Decimal { scale, .. } => ColumnData::String(match datum {
            Datum::Decimal(unscaled) => Some(Cow::Owned(decimal::format(unscaled, scale))),
            _ => None,
        }),
        ValueType::Text => ColumnData::String(match datum {
            Datum::Text(text) => Some(Cow::Owned(displayed(text))),
            _ => None,
        }),
        ValueType::Bool => ColumnData::Bit(match datum {
            Datum::Bool(is_true) => Some(is_true),
            _ => None,
        }),
        ValueType::Timestamp => ColumnData::DateTime2(match datum {
            Datum::Timestamp(micros) => datetime(micros, 6),
            _ => None,
        }),
        ValueType::Date => ColumnData::Date(match datum {
            Datum::Date(days) => date(i64::from(days)),
            _ => None,
        }),
    }
}

fn seconds(micros: i64) -> ColumnData<'static> {
    ColumnData::DateTime2(datetime(micros, 0))
}

/// Returns a point in time with 0 or 6 digits of a second.
fn datetime(micros: i64, scale: u8) -> Option<DateTime2> {
    let day = date(micros.div_euclid(MICROS_PER_DAY))?;
    let of_day = micros.rem_euclid(MICROS_PER_DAY);
    let increments = match scale {
        0 => of_day / MICROS_PER_SECOND,
        _ => of_day,
    };
    Some(DateTime2::new(
        day,
        Time::new(u64::try_from(increments).ok()?, scale),
    ))
}

/// Returns a day of the years 1 to 9999.
fn date(days_since_1970: i64) -> Option<Date> {
    let days = u32::try_from(days_since_1970.checked_add(DAYS_TO_1970)?).ok()?;
    (days <= LAST_DAY).then(|| Date::new(days))
}

/// Returns a text as it is shown. Its group is known by the hash of the exact text.
fn displayed(text: String) -> String {
    let text = match text.contains('\0') {
        true => text.replace('\0', SHOWN_NUL.encode_utf8(&mut [0; 4])),
        false => text,
    };
    // No text of so few bytes has more units.
    if text.len() <= MAX_UNITS {
        return text;
    }
    let mut units = 0;
    let fitting = text.char_indices().find(|(_, character)| {
        units += character.len_utf16();
        units > MAX_UNITS
    });
    match fitting {
        // `end` is where a character starts.
        Some((end, _)) => text.get(..end).unwrap_or_default().to_owned(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_days_and_fractions_of_the_columns_scale() {
        let time = |micros, scale| {
            let value = datetime(micros, scale)?;
            let time = value.time();
            Some((value.date().days(), time.increments(), time.scale()))
        };
        assert_eq!(time(0, 6), Some((719_162, 0, 6)));
        assert_eq!(time(-1, 6), Some((719_161, 86_399_999_999, 6)));
        assert_eq!(time(3_600_000_000, 0), Some((719_162, 3_600, 0)));
        // 9999-12-31T23:59:59.999999Z, and the instant after it.
        let last = 253_402_300_799_999_999;
        assert_eq!(time(last, 6), Some((LAST_DAY, 86_399_999_999, 6)));
        assert_eq!(time(last + 1, 6), None);
        assert_eq!(time(i64::MIN, 6), None);
        // 0001-01-01.
        assert_eq!(time(-62_135_596_800_000_000, 6), Some((0, 0, 6)));
    }

    #[test]
    fn a_null_has_the_type_of_its_column() {
        let decimal = ValueType::Decimal {
            precision: 38,
            scale: 2,
        };
        for (kind, expected) in [
            (ValueType::Int64, ColumnData::I64(None)),
            (ValueType::Double, ColumnData::F64(None)),
            (decimal, ColumnData::String(None)),
            (ValueType::Text, ColumnData::String(None)),
            (ValueType::Bool, ColumnData::Bit(None)),
            (ValueType::Timestamp, ColumnData::DateTime2(None)),
            (ValueType::Date, ColumnData::Date(None)),
        ] {
            assert_eq!(value(Datum::Null, kind), expected);
        }
    }

    #[test]
    fn a_decimal_is_text_with_all_of_its_digits() {
        let text = |unscaled, scale| {
            let precision = 38;
            value(
                Datum::Decimal(unscaled),
                ValueType::Decimal { precision, scale },
            )
        };
        let most = 10_i128.pow(38) - 1;
        for (found, expected) in [
            (text(-5, 2), "-0.05".to_owned()),
            (text(100, 2), "1.00".to_owned()),
            (text(most, 0), "9".repeat(38)),
            (text(-most, 38), format!("-0.{}", "9".repeat(38))),
        ] {
            assert_eq!(found, ColumnData::String(Some(expected.into())));
        }
    }

    #[test]
    fn a_text_is_cut_between_characters_where_the_driver_ends() {
        let long = "x".repeat(MAX_UNITS + 1);
        assert_eq!(displayed(long).len(), MAX_UNITS);
        // The second unit of the last character would be one too many.
        let pairs = format!("x{}", "\u{1f600}".repeat(16_384));
        let cut = displayed(pairs);
        assert_eq!(cut.encode_utf16().count(), MAX_UNITS);
        let uneven = displayed("\u{1f600}".repeat(16_384));
        assert_eq!(uneven.encode_utf16().count(), MAX_UNITS - 1);
        // Three bytes, one unit.
        let japanese = "\u{65e5}".repeat(MAX_UNITS);
        assert_eq!(displayed(japanese.clone()), japanese);
    }

    #[test]
    fn a_nul_is_shown_as_what_cannot_be_shown() {
        assert_eq!(displayed("a\0b".into()), "a\u{fffd}b");
        assert_eq!(displayed("a\u{1}".into()), "a\u{1}");
    }
}
