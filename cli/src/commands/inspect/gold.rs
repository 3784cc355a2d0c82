//! `sluice gold`: prints gold tables and views.

use std::collections::BTreeMap;
use std::error;

use clap::Args;
use sluice::warehouse::schema::{FRESHNESS, GoldSchema, PROGRESS, ValueType};
use sluice::warehouse::{Order, Progress, TableRows, Warehouse, WarehouseError};
use thiserror::Error;

use crate::output::gold::{ShownTable, default_order, shown_name};
use crate::output::{Column, FormatArguments, Table, Usage};
use crate::target::{self, AppSettings, SettingsArguments};

/// Print a gold table or view, or list them all
///
/// Without a name: every table with its rows, the version of silver that it equals the aggregate of, and how fresh it
/// is. Averages are in the report view of a table, NAME_report, which is what is printed for a table that has one.
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
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20)]
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
const LISTED: [(&str, ValueType); 5] = [
    ("table", ValueType::Text),
    ("rows", ValueType::Int64),
    ("version", ValueType::Int64),
    ("settled_until", ValueType::Timestamp),
    ("last_run", ValueType::Timestamp),
];

/// Prints.
pub(crate) async fn run(
    arguments: GoldArguments,
) -> Result<bool, Box<dyn error::Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let dataset = target::dataset(&settings)?;
    let schema = GoldSchema::of(&dataset)?;
    let Some(name) = &arguments.name else {
        let warehouse = target::warehouse(&settings, &dataset)?;
        there(warehouse.as_ref(), None).await?;
        let listed = list(warehouse.as_ref()).await?;
        listed.show(arguments.format.format());
        return Ok(true);
    };
    let wanted = shown_name(&schema, name);
    let columns = columns_of(&schema, name, &wanted)?;
    let order = match &arguments.order {
        Some(order) => Some(parse_order(order, &columns)?),
        None => default_order(&dataset, name),
    };
    let warehouse = target::warehouse(&settings, &dataset)?;
    there(warehouse.as_ref(), Some(name)).await?;
    let limit = most_rows(arguments.limit);
    let warehouse = warehouse.as_ref();
    let shown = ShownTable::read(warehouse, &dataset, wanted, order, limit).await?;
    shown.table().show(arguments.format.format());
    Ok(true)
}

/// Fails in words if gold has not run yet, if a table has not been made yet, or if one does not fit the dataset file. A
/// table that is asked for by its name needs no other.
async fn there(warehouse: &dyn Warehouse, wanted: Option<&str>) -> Result<(), WhyNot> {
    let schema = warehouse.schema();
    // A view shows what its table has.
    let table = wanted.map(|name| {
        let mut tables = schema.tables.iter();
        let table = tables.find(|table| table.name == name || table.report == name);
        table.map_or(name, |table| table.name.as_str())
    });
    let missing = match warehouse.missing().await {
        Err(
            WarehouseError::Mismatch { table: other, .. }
            | WarehouseError::Taken { table: other, .. }
            | WarehouseError::ViewTaken { table: other, .. },
        ) if table.is_some_and(|table| table != other) => {
            return Ok(());
        }
        missing => missing?,
    };
    if missing.iter().any(|name| name == PROGRESS) {
        return Err(WhyNot::NotRun);
    }
    let absent = missing
        .into_iter()
        .find(|name| wanted.is_none() || table == Some(name));
    absent.map_or(Ok(()), |name| Err(WhyNot::NotMade(name)))
}

/// Why gold cannot be shown.
#[derive(Debug, Error)]
enum WhyNot {
    #[error(
        "gold has not run yet: it makes its tables when it first runs, some seconds after silver's first rows"
    )]
    NotRun,
    #[error(
        "gold has not made {0} yet: it makes the tables of a changed dataset file when it next runs"
    )]
    NotMade(String),
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

/// Reads every table and ranking with its number of rows, and how far it is.
async fn list(warehouse: &dyn Warehouse) -> Result<Table, WarehouseError> {
    let schema = warehouse.schema();
    let progress = warehouse.progress().await?;
    // Tables of other datasets, and those that the file no longer has, are in the book as well.
    let freshness = warehouse.read_table(FRESHNESS, None, most_rows(0)).await?;
    let mut rows = Vec::new();
    for table in &schema.tables {
        let count = warehouse.count_rows(&table.name).await?;
        rows.push(table_row(&table.name, count, &progress, &freshness));
    }
    for ranking in &schema.rankings {
        let count = warehouse.count_rows(&ranking.name).await?;
        let row = [Some(ranking.name.clone()), Some(count.to_string())];
        rows.push(row.into_iter().chain([None, None, None]).collect());
    }
    let columns = LISTED.map(|(name, kind)| Column::new(name, kind));
    Ok(Table::new("gold", columns.into(), rows))
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
        Some(rows.to_string()),
        version,
        fresh("settled_until"),
        fresh("last_run"),
    ]
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;
    use crate::target::in_memory::Pipeline;

    #[test]
    fn an_order_names_a_column_that_exists() {
        let columns = [("day".to_owned(), ValueType::Date)];
        assert!(parse_order("day", &columns).unwrap().descending);
        assert!(!parse_order("+day", &columns).unwrap().descending);
        let error = parse_order("dai", &columns).unwrap_err();
        assert!(error.0.contains("there are day"), "{error}");
    }

    #[test]
    fn a_table_that_is_not_there_is_wrong_usage_with_those_that_are() {
        let pipeline = Pipeline::new();
        let schema = GoldSchema::of(&pipeline.stores.dataset).unwrap();
        let error = columns_of(&schema, "gold_orders", "gold_orders").unwrap_err();
        for name in [
            "no table or view gold_orders",
            "gold_daily_orders",
            "gold_total_revenue_report",
            "gold_top_customers",
        ] {
            assert!(error.0.contains(name), "{error}");
        }
        assert!(columns_of(&schema, "x", "gold_top_customers").is_ok());
    }

    #[test]
    fn no_limit_is_the_highest_that_a_database_counts_to() {
        assert_eq!(most_rows(7), 7);
        assert_eq!(most_rows(0) as u64, i64::MAX as u64);
    }

    #[tokio::test]
    async fn the_list_has_every_table_with_its_rows_and_its_version() {
        let pipeline = Pipeline::new();
        pipeline.run(0, &[1, 2, 3]).await;
        let head = pipeline.stores.log.head().await.unwrap().unwrap();
        let listed = list(pipeline.warehouse.as_ref()).await.unwrap();
        let lines: Vec<Value> = listed
            .json_rows()
            .map(|row| serde_json::to_value(row).unwrap())
            .collect();
        assert_eq!(lines.len(), 5);
        for line in &lines[..4] {
            assert_eq!(line["rows"], 1);
            assert_eq!(line["version"], head.version.0);
            assert!(line["last_run"].is_string(), "{line}");
        }
        assert_eq!(lines[4]["table"], "gold_top_customers");
        assert_eq!(lines[4]["version"], Value::Null, "a view has no progress");
    }

    #[tokio::test]
    async fn tables_of_another_dataset_take_no_freshness_away() {
        let pipeline = Pipeline::new();
        pipeline.run(0, &[1]).await;
        for other in 0..5 {
            pipeline.change_gold(&format!(
                "INSERT INTO sluice_freshness (gold_table, dataset) VALUES ('a{other}', 'other')"
            ));
        }
        let listed = list(pipeline.warehouse.as_ref()).await.unwrap();
        let lines = listed
            .json_rows()
            .map(|row| serde_json::to_value(row).unwrap());
        for line in lines.take(4) {
            assert!(line["last_run"].is_string(), "{line}");
        }
    }

    #[tokio::test]
    async fn gold_that_is_not_there_or_does_not_fit_says_so_in_words() {
        let pipeline = Pipeline::new();
        let warehouse = pipeline.warehouse.as_ref();
        let why = |error: WhyNot| sluice::error::chain(&error);
        let error = there(warehouse, None).await.unwrap_err();
        assert!(why(error).starts_with("gold has not run yet"));
        pipeline.run(0, &[1]).await;
        assert!(there(warehouse, None).await.is_ok());
        pipeline
            .change_gold("ALTER TABLE gold_total_revenue__1 RENAME COLUMN total_orders TO orders");
        for wanted in [
            None,
            Some("gold_total_revenue"),
            Some("gold_total_revenue_report"),
        ] {
            let error = why(there(warehouse, wanted).await.unwrap_err());
            assert!(
                error.contains("gold table gold_total_revenue does not fit"),
                "{error}"
            );
        }
        assert!(there(warehouse, Some("gold_daily_orders")).await.is_ok());
    }

    #[tokio::test]
    async fn a_table_that_gold_has_yet_to_make_is_named() {
        let pipeline = Pipeline::new();
        pipeline.run(0, &[1]).await;
        pipeline.change_gold("DROP TABLE gold_daily_orders__1");
        let warehouse = pipeline.warehouse.as_ref();
        let error = there(warehouse, Some("gold_daily_orders")).await;
        assert!(
            error
                .unwrap_err()
                .to_string()
                .contains("has not made gold_daily_orders")
        );
        assert!(there(warehouse, Some("gold_total_revenue")).await.is_ok());
    }

    #[test]
    fn a_table_that_has_not_run_has_no_version_and_no_time() {
        let freshness = TableRows {
            columns: vec!["table_name".to_owned()],
            rows: Vec::new(),
        };
        let row = table_row("t", 0, &BTreeMap::new(), &freshness);
        let expected = [Some("t".to_owned()), Some("0".to_owned()), None, None, None];
        assert_eq!(row, expected);
    }
}
