//! What both warehouses look up, and how both refuse.

use super::error::{FailureKind, WarehouseError};
use super::schema::{GoldSchema, ValueType};
use crate::error::Invariant;

/// Returns the columns of a table or view of gold as read.
///
/// # Errors
/// Fails if gold has no table or view of that name.
pub(super) fn columns_of(
    schema: &GoldSchema,
    name: &str,
) -> Result<Vec<(String, ValueType)>, WarehouseError> {
    let missing = || WarehouseError::NoSuchTable { name: name.into() };
    schema.columns_of(name).ok_or_else(missing)
}

/// Of a transaction that is given rows of a table that it does not move.
pub(super) const MOVED: Invariant = Invariant("a transaction merges into the tables that it moves");

/// The answer to whoever asks for more than a SELECT.
pub(super) fn refused_query(
    problem: impl Into<Box<dyn std::error::Error + Send + Sync>>,
) -> WarehouseError {
    WarehouseError::Statement {
        purpose: "run",
        object: QUERY.to_owned(),
        kind: FailureKind::Permanent,
        source: problem.into(),
    }
}

/// What a query is called in errors.
pub(super) const QUERY: &str = "the query";

/// The answer to whoever goes on with a transaction after one of its operations failed.
pub(super) fn over() -> WarehouseError {
    WarehouseError::Statement {
        purpose: "use",
        object: "a gold transaction".to_owned(),
        kind: FailureKind::Permanent,
        source: "it is over".into(),
    }
}
