//! `sluice gold`: prints gold tables and views.

use std::collections::{BTreeMap, BTreeSet};
use std::error;

use clap::Args;
use sluice::warehouse::schema::{FRESHNESS, GoldSchema, PROGRESS, ValueType};
use sluice::warehouse::{Order, Progress, Standing, TableRows, Warehouse, WarehouseError};
use thiserror::Error;

use crate::number;
use crate::output::gold::{ShownTable, default_order, shown_name};
use crate::output::{Column, FormatArguments, Table, Usage, say};
use crate::target::{self, AppSettings, SettingsArguments};

/// Print a gold table or view, or list them all
///
/// Without a name: every table with its rows, the version of silver that it equals the aggregate of, and how fresh it
/// is. Averages are in the report view of a table, NAME_report, which is what is printed for a table that has one.
/// A table that does not fit the dataset file, or is not made yet, is named beside the others.
///
/// Exit code 1: a table that was asked for is not there, or does not fit.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice gold                                        what there is
  sluice gold gold_daily_orders                      the newest 20 days
  sluice gold gold_top_customers -n 3
  sluice gold gold_customer_totals --order total_orders
  sluice gold gold_hourly_revenue --order +hour      + is lowest first
  sluice gold gold_daily_orders -n 0 --json          all rows, a JSON object a line
  sluice gold gold_daily_orders -n 0 --format csv > daily.csv")]
pub(crate) struct GoldArguments {
    /// A table or view of the dataset file
    name: Option<String>,
    /// Most rows to print; 0 is all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = number::from::<usize>(0))]
    limit: usize,
    /// Order by this column, highest first; +COLUMN is lowest first
    #[arg(long, value_name = "COLUMN", requires = "name")]
    order: Option<String>,
    #[command(flatten)]
    format: FormatArguments,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// The columns of the list of all tables, and what they hold.
const LISTED: [(&str, ValueType); 6] = [
    ("table", ValueType::Text),
    ("kind", ValueType::Text),
    ("rows", ValueType::Int64),
    ("version", ValueType::Int64),
    ("settled_until", ValueType::Timestamp),
    ("last_run", ValueType::Timestamp),
];

/// Prints; returns whether every table that was asked for fits the dataset file.
pub(crate) async fn run(
    arguments: GoldArguments,
) -> Result<bool, Box<dyn error::Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let dataset = target::dataset(&settings)?;
    let schema = GoldSchema::of(&dataset)?;
    let Some(name) = &arguments.name else {
        let warehouse = target::warehouse(&settings, &dataset)?;
        let listed = list(warehouse.as_ref()).await?;
        listed.table.show(arguments.format.format());
        listed.notes.iter().for_each(|note| say(note));
        return Ok(listed.is_fit);
    };
    let wanted = shown_name(&schema, name);
    let all = columns_of(&schema, name, &wanted)?;
    let mut order = match &arguments.order {
        Some(order) => Some(parse_order(order, &all)?),
        None => default_order(&dataset, name),
    };
    let warehouse = target::warehouse(&settings, &dataset)?;
    let warehouse = warehouse.as_ref();
    there(&schema, &warehouse.look().await?, name)?;
    let columns = warehouse.columns(&wanted).await?;
    if columns.is_empty() {
        return Err(WhyNot::NotMade(wanted).into());
    }
    if let Some(asked) = &arguments.order {
        order = Some(order_of_those_there(asked, &columns, &wanted)?);
    }
    let limit = most_rows(arguments.limit);
    let shown = ShownTable::read(warehouse, &dataset, wanted.clone(), order, limit).await?;
    shown.table().show(arguments.format.format());
    if let Some(note) = to_come(&wanted, &all, &columns) {
        say(&note);
    }
    Ok(true)
}

/// Returns which columns of the dataset file a table or view does not have yet, if any.
fn to_come(
    name: &str,
    all: &[(String, ValueType)],
    there: &[(String, ValueType)],
) -> Option<String> {
    let missing = all.iter().filter(|(name, _)| {
        let mut there = there.iter();
        !there.any(|(there, _)| there == name)
    });
    let missing: Vec<&str> = missing.map(|(name, _)| name.as_str()).collect();
    let (verb, they) = match missing.as_slice() {
        [] => return None,
        [_] => ("is not there", "it comes"),
        _ => ("are not there", "they come"),
    };
    Some(format!(
        "{name} still shows an earlier definition: {} {verb} yet; {they} with the next swap, see `sluice status`",
        missing.join(", ")
    ))
}

/// Fails in words if gold has not run yet, if a table has not been made yet, or if it does not fit the dataset file. It
/// needs no other.
fn there(schema: &GoldSchema, standing: &Standing, name: &str) -> Result<(), WhyNot> {
    if standing.missing.iter().any(|name| name == PROGRESS) {
        return Err(WhyNot::NotRun);
    }
    // A view shows what its table has.
    let Some((index, table)) = schema
        .table_of(name)
        .and_then(|own| schema.table(&own.name))
    else {
        return Ok(());
    };
    if let Some(reason) = standing.unfit.get(&index) {
        return Err(WhyNot::Unfit(reason.to_string()));
    }
    match standing.missing.contains(&table.name) {
        true => Err(WhyNot::NotMade(table.name.clone())),
        false => Ok(()),
    }
}

/// Why gold cannot be shown.
#[derive(Debug, Error)]
enum WhyNot {
    #[error(
        "gold has not run yet: it makes its tables when it first runs, some seconds after silver's first rows"
    )]
    NotRun,
    #[error(
        "gold has not made {0} yet: it makes what is new in the dataset file when it next runs; `sluice status` tells how far it is"
    )]
    NotMade(String),
    #[error("{0}")]
    Unfit(String),
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// Returns the limit that a warehouse is asked for; its databases count in 64 bits with a sign.
fn most_rows(limit: usize) -> usize {
    match limit {
        0 => usize::try_from(i64::MAX).unwrap_or(usize::MAX),
        limit => limit,
    }
}

fn columns_of(
    schema: &GoldSchema,
    name: &str,
    wanted: &str,
) -> Result<Vec<(String, ValueType)>, Usage> {
    schema.columns_of(wanted).ok_or_else(|| {
        Usage(format!(
            "gold has no table or view {name}; there are {}",
            schema.names().join(", ")
        ))
    })
}

fn parse_order(text: &str, columns: &[(String, ValueType)]) -> Result<Order, Usage> {
    let column = text.trim_start_matches('+');
    if columns.iter().any(|(name, _)| name == column) {
        return Ok(Order {
            column: column.to_owned(),
            descending: !text.starts_with('+'),
        });
    }
    let names: Vec<&str> = columns.iter().map(|(name, _)| name.as_str()).collect();
    Err(Usage(format!(
        "--order {text}: there is no column {column}; there are {}",
        names.join(", ")
    )))
}

/// Reads an order by a column that is there.
fn order_of_those_there(
    text: &str,
    there: &[(String, ValueType)],
    name: &str,
) -> Result<Order, Usage> {
    parse_order(text, there).map_err(|Usage(text)| {
        Usage(format!(
            "{text}; {name} still shows an earlier definition, and the others come with the next swap"
        ))
    })
}

/// All tables and views, and what is to be said of some.
#[derive(Debug)]
struct Listed {
    table: Table,
    notes: Vec<String>,
    /// Whether all of them fit the dataset file.
    is_fit: bool,
}

/// Reads every table and view with its number of rows, and how far it is. One that does not fit, or is not there, hides
/// none of the others.
async fn list(warehouse: &dyn Warehouse) -> Result<Listed, WhyNot> {
    let schema = warehouse.schema();
    let standing = warehouse.look().await?;
    if standing.missing.iter().any(|name| name == PROGRESS) {
        return Err(WhyNot::NotRun);
    }
    // Tables of other datasets, and those that the file no longer has, are in the book as well.
    let freshness = warehouse.read_table(FRESHNESS, None, most_rows(0)).await?;
    let mut rows = Vec::new();
    let mut notes: Vec<String> = standing.unfit.values().map(ToString::to_string).collect();
    let is_fit = notes.is_empty();
    let mut not_shown = BTreeSet::new();
    for (index, table) in schema.indexed_tables() {
        let unfit = standing.unfit.get(&index);
        let is_unreadable = unfit.is_some_and(WarehouseError::keeps_from_showing);
        let is_missing = standing.missing.contains(&table.name);
        if is_missing {
            notes.push(WhyNot::NotMade(table.name.clone()).to_string());
        }
        if is_unreadable || is_missing {
            not_shown.insert(index);
            continue;
        }
        let count = warehouse.count_rows(&table.name).await?;
        rows.push(table_row(
            &table.name,
            count,
            &standing.progress,
            &freshness,
        ));
    }
    for view in &schema.views {
        if not_shown.contains(&view.table) {
            continue;
        }
        if warehouse.columns(&view.name).await?.is_empty() {
            notes.push(WhyNot::NotMade(view.name.clone()).to_string());
            continue;
        }
        let count = warehouse.count_rows(&view.name).await?;
        let row = [view.name.clone(), "view".to_owned(), count.to_string()].map(Some);
        rows.push(row.into_iter().chain([None, None, None]).collect());
    }
    let columns = LISTED.map(|(name, kind)| match name {
        "settled_until" => Column::new(name, kind).spare(),
        _ => Column::new(name, kind),
    });
    Ok(Listed {
        table: Table::new("gold", columns.into(), rows),
        notes,
        is_fit,
    })
}

fn table_row(
    name: &str,
    rows: u64,
    progress: &BTreeMap<String, Progress>,
    freshness: &TableRows,
) -> Vec<Option<String>> {
    let fresh = |column: &str| {
        let index = freshness.columns.iter().position(|name| name == column)?;
        let mut rows = freshness.rows.iter();
        let row = rows.find(|row| row.first().and_then(Option::as_deref) == Some(name))?;
        row.get(index)?.clone()
    };
    let version = progress.get(name).map(|found| found.version.to_string());
    vec![
        Some(name.to_owned()),
        Some("table".to_owned()),
        Some(rows.to_string()),
        version,
        fresh("settled_until"),
        fresh("last_run"),
    ]
}

#[cfg(test)]
mod tests;
