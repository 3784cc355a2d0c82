//! A value as people read it in its column; pure.

use sluice::warehouse::schema::ValueType;

use super::column::Column;
use crate::output::escape::escaped;

/// A null, wherever people read one.
pub(super) const NULL: &str = "null";

/// Digits after the point of a second that a column of times shows.
const FRACTIONS: [usize; 3] = [0, 3, 6];

/// A value that is shown, or a null.
pub(super) type Shown = Option<String>;

/// Returns what is shown of the rows' values.
pub(super) fn shown(columns: &[Column], rows: &[Vec<Option<String>>]) -> Vec<Vec<Shown>> {
    let digits: Vec<usize> = (0..columns.len()).map(|at| fraction(rows, at)).collect();
    let row = |row: &Vec<Option<String>>| {
        let described = columns.iter().zip(&digits);
        let values = described.enumerate().map(|(at, (column, digits))| {
            let value = row.get(at)?.as_deref()?;
            // Before it is measured: an escape is longer than what it stands for.
            Some(escaped(&one(column, value, *digits)).into_owned())
        });
        values.collect()
    };
    rows.iter().map(row).collect()
}

fn one(column: &Column, value: &str, digits: usize) -> String {
    match column.kind {
        ValueType::Int64 | ValueType::Decimal { .. } | ValueType::Double => {
            match column.is_identifier {
                true => value.to_owned(),
                false => separated(value),
            }
        }
        ValueType::Timestamp => time(value, digits).unwrap_or_else(|| value.to_owned()),
        ValueType::Text | ValueType::Bool | ValueType::Date => value.to_owned(),
    }
}

/// Whether values of a type stand to the right.
pub(super) fn is_number(kind: ValueType) -> bool {
    match kind {
        ValueType::Int64 | ValueType::Double | ValueType::Decimal { .. } => true,
        ValueType::Text | ValueType::Bool | ValueType::Timestamp | ValueType::Date => false,
    }
}

/// Writes commas between the thousands of a plain number; what is none stays as it is.
pub(crate) fn separated(number: &str) -> String {
    let unsigned = number.strip_prefix('-').unwrap_or(number);
    let (whole, fraction) = match unsigned.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (unsigned, None),
    };
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    if !is_digits(whole) || !fraction.is_none_or(is_digits) {
        return number.to_owned();
    }
    let mut text = String::with_capacity(number.len() + whole.len() / 3);
    if unsigned.len() < number.len() {
        text.push('-');
    }
    for (at, digit) in whole.char_indices() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    if let Some(fraction) = fraction {
        text.push('.');
        text.push_str(fraction);
    }
    text
}

/// Returns the digits after the point of a second that a column needs, so that all of its times are of one length.
fn fraction(rows: &[Vec<Option<String>>], at: usize) -> usize {
    let values = rows.iter().filter_map(|row| row.get(at)?.as_deref());
    let needed = values.filter_map(|value| Some(parts(value)?.1.trim_end_matches('0').len()));
    let needed = needed.max().unwrap_or(0);
    let mut enough = FRACTIONS.into_iter().filter(|digits| *digits >= needed);
    enough.next().unwrap_or(needed)
}

/// Splits a time in UTC into what stands before the point and the digits behind it.
fn parts(value: &str) -> Option<(&str, &str)> {
    let text = value.strip_suffix('Z')?;
    let (seconds, digits) = text.split_once('.').unwrap_or((text, ""));
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then_some((seconds, digits))
}

fn time(value: &str, digits: usize) -> Option<String> {
    let (seconds, found) = parts(value)?;
    if digits == 0 {
        return Some(format!("{seconds}Z"));
    }
    let found: String = found.chars().take(digits).collect();
    Some(format!("{seconds}.{found:0<digits$}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_are_separated_in_numbers_and_nowhere_else() {
        for (text, expected) in [
            ("7", "7"),
            ("999", "999"),
            ("1000", "1,000"),
            ("-1234567.8900", "-1,234,567.8900"),
            ("123456", "123,456"),
            ("1e20", "1e20"),
            ("NaN", "NaN"),
            ("-", "-"),
            ("", ""),
            (".5", ".5"),
            ("1234.", "1234."),
        ] {
            assert_eq!(separated(text), expected);
        }
    }

    #[test]
    fn times_of_a_column_have_as_many_digits_as_any_of_them_needs() {
        let column = [Column::new("at", ValueType::Timestamp)];
        let texts = |values: &[&str]| -> Vec<String> {
            let rows: Vec<_> = values
                .iter()
                .map(|value| vec![Some((*value).to_owned())])
                .collect();
            let shown = shown(&column, &rows).into_iter();
            shown
                .map(|row| row[0].clone().unwrap_or_default())
                .collect()
        };
        assert_eq!(
            texts(&["2026-01-01T00:00:00.000000Z"]),
            ["2026-01-01T00:00:00Z"]
        );
        assert_eq!(
            texts(&["2026-01-01T00:00:00Z", "2026-01-01T00:00:00.340000Z"]),
            ["2026-01-01T00:00:00.000Z", "2026-01-01T00:00:00.340Z"]
        );
        assert_eq!(
            texts(&["2026-01-01T00:00:00.000010Z", "no time"]),
            ["2026-01-01T00:00:00.000010Z", "no time"]
        );
    }
}
