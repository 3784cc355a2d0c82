//! What is wrong with an expression, and where in its text; why one cannot be computed. Pure.

use std::fmt;

use thiserror::Error;

use crate::error::Invariant;

/// How many parts of an expression may be inside of each other.
pub(super) const MOST_LEVELS: usize = 32;

/// A place in the text of an expression; both count from 1, columns in characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line.
    pub line: u64,
    /// The column in the line.
    pub column: u64,
}

impl Position {
    /// Where a text begins.
    pub(super) const START: Self = Self { line: 1, column: 1 };
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// The mistake for which an expression is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExprProblem {
    /// Where it is.
    pub at: Position,
    /// What is wrong, and what would be accepted.
    pub message: String,
}

impl ExprProblem {
    /// Says that an expression is too deep.
    pub(super) fn too_deep(at: Position) -> Self {
        let message = format!(
            "the expression is deeper than {MOST_LEVELS} levels: compute parts of it in columns of their own"
        );
        Self::new(at, message)
    }

    pub(super) fn new(at: Position, message: impl Into<String>) -> Self {
        Self {
            at,
            message: message.into(),
        }
    }
}

impl fmt::Display for ExprProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at {}: {}", self.at, self.message)
    }
}

impl std::error::Error for ExprProblem {}

/// Why an expression could not be computed at all.
#[derive(Debug, Error)]
pub enum EvaluateError {
    /// A defect.
    #[error(transparent)]
    Invariant(#[from] Invariant),
    /// An array of texts has no room for them.
    #[error("the texts that an expression gives for a group of rows are larger than 2 GiB")]
    TooLarge,
}
