//! What an expression is for one row, computed in the simplest way: with numbers of any size, a value at a time.
//!
//! Nothing here is shared with the evaluator that it is compared with.

use std::cmp::Ordering;

use chrono::{DateTime, Datelike, NaiveDate, Timelike};
use num_bigint::BigInt;

use super::random::{E, Kind};
use super::rows::{COLUMNS, Cell, scale_of};

/// A value; whole numbers and decimals are fractions.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Value {
    Bool(bool),
    /// Over a number above zero.
    Number(BigInt, BigInt),
    Double(f64),
    Text(String),
    Time(i64),
    Date(i32),
}

/// The row has no valid value.
#[derive(Debug)]
pub(super) struct Invalid;

/// A value, null, or neither.
pub(super) type Found = Result<Option<Value>, Invalid>;

fn number(value: i128) -> Value {
    Value::Number(value.into(), 1.into())
}

fn ten(power: u32) -> BigInt {
    BigInt::from(10).pow(power)
}

fn decimal(value: i128, scale: u8) -> Value {
    Value::Number(value.into(), ten(scale.into()))
}

/// Rounds half away from zero, to a whole number times ten to minus `scale`.
pub(super) fn rounded(numerator: &BigInt, denominator: &BigInt, scale: u8) -> BigInt {
    let zero = BigInt::from(0);
    let scaled = numerator * ten(scale.into());
    let magnitude = if scaled < zero {
        -&scaled
    } else {
        scaled.clone()
    };
    let two = BigInt::from(2);
    let up = (two.clone() * magnitude + denominator) / (two * denominator);
    if scaled < zero { -up } else { up }
}

/// Makes a decimal of so many digits, if it has no more.
fn fit(numerator: &BigInt, denominator: &BigInt, precision: u8, scale: u8) -> Found {
    let value = rounded(numerator, denominator, scale);
    let limit = ten(precision.into());
    match value < limit && value > -limit {
        true => Ok(Some(Value::Number(value, ten(scale.into())))),
        false => Err(Invalid),
    }
}

fn int(value: Option<i128>) -> Found {
    let value = value.and_then(|value| i64::try_from(value).ok());
    value.map(|value| Some(number(value.into()))).ok_or(Invalid)
}

fn finite(value: f64) -> Found {
    match value.is_finite() {
        true if value == 0.0 => Ok(Some(Value::Double(0.0))),
        true => Ok(Some(Value::Double(value))),
        false => Err(Invalid),
    }
}

fn time(micros: i128) -> Found {
    let first = NaiveDate::from_ymd_opt(1, 1, 1)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap();
    let end = NaiveDate::from_ymd_opt(10_000, 1, 1)
        .unwrap()
        .and_hms_opt(0, 0, 0)
        .unwrap();
    let (first, end) = (
        first.and_utc().timestamp_micros(),
        end.and_utc().timestamp_micros(),
    );
    match i64::try_from(micros) {
        Ok(micros) if (first..end).contains(&micros) => Ok(Some(Value::Time(micros))),
        _ => Err(Invalid),
    }
}

fn as_int(value: &Value) -> i128 {
    let Value::Number(numerator, denominator) = value else {
        panic!("{value:?} is no number")
    };
    i128::try_from(numerator / denominator).unwrap()
}

fn as_text(value: &Value) -> &str {
    let Value::Text(text) = value else {
        panic!("{value:?} is no text")
    };
    text
}

/// The exact value of a double.
pub(super) fn exact(value: f64) -> (BigInt, BigInt) {
    let mut numerator = value;
    let mut power = 0;
    while numerator.fract() != 0.0 {
        numerator *= 2.0;
        power += 1;
    }
    // A whole double of more than 53 bits ends in zeros: they are taken off until it fits.
    let mut shift = 0;
    while numerator.abs() >= 9_007_199_254_740_992.0 {
        numerator /= 2.0;
        shift += 1;
    }
    let numerator = BigInt::from(numerator as i64) * BigInt::from(2).pow(shift);
    (numerator, BigInt::from(2).pow(power))
}

/// Computes an expression for a row.
#[expect(
    clippy::too_many_lines,
    reason = "one arm for each part of the language"
)]
pub(super) fn value(part: &E, row: &[Cell]) -> Found {
    let of = |part: &E| value(part, row);
    match part {
        E::Column(place) => Ok(of_cell(&row[*place], scale_of(COLUMNS[*place].1))),
        E::Value(Kind::Decimal(_, scale), cell) => Ok(of_cell(cell, *scale)),
        E::Value(_, cell) => Ok(of_cell(cell, 0)),
        E::Null(_) => Ok(None),
        E::Negate(operand) => match (of(operand)?, operand.kind()) {
            (None, _) => Ok(None),
            (Some(Value::Double(value)), _) => finite(-value),
            (Some(found), Kind::Int) => int(Some(-as_int(&found))),
            (Some(Value::Number(numerator, denominator)), _) => {
                Ok(Some(Value::Number(-numerator, denominator)))
            }
            (Some(other), _) => panic!("- {other:?}"),
        },
        E::Arithmetic(operator, left, right) => {
            let kinds = (left.kind(), right.kind());
            both(of(left), of(right), |left, right| {
                arithmetic(*operator, kinds, left, right)
            })
        }
        E::Compare(operator, left, right) => both(of(left), of(right), |left, right| {
            let order = order(left, right);
            Ok(Some(Value::Bool(match *operator {
                "=" => order.is_eq(),
                "<>" => order.is_ne(),
                "<" => order.is_lt(),
                "<=" => order.is_le(),
                ">" => order.is_gt(),
                _ => order.is_ge(),
            })))
        }),
        E::Distinct(negated, left, right) => {
            let (left, right) = (of(left)?, of(right)?);
            let same = match (&left, &right) {
                (None, None) => true,
                (Some(left), Some(right)) => order(left, right).is_eq(),
                _ => false,
            };
            Ok(Some(Value::Bool(same == *negated)))
        }
        E::IsNull(negated, operand) => Ok(Some(Value::Bool(of(operand)?.is_none() != *negated))),
        E::In(negated, operand, list) => {
            let Some(found) = of(operand)? else {
                return Ok(None);
            };
            let mut is_in = false;
            for item in list {
                is_in |= order(&found, &of(item)?.unwrap()).is_eq();
            }
            Ok(Some(Value::Bool(is_in != *negated)))
        }
        E::Between(negated, [operand, low, high]) => {
            let compare = |bound: &E, wanted: Ordering| {
                both(of(operand), of(bound), |value, bound| {
                    let order = order(value, bound);
                    Ok(Some(Value::Bool(order.is_eq() || order == wanted)))
                })
            };
            let found = logic(
                false,
                [
                    compare(low, Ordering::Greater),
                    compare(high, Ordering::Less),
                ],
            );
            found.map(|found| found.map(|value| Value::Bool(value != *negated)))
        }
        E::Like(negated, operand, pattern) => {
            let found = of(operand)?;
            let text = found.as_ref().map(as_text);
            let matches = text.map(|text| {
                let text: Vec<char> = text.chars().collect();
                let pattern: Vec<char> = pattern.chars().collect();
                like(&text, &pattern)
            });
            Ok(matches.map(|matches| Value::Bool(matches != *negated)))
        }
        E::Not(operand) => Ok(of(operand)?.map(|value| Value::Bool(value != Value::Bool(true)))),
        E::Chain("||", parts) => {
            let mut all = Ok(Some(Value::Text(String::new())));
            for part in parts {
                all = both(all, of(part), |one, two| {
                    Ok(Some(Value::Text(as_text(one).to_owned() + as_text(two))))
                });
            }
            all
        }
        E::Chain(operator, parts) => {
            let found = logic(*operator == "OR", parts.iter().map(of));
            found.map(|found| found.map(Value::Bool))
        }
        E::Case(branches, otherwise) => {
            for (when, then) in branches {
                if of(when)? == Some(Value::Bool(true)) {
                    return of(then);
                }
            }
            otherwise.as_deref().map_or(Ok(None), of)
        }
        E::Switch(operand, branches, otherwise) => {
            let operand = of(operand);
            for (when, then) in branches {
                let same = both(clone(&operand), of(when), |one, two| {
                    Ok(Some(Value::Bool(order(one, two).is_eq())))
                });
                if same? == Some(Value::Bool(true)) {
                    return of(then);
                }
            }
            otherwise.as_deref().map_or(Ok(None), of)
        }
        E::Cast(operand, kind) => {
            let Some(found) = of(operand)? else {
                return Ok(None);
            };
            cast(found, operand.kind(), *kind)
        }
        E::Round(operand, digits) => match of(operand)? {
            None => Ok(None),
            Some(Value::Double(value)) => {
                let (numerator, denominator) = exact(value);
                fit(&numerator, &denominator, 38, *digits)
            }
            Some(Value::Number(numerator, denominator)) => {
                fit(&numerator, &denominator, 38, *digits)
            }
            Some(other) => panic!("round({other:?})"),
        },
        E::Call(name, arguments) => call(name, arguments, row),
    }
}

fn clone(found: &Found) -> Found {
    match found {
        Ok(value) => Ok(value.clone()),
        Err(_) => Err(Invalid),
    }
}

pub(super) fn of_cell(cell: &Cell, scale: u8) -> Option<Value> {
    Some(match cell {
        Cell::Null | Cell::Invalid => return None,
        Cell::Bool(value) => Value::Bool(*value),
        Cell::Int64(value) => number((*value).into()),
        Cell::Double(value) => Value::Double(*value),
        Cell::Decimal(value) => decimal(*value, scale),
        Cell::Text(text) => Value::Text(text.clone()),
        Cell::Timestamp(micros) => Value::Time(*micros),
        Cell::Date(day) => Value::Date(*day),
    })
}

/// Computes something of two operands that both must have a value.
fn both(left: Found, right: Found, compute: impl FnOnce(&Value, &Value) -> Found) -> Found {
    match (left?, right?) {
        (Some(left), Some(right)) => compute(&left, &right),
        _ => Ok(None),
    }
}

/// Joins conditions: one that is `decisive` decides, then one that is invalid, then one that is null.
fn logic(decisive: bool, parts: impl IntoIterator<Item = Found>) -> Result<Option<bool>, Invalid> {
    let parts: Vec<Found> = parts.into_iter().collect();
    let decides = |part: &Found| matches!(part, Ok(Some(Value::Bool(value))) if *value == decisive);
    if parts.iter().any(decides) {
        return Ok(Some(decisive));
    }
    if parts.iter().any(Result::is_err) {
        return Err(Invalid);
    }
    let is_null = parts.iter().any(|part| matches!(part, Ok(None)));
    Ok((!is_null).then_some(!decisive))
}

fn order(left: &Value, right: &Value) -> Ordering {
    match (left, right) {
        (Value::Bool(left), Value::Bool(right)) => left.cmp(right),
        (Value::Number(left, over), Value::Number(right, under)) => {
            (left * under).cmp(&(right * over))
        }
        (Value::Double(left), Value::Double(right)) => left.partial_cmp(right).unwrap(),
        (Value::Text(left), Value::Text(right)) => left.chars().cmp(right.chars()),
        (Value::Time(left), Value::Time(right)) => left.cmp(right),
        (Value::Date(left), Value::Date(right)) => left.cmp(right),
        (left, right) => panic!("{left:?} and {right:?}"),
    }
}

fn arithmetic(operator: char, kinds: (Kind, Kind), left: &Value, right: &Value) -> Found {
    match (left, right) {
        (Value::Double(left), Value::Double(right)) => match operator {
            '+' => finite(left + right),
            '-' => finite(left - right),
            '*' => finite(left * right),
            _ if *right == 0.0 => Err(Invalid),
            _ => finite(left / right),
        },
        (Value::Time(micros), other) | (other, Value::Time(micros)) => {
            let sign = if operator == '-' { -1 } else { 1 };
            time(i128::from(*micros) + sign * as_int(other))
        }
        _ if kinds == (Kind::Int, Kind::Int) => {
            let (left, right) = (as_int(left), as_int(right));
            int(match operator {
                '+' => Some(left + right),
                '-' => Some(left - right),
                _ => left.checked_mul(right),
            })
        }
        (Value::Number(left, over), Value::Number(right, under)) => {
            let zero = BigInt::from(0);
            let (numerator, denominator) = match operator {
                '+' => (left * under + right * over, over * under),
                '-' => (left * under - right * over, over * under),
                '*' => (left * right, over * under),
                _ if *right == zero => return Err(Invalid),
                _ if *right < zero => (-(left * under), -(over * right)),
                _ => (left * under, over * right),
            };
            Ok(Some(Value::Number(numerator, denominator)))
        }
        (left, right) => panic!("{left:?} {operator} {right:?}"),
    }
}

fn like(text: &[char], pattern: &[char]) -> bool {
    match (pattern, text) {
        ([], text) => text.is_empty(),
        (['!', wanted, pattern @ ..], [found, text @ ..]) => found == wanted && like(text, pattern),
        (['%', rest @ ..], text) => {
            like(text, rest) || (!text.is_empty() && like(&text[1..], pattern))
        }
        (['_', pattern @ ..], [_, text @ ..]) => like(text, pattern),
        ([wanted, pattern @ ..], [found, text @ ..]) => found == wanted && like(text, pattern),
        _ => false,
    }
}

fn day_of(micros: i64) -> i32 {
    let days = DateTime::from_timestamp_micros(micros)
        .unwrap()
        .date_naive();
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
    i32::try_from((days - epoch).num_days()).unwrap()
}

fn cast(found: Value, from: Kind, to: Kind) -> Found {
    match (found, to) {
        (Value::Number(numerator, denominator), Kind::Int) => {
            let whole = rounded(&numerator, &denominator, 0);
            int(i128::try_from(whole).ok())
        }
        (Value::Double(value), Kind::Int) => {
            let (numerator, denominator) = exact(value);
            int(i128::try_from(rounded(&numerator, &denominator, 0)).ok())
        }
        (Value::Time(micros), Kind::Int) => int(Some(micros.into())),
        (Value::Number(numerator, denominator), Kind::Decimal(precision, scale)) => {
            fit(&numerator, &denominator, precision, scale)
        }
        (Value::Double(value), Kind::Decimal(precision, scale)) => {
            let (numerator, denominator) = exact(value);
            fit(&numerator, &denominator, precision, scale)
        }
        (Value::Number(numerator, denominator), Kind::Double) => {
            // The denominator is a power of ten, at most the 38th.
            let scaled = numerator * ten(38) / denominator;
            finite(format!("{scaled}e-38").parse().unwrap())
        }
        (Value::Number(numerator, _), Kind::Text) if from == Kind::Int => {
            Ok(Some(Value::Text(numerator.to_string())))
        }
        (Value::Bool(value), Kind::Text) => Ok(Some(Value::Text(value.to_string()))),
        (Value::Date(day), Kind::Text) => {
            let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
            let date = epoch + chrono::Days::new(0) + chrono::TimeDelta::days(day.into());
            Ok(Some(Value::Text(date.format("%Y-%m-%d").to_string())))
        }
        (Value::Time(micros), Kind::Date) => Ok(Some(Value::Date(day_of(micros)))),
        (found @ Value::Number(..), Kind::Time) => time(as_int(&found)),
        (found, to) => panic!("CAST({found:?} AS {to:?})"),
    }
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each part of the language"
)]
fn call(name: &str, arguments: &[E], row: &[Cell]) -> Found {
    match name {
        "coalesce" => {
            for argument in arguments {
                if let Some(found) = value(argument, row)? {
                    return Ok(Some(found));
                }
            }
            return Ok(None);
        }
        "nullif" => {
            let (one, two) = (value(&arguments[0], row)?, value(&arguments[1], row)?);
            let same = matches!((&one, &two), (Some(one), Some(two)) if order(one, two).is_eq());
            return Ok(one.filter(|_| !same));
        }
        "least" | "greatest" => {
            let mut found = Vec::new();
            for argument in arguments {
                found.extend(value(argument, row)?);
            }
            return Ok(match name {
                "least" => found.into_iter().min_by(order),
                _ => found.into_iter().max_by(order),
            });
        }
        _ => {}
    }
    let mut found = Vec::new();
    let mut is_null = false;
    for argument in arguments {
        match value(argument, row)? {
            Some(value) => found.push(value),
            None => is_null = true,
        }
    }
    if is_null {
        return Ok(None);
    }
    match (name, &found[..]) {
        ("lower", [text]) => Ok(Some(Value::Text(as_text(text).to_ascii_lowercase()))),
        ("upper", [text]) => Ok(Some(Value::Text(as_text(text).to_ascii_uppercase()))),
        ("trim", [text]) => Ok(Some(Value::Text(
            as_text(text).trim_matches(' ').to_owned(),
        ))),
        ("length", [text]) => int(Some(as_text(text).chars().count() as i128)),
        ("replace", [text, what, with]) if as_text(what).is_empty() => {
            let _ = with;
            Ok(Some(text.clone()))
        }
        ("replace", [text, what, with]) => {
            let pieces: Vec<&str> = as_text(text).split(as_text(what)).collect();
            Ok(Some(Value::Text(pieces.join(as_text(with)))))
        }
        ("substr", [text, numbers @ ..]) => {
            let start = as_int(&numbers[0]);
            let length = numbers.get(1).map(as_int);
            if length.is_some_and(|length| length < 0) {
                return Err(Invalid);
            }
            let characters = (1..).zip(as_text(text).chars());
            let inside = characters.filter(|(place, _)| {
                *place >= start && length.is_none_or(|length| *place < start + length)
            });
            Ok(Some(Value::Text(
                inside.map(|(_, character)| character).collect(),
            )))
        }
        ("starts_with", [text, part]) => Ok(Some(Value::Bool(
            as_text(text).strip_prefix(as_text(part)).is_some(),
        ))),
        ("ends_with", [text, part]) => Ok(Some(Value::Bool(
            as_text(text).strip_suffix(as_text(part)).is_some(),
        ))),
        ("contains", [text, part]) => Ok(Some(Value::Bool(
            as_text(text).find(as_text(part)).is_some(),
        ))),
        ("div", [one, two]) | ("mod", [one, two]) => {
            let (one, two) = (as_int(one), as_int(two));
            match (name, two) {
                (_, 0) => Err(Invalid),
                ("div", two) => int(Some(one / two)),
                (_, two) => int(Some(one % two)),
            }
        }
        ("date", [Value::Time(micros)]) => Ok(Some(Value::Date(day_of(*micros)))),
        ("hour", [Value::Time(micros)]) => int(Some(
            DateTime::from_timestamp_micros(*micros)
                .unwrap()
                .hour()
                .into(),
        )),
        ("year" | "month" | "day", [of]) => {
            let day = match of {
                Value::Time(micros) => day_of(*micros),
                Value::Date(day) => *day,
                other => panic!("{name}({other:?})"),
            };
            let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).unwrap();
            let date = epoch + chrono::TimeDelta::days(day.into());
            int(Some(match name {
                "year" => date.year().into(),
                "month" => date.month().into(),
                _ => date.day().into(),
            }))
        }
        ("abs", [Value::Double(value)]) => finite(value.abs()),
        ("floor", [Value::Double(value)]) => finite(value.floor()),
        ("ceil", [Value::Double(value)]) => finite(value.ceil()),
        ("abs", [found @ Value::Number(numerator, denominator)]) => match arguments[0].kind() {
            Kind::Int => int(Some(as_int(found).abs())),
            _ if *numerator < BigInt::from(0) => {
                Ok(Some(Value::Number(-numerator, denominator.clone())))
            }
            _ => Ok(Some(found.clone())),
        },
        ("floor" | "ceil", [Value::Number(numerator, denominator)]) => {
            let whole = numerator / denominator;
            let rest = numerator - &whole * denominator;
            let zero = BigInt::from(0);
            let step = match name {
                "floor" => -i32::from(rest < zero),
                _ => i32::from(rest > zero),
            };
            Ok(Some(Value::Number(whole + step, BigInt::from(1))))
        }
        (name, found) => panic!("{name}({found:?})"),
    }
}
