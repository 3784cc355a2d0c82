//! Arithmetic of int64, double and timestamps. Pure.

use super::reason::Reason;
use super::vector::{Values, Vector, map, zip};
use crate::error::Invariant;
use crate::expr::tree::Arithmetic;
use crate::expr::types::Type;
use crate::value::time::check_range;
use crate::value::time::notation::Zone;

/// Returns a double if it is finite; there is one zero.
pub(super) fn finite(value: f64) -> Result<f64, Reason> {
    match value.is_finite() {
        true => Ok(value + 0.0),
        false => Err(Reason::NotFinite),
    }
}

/// Returns a point in time if it lies in the years that exist.
pub(super) fn within_years(micros: i64) -> Result<i64, Reason> {
    check_range(micros).map_err(|_| Reason::OutsideYears)
}

/// Computes + - * / of int64 or double, or moves a timestamp by microseconds.
pub(super) fn arithmetic<'a>(
    operator: Arithmetic,
    kind: Type,
    left: &Vector<'a>,
    right: &Vector<'a>,
) -> Result<Vector<'a>, Invariant> {
    if kind == Type::Double {
        let (left, right) = (
            (left.doubles()?, &left.states[..]),
            (right.doubles()?, &right.states[..]),
        );
        let (values, states) = zip(left, right, |one, two| of_doubles(operator, *one, *two));
        return Ok(Vector {
            values: Values::Double(values),
            states,
        });
    }
    let (left, right) = (
        (left.wholes()?, &left.states[..]),
        (right.wholes()?, &right.states[..]),
    );
    let apply = |one: &i64, two: &i64| {
        let value = match operator {
            Arithmetic::Add => one.checked_add(*two),
            Arithmetic::Subtract => one.checked_sub(*two),
            Arithmetic::Multiply => one.checked_mul(*two),
            // Whole numbers are not divided so.
            Arithmetic::Divide => None,
        };
        match (kind, value) {
            (Type::Timestamp, Some(value)) => within_years(value),
            (Type::Timestamp, None) => Err(Reason::OutsideYears),
            (_, value) => value.ok_or(Reason::Overflow),
        }
    };
    let (values, states) = zip(left, right, apply);
    Ok(Vector {
        values: Values::Whole(values),
        states,
    })
}

fn of_doubles(operator: Arithmetic, one: f64, two: f64) -> Result<f64, Reason> {
    finite(match operator {
        Arithmetic::Add => one + two,
        Arithmetic::Subtract => one - two,
        Arithmetic::Multiply => one * two,
        Arithmetic::Divide if two == 0.0 => return Err(Reason::DivisionByZero),
        Arithmetic::Divide => one / two,
    })
}

/// Changes the sign of int64 or double.
pub(super) fn negate<'a>(operand: &Vector<'a>) -> Result<Vector<'a>, Invariant> {
    let (values, states) = match &operand.values {
        Values::Double(values) => {
            let (values, states) = map(values, &operand.states, |value| finite(0.0 - value));
            (Values::Double(values), states)
        }
        _ => {
            let negate = |value: &i64| value.checked_neg().ok_or(Reason::Overflow);
            let (values, states) = map(operand.wholes()?, &operand.states, negate);
            (Values::Whole(values), states)
        }
    };
    Ok(Vector { values, states })
}

/// Returns what clocks show in a time zone.
pub(super) fn to_zone<'a>(operand: &Vector<'a>, zone: &Zone) -> Result<Vector<'a>, Invariant> {
    let clock = |micros: &i64| within_years(zone.clock(*micros));
    let (values, states) = map(operand.wholes()?, &operand.states, clock);
    Ok(Vector {
        values: Values::Whole(values),
        states,
    })
}
