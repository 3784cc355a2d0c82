//! What types the parts of an expression, as those that type one part see it. Pure.

use super::exact::{self, Found};
use super::mismatch;
use super::unify::unify;
use crate::expr::problem::{ExprProblem, Position};
use crate::expr::tree::Tree;
use crate::expr::typed::{Literal, Node, Typed};
use crate::expr::types::Type;

/// Types parts.
pub(super) trait Typer {
    /// Types a part, which may be a computation that nothing has rounded.
    fn part(&self, tree: &Tree) -> Result<Found, ExprProblem>;

    /// Types a part that is a value of its own.
    fn value(&self, tree: &Tree) -> Result<Typed, ExprProblem> {
        exact::settle(self.part(tree)?, tree.at)
    }

    /// Types a part that is a text.
    fn text(&self, tree: &Tree, what: &str) -> Result<Typed, ExprProblem> {
        let found = self.value(tree)?;
        if found.is_untyped() {
            return Ok(Typed::new(Type::String, Node::Literal(Literal::Null)));
        }
        match found.kind {
            Type::String => Ok(found),
            kind => Err(mismatch::not_text(tree, kind, what)),
        }
    }

    /// Types parts that have one type together.
    fn unified(&self, trees: &[&Tree], what: &str) -> Result<(Type, Vec<Typed>), ExprProblem> {
        let parts = trees.iter().map(|tree| self.value(tree));
        unify(trees, parts.collect::<Result<_, _>>()?, what)
    }
}

/// Refuses types that are not compared so.
pub(super) fn check_comparable(
    kind: Type,
    is_equality: bool,
    what: &str,
    at: Position,
) -> Result<(), ExprProblem> {
    let message = match kind {
        Type::Json => format!(
            "{what} does not compare json, whose equality is not exact: only IS NULL tells something of it, and CAST(… AS string) its text"
        ),
        kind if !is_equality && !kind.is_ordered() => {
            format!("{what} needs an order, which {kind} has not: compare by = or <>")
        }
        _ => return Ok(()),
    };
    Err(ExprProblem::new(at, message))
}
