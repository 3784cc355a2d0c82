//! Which tables, columns and views gold has, and how they are laid out; pure.

use super::definition::{ColumnDefinition, Content, Dialect, TableDefinition, ViewDefinition};
use crate::error::Invariant;
use crate::warehouse::schema::{
    BOOKS, Book, FRESHNESS, GoldSchema, KEY, MeasureColumn, RANK, RankingSchema, SETTLED, Shown,
    ShownValue, TableIndex, TableSchema, ValueType,
};

const RANKED: Invariant = Invariant("a ranking orders by a measure of its table");
/// The columns of books that hold the name of a gold table, of a dataset, or of a table with rows.
const TABLE: &str = "gold_table";
const DATASET: &str = "dataset";
const PHYSICAL: &str = "physical";
/// The column of [`FRESHNESS`] that holds the start of a period.
const SETTLED_UNTIL: &str = "settled_until";
/// The columns of books that hold text of any length.
const LONG: [&str; 3] = ["reason", "text", "rankings"];

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
    let ranking = schema.rankings.iter().find(|ranking| ranking.name == name);
    let ranking = ranking.ok_or(Invariant("only tables and views of gold are described"))?;
    let table = schema.table_at(ranking.table)?;
    let measure = &table.shown.get(ranking.order_by).ok_or(RANKED)?.name;
    let (top, table) = (ranking.top, &table.name);
    Ok(format!(
        "The {top} rows of {table} with the highest {measure}."
    ))
}

/// Returns the loader's own tables.
pub(in crate::warehouse) fn books(dialect: &dyn Dialect) -> Vec<TableDefinition> {
    BOOKS.iter().map(|table| book(dialect, table)).collect()
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

/// Returns the columns of a gold table.
pub(in crate::warehouse) fn columns(
    table: &TableSchema,
    dialect: &dyn Dialect,
) -> Vec<ColumnDefinition> {
    let column = |name: &str, content, required, is_key| ColumnDefinition {
        name: name.to_owned(),
        kind: dialect.declared_type(content),
        required,
        is_key,
    };
    let time = table.time();
    let time = time.map(|name| column(name, Content::Period(table.time_type()), true, true));
    let key = column(KEY, Content::Key, true, true);
    let dimensions = table.dimensions.iter();
    let dimensions = dimensions.map(|d| column(&d.name, Content::Value(d.kind), false, false));
    let measures = table.measures.iter().map(|measure| {
        let required = !measure.source.is_nullable();
        column(&measure.name, Content::Value(measure.kind), required, false)
    });
    let leading = time.into_iter().chain([key]);
    leading.chain(dimensions).chain(measures).collect()
}

fn book(dialect: &dyn Dialect, book: &Book) -> TableDefinition {
    let columns = book.columns.iter().enumerate();
    let columns = columns.map(|(position, (name, kind))| {
        let content = match (*name, *kind) {
            (TABLE | DATASET | PHYSICAL, _) => Content::TableName,
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
        }
    });
    TableDefinition {
        name: book.name.to_owned(),
        columns: columns.collect(),
    }
}

/// Returns the views of a gold table over the table with its rows: its public name, its report and its rankings.
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
    let view = |name: &str, query: String| {
        let columns = schema.columns_of(name);
        let columns = columns.ok_or(Invariant("a view of gold has columns"))?;
        Ok(ViewDefinition {
            name: name.to_owned(),
            physical: physical.to_owned(),
            columns: columns.into_iter().map(|(name, _)| name).collect(),
            query,
        })
    };
    let names: Vec<String> = columns(table, dialect)
        .into_iter()
        .map(|c| c.name)
        .collect();
    let public = ViewDefinition {
        name: table.name.clone(),
        physical: physical.to_owned(),
        query: all_of(physical, &names, dialect),
        columns: names,
    };
    let report = view(&table.report, report(table, physical, dialect)?);
    let rankings = schema.rankings.iter();
    let rankings = rankings.filter(|ranking| ranking.table == index);
    let rankings =
        rankings.map(|ranking| view(&ranking.name, rank(ranking, table, physical, dialect)?));
    [Ok(public), report].into_iter().chain(rankings).collect()
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

fn report(table: &TableSchema, physical: &str, dialect: &dyn Dialect) -> Result<String, Invariant> {
    let settled_until = format!("f.{}", dialect.quote(SETTLED_UNTIL));
    let mut columns = shown_columns(table, dialect)?;
    if let Some(time) = table.time() {
        let period = format!("t.{}", dialect.quote(time));
        columns.push(format!(
            "{} AS {}",
            dialect.is_settled(&period, &settled_until),
            dialect.quote(SETTLED)
        ));
    }
    let mut query = format!(
        "SELECT\n    {}\nFROM {} AS t",
        columns.join(",\n    "),
        dialect.full_name(physical)
    );
    if table.time().is_some() {
        query.push_str(&format!(
            "\nLEFT JOIN {} AS f ON f.{} = {}",
            dialect.full_name(FRESHNESS),
            dialect.quote(TABLE),
            dialect.literal(&table.name)
        ));
    }
    Ok(query)
}

fn rank(
    ranking: &RankingSchema,
    table: &TableSchema,
    physical: &str,
    dialect: &dyn Dialect,
) -> Result<String, Invariant> {
    let measure = table.shown.get(ranking.order_by).ok_or(RANKED)?;
    let kind = match measure.value {
        ShownValue::Stored(index) => stored(table, index)?.kind,
        ShownValue::Average { .. } => ValueType::Double,
    };
    let mut terms = dialect.order_terms(&shown_value(table, measure, dialect)?, kind, true);
    let column = |name: &str| format!("t.{}", dialect.quote(name));
    let dimensions = table.dimensions.iter();
    terms.extend(dimensions.map(|d| dialect.ordered(&column(&d.name), d.kind)));
    terms.extend(table.time().into_iter().chain([KEY]).map(column));
    let (first, end) = dialect.first(ranking.top);
    let rank = dialect.quote(RANK);
    Ok(format!(
        "SELECT{first}\n    row_number() OVER (ORDER BY {}) AS {rank},\n    {}\nFROM {} AS t\nORDER BY {rank}{end}",
        terms.join(", "),
        shown_columns(table, dialect)?.join(",\n    "),
        dialect.full_name(physical),
    ))
}

fn shown_columns(table: &TableSchema, dialect: &dyn Dialect) -> Result<Vec<String>, Invariant> {
    let dimensions = table.dimensions.iter().map(|column| column.name.as_str());
    let plain = table.time().into_iter().chain(dimensions);
    let plain = plain.map(|name| {
        let name = dialect.quote(name);
        Ok(format!("t.{name} AS {name}"))
    });
    let measures = table.shown.iter().map(|shown| {
        let value = shown_value(table, shown, dialect)?;
        Ok(format!("{value} AS {}", dialect.quote(&shown.name)))
    });
    plain.chain(measures).collect()
}

/// Returns the expression of a measure.
fn shown_value(
    table: &TableSchema,
    shown: &Shown,
    dialect: &dyn Dialect,
) -> Result<String, Invariant> {
    let column = |index: usize| {
        let name = &stored(table, index)?.name;
        Ok(format!("t.{}", dialect.quote(name)))
    };
    match shown.value {
        ShownValue::Stored(index) => column(index),
        ShownValue::Average { sum, count, scale } => {
            Ok(dialect.average(&column(sum)?, &column(count)?, scale))
        }
    }
}

fn stored(table: &TableSchema, index: usize) -> Result<&MeasureColumn, Invariant> {
    let measure = table.measures.get(index);
    measure.ok_or(Invariant("a measure that is shown is stored"))
}
