//! Functions, row by row. Pure.

use std::borrow::Cow;

use super::arithmetic::finite;
use super::cast::dates;
use super::reason::Reason;
use super::vector::{Pick, State, Values, Vector, gather, map, result, zip};
use crate::error::Invariant;
use crate::expr::function::Function;
use crate::expr::types::Type;
use crate::value::time::{Date, MICROS_PER_DAY, MICROS_PER_HOUR};

/// The longest text that a function makes, in bytes.
const LONGEST: usize = 1 << 20;

const WRONG: Invariant = Invariant("a function has been typed before it is evaluated");

/// Applies a function to its arguments, the first of which is of type `kind`.
pub(super) fn call<'a>(
    function: Function,
    kind: Type,
    arguments: Vec<Vector<'a>>,
) -> Result<Vector<'a>, Invariant> {
    match function {
        Function::Coalesce => coalesce(arguments),
        Function::NullIf => null_if(arguments),
        Function::Least | Function::Greatest => extreme(function, arguments),
        Function::Replace => replace(&arguments),
        Function::Substr => substr(&arguments),
        Function::Div | Function::Mod => whole_division(function, &arguments),
        Function::StartsWith | Function::EndsWith | Function::Contains => {
            let [text, part] = &arguments[..] else {
                return Err(WRONG);
            };
            let holds = |text: &Cow<'_, str>, part: &Cow<'_, str>| {
                let part: &str = part;
                Ok(match function {
                    Function::StartsWith => text.starts_with(part),
                    Function::EndsWith => text.ends_with(part),
                    _ => text.contains(part),
                })
            };
            let (text, part) = (
                (text.texts()?, &text.states[..]),
                (part.texts()?, &part.states[..]),
            );
            let (values, states) = zip(text, part, holds);
            Ok(Vector::of_bools(values, states))
        }
        _ => {
            let [operand] = <[Vector<'a>; 1]>::try_from(arguments).map_err(|_| WRONG)?;
            of_one(function, kind, operand)
        }
    }
}

/// Applies a function of one argument.
fn of_one<'a>(
    function: Function,
    kind: Type,
    operand: Vector<'a>,
) -> Result<Vector<'a>, Invariant> {
    let (values, states) = match function {
        Function::Abs => abs(&operand)?,
        Function::Floor | Function::Ceil => whole(function, kind, &operand)?,
        Function::Lower | Function::Upper | Function::Trim => {
            let (values, states) = map(operand.texts()?, &operand.states, |text| {
                Ok(changed(function, text))
            });
            (Values::Text(values), states)
        }
        Function::Length => {
            let (values, states) = map(operand.texts()?, &operand.states, |text| {
                // No text in memory has more.
                Ok(i64::try_from(text.chars().count()).unwrap_or(i64::MAX))
            });
            (Values::Whole(values), states)
        }
        Function::Date if kind == Type::Date => return Ok(operand),
        Function::Date => dates(&operand)?,
        Function::Hour => {
            let hour = |micros: &i64| Ok(micros.rem_euclid(MICROS_PER_DAY) / MICROS_PER_HOUR);
            let (values, states) = map(operand.wholes()?, &operand.states, hour);
            (Values::Whole(values), states)
        }
        Function::Year | Function::Month | Function::Day => {
            let (days, states) = match kind {
                Type::Date => (operand.values, operand.states),
                _ => dates(&operand)?,
            };
            let Values::Date(days) = days else {
                return Err(WRONG);
            };
            let (values, states) = map(&days, &states, |day| {
                let date = Date::from_days(i64::from(*day));
                Ok(match function {
                    Function::Year => date.year,
                    Function::Month => date.month,
                    _ => date.day,
                })
            });
            (Values::Whole(values), states)
        }
        _ => return Err(WRONG),
    };
    Ok(Vector { values, states })
}

fn abs<'a>(operand: &Vector<'a>) -> Result<(Values<'a>, Vec<State>), Invariant> {
    let states = &operand.states;
    Ok(match &operand.values {
        Values::Whole(values) => {
            let abs = |value: &i64| value.checked_abs().ok_or(Reason::Overflow);
            let (values, states) = map(values, states, abs);
            (Values::Whole(values), states)
        }
        Values::Double(values) => {
            let (values, states) = map(values, states, |value| finite(value.abs()));
            (Values::Double(values), states)
        }
        _ => {
            // No decimal is the lowest number of 128 bits.
            let (values, states) = map(operand.decimals()?, states, |value| Ok(value.abs()));
            (Values::Decimal(values), states)
        }
    })
}

/// The whole number below or above.
fn whole<'a>(
    function: Function,
    kind: Type,
    operand: &Vector<'a>,
) -> Result<(Values<'a>, Vec<State>), Invariant> {
    let is_up = function == Function::Ceil;
    let Type::Decimal { scale, .. } = kind else {
        let whole = |value: &f64| finite(if is_up { value.ceil() } else { value.floor() });
        let (values, states) = map(operand.doubles()?, &operand.states, whole);
        return Ok((Values::Double(values), states));
    };
    let unit = 10_i128.checked_pow(u32::from(scale)).ok_or(WRONG)?;
    let whole = |value: &i128| {
        let below = value.div_euclid(unit);
        Ok(below + i128::from(is_up && value.rem_euclid(unit) != 0))
    };
    let (values, states) = map(operand.decimals()?, &operand.states, whole);
    Ok((Values::Decimal(values), states))
}

/// Changes ASCII letters only, or takes blanks away from both ends.
fn changed<'a>(function: Function, text: &Cow<'a, str>) -> Cow<'a, str> {
    let is_as_asked = |byte: u8| match function {
        Function::Lower => !byte.is_ascii_uppercase(),
        _ => !byte.is_ascii_lowercase(),
    };
    match (function, text) {
        (Function::Trim, Cow::Borrowed(text)) => Cow::Borrowed(text.trim_matches(' ')),
        (Function::Trim, Cow::Owned(text)) => Cow::Owned(text.trim_matches(' ').to_owned()),
        (_, text) if text.bytes().all(is_as_asked) => text.clone(),
        (Function::Lower, text) => Cow::Owned(text.to_ascii_lowercase()),
        (_, text) => Cow::Owned(text.to_ascii_uppercase()),
    }
}

fn coalesce(arguments: Vec<Vector<'_>>) -> Result<Vector<'_>, Invariant> {
    let rows = arguments.first().map_or(0, |first| first.states.len());
    let picks = (0..rows).map(|row| {
        let states = arguments.iter().map(|argument| argument.states.get(row));
        let found = states.enumerate().find_map(|(number, state)| match state {
            Some(State::Value) => Some(Pick::From(number)),
            Some(State::Invalid(reason)) => Some(Pick::Invalid(*reason)),
            _ => None,
        });
        found.unwrap_or(Pick::Null)
    });
    let picks: Vec<Pick> = picks.collect();
    gather(&picks, arguments)
}

fn null_if(arguments: Vec<Vector<'_>>) -> Result<Vector<'_>, Invariant> {
    let [one, two] = <[Vector<'_>; 2]>::try_from(arguments).map_err(|_| WRONG)?;
    let orders = one.order(&two)?;
    let states = one.states.iter().zip(&two.states).zip(orders);
    let states = states.map(|((first, second), order)| match (first, second) {
        (State::Value, State::Value) if order.is_eq() => State::Null,
        (State::Value, State::Null) => State::Value,
        _ => first.and(*second),
    });
    Ok(Vector {
        states: states.collect(),
        values: one.values,
    })
}

/// The least or the greatest of those that are not null.
fn extreme(function: Function, arguments: Vec<Vector<'_>>) -> Result<Vector<'_>, Invariant> {
    let mut arguments = arguments.into_iter();
    let mut best = arguments.next().ok_or(WRONG)?;
    for next in arguments {
        let orders = next.order(&best)?;
        let states = best.states.iter().zip(&next.states).zip(orders);
        let picks = states.map(|((one, two), order)| match (one, two) {
            (State::Invalid(reason), _) | (_, State::Invalid(reason)) => Pick::Invalid(*reason),
            (State::Null, State::Null) => Pick::Null,
            (State::Null, State::Value) => Pick::From(1),
            (State::Value, State::Null) => Pick::From(0),
            (State::Value, State::Value) => {
                let is_better = match function {
                    Function::Least => order.is_lt(),
                    _ => order.is_gt(),
                };
                Pick::From(usize::from(is_better))
            }
        });
        let picks: Vec<Pick> = picks.collect();
        best = gather(&picks, vec![best, next])?;
    }
    Ok(best)
}

/// Whole division, towards zero.
fn whole_division<'a>(
    function: Function,
    arguments: &[Vector<'a>],
) -> Result<Vector<'a>, Invariant> {
    let [one, two] = arguments else {
        return Err(WRONG);
    };
    let divide = |one: &i64, two: &i64| match (function, *two) {
        (_, 0) => Err(Reason::DivisionByZero),
        (Function::Div, two) => one.checked_div(two).ok_or(Reason::Overflow),
        // Of the lowest number and -1 too it is 0.
        (_, two) => Ok(one.wrapping_rem(two)),
    };
    let (one, two) = (
        (one.wholes()?, &one.states[..]),
        (two.wholes()?, &two.states[..]),
    );
    let (values, states) = zip(one, two, divide);
    Ok(Vector {
        values: Values::Whole(values),
        states,
    })
}

/// Joins two texts.
pub(super) fn joined<'a>(one: &Vector<'a>, two: &Vector<'a>) -> Result<Vector<'a>, Invariant> {
    let join = |one: &Cow<'a, str>, two: &Cow<'a, str>| match (one.is_empty(), two.is_empty()) {
        (true, _) => Ok(two.clone()),
        (_, true) => Ok(one.clone()),
        _ if one.len() + two.len() > LONGEST => Err(Reason::TooLong),
        _ => Ok(Cow::Owned(format!("{one}{two}"))),
    };
    let (one, two) = (
        (one.texts()?, &one.states[..]),
        (two.texts()?, &two.states[..]),
    );
    let (values, states) = zip(one, two, join);
    Ok(Vector {
        values: Values::Text(values),
        states,
    })
}

fn replace<'a>(arguments: &[Vector<'a>]) -> Result<Vector<'a>, Invariant> {
    let [text, what, with] = arguments else {
        return Err(WRONG);
    };
    let (texts, whats, withs) = (text.texts()?, what.texts()?, with.texts()?);
    let states = text.both(what);
    let states = states
        .iter()
        .zip(&with.states)
        .map(|(one, two)| one.and(*two));
    let rows = texts.iter().zip(whats).zip(withs).zip(states);
    let rows = rows.map(|(((text, what), with), state)| match state {
        State::Value => result(replaced(text, what, with)),
        other => (Cow::Borrowed(""), other),
    });
    let (values, states) = rows.unzip();
    Ok(Vector {
        values: Values::Text(values),
        states,
    })
}

fn replaced<'a>(text: &Cow<'a, str>, what: &str, with: &str) -> Result<Cow<'a, str>, Reason> {
    if what.is_empty() || !text.contains(what) {
        return Ok(text.clone());
    }
    let count = text.matches(what).count();
    let kept = text.len() - count * what.len();
    let length = count
        .checked_mul(with.len())
        .and_then(|added| added.checked_add(kept));
    match length {
        Some(length) if length <= LONGEST.max(text.len()) => {
            Ok(Cow::Owned(text.replace(what, with)))
        }
        _ => Err(Reason::TooLong),
    }
}

fn substr<'a>(arguments: &[Vector<'a>]) -> Result<Vector<'a>, Invariant> {
    let [text, start, length @ ..] = arguments else {
        return Err(WRONG);
    };
    let (texts, starts) = (text.texts()?, start.wholes()?);
    let states = text.both(start);
    let lengths = length.first().map(Vector::wholes).transpose()?;
    let rows = (0..texts.len()).map(|row| {
        let state = states.get(row).copied().unwrap_or(State::Null);
        let own = length.first().and_then(|length| length.states.get(row));
        let state = state.and(own.copied().unwrap_or(State::Value));
        let length = lengths.and_then(|lengths| lengths.get(row)).copied();
        match (state, texts.get(row), starts.get(row)) {
            (State::Value, Some(text), Some(start)) => result(part_of(text, *start, length)),
            (other, ..) => (Cow::Borrowed(""), other),
        }
    });
    let (values, states) = rows.unzip();
    Ok(Vector {
        values: Values::Text(values),
        states,
    })
}

/// Returns the characters of a text from `start` on, which counts from 1. What lies outside of the text counts as if it
/// were there, and is not.
fn part_of<'a>(
    text: &Cow<'a, str>,
    start: i64,
    length: Option<i64>,
) -> Result<Cow<'a, str>, Reason> {
    if length.is_some_and(|length| length < 0) {
        return Err(Reason::NegativeLength);
    }
    let end = length.map_or(i64::MAX, |length| start.saturating_add(length));
    let skipped = usize::try_from(start.max(1) - 1).unwrap_or(usize::MAX);
    let until = usize::try_from(end.max(1) - 1).unwrap_or(usize::MAX);
    // Where the character of that number begins.
    let place = |number: usize| {
        let found = text.char_indices().nth(number);
        found.map_or(text.len(), |(place, _)| place)
    };
    let range = place(skipped)..place(until.max(skipped));
    Ok(match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.get(range).unwrap_or("")),
        Cow::Owned(text) => Cow::Owned(text.get(range).unwrap_or("").to_owned()),
    })
}
