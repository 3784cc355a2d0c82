//! What the columns of a file hold, as the text that Delta keeps with it; pure.
//!
//! Readers skip files by it, so a bound may be wider than the values, never narrower: times are rounded outwards to the
//! millisecond that every reader understands, and text is cut to a prefix, its upper bound with a highest character.
//!
//! A column that counts its nulls and has values has bounds: some readers take a bound that is not there for null, and find
//! nothing. Tables of builds that left out those of truth values and of text for people name the columns that always have
//! some (`always_bounded`).

use std::collections::BTreeMap;

use arrow_arith::aggregate::{max, max_boolean, min, min_boolean};
use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int32Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};
use chrono::{DateTime, Days, NaiveDate, SecondsFormat, Utc};
use serde::Deserialize;

use crate::table::evolution::{SchemaRecord, Standing};
use crate::table::schema::{RESCUED, SOURCE};

/// Columns with bounds; further ones only count their nulls.
const MAX_COLUMNS: usize = 32;
/// Characters of text that are kept.
const MAX_CHARACTERS: usize = 32;
/// 9999-12-31T23:59:59.999Z, in milliseconds since 1970.
const LAST_MILLISECOND: i64 = 253_402_300_799_999;
const LAST_MICROSECOND: &str = "9999-12-31T23:59:59.999999Z";
/// Sorts after every other character.
const HIGHEST: char = '\u{10ffff}';

/// Returns the statistics of a file with these rows.
#[must_use]
pub fn of(batch: &RecordBatch) -> String {
    let (mut lowest, mut highest, mut nulls) = (Vec::new(), Vec::new(), Vec::new());
    for (index, (field, column)) in batch
        .schema()
        .fields()
        .iter()
        .zip(batch.columns())
        .enumerate()
    {
        let name = quoted(field.name());
        nulls.push(format!("{name}:{}", column.null_count()));
        if index >= MAX_COLUMNS {
            continue;
        }
        if let Some((low, high)) = bounds(column) {
            lowest.push(format!("{name}:{low}"));
            highest.push(format!("{name}:{high}"));
        }
    }
    format!(
        "{{\"numRecords\":{},\"minValues\":{{{}}},\"maxValues\":{{{}}},\"nullCount\":{{{}}}}}",
        batch.num_rows(),
        lowest.join(","),
        highest.join(","),
        nulls.join(",")
    )
}

/// How many rows of a file have no value in which column.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct Nulls {
    /// The file's rows.
    #[serde(rename = "numRecords")]
    pub rows: u64,
    /// Those without a value, by column. A column that the file does not have is not in it.
    #[serde(rename = "nullCount")]
    pub columns: BTreeMap<String, u64>,
}

/// Reads back how many values are null; nothing where the text does not say.
#[must_use]
pub fn nulls(text: &str) -> Option<Nulls> {
    serde_json::from_str(text).ok()
}

/// Returns the columns that have bounds in every file where they have a value, whichever build wrote it.
pub(super) fn always_bounded(recorded: &SchemaRecord) -> Vec<&str> {
    let columns = recorded.standing().into_iter();
    let columns = columns.filter_map(|column| match column {
        Standing::Declared(column) => Some((column.name.as_str(), column.kind != "bool")),
        Standing::Own(name) => Some((name, !matches!(name, SOURCE | RESCUED))),
        Standing::Directories => None,
    });
    let bounded = columns.take(MAX_COLUMNS);
    bounded
        .filter_map(|(name, is_bounded)| is_bounded.then_some(name))
        .collect()
}

/// Returns the lowest and the highest value as JSON, where there is one and its order is the same to everybody.
fn bounds(column: &ArrayRef) -> Option<(String, String)> {
    match column.data_type() {
        DataType::Int64 => {
            let column = column.as_primitive::<Int64Type>();
            Some((min(column)?.to_string(), max(column)?.to_string()))
        }
        DataType::Int32 => {
            let column = column.as_primitive::<Int32Type>();
            Some((min(column)?.to_string(), max(column)?.to_string()))
        }
        DataType::Float64 => {
            let column = column.as_primitive::<Float64Type>();
            // One zero or the other: whichever it is, and however a reader orders them, it lies between.
            let (low, high) = (min(column)?, max(column)?);
            let low = if low == 0.0 { -0.0 } else { low };
            double(low).zip(double(high + 0.0))
        }
        DataType::Decimal128(_, scale) => {
            let column = column.as_primitive::<Decimal128Type>();
            let digits = |unscaled| decimal(unscaled, *scale);
            Some((digits(min(column)?), digits(max(column)?)))
        }
        DataType::Utf8 => text(column),
        // It may hold more values than the rows have, which only widens the bounds.
        DataType::Dictionary(_, _) => text(column.as_any_dictionary_opt()?.values()),
        DataType::Boolean => {
            let column = column.as_boolean();
            Some((
                min_boolean(column)?.to_string(),
                max_boolean(column)?.to_string(),
            ))
        }
        DataType::Date32 => {
            let column = column.as_primitive::<Date32Type>();
            day(min(column)?).zip(day(max(column)?))
        }
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            let column = column.as_primitive::<TimestampMicrosecondType>();
            let (low, high) = (min(column)?, max(column)?);
            instant(low.div_euclid(1_000)).zip(upper_instant(high))
        }
        _ => None,
    }
}

fn double(value: f64) -> Option<String> {
    serde_json::Number::from_f64(value).map(|number| number.to_string())
}

/// Writes a decimal with all of its digits, as a JSON number.
fn decimal(unscaled: i128, scale: i8) -> String {
    let scale = usize::from(scale.unsigned_abs());
    let digits = format!("{:0>width$}", unscaled.unsigned_abs(), width = scale + 1);
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    let sign = if unscaled < 0 { "-" } else { "" };
    match fraction.is_empty() {
        true => format!("{sign}{whole}"),
        false => format!("{sign}{whole}.{fraction}"),
    }
}

fn day(days: i32) -> Option<String> {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1)?;
    let span = Days::new(u64::from(days.unsigned_abs()));
    let day = match days < 0 {
        true => epoch.checked_sub_days(span)?,
        false => epoch.checked_add_days(span)?,
    };
    Some(quoted(&day.to_string()))
}

fn instant(millis: i64) -> Option<String> {
    let time = DateTime::<Utc>::from_timestamp_millis(millis)?;
    Some(quoted(&time.to_rfc3339_opts(SecondsFormat::Millis, true)))
}

/// Rounds up to the millisecond, but not beyond the last one that Delta knows: there, the last microsecond is exact.
fn upper_instant(micros: i64) -> Option<String> {
    let up = i64::from(micros.rem_euclid(1_000) != 0);
    match micros.div_euclid(1_000) + up {
        millis if millis > LAST_MILLISECOND => Some(quoted(LAST_MICROSECOND)),
        millis => instant(millis),
    }
}

fn text(column: &ArrayRef) -> Option<(String, String)> {
    let (low, high) = lowest_and_highest(column.as_string_opt::<i32>()?.iter().flatten())?;
    Some((quoted(prefix(low)), quoted(&upper_prefix(high))))
}

/// Finds both in one pass, in which most texts are told from them by the number that they begin with.
fn lowest_and_highest<'t>(mut texts: impl Iterator<Item = &'t str>) -> Option<(&'t str, &'t str)> {
    let first = texts.next()?;
    let start = (beginning(first), first);
    let (mut low, mut high) = (start, start);
    for text in texts {
        let text = (beginning(text), text);
        if text < low {
            low = text;
        } else if text > high {
            high = text;
        }
    }
    Some((low.1, high.1))
}

/// Returns the first bytes of a text as a number: of two texts the lower one never has the higher number.
fn beginning(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let bytes = bytes.first_chunk().copied().unwrap_or_else(|| {
        let mut padded = [0; size_of::<u64>()];
        padded
            .iter_mut()
            .zip(bytes)
            .for_each(|(to, byte)| *to = *byte);
        padded
    });
    u64::from_be_bytes(bytes)
}

fn prefix(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_CHARACTERS);
    end.map_or(text, |(end, _)| text.get(..end).unwrap_or(text))
}

fn upper_prefix(text: &str) -> String {
    let cut = prefix(text);
    match cut.len() == text.len() {
        true => cut.to_owned(),
        false => format!("{cut}{HIGHEST}"),
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use arrow_array::{
        BooleanArray, Decimal128Array, DictionaryArray, Float64Array, Int64Array, StringArray,
        TimestampMicrosecondArray,
    };
    use serde_json::json;

    use super::*;

    #[test]
    fn bounds_are_never_narrower_than_the_values() {
        let long = "x".repeat(40);
        let batch = RecordBatch::try_from_iter_with_nullable([
            (
                "id",
                Arc::new(Int64Array::from(vec![3, -5])) as ArrayRef,
                false,
            ),
            (
                "amount",
                Arc::new(
                    Decimal128Array::from(vec![-5, 1_234_567_890_123_456_789])
                        .with_precision_and_scale(38, 2)
                        .unwrap(),
                ),
                false,
            ),
            (
                "at",
                Arc::new(TimestampMicrosecondArray::from(vec![1_500, 2_001]).with_timezone("UTC")),
                false,
            ),
            (
                "name",
                Arc::new(StringArray::from(vec![Some(long.as_str()), None])),
                true,
            ),
            ("none", Arc::new(Int64Array::from(vec![None, None])), true),
        ])
        .unwrap();

        let text = of(&batch);
        assert!(text.contains("\"amount\":12345678901234567.89"), "{text}");
        assert!(text.contains("\"amount\":-0.05"), "{text}");
        let stats: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(stats["numRecords"], 2);
        assert_eq!(stats["minValues"]["id"], -5);
        assert_eq!(stats["minValues"]["at"], "1970-01-01T00:00:00.001Z");
        assert_eq!(stats["maxValues"]["at"], "1970-01-01T00:00:00.003Z");
        assert_eq!(stats["minValues"]["name"], "x".repeat(32));
        assert_eq!(
            stats["maxValues"]["name"],
            format!("{}\u{10ffff}", "x".repeat(32))
        );
        assert_eq!(stats["minValues"].get("none"), None);
        assert_eq!(
            stats["nullCount"],
            json!({ "id": 0, "amount": 0, "at": 0, "name": 1, "none": 2 })
        );
        let read = nulls(&text).unwrap();
        assert_eq!(
            (read.rows, read.columns["name"], read.columns["none"]),
            (2, 1, 2)
        );
        assert_eq!(nulls("{}"), None, "that says nothing");
    }

    proptest::proptest! {
        #[test]
        fn text_is_ordered_by_its_bytes(
            texts in proptest::collection::vec("[\0\u{1}aäz]{0,10}", 0..20),
        ) {
            let found = lowest_and_highest(texts.iter().map(String::as_str));
            let expected = texts.iter().min().zip(texts.iter().max());
            proptest::prop_assert_eq!(found, expected.map(|(low, high)| (low.as_str(), high.as_str())));
        }
    }

    #[test]
    fn every_type_has_bounds_of_its_values() {
        let column = |values: ArrayRef| bounds(&values).unwrap();
        let pair = |low: &str, high: &str| (low.to_owned(), high.to_owned());
        let truths = |values: Vec<Option<bool>>| column(Arc::new(BooleanArray::from(values)));
        assert_eq!(truths(vec![Some(true), None]), pair("true", "true"));
        assert_eq!(truths(vec![Some(true), Some(false)]), pair("false", "true"));
        let sources: DictionaryArray<Int32Type> = ["b", "a", "b"].into_iter().collect();
        assert_eq!(column(Arc::new(sources)), pair("\"a\"", "\"b\""));
        for zeros in [vec![-0.0, 0.0], vec![0.0], vec![-0.0]] {
            let zeros = Float64Array::from(zeros);
            assert_eq!(column(Arc::new(zeros)), pair("-0.0", "0.0"));
        }
    }

    #[test]
    fn the_upper_bound_of_a_time_is_one_that_delta_knows() {
        let last = LAST_MILLISECOND * 1_000;
        let upper = |micros: i64| upper_instant(micros).unwrap();
        assert_eq!(upper(last), "\"9999-12-31T23:59:59.999Z\"");
        assert_eq!(upper(last - 1), "\"9999-12-31T23:59:59.999Z\"");
        assert_eq!(upper(last + 1), "\"9999-12-31T23:59:59.999999Z\"");
        assert_eq!(upper(last + 999), "\"9999-12-31T23:59:59.999999Z\"");
    }

    #[test]
    fn days_before_1970_and_decimals_without_a_fraction_are_written_out() {
        assert_eq!(day(-1).unwrap(), "\"1969-12-31\"");
        assert_eq!(decimal(-12, 0), "-12");
        assert_eq!(decimal(7, 3), "0.007");
    }
}
