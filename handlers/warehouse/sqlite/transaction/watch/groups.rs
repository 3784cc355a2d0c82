//! Rows of gold tables as rules compare them, and the alerts that are open of them.

use rusqlite::{Connection, params};

use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{COMPARED_AT_ONCE, OwnGroup, Pair, RuleBefore, Watch};
use crate::warehouse::schema::{ALERTS, Holds, KEY, TableIndex, TableSchema};
use crate::warehouse::sqlite::connection::failed;
use crate::warehouse::sqlite::ddl::quote;
use crate::warehouse::sqlite::dml::{datum, stored_columns, timestamp};

/// Returns the start of the period of a row as alerts have it.
pub(super) fn start_of(layout: &TableSchema) -> String {
    let Some(time) = layout.time() else {
        return "NULL".to_owned();
    };
    // Days and whole seconds get the digits that they lack.
    format!("strftime('%Y-%m-%dT%H:%M:%S.000000Z', t.{})", quote(time))
}

/// Reads the open alerts of a rule: the starts of their periods and the keys of their groups.
pub(super) fn open(
    connection: &Connection,
    (dataset, rule): (&str, &str),
) -> rusqlite::Result<Vec<(i64, [u8; 16])>> {
    let sql = format!(
        "SELECT \"period_start\", unhex(\"group_key\") FROM {ALERTS} \
         WHERE \"dataset\" = ?1 AND \"rule\" = ?2 AND \"cleared_at\" IS NULL AND \"group_key\" IS NOT NULL"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let rows = statement.query_map([dataset, rule], |row| {
        let start: Option<String> = row.get(0)?;
        let start = start.and_then(|text| chrono::DateTime::parse_from_rfc3339(&text).ok());
        Ok((
            start.map_or(0, |start| start.timestamp_micros()),
            row.get(1)?,
        ))
    })?;
    rows.collect()
}

/// The columns of a group, as they are read.
fn columns(layout: &TableSchema) -> Vec<String> {
    let time = layout.time().into_iter();
    let dimensions = layout.dimensions.iter().map(|column| column.name.as_str());
    let leading = [KEY].into_iter().chain(time).chain(dimensions).map(quote);
    leading.chain(stored_columns(layout)).collect()
}

/// Reads the rows of a table of which a condition is true.
pub(super) fn read(
    connection: &Connection,
    (layout, physical): (&TableSchema, &str),
    condition: &str,
    values: &[&dyn rusqlite::ToSql],
) -> Result<Vec<OwnGroup>, WarehouseError> {
    let columns = columns(layout).into_iter().map(|name| format!("t.{name}"));
    let columns: Vec<String> = columns.collect();
    let sql = format!(
        "SELECT {} FROM main.{} AS t WHERE {condition}",
        columns.join(", "),
        quote(physical)
    );
    let read = failed("read rows of", &layout.name);
    let mut statement = connection.prepare(&sql).map_err(&read)?;
    let mut rows = statement.query(values).map_err(&read)?;
    let mut groups = Vec::new();
    while let Some(row) = rows.next().map_err(&read)? {
        let (group, _) = group(row, layout, 0)?;
        groups.push(group);
    }
    Ok(groups)
}

/// Reads a group from a row, from the column of this place on; returns the place after it as well.
fn group(
    row: &rusqlite::Row<'_>,
    layout: &TableSchema,
    first: usize,
) -> Result<(OwnGroup, usize), WarehouseError> {
    let read = failed("read rows of", &layout.name);
    let key: [u8; 16] = row.get(first).map_err(&read)?;
    let mut place = first + 1;
    let next = |holds: Holds| {
        let value = row.get_ref(place).map_err(&read)?;
        place += 1;
        Ok::<_, WarehouseError>(datum(value, holds))
    };
    let group = OwnGroup::of(key, layout, next)?;
    Ok((group, place))
}

/// A table that takes the place of another one, with both as they lie.
#[derive(Clone, Copy, Debug)]
pub(in crate::warehouse::sqlite::transaction) struct Replaced<'a> {
    pub(in crate::warehouse::sqlite::transaction) index: TableIndex,
    pub(in crate::warehouse::sqlite::transaction) old: (&'a TableSchema, &'a str),
    pub(in crate::warehouse::sqlite::transaction) new: (&'a TableSchema, &'a str),
}

/// Compares every group of a table that takes the place of another one with that group of the other.
pub(in crate::warehouse::sqlite::transaction) fn compare(
    connection: &Connection,
    watch: &mut Watch,
    replaced: Replaced<'_>,
    rules: &[RuleBefore],
) -> Result<(), WarehouseError> {
    let Replaced { index, old, new } = replaced;
    let named = |table: &str, layout: &TableSchema| {
        let columns = columns(layout).into_iter();
        let columns = columns.map(|name| format!("{table}.{name}"));
        columns.collect::<Vec<String>>().join(", ")
    };
    let key: Vec<String> = new.0.time().into_iter().chain([KEY]).map(quote).collect();
    let same = key.iter().map(|name| format!("o.{name} = n.{name}"));
    let same: Vec<String> = same.collect();
    let sql = format!(
        "SELECT {}, o.{KEY} IS NOT NULL, {} FROM main.{} AS n LEFT JOIN main.{} AS o ON {}",
        named("n", new.0),
        named("o", old.0),
        quote(new.1),
        quote(old.1),
        same.join(" AND ")
    );
    let read = failed("read rows of", &new.0.name);
    let mut statement = connection.prepare(&sql).map_err(&read)?;
    let mut rows = statement.query([]).map_err(&read)?;
    let mut pairs: Vec<Pair> = Vec::new();
    loop {
        let row = rows.next().map_err(&read)?;
        let is_last = row.is_none();
        if let Some(row) = row {
            let (after, place) = group(row, new.0, 0)?;
            let is_there: bool = row.get(place).map_err(&read)?;
            let before = match is_there {
                true => Some(group(row, old.0, place + 1)?.0),
                false => None,
            };
            pairs.push((after, before));
        }
        if pairs.len() == COMPARED_AT_ONCE || is_last {
            watch.compare(index, (old.0, new.0), &pairs, rules)?;
            pairs.clear();
        }
        if is_last {
            return Ok(());
        }
    }
}

/// Returns the open alerts of a rule whose groups a table does not have.
pub(super) fn vanished(
    connection: &Connection,
    (dataset, rule): (&str, &str),
    (layout, physical): (&TableSchema, &str),
) -> rusqlite::Result<Vec<(i64, [u8; 16])>> {
    let mut open = open(connection, (dataset, rule))?;
    let time = layout.time();
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM main.{} AS t WHERE t.{KEY} = ?1 AND (?2 IS NULL OR {} = ?2))",
        quote(physical),
        start_of(layout)
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let mut gone = Vec::new();
    for (start, key) in open.drain(..) {
        let period = time.map(|_| timestamp(start));
        let is_there: bool = statement.query_row(params![key, period], |row| row.get(0))?;
        if !is_there {
            gone.push((start, key));
        }
    }
    Ok(gone)
}
