//! The `[[gold]]` and `[[ranking]]` tables of a dataset file.

use toml::de::DeTable;

use super::column::{Draft, condition_of, read_condition};
use super::name::{OWN_TABLES, SQL_NAME, is_sql_name};
use super::problem::Sink;
use super::reader::{Keys, Located, keys};
use super::{Aggregate, ColumnIndex, ColumnType, GoldTable, Measure, Ranking, TableIndex};
use crate::value::Grain;
use crate::wording::{nearest, quoted};

/// What a table's report view is called, after the table's name.
const REPORT_SUFFIX: &str = "_report";
/// Columns that the views of a table have beside the table's. What begins with an underscore is no name anyway.
const VIEW_COLUMNS: [&str; 2] = ["is_settled", "rank"];
const GRAINS: &str =
    "\"5m\", \"10m\", \"15m\", \"20m\", \"30m\", \"hour\", \"day\", \"week\", \"month\" or \"all\"";
const MEASURES: &str = "a table such as { orders = \"count\", total = \"sum(amount)\" }";
const AGGREGATES: &str = "count, sum(column), min(column), max(column) or avg(column)";
/// What stands between an aggregate and the condition of the rows that it is of.
const WHERE: [&str; 2] = [" where ", " WHERE "];

impl Grain {
    /// Returns the name of the time column of a table of this grain; a table for all time has none.
    #[must_use]
    pub fn time_column(self) -> Option<&'static str> {
        match self {
            Self::FiveMinutes
            | Self::TenMinutes
            | Self::FifteenMinutes
            | Self::TwentyMinutes
            | Self::ThirtyMinutes => Some("window_start"),
            Self::Hour => Some("hour"),
            Self::Day => Some("day"),
            Self::Week => Some("week"),
            Self::Month => Some("month"),
            Self::All => None,
        }
    }

    /// Returns the name of the column in which the report of a table of windows shows their ends, which are excluded.
    #[must_use]
    pub fn end_column(self) -> Option<&'static str> {
        self.window_minutes().map(|_| "window_end")
    }
}

/// Finds a column by name, and reports one that does not exist under `key`.
pub(super) fn find_column<'c>(
    keys: &Keys<'_>,
    key: &str,
    name: Located<&str>,
    columns: &'c [Draft],
) -> Option<(ColumnIndex, &'c Draft)> {
    let mut indexed = columns.iter().enumerate();
    let found = indexed.find(|(_, column)| column.name == name.value);
    if found.is_none() {
        let names = columns.iter().map(|column| column.name.as_str());
        let names: Vec<&str> = names.filter(|name| !name.is_empty()).collect();
        let hint = match nearest(name.value, &names) {
            Some(near) => format!("did you mean {}?", quoted(near)),
            None if names.is_empty() => "the file has no columns".to_owned(),
            None => format!("columns are {}", names.join(", ")),
        };
        keys.report(
            key,
            name.at,
            format!("no column is called {}; {hint}", quoted(name.value)),
        );
    }
    found.map(|(position, column)| (ColumnIndex::new(position), column))
}

/// Names of tables and views that are taken, in lower case.
#[derive(Debug, Default)]
pub(super) struct Taken(Vec<String>);

impl Taken {
    fn claim(&mut self, keys: &Keys<'_>, key: &str, name: Located<&str>) {
        if !is_sql_name(name.value) {
            keys.report(
                key,
                name.at,
                format!("{} is not {SQL_NAME}", quoted(name.value)),
            );
        }
        let lower = name.value.to_ascii_lowercase();
        if lower.starts_with(OWN_TABLES) {
            keys.report(
                key,
                name.at,
                format!("names that begin with {OWN_TABLES} are reserved"),
            );
        }
        if self.0.contains(&lower) {
            let message =
                "a table or view of this name exists already (upper and lower case are the same)";
            keys.report(key, name.at, message);
        }
        self.0.push(lower);
    }

    /// Claims the name of a table and that of its report view.
    fn claim_table(&mut self, keys: &Keys<'_>, name: Located<&str>) {
        self.claim(keys, "table", name);
        let report = format!("{}{REPORT_SUFFIX}", name.value.to_ascii_lowercase());
        if self.0.contains(&report) {
            let message = format!(
                "its report view would be called {}, which another table or view is called already",
                quoted(&report)
            );
            keys.report("table", name.at, message);
        }
        self.0.push(report);
    }
}

/// Reads the gold tables. A table with a problem is still returned, so that rankings can refer to it.
pub(super) fn read_tables<'a>(
    sink: &'a Sink<'a>,
    tables: Vec<Located<&'a DeTable<'a>>>,
    columns: &[Draft],
    taken: &mut Taken,
) -> Vec<GoldTable> {
    let mut gold = Vec::new();
    for (i, table) in tables.into_iter().enumerate() {
        let keys = Keys::new(
            sink,
            table,
            path("gold", table.value, "table", i),
            &keys::GOLD,
        );
        let name = keys.required_string("table", SQL_NAME);
        if let Some(name) = name {
            taken.claim_table(&keys, name);
        }
        let _ = keys.required_string("grain", GRAINS);
        let grain = keys.parsed("grain", GRAINS, Grain::named);
        let by = read_dimensions(&keys, columns);
        let measures = read_measures(&keys, columns);
        let table = GoldTable {
            // Without a name a problem was reported, and the file makes no dataset.
            table: name.map(|name| name.value.to_owned()).unwrap_or_default(),
            grain: grain.unwrap_or(Grain::All),
            condition: read_condition(&keys, columns.iter().map(Draft::as_named).collect()),
            by: by.iter().map(|(index, _)| *index).collect(),
            measures,
        };
        check_clashes(&keys, &table, by.iter().map(|(_, column)| *column));
        gold.push(table);
    }
    gold
}

fn path(kind: &str, table: &DeTable<'_>, key: &str, i: usize) -> String {
    match table.get(key).and_then(|name| name.get_ref().as_str()) {
        Some(name) => format!("{kind} {}", quoted(name)),
        None => format!("{kind} {}", i + 1),
    }
}

fn read_dimensions<'c>(keys: &Keys<'_>, columns: &'c [Draft]) -> Vec<(ColumnIndex, &'c Draft)> {
    let mut by: Vec<(ColumnIndex, &Draft)> = Vec::new();
    // A table may have no dimensions.
    for name in keys.strings("by").unwrap_or_default() {
        let Some((index, column)) = find_column(keys, "by", name, columns) else {
            continue;
        };
        if matches!(column.kind, Some(ColumnType::Double | ColumnType::Json)) {
            let message = format!(
                "{} is a double or json column, which cannot be grouped by",
                quoted(name.value)
            );
            keys.report("by", name.at, message);
        }
        if by.iter().any(|(other, _)| *other == index) {
            keys.report(
                "by",
                name.at,
                format!("{} is named twice", quoted(name.value)),
            );
            continue;
        }
        by.push((index, column));
    }
    by
}

fn read_measures(keys: &Keys<'_>, columns: &[Draft]) -> Vec<Measure> {
    let entries = keys.required_entries("measures", MEASURES);
    if let Some(measures) = keys.value("measures")
        && measures.value.as_table().is_some_and(DeTable::is_empty)
    {
        keys.report(
            "measures",
            measures.at,
            format!("must not be empty: {MEASURES}"),
        );
    }
    let mut measures = Vec::new();
    for (name, value) in entries {
        let key = format!("measures.{name}");
        if !is_sql_name(name) {
            keys.report(
                &key,
                value.at,
                format!("{} is not {SQL_NAME}", quoted(name)),
            );
        }
        let Some(text) = value.value.as_str() else {
            keys.report(&key, value.at, format!("must be a string: {AGGREGATES}"));
            continue;
        };
        let text = Located {
            value: text,
            at: value.at,
        };
        let (text, condition) = split(text);
        let condition = condition.and_then(|condition| {
            let columns = columns.iter().map(Draft::as_named).collect();
            condition_of(keys, &key, condition, columns)
        });
        measures.push(Measure {
            name: name.to_owned(),
            aggregate: read_aggregate(keys, &key, text, columns).unwrap_or(Aggregate::Count),
            condition,
        });
    }
    measures
}

/// Splits a measure into its aggregate and the condition of the rows that it is of, if it has one.
fn split(text: Located<&str>) -> (Located<&str>, Option<Located<&str>>) {
    // A condition may hold the other spelling.
    let parts = WHERE.iter().filter_map(|word| text.value.split_once(word));
    let Some((aggregate, condition)) = parts.min_by_key(|(aggregate, _)| aggregate.len()) else {
        return (text, None);
    };
    let part = |value| Located { value, at: text.at };
    (part(aggregate.trim_end_matches(' ')), Some(part(condition)))
}

fn read_aggregate(
    keys: &Keys<'_>,
    key: &str,
    text: Located<&str>,
    columns: &[Draft],
) -> Option<Aggregate> {
    if text.value == "count" {
        return Some(Aggregate::Count);
    }
    let parts = text
        .value
        .strip_suffix(')')
        .and_then(|rest| rest.split_once('('));
    let known = parts.filter(|(function, _)| matches!(*function, "sum" | "min" | "max" | "avg"));
    let Some((function, argument)) = known else {
        keys.report(
            key,
            text.at,
            format!("{} is not {AGGREGATES}", quoted(text.value)),
        );
        return None;
    };
    let name = Located {
        value: argument.trim(),
        at: text.at,
    };
    let (index, column) = find_column(keys, key, name, columns)?;
    let aggregate = match function {
        "sum" => Aggregate::Sum(index),
        "avg" => Aggregate::Avg(index),
        "min" => Aggregate::Min(index),
        _ => Aggregate::Max(index),
    };
    if let Some(types) = column.kind.and_then(|kind| other_types(aggregate, kind)) {
        let message = format!(
            "{}: {function} takes columns of type {types}",
            quoted(text.value)
        );
        keys.report(key, text.at, message);
    }
    Some(aggregate)
}

/// Returns the types that an aggregate takes, if `kind` is not among them.
fn other_types(aggregate: Aggregate, kind: ColumnType) -> Option<&'static str> {
    let numeric = matches!(kind, ColumnType::Int64 | ColumnType::Decimal { .. });
    let ordered = matches!(
        kind,
        ColumnType::Double | ColumnType::Timestamp(_) | ColumnType::Date
    );
    match aggregate {
        Aggregate::Sum(_) | Aggregate::Avg(_) if !numeric => {
            Some("int64 and decimal (a sum of doubles depends on its order)")
        }
        Aggregate::Min(_) | Aggregate::Max(_) if !numeric && !ordered => {
            Some("int64, double, decimal, timestamp and date")
        }
        _ => None,
    }
}

/// Reports columns of the table whose names differ at most in case: its time column and that of
/// the ends of windows, its dimensions, its measures and what an average is kept as.
fn check_clashes<'c>(
    keys: &Keys<'_>,
    table: &GoldTable,
    dimensions: impl Iterator<Item = &'c Draft>,
) {
    let own = [table.grain.time_column(), table.grain.end_column()];
    let mut names: Vec<String> = own.into_iter().flatten().map(str::to_owned).collect();
    let times = match names.as_slice() {
        [time, end] => format!("; {time} and {end} are those of its windows"),
        [_] => "; its time column is called like its grain".to_owned(),
        _ => String::new(),
    };
    let mut claim = |key: &str, name: &str| {
        let name = name.to_ascii_lowercase();
        if VIEW_COLUMNS.contains(&name.as_str()) {
            let at = keys.at_value(key);
            let message = format!(
                "the table's views have a column {} of their own",
                quoted(&name)
            );
            keys.report(key, at, message);
        } else if names.contains(&name) {
            let at = keys.at_value(key);
            let message = format!("the table has two columns called {}{times}", quoted(&name));
            keys.report(key, at, message);
        } else {
            names.push(name);
        }
    };
    for column in dimensions {
        claim("by", &column.name);
    }
    for measure in &table.measures {
        claim("measures", &measure.name);
    }
    for measure in &table.measures {
        if let Aggregate::Avg(_) = measure.aggregate {
            claim("measures", &format!("{}_sum", measure.name));
            claim("measures", &format!("{}_count", measure.name));
        }
    }
}

/// Reads the ranking views.
pub(super) fn read_rankings<'a>(
    sink: &'a Sink<'a>,
    tables: Vec<Located<&'a DeTable<'a>>>,
    gold: &[GoldTable],
    taken: &mut Taken,
) -> Vec<Ranking> {
    let mut rankings = Vec::new();
    for (i, table) in tables.into_iter().enumerate() {
        let keys = Keys::new(
            sink,
            table,
            path("ranking", table.value, "view", i),
            &keys::RANKING,
        );
        let view = keys.required_string("view", SQL_NAME);
        if let Some(view) = view {
            taken.claim(&keys, "view", view);
        }
        let from = keys.required_string("from", "the name of a gold table");
        let order_by = keys.required_string("order_by", "the name of a measure of that table");
        let top = keys.required_positive("top", "the number of rows, from 1");
        let tables: Vec<&str> = gold.iter().map(|table| table.table.as_str()).collect();
        let from = from.and_then(|from| find_name(&keys, "from", from, &tables));
        // Without a table a problem was reported, and no measure is looked for.
        let measures: Vec<&str> = from
            .and_then(|from| gold.get(from))
            .map(|table| {
                table
                    .measures
                    .iter()
                    .map(|measure| measure.name.as_str())
                    .collect()
            })
            .unwrap_or_default();
        let order_by = order_by
            .filter(|_| from.is_some())
            .and_then(|order_by| find_name(&keys, "order_by", order_by, &measures));
        if let (Some(view), Some(from), Some(order_by), Some(top)) = (view, from, order_by, top) {
            let view = view.value.to_owned();
            rankings.push(Ranking {
                view,
                from: TableIndex::new(from),
                order_by,
                top,
            });
        }
    }
    rankings
}

fn find_name(keys: &Keys<'_>, key: &str, name: Located<&str>, names: &[&str]) -> Option<usize> {
    let found = names.iter().position(|other| *other == name.value);
    if found.is_none() {
        let message = format!(
            "nothing is called {}; there are {}",
            quoted(name.value),
            names.join(", ")
        );
        keys.report(key, name.at, message);
    }
    found
}
