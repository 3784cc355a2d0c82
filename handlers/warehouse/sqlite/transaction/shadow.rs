//! Tables beside the live ones: which there are, and how they are filled.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::{Connection, ToSql, params, params_from_iter};

use super::parts::{Tables, commit, fence, fenced, merge, retire, stored};
use crate::event::UnixMillis;
use crate::warehouse::contract::{Filling, Opened};
use crate::warehouse::dialect::{self, state_of_note};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::{MOVED, over};
use crate::warehouse::model::{Arrangement, Build, Changed, Fill, Filled, Row, Shadow};
use crate::warehouse::schema::{
    BUILDS, FRESHNESS, GoldSchema, NEXT, PROGRESS, RETIRED, TableIndex, TableSchema,
};
use crate::warehouse::sqlite::books::is_replaced;
use crate::warehouse::sqlite::connection::{BUSY_TIMEOUT, Held, blocking, failed, is_busy};
use crate::warehouse::sqlite::ddl::Sqlite;
use crate::warehouse::sqlite::dml::timestamp;

/// How long a change that others may be in the way of waits for them.
const PATIENCE: Duration = Duration::from_secs(2);

/// Begins a transaction, if no lock is held for long and no later build has run.
pub(super) fn begin(
    connection: &Connection,
    schema: &GoldSchema,
    build: &Build,
) -> Result<Changed, WarehouseError> {
    let begin = failed("begin", "a gold transaction");
    connection.busy_timeout(PATIENCE).map_err(&begin)?;
    let begun = connection.execute_batch("BEGIN IMMEDIATE");
    connection.busy_timeout(BUSY_TIMEOUT).map_err(&begin)?;
    match begun {
        Err(error) if is_busy(&error) => return Ok(Changed::Locked),
        begun => begun.map_err(begin)?,
    }
    let is_replaced = is_replaced(connection, schema, build).map_err(failed("read", BUILDS))?;
    Ok(match is_replaced {
        true => Changed::Replaced,
        false => Changed::Done,
    })
}

/// Changes which shadows tables have.
pub(in crate::warehouse::sqlite) fn arrange(
    mut held: Held,
    schema: &GoldSchema,
    (changes, build, at): (&[Arrangement], &Build, UnixMillis),
) -> Result<Changed, WarehouseError> {
    let connection = held.connection()?;
    match begin(connection, schema, build)? {
        Changed::Done => {}
        // Dropping the connection's hold rolls back, here and below.
        refused => return Ok(refused),
    }
    for change in changes {
        let table = schema.table_at(change.table)?;
        if !count(connection, schema, table, change).map_err(failed("advance", PROGRESS))?
            || !replace(connection, schema, table, change).map_err(failed("write", NEXT))?
        {
            return Ok(Changed::Conflict);
        }
        if let Some(physical) = change.created() {
            let definition = dialect::table(table, physical, &Sqlite);
            let created = connection.execute_batch(&definition.create(&Sqlite));
            created.map_err(failed("create a table for", &table.name))?;
        }
        if let Some(physical) = change.retired() {
            retire(connection, schema, (physical, at)).map_err(failed("write", RETIRED))?;
        }
        say_next(connection, table, change.to.as_ref(), 0).map_err(failed("write", FRESHNESS))?;
    }
    commit(connection)?;
    Ok(Changed::Done)
}

/// Counts the table that is created, and checks the progress of its gold table, which is made where it must have none.
fn count(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    change: &Arrangement,
) -> rusqlite::Result<bool> {
    let mut values: Vec<Box<dyn ToSql>> = vec![
        Box::new(table.name.clone()),
        Box::new(schema.dataset.clone()),
        Box::new(stored(change.moved().made)),
    ];
    let sql = match &change.progress {
        Some(progress) => {
            values.extend(fenced(progress));
            format!(
                "UPDATE {PROGRESS} SET \"n\" = ?3 WHERE \"gold_table\" = ?1 AND {}",
                fence(3)
            )
        }
        None => format!(
            "INSERT INTO {PROGRESS} (\"gold_table\", \"dataset\", \"generation\", \"definition\", \"version\", \"n\")\n\
             SELECT ?1, ?2, 0, '', 0, ?3 \
             WHERE NOT EXISTS (SELECT 1 FROM {PROGRESS} WHERE \"gold_table\" = ?1)"
        ),
    };
    let mut statement = connection.prepare_cached(&sql)?;
    Ok(statement.execute(params_from_iter(values))? == 1)
}

/// Puts another shadow in the place of the one that must be there.
fn replace(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    change: &Arrangement,
) -> rusqlite::Result<bool> {
    let is_there = match &change.from {
        Some(from) => remove(connection, schema, table, from)?,
        None => {
            let sql = format!("SELECT NOT EXISTS (SELECT 1 FROM {NEXT} WHERE \"gold_table\" = ?1)");
            connection.query_row(&sql, [&table.name], |row| row.get(0))?
        }
    };
    if let (true, Some(to)) = (is_there, &change.to) {
        insert(connection, schema, table, to)?;
    }
    Ok(is_there)
}

/// Removes the row of a shadow, if it is still what it must be.
pub(super) fn remove(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    from: &Shadow,
) -> rusqlite::Result<bool> {
    let sql = format!(
        "DELETE FROM {NEXT} WHERE \"gold_table\" = ?1 AND \"dataset\" = ?2 AND \"physical\" IS ?3 AND \"log\" IS ?4 \
         AND \"generation\" = ?5 AND \"definition\" = ?6 AND \"base_version\" IS ?7 \
         AND COALESCE(\"files_done\", 0) = ?8 AND \"version\" IS ?9 AND COALESCE(\"stamp\", 0) = ?10 \
         AND COALESCE(\"is_asked\", 0) = ?11"
    );
    let removed = connection.prepare_cached(&sql)?.execute(params![
        table.name,
        schema.dataset,
        from.physical,
        from.log,
        from.generation,
        from.definition,
        from.base.map(|base| base.as_i64()),
        stored(from.files_done),
        from.version.map(|version| version.as_i64()),
        from.stamp,
        from.is_asked,
    ])?;
    Ok(removed == 1)
}

fn insert(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    to: &Shadow,
) -> rusqlite::Result<()> {
    let sql = format!(
        "INSERT INTO {NEXT} (\"gold_table\", \"dataset\", \"physical\", \"log\", \"generation\", \"definition\", \
         \"base_version\", \"files_done\", \"version\", \"stamp\", \"is_asked\", \"since\", \"state\", \"reason\", \
         \"noted_stamp\", \"noted_at\", \"rows_taken\", \"rows_taken_at\")\n\
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)"
    );
    let note = to.note.as_ref();
    let time = |time: UnixMillis| timestamp(time.as_event_time().0);
    connection.prepare_cached(&sql)?.execute(params![
        table.name,
        schema.dataset,
        to.physical,
        to.log,
        to.generation,
        to.definition,
        to.base.map(|base| base.as_i64()),
        stored(to.files_done),
        to.version.map(|version| version.as_i64()),
        to.stamp,
        to.is_asked,
        time(to.since),
        note.map(state_of_note),
        note.map(|note| note.reason.clone()),
        note.map(|note| note.stamp),
        note.map(|note| time(note.at)),
        to.taken.map(stored),
        to.taken.map(|_| stored(to.mark())),
    ])?;
    Ok(())
}

/// Says of a live table what is made beside it, and how far that is, if anybody reads how fresh it is.
fn say_next(
    connection: &Connection,
    table: &TableSchema,
    next: Option<&Shadow>,
    percent: u8,
) -> rusqlite::Result<()> {
    let sql = format!(
        "UPDATE {FRESHNESS} SET \"next_generation\" = ?2, \"next_done\" = ?3 WHERE \"gold_table\" = ?1"
    );
    connection.prepare_cached(&sql)?.execute(params![
        table.name,
        next.map(|next| next.generation),
        next.map(|_| percent),
    ])?;
    Ok(())
}

/// A part of the filling of shadows.
#[derive(Debug)]
struct SqliteFilling {
    /// The connection; gone once an operation has failed.
    held: Option<Held>,
    schema: Arc<GoldSchema>,
    fill: Fill,
    tables: Tables,
}

/// Opens a transaction that fills shadows.
pub(in crate::warehouse::sqlite) fn fill(
    mut held: Held,
    schema: Arc<GoldSchema>,
    fill: Fill,
) -> Result<Opened, WarehouseError> {
    let connection = held.connection()?;
    match begin(connection, &schema, &fill.build)? {
        Changed::Done => {}
        Changed::Replaced => return Ok(Opened::Replaced),
        Changed::Conflict | Changed::Locked => return Ok(Opened::Conflict),
    }
    let mut tables = Tables::new();
    for (index, shadow) in &fill.shadows {
        let table = schema.table_at(*index)?;
        let is_there = remove(connection, &schema, table, shadow).map_err(failed("write", NEXT))?;
        let Some(physical) = shadow.physical.clone().filter(|_| is_there) else {
            return Ok(Opened::Conflict);
        };
        tables.insert(*index, (Arc::new(table.clone()), physical));
    }
    Ok(Opened::Open(Box::new(SqliteFilling {
        held: Some(held),
        schema,
        fill,
        tables,
    })))
}

#[async_trait]
impl Filling for SqliteFilling {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        let (layout, physical) = self.tables.get(&table).cloned().ok_or(MOVED)?;
        let held = blocking(move || {
            merge(held.connection()?, (&layout, &physical), rows, None)?;
            Ok(held)
        });
        self.held = Some(held.await?);
        Ok(())
    }

    async fn commit(mut self: Box<Self>, filled: &[Filled]) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        let (schema, filled) = (self.schema, filled.to_vec());
        if filled.len() != self.fill.shadows.len() {
            return Err(MOVED.into());
        }
        blocking(move || {
            let connection = held.connection()?;
            for Filled { table, to, percent } in &filled {
                let table = schema.table_at(*table)?;
                insert(connection, &schema, table, to).map_err(failed("write", NEXT))?;
                let said = say_next(connection, table, Some(to), *percent);
                said.map_err(failed("write", FRESHNESS))?;
            }
            commit(connection)
        })
        .await
    }
}
