//! A transaction on the file: the fence first, then rows.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, params, params_from_iter};

use super::books::is_replaced;
use super::connection::{Held, blocking, failed};
use super::ddl::{Sqlite, quote};
use super::dml::{MergeStatements, period, timestamp, values};
use crate::warehouse::contract::{Begun, Transaction};
use crate::warehouse::dialect::{self, Dialect, LIVE};
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::lookup::{MOVED, over};
use crate::warehouse::model::{Progress, Row, Run, Step};
use crate::warehouse::schema::{
    BUILDS, FRESHNESS, GoldSchema, PROGRESS, RETIRED, TableIndex, TableSchema,
};

/// An open transaction.
#[derive(Debug)]
struct SqliteTransaction {
    /// The connection; gone once an operation has failed.
    held: Option<Held>,
    schema: Arc<GoldSchema>,
    /// Where the rows of its tables go.
    physical: BTreeMap<TableIndex, String>,
    /// What shows the tables that it makes.
    views: Vec<String>,
}

/// Opens a transaction, moves progress and freshness in it, and makes the tables that are made anew.
pub(super) fn begin(
    mut held: Held,
    schema: Arc<GoldSchema>,
    run: &Run,
) -> Result<Begun, WarehouseError> {
    let connection = held.connection()?;
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(failed("begin", "a gold transaction"))?;
    // Dropping the connection's hold rolls back.
    if is_replaced(connection, &schema, &run.build).map_err(failed("read", BUILDS))? {
        return Ok(Begun::Replaced);
    }
    let (mut physical, mut views) = (BTreeMap::new(), Vec::new());
    for step in &run.steps {
        let table = schema.table_at(step.table)?;
        let to = step.moved(table, run, schema.generation);
        let moved = advance(connection, &schema, (table, step), &to)
            .map_err(failed("advance", PROGRESS))?;
        if !moved {
            return Ok(Begun::Conflict);
        }
        let name = to.physical(table).to_owned();
        views.extend(empty(connection, &schema, (step, run), &name)?);
        refresh(connection, &schema, table, (step, run)).map_err(failed("write", FRESHNESS))?;
        physical.insert(step.table, name);
    }
    Ok(Begun::Open(Box::new(SqliteTransaction {
        held: Some(held),
        schema,
        physical,
        views,
    })))
}

/// Makes or empties the table of a step that makes it anew, retires the one before and returns what shows it.
fn empty(
    connection: &Connection,
    schema: &GoldSchema,
    (step, run): (&Step, &Run),
    physical: &str,
) -> Result<Vec<String>, WarehouseError> {
    let table = schema.table_at(step.table)?;
    let create = failed("create a table for", &table.name);
    if step.makes_table(table) {
        let definition = dialect::table(table, physical, &Sqlite);
        connection
            .execute_batch(&definition.create(&Sqlite))
            .map_err(create)?;
        if let Some(before) = step.from.as_ref().and_then(|from| from.physical.as_ref()) {
            let retire = format!(
                "INSERT OR REPLACE INTO {RETIRED} (\"dataset\", \"physical\", \"since\") VALUES (?1, ?2, ?3)"
            );
            let since = timestamp(run.at.as_event_time().0);
            let retired = connection.execute(&retire, params![schema.dataset, before, since]);
            retired.map_err(failed("write", RETIRED))?;
        }
    } else if step.replace {
        let clear = format!("DELETE FROM main.{}", quote(physical));
        let cleared = connection.execute(&clear, []);
        cleared.map_err(failed("clear", &table.name))?;
    } else {
        return Ok(Vec::new());
    }
    let views = dialect::views(schema, step.table, physical, &Sqlite)?;
    Ok(views.iter().flat_map(|view| Sqlite.show(view)).collect())
}

/// Moves the progress of a table, if it stands where it should.
fn advance(
    connection: &Connection,
    schema: &GoldSchema,
    (table, step): (&TableSchema, &Step),
    to: &Progress,
) -> rusqlite::Result<bool> {
    let made = stored(to.made);
    let changed = match &step.from {
        None => connection
            .prepare_cached(&format!(
                "INSERT INTO {PROGRESS} (\"gold_table\", \"dataset\", \"log\", \"generation\", \"definition\", \
                 \"version\", \"physical\", \"n\")\n\
                 SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8 \
                 WHERE NOT EXISTS (SELECT 1 FROM {PROGRESS} WHERE \"gold_table\" = ?1)"
            ))?
            .execute(params![
                table.name,
                schema.dataset,
                to.log,
                to.generation,
                to.definition,
                to.version.0,
                to.physical,
                made,
            ])?,
        Some(from) => connection
            .prepare_cached(&format!(
                "UPDATE {PROGRESS} SET \"dataset\" = ?2, \"log\" = ?3, \"generation\" = ?4, \"definition\" = ?5, \
                 \"version\" = ?6, \"physical\" = ?7, \"n\" = ?8\n\
                 WHERE \"gold_table\" = ?1 AND COALESCE(\"dataset\", ?2) = ?2 AND \"log\" IS ?9 \
                 AND \"generation\" = ?10 AND \"definition\" = ?11 AND \"version\" = ?12 \
                 AND \"physical\" IS ?13 AND COALESCE(\"n\", 0) = ?14"
            ))?
            .execute(params![
                table.name,
                schema.dataset,
                to.log,
                to.generation,
                to.definition,
                to.version.0,
                to.physical,
                made,
                from.log,
                from.generation,
                from.definition,
                from.version.0,
                from.physical,
                stored(from.made),
            ])?,
    };
    Ok(changed == 1)
}

/// Returns a count as the file keeps it; nobody makes a table so often.
fn stored(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

/// Writes the freshness of a table, and leaves what it does not know of that row.
fn refresh(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    (step, run): (&Step, &Run),
) -> rusqlite::Result<()> {
    let settled = schema.settled_until(table.grain, run.complete_to);
    // Starts of periods of one grain have one width, so that text orders as they do.
    let settled_until = match step.replace {
        true => "?4",
        false => "coalesce(max(?4, \"settled_until\"), ?4, \"settled_until\")",
    };
    connection
        .prepare_cached(&format!(
            "INSERT INTO {FRESHNESS}\n\
             (\"gold_table\", \"dataset\", \"watermark\", \"settled_until\", \"version\", \"last_run\", \"state\")\n\
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, '{LIVE}')\n\
             ON CONFLICT (\"gold_table\") DO UPDATE SET \"dataset\" = ?2, \"watermark\" = ?3, \"settled_until\" = {settled_until}, \
             \"version\" = ?5, \"last_run\" = ?6, \"state\" = '{LIVE}', \"reason\" = NULL, \"blocked_version\" = NULL, \
             \"blocked_definition\" = NULL, \"blocked_stamp\" = NULL, \"blocked_at\" = NULL"
        ))?
        .execute(params![
            table.name,
            schema.dataset,
            run.watermark.map(|watermark| timestamp(watermark.0)),
            settled.map(|start| period(table.grain, start.0)),
            step.to.0,
            timestamp(run.at.as_event_time().0),
        ])?;
    Ok(())
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        let schema = Arc::clone(&self.schema);
        let physical = self.physical.get(&table).cloned().ok_or(MOVED)?;
        let held = blocking(move || {
            let name = schema.table_at(table)?;
            let merged = merge(held.connection()?, (table, &physical), name, rows);
            merged.map_err(failed("merge rows into", &name.name))?;
            Ok(held)
        });
        self.held = Some(held.await?);
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        let views = self.views;
        blocking(move || {
            let show = failed("create", "gold's views");
            for view in views {
                let shown = held.connection()?.execute_batch(&view);
                shown.map_err(&show)?;
            }
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
    (index, physical): (TableIndex, &str),
    table: &TableSchema,
    rows: Vec<Row>,
) -> rusqlite::Result<()> {
    let statements = MergeStatements::of(index, table, physical);
    connection.execute_batch(&statements.create)?;
    connection.execute(&statements.clear, [])?;
    let mut load = connection.prepare_cached(&statements.load)?;
    for row in rows {
        load.execute(params_from_iter(values(table, row)))?;
    }
    connection.prepare_cached(&statements.merge)?.execute([])?;
    Ok(())
}
