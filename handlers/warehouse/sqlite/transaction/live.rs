//! A transaction of live tables: the fence first, then rows.

use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::{Connection, ToSql, params, params_from_iter};

use super::balance;
use super::parts::{Tables, commit, fence, fenced, merge, retire, stored};
use super::watch;
use crate::event::EventTime;
use crate::warehouse::contract::{Begun, Transaction};
use crate::warehouse::dialect::{self, Dialect, LIVE};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::{MOVED, over};
use crate::warehouse::model::{Progress, Row, Run, Step, Told, Watch};
use crate::warehouse::schema::{
    BUILDS, FRESHNESS, GoldSchema, PROGRESS, RETIRED, RULES, TableIndex, TableSchema,
};
use crate::warehouse::sqlite::books::is_replaced;
use crate::warehouse::sqlite::connection::{Held, blocking, failed};
use crate::warehouse::sqlite::ddl::{Sqlite, quote};
use crate::warehouse::sqlite::dml::{self, period, timestamp};

/// An open transaction.
#[derive(Debug)]
struct SqliteTransaction {
    /// The connection; gone once an operation has failed.
    held: Option<Held>,
    /// Where the rows of its tables go, and how these lie.
    tables: Tables,
    /// What shows the tables that it makes.
    views: Vec<String>,
    schema: Arc<GoldSchema>,
    /// What rules find.
    watch: Watch,
}

/// Opens a transaction, moves progress and freshness in it, and makes the tables that are made anew.
pub(in crate::warehouse::sqlite) fn begin(
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
    let (mut tables, mut views) = (Tables::new(), Vec::new());
    for step in &run.steps {
        let table = step.layout(&schema)?;
        let to = step.moved(run, &schema)?;
        let moved = advance(connection, &schema, (table, step), &to)
            .map_err(failed("advance", PROGRESS))?;
        if !moved {
            return Ok(Begun::Conflict);
        }
        let name = to.physical(table).to_owned();
        views.extend(empty(connection, &schema, (step, run), &name)?);
        refresh(connection, &schema, table, (step, run)).map_err(failed("write", FRESHNESS))?;
        expire(connection, (table, &name), to.kept_from).map_err(failed("expire", &table.name))?;
        tables.insert(step.table, (Arc::new(table.clone()), name));
    }
    let mut watch = Watch::of_run(&schema.dataset, run);
    if !watch::advance(connection, &mut watch).map_err(failed("advance", RULES))? {
        return Ok(Begun::Conflict);
    }
    Ok(Begun::Open(Box::new(SqliteTransaction {
        held: Some(held),
        tables,
        views,
        schema,
        watch,
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
            retire(connection, schema, (before, run.at)).map_err(failed("write", RETIRED))?;
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
    let columns = "\"dataset\", \"log\", \"generation\", \"definition\", \"version\", \"physical\", \"n\", \"text\", \"rankings\", \"kept_from\"";
    let mut values: Vec<Box<dyn ToSql>> = vec![
        Box::new(table.name.clone()),
        Box::new(schema.dataset.clone()),
        Box::new(to.log.clone()),
        Box::new(to.generation),
        Box::new(to.definition.clone()),
        Box::new(to.version.as_i64()),
        Box::new(to.physical.clone()),
        Box::new(stored(to.made)),
        Box::new(to.text.clone()),
        Box::new(to.rankings.clone()),
        Box::new(to.kept_from.map(|start| timestamp(start.0))),
    ];
    let sql = match &step.from {
        None => format!(
            "INSERT INTO {PROGRESS} (\"gold_table\", {columns})\n\
             SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11 \
             WHERE NOT EXISTS (SELECT 1 FROM {PROGRESS} WHERE \"gold_table\" = ?1)"
        ),
        Some(from) => {
            values.extend(fenced(from));
            format!(
                "UPDATE {PROGRESS} SET ({columns}) = (?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)\n\
                 WHERE \"gold_table\" = ?1 AND {}",
                fence(11)
            )
        }
    };
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.execute(params_from_iter(values))? == 1)
}

/// Removes rows of periods that are not kept, so many at most: others go with the next transactions.
fn expire(
    connection: &Connection,
    (table, physical): (&TableSchema, &str),
    kept_from: Option<EventTime>,
) -> rusqlite::Result<()> {
    let Some((start, sql)) = kept_from.zip(dml::expire(table, physical)) else {
        return Ok(());
    };
    connection
        .prepare_cached(&sql)?
        .execute(params![period(table.grain, start.0)])?;
    Ok(())
}

/// Writes the freshness of a table, and leaves what it does not know of that row.
fn refresh(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    (step, run): (&Step, &Run),
) -> rusqlite::Result<()> {
    let settled = schema.settled_until(&table.steps(), run.complete_to);
    // Starts of periods of one grain have one width, so that text orders as they do.
    let settled_until = match step.replace {
        true => "?4",
        false => "coalesce(max(?4, \"settled_until\"), ?4, \"settled_until\")",
    };
    let pending = run.pending;
    connection
        .prepare_cached(&format!(
            "INSERT INTO {FRESHNESS}\n\
             (\"gold_table\", \"dataset\", \"watermark\", \"settled_until\", \"version\", \"last_run\", \"state\", \
             \"generation\", \"pending_objects\", \"oldest_pending\")\n\
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, '{LIVE}', ?7, ?8, ?9)\n\
             ON CONFLICT (\"gold_table\") DO UPDATE SET \"dataset\" = ?2, \"watermark\" = ?3, \"settled_until\" = {settled_until}, \
             \"version\" = ?5, \"last_run\" = ?6, \"state\" = '{LIVE}', \"reason\" = NULL, \"blocked_version\" = NULL, \
             \"blocked_definition\" = NULL, \"blocked_stamp\" = NULL, \"blocked_at\" = NULL, \"generation\" = ?7, \
             \"pending_objects\" = CASE WHEN ?10 THEN ?8 ELSE \"pending_objects\" END, \
             \"oldest_pending\" = CASE WHEN ?10 THEN ?9 ELSE \"oldest_pending\" END"
        ))?
        .execute(params![
            table.name,
            schema.dataset,
            run.watermark.map(|watermark| timestamp(watermark.0)),
            settled.map(|start| period(table.grain, start.0)),
            step.to.0,
            timestamp(run.at.as_event_time().0),
            schema.generation,
            pending.map(|pending| stored(pending.objects)),
            pending
                .and_then(|pending| pending.oldest)
                .map(|oldest| timestamp(oldest.as_event_time().0)),
            pending.is_some(),
        ])?;
    let from = step.from.as_ref().filter(|_| !step.replace);
    let versions = (from.map(|from| from.version), step.to);
    balance::write(connection, &table.name, versions, &run.balance)
}

#[async_trait]
impl Transaction for SqliteTransaction {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        let (layout, physical) = self.tables.get(&table).cloned().ok_or(MOVED)?;
        let mut watch = self.watch.take();
        let merged = blocking(move || {
            let watching = watch.compares(table).then_some((table, &mut watch));
            merge(held.connection()?, (&layout, &physical), rows, watching)?;
            Ok((held, watch))
        });
        let (held, watch) = merged.await?;
        (self.held, self.watch) = (Some(held), watch);
        Ok(())
    }

    async fn raise(&mut self, rule: &str, told: Told) -> Result<(), WarehouseError> {
        self.watch.tell(rule, told);
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        let (views, schema, mut watch, tables) = (self.views, self.schema, self.watch, self.tables);
        blocking(move || {
            watch::settle(held.connection()?, (&schema, &tables), &mut watch)?;
            let show = failed("create", "gold's views");
            for view in views {
                let shown = held.connection()?.execute_batch(&view);
                shown.map_err(&show)?;
            }
            commit(held.connection()?)
        })
        .await
    }
}
