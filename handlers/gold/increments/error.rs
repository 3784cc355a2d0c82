//! Why rows cannot be aggregated.

use thiserror::Error;

use crate::error::Invariant;

/// Rows that cannot be aggregated.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum AggregateError {
    /// A sum has more than 38 digits.
    #[error(
        "sum {measure} of gold table {table} has more than 38 digits for the group {group}; nothing was written"
    )]
    Overflow {
        /// The table.
        table: String,
        /// The measure.
        measure: String,
        /// The group, by the values of its key.
        group: String,
    },
    /// A defect of Sluice.
    #[error(transparent)]
    Invariant(#[from] Invariant),
    /// The rows do not have the columns that were asked for.
    #[error("silver's rows lack column {column}, or it has another type")]
    Column {
        /// The column's name.
        column: String,
    },
}
