//! Values in the text of an expression. Pure.

use sqlparser::ast::{DataType, Value};

use crate::expr::problem::{ExprProblem, Position};
use crate::expr::tree::Literal;
use crate::value::decimal::MAX_PRECISION;
use crate::value::number::Number;
use crate::value::time::{parse_date, parse_rfc3339};
use crate::wording::quoted;

/// Reads a value.
pub(super) fn value(value: Value, at: Position) -> Result<Literal, ExprProblem> {
    match value {
        Value::Null => Ok(Literal::Null),
        Value::Boolean(value) => Ok(Literal::Bool(value)),
        Value::SingleQuotedString(text) => Ok(Literal::Text(text)),
        Value::Number(text, _) => number(&text, at),
        other => {
            let message = format!("{} is no value of the language", quoted(&other.to_string()));
            Err(ExprProblem::new(at, message))
        }
    }
}

/// Reads a text with its type before it.
pub(super) fn typed(kind: DataType, value: Value, at: Position) -> Result<Literal, ExprProblem> {
    match (kind, value) {
        (DataType::Date, Value::SingleQuotedString(text)) => date(&text, at),
        (DataType::Timestamp(None, _), Value::SingleQuotedString(text)) => timestamp(&text, at),
        (kind, _) => {
            let message = format!("only date and timestamp stand before a text, not {kind}");
            Err(ExprProblem::new(at, message))
        }
    }
}

/// Reads a number: one with an exponent is a double, any other is exact.
fn number(text: &str, at: Position) -> Result<Literal, ExprProblem> {
    let (whole, fraction) = match text.split_once('.') {
        Some((_, "")) => {
            let message = format!("{} ends in a point: leave it out", quoted(text));
            return Err(ExprProblem::new(at, message));
        }
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (text, None),
    };
    if text.contains(['e', 'E']) {
        return double(whole, fraction, at);
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let digits = match fraction {
        Some(fraction) => format!("{whole}.{fraction}"),
        None => whole.to_owned(),
    };
    let is_number = digits
        .bytes()
        .all(|digit| digit == b'.' || digit.is_ascii_digit());
    if !is_number {
        let message = format!("{} is not a number", quoted(text));
        return Err(ExprProblem::new(at, message));
    }
    let count = fraction.map_or(0, str::len) + if whole == "0" { 0 } else { whole.len() };
    if count > usize::from(MAX_PRECISION) {
        let message = format!(
            "{} has {count} digits; an exact number has at most {MAX_PRECISION}, and a double an exponent, such as 1e40",
            quoted(text)
        );
        return Err(ExprProblem::new(at, message));
    }
    Ok(Literal::Exact {
        negative: false,
        digits,
    })
}

fn double(whole: &str, fraction: Option<&str>, at: Position) -> Result<Literal, ExprProblem> {
    let whole = match whole.trim_start_matches('0') {
        rest if rest.starts_with(|first: char| first.is_ascii_digit()) => rest.to_owned(),
        rest => format!("0{rest}"),
    };
    let text = match fraction {
        Some(fraction) => format!("{whole}.{fraction}"),
        None => whole,
    };
    match Number::new(text.as_bytes()).double() {
        Ok(value) => Ok(Literal::Double(value)),
        Err(_) => {
            let message = format!("{} is no finite double", quoted(&text));
            Err(ExprProblem::new(at, message))
        }
    }
}

/// Reads what follows `date`.
fn date(text: &str, at: Position) -> Result<Literal, ExprProblem> {
    let day = parse_date(text.as_bytes());
    day.map(Literal::Date).map_err(|_| {
        let message = format!(
            "{} is no day of the years 1 to 9999, such as date '2025-11-14'",
            quoted(text)
        );
        ExprProblem::new(at, message)
    })
}

/// Reads what follows `timestamp`.
fn timestamp(text: &str, at: Position) -> Result<Literal, ExprProblem> {
    let micros = parse_rfc3339(text.as_bytes());
    micros.map(Literal::Timestamp).map_err(|_| {
        let message = format!(
            "{} is no point in time of the years 1 to 9999 with its offset, such as timestamp '2025-11-14T11:44:34Z'",
            quoted(text)
        );
        ExprProblem::new(at, message)
    })
}
