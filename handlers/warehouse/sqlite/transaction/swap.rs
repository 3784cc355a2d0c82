//! Shadows in the place of live tables, all at once: books first, then views.

use std::sync::Arc;

use rusqlite::{Connection, ToSql, params, params_from_iter};

use super::balance;
use super::parts::{Tables, commit, fence, fenced, retire, stored};
use super::shadow::{begin, remove};
use super::watch;
use crate::event::UnixMillis;
use crate::warehouse::dialect::{self, Dialect, LIVE};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{Changed, Progress, Shadow, Swap, Watch};
use crate::warehouse::schema::{
    FRESHNESS, GoldSchema, NEXT, PROGRESS, RETIRED, RULES, TableSchema,
};
use crate::warehouse::sqlite::connection::{Held, failed};
use crate::warehouse::sqlite::ddl::Sqlite;
use crate::warehouse::sqlite::dml::{period, timestamp};

/// Puts shadows in the place of live tables.
pub(in crate::warehouse::sqlite) fn swap(
    mut held: Held,
    schema: &GoldSchema,
    swap: &Swap,
) -> Result<Changed, WarehouseError> {
    let connection = held.connection()?;
    match begin(connection, schema, &swap.build)? {
        Changed::Done => {}
        refused => return Ok(refused),
    }
    for (index, progress, shadow) in &swap.tables {
        let table = schema.table_at(*index)?;
        let rankings = schema.views_of(*index);
        let Some(physical) = &shadow.physical else {
            return Ok(Changed::Conflict);
        };
        let to = Progress {
            log: shadow.log.clone(),
            generation: shadow.generation,
            definition: shadow.definition.clone(),
            version: shadow.version.unwrap_or_default(),
            physical: Some(physical.clone()),
            made: progress.made,
            text: Some(table.text.clone()),
            rankings: rankings.clone(),
            kept_from: table.kept_from(swap.watermark),
        };
        let advance = failed("advance", PROGRESS);
        if !move_on(connection, schema, (&table.name, progress), &to).map_err(advance)?
            || !remove(connection, schema, table, shadow).map_err(failed("write", NEXT))?
        {
            return Ok(Changed::Conflict);
        }
        if let Some(before) = &progress.physical {
            retire(connection, schema, (before, swap.at)).map_err(failed("write", RETIRED))?;
        }
        let fresh = freshen(connection, schema, table, (&to, shadow, swap));
        fresh.map_err(failed("write", FRESHNESS))?;
    }
    for (name, progress) in &swap.retired {
        let gone = forget(connection, schema, (name, progress), swap.at);
        if !gone.map_err(failed("advance", PROGRESS))? {
            return Ok(Changed::Conflict);
        }
    }
    if !watch_swap(connection, schema, swap)? {
        return Ok(Changed::Conflict);
    }
    let (gone, shown) = dialect::swapped(schema, swap, &Sqlite)?;
    let gone = gone.iter().map(|name| Sqlite.drop_view(name));
    for view in gone.chain(shown.iter().flat_map(|view| Sqlite.show(view))) {
        let shown = connection.execute_batch(&view);
        shown.map_err(failed("create", "gold's views"))?;
    }
    commit(connection)?;
    Ok(Changed::Done)
}

/// Lets rules compare the tables that take over with those before; returns whether the rules stood where they should.
fn watch_swap(
    connection: &Connection,
    schema: &GoldSchema,
    swap: &Swap,
) -> Result<bool, WarehouseError> {
    let mut watch = Watch::of_swap(&schema.dataset, swap);
    if !watch::advance(connection, &mut watch).map_err(failed("advance", RULES))? {
        return Ok(false);
    }
    let mut tables = Tables::new();
    for (index, progress, shadow) in &swap.tables {
        let table = schema.table_at(*index)?;
        let Some(physical) = &shadow.physical else {
            return Ok(false);
        };
        let mut rules = swap.before.iter();
        let before = rules.find(|before| before.rule.table == Some(*index));
        if let Some(before) = before.filter(|_| watch.compares(*index)) {
            let replaced = watch::Replaced {
                index: *index,
                old: (&before.layout, progress.physical(table)),
                new: (table, physical),
            };
            watch::compare(connection, &mut watch, replaced, &swap.before)?;
        }
        tables.insert(*index, (Arc::new(table.clone()), physical.clone()));
    }
    watch::settle(connection, (schema, &tables), &mut watch)?;
    Ok(true)
}

/// Moves the progress of a table, if it stands where it should.
fn move_on(
    connection: &Connection,
    schema: &GoldSchema,
    (name, from): (&str, &Progress),
    to: &Progress,
) -> rusqlite::Result<bool> {
    let mut values: Vec<Box<dyn ToSql>> = vec![
        Box::new(name.to_owned()),
        Box::new(schema.dataset.clone()),
        Box::new(to.log.clone()),
        Box::new(to.generation),
        Box::new(to.definition.clone()),
        Box::new(to.version.as_i64()),
        Box::new(to.physical.clone()),
        Box::new(to.text.clone()),
        Box::new(to.rankings.clone()),
        Box::new(to.kept_from.map(|start| timestamp(start.0))),
    ];
    values.extend(fenced(from));
    let sql = format!(
        "UPDATE {PROGRESS} SET \"dataset\" = ?2, \"log\" = ?3, \"generation\" = ?4, \"definition\" = ?5, \
         \"version\" = ?6, \"physical\" = ?7, \"text\" = ?8, \"rankings\" = ?9, \"kept_from\" = ?10\n\
         WHERE \"gold_table\" = ?1 AND {}",
        fence(10)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.execute(params_from_iter(values))? == 1)
}

/// Writes the freshness of a table that was swapped.
fn freshen(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    (to, shadow, swap): (&Progress, &Shadow, &Swap),
) -> rusqlite::Result<()> {
    let settled = schema.settled_until(&table.steps(), swap.complete_to);
    let sql = format!(
        "INSERT INTO {FRESHNESS} (\"gold_table\", \"dataset\", \"watermark\", \"settled_until\", \"version\", \
         \"last_run\", \"state\", \"generation\", \"pending_objects\", \"oldest_pending\")\n\
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, '{LIVE}', ?7, ?8, ?9)\n\
         ON CONFLICT (\"gold_table\") DO UPDATE SET \"dataset\" = ?2, \"watermark\" = ?3, \"settled_until\" = ?4, \
         \"version\" = ?5, \"last_run\" = ?6, \"state\" = '{LIVE}', \"reason\" = NULL, \"blocked_version\" = NULL, \
         \"blocked_definition\" = NULL, \"blocked_stamp\" = NULL, \"blocked_at\" = NULL, \"generation\" = ?7, \
         \"pending_objects\" = ?8, \"oldest_pending\" = ?9, \"next_generation\" = NULL, \"next_done\" = NULL"
    );
    let oldest = swap.pending.and_then(|pending| pending.oldest);
    connection.prepare_cached(&sql)?.execute(params![
        table.name,
        schema.dataset,
        swap.watermark.map(|watermark| timestamp(watermark.0)),
        settled.map(|start| period(table.grain, start.0)),
        to.version.as_i64(),
        timestamp(swap.at.as_event_time().0),
        to.generation,
        swap.pending.map(|pending| stored(pending.objects)),
        oldest.map(|oldest| timestamp(oldest.as_event_time().0)),
    ])?;
    balance::swapped(connection, &table.name, shadow, swap.silver.as_ref())
}

/// Lets a table go that the dataset file no longer has. Its count stays, so that no name is used twice.
fn forget(
    connection: &Connection,
    schema: &GoldSchema,
    (name, from): (&str, &Progress),
    at: UnixMillis,
) -> rusqlite::Result<bool> {
    let nothing = Progress {
        made: from.made,
        ..Progress::default()
    };
    if !move_on(connection, schema, (name, from), &nothing)? {
        return Ok(false);
    }
    let physical: Option<Option<String>> = {
        let sql = format!("SELECT \"physical\" FROM {NEXT} WHERE \"gold_table\" = ?1");
        let mut statement = connection.prepare_cached(&sql)?;
        let mut rows = statement.query([name])?;
        rows.next()?.map(|row| row.get(0)).transpose()?
    };
    for physical in [from.physical.as_ref(), physical.flatten().as_ref()]
        .into_iter()
        .flatten()
    {
        retire(connection, schema, (physical, at))?;
    }
    for book in [NEXT, FRESHNESS] {
        let sql = format!("DELETE FROM {book} WHERE \"gold_table\" = ?1");
        connection.execute(&sql, [name])?;
    }
    Ok(true)
}
