//! What both warehouses look up, and how both refuse.

use super::error::{FailureKind, WarehouseError};
use super::model::Order;
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

/// Returns those of the columns that are there, whatever the case of their names.
pub(super) fn present(
    columns: Vec<(String, ValueType)>,
    found: &[String],
) -> Vec<(String, ValueType)> {
    let is_there = |name: &str| found.iter().any(|found| found.eq_ignore_ascii_case(name));
    let mut columns = columns;
    columns.retain(|(name, _)| is_there(name));
    columns
}

/// Returns an order that no two rows of a gold table tie in: after what is asked for come those of the table's time and
/// dimensions that are among the columns, or of a summary what it adds up by.
pub(super) fn without_ties(
    schema: &GoldSchema,
    (name, columns): (&str, &[(String, ValueType)]),
    order: Order,
) -> Vec<Order> {
    let leading = schema.leading_of(name).into_iter();
    let others = leading.filter(|column| column.0 != order.column && columns.contains(column));
    let others = others.map(|(column, _)| Order {
        column,
        descending: false,
    });
    let others: Vec<Order> = others.collect();
    std::iter::once(order).chain(others).collect()
}

/// How many rows that are too old a transaction removes from a table, so that it holds its locks for a moment only.
pub(super) const EXPIRED_AT_ONCE: u32 = 10_000;

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
