//! Literals, and values that take the type of their place without a CAST. Pure.

use super::exact::{count_digits, to_decimal};
use crate::expr::problem::{ExprProblem, Position};
use crate::expr::tree::Literal as Written;
use crate::expr::typed::{Literal, Node, Typed};
use crate::expr::types::Type;
use crate::value::decimal;

/// Up to here every whole number is a double.
const WHOLE_DOUBLES: u64 = 1 << 53;

/// Types a literal.
pub(super) fn literal(written: &Written, at: Position) -> Result<Typed, ExprProblem> {
    let (kind, literal) = match written {
        // No expression has this type: it takes that of its place.
        Written::Null => return Ok(Typed::new(Type::Bool, Node::Untyped)),
        Written::Bool(value) => (Type::Bool, Literal::Bool(*value)),
        // There is one zero.
        Written::Double(value) => (Type::Double, Literal::Double(*value + 0.0)),
        Written::Text(text) => (Type::String, Literal::Text(text.clone())),
        Written::Timestamp(micros) => (Type::Timestamp, Literal::Timestamp(*micros)),
        Written::Date(day) => (Type::Date, Literal::Date(*day)),
        Written::Exact { negative, digits } => exact_literal(*negative, digits, at)?,
    };
    Ok(Typed::new(kind, Node::Literal(literal)))
}

fn exact_literal(
    negative: bool,
    digits: &str,
    at: Position,
) -> Result<(Type, Literal), ExprProblem> {
    let found = decimal::parse(digits);
    let (value, scale) =
        found.ok_or_else(|| ExprProblem::new(at, format!("{digits} has more than 38 digits")))?;
    let value = if negative { -value } else { value };
    if scale == 0
        && let Ok(whole) = i64::try_from(value)
    {
        return Ok((Type::Int64, Literal::Int64(whole)));
    }
    let precision = count_digits(value).max(scale).max(1);
    let kind = Type::Decimal { precision, scale };
    Ok((kind, Literal::Decimal(value)))
}

/// Gives a value the type of its place, where that needs no CAST; nothing if it does.
pub(super) fn adopt(found: Typed, kind: Type, at: Position) -> Result<Option<Typed>, ExprProblem> {
    if found.node == Node::Untyped {
        return Ok(Some(Typed::new(kind, Node::Literal(Literal::Null))));
    }
    if found.kind == kind {
        return Ok(Some(found));
    }
    match (&found.node, found.kind, kind) {
        (Node::Literal(Literal::Int64(value)), Type::Int64, Type::Double) => {
            if value.unsigned_abs() > WHOLE_DOUBLES {
                let message = format!("no double is exactly {value}; write it with an exponent");
                return Err(ExprProblem::new(at, message));
            }
            let value = Literal::Double(*value as f64);
            Ok(Some(Typed::new(kind, Node::Literal(value))))
        }
        (Node::Literal(literal), _, Type::Decimal { precision, scale }) => {
            let (value, has) = match (literal, found.kind) {
                (Literal::Int64(value), _) => (i128::from(*value), 0),
                (Literal::Decimal(value), Type::Decimal { scale, .. }) => (*value, scale),
                (Literal::Null, Type::Int64 | Type::Decimal { .. }) => (0, 0),
                _ => return Ok(None),
            };
            if *literal == Literal::Null {
                return Ok(Some(Typed::new(kind, Node::Literal(Literal::Null))));
            }
            // A literal that is rounded is rounded where any value is.
            let raised = u32::from(scale).checked_sub(u32::from(has));
            let raised = raised.and_then(|by| value.checked_mul(10_i128.checked_pow(by)?));
            match raised.filter(|value| count_digits(*value) <= precision) {
                Some(value) => Ok(Some(Typed::new(
                    kind,
                    Node::Literal(Literal::Decimal(value)),
                ))),
                None => to_decimal(found, kind, at).map(Some),
            }
        }
        (_, Type::Int64 | Type::Decimal { .. }, Type::Decimal { .. }) => {
            to_decimal(found, kind, at).map(Some)
        }
        _ => Ok(None),
    }
}
