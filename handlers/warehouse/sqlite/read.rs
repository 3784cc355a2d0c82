//! What the file holds, as values and as text.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::ddl::{order_terms, quote};
use crate::warehouse::model::{Order, TableRows};
use crate::warehouse::schema::{BOOKS, ValueType};

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
    let lacks = lacking(connection, name, columns)?;
    let names = columns.iter().map(|(name, _)| match lacks.contains(name) {
        true => format!("NULL AS {}", quote(name)),
        false => quote(name),
    });
    let names: Vec<String> = names.collect();
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

/// Returns the columns that a book of an earlier build does not have yet; its values are unknown.
fn lacking(
    connection: &Connection,
    name: &str,
    columns: &[(String, ValueType)],
) -> rusqlite::Result<Vec<String>> {
    if !BOOKS.iter().any(|book| book.name == name) {
        return Ok(Vec::new());
    }
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let found = statement.query_map([name], |row| row.get::<_, String>(0))?;
    let found: Vec<String> = found.collect::<Result<_, _>>()?;
    let names = columns.iter().map(|(name, _)| name.clone());
    Ok(names.filter(|name| !found.contains(name)).collect())
}

pub(super) fn text_of(value: ValueRef<'_>, kind: ValueType) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) if kind == ValueType::Bool => Some((number != 0).to_string()),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}
