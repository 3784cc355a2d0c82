//! The measures of a gold table: their aggregates, the types that these take, and what they are kept as.

use toml::de::{DeTable, DeValue};

use super::find::find_column;
use crate::dataset::column::{Draft, condition_of};
use crate::dataset::name::{SQL_NAME, is_sql_name};
use crate::dataset::reader::{Keys, Located};
use crate::dataset::{Aggregate, ColumnIndex, ColumnType, Measure};
use crate::wording::quoted;

const MEASURES: &str = "a table such as { orders = \"count\", total = \"sum(amount)\" }";
const AGGREGATES: &str = "count, sum(column), min(column), max(column), avg(column), first(column), last(column) or count_distinct(column)";
/// What stands between an aggregate and the condition of the rows that it is of.
const WHERE: [&str; 2] = [" where ", " WHERE "];
/// What stands for the name of a measure in that of a column.
const NAME: &str = "{}";

/// Reads the measures of a table.
pub(super) fn read_measures(keys: &Keys<'_>, columns: &[Draft]) -> Vec<Measure> {
    let mut measures = Vec::new();
    for (name, value) in measure_entries(keys) {
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

/// Returns what the measures are called, and how each is written, in the order of the file.
pub(super) fn measure_entries<'a>(keys: &Keys<'a>) -> Vec<(&'a str, Located<&'a DeValue<'a>>)> {
    let entries = keys.required_entries("measures", MEASURES);
    if let Some(measures) = keys.value("measures")
        && measures.value.as_table().is_some_and(DeTable::is_empty)
    {
        let message = format!("must not be empty: {MEASURES}");
        keys.report("measures", measures.at, message);
    }
    entries
}

/// Reads `FUNCTION(COLUMN)`: the function's name, what `function_of` makes of it, and the column's name. Anything else is
/// reported as none of the `forms`.
pub(super) fn read_call<'t, F>(
    keys: &Keys<'_>,
    key: &str,
    text: Located<&'t str>,
    (function_of, forms): (impl Fn(&str) -> Option<F>, &str),
) -> Option<(&'t str, F, Located<&'t str>)> {
    let rest = text.value.strip_suffix(')');
    let parts = rest.and_then(|rest| rest.split_once('('));
    let known =
        parts.and_then(|(function, column)| Some((function, function_of(function)?, column)));
    let Some((function, made, column)) = known else {
        keys.report(
            key,
            text.at,
            format!("{} is not {forms}", quoted(text.value)),
        );
        return None;
    };
    let column = Located {
        value: column.trim(),
        at: text.at,
    };
    Some((function, made, column))
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
    let (function, aggregate, name) = read_call(keys, key, text, (function_of, AGGREGATES))?;
    let (index, column) = find_column(keys, key, name, columns)?;
    let aggregate = aggregate(index);
    if let Some(types) = column.kind.and_then(|kind| other_types(aggregate, kind)) {
        let message = format!(
            "{}: {function} takes columns of type {types}",
            quoted(text.value)
        );
        keys.report(key, text.at, message);
    }
    Some(aggregate)
}

/// Returns the aggregates of a column that a function makes, if it is one.
fn function_of(name: &str) -> Option<fn(ColumnIndex) -> Aggregate> {
    Some(match name {
        "sum" => Aggregate::Sum,
        "avg" => Aggregate::Avg,
        "min" => Aggregate::Min,
        "max" => Aggregate::Max,
        "first" => Aggregate::First,
        "last" => Aggregate::Last,
        "count_distinct" => Aggregate::CountDistinct,
        _ => return None,
    })
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
        Aggregate::First(_) | Aggregate::Last(_) | Aggregate::CountDistinct(_)
            if kind == ColumnType::Json =>
        {
            Some("string, int64, double, decimal, bool, timestamp and date")
        }
        _ => None,
    }
}

/// Returns the names of the columns beside its own that a measure is kept in.
pub(super) fn kept_beside(measure: &Measure) -> impl Iterator<Item = String> {
    let names: &[&str] = match measure.aggregate {
        Aggregate::Count | Aggregate::Sum(_) | Aggregate::Min(_) | Aggregate::Max(_) => &[],
        Aggregate::Avg(_) => &["{}_sum", "{}_count"],
        Aggregate::First(_) | Aggregate::Last(_) => &["_{}_at", "_{}_key"],
        Aggregate::CountDistinct(_) => &["_{}"],
    };
    names.iter().map(|name| name.replace(NAME, &measure.name))
}
