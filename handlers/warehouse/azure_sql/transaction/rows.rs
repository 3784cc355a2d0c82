//! Rows that are loaded into a temporary table and merged into the one that they are for.

use std::collections::BTreeMap;

use crate::warehouse::azure_sql::connect::Session;
use crate::warehouse::azure_sql::errors::failed;
use crate::warehouse::azure_sql::statements::dml::{MergeStatements, Reading};
use crate::warehouse::azure_sql::{load, read};
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::model::{Row, StoredRow, Watch, merged};
use crate::warehouse::schema::{TableIndex, TableSchema};

/// What merges rows into the tables of a transaction, and how these lie.
pub(super) type Merges = BTreeMap<TableIndex, (TableSchema, MergeStatements)>;

/// Loads rows and merges them into their table, by statements or after they were merged with those that are stored.
pub(super) async fn merge(
    session: &mut Session,
    (table, statements): &(TableSchema, MergeStatements),
    rows: Vec<Row>,
    watch: Option<(TableIndex, &mut Watch)>,
) -> Result<(), WarehouseError> {
    let name = &table.name;
    let rows = match &statements.reading {
        None => rows,
        Some(reading) => {
            let stored = stored(session, (table, reading), &rows).await?;
            let (rows, before) = merged(table, rows, stored, watch.is_some())?;
            if let Some((index, watch)) = watch {
                watch.observe((index, table), &rows, &before)?;
            }
            rows
        }
    };
    let expected = rows.len() as u64;
    let rows = rows.into_iter().map(|row| load::token_row(table, row));
    let load = failed("load rows for", name);
    let loaded = session.load(&statements.delta, rows).await;
    loaded.map_err(&load)?;
    let merged = session.run(&statements.merge(expected)).await;
    let merged = merged.map_err(failed("merge rows into", name))?;
    match merged.is_empty() {
        true => Ok(()),
        false => {
            let arrived = read::count(&merged).map_err(load)?;
            Err(lost(table, arrived, expected))
        }
    }
}

/// Reads what is stored of the groups of rows.
async fn stored(
    session: &mut Session,
    (table, reading): (&TableSchema, &Reading),
    rows: &[Row],
) -> Result<Vec<StoredRow>, WarehouseError> {
    let load = failed("load rows for", &table.name);
    let keys: Vec<_> = (0..)
        .zip(rows)
        .map(|row| load::key_row(table, row))
        .collect();
    let loaded = session.load(&reading.keys, keys.into_iter()).await;
    loaded.map_err(&load)?;
    let read = failed("read rows of", &table.name);
    let found = session.run(&reading.rows).await.map_err(&read)?;
    let (arrived, stored) = read::stored(found, table).map_err(&read)?;
    match arrived == rows.len() as u64 {
        true => Ok(stored),
        false => Err(lost(table, arrived, rows.len() as u64)),
    }
}

fn lost(table: &TableSchema, arrived: u64, expected: u64) -> WarehouseError {
    WarehouseError::Statement {
        purpose: "load rows for",
        object: table.name.clone(),
        kind: FailureKind::Permanent,
        source: format!("{arrived} of {expected} rows arrived").into(),
    }
}
