//! Gold tables as people and programs read them: which view stands for a table, in which order its rows are, under which
//! title, and how a row is written as JSON.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use sluice::dataset::{Dataset, GoldTable};
use sluice::warehouse::schema::{GoldSchema, ShownValue, TableSchema, ValueType};
use sluice::warehouse::{Order, TableRows};

use super::numbers::{count, thousands};

/// The first rows of a gold table or view, and how many it has.
#[derive(Clone, Debug)]
pub(crate) struct ShownTable {
    /// The table or view.
    pub(crate) name: String,
    /// How many rows it has.
    pub(crate) total: u64,
    /// The first of them.
    pub(crate) rows: TableRows,
}

impl ShownTable {
    /// Returns its name with its number of rows, such as `gold_daily_orders  1,204 rows, first 20`.
    pub(crate) fn title(&self) -> String {
        let shown = self.rows.rows.len() as u64;
        let mut title = format!("{}  {}", self.name, count(self.total, "row"));
        if self.total > shown {
            title.push_str(&format!(", first {}", thousands(shown)));
        }
        title
    }
}

/// Returns the report view for a table with averages, whose own columns are their sums and counts; otherwise the name
/// itself.
pub(crate) fn shown_name(schema: &GoldSchema, name: &str) -> String {
    let table = schema.table(name).map(|(_, table)| table);
    match table.filter(|table| has_average(table)) {
        Some(table) => table.report.clone(),
        None => name.to_owned(),
    }
}

fn has_average(table: &TableSchema) -> bool {
    table
        .shown
        .iter()
        .any(|shown| matches!(shown.value, ShownValue::Average { .. }))
}

/// Returns the order that shows the newest rows first, or without a time those with the highest first measure. Rankings
/// have an order of their own.
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

/// A row as a JSON object in the order of its columns: integers, doubles and booleans as such, everything else as text.
pub(crate) struct RowJson<'a> {
    pub(crate) columns: &'a [(String, ValueType)],
    pub(crate) row: &'a [Option<String>],
}

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.columns.iter().zip(self.row);
        serializer
            .collect_map(values.map(|((name, kind), value)| (name, json(value.as_deref(), *kind))))
    }
}

fn json(value: Option<&str>, kind: ValueType) -> Value {
    let Some(text) = value else {
        return Value::Null;
    };
    match kind {
        ValueType::Int64 => text
            .parse::<i64>()
            .map_or_else(|_| json!(text), Value::from),
        ValueType::Double => text
            .parse::<f64>()
            .map_or_else(|_| json!(text), Value::from),
        ValueType::Bool => json!(text == "true" || text == "1"),
        ValueType::Decimal { .. } | ValueType::Text | ValueType::Timestamp | ValueType::Date => {
            json!(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    fn orders() -> Dataset {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        Dataset::load(&root.join("datasets/orders-history.toml")).unwrap()
    }

    #[test]
    fn a_title_says_how_many_rows_there_are_and_how_many_are_shown() {
        let shown = |total, rows: usize| ShownTable {
            name: "t".to_owned(),
            total,
            rows: TableRows {
                columns: Vec::new(),
                rows: vec![Vec::new(); rows],
            },
        };
        assert_eq!(shown(23_570, 10).title(), "t  23,570 rows, first 10");
        assert_eq!(shown(1, 1).title(), "t  1 row");
    }

    #[test]
    fn a_table_with_an_average_is_shown_as_its_report() {
        let schema = GoldSchema::of(&orders()).unwrap();
        let name = shown_name(&schema, "gold_total_revenue");
        assert_eq!(name, "gold_total_revenue_report");
        let name = shown_name(&schema, "gold_customer_totals");
        assert_eq!(name, "gold_customer_totals");
        assert_eq!(
            shown_name(&schema, "gold_top_customers"),
            "gold_top_customers"
        );
    }

    #[test]
    fn the_newest_or_else_the_highest_rows_come_first() {
        let dataset = orders();
        let column = |name: &str| {
            let order = default_order(&dataset, name)?;
            assert!(order.descending);
            Some(order.column)
        };
        assert_eq!(column("gold_daily_orders").as_deref(), Some("day"));
        let highest = column("gold_customer_totals");
        assert_eq!(highest.as_deref(), Some("total_orders"));
        let report = column("gold_total_revenue_report");
        assert_eq!(report.as_deref(), Some("total_orders"));
        assert_eq!(column("gold_top_customers"), None, "a ranking");
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

    #[test]
    fn numbers_and_truths_are_such_in_json() {
        for (text, kind, expected) in [
            ("7", ValueType::Int64, json!(7)),
            ("7.5", ValueType::Double, json!(7.5)),
            ("1", ValueType::Bool, json!(true)),
            ("false", ValueType::Bool, json!(false)),
            ("2026-01-01", ValueType::Date, json!("2026-01-01")),
        ] {
            assert_eq!(json(Some(text), kind), expected);
        }
    }
}
