//! The types of + - * /, and of a minus before a number. Pure.

use super::exact::{Found, MOST_DIGITS, settle, too_long};
use super::literal::adopt;
use super::mismatch::{self, shown};
use crate::expr::problem::ExprProblem;
use crate::expr::tree::{Arithmetic, Tree};
use crate::expr::typed::{Exact, Literal, Node, Size, Step, Typed};
use crate::expr::types::Type;

/// Types the negation of a number.
pub(super) fn negate(found: Found, tree: &Tree) -> Result<Found, ExprProblem> {
    match found.kind() {
        _ if found.is_untyped() => Ok(found),
        Type::Decimal { .. } => {
            let exact = found.into_exact();
            let size = exact.size;
            let step = Step::Negate(Box::new(exact));
            Ok(Found::Computation(Exact { step, size }))
        }
        kind @ (Type::Int64 | Type::Double) => {
            let value = settle(found, tree.at)?;
            let node = Node::Negate(Box::new(value));
            Ok(Found::Value(Typed::new(kind, node)))
        }
        kind => {
            let message = format!("- takes a number, but {} is {kind}", shown(tree));
            Err(ExprProblem::new(tree.at, message))
        }
    }
}

/// Types + - * / of two operands.
pub(super) fn arithmetic(
    operator: Arithmetic,
    trees: (&Tree, &Tree),
    found: (Found, Found),
) -> Result<Found, ExprProblem> {
    let kinds = (found.0.kind(), found.1.kind());
    if found.0.is(Type::Timestamp) || found.1.is(Type::Timestamp) {
        return shifted(operator, trees, found);
    }
    if found.0.is_untyped() || found.1.is_untyped() {
        return of_null(operator, trees, found);
    }
    for (tree, kind) in [(trees.0, kinds.0), (trees.1, kinds.1)] {
        if !kind.is_number() {
            return Err(not_number(operator, tree, kind));
        }
    }
    let is_double = |found: &Found| found.is(Type::Double);
    if is_double(&found.0) || is_double(&found.1) {
        let adopted = |found: Found, tree: &Tree| {
            let value = settle(found, tree.at)?;
            adopt(value, Type::Double, tree.at)
        };
        let sides = (adopted(found.0, trees.0)?, adopted(found.1, trees.1)?);
        let (Some(left), Some(right)) = sides else {
            let (one, two) = ((trees.0, kinds.0), (trees.1, kinds.1));
            return Err(mismatch::between(operator.as_str(), one, two));
        };
        return Ok(plain(Type::Double, operator, left, right));
    }
    if kinds == (Type::Int64, Type::Int64) {
        if operator == Arithmetic::Divide {
            let (left, right) = (shown(trees.0), shown(trees.1));
            let message = format!(
                "whole numbers are not divided by /: use div({left}, {right}) or CAST({left} AS decimal(19,0)) / {right}"
            );
            return Err(ExprProblem::new(trees.0.at, message));
        }
        let (left, right) = (settle(found.0, trees.0.at)?, settle(found.1, trees.1.at)?);
        return Ok(plain(Type::Int64, operator, left, right));
    }
    combine(
        operator,
        trees,
        (found.0.into_exact(), found.1.into_exact()),
    )
}

fn plain(kind: Type, operator: Arithmetic, left: Typed, right: Typed) -> Found {
    let node = Node::Arithmetic(operator, Box::new(left), Box::new(right));
    Found::Value(Typed::new(kind, node))
}

fn not_number(operator: Arithmetic, tree: &Tree, kind: Type) -> ExprProblem {
    let operator_text = operator.as_str();
    let advice = match kind {
        Type::String if operator == Arithmetic::Add => {
            format!(
                ": texts are joined by ||, and a number in a text is CAST({} AS int64)",
                shown(tree)
            )
        }
        Type::Date => ": a day has no arithmetic".to_owned(),
        Type::LocalTime => ": add to the timestamp before it goes to a zone".to_owned(),
        _ => String::new(),
    };
    let message = format!(
        "{operator_text} takes numbers, but {} is {}{advice}",
        shown(tree),
        mismatch::a(kind)
    );
    ExprProblem::new(tree.at, message)
}

/// A timestamp plus or minus whole microseconds.
fn shifted(
    operator: Arithmetic,
    trees: (&Tree, &Tree),
    found: (Found, Found),
) -> Result<Found, ExprProblem> {
    let is_first = found.0.is(Type::Timestamp);
    let (times, other) = match is_first {
        true => (&found.0, &found.1),
        false => (&found.1, &found.0),
    };
    let is_allowed = match operator {
        Arithmetic::Add => true,
        Arithmetic::Subtract => is_first,
        Arithmetic::Multiply | Arithmetic::Divide => false,
    };
    let is_micros = other.is(Type::Int64) || other.is_untyped();
    if !(is_allowed && is_micros && times.is(Type::Timestamp)) {
        let message = match (operator, other.is(Type::Timestamp)) {
            (Arithmetic::Subtract, true) => format!(
                "of two timestamps the microseconds are subtracted: CAST({} AS int64) - CAST({} AS int64)",
                shown(trees.0),
                shown(trees.1)
            ),
            _ => "a timestamp plus or minus whole microseconds (int64) is all the arithmetic of time: an hour is 3600000000".to_owned(),
        };
        let wrong = if is_first { trees.1 } else { trees.0 };
        return Err(ExprProblem::new(wrong.at, message));
    }
    let (time, micros) = match is_first {
        true => (settle(found.0, trees.0.at)?, settle(found.1, trees.1.at)?),
        false => (settle(found.1, trees.1.at)?, settle(found.0, trees.0.at)?),
    };
    let micros = adopt(micros, Type::Int64, trees.0.at)?;
    let micros = micros.ok_or_else(|| ExprProblem::new(trees.0.at, "microseconds are int64"))?;
    Ok(plain(Type::Timestamp, operator, time, micros))
}

/// Arithmetic with NULL, which has the type of the other operand.
fn of_null(
    operator: Arithmetic,
    trees: (&Tree, &Tree),
    found: (Found, Found),
) -> Result<Found, ExprProblem> {
    let (other, tree) = match found.0.is_untyped() {
        true => (found.1, trees.1),
        false => (found.0, trees.0),
    };
    if other.is_untyped() {
        let message = format!(
            "{} has only NULL: write CAST(NULL AS int64)",
            operator.as_str()
        );
        return Err(ExprProblem::new(tree.at, message));
    }
    let kind = other.kind();
    if !kind.is_number() {
        return Err(not_number(operator, tree, kind));
    }
    let null = Node::Literal(Literal::Null);
    let kind = settle(other, tree.at)?.kind;
    Ok(Found::Value(Typed::new(kind, null)))
}

/// Combines two computations; the value is numerator / (denominator * 10^scale).
fn combine(
    operator: Arithmetic,
    trees: (&Tree, &Tree),
    found: (Exact, Exact),
) -> Result<Found, ExprProblem> {
    let (left, right) = (found.0.size, found.1.size);
    let denominators = match (left.denominator, right.denominator) {
        (None, None) => None,
        (Some(one), None) | (None, Some(one)) => Some(one),
        (Some(one), Some(two)) => Some(one + two),
    };
    let size = match operator {
        Arithmetic::Add | Arithmetic::Subtract => {
            let scale = left.scale.max(right.scale);
            let of = |one: Size, other: Size| {
                one.digits + (scale - one.scale) + other.denominator.unwrap_or(0)
            };
            Size {
                digits: of(left, right).max(of(right, left)) + 1,
                scale,
                denominator: denominators,
            }
        }
        Arithmetic::Multiply => Size {
            digits: left.digits + right.digits,
            scale: left.scale + right.scale,
            denominator: denominators,
        },
        Arithmetic::Divide => Size {
            digits: left.digits
                + right.denominator.unwrap_or(0)
                + right.scale.saturating_sub(left.scale),
            scale: left.scale.saturating_sub(right.scale),
            denominator: Some(left.denominator.unwrap_or(0) + right.digits),
        },
    };
    let most = size.digits.max(size.denominator.unwrap_or(0));
    if most.max(size.scale) > MOST_DIGITS {
        return Err(too_long(trees.1.at));
    }
    let step = Step::Combine(operator, Box::new(found.0), Box::new(found.1));
    Ok(Found::Computation(Exact { step, size }))
}
