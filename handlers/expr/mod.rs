//! The language of computed columns and conditions: closed, typed, in SQL's spelling; pure.
//!
//! `sqlparser` reads a text (`read`), a checker types it against the columns that it may name (`check`), and an
//! evaluator of our own computes it on Arrow arrays (`evaluate`), because rows in silver are for ever: general engines
//! change how they round and what types they give, and answer one division by zero with an error for the whole batch.
//!
//! - A row's value depends on that row alone.
//! - A row that overflows, divides by zero or leaves its type is *invalid*, beside being null. Invalid goes on as null
//!   does, save where it is not looked at: the branch of CASE or coalesce that is not taken, `false AND x`, `true OR x`.
//! - Decimals are exact in 256 bits and rounded once, half away from zero.
//! - What an expression means never changes under the same [`SEMANTICS`].

mod caution;
mod check;
mod evaluate;
mod function;
mod keyword;
mod problem;
mod read;
mod tree;
mod typed;
mod types;
mod zone;

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use arrow_array::ArrayRef;

pub use crate::value::time::notation::ZONES;
pub use caution::Motion;
pub use check::{Column, Scope};
use evaluate::{CHUNK, Output, State, evaluate};
pub use evaluate::{Input, Reason};
pub use problem::{EvaluateError, ExprProblem, Position};
use typed::Typed;
pub use types::Type;
pub use zone::find_zone;

/// Counts the changes of what an expression means, the time zone database included.
pub const SEMANTICS: u32 = 1;

/// An expression that has been read and checked.
#[derive(Clone, PartialEq)]
pub struct Expression {
    typed: Arc<Typed>,
    text: String,
}

/// An expression that is true, false or null.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition(Expression);

// No number that is written in an expression is NaN, so each equals itself.
impl Eq for Condition {}

/// What an expression is for each row.
#[derive(Debug)]
pub struct Outcome {
    /// The values; null where there is none, or no valid one.
    pub values: ArrayRef,
    /// The rows whose value is invalid, in order, and why.
    pub invalid: Vec<(usize, Reason)>,
}

/// What a condition is for a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is true.
    Holds,
    /// It is false or null.
    Fails,
    /// It is neither, because something in it is invalid.
    Invalid(Reason),
}

impl Expression {
    /// Reads an expression whose value becomes a column of type `target`.
    ///
    /// # Errors
    /// Fails with the first mistake in it.
    pub fn read(text: &str, scope: Scope<'_>, target: Type) -> Result<Self, ExprProblem> {
        let tree = read::read(text)?;
        let typed = check::as_column(&tree, scope, target)?;
        Ok(Self {
            typed: Arc::new(typed),
            text: tree.to_string(),
        })
    }

    /// Returns the normal text: that of all expressions that differ in blanks, the case of keywords and names, or
    /// parentheses that change nothing.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns the columns that it names, by their place in the scope that it was read in.
    #[must_use]
    pub fn columns(&self) -> BTreeSet<usize> {
        self.typed.columns()
    }

    /// Computes the value of each row; `inputs` are the columns of the scope that the expression was read in.
    ///
    /// # Errors
    /// Fails if the columns are others, or texts grow beyond what an array holds.
    pub fn evaluate(&self, inputs: &[Input<'_>], rows: usize) -> Result<Outcome, EvaluateError> {
        let mut output = Output::new(self.typed.kind, rows)?;
        let mut invalid = Vec::new();
        for start in (0..rows).step_by(CHUNK) {
            let vector = evaluate(&self.typed, inputs, start, CHUNK.min(rows - start))?;
            output.extend(&vector)?;
            for (row, state) in (start..).zip(&vector.states) {
                if let State::Invalid(reason) = state {
                    invalid.push((row, *reason));
                }
            }
        }
        Ok(Outcome {
            values: output.finish()?,
            invalid,
        })
    }
}

impl Condition {
    /// Reads a condition.
    ///
    /// # Errors
    /// Fails with the first mistake in it.
    pub fn read(text: &str, scope: Scope<'_>) -> Result<Self, ExprProblem> {
        let tree = read::read(text)?;
        let typed = check::as_condition(&tree, scope)?;
        Ok(Self(Expression {
            typed: Arc::new(typed),
            text: tree.to_string(),
        }))
    }

    /// As [`Expression::text`].
    #[must_use]
    pub fn text(&self) -> &str {
        &self.0.text
    }

    /// As [`Expression::columns`].
    #[must_use]
    pub fn columns(&self) -> BTreeSet<usize> {
        self.0.columns()
    }

    /// Returns what the condition is for each row; `inputs` are the columns of the scope that it was read in.
    ///
    /// # Errors
    /// Fails if the columns are others.
    pub fn judge(&self, inputs: &[Input<'_>], rows: usize) -> Result<Vec<Verdict>, EvaluateError> {
        let mut verdicts = Vec::with_capacity(rows);
        for start in (0..rows).step_by(CHUNK) {
            let vector = evaluate(&self.0.typed, inputs, start, CHUNK.min(rows - start))?;
            let found = vector.bools()?.iter().zip(&vector.states);
            verdicts.extend(found.map(|(holds, state)| match state {
                State::Value if *holds => Verdict::Holds,
                State::Invalid(reason) => Verdict::Invalid(*reason),
                State::Value | State::Null => Verdict::Fails,
            }));
        }
        Ok(verdicts)
    }

    /// Returns the nullable columns that are compared by `<>` or NOT IN and nowhere told from null, by their place in the
    /// scope: where they are null, the condition is not true.
    #[must_use]
    pub fn overlooked_nulls(&self, scope: Scope<'_>) -> Vec<usize> {
        caution::overlooked_nulls(&self.0.typed, scope)
    }

    /// Returns which way the condition turns as what it names moves: `of` says it of a name, in lower case.
    #[must_use]
    pub fn motion(&self, of: &dyn Fn(&str) -> Motion) -> Motion {
        // The normal text reads back as the same tree.
        read::read(&self.0.text).map_or(Motion::Any, |tree| caution::motion(&tree, of))
    }
}

impl fmt::Debug for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Expression").field(&self.text).finish()
    }
}
