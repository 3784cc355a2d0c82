//! A transaction on the file: the fence first, then rows.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, params, params_from_iter};

use super::connection::{Held, blocking, failed};
use super::ddl::quote;
use super::dml::{MergeStatements, period, timestamp, values};
use crate::warehouse::contract::{Begun, Transaction};
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::lookup::over;
use crate::warehouse::model::{Row, Run, Step};
use crate::warehouse::schema::{FRESHNESS, GoldSchema, PROGRESS, TableIndex, TableSchema};

/// An open transaction.
#[derive(Debug)]
struct SqliteTransaction {
    /// The connection; gone once an operation has failed.
    held: Option<Held>,
    schema: Arc<GoldSchema>,
}

/// Opens a transaction and moves progress and freshness in it.
pub(super) fn begin(
    mut held: Held,
    schema: Arc<GoldSchema>,
    run: &Run,
) -> Result<Begun, WarehouseError> {
    let connection = held.connection()?;
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(failed("begin", "a gold transaction"))?;
    for step in &run.steps {
        let table = schema.table_at(step.table)?;
        let moved =
            advance(connection, &schema, table, step).map_err(failed("advance", PROGRESS))?;
        if !moved {
            // Dropping the connection's hold rolls back.
            return Ok(Begun::Conflict);
        }
        if step.replace {
            let clear = format!("DELETE FROM main.{}", quote(&table.name));
            let clear = connection.execute(&clear, []);
            clear.map_err(failed("clear", &table.name))?;
        }
        refresh(connection, &schema, table, (step, run)).map_err(failed("write", FRESHNESS))?;
    }
    let held = Some(held);
    Ok(Begun::Open(Box::new(SqliteTransaction { held, schema })))
}

/// Moves the progress of a table, if it stands where it should.
fn advance(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    step: &Step,
) -> rusqlite::Result<bool> {
    let changed = match &step.from {
        None => connection.prepare_cached(&format!(
            "INSERT INTO {PROGRESS} (\"gold_table\", \"generation\", \"definition\", \"version\")\n\
             SELECT ?1, ?2, ?3, ?4 WHERE NOT EXISTS (SELECT 1 FROM {PROGRESS} WHERE \"gold_table\" = ?1)"
        ))?
        .execute(params![table.name, schema.generation, table.definition, step.to.0])?,
        Some(from) => connection.prepare_cached(&format!(
            "UPDATE {PROGRESS} SET \"generation\" = ?2, \"definition\" = ?3, \"version\" = ?4\n\
             WHERE \"gold_table\" = ?1 AND \"generation\" = ?5 AND \"definition\" = ?6 AND \"version\" = ?7"
        ))?
        .execute(params![
            table.name,
            schema.generation,
            table.definition,
            step.to.0,
            from.generation,
            from.definition,
            from.version.0,
        ])?,
    };
    Ok(changed == 1)
}

fn refresh(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    (step, run): (&Step, &Run),
) -> rusqlite::Result<()> {
    let settled = schema.settled_until(table.grain, run.complete_to);
    // Starts of periods of one grain have one width, so that text orders as they do.
    let written = format!("(SELECT \"settled_until\" FROM {FRESHNESS} WHERE \"gold_table\" = ?1)");
    connection
        .prepare_cached(&format!(
            "INSERT OR REPLACE INTO {FRESHNESS}\n\
             (\"gold_table\", \"watermark\", \"settled_until\", \"version\", \"last_run\")\n\
             VALUES (?1, ?2, CASE WHEN ?6 THEN ?3 ELSE coalesce(max(?3, {written}), ?3, {written}) END, ?4, ?5)"
        ))?
        .execute(params![
            table.name,
            run.watermark.map(|watermark| timestamp(watermark.0)),
            settled.map(|start| period(table.grain, start.0)),
            step.to.0,
            timestamp(run.at.as_event_time().0),
            step.replace,
        ])?;
    Ok(())
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        let schema = Arc::clone(&self.schema);
        let held = blocking(move || {
            let name = schema.table_at(table)?;
            let merged = merge(held.connection()?, table, name, rows);
            merged.map_err(failed("merge rows into", &name.name))?;
            Ok(held)
        });
        self.held = Some(held.await?);
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        blocking(move || {
            let connection = held.connection()?;
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
        })
        .await
    }
}

fn merge(
    connection: &Connection,
    index: TableIndex,
    table: &TableSchema,
    rows: Vec<Row>,
) -> rusqlite::Result<()> {
    let statements = MergeStatements::of(index, table);
    connection.execute_batch(&statements.create)?;
    connection.execute(&statements.clear, [])?;
    let mut load = connection.prepare_cached(&statements.load)?;
    for row in rows {
        load.execute(params_from_iter(values(table, row)))?;
    }
    connection.prepare_cached(&statements.merge)?.execute([])?;
    Ok(())
}
