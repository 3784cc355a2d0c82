//! What is there in the file, what its books say, and what makes it complete.

use rusqlite::{Connection, TransactionBehavior, params};

use super::connection::failed;
use super::ddl::{Sqlite, quote};
use super::dml::timestamp;
use super::read::text_of;
use crate::table::log::Version;
use crate::warehouse::contract::Prepared;
use crate::warehouse::dialect::{
    BLOCKED, BookRow, Catalog, ColumnDefinition, Found, Known, Upkeep, state_of, upkeep,
};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{Blocked, Build, Progress};
use crate::warehouse::schema::{
    BOOKS, BUILDS, FRESHNESS, GoldSchema, NEXT, PROGRESS, RETIRED, TableIndex, TableSchema,
    ValueType,
};

/// Looks what is there and what is to be done.
pub(super) fn look(connection: &Connection, schema: &GoldSchema) -> Result<Upkeep, WarehouseError> {
    let catalog = catalog(connection).map_err(failed("check", "gold's tables and views"))?;
    let known = known(connection, schema, &catalog)?;
    upkeep(schema, &Sqlite, &catalog, known)
}

/// Makes the file complete and notes the build, in one transaction.
pub(super) fn prepare(
    connection: &mut Connection,
    schema: &GoldSchema,
    build: &Build,
) -> Result<Prepared, WarehouseError> {
    let create = failed("create", "gold's tables and views");
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&create)?;
    let Upkeep {
        standing,
        statements,
    } = look(&transaction, schema)?;
    if standing.build.as_ref().is_some_and(|ran| ran > build) {
        return Ok(Prepared::Replaced);
    }
    for statement in statements {
        transaction.execute_batch(&statement).map_err(&create)?;
    }
    let raised = transaction.execute(
        &format!(
            "INSERT OR REPLACE INTO {BUILDS} (\"dataset\", \"stamp\", \"hash\") VALUES (?1, ?2, ?3)"
        ),
        params![schema.dataset, build.stamp, build.hash],
    );
    raised.map_err(failed("write", BUILDS))?;
    let standing = look(&transaction, schema)?.standing;
    transaction.commit().map_err(create)?;
    Ok(Prepared::Ready(Box::new(standing)))
}

/// Returns whether a higher build has run.
pub(super) fn is_replaced(
    connection: &Connection,
    schema: &GoldSchema,
    build: &Build,
) -> rusqlite::Result<bool> {
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM {BUILDS} WHERE \"dataset\" = ?1 AND \
         (\"stamp\" > ?2 OR (\"stamp\" = ?2 AND \"hash\" > ?3)))"
    );
    connection
        .prepare_cached(&sql)?
        .query_row(params![schema.dataset, build.stamp, build.hash], |row| {
            row.get(0)
        })
}

/// Notes that a table is blocked, if it still has this progress.
pub(super) fn block(
    connection: &mut Connection,
    (schema, table): (&GoldSchema, TableIndex),
    from: Option<&Progress>,
    blocked: &Blocked,
) -> Result<(), WarehouseError> {
    let table = schema.table_at(table)?;
    let write = failed("write", FRESHNESS);
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&write)?;
    let found = look(&transaction, schema)?.standing.progress;
    if found.get(&table.name) == from {
        note_blocked(&transaction, schema, table, blocked).map_err(&write)?;
    }
    transaction.commit().map_err(write)
}

fn note_blocked(
    connection: &Connection,
    schema: &GoldSchema,
    table: &TableSchema,
    blocked: &Blocked,
) -> rusqlite::Result<()> {
    let made = format!(
        "INSERT INTO {FRESHNESS} (\"gold_table\") SELECT ?1 \
         WHERE NOT EXISTS (SELECT 1 FROM {FRESHNESS} WHERE \"gold_table\" = ?1)"
    );
    connection.execute(&made, [&table.name])?;
    let noted = format!(
        "UPDATE {FRESHNESS} SET \"dataset\" = ?2, \"state\" = ?8, \"reason\" = ?3, \
         \"settled_until\" = CASE WHEN ?8 = '{BLOCKED}' THEN NULL ELSE \"settled_until\" END, \"blocked_version\" = ?4, \"blocked_definition\" = ?5, \
         \"blocked_stamp\" = ?6, \"blocked_at\" = ?7 WHERE \"gold_table\" = ?1"
    );
    let values = params![
        table.name,
        schema.dataset,
        blocked.reason,
        blocked.version.map(Version::as_i64),
        blocked.definition,
        blocked.stamp,
        timestamp(blocked.at.as_event_time().0),
        state_of(blocked),
    ];
    connection.execute(&noted, values)?;
    Ok(())
}

/// Drops a table that was replaced, with the note of it, if no gold table has its rows there.
pub(super) fn drop_retired(
    connection: &mut Connection,
    schema: &GoldSchema,
    physical: &str,
    build: &Build,
) -> rusqlite::Result<()> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let gone = format!(
        "DELETE FROM {RETIRED} WHERE \"dataset\" = ?1 AND \"physical\" = ?2 \
         AND NOT EXISTS (SELECT 1 FROM {PROGRESS} WHERE \"physical\" = ?2) \
         AND NOT EXISTS (SELECT 1 FROM {NEXT} WHERE \"physical\" = ?2)"
    );
    if is_replaced(&transaction, schema, build)?
        || transaction.execute(&gone, params![schema.dataset, physical])? == 0
    {
        return Ok(());
    }
    transaction.execute_batch(&format!("DROP TABLE IF EXISTS main.{}", quote(physical)))?;
    transaction.commit()
}

/// Reads what is there. The columns of views are not asked for: a view of what is gone has none.
fn catalog(connection: &Connection) -> rusqlite::Result<Catalog> {
    let mut catalog = Catalog::new();
    let mut objects = connection.prepare_cached(
        "SELECT name, type = 'view', sql FROM sqlite_schema WHERE type IN ('table', 'view')",
    )?;
    let mut rows = objects.query([])?;
    while let Some(row) = rows.next()? {
        let found = Found {
            is_view: row.get(1)?,
            text: row.get(2)?,
            columns: Vec::new(),
        };
        let name: String = row.get(0)?;
        catalog.insert(name.to_ascii_lowercase(), found);
    }
    let mut columns = connection.prepare_cached(
        "SELECT m.name, c.name, c.type, c.\"notnull\", c.pk, \
         EXISTS (SELECT 1 FROM pragma_index_list(m.name) AS l JOIN pragma_index_info(l.name) AS i \
         WHERE l.origin = 'c' AND i.seqno = 0 AND i.cid = c.cid) FROM sqlite_schema AS m \
         JOIN pragma_table_info(m.name) AS c WHERE m.type = 'table' ORDER BY m.name, c.cid",
    )?;
    let mut rows = columns.query([])?;
    while let Some(row) = rows.next()? {
        let column = ColumnDefinition {
            name: row.get(1)?,
            kind: row.get(2)?,
            required: row.get(3)?,
            is_key: row.get::<_, i64>(4)? > 0,
            is_indexed: row.get(5)?,
        };
        let name: String = row.get(0)?;
        if let Some(found) = catalog.get_mut(&name.to_ascii_lowercase()) {
            found.columns.push(column);
        }
    }
    Ok(catalog)
}

/// Reads what the books say, as far as they are there.
fn known(
    connection: &Connection,
    schema: &GoldSchema,
    catalog: &Catalog,
) -> Result<Known, WarehouseError> {
    let mut known = Known::default();
    let read = BOOKS.iter().filter(|book| book.is_read);
    for book in read.filter(|book| catalog.contains_key(book.name)) {
        let rows = book_rows(connection, book.name).map_err(failed("read", book.name))?;
        for row in rows {
            known.add(schema, book.name, &row)?;
        }
    }
    Ok(known)
}

/// Reads the rows of a book with all of its columns. Not from a statement that is kept: columns are added.
pub(super) fn book_rows(connection: &Connection, book: &str) -> rusqlite::Result<Vec<BookRow>> {
    let mut statement = connection.prepare(&format!("SELECT * FROM {}", quote(book)))?;
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    let rows = statement.query_map([], |row| {
        let mut found = BookRow::new();
        for (position, name) in names.iter().enumerate() {
            if let Some(text) = text_of(row.get_ref(position)?, ValueType::Text) {
                found.insert(name.to_ascii_lowercase(), text);
            }
        }
        Ok(found)
    })?;
    rows.collect()
}
