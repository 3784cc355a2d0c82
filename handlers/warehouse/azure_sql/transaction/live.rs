//! A transaction of live tables on the server: the lock and the fence first, then rows.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::DateTime;
use tiberius::ToSql;

use super::rows::{Merges, merge};
use super::watch::{Tables, advance, settle};
use crate::event::EventTime;
use crate::warehouse::azure_sql::connect::Session;
use crate::warehouse::azure_sql::errors::{failed, failed_commit};
use crate::warehouse::azure_sql::held::Held;
use crate::warehouse::azure_sql::read;
use crate::warehouse::azure_sql::statements::dml::MergeStatements;
use crate::warehouse::azure_sql::statements::{SqlSchema, dml, steps};
use crate::warehouse::contract::{Begun, Transaction};
use crate::warehouse::dialect::{self, Dialect};
use crate::warehouse::error::{FailureKind, WarehouseError};
use crate::warehouse::lookup::{MOVED, over};
use crate::warehouse::model::{Balance, Row, Run, Step, Told, Watch};
use crate::warehouse::schema::{GoldSchema, PROGRESS, RETIRED, TableIndex};

/// An open transaction.
#[derive(Debug)]
struct AzureSqlTransaction {
    /// The connection; gone once an operation has failed or was abandoned, which undoes the transaction.
    held: Option<Held>,
    /// What merges rows into its tables, and how these lie.
    merges: Merges,
    /// What shows the tables that it makes.
    views: Vec<String>,
    schema: Arc<GoldSchema>,
    sql_schema: SqlSchema,
    /// The tables with their rows.
    tables: Tables,
    /// What rules find.
    watch: Watch,
}

/// Begins a transaction and takes the lock that serialises writers of a dataset, or of the schema; without it the
/// transaction must not go on.
pub(in crate::warehouse::azure_sql) async fn lock(
    session: &mut Session,
    sql_schema: &SqlSchema,
    dataset: Option<&str>,
) -> Result<(), WarehouseError> {
    lock_with(session, sql_schema, dataset, "").await
}

/// Does what [`lock`] does, and then more in the same batch.
async fn lock_with(
    session: &mut Session,
    sql_schema: &SqlSchema,
    dataset: Option<&str>,
    more: &str,
) -> Result<(), WarehouseError> {
    let batch = format!("{}{more}", steps::begin(sql_schema, dataset));
    let rows = session.run(&batch).await;
    let rows = rows.map_err(failed("begin", "a gold transaction"))?;
    match read::number(&rows) {
        Some(0..) => Ok(()),
        other => Err(WarehouseError::Statement {
            purpose: "lock",
            object: format!("schema {}", sql_schema.0),
            kind: FailureKind::Transient,
            source: format!("another run holds it (sp_getapplock returned {other:?})").into(),
        }),
    }
}

/// Opens a transaction, moves progress and freshness in it, and makes the tables that are made anew.
pub(in crate::warehouse::azure_sql) async fn begin(
    mut held: Held,
    schema: Arc<GoldSchema>,
    sql_schema: SqlSchema,
    run: &Run,
) -> Result<Begun, WarehouseError> {
    let session = held.session()?;
    let (mut merges, mut tables) = (Merges::new(), Tables::new());
    let mut watch = Watch::of_run(&schema.dataset, run);
    for step in &run.steps {
        let table = step.layout(&schema)?;
        let to = step.moved(run, &schema)?;
        let physical = to.physical(table);
        let is_watched = watch.compares(step.table);
        let merge = MergeStatements::of(&sql_schema, table, physical, is_watched);
        let named = (Arc::new(table.clone()), physical.to_owned());
        tables.insert(step.table, named);
        merges.insert(step.table, (table.clone(), merge));
    }
    let deltas = merges
        .values()
        .map(|(_, merge)| format!(";\n{}", merge.create));
    let deltas: String = deltas.collect();
    lock_with(session, &sql_schema, Some(&schema.dataset), &deltas).await?;
    let refused = match fence(session, &schema, &sql_schema, run).await? {
        Some(steps::MOVED) => match advance(session, &sql_schema, &mut watch).await? {
            true => None,
            false => Some(Begun::Conflict),
        },
        Some(steps::REPLACED) => Some(Begun::Replaced),
        _ => Some(Begun::Conflict),
    };
    if let Some(refused) = refused {
        let undone = session.run(dml::ROLLBACK).await;
        undone.map_err(failed("roll back", "a gold transaction"))?;
        held.give_back();
        return Ok(refused);
    }
    let mut views = Vec::new();
    for step in run.steps.iter() {
        views.extend(empty(session, (&schema, &sql_schema), (step, run)).await?);
        expire(session, (&schema, &sql_schema), (step, run)).await?;
    }
    Ok(Begun::Open(Box::new(AzureSqlTransaction {
        held: Some(held),
        merges,
        views,
        schema,
        sql_schema,
        tables,
        watch,
    })))
}

/// Makes or empties the table of a step that makes it anew, retires the one before and returns what shows it.
async fn empty(
    session: &mut Session,
    (schema, sql_schema): (&GoldSchema, &SqlSchema),
    (step, run): (&Step, &Run),
) -> Result<Vec<String>, WarehouseError> {
    let table = step.layout(schema)?;
    let to = step.moved(run, schema)?;
    let physical = to.physical(table);
    if step.makes_table(table) {
        let definition = dialect::table(table, physical, sql_schema);
        let created = session.run(&definition.create(sql_schema)).await;
        created.map_err(failed("create a table for", &table.name))?;
        if let Some(before) = step.from.as_ref().and_then(|from| from.physical.as_deref()) {
            let (dataset, since) = (schema.dataset.as_str(), iso(run.at.as_event_time()));
            let values: [&dyn ToSql; 3] = [&dataset, &before, &since];
            let retired = session.execute(&steps::retire(sql_schema), &values).await;
            retired.map_err(failed("write", RETIRED))?;
        }
    } else if step.replace {
        let cleared = session.run(&dml::clear(sql_schema, physical)).await;
        cleared.map_err(failed("clear", &table.name))?;
    } else {
        return Ok(Vec::new());
    }
    let views = dialect::views(schema, step.table, physical, sql_schema)?;
    Ok(views
        .iter()
        .flat_map(|view| sql_schema.show(view))
        .collect())
}

/// Removes rows of periods that are not kept, so many at most: others go with the next transactions.
async fn expire(
    session: &mut Session,
    (schema, sql_schema): (&GoldSchema, &SqlSchema),
    (step, run): (&Step, &Run),
) -> Result<(), WarehouseError> {
    let table = step.layout(schema)?;
    let to = step.moved(run, schema)?;
    let physical = to.physical(table);
    let kept_from = to.kept_from;
    let sql = kept_from.and_then(|start| dml::expire(sql_schema, (table, physical), start));
    if let Some(sql) = sql {
        let expired = session.run(&sql).await;
        expired.map_err(failed("expire", &table.name))?;
    }
    Ok(())
}

/// Moves progress and freshness of all tables in one statement; returns what became of it.
async fn fence(
    session: &mut Session,
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    run: &Run,
) -> Result<Option<i32>, WarehouseError> {
    let moves = run.steps.iter().map(|step| steps::Move {
        starts: step.from.is_none(),
        replaces: step.replace,
    });
    let moves: Vec<steps::Move> = moves.collect();
    // Empty text is stored as null.
    let watermark = run.watermark.map(iso).unwrap_or_default();
    let oldest = run.pending.and_then(|pending| pending.oldest);
    let oldest = oldest.map(|oldest| iso(oldest.as_event_time()));
    let mut values: Vec<Box<dyn ToSql>> = vec![
        Box::new(schema.dataset.clone()),
        Box::new(run.build.stamp),
        Box::new(run.build.hash.clone()),
        Box::new(iso(run.at.as_event_time())),
        Box::new(watermark),
        Box::new(
            run.pending
                .map_or(String::new(), |pending| pending.objects.to_string()),
        ),
        Box::new(oldest.unwrap_or_default()),
    ];
    values.extend(balance(&run.balance));
    for step in &run.steps {
        let table = step.layout(schema)?;
        let to = step.moved(run, schema)?;
        let (text, rankings, kept_from) = (to.text.clone(), to.rankings.clone(), to.kept_from);
        let from = step.from.clone().unwrap_or_default();
        values.push(Box::new(table.name.clone()));
        for progress in [to, from] {
            values.push(Box::new(progress.log.unwrap_or_default()));
            values.push(Box::new(i64::from(progress.generation)));
            values.push(Box::new(progress.definition));
            values.push(Box::new(progress.version.as_i64()));
            values.push(Box::new(progress.physical.unwrap_or_default()));
            values.push(Box::new(i64::try_from(progress.made).unwrap_or(i64::MAX)));
        }
        let settled = schema.settled_until(&table.steps(), run.complete_to);
        values.push(Box::new(settled.map(iso).unwrap_or_default()));
        values.push(Box::new(text.unwrap_or_default()));
        values.push(Box::new(rankings.unwrap_or_default()));
        values.push(Box::new(kept_from.map(iso).unwrap_or_default()));
    }
    let values: Vec<&dyn ToSql> = values.iter().map(AsRef::as_ref).collect();
    let rows = session
        .query(&steps::fence(sql_schema, &moves), &values)
        .await;
    let rows = rows.map_err(failed("advance", PROGRESS))?;
    Ok(read::number(&rows))
}

/// Returns what a run says of the balance, as text that is empty where it is not known.
fn balance(balance: &Balance) -> impl Iterator<Item = Box<dyn ToSql>> + use<> {
    let is_known = balance.silver.is_some();
    let silver = balance.silver.unwrap_or_default().columns();
    let silver = silver.map(|(_, count)| is_known.then_some(count));
    let more = [balance.before, Some(balance.taken)];
    let counts = silver.into_iter().chain(more);
    counts.map(|count| {
        let text = count.map_or(String::new(), |count| count.to_string());
        Box::new(text) as Box<dyn ToSql>
    })
}

/// Returns a time as text that every setting of a server reads alike; empty where the calendar has no such time.
pub(in crate::warehouse::azure_sql) fn iso(time: EventTime) -> String {
    let time = DateTime::from_timestamp_micros(time.0);
    time.map(|time| time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string())
        .unwrap_or_default()
}

#[async_trait]
impl Transaction for AzureSqlTransaction {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        // Taken, so that a merge that fails or is abandoned leaves nothing to commit.
        let mut held = self.held.take().ok_or_else(over)?;
        let merges = self.merges.get(&table).ok_or(MOVED)?;
        let watch = self.watch.compares(table);
        let watch = watch.then_some((table, &mut self.watch));
        merge(held.session()?, merges, rows, watch).await?;
        self.held = Some(held);
        Ok(())
    }

    async fn raise(&mut self, rule: &str, told: Told) -> Result<(), WarehouseError> {
        self.watch.tell(rule, told);
        Ok(())
    }

    async fn commit(mut self: Box<Self>) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        let known = (self.schema.as_ref(), &self.sql_schema, &self.tables);
        settle(held.session()?, known, &mut self.watch).await?;
        for view in &self.views {
            let shown = held.session()?.run(view).await;
            shown.map_err(failed("create", "gold's views"))?;
        }
        held.session()?
            .run(dml::COMMIT)
            .await
            .map_err(failed_commit)?;
        held.give_back();
        Ok(())
    }
}
