//! What fails in a warehouse, and what a caller can do about it.

use thiserror::Error;

use crate::error::Invariant;

/// What a caller can do about a failed database operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Nothing happened; repeating the whole transaction may succeed.
    Transient,
    /// It may or may not have happened; the progress tells.
    Ambiguous,
    /// Repeating it changes nothing.
    Permanent,
}

/// A database operation that failed.
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// A statement failed.
    #[error("{purpose} {object}")]
    Statement {
        /// What it was for: a verb phrase such as "merge rows into".
        purpose: &'static str,
        /// The table or database.
        object: String,
        /// What a caller can do about it.
        kind: FailureKind,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A table that is there is not the one that the dataset file describes.
    #[error(
        "gold table {table} does not fit the dataset file: {}; drop or rename {rows}, and it is made anew from silver",
        problems.join(", ")
    )]
    Mismatch {
        /// The table.
        table: String,
        /// The table with its rows.
        rows: String,
        /// What is wrong, each naming its column.
        problems: Vec<String>,
    },
    /// A table's name is that of another dataset's table in the same database schema.
    #[error(
        "gold table {table} belongs to dataset {dataset} here; give one of the two another name, or its dataset another database schema"
    )]
    Taken {
        /// The table.
        table: String,
        /// Whose it is.
        dataset: String,
    },
    /// A sum has more than 38 digits.
    #[error("a sum in {table} has more than 38 digits; nothing was written")]
    Overflow {
        /// The table.
        table: String,
    },
    /// Gold has no table or view of that name.
    #[error("gold has no table or view named {name}")]
    NoSuchTable {
        /// The name asked for.
        name: String,
    },
    /// A defect of Sluice.
    #[error(transparent)]
    Invariant(#[from] Invariant),
    /// The setting names no database.
    #[error("GoldDatabase: {problem}")]
    Setting {
        /// What is wrong and what is allowed; without secrets.
        problem: String,
    },
}

impl WarehouseError {
    /// Returns what a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Statement { kind, .. } => *kind,
            Self::Mismatch { .. }
            | Self::Taken { .. }
            | Self::Overflow { .. }
            | Self::NoSuchTable { .. }
            | Self::Invariant(_)
            | Self::Setting { .. } => FailureKind::Permanent,
        }
    }
}
