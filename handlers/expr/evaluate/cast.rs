//! Casts, row by row. Pure.

use std::borrow::Cow;

use super::arithmetic::{finite, within_years};
use super::exact::of_double;
use super::reason::Reason;
use super::vector::{State, Values, Vector, map};
use crate::error::Invariant;
use crate::event::EventTime;
use crate::expr::types::Type;
use crate::value::decimal;
use crate::value::number::{Excess, Number, NumberProblem};
use crate::value::time::{Date, MICROS_PER_DAY, TimeProblem, parse_date, parse_rfc3339};

const MISSING: Invariant = Invariant("an expression casts only what can be cast");

/// Casts values; decimals that are cast to int64 are whole already.
pub(super) fn cast<'a>(operand: Vector<'a>, from: Type, to: Type) -> Result<Vector<'a>, Invariant> {
    let (values, states) = match (from, to) {
        (from, to) if from == to => return Ok(operand),
        (Type::Int64, Type::Timestamp) => wholes(&operand, within_years)?,
        (Type::Timestamp, Type::Int64) | (Type::Json, Type::String) => return Ok(operand),
        (Type::Timestamp | Type::LocalTime, Type::Date) => dates(&operand)?,
        (_, Type::String) => return to_text(&operand, from),
        (Type::String, _) => return from_text(&operand, to),
        (Type::Int64, Type::Double) => {
            let cast = |value: &i64| finite(*value as f64);
            let (values, states) = map(operand.wholes()?, &operand.states, cast);
            (Values::Double(values), states)
        }
        (Type::Decimal { scale, .. }, Type::Double) => {
            // The nearest one.
            let cast = |value: &i128| {
                let nearest = decimal::format(*value, scale).parse();
                finite(nearest.map_err(|_| Reason::NotFinite)?)
            };
            let (values, states) = map(operand.decimals()?, &operand.states, cast);
            (Values::Double(values), states)
        }
        (Type::Decimal { .. }, Type::Int64) => {
            let cast = |value: &i128| i64::try_from(*value).map_err(|_| Reason::Overflow);
            let (values, states) = map(operand.decimals()?, &operand.states, cast);
            (Values::Whole(values), states)
        }
        (Type::Double, Type::Int64) => {
            let cast = |value: &f64| {
                let whole = of_double(*value, 19, 0)?;
                i64::try_from(whole).map_err(|_| Reason::Overflow)
            };
            let (values, states) = map(operand.doubles()?, &operand.states, cast);
            (Values::Whole(values), states)
        }
        (Type::Double, Type::Decimal { precision, scale }) => {
            let cast = |value: &f64| of_double(*value, precision, scale);
            let (values, states) = map(operand.doubles()?, &operand.states, cast);
            (Values::Decimal(values), states)
        }
        _ => return Err(MISSING),
    };
    Ok(Vector { values, states })
}

fn wholes<'a>(
    operand: &Vector<'_>,
    apply: impl Fn(i64) -> Result<i64, Reason>,
) -> Result<(Values<'a>, Vec<State>), Invariant> {
    let (values, states) = map(operand.wholes()?, &operand.states, |value| apply(*value));
    Ok((Values::Whole(values), states))
}

/// Returns the days that points in time lie in.
pub(super) fn dates<'a>(operand: &Vector<'_>) -> Result<(Values<'a>, Vec<State>), Invariant> {
    let day = |micros: &i64| {
        let day = micros.div_euclid(MICROS_PER_DAY);
        i32::try_from(day).map_err(|_| Reason::OutsideYears)
    };
    let (values, states) = map(operand.wholes()?, &operand.states, day);
    Ok((Values::Date(values), states))
}

fn to_text<'a>(operand: &Vector<'a>, from: Type) -> Result<Vector<'a>, Invariant> {
    let states = &operand.states;
    let (values, states) = match (&operand.values, from) {
        (Values::Bool(values), _) => map(values, states, |value| {
            Ok(Cow::Borrowed(if *value { "true" } else { "false" }))
        }),
        (Values::Whole(values), Type::Int64) => {
            map(values, states, |value| Ok(Cow::Owned(value.to_string())))
        }
        (Values::Whole(values), Type::Timestamp) => map(values, states, |value| {
            Ok(Cow::Owned(EventTime(*value).to_string()))
        }),
        (Values::Decimal(values), Type::Decimal { scale, .. }) => map(values, states, |value| {
            Ok(Cow::Owned(decimal::format(*value, scale)))
        }),
        (Values::Date(values), _) => map(values, states, |value| {
            Ok(Cow::Owned(Date::from_days(i64::from(*value)).to_string()))
        }),
        _ => return Err(MISSING),
    };
    Ok(Vector {
        values: Values::Text(values),
        states,
    })
}

fn from_text<'a>(operand: &Vector<'a>, to: Type) -> Result<Vector<'a>, Invariant> {
    let (texts, states) = (operand.texts()?, &operand.states[..]);
    let (values, states) = match to {
        Type::Bool => {
            let (values, states) = map(texts, states, |text| boolean(text));
            (Values::Bool(values), states)
        }
        Type::Int64 => {
            let cast =
                |text: &Cow<'_, str>| Number::new(text.as_bytes()).int64().map_err(of_number);
            let (values, states) = map(texts, states, cast);
            (Values::Whole(values), states)
        }
        Type::Double => {
            let cast = |text: &Cow<'_, str>| {
                let value = Number::new(text.as_bytes()).double().map_err(of_number)?;
                finite(value)
            };
            let (values, states) = map(texts, states, cast);
            (Values::Double(values), states)
        }
        Type::Decimal { precision, scale } => {
            let cast = |text: &Cow<'_, str>| {
                let number = Number::new(text.as_bytes());
                number
                    .decimal(precision, scale, Excess::Round)
                    .map_err(of_number)
            };
            let (values, states) = map(texts, states, cast);
            (Values::Decimal(values), states)
        }
        Type::Timestamp => {
            let cast = |text: &Cow<'_, str>| parse_rfc3339(text.as_bytes()).map_err(of_time);
            let (values, states) = map(texts, states, cast);
            (Values::Whole(values), states)
        }
        Type::Date => {
            let cast = |text: &Cow<'_, str>| parse_date(text.as_bytes()).map_err(of_time);
            let (values, states) = map(texts, states, cast);
            (Values::Date(values), states)
        }
        Type::String | Type::LocalTime | Type::Json => return Err(MISSING),
    };
    Ok(Vector { values, states })
}

/// Reads true and false in any case, and 1 and 0.
fn boolean(text: &str) -> Result<bool, Reason> {
    match text {
        "1" => Ok(true),
        "0" => Ok(false),
        text if text.eq_ignore_ascii_case("true") => Ok(true),
        text if text.eq_ignore_ascii_case("false") => Ok(false),
        _ => Err(Reason::NotConvertible),
    }
}

fn of_number(problem: NumberProblem) -> Reason {
    match problem {
        NumberProblem::Syntax | NumberProblem::Inexact => Reason::NotConvertible,
        NumberProblem::Overflow => Reason::Overflow,
    }
}

fn of_time(problem: TimeProblem) -> Reason {
    match problem {
        TimeProblem::Syntax => Reason::NotConvertible,
        TimeProblem::Overflow => Reason::OutsideYears,
    }
}
