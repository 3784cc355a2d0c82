//! What is wrong with a dataset file's gold; pure.

use thiserror::Error;

use crate::error::Invariant;

/// A dataset file whose gold cannot be laid out in SQL.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SchemaError {
    /// Two columns of a table have one name.
    #[error("gold table {table} would have two columns named {column}")]
    DuplicateColumn {
        /// The table or view.
        table: String,
        /// The name.
        column: String,
    },
    /// Two tables or views have one name.
    #[error("gold would have two tables or views named {name}")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A measure or dimension names a column that the dataset does not have.
    #[error(transparent)]
    Invariant(#[from] Invariant),
}
