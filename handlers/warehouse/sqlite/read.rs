//! What the file holds, as values and as text.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::ddl::{order_terms, quote};
use crate::value::hash::hex;
use crate::warehouse::model::{Order, TableRows};
use crate::warehouse::schema::{BOOKS, TableSchema, ValueType};

/// What is read: a table or view.
#[derive(Clone, Copy, Debug)]
pub(super) struct Source<'a> {
    /// The gold table that it is or shows, if it does.
    pub(super) table: Option<&'a TableSchema>,
    /// Whether it adds the rows of that up, so that decimals are numbers.
    pub(super) is_summary: bool,
    pub(super) name: &'a str,
    pub(super) columns: &'a [(String, ValueType)],
}

/// Reads the first rows of a table or view.
pub(super) fn rows(
    connection: &Connection,
    source: Source<'_>,
    order: &[Order],
    limit: usize,
) -> rusqlite::Result<TableRows> {
    let mut rows = Vec::new();
    each_row(connection, source, order, limit, |row| rows.push(row))?;
    Ok(TableRows {
        columns: source
            .columns
            .iter()
            .map(|(name, _)| name.clone())
            .collect(),
        rows,
    })
}

/// Hands the first rows of a table or view to `visit`, one by one.
pub(super) fn each_row(
    connection: &Connection,
    source: Source<'_>,
    order: &[Order],
    limit: usize,
    mut visit: impl FnMut(Vec<Option<String>>),
) -> rusqlite::Result<()> {
    let values = source.values(connection)?;
    let mut sql = format!("SELECT {} FROM {}", values.join(", "), quote(source.name));
    let terms = order.iter().flat_map(|order| {
        let mut columns = source.columns.iter().zip(&values);
        let column = columns.find(|((name, _), _)| *name == order.column);
        let (kind, value) = match column {
            Some(((_, ValueType::Decimal { .. }), value)) if source.is_summary => {
                (ValueType::Double, value.clone())
            }
            Some(((_, kind), value)) => (*kind, value.clone()),
            None => (ValueType::Text, quote(&order.column)),
        };
        order_terms(&value, kind, order.descending)
    });
    let terms: Vec<String> = terms.collect();
    if !terms.is_empty() {
        sql.push_str(&format!(" ORDER BY {}", terms.join(", ")));
    }
    sql.push_str(" LIMIT ?");

    let mut statement = connection.prepare(&sql)?;
    // No table has more rows than the largest limit.
    let mut found = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    while let Some(row) = found.next()? {
        let cells = source.columns.iter().enumerate();
        let cells = cells.map(|(i, (_, kind))| row.get_ref(i).map(|value| text_of(value, *kind)));
        visit(cells.collect::<Result<_, _>>()?);
    }
    Ok(())
}

/// Returns the names of the columns of a table or view; none where it is not there.
pub(super) fn names(connection: &Connection, name: &str) -> rusqlite::Result<Vec<String>> {
    let mut statement = connection.prepare("SELECT name FROM pragma_table_info(?1)")?;
    let found = statement.query_map([name], |row| row.get::<_, String>(0))?;
    found.collect()
}

impl Source<'_> {
    /// Returns the expressions of the exact values. A column that a book of an earlier build does not have yet is
    /// unknown; a view of one shows the exact values themselves.
    fn values(&self, connection: &Connection) -> rusqlite::Result<Vec<String>> {
        let found = names(connection, self.name)?;
        let is_book = BOOKS.iter().any(|book| book.name == self.name);
        let values = self.columns.iter().map(|(name, kind)| {
            let is_decimal = matches!(kind, ValueType::Decimal { .. });
            let exact = self
                .table
                .filter(|_| is_decimal)
                .map(|table| table.exact(name));
            match exact.filter(|exact| found.contains(exact)) {
                Some(exact) => quote(&exact),
                None if is_book && !found.contains(name) => "NULL".to_owned(),
                None => quote(name),
            }
        });
        Ok(values.collect())
    }
}

pub(super) fn text_of(value: ValueRef<'_>, kind: ValueType) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) if kind == ValueType::Bool => Some((number != 0).to_string()),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(match kind {
            ValueType::Decimal { scale, .. } => format!("{number:.0$}", usize::from(scale)),
            _ => number.to_string(),
        }),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Some(hex(bytes)),
    }
}
