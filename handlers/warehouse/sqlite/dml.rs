//! The statements that change gold's rows, and values as SQLite stores them.

use chrono::{DateTime, NaiveDate};
use rusqlite::types::{Value, ValueRef};

use super::ddl::quote;
use super::functions;
use crate::value::{Grain, decimal};
use crate::warehouse::lookup::EXPIRED_AT_ONCE;
use crate::warehouse::model::{Datum, Row, StoredRow, parts, text};
use crate::warehouse::schema::{Holds, KEY, MeasureColumn, Merge, TableSchema, ValueType};

/// The statements of a merge into one table.
#[derive(Clone, Debug)]
pub(super) struct MergeStatements {
    /// Makes the temporary table that takes the rows.
    pub(super) create: String,
    /// Empties it.
    pub(super) clear: String,
    /// Loads a row into it.
    pub(super) load: String,
    /// Merges all of its rows into the table.
    pub(super) merge: String,
    /// What reads the rows that are stored of their groups, where they are not merged by that statement.
    pub(super) reading: Option<Reading>,
}

/// The statements that read the rows of a table by their keys.
#[derive(Clone, Debug)]
pub(super) struct Reading {
    /// Loads the number of a row and its key into the temporary table.
    pub(super) load: String,
    /// Answers with the number of each row that is found and the columns of its measures.
    pub(super) rows: String,
}

impl Reading {
    fn of(table: &TableSchema, physical: &str) -> Self {
        let key: Vec<String> = table.time().into_iter().chain([KEY]).map(quote).collect();
        let delta = format!("temp.{}", delta(physical));
        let parameters = vec!["?"; key.len() + 1].join(", ");
        let same = key.iter().map(|name| format!("t.{name} = d.{name}"));
        let same: Vec<String> = same.collect();
        let stored = stored_columns(table);
        let stored: Vec<String> = stored.iter().map(|name| format!("t.{name}")).collect();
        Self {
            load: format!(
                "INSERT INTO {delta} (rowid, {}) VALUES ({parameters})",
                key.join(", ")
            ),
            rows: format!(
                "SELECT d.rowid, {} FROM {delta} AS d JOIN main.{} AS t ON {}",
                stored.join(", "),
                quote(physical),
                same.join(" AND ")
            ),
        }
    }
}

/// Returns the columns of the measures of a table.
pub(super) fn stored_columns(table: &TableSchema) -> Vec<String> {
    let columns = table.measures.iter().flat_map(MeasureColumn::columns);
    columns.map(|column| quote(&column.name)).collect()
}

impl MergeStatements {
    /// Works out the statements for a table whose rows lie in `physical`. The temporary table is named after it: two that
    /// are made for one gold table have other columns. What rules watch is read before it is merged.
    pub(super) fn of(table: &TableSchema, physical: &str, is_watched: bool) -> Self {
        let key: Vec<String> = table.time().into_iter().chain([KEY]).map(quote).collect();
        let dimensions = table.dimensions.iter().map(|column| quote(&column.name));
        let stored = stored_columns(table);
        let columns: Vec<String> = key
            .iter()
            .cloned()
            .chain(dimensions)
            .chain(stored.iter().cloned())
            .collect();
        let parameters = vec!["?"; columns.len()].join(", ");
        let columns = columns.join(", ");
        let is_merged = table.is_merged_by_sql() && !is_watched;
        let updates: Vec<String> = match is_merged {
            true => table.measures.iter().map(update).collect(),
            // What is loaded is what comes out.
            false => {
                let columns = stored.iter();
                columns
                    .map(|name| format!("{name} = excluded.{name}"))
                    .collect()
            }
        };
        let name = delta(physical);
        let delta = format!("temp.{name}");
        Self {
            create: format!("CREATE TEMP TABLE IF NOT EXISTS {name} ({columns})"),
            clear: format!("DELETE FROM {delta}"),
            load: format!("INSERT INTO {delta} ({columns}) VALUES ({parameters})"),
            merge: format!(
                "INSERT INTO main.{} AS t ({columns}) SELECT {columns} FROM {delta} WHERE true\n\
                 ON CONFLICT ({}) DO UPDATE SET {}",
                quote(physical),
                key.join(", "),
                updates.join(", "),
            ),
            reading: (!is_merged).then(|| Reading::of(table, physical)),
        }
    }
}

/// The temporary table that takes the rows of a merge.
fn delta(physical: &str) -> String {
    quote(&format!("sluice_delta_{physical}"))
}

/// Returns the statement that removes rows of periods before the one of its parameter, [`EXPIRED_AT_ONCE`] at most; nothing
/// where a table has no periods.
pub(super) fn expire(table: &TableSchema, physical: &str) -> Option<String> {
    let (physical, time) = (quote(physical), quote(table.time()?));
    Some(format!(
        "DELETE FROM main.{physical} WHERE rowid IN \
         (SELECT rowid FROM main.{physical} WHERE {time} < ?1 LIMIT {EXPIRED_AT_ONCE})"
    ))
}

/// Returns the statement that finds the key of a group whose sum has more than 38 digits with what is loaded, if a sum may
/// have: the period, if the table has any, and the dimensions.
pub(super) fn overflow(table: &TableSchema, physical: &str) -> Option<String> {
    let is_sum = |measure: &&MeasureColumn| {
        let is_decimal = matches!(measure.kind, ValueType::Decimal { .. });
        is_decimal && measure.source.merge() == Merge::Add
    };
    let sums = table.measures.iter().filter(is_sum);
    let sums = sums.map(|measure| {
        let name = quote(&measure.name);
        format!("NOT {}(t.{name}, d.{name})", functions::FITS)
    });
    let sums: Vec<String> = sums.collect();
    let key = table.time().into_iter().chain([KEY]).map(quote);
    let same = key.map(|name| format!("t.{name} = d.{name}"));
    let same: Vec<String> = same.collect();
    let dimensions = table.dimensions.iter().map(|column| column.name.as_str());
    let named = table.time().into_iter().chain(dimensions).map(quote);
    let named = named.map(|name| format!("CAST(d.{name} AS TEXT)"));
    let mut named: Vec<String> = named.collect();
    if named.is_empty() {
        named.push("1".to_owned());
    }
    (!sums.is_empty()).then(|| {
        format!(
            "SELECT {} FROM temp.{} AS d JOIN main.{} AS t ON {} WHERE {} LIMIT 1",
            named.join(", "),
            delta(physical),
            quote(physical),
            same.join(" AND "),
            sums.join(" OR "),
        )
    })
}

fn update(measure: &MeasureColumn) -> String {
    let name = quote(&measure.name);
    let (old, new) = (format!("t.{name}"), format!("excluded.{name}"));
    let is_decimal = matches!(measure.kind, ValueType::Decimal { .. });
    let value = match (measure.source.merge(), is_decimal) {
        (Merge::Add, true) => format!("{}({old}, {new})", functions::ADD),
        (Merge::Min, true) => format!("{}({old}, {new})", functions::MIN),
        (Merge::Max, true) => format!("{}({old}, {new})", functions::MAX),
        (Merge::Add, false) => format!("{old} + {new}"),
        // SQLite's min and max of two values are null where one is.
        (Merge::Min, false) => format!("min(COALESCE({old}, {new}), COALESCE({new}, {old}))"),
        (Merge::Max, false) => format!("max(COALESCE({old}, {new}), COALESCE({new}, {old}))"),
        // No statement can: what is loaded is merged already.
        (Merge::First | Merge::Last | Merge::Unite, _) => new,
    };
    format!("{name} = {value}")
}

/// Returns a row's values in the order of the load statement.
pub(super) fn values(table: &TableSchema, row: Row) -> Vec<Value> {
    let mut values: Vec<Value> = key(table, &row).collect();
    for (datum, column) in row.dimensions.into_iter().zip(&table.dimensions) {
        values.push(value(datum, column.kind));
    }
    for (datum, measure) in row.measures.into_iter().zip(&table.measures) {
        values.extend(parts(measure, datum).map(|part| value(part, measure.kind)));
    }
    values
}

/// Returns the values of a row's key, as the rows that are stored are asked for.
pub(super) fn key(table: &TableSchema, row: &Row) -> impl Iterator<Item = Value> + use<> {
    let time = table.time().map(|_| period(table.grain, row.start));
    time.into_iter().chain([Value::Blob(row.key.to_vec())])
}

/// Reads a row of an answer to [`Reading::rows`], of which there are so many columns.
pub(super) fn stored_row(
    row: &rusqlite::Row<'_>,
    columns: &[Holds],
) -> rusqlite::Result<StoredRow> {
    let number: i64 = row.get(0)?;
    let parts = (1..).zip(columns);
    let parts = parts.map(|(index, holds)| Ok(datum(row.get_ref(index)?, *holds)));
    Ok(StoredRow {
        number: usize::try_from(number).unwrap_or(usize::MAX),
        parts: parts.collect::<rusqlite::Result<_>>()?,
    })
}

/// Returns a stored value; nothing if it is not what its column holds.
pub(super) fn datum(value: ValueRef<'_>, holds: Holds) -> Option<Datum> {
    let kind = match holds {
        Holds::Value(kind) => Some(kind),
        Holds::EventTime => Some(ValueType::Timestamp),
        Holds::RowHash | Holds::Sketch => None,
    };
    Some(match (value, kind) {
        (ValueRef::Null, _) => Datum::Null,
        (ValueRef::Blob(bytes), None) => Datum::Bytes(bytes.to_vec()),
        (ValueRef::Integer(number), Some(ValueType::Int64)) => Datum::Int64(number),
        (ValueRef::Integer(number), Some(ValueType::Bool)) => Datum::Bool(number != 0),
        (ValueRef::Real(number), Some(ValueType::Double)) => Datum::Double(number),
        (ValueRef::Text(text), Some(kind)) => {
            let text = std::str::from_utf8(text).ok()?;
            match kind {
                ValueType::Text => Datum::Text(text.to_owned()),
                ValueType::Decimal { scale, .. } => {
                    let (unscaled, found) = decimal::parse(text)?;
                    (found == scale).then_some(Datum::Decimal(unscaled))?
                }
                ValueType::Timestamp => {
                    let time = DateTime::parse_from_rfc3339(text).ok()?;
                    Datum::Timestamp(time.timestamp_micros())
                }
                ValueType::Date => {
                    let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
                    Datum::Date(day.to_epoch_days())
                }
                ValueType::Int64 | ValueType::Double | ValueType::Bool => return None,
            }
        }
        _ => return None,
    })
}

/// Returns the start of a period as the time column of its grain holds it.
pub(super) fn period(grain: Grain, start: i64) -> Value {
    stored(text::period(grain, start))
}

/// Returns a point in time as text of one width.
pub(super) fn timestamp(micros: i64) -> Value {
    stored(text::timestamp(micros))
}

fn value(datum: Datum, kind: ValueType) -> Value {
    match datum {
        Datum::Int64(number) => Value::Integer(number),
        Datum::Double(number) => Value::Real(number),
        Datum::Text(text) => Value::Text(text),
        Datum::Bool(is_true) => Value::Integer(i64::from(is_true)),
        Datum::Bytes(bytes) => Value::Blob(bytes),
        Datum::Null
        | Datum::Decimal(_)
        | Datum::Timestamp(_)
        | Datum::Date(_)
        | Datum::Picked(_)
        | Datum::Sketch(_) => stored(datum.text(kind)),
    }
}

fn stored(text: Option<String>) -> Value {
    text.map_or(Value::Null, Value::Text)
}
