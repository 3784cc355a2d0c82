//! `sluice gold`: prints gold tables and views.

use std::error::Error;

use clap::Args;
use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use sluice::dataset::{Dataset, GoldTable};
use sluice::warehouse::schema::{FRESHNESS, GoldSchema, ShownValue, ValueType};
use sluice::warehouse::{Order, TableRows, Warehouse};

use crate::settings::{AppSettings, SettingsArguments};
use crate::stores;
use crate::tables;
use crate::text::{print, thousands};
use crate::usage::Usage;

/// Print a gold table or view, or list them all
///
/// Without a name: every table with its rows, the version of silver that it equals the aggregate of, and how fresh it
/// is. Averages are in the report view of a table, NAME_report, which is what is printed for a table that has one.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice gold                                        what there is
  sluice gold gold_daily_orders                      the newest 20 days
  sluice gold gold_top_customers --limit 3
  sluice gold gold_customer_totals --order total_orders
  sluice gold gold_hourly_revenue --order +hour      + is lowest first
  sluice gold gold_daily_orders --limit 0 --json     all rows, a JSON object a line")]
pub(crate) struct GoldArguments {
    /// A table or view of the dataset file
    name: Option<String>,
    /// Most rows to print; 0 is all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
    /// Order by this column, highest first; +COLUMN is lowest first
    #[arg(long, value_name = "COLUMN", requires = "name")]
    order: Option<String>,
    /// Print JSON, an object a line; numbers that are exact decimals are text
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Prints.
pub(crate) async fn run(arguments: GoldArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings)?;
    let dataset = stores::dataset(&settings)?;
    let schema = GoldSchema::of(&dataset)?;
    let Some(name) = &arguments.name else {
        let warehouse = stores::warehouse(&settings, &dataset)?;
        return list(warehouse.as_ref(), arguments.json).await;
    };
    let wanted = shown_name(&schema, name);
    let columns = schema.columns_of(&wanted).ok_or_else(|| {
        Usage(format!(
            "gold has no table or view {name}; there are {}",
            names(&schema).join(", ")
        ))
    })?;
    let order = match &arguments.order {
        Some(order) => Some(parse_order(order, &columns)?),
        None => default_order(&dataset, name),
    };
    let limit = match arguments.limit {
        0 => usize::try_from(i64::MAX).unwrap_or(usize::MAX),
        limit => limit,
    };
    let warehouse = stores::warehouse(&settings, &dataset)?;
    let rows = warehouse.read_table(&wanted, order, limit).await?;
    if arguments.json {
        print_json(&columns, &rows);
        return Ok(true);
    }
    let total = warehouse.count_rows(&wanted).await?;
    print(&tables::render(
        &title(&wanted, total, rows.rows.len()),
        &rows,
    ));
    Ok(true)
}

/// A table's name with its number of rows, such as `gold_daily_orders  1,204 rows, first 20`.
pub(crate) fn title(name: &str, total: u64, shown: usize) -> String {
    let plural = if total == 1 { "" } else { "s" };
    let mut title = format!("{name}  {} row{plural}", thousands(total));
    if total > shown as u64 {
        title.push_str(&format!(", first {}", thousands(shown as u64)));
    }
    title
}

/// The report view for a table with averages, whose own columns are their sums and counts; otherwise the name itself.
pub(crate) fn shown_name(schema: &GoldSchema, name: &str) -> String {
    let table = schema.table(name).map(|(_, table)| table);
    let has_average = |table: &sluice::warehouse::schema::TableSchema| {
        table
            .shown
            .iter()
            .any(|shown| matches!(shown.value, ShownValue::Average { .. }))
    };
    match table.filter(|table| has_average(table)) {
        Some(table) => table.report.clone(),
        None => name.to_owned(),
    }
}

/// The newest rows first; without a time, the rows of the highest first measure. Rankings have an order.
pub(crate) fn default_order(dataset: &Dataset, name: &str) -> Option<Order> {
    let table =
        |table: &&GoldTable| table.table == name || name == format!("{}_report", table.table);
    let table = dataset.gold.iter().find(table)?;
    let first_measure = || table.measures.first().map(|measure| measure.name.clone());
    let time = table.grain.time_column().map(str::to_owned);
    Some(Order {
        column: time.or_else(first_measure)?,
        descending: true,
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

fn names(schema: &GoldSchema) -> Vec<&str> {
    let tables = schema
        .tables
        .iter()
        .flat_map(|t| [t.name.as_str(), t.report.as_str()]);
    tables
        .chain(schema.rankings.iter().map(|r| r.name.as_str()))
        .collect()
}

async fn list(warehouse: &dyn Warehouse, json: bool) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let schema = warehouse.schema();
    let progress = warehouse.progress().await?;
    let freshness = warehouse
        .read_table(FRESHNESS, None, schema.tables.len())
        .await?;
    let fresh = |table: &str, column: &str| {
        let index = freshness.columns.iter().position(|name| name == column)?;
        let mut rows = freshness.rows.iter();
        let row = rows.find(|row| row.first().and_then(Option::as_deref) == Some(table))?;
        row.get(index)?.clone()
    };
    let mut listed = TableRows {
        columns: ["table", "rows", "version", "settled_until", "last_run"]
            .map(str::to_owned)
            .into(),
        rows: Vec::new(),
    };
    for table in &schema.tables {
        let rows = warehouse.count_rows(&table.name).await?;
        let version = progress
            .get(&table.name)
            .map(|progress| progress.version.to_string());
        listed.rows.push(vec![
            Some(table.name.clone()),
            Some(rows.to_string()),
            version,
            fresh(&table.name, "settled_until"),
            fresh(&table.name, "last_run"),
        ]);
    }
    for ranking in &schema.rankings {
        let rows = warehouse.count_rows(&ranking.name).await?;
        listed.rows.push(vec![
            Some(ranking.name.clone()),
            Some(rows.to_string()),
            None,
            None,
            None,
        ]);
    }
    if json {
        let kinds = [
            ValueType::Text,
            ValueType::Int64,
            ValueType::Int64,
            ValueType::Text,
            ValueType::Text,
        ];
        let columns: Vec<_> = listed.columns.iter().cloned().zip(kinds).collect();
        print_json(&columns, &listed);
    } else {
        print(&tables::render("gold", &listed));
    }
    Ok(true)
}

/// A row as a JSON object in the order of its columns: integers, doubles and booleans as such, everything else as text.
pub(crate) struct RowJson<'a> {
    pub(crate) columns: &'a [(String, ValueType)],
    pub(crate) row: &'a [Option<String>],
}

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(
            self.columns
                .iter()
                .zip(self.row)
                .map(|((name, kind), value)| {
                    let value = match (value, kind) {
                        (None, _) => Value::Null,
                        (Some(text), ValueType::Int64) => text
                            .parse::<i64>()
                            .map_or_else(|_| json!(text), Value::from),
                        (Some(text), ValueType::Double) => text
                            .parse::<f64>()
                            .map_or_else(|_| json!(text), Value::from),
                        (Some(text), ValueType::Bool) => json!(text == "true" || text == "1"),
                        (Some(text), _) => json!(text),
                    };
                    (name, value)
                }),
        )
    }
}

fn print_json(columns: &[(String, ValueType)], rows: &TableRows) {
    for row in &rows.rows {
        // Text, numbers and booleans under names of text can always be written.
        print(&serde_json::to_string(&RowJson { columns, row }).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_title_says_how_many_rows_there_are_and_how_many_are_shown() {
        assert_eq!(title("t", 23_570, 10), "t  23,570 rows, first 10");
        assert_eq!(title("t", 1, 1), "t  1 row");
    }

    #[test]
    fn an_order_names_a_column_that_exists() {
        let columns = [("day".to_owned(), ValueType::Date)];
        assert!(parse_order("day", &columns).unwrap().descending);
        assert!(!parse_order("+day", &columns).unwrap().descending);
        assert!(
            parse_order("dai", &columns)
                .unwrap_err()
                .0
                .contains("there are day")
        );
    }

    #[test]
    fn exact_numbers_stay_exact_in_json() {
        let decimal = ValueType::Decimal {
            precision: 38,
            scale: 2,
        };
        let columns = [
            ("z".to_owned(), decimal),
            ("b".to_owned(), ValueType::Int64),
        ];
        let row = [Some("0.10".to_owned()), None];
        let (columns, row) = (&columns[..], &row[..]);
        let text = serde_json::to_string(&RowJson { columns, row }).unwrap();
        assert_eq!(text, r#"{"z":"0.10","b":null}"#);
    }
}
