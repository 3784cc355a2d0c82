//! Rows that are loaded into a temporary table and merged into the one that they are for.

use std::collections::BTreeMap;

use crate::warehouse::azure_sql::connect::Session;
use crate::warehouse::azure_sql::errors::failed;
use crate::warehouse::azure_sql::statements::dml::MergeStatements;
use crate::warehouse::azure_sql::{load, read};
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::model::Row;
use crate::warehouse::schema::{TableIndex, TableSchema};

/// What merges rows into the tables of a transaction, and how these lie.
pub(super) type Merges = BTreeMap<TableIndex, (TableSchema, MergeStatements)>;

/// Loads rows and merges them into their table.
pub(super) async fn merge(
    session: &mut Session,
    (table, statements): &(TableSchema, MergeStatements),
    rows: Vec<Row>,
) -> Result<(), WarehouseError> {
    let name = &table.name;
    let expected = rows.len() as u64;
    let rows = rows.into_iter().map(|row| load::token_row(table, row));
    let load = failed("load rows for", name);
    let loaded = session.load(&statements.delta, rows).await;
    loaded.map_err(&load)?;
    let merged = session.run(&statements.merge(expected)).await;
    let merged = merged.map_err(failed("merge rows into", name))?;
    match merged.is_empty() {
        true => Ok(()),
        false => Err(WarehouseError::Statement {
            purpose: "load rows for",
            object: name.clone(),
            kind: FailureKind::Permanent,
            source: format!(
                "{} of {expected} rows arrived",
                read::count(&merged).map_err(load)?
            )
            .into(),
        }),
    }
}
