//! What both warehouses look up, and how both refuse.

use super::contract::Unfit;
use super::error::{FailureKind, WarehouseError};
use super::schema::{GoldSchema, ValueType};

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

/// The answer to whoever goes on with a transaction after one of its operations failed.
pub(super) fn over() -> WarehouseError {
    WarehouseError::Statement {
        purpose: "use",
        object: "a gold transaction".to_owned(),
        kind: FailureKind::Permanent,
        source: "it is over".into(),
    }
}

/// Adds a table that does not fit to the others.
///
/// # Errors
/// Fails with its mismatch if it is no table of gold, but one that gold keeps its progress in.
pub(super) fn refuse(
    unfit: &mut Unfit,
    schema: &GoldSchema,
    (table, problems): (String, Vec<String>),
) -> Result<(), WarehouseError> {
    let index = schema.table(&table).map(|(index, _)| index);
    let mismatch = WarehouseError::Mismatch { table, problems };
    let index = match index {
        Some(index) => index,
        None => return Err(mismatch),
    };
    unfit.insert(index, mismatch);
    Ok(())
}
