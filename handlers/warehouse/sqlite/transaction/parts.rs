//! What every transaction is made of: the fence of a row of progress, rows that are merged, tables that are retired, the
//! commit.

use std::collections::BTreeMap;
use std::sync::Arc;

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension, ToSql, params, params_from_iter};

use crate::event::UnixMillis;
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::model::{Progress, Row, StoredRow, Watch, merged, text};
use crate::warehouse::schema::{
    GoldSchema, Holds, MeasureColumn, RETIRED, TableIndex, TableSchema,
};
use crate::warehouse::sqlite::connection::failed;
use crate::warehouse::sqlite::dml::{
    MergeStatements, Reading, key, overflow, stored_row, timestamp, values,
};

/// The tables of a transaction, with the names of those that take their rows.
pub(super) type Tables = BTreeMap<TableIndex, (Arc<TableSchema>, String)>;

/// Notes that a table is no longer wanted.
pub(super) fn retire(
    connection: &Connection,
    schema: &GoldSchema,
    (physical, at): (&str, UnixMillis),
) -> rusqlite::Result<()> {
    let retire = format!(
        "INSERT OR REPLACE INTO {RETIRED} (\"dataset\", \"physical\", \"since\") VALUES (?1, ?2, ?3)"
    );
    let since = timestamp(at.as_event_time().0);
    connection.execute(&retire, params![schema.dataset, physical, since])?;
    Ok(())
}

/// Returns the condition that a row of progress is still what it must be, by the parameters after `last`. The second one is
/// the dataset.
pub(super) fn fence(last: usize) -> String {
    let at = |offset: usize| last + offset;
    format!(
        "COALESCE(\"dataset\", ?2) = ?2 AND \"log\" IS ?{} AND \"generation\" = ?{} AND \"definition\" = ?{} \
         AND \"version\" = ?{} AND \"physical\" IS ?{} AND COALESCE(\"n\", 0) = ?{}",
        at(1),
        at(2),
        at(3),
        at(4),
        at(5),
        at(6)
    )
}

/// Returns the values that [`fence`] compares with.
pub(super) fn fenced(from: &Progress) -> Vec<Box<dyn ToSql>> {
    vec![
        Box::new(from.log.clone()),
        Box::new(from.generation),
        Box::new(from.definition.clone()),
        Box::new(from.version.as_i64()),
        Box::new(from.physical.clone()),
        Box::new(stored(from.made)),
    ]
}

/// Returns a count as the file keeps it; nobody makes a table so often.
pub(super) fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Commits the transaction that is open.
pub(super) fn commit(connection: &Connection) -> Result<(), WarehouseError> {
    let committed = connection.execute_batch("COMMIT");
    // A statement that is interrupted at its end may have taken effect: the transaction is then over.
    let is_over = connection.is_autocommit();
    committed.map_err(
        |error| match failed("commit", "a gold transaction")(error) {
            WarehouseError::Statement {
                purpose,
                object,
                kind,
                source,
            } if is_over || kind == FailureKind::Permanent => WarehouseError::Statement {
                purpose,
                object,
                kind: FailureKind::Ambiguous,
                source,
            },
            error => error,
        },
    )
}

/// Merges rows into a table.
///
/// # Errors
/// Fails if the database does, and where a sum has too many digits, with its group.
pub(super) fn merge(
    connection: &Connection,
    (table, physical): (&TableSchema, &str),
    rows: Vec<Row>,
    watch: Option<(TableIndex, &mut Watch)>,
) -> Result<(), WarehouseError> {
    let statements = MergeStatements::of(table, physical, watch.is_some());
    let rows = match &statements.reading {
        None => rows,
        Some(reading) => {
            let stored = read_stored(connection, (&statements, reading), (table, &rows));
            let stored = stored.map_err(failed("read rows of", &table.name))?;
            let (rows, before) = merged(table, rows, stored, watch.is_some())?;
            if let Some((index, watch)) = watch {
                watch.observe((index, table), &rows, &before)?;
            }
            rows
        }
    };
    let merged = load_and_merge(connection, &statements, (table, rows));
    match merged.map_err(failed("merge rows into", &table.name)) {
        // The statement is undone, and not the transaction: what it was to merge is still there.
        Err(WarehouseError::Overflow { table: name, .. }) => {
            let group = overflowing(connection, (table, physical));
            let group = group.map_err(failed("look for a sum in", &table.name))?;
            Err(WarehouseError::Overflow { table: name, group })
        }
        merged => merged,
    }
}

/// Reads what is stored of the groups of rows.
fn read_stored(
    connection: &Connection,
    (statements, reading): (&MergeStatements, &Reading),
    (table, rows): (&TableSchema, &[Row]),
) -> rusqlite::Result<Vec<StoredRow>> {
    connection.execute_batch(&statements.create)?;
    connection.execute(&statements.clear, [])?;
    let mut load = connection.prepare_cached(&reading.load)?;
    for (number, row) in (0..).zip(rows) {
        let number = [Value::Integer(number)].into_iter();
        load.execute(params_from_iter(number.chain(key(table, row))))?;
    }
    let columns = table.measures.iter().flat_map(MeasureColumn::holds);
    let columns: Vec<Holds> = columns.collect();
    let mut read = connection.prepare_cached(&reading.rows)?;
    let rows = read.query_map([], |row| stored_row(row, &columns))?;
    rows.collect()
}

/// Names a group whose sum has too many digits with what is loaded.
fn overflowing(
    connection: &Connection,
    (table, physical): (&TableSchema, &str),
) -> rusqlite::Result<Option<String>> {
    let Some(sql) = overflow(table, physical) else {
        return Ok(None);
    };
    let dimensions = table.dimensions.iter().map(|column| column.name.as_str());
    let columns: Vec<&str> = table.time().into_iter().chain(dimensions).collect();
    connection
        .query_row(&sql, [], |row| {
            let values = columns.iter().enumerate();
            let values = values.map(|(index, name)| Ok((*name, row.get(index)?)));
            let values: Vec<(&str, Option<String>)> = values.collect::<rusqlite::Result<_>>()?;
            Ok(text::group_of(values.into_iter()))
        })
        .optional()
}

fn load_and_merge(
    connection: &Connection,
    statements: &MergeStatements,
    (table, rows): (&TableSchema, Vec<Row>),
) -> rusqlite::Result<()> {
    connection.execute_batch(&statements.create)?;
    connection.execute(&statements.clear, [])?;
    let mut load = connection.prepare_cached(&statements.load)?;
    for row in rows {
        load.execute(params_from_iter(values(table, row)))?;
    }
    connection.prepare_cached(&statements.merge)?.execute([])?;
    Ok(())
}
