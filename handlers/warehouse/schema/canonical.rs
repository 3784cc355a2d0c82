//! The definition of a table as text: the books keep it, so that a later build can go on with a table whose definition
//! it no longer has; pure.
//!
//! ```text
//! 1 Day|by "who" Text|"n" = rows None Int64|"total" = sum Some("amount") Decimal { precision: 38, scale: 2 }
//! ```
//!
//! Of windows that overlap `every 5` stands after the grain, of days of a zone its name and a hash of what its clocks show from
//! 1900 to 2100: `1 Day in "Europe/Berlin" 0f…`; and at last how long periods are kept, ` keep 2592000000000`. An earlier build
//! understands none of them.
//!
//! A condition stands after the grain, `|where "who" IS NOT NULL`, or at the end of its measure, in its normal form and
//! with `\` and `|` written as `\\` and `\p`; an earlier build understands no text that has one.
//!
//! `first`, `last` and `distinct` are those of the key hash and of the sketch that `value/hash` fixes for ever.
//!
//! Columns are named, so that a new column of silver changes nothing. The hash of the text is the definition: one letter
//! that is another would make every table anew.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_128;

use super::measure::{MeasureColumn, MeasureSource, told_apart_by};
use super::table::{DimensionColumn, TableSchema};
use super::value_type::ValueType;
use crate::dataset::{ColumnIndex, Dataset};
use crate::error::Invariant;
use crate::expr::{Condition, Scope};
use crate::value::decimal::MAX_PRECISION;
use crate::value::time::notation::Zone;
use crate::value::{Grain, Steps};

/// What a condition follows.
const WHERE: &str = "where ";
/// What the minutes between windows follow, and a zone.
const EVERY: &str = " every ";
const IN: &str = " in ";
/// What the microseconds follow that periods are kept.
const KEEP: &str = " keep ";

/// Writes what the content of a table depends on.
pub(super) fn write(
    dataset: &Dataset,
    (steps, keep, condition): (&Steps, Option<i64>, Option<&Condition>),
    dimensions: &[DimensionColumn],
    measures: &[MeasureColumn],
) -> Result<String, Invariant> {
    let name_of = |index| dataset.column(index).map(|column| column.name.as_str());
    let mut text = format!("1 {}", write_steps(steps));
    if let Some(keep) = keep {
        text.push_str(&format!("{KEEP}{keep}"));
    }
    if let Some(condition) = condition {
        text.push_str(&format!("|{WHERE}{}", escape(condition.text())));
    }
    for dimension in dimensions {
        text.push_str(&format!("|by {:?} {:?}", dimension.name, dimension.kind));
    }
    for measure in measures {
        let verb = verb(measure.source);
        let column = measure.source.column().map(name_of).transpose()?;
        let MeasureColumn { name, kind, .. } = measure;
        text.push_str(&format!("|{name:?} = {verb} {column:?} {kind:?}"));
        if let MeasureSource::Distinct(column) = measure.source {
            // What is hashed is the value by its type.
            let of = ValueType::from(dataset.column(column)?.kind);
            text.push_str(&format!(" of {of:?}"));
        }
        if let Some(condition) = &measure.condition {
            text.push_str(&format!(" {WHERE}{}", escape(condition.text())));
        }
    }
    Ok(text)
}

/// Returns the hash of such a text.
pub(super) fn hash(text: &str) -> String {
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

/// Reads the layout of a table from the text of an earlier definition, if all of it is understood and every column that it
/// needs is still there with its type. Nothing is shown by it: the views of such a table stay as they are.
pub(super) fn read(dataset: &Dataset, table: &TableSchema, text: &str) -> Option<TableSchema> {
    let mut parts = text.split('|');
    let named = parts.next()?.strip_prefix("1 ")?;
    let (named, keep) = match named.split_once(KEEP) {
        None => (named, None),
        Some((named, keep)) => (named, Some(keep.parse().ok()?)),
    };
    let steps = read_steps(named)?;
    let (mut dimensions, mut measures) = (Vec::new(), Vec::new());
    let mut condition = None;
    for part in parts {
        if let Some(text) = part.strip_prefix(WHERE) {
            condition = Some(read_condition(dataset, text)?);
        } else if let Some(part) = part.strip_prefix("by ") {
            dimensions.push(dimension(dataset, part)?);
        } else {
            measures.push(measure(dataset, part)?);
        }
    }
    let head = (&steps, keep, condition.as_ref());
    let again = write(dataset, head, &dimensions, &measures).ok()?;
    (again == text).then(|| TableSchema {
        name: table.name.clone(),
        report: table.report.clone(),
        grain: steps.grain,
        every: steps.every,
        zone: steps.zone,
        keep,
        condition,
        dimensions,
        told_apart_by: told_apart_by(dataset, &measures),
        measures,
        shown: Vec::new(),
        searched: BTreeSet::new(),
        definition: hash(text),
        text: again,
    })
}

/// Writes which periods a table has.
fn write_steps(steps: &Steps) -> String {
    let Steps { grain, every, zone } = steps;
    let every = every.map(|minutes| format!("{EVERY}{minutes}"));
    let zone = zone.as_ref();
    let zone = zone.map(|zone| format!("{IN}{:?} {:032x}", zone.name(), zone.rules_hash()));
    let (every, zone) = (every.unwrap_or_default(), zone.unwrap_or_default());
    format!("{grain:?}{every}{zone}")
}

/// Reads periods; what their zone shows is compared by who writes them again.
fn read_steps(text: &str) -> Option<Steps> {
    let (text, zone) = match text.split_once(IN) {
        None => (text, None),
        Some((text, zone)) => (text, Some(Zone::named(quoted(zone)?.0)?)),
    };
    let (grain, every) = match text.split_once(EVERY) {
        None => (text, None),
        Some((grain, every)) => (grain, Some(every.parse().ok()?)),
    };
    let mut grains = Grain::EACH.into_iter();
    let grain = grains.find(|known| format!("{known:?}") == grain)?;
    Some(Steps { grain, every, zone })
}

/// Writes a condition such that it ends where its part of the text does.
fn escape(condition: &str) -> String {
    condition.replace('\\', "\\\\").replace('|', "\\p")
}

/// Reads a condition over the columns of silver.
fn read_condition(dataset: &Dataset, text: &str) -> Option<Condition> {
    let mut plain = String::new();
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match letter {
            '\\' => match letters.next()? {
                'p' => '|',
                other => other,
            },
            other => other,
        });
    }
    let columns = dataset.named_columns();
    let scope = Scope {
        columns: &columns,
        later: &[],
    };
    Condition::read(&plain, scope).ok()
}

fn verb(source: MeasureSource) -> &'static str {
    match source {
        MeasureSource::Rows => "rows",
        MeasureSource::Values(_) => "values",
        MeasureSource::Sum(_) => "sum",
        MeasureSource::Min(_) => "min",
        MeasureSource::Max(_) => "max",
        MeasureSource::First(_) => "first",
        MeasureSource::Last(_) => "last",
        MeasureSource::Distinct(_) => "distinct",
    }
}

fn dimension(dataset: &Dataset, text: &str) -> Option<DimensionColumn> {
    let (name, rest) = quoted(text)?;
    let (column, kind) = column(dataset, name)?;
    (rest == format!(" {kind:?}")).then(|| DimensionColumn {
        name: name.to_owned(),
        column,
        kind,
    })
}

fn measure(dataset: &Dataset, text: &str) -> Option<MeasureColumn> {
    // No name has a blank.
    let (text, condition) = match text.split_once(&format!(" {WHERE}")) {
        None => (text, None),
        Some((text, condition)) => (text, Some(read_condition(dataset, condition)?)),
    };
    let (name, rest) = quoted(text)?;
    let (verb, rest) = rest.strip_prefix(" = ")?.split_once(' ')?;
    let (source, kind) = match rest.strip_prefix("Some(") {
        None => (MeasureSource::Rows, ValueType::Int64),
        Some(rest) => {
            let (name, _) = quoted(rest)?;
            let (column, kind) = column(dataset, name)?;
            match verb {
                "values" => (MeasureSource::Values(column), ValueType::Int64),
                "sum" => (MeasureSource::Sum(column), sum_type(kind)),
                "min" => (MeasureSource::Min(column), kind),
                "max" => (MeasureSource::Max(column), kind),
                "first" => (MeasureSource::First(column), kind),
                "last" => (MeasureSource::Last(column), kind),
                "distinct" => (MeasureSource::Distinct(column), ValueType::Int64),
                _ => return None,
            }
        }
    };
    let name = name.to_owned();
    Some(MeasureColumn {
        name,
        source,
        kind,
        condition,
    })
}

/// The widest exact type, so that a sum does not overflow in practice.
pub(super) fn sum_type(kind: ValueType) -> ValueType {
    ValueType::Decimal {
        precision: MAX_PRECISION,
        scale: scale_of(kind),
    }
}

/// Returns the digits after the point of an exact type.
pub(super) fn scale_of(kind: ValueType) -> u8 {
    match kind {
        ValueType::Decimal { scale, .. } => scale,
        _ => 0,
    }
}

fn column(dataset: &Dataset, name: &str) -> Option<(ColumnIndex, ValueType)> {
    let mut columns = dataset.columns.iter().enumerate();
    let (position, column) = columns.find(|(_, column)| column.name == name)?;
    Some((ColumnIndex::new(position), column.kind.into()))
}

/// Splits a name in quotes off, none of whose characters is escaped.
fn quoted(text: &str) -> Option<(&str, &str)> {
    text.strip_prefix('"')?.split_once('"')
}
