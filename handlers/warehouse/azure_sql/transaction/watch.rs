//! What the rules of a transaction write: how far they have come, alerts, and who is to be told.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::DateTime;
use tiberius::{ColumnData, Row, ToSql};

use crate::event::EventTime;
use crate::warehouse::azure_sql::connect::Session;
use crate::warehouse::azure_sql::errors::failed;
use crate::warehouse::azure_sql::read;
use crate::warehouse::azure_sql::statements::SqlSchema;
use crate::warehouse::azure_sql::statements::steps::{self, rules};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::MOVED;
use crate::warehouse::model::{
    COMPARED_AT_ONCE, Cleared, Datum, Effects, OwnGroup, Pair, RuleBefore, RuleStep, Swap, Watch,
};
use crate::warehouse::schema::{ALERTS, GoldSchema, Holds, RULES, TableIndex, TableSchema};

/// The tables of a transaction, with the names of those that hold their rows.
pub(super) type Tables = BTreeMap<TableIndex, (Arc<TableSchema>, String)>;

/// Moves the rules, each if it stands where it should; returns whether all did.
pub(super) async fn advance(
    session: &mut Session,
    sql_schema: &SqlSchema,
    watch: &mut Watch,
) -> Result<bool, WarehouseError> {
    if watch.rules.is_empty() {
        return Ok(true);
    }
    let read = failed("read", RULES);
    let known = session.run(&rules::known(sql_schema, &watch.dataset)).await;
    let mut all = BTreeMap::new();
    for row in known.map_err(&read)? {
        if let [Some(rule), Some(time)] = read::cells(row).as_slice()
            && let Ok(time) = DateTime::parse_from_rfc3339(time)
        {
            all.insert(rule.clone(), EventTime(time.timestamp_micros()));
        }
    }
    for rule in &mut watch.rules {
        rule.know(all.get(&rule.step.name).copied());
    }
    let moving = watch.rules.iter().map(|rule| (&rule.step, rule.as_of));
    let batch = rules::advance(sql_schema, &watch.dataset, moving);
    let moved = session
        .run(&batch)
        .await
        .map_err(failed("advance", RULES))?;
    Ok(read::number(&moved) == Some(steps::MOVED))
}

/// Lets rules compare the tables that take over with those before, and writes what they find; returns whether the rules
/// stood where they should.
pub(super) async fn swap(
    session: &mut Session,
    (schema, sql_schema): (&GoldSchema, &SqlSchema),
    swap: &Swap,
) -> Result<bool, WarehouseError> {
    let mut watch = Watch::of_swap(&schema.dataset, swap);
    if !advance(session, sql_schema, &mut watch).await? {
        return Ok(false);
    }
    let mut tables = Tables::new();
    for (index, progress, shadow) in &swap.tables {
        let table = schema.table_at(*index)?;
        let physical = shadow.physical.as_deref().ok_or(MOVED)?;
        let mut before = swap.before.iter();
        let before = before.find(|before| before.rule.table == Some(*index));
        if let Some(before) = before.filter(|_| watch.compares(*index)) {
            let old = (before.layout.as_ref(), progress.physical(table));
            let sql = rules::pairs(sql_schema, old, (table, physical));
            let layouts = (*index, old.0, table);
            compare(session, &sql, layouts, (&mut watch, &swap.before)).await?;
        }
        tables.insert(*index, (Arc::new(table.clone()), physical.to_owned()));
    }
    settle(session, (schema, sql_schema, &tables), &mut watch).await?;
    Ok(true)
}

/// Compares every group of a table that takes the place of another one with that group of the other.
async fn compare(
    session: &mut Session,
    sql: &str,
    (index, old, new): (TableIndex, &TableSchema, &TableSchema),
    (watch, before): (&mut Watch, &[RuleBefore]),
) -> Result<(), WarehouseError> {
    let mut pairs: Vec<Pair> = Vec::new();
    let mut outcome = Ok(());
    let mut compare = |pairs: &mut Vec<Pair>| {
        let compared = watch.compare(index, (old, new), pairs, before);
        pairs.clear();
        compared
    };
    let visited = session.visit(sql, |row| {
        if outcome.is_err() {
            return;
        }
        outcome = pair(row, (old, new)).and_then(|pair| {
            pairs.push(pair);
            match pairs.len() {
                COMPARED_AT_ONCE => Ok(compare(&mut pairs)?),
                _ => Ok(()),
            }
        });
    });
    visited.await.map_err(failed("read rows of", &new.name))?;
    outcome?;
    Ok(compare(&mut pairs)?)
}

fn pair(row: Row, (old, new): (&TableSchema, &TableSchema)) -> Result<Pair, WarehouseError> {
    let mut values = row.into_iter();
    let after = group(&mut values, new)?;
    let before = match values.next() {
        Some(ColumnData::I32(Some(1))) => Some(group(&mut values, old)?),
        _ => None,
    };
    Ok((after, before))
}

/// Writes what the rules have found, once all rows are merged.
pub(super) async fn settle(
    session: &mut Session,
    (schema, sql_schema, tables): (&GoldSchema, &SqlSchema, &Tables),
    watch: &mut Watch,
) -> Result<(), WarehouseError> {
    fall_silent(session, (sql_schema, tables), watch).await?;
    for (place, mut effects) in watch.settle(schema)?.into_iter().enumerate() {
        let step = watch.rules.get(place).map(|rule| &rule.step).ok_or(MOVED)?;
        let table = step.table.and_then(|index| tables.get(&index));
        let table = table.map(|(layout, physical)| (layout.as_ref(), physical.as_str()));
        match (&mut effects.cleared, table) {
            (Cleared::Untrue, table) => {
                effects.cleared = untrue(session, (sql_schema, table), watch, step).await?;
            }
            (Cleared::Of(over), Some(table)) if watch.replaces => {
                let named = (watch.dataset.as_str(), step.name.as_str());
                let sql = rules::vanished(sql_schema, named, table);
                over.extend(open(session, &sql).await?);
            }
            _ => {}
        }
        let written = write(session, sql_schema, watch, (step, &effects)).await;
        written.map_err(failed("write", ALERTS))?;
    }
    Ok(())
}

/// Finds the groups that fell silent.
async fn fall_silent(
    session: &mut Session,
    (sql_schema, tables): (&SqlSchema, &Tables),
    watch: &mut Watch,
) -> Result<(), WarehouseError> {
    for (rule, index, measure, [from, to]) in watch.silences() {
        let (layout, physical) = tables.get(&index).ok_or(MOVED)?;
        let name = &layout.measures.get(measure).ok_or(MOVED)?.name;
        let sql = rules::silent(sql_schema, (layout, physical), name, (from, to));
        let groups = groups(session, &sql, layout).await?;
        watch.fall_silent(&rule, layout, &groups)?;
    }
    Ok(())
}

/// Finds which open alerts of a rule that begins are not true.
async fn untrue(
    session: &mut Session,
    (sql_schema, table): (&SqlSchema, Option<(&TableSchema, &str)>),
    watch: &Watch,
    step: &RuleStep,
) -> Result<Cleared, WarehouseError> {
    let Some(table) = table else {
        return Ok(step.over_without_table());
    };
    let named = (watch.dataset.as_str(), step.name.as_str());
    let open = open(session, &rules::open(sql_schema, named.0, named.1)).await?;
    if open.is_empty() {
        return Ok(Cleared::Of(open));
    }
    let sql = rules::alerted(sql_schema, named, table);
    let groups = groups(session, &sql, table.0).await?;
    Ok(watch.untrue(step, table.0, open, &groups)?)
}

/// Reads alerts: the starts of their periods, 0 where there are none, and the keys of their groups.
async fn open(session: &mut Session, sql: &str) -> Result<Vec<(i64, [u8; 16])>, WarehouseError> {
    let rows = session.run(sql).await.map_err(failed("read", ALERTS))?;
    let places = rows.into_iter().map(|row| {
        let mut values = row.into_iter();
        let key = key(values.next())?;
        let start = values.next();
        let start = start.and_then(|value| read::datum(value, TIME));
        let start = match start {
            Some(Datum::Timestamp(start)) => start,
            _ => 0,
        };
        Ok((start, key))
    });
    places.collect()
}

const TIME: Holds = Holds::EventTime;

fn key(value: Option<ColumnData<'static>>) -> Result<[u8; 16], WarehouseError> {
    let bytes = match value {
        Some(ColumnData::Binary(Some(bytes))) => bytes.into_owned().try_into().ok(),
        _ => None,
    };
    Ok(bytes.ok_or(MOVED)?)
}

async fn groups(
    session: &mut Session,
    sql: &str,
    layout: &TableSchema,
) -> Result<Vec<OwnGroup>, WarehouseError> {
    let read = failed("read rows of", &layout.name);
    let rows = session.run(sql).await.map_err(read)?;
    let groups = rows
        .into_iter()
        .map(|row| group(&mut row.into_iter(), layout));
    groups.collect()
}

fn group(
    values: &mut impl Iterator<Item = ColumnData<'static>>,
    layout: &TableSchema,
) -> Result<OwnGroup, WarehouseError> {
    let key = key(values.next())?;
    OwnGroup::of(key, layout, |holds| {
        let value = values.next();
        Ok(value.and_then(|value| read::datum(value, holds)))
    })
}

/// Writes what a rule has found.
async fn write(
    session: &mut Session,
    sql_schema: &SqlSchema,
    watch: &Watch,
    (step, effects): (&RuleStep, &Effects),
) -> Result<(), tiberius::error::Error> {
    let (dataset, at) = (watch.dataset.as_str(), watch.at.as_event_time());
    if let Some(counted) = effects.counted() {
        let sql = rules::count(sql_schema, (dataset, &effects.rule), counted, at);
        session.run(&sql).await?;
    }
    let targets = effects.targets_json();
    if let Some(sql) = rules::clear(sql_schema, dataset, effects, at) {
        let groups = effects.cleared_json().unwrap_or_else(|| "[]".to_owned());
        let values: [&dyn ToSql; 2] = [&groups, &targets];
        session.execute(&sql, &values).await?;
    }
    if let Some(again) = effects.again_json() {
        let values: [&dyn ToSql; 1] = [&again];
        let sql = rules::open_again(sql_schema, dataset);
        session.execute(&sql, &values).await?;
    }
    for turn in effects.turns().iter().filter(|turn| !turn.is_empty()) {
        let raised = effects.raised_json(turn);
        let values: [&dyn ToSql; 2] = [&raised, &targets];
        let sql = rules::raise(sql_schema, dataset, (step, effects), at);
        session.execute(&sql, &values).await?;
    }
    Ok(())
}
