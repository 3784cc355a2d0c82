//! Which casts there are. Pure.

use super::exact::{self, Found};
use super::mismatch::{a, shown};
use super::typer::Typer;
use crate::expr::problem::ExprProblem;
use crate::expr::tree::{Node as Part, Tree};
use crate::expr::typed::{Literal, Node, Typed};
use crate::expr::types::Type;
use crate::value::decimal::MAX_PRECISION;

/// Types `CAST(operand AS kind)`.
pub(super) fn cast(typer: &dyn Typer, tree: &Tree, kind: Type) -> Result<Typed, ExprProblem> {
    let found = typer.part(tree)?;
    if found.is_exact() {
        match kind {
            Type::Decimal { precision, scale } => {
                refuse_second_rounding(tree, &found, scale)?;
                return exact::rounded(found, precision, scale, tree.at);
            }
            // Of an int64 or a decimal the whole number that is nearest.
            Type::Int64 if !matches!(&found, Found::Value(value) if value.kind == kind) => {
                refuse_second_rounding(tree, &found, 0)?;
                let whole = exact::rounded(found, MAX_PRECISION, 0, tree.at)?;
                return Ok(Typed::new(kind, Node::Cast(Box::new(whole))));
            }
            _ => {}
        }
    }
    let value = exact::settle(found, tree.at)?;
    if value.is_untyped() {
        return Ok(Typed::new(kind, Node::Literal(Literal::Null)));
    }
    if !value.kind.casts_to(kind) {
        let advice = match (value.kind, kind) {
            (Type::Double, Type::String) => ": round it first",
            (_, Type::Bool) => ": compare it instead, such as … <> 0",
            (Type::Date, Type::Timestamp) => ": a day is no point in time",
            _ => "",
        };
        let message = format!(
            "{} is {}, which cannot be cast to {kind}{advice}",
            shown(tree),
            a(value.kind)
        );
        return Err(ExprProblem::new(tree.at, message));
    }
    Ok(Typed::new(kind, Node::Cast(Box::new(value))))
}

/// Refuses to round what has been rounded: 1.449 would become 1.45 and then 1.5.
pub(super) fn refuse_second_rounding(
    tree: &Tree,
    found: &Found,
    scale: u8,
) -> Result<(), ExprProblem> {
    let is_rounding = match &tree.node {
        Part::Call(name, _) => name == "round",
        Part::Cast(_, kind) => matches!(kind, Type::Decimal { .. }),
        _ => false,
    };
    match found {
        Found::Value(Typed {
            kind: Type::Decimal { scale: has, .. },
            ..
        }) if is_rounding && *has > scale => {
            let message = format!(
                "{} has {has} digits after the point and would be rounded a second time, to {scale}: round once, to {scale}",
                shown(tree)
            );
            Err(ExprProblem::new(tree.at, message))
        }
        _ => Ok(()),
    }
}
