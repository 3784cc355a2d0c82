//! Gold tables as people read them: which view stands for a table, in which order its rows are, and under which title.

use sluice::dataset::{Dataset, GoldTable};
use sluice::warehouse::schema::{GoldSchema, ShownValue, TableSchema, ValueType};
use sluice::warehouse::{Order, TableRows, Warehouse, WarehouseError};

use super::numbers::{count, thousands};
use super::table::{Column, Table};

/// The first rows of a gold table or view, and how many it has.
#[derive(Clone, Debug)]
pub(crate) struct ShownTable {
    /// The table or view.
    pub(crate) name: String,
    /// How many rows it has.
    pub(crate) total: u64,
    /// Its columns.
    pub(crate) columns: Vec<Column>,
    /// The first of its rows.
    pub(crate) rows: TableRows,
}

impl ShownTable {
    /// Reads the first `limit` rows of a table or view, with those of its columns that are there: one that shows an earlier
    /// definition lacks what is new. An order by what is not there is one by the first column that is.
    ///
    /// # Errors
    /// Fails if gold has no such table or view, or if the database fails.
    pub(crate) async fn read(
        warehouse: &dyn Warehouse,
        dataset: &Dataset,
        name: String,
        order: Option<Order>,
        limit: usize,
    ) -> Result<Self, WarehouseError> {
        let there = warehouse.columns(&name).await?;
        let unnamed = match order == default_order(dataset, &name) {
            true => unnamed(dataset, &name),
            false => Vec::new(),
        };
        let order = order.map(|order| ordered_by(order, &there));
        // One more, for one may go to the end.
        let most = limit.saturating_add(usize::from(!unnamed.is_empty()));
        let mut rows = warehouse.read_table(&name, order, most).await?;
        unnamed_last(&mut rows, &unnamed);
        rows.rows.truncate(limit);
        Ok(Self {
            total: warehouse.count_rows(&name).await?,
            columns: columns(dataset, there.iter()),
            rows,
            name,
        })
    }

    /// Makes one of `total` rows, of which one is shown.
    #[cfg(test)]
    pub(crate) fn of_row(
        name: &str,
        columns: &[(&str, ValueType)],
        row: &[&str],
        total: u64,
    ) -> Self {
        let columns = columns.iter();
        Self {
            name: name.to_owned(),
            total,
            rows: TableRows {
                columns: columns
                    .clone()
                    .map(|(name, _)| (*name).to_owned())
                    .collect(),
                rows: vec![row.iter().map(|cell| Some((*cell).to_owned())).collect()],
            },
            columns: columns
                .map(|(name, kind)| Column::new(name, *kind))
                .collect(),
        }
    }

    /// Returns its name with its number of rows, such as `gold_daily_orders  1,204 rows, first 20`.
    pub(crate) fn title(&self) -> String {
        let shown = self.rows.rows.len() as u64;
        let mut title = format!("{}  {}", self.name, count(self.total, "row"));
        if self.total > shown {
            title.push_str(&format!(", first {}", thousands(shown)));
        }
        title
    }

    /// Returns it as a table with its title.
    pub(crate) fn table(&self) -> Table {
        Table::new(&self.title(), self.columns.clone(), self.rows.rows.clone())
    }
}

/// Returns the columns that name the groups of a table whose rows are in the order of a measure; none of others.
fn unnamed<'d>(dataset: &'d Dataset, name: &str) -> Vec<&'d str> {
    let mut tables = dataset.gold.iter();
    let table =
        tables.find(|table| table.table == name || name == format!("{}_report", table.table));
    let table = table.filter(|table| table.grain.time_column().is_none());
    let by = table.map_or(&[][..], |table| &table.by);
    let columns = by.iter().filter_map(|index| dataset.column(*index).ok());
    columns.map(|column| column.name.as_str()).collect()
}

/// Moves the group of which every column of its name is null to the end: it is what has none, and no highest one.
fn unnamed_last(rows: &mut TableRows, names: &[&str]) {
    let columns = rows.columns.iter().enumerate();
    let places = columns.filter(|(_, name)| names.contains(&name.as_str()));
    let places: Vec<usize> = places.map(|(place, _)| place).collect();
    if places.is_empty() {
        return;
    }
    let is_unnamed = |row: &Vec<Option<String>>| {
        let mut cells = places.iter().map(|place| row.get(*place));
        cells.all(|cell| cell.is_some_and(Option::is_none))
    };
    // Of those that are equal, the order stays.
    rows.rows.sort_by_key(is_unnamed);
}

/// Returns the order, or where its column is not there the one by the first that is.
fn ordered_by(order: Order, there: &[(String, ValueType)]) -> Order {
    let is_there = there.iter().any(|(name, _)| *name == order.column);
    match there.first().filter(|_| !is_there) {
        Some((first, _)) => Order {
            column: first.clone(),
            descending: false,
        },
        None => order,
    }
}

/// Returns the columns of a table or view; numbers of a dimension are names.
fn columns<'a>(
    dataset: &Dataset,
    types: impl Iterator<Item = &'a (String, ValueType)>,
) -> Vec<Column> {
    let is_dimension = |name: &str| {
        let mut columns = dataset.columns.iter();
        let mut measures = dataset.gold.iter().flat_map(|table| &table.measures);
        columns.any(|column| column.name == name) && !measures.any(|measure| measure.name == name)
    };
    let columns = types.map(|(name, kind)| match is_dimension(name) {
        true => Column::new(name, *kind).identifier(),
        false => Column::new(name, *kind),
    });
    columns.collect()
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
    if let Some(summary) = dataset
        .summaries
        .iter()
        .find(|summary| summary.view == name)
    {
        let first = summary.measures.first();
        return first.map(|measure| Order {
            column: measure.name.clone(),
            descending: true,
        });
    }
    let table = dataset.gold.iter().find(table)?;
    let first_measure = || table.measures.first().map(|measure| measure.name.clone());
    let time = table.grain.time_column().map(str::to_owned);
    Some(Order {
        column: time.or_else(first_measure)?,
        descending: true,
    })
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
            columns: Vec::new(),
            rows: TableRows {
                columns: Vec::new(),
                rows: vec![Vec::new(); rows],
            },
        };
        assert_eq!(shown(23_570, 10).title(), "t  23,570 rows, first 10");
        assert_eq!(shown(1, 1).title(), "t  1 row");
    }

    #[test]
    fn the_group_without_a_name_comes_last_where_the_highest_come_first() {
        let dataset = orders();
        assert_eq!(unnamed(&dataset, "gold_customer_totals"), ["customer_id"]);
        assert!(unnamed(&dataset, "gold_daily_orders").is_empty(), "by time");
        assert!(unnamed(&dataset, "gold_total_revenue_report").is_empty());
        let cell = |text: &str| Some(text.to_owned());
        let mut rows = TableRows {
            columns: vec!["customer_id".to_owned(), "total_orders".to_owned()],
            rows: vec![
                vec![None, cell("9")],
                vec![cell("b"), cell("8")],
                vec![cell("a"), None],
            ],
        };
        unnamed_last(&mut rows, &["customer_id"]);
        let names = rows.rows.iter().map(|row| row[0].as_deref());
        assert_eq!(names.collect::<Vec<_>>(), [Some("b"), Some("a"), None]);
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
}
