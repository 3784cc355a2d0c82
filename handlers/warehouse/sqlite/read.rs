//! What the file holds, as values and as text.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::ddl::{order_terms, quote};
use crate::table::log::Version;
use crate::warehouse::model::{Order, Progress, TableRows};
use crate::warehouse::schema::{PROGRESS, ValueType};

/// Reads the progress of the tables that have some. Before the first run none has.
pub(super) fn progress(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Progress>> {
    if !has_table(connection, PROGRESS)? {
        return Ok(BTreeMap::new());
    }
    let mut statement = connection.prepare_cached(&format!(
        "SELECT \"gold_table\", \"generation\", \"definition\", \"version\" FROM {PROGRESS}"
    ))?;
    let rows = statement.query_map([], |row| {
        let progress = Progress {
            generation: row.get(1)?,
            definition: row.get(2)?,
            version: Version(row.get(3)?),
        };
        Ok((row.get(0)?, progress))
    })?;
    rows.collect()
}

/// Returns whether there is a table, also one that another connection has made since this one first looked: a query finds
/// it, while `sqlite3_table_column_metadata` and what is built on it answer from the schema that the connection knows.
fn has_table(connection: &Connection, name: &str) -> rusqlite::Result<bool> {
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?1)";
    connection
        .prepare_cached(sql)?
        .query_row([name], |row| row.get(0))
}

/// Reads the first rows of a table or view.
pub(super) fn rows(
    connection: &Connection,
    name: &str,
    columns: &[(String, ValueType)],
    order: Option<&Order>,
    limit: usize,
) -> rusqlite::Result<TableRows> {
    let mut rows = Vec::new();
    each_row(connection, name, columns, order, limit, |row| {
        rows.push(row)
    })?;
    Ok(TableRows {
        columns: columns.iter().map(|(name, _)| name.clone()).collect(),
        rows,
    })
}

/// Hands the first rows of a table or view to `visit`, one by one.
pub(super) fn each_row(
    connection: &Connection,
    name: &str,
    columns: &[(String, ValueType)],
    order: Option<&Order>,
    limit: usize,
    mut visit: impl FnMut(Vec<Option<String>>),
) -> rusqlite::Result<()> {
    let names: Vec<String> = columns.iter().map(|(name, _)| quote(name)).collect();
    let mut sql = format!("SELECT {} FROM {}", names.join(", "), quote(name));
    if let Some(order) = order {
        let kind = columns.iter().find(|(name, _)| *name == order.column);
        let kind = kind.map_or(ValueType::Text, |(_, kind)| *kind);
        let terms = order_terms(&quote(&order.column), kind, order.descending);
        sql.push_str(&format!(" ORDER BY {}", terms.join(", ")));
    }
    sql.push_str(" LIMIT ?");

    let mut statement = connection.prepare(&sql)?;
    // No table has more rows than the largest limit.
    let mut found = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    while let Some(row) = found.next()? {
        let cells = columns.iter().enumerate();
        let cells = cells.map(|(i, (_, kind))| row.get_ref(i).map(|value| text_of(value, *kind)));
        visit(cells.collect::<Result<_, _>>()?);
    }
    Ok(())
}

fn text_of(value: ValueRef<'_>, kind: ValueType) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) if kind == ValueType::Bool => Some((number != 0).to_string()),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}
