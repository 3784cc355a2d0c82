//! What an expression is for each row, column by column; pure.
//!
//! A row's value depends on that row alone. Every part is computed for all rows of a chunk; where a part is not looked
//! at, what is invalid there does not count.

mod arithmetic;
mod call;
mod cast;
mod condition;
mod exact;
mod input;
mod output;
mod reason;
mod vector;
mod whole;

use super::tree::Chain;
use super::typed::{Node, Typed};
use crate::error::Invariant;
use input::Chunk;
pub use input::Input;
pub(super) use output::Output;
pub use reason::Reason;
use vector::map;
pub(super) use vector::{State, Vector};

/// How many rows are computed at a time, which bounds the memory that takes.
pub(super) const CHUNK: usize = 1_024;

/// Computes a part for the rows from `start` on, at most [`CHUNK`] of them.
pub(super) fn evaluate<'a>(
    part: &'a Typed,
    inputs: &[Input<'a>],
    start: usize,
    rows: usize,
) -> Result<Vector<'a>, Invariant> {
    Chunk {
        inputs,
        start,
        rows,
    }
    .evaluate(part)
}

impl<'a> Chunk<'a, '_> {
    fn evaluate(&self, part: &'a Typed) -> Result<Vector<'a>, Invariant> {
        match &part.node {
            Node::Column(place) => self.column(*place, part.kind),
            Node::Untyped => Err(Invariant("NULL has a type where it is evaluated")),
            Node::Literal(literal) => Ok(self.constant(literal, part.kind)),
            Node::Not(operand) => {
                let operand = self.evaluate(operand)?;
                let values = operand.bools()?.iter().map(|value| !value).collect();
                Ok(Vector::of_bools(values, operand.states))
            }
            Node::Chain(Chain::Concat, parts) => self.concat(parts),
            Node::Chain(chain, parts) => self.logic(*chain, parts),
            Node::Case {
                operand,
                branches,
                otherwise,
            } => self.case(operand.as_deref(), branches, otherwise.as_deref()),
            Node::Arithmetic(operator, left, right) => {
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                arithmetic::arithmetic(*operator, part.kind, &left, &right)
            }
            Node::Negate(operand) => arithmetic::negate(&self.evaluate(operand)?),
            Node::Exact(exact) => self.exact(exact, part.kind),
            Node::Cast(operand) => {
                let kind = operand.kind;
                cast::cast(self.evaluate(operand)?, kind, part.kind)
            }
            Node::Call(function, arguments) => {
                let kinds = arguments.first().map_or(part.kind, |first| first.kind);
                let arguments = arguments.iter().map(|argument| self.evaluate(argument));
                call::call(*function, kinds, arguments.collect::<Result<_, _>>()?)
            }
            Node::ToZone(operand, zone) => {
                let operand = self.evaluate(operand)?;
                arithmetic::to_zone(&operand, zone)
            }
            condition => self.condition(condition),
        }
    }

    fn condition(&self, condition: &'a Node) -> Result<Vector<'a>, Invariant> {
        match condition {
            Node::Compare(operator, left, right) => {
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                condition::compare(*operator, &left, &right)
            }
            Node::Distinct {
                left,
                right,
                negated,
            } => {
                let (left, right) = (self.evaluate(left)?, self.evaluate(right)?);
                condition::distinct(&left, &right, *negated)
            }
            Node::IsNull { operand, negated } => {
                Ok(condition::is_null(self.evaluate(operand)?.states, *negated))
            }
            Node::In {
                operand,
                list,
                negated,
            } => self.contained(operand, list, *negated),
            Node::Between {
                operand,
                low,
                high,
                negated,
            } => {
                let operand = self.evaluate(operand)?;
                let (low, high) = (self.evaluate(low)?, self.evaluate(high)?);
                condition::between(&operand, &low, &high, *negated)
            }
            Node::Like {
                operand,
                pattern,
                negated,
            } => {
                let operand = self.evaluate(operand)?;
                let matches = |text: &std::borrow::Cow<'_, str>| {
                    Ok(condition::is_like(text, pattern) != *negated)
                };
                let (values, states) = map(operand.texts()?, &operand.states, matches);
                Ok(Vector::of_bools(values, states))
            }
            _ => Err(Invariant("every part of an expression can be computed")),
        }
    }
}
