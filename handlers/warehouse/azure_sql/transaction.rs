//! A transaction on the server: the lock and the fence first, then rows.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use tiberius::error::Error;

use super::connect::Session;
use super::errors::{failed, failed_commit};
use super::held::Held;
use super::statements::dml::MergeStatements;
use super::statements::{SqlSchema, dml};
use super::{load, read};
use crate::event::EventTime;
use crate::warehouse::contract::{Begun, Transaction};
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::lookup::over;
use crate::warehouse::model::{Row, Run, Step};
use crate::warehouse::schema::{FRESHNESS, GoldSchema, PROGRESS, TableIndex, TableSchema};

/// An open transaction.
#[derive(Debug)]
struct AzureSqlTransaction {
    /// The connection; gone once an operation has failed or was abandoned, which undoes the transaction.
    held: Option<Held>,
    schema: Arc<GoldSchema>,
    sql_schema: SqlSchema,
}

/// Begins a transaction and takes the lock that serialises writers; without it the transaction must not go on.
pub(super) async fn lock(
    session: &mut Session,
    sql_schema: &SqlSchema,
) -> Result<(), WarehouseError> {
    let rows = session.run(&dml::begin(sql_schema)).await;
    let rows = rows.map_err(failed("begin", "a gold transaction"))?;
    let granted = rows.first().and_then(|row| row.get::<i32, _>(0));
    match granted {
        Some(0..) => Ok(()),
        other => Err(WarehouseError::Statement {
            purpose: "lock",
            object: format!("schema {}", sql_schema.0),
            kind: FailureKind::Transient,
            source: format!("another run holds it (sp_getapplock returned {other:?})").into(),
        }),
    }
}

/// Opens a transaction and moves progress and freshness in it.
pub(super) async fn begin(
    mut held: Held,
    schema: Arc<GoldSchema>,
    sql_schema: SqlSchema,
    run: &Run,
) -> Result<Begun, WarehouseError> {
    let session = held.session()?;
    lock(session, &sql_schema).await?;
    for step in &run.steps {
        let table = schema.table_at(step.table)?;
        let moved = advance(session, &schema, &sql_schema, (table, step)).await;
        if !moved.map_err(failed("advance", PROGRESS))? {
            let undone = session.run(dml::ROLLBACK).await;
            undone.map_err(failed("roll back", "a gold transaction"))?;
            held.give_back();
            return Ok(Begun::Conflict);
        }
        if step.replace {
            let cleared = session.execute(&dml::clear(&sql_schema, table), &[]).await;
            cleared.map_err(failed("clear", &table.name))?;
        }
        let refreshed = refresh(session, &schema, &sql_schema, (table, step, run)).await;
        refreshed.map_err(failed("write", FRESHNESS))?;
    }
    Ok(Begun::Open(Box::new(AzureSqlTransaction {
        held: Some(held),
        schema,
        sql_schema,
    })))
}

/// Moves the progress of a table, if it stands where it should.
async fn advance(
    session: &mut Session,
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    (table, step): (&TableSchema, &Step),
) -> Result<bool, Error> {
    let (name, definition) = (table.name.as_str(), table.definition.as_str());
    let (generation, version) = (i64::from(schema.generation), step.to.as_i64());
    let changed = match &step.from {
        None => {
            let start = dml::start(sql_schema);
            let values: [&dyn tiberius::ToSql; 4] = [&name, &generation, &definition, &version];
            session.execute(&start, &values).await?
        }
        Some(from) => {
            let (old_generation, old_version) = (i64::from(from.generation), from.version.as_i64());
            let old_definition = from.definition.as_str();
            let values: [&dyn tiberius::ToSql; 7] = [
                &name,
                &generation,
                &definition,
                &version,
                &old_generation,
                &old_definition,
                &old_version,
            ];
            session.execute(&dml::advance(sql_schema), &values).await?
        }
    };
    // At most one row has this key; some servers count it twice.
    Ok(changed > 0)
}

async fn refresh(
    session: &mut Session,
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    (table, step, run): (&TableSchema, &Step, &Run),
) -> Result<(), Error> {
    let name = table.name.as_str();
    // Empty text is stored as null.
    let watermark = run.watermark.map(iso).unwrap_or_default();
    let settled = schema.settled_until(table.grain, run.complete_to);
    let settled = settled.map(iso).unwrap_or_default();
    let (version, at) = (step.to.as_i64(), iso(run.at.as_event_time()));
    let replaced = &step.replace;
    let values: [&dyn tiberius::ToSql; 6] = [&name, &watermark, &settled, &version, &at, replaced];
    session.execute(&dml::refresh(sql_schema), &values).await?;
    Ok(())
}

/// Returns a time as text that every setting of a server reads alike; empty where the calendar has no such time.
fn iso(time: EventTime) -> String {
    let time = DateTime::from_timestamp_micros(time.0);
    time.map(|time| time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string())
        .unwrap_or_default()
}

#[async_trait]
impl Transaction for AzureSqlTransaction {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        // Taken, so that a merge that fails or is abandoned leaves nothing to commit.
        let mut held = self.held.take().ok_or_else(over)?;
        let schema = self.schema.table_at(table)?;
        let statements = MergeStatements::of(&self.sql_schema, table, schema);
        merge(held.session()?, &statements, schema, rows).await?;
        self.held = Some(held);
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        held.session()?
            .run(dml::COMMIT)
            .await
            .map_err(failed_commit)?;
        held.give_back();
        Ok(())
    }
}

async fn merge(
    session: &mut Session,
    statements: &MergeStatements,
    table: &TableSchema,
    rows: Vec<Row>,
) -> Result<(), WarehouseError> {
    let name = &table.name;
    let made = session.run(&statements.create).await;
    made.map_err(failed("make a temporary table for", name))?;

    let expected = rows.len() as u64;
    let rows = rows.into_iter().map(|row| load::token_row(table, row));
    let load = failed("load rows for", name);
    let loaded = session.load(&statements.delta, rows).await;
    loaded.map_err(&load)?;
    let counted = session.run(&statements.count).await;
    let counted = counted.and_then(|rows| read::count(&rows)).map_err(load)?;
    if counted != expected {
        return Err(WarehouseError::Statement {
            purpose: "load rows for",
            object: name.clone(),
            kind: FailureKind::Permanent,
            source: format!("{counted} of {expected} rows arrived").into(),
        });
    }

    if let Some(check) = &statements.check {
        let checked = session.run(check).await;
        checked.map_err(failed("check the sums of", name))?;
    }
    let updated = session.run(&statements.update).await;
    updated.map_err(failed("merge rows into", name))?;
    let inserted = session.run(&statements.insert).await;
    inserted.map_err(failed("insert rows into", name))?;
    let dropped = session.run(&statements.drop).await;
    dropped.map_err(failed("drop the temporary table of", name))?;
    Ok(())
}
