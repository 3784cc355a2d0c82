//! The statements that change gold's rows, and values as SQLite stores them.

use rusqlite::types::Value;

use super::ddl::quote;
use super::functions;
use crate::value::Grain;
use crate::warehouse::model::{Datum, Row, text};
use crate::warehouse::schema::{KEY, MeasureColumn, Merge, TableSchema, ValueType};

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
}

impl MergeStatements {
    /// Works out the statements for a table whose rows lie in `physical`. The temporary table is named after it: two that
    /// are made for one gold table have other columns.
    pub(super) fn of(table: &TableSchema, physical: &str) -> Self {
        let key: Vec<String> = table.time().into_iter().chain([KEY]).map(quote).collect();
        let dimensions = table.dimensions.iter().map(|column| quote(&column.name));
        let measures = table.measures.iter().map(|column| quote(&column.name));
        let columns: Vec<String> = key
            .iter()
            .cloned()
            .chain(dimensions)
            .chain(measures)
            .collect();
        let columns = columns.join(", ");
        let count = key.len() + table.dimensions.len() + table.measures.len();
        let parameters = vec!["?"; count].join(", ");
        let updates: Vec<String> = table.measures.iter().map(update).collect();
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
        }
    }
}

/// The temporary table that takes the rows of a merge.
fn delta(physical: &str) -> String {
    quote(&format!("sluice_delta_{physical}"))
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
    };
    format!("{name} = {value}")
}

/// Returns a row's values in the order of the load statement.
pub(super) fn values(table: &TableSchema, row: Row) -> Vec<Value> {
    let time = table.time().map(|_| period(table.grain, row.start));
    let dimensions = row.dimensions.into_iter();
    let dimensions = dimensions.zip(table.dimensions.iter().map(|column| column.kind));
    let measures = row.measures.into_iter();
    let measures = measures.zip(table.measures.iter().map(|column| column.kind));
    time.into_iter()
        .chain([Value::Blob(row.key.to_vec())])
        .chain(
            dimensions
                .chain(measures)
                .map(|(datum, kind)| value(datum, kind)),
        )
        .collect()
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
        Datum::Null | Datum::Decimal(_) | Datum::Timestamp(_) | Datum::Date(_) => {
            stored(datum.text(kind))
        }
    }
}

fn stored(text: Option<String>) -> Value {
    text.map_or(Value::Null, Value::Text)
}
