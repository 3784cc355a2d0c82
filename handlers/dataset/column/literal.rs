//! Values that the file gives for a column: `min`, `max`, `allowed` and `default`, typed as the column is.

use toml::de::DeValue;

use crate::dataset::reader::{Keys, Located};
use crate::dataset::rules::Literal;
use crate::dataset::types::{Bound, ColumnType};
use crate::event::EventTime;
use crate::value::number::{Excess, Number, NumberProblem};
use crate::value::time::{TimeProblem, parse_date, parse_rfc3339};
use crate::wording::quoted;

/// Reads `min` and `max`.
pub(super) fn read_bounds(keys: &Keys<'_>, kind: ColumnType) -> (Option<Bound>, Option<Bound>) {
    let min = read_bound(keys, "min", kind);
    let max = read_bound(keys, "max", kind);
    if let (Some(low), Some(high)) = (min, max)
        && low > high
    {
        keys.report(
            "max",
            keys.value("max").map_or(0, |max| max.at),
            "must not be below min",
        );
    }
    (min, max)
}

fn read_bound(keys: &Keys<'_>, key: &str, kind: ColumnType) -> Option<Bound> {
    let value = keys.value(key)?;
    let text = ordered_text(keys, key, value)?;
    match parse_bound(text.as_bytes(), kind) {
        Ok(bound) => Some(bound),
        Err(message) => {
            keys.report(key, value.at, format!("{} {message}", quoted(&text)));
            None
        }
    }
}

/// Reads a value of the key `key`, which is all of it or one of its list.
pub(super) fn read(
    keys: &Keys<'_>,
    key: &str,
    value: Located<&DeValue<'_>>,
    kind: ColumnType,
) -> Option<Literal> {
    let refuse = |wanted: &str| {
        let found = value.value.type_str();
        let message = format!("must be {wanted}, as the column is {kind}, not of type {found}");
        keys.report(key, value.at, message);
        None
    };
    match (kind, value.value) {
        (ColumnType::String, DeValue::String(text)) => Some(Literal::Text(text.to_string())),
        (ColumnType::String, _) => refuse("a text in quotes"),
        (ColumnType::Bool, DeValue::Boolean(value)) => Some(Literal::Bool(*value)),
        (ColumnType::Bool, _) => refuse("true or false"),
        _ => {
            let text = ordered_text(keys, key, value)?;
            let bound = parse_bound(text.as_bytes(), kind);
            let report = |message| {
                keys.report(key, value.at, format!("{} {message}", quoted(&text)));
            };
            bound.map(Literal::Bound).map_err(report).ok()
        }
    }
}

/// Returns a value as it is written; nothing of a list or a table.
pub(super) fn text_of(value: &DeValue<'_>) -> Option<String> {
    match value {
        DeValue::String(text) => Some(text.to_string()),
        DeValue::Integer(number) if number.radix() == 10 => {
            Some(number.as_str().trim_start_matches('+').to_owned())
        }
        DeValue::Float(number) => Some(number.as_str().trim_start_matches('+').to_owned()),
        DeValue::Datetime(time) => Some(time.to_string()),
        _ => None,
    }
}

/// Returns a number, a time or a text as it is written, and reports anything else.
fn ordered_text(keys: &Keys<'_>, key: &str, value: Located<&DeValue<'_>>) -> Option<String> {
    let text = text_of(value.value);
    if text.is_none() {
        let found = value.value.type_str();
        let message = format!("must be a value of the column's type, not {found}");
        keys.report(key, value.at, message);
    }
    text
}

fn parse_bound(text: &[u8], kind: ColumnType) -> Result<Bound, String> {
    let of_number = |problem: NumberProblem, kind: &str| match problem {
        NumberProblem::Syntax => format!("is not a number, which the bound of a {kind} is"),
        NumberProblem::Overflow => format!("is too large for the column's type {kind}"),
        NumberProblem::Inexact => {
            format!("has more digits after the point than the column's type {kind}")
        }
    };
    let of_time = |problem: TimeProblem, wanted: &str| match problem {
        TimeProblem::Syntax => format!("is not {wanted}"),
        TimeProblem::Overflow => "lies outside the years 1 to 9999".to_owned(),
    };
    match kind {
        ColumnType::Int64 => Number::new(text)
            .int64()
            .map(Bound::Int64)
            .map_err(|problem| of_number(problem, "int64")),
        ColumnType::Double => Number::new(text)
            .double()
            .map(Bound::Double)
            .map_err(|problem| of_number(problem, "double")),
        ColumnType::Decimal { precision, scale } => Number::new(text)
            .decimal(precision, scale, Excess::Refuse)
            .map(Bound::Decimal)
            .map_err(|problem| of_number(problem, &format!("decimal({precision},{scale})"))),
        ColumnType::Timestamp(_) => parse_rfc3339(text)
            .map(|micros| Bound::Timestamp(EventTime(micros)))
            .map_err(|problem| of_time(problem, "a point in time, such as 2025-11-14T11:44:34Z")),
        ColumnType::Date => parse_date(text)
            .map(Bound::Date)
            .map_err(|problem| of_time(problem, "a day, such as 2025-11-14")),
        ColumnType::String | ColumnType::Bool | ColumnType::Json => Err(
            "is not allowed: only int64, double, decimal, timestamp and date have bounds"
                .to_owned(),
        ),
    }
}
