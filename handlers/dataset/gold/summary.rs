//! The `[[summary]]` tables of a dataset file: views that add up the rows of a gold table of all time.

use toml::de::DeTable;

use super::alert::{TableColumn, columns_of, find};
use super::find::find_name;
use super::measures::{measure_entries, read_call};
use super::names::{Taken, path};
use crate::dataset::column::Draft;
use crate::dataset::name::{SQL_NAME, is_sql_name};
use crate::dataset::problem::Sink;
use crate::dataset::reader::{Keys, Located, keys};
use crate::dataset::{
    Aggregate, ColumnIndex, GoldTable, Summary, SummaryMeasure, TableIndex, Total,
};
use crate::expr::Type;
use crate::value::Grain;
use crate::wording::quoted;

const TOTALS: &str = "count, sum(column), min(column), max(column) or avg(column)";

/// A gold table that rows are added up of.
struct Summed<'a> {
    index: TableIndex,
    table: &'a GoldTable,
    columns: Vec<TableColumn>,
}

/// Reads the views.
pub(in crate::dataset) fn read_summaries<'a>(
    sink: &'a Sink<'a>,
    tables: Vec<Located<&'a DeTable<'a>>>,
    (gold, columns): (&[GoldTable], &[Draft]),
    taken: &mut Taken,
) -> Vec<Summary> {
    let mut summaries = Vec::new();
    for (i, table) in tables.into_iter().enumerate() {
        let path = path("summary", table.value, "view", i);
        let keys = Keys::new(sink, table, path, &keys::SUMMARY);
        let view = keys.required_string("view", SQL_NAME);
        if let Some(view) = view {
            taken.claim(&keys, "view", view);
        }
        let entries = measure_entries(&keys);
        // Without a table a problem was reported, and no column is looked for.
        let Some(from) = read_from(&keys, gold, columns) else {
            continue;
        };
        let by = read_by(&keys, &from);
        let mut measures: Vec<SummaryMeasure> = Vec::new();
        for (name, value) in entries {
            let key = format!("measures.{name}");
            let others = measures.iter().map(|measure| measure.name.as_str());
            check_name(
                &keys,
                &key,
                name,
                others.chain(by.iter().map(String::as_str)),
            );
            let Some(text) = value.value.as_str() else {
                keys.report(&key, value.at, format!("must be a string: {TOTALS}"));
                continue;
            };
            let text = Located {
                value: text,
                at: value.at,
            };
            if let Some(total) = read_total(&keys, &key, text, &from) {
                let name = name.to_owned();
                measures.push(SummaryMeasure { name, total });
            }
        }
        if let Some(view) = view {
            summaries.push(Summary {
                view: view.value.to_owned(),
                from: from.index,
                by,
                measures,
            });
        }
    }
    summaries
}

fn read_from<'a>(keys: &Keys<'_>, gold: &'a [GoldTable], columns: &[Draft]) -> Option<Summed<'a>> {
    let name = keys.required_string("from", "the name of a gold table with grain = \"all\"")?;
    let tables: Vec<&str> = gold.iter().map(|table| table.table.as_str()).collect();
    let position = find_name(keys, "from", name, &tables)?;
    let table = gold.get(position)?;
    if table.grain != Grain::All {
        let message = format!(
            "{} has rows of periods (grain = {}), and a summary adds up what is now: it takes a table with grain = \"all\"",
            quoted(name.value),
            quoted(table.grain.as_str())
        );
        keys.report("from", name.at, message);
        return None;
    }
    let kind_of = |index: ColumnIndex| {
        let column = columns.get(index.position())?;
        Some((column.name.clone(), column.kind?))
    };
    Some(Summed {
        index: TableIndex::new(position),
        table,
        // A type that is not known was reported.
        columns: columns_of(table, None, &kind_of)?,
    })
}

fn read_by(keys: &Keys<'_>, from: &Summed<'_>) -> Vec<String> {
    let mut by: Vec<String> = Vec::new();
    // Without them there is one row.
    for name in keys.strings("by").unwrap_or_default() {
        let Some(column) = find(keys, "by", name, &from.columns) else {
            continue;
        };
        if matches!(column.kind, Type::Double | Type::Decimal { .. }) {
            let message = format!(
                "{} is a double or decimal column, which cannot be grouped by",
                quoted(name.value)
            );
            keys.report("by", name.at, message);
        }
        if by.contains(&column.name) {
            let message = format!("{} is named twice", quoted(name.value));
            keys.report("by", name.at, message);
            continue;
        }
        by.push(column.name.clone());
    }
    by
}

fn check_name<'n>(
    keys: &Keys<'_>,
    key: &str,
    name: &str,
    mut others: impl Iterator<Item = &'n str>,
) {
    let at = keys.at_value("measures");
    if !is_sql_name(name) {
        keys.report(key, at, format!("{} is not {SQL_NAME}", quoted(name)));
    }
    if others.any(|other| other.eq_ignore_ascii_case(name)) {
        let message = format!("the view has two columns called {}", quoted(name));
        keys.report(key, at, message);
    }
}

fn read_total(keys: &Keys<'_>, key: &str, text: Located<&str>, from: &Summed<'_>) -> Option<Total> {
    if text.value == "count" {
        return Some(Total::Count);
    }
    let (function, total, name) = read_call(keys, key, text, (function_of, TOTALS))?;
    let column = find(keys, key, name, &from.columns)?;
    if let Some(why) = refusal(function, column, from.table) {
        keys.report(key, text.at, format!("{}: {why}", quoted(text.value)));
        return None;
    }
    Some(total(column.name.clone()))
}

/// Returns the totals of a column that a function makes, if it is one.
fn function_of(name: &str) -> Option<fn(String) -> Total> {
    Some(match name {
        "sum" => Total::Sum,
        "min" => Total::Min,
        "max" => Total::Max,
        "avg" => Total::Avg,
        _ => return None,
    })
}

/// Says why a column cannot be added up so, if it cannot.
fn refusal(function: &str, column: &TableColumn, table: &GoldTable) -> Option<String> {
    let mut measures = table.measures.iter();
    let measure = measures.find(|measure| measure.name == column.name);
    let is_added = matches!(function, "sum" | "avg");
    match measure.map(|measure| measure.aggregate) {
        Some(Aggregate::Avg(_)) => {
            let why = "it is an average of the rows of a group, and those of several groups make none of all their rows";
            return Some(why.to_owned());
        }
        Some(Aggregate::CountDistinct(_)) if is_added => {
            let why = "it is a number of different values, and one may be in several groups";
            return Some(why.to_owned());
        }
        _ => {}
    }
    let is_number = matches!(column.kind, Type::Int64 | Type::Decimal { .. });
    let is_ordered = matches!(column.kind, Type::Double | Type::Timestamp | Type::Date);
    let types = match is_added {
        _ if is_number => return None,
        false if is_ordered => return None,
        true => "int64 and decimal (a sum of doubles depends on its order)",
        false => "int64, double, decimal, timestamp and date",
    };
    Some(format!("{function} takes columns of type {types}"))
}
