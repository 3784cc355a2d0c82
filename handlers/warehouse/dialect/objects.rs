//! Which tables, columns and views gold has, and how they are laid out; pure.

use super::columns::{Columns, shown_value};
use super::definition::{ColumnDefinition, Content, Dialect, TableDefinition, ViewDefinition};
use super::summaries;
use crate::error::Invariant;
use crate::warehouse::schema::{
    BALANCE, BOOKS, Book, FRESHNESS, GoldSchema, Holds, KEY, MeasureColumn, RANK, SETTLED, Shows,
    TableIndex, TableSchema, ValueType,
};

const RANKED: Invariant = Invariant("a ranking orders by a measure of its table");
/// The columns of books that hold the name of a gold table, of a dataset, or of a table with rows.
const TABLE: &str = "gold_table";
const DATASET: &str = "dataset";
const PHYSICAL: &str = "physical";
const TARGET: &str = "target";
/// The column of [`FRESHNESS`] that holds the start of a period.
const SETTLED_UNTIL: &str = "settled_until";
/// The columns of books that hold text of any length.
const LONG: [&str; 5] = ["reason", "text", "rankings", "fields", "error"];

/// Says what a table or view holds, in one line.
///
/// # Errors
/// Fails if gold has no such table or view.
pub(in crate::warehouse) fn description(
    schema: &GoldSchema,
    name: &str,
) -> Result<String, Invariant> {
    if let Some(book) = BOOKS.iter().find(|book| book.name == name) {
        return Ok(book.about.to_owned());
    }
    if name == BALANCE {
        return Ok(
            "What silver counts, and what each gold table has taken in: nothing is missing where is_balanced is 1."
                .to_owned(),
        );
    }
    if let Some((_, table)) = schema.table(name) {
        let dimensions = table.dimensions.iter().map(|column| column.name.as_str());
        let group: Vec<&str> = table.time().into_iter().chain(dimensions).collect();
        return Ok(match group.is_empty() {
            true => "One row for all time.".to_owned(),
            false => format!("A row for each {}.", group.join(" and ")),
        });
    }
    if let Some(table) = schema.tables.iter().find(|table| table.report == name) {
        let settled = match table.time() {
            Some(_) => ", and whether the period is complete",
            None => "",
        };
        return Ok(format!(
            "{} as reports show it: averages computed{settled}.",
            table.name
        ));
    }
    let view = schema.view(name);
    let view = view.ok_or(Invariant("only tables and views of gold are described"))?;
    let table = schema.table_at(view.table)?;
    Ok(match &view.shows {
        Shows::Ranking { order_by, top } => {
            let measure = &table.shown.get(*order_by).ok_or(RANKED)?.name;
            format!(
                "The {top} rows of {} with the highest {measure}.",
                table.name
            )
        }
        Shows::Summary { by, .. } => {
            let by: Vec<&str> = by.iter().map(|(name, _)| name.as_str()).collect();
            match by.is_empty() {
                true => format!("All rows of {} added up.", table.name),
                false => format!(
                    "The rows of {} added up by {}.",
                    table.name,
                    by.join(" and ")
                ),
            }
        }
    })
}

/// Returns the loader's own tables.
pub(in crate::warehouse) fn books(
    schema: &GoldSchema,
    dialect: &dyn Dialect,
) -> Vec<TableDefinition> {
    schema.books().map(|table| book(dialect, table)).collect()
}

/// Returns a table with the rows of a gold table.
pub(in crate::warehouse) fn table(
    table: &TableSchema,
    physical: &str,
    dialect: &dyn Dialect,
) -> TableDefinition {
    TableDefinition {
        name: physical.to_owned(),
        columns: columns(table, dialect),
    }
}

/// Returns the columns of a table with the rows of a gold table, those that no view shows included.
pub(in crate::warehouse) fn columns(
    table: &TableSchema,
    dialect: &dyn Dialect,
) -> Vec<ColumnDefinition> {
    let column = |name: &str, content, required, is_key| ColumnDefinition {
        name: name.to_owned(),
        kind: dialect.declared_type(content),
        required,
        is_key,
        is_indexed: table.searched.contains(name),
    };
    let time = table.time();
    let time = time.map(|name| column(name, Content::Period(table.time_type()), true, true));
    let key = column(KEY, Content::Key, true, true);
    let dimensions = table.dimensions.iter();
    let dimensions = dimensions.map(|d| column(&d.name, Content::Value(d.kind), false, false));
    let measures = table.measures.iter().flat_map(MeasureColumn::columns);
    let measures = measures.map(|stored| {
        let content = match stored.holds {
            Holds::Value(kind) => Content::Value(kind),
            Holds::EventTime => Content::Value(ValueType::Timestamp),
            Holds::RowHash => Content::Key,
            Holds::Sketch => Content::Sketch,
        };
        column(&stored.name, content, !stored.is_nullable, false)
    });
    let leading = time.into_iter().chain([key]);
    leading.chain(dimensions).chain(measures).collect()
}

fn book(dialect: &dyn Dialect, book: &Book) -> TableDefinition {
    let columns = book.columns.iter().enumerate();
    let columns = columns.map(|(position, (name, kind))| {
        let content = match (*name, *kind) {
            (TABLE | DATASET | PHYSICAL | TARGET, _) => Content::TableName,
            (SETTLED_UNTIL, kind) => Content::Period(kind),
            (name, kind) if LONG.contains(&name) => Content::Value(kind),
            (_, ValueType::Text) => Content::Definition,
            (_, kind) => Content::Value(kind),
        };
        ColumnDefinition {
            name: (*name).to_owned(),
            kind: dialect.declared_type(content),
            required: position < book.required,
            is_key: position < book.key,
            is_indexed: false,
        }
    });
    TableDefinition {
        name: book.name.to_owned(),
        columns: columns.collect(),
    }
}

/// Returns the views of a gold table over the table with its rows: its public name, its report and the others.
///
/// # Errors
/// Fails if the schema refers to what it does not have.
pub(in crate::warehouse) fn views(
    schema: &GoldSchema,
    index: TableIndex,
    physical: &str,
    dialect: &dyn Dialect,
) -> Result<Vec<ViewDefinition>, Invariant> {
    let table = schema.table_at(index)?;
    let public = public(table, physical, dialect);
    let report = report(table, physical, dialect)?;
    let views = schema.views_at(index).map(|view| match &view.shows {
        Shows::Ranking { order_by, top } => {
            let ranking = (view.name.as_str(), *order_by, *top);
            rank(ranking, table, physical, dialect)
        }
        Shows::Summary { by, measures } => {
            let columns = (by.as_slice(), measures.as_slice());
            Ok(summaries::view(
                (&view.name, physical),
                table,
                columns,
                dialect,
            ))
        }
    });
    [Ok(public), Ok(report)].into_iter().chain(views).collect()
}

/// Returns the view that shows a table under its public name.
fn public(table: &TableSchema, physical: &str, dialect: &dyn Dialect) -> ViewDefinition {
    let mut columns = Columns::new(table, dialect);
    if let Some(time) = table.time() {
        columns.own(time, table.time_type());
    }
    columns.key();
    for dimension in &table.dimensions {
        columns.own(&dimension.name, dimension.kind);
    }
    for measure in &table.measures {
        columns.own(&measure.name, measure.kind);
    }
    columns.view(&table.name, physical, ("", ""))
}

/// Returns the query that shows a table as it is.
pub(super) fn all_of(physical: &str, columns: &[String], dialect: &dyn Dialect) -> String {
    let columns = columns.iter().map(|name| {
        let name = dialect.quote(name);
        format!("t.{name} AS {name}")
    });
    let columns: Vec<String> = columns.collect();
    format!(
        "SELECT\n    {}\nFROM {} AS t",
        columns.join(",\n    "),
        dialect.full_name(physical)
    )
}

fn report(
    table: &TableSchema,
    physical: &str,
    dialect: &dyn Dialect,
) -> Result<ViewDefinition, Invariant> {
    let mut columns = Columns::new(table, dialect);
    if let Some(time) = table.time() {
        columns.own(time, table.time_type());
        columns.window_end(time);
    }
    for dimension in &table.dimensions {
        columns.own(&dimension.name, dimension.kind);
    }
    columns.measures()?;
    columns.parts()?;
    let Some(time) = table.time() else {
        return Ok(columns.view(&table.report, physical, ("", "")));
    };
    let settled_until = format!("f.{}", dialect.quote(SETTLED_UNTIL));
    let settled = dialect.is_settled(&columns.of_table(time), &settled_until);
    columns.first.push((SETTLED.to_owned(), settled));
    let join = format!(
        "\nLEFT JOIN {} AS f ON f.{} = {}",
        dialect.full_name(FRESHNESS),
        dialect.quote(TABLE),
        dialect.literal(&table.name)
    );
    Ok(columns.view(&table.report, physical, ("", &join)))
}

fn rank(
    (name, order_by, top): (&str, usize, u32),
    table: &TableSchema,
    physical: &str,
    dialect: &dyn Dialect,
) -> Result<ViewDefinition, Invariant> {
    let measure = table.shown.get(order_by).ok_or(RANKED)?;
    let mut columns = Columns::new(table, dialect);
    let mut terms = dialect.order_terms(&shown_value(table, measure, dialect)?, measure.kind, true);
    let dimensions = table.dimensions.iter();
    terms.extend(dimensions.map(|d| dialect.ordered(&columns.of_table(&d.name), d.kind)));
    let last = table.time().into_iter().chain([KEY]);
    terms.extend(last.map(|name| columns.of_table(name)));
    let number = format!("row_number() OVER (ORDER BY {})", terms.join(", "));
    columns.first.push((RANK.to_owned(), number));
    for (name, kind) in table.leading_columns() {
        columns.own(&name, kind);
    }
    columns.measures()?;
    // What nothing is known of is no contender.
    let named = table.dimensions.iter();
    let named = named.map(|d| format!("{} IS NOT NULL", columns.of_table(&d.name)));
    let named: Vec<String> = named.collect();
    let named = match named.is_empty() {
        true => String::new(),
        false => format!("\nWHERE {}", named.join(" OR ")),
    };
    let (first, end) = dialect.first(top);
    let end = format!("{named}\nORDER BY {}{end}", dialect.quote(RANK));
    Ok(columns.view(name, physical, (&first, &end)))
}
