//! Gold's tables and views as every kind of SQL has them; pure.
//!
//! What a kind of SQL says in its own way is its [`Dialect`]; which tables, columns and views there are, how they are
//! laid out and what of a table that is there does not fit is said here, once. Names come from the validated dataset
//! file and are quoted.

use super::schema::{
    FRESHNESS, FRESHNESS_COLUMNS, GoldSchema, KEY, MeasureColumn, PROGRESS, PROGRESS_COLUMNS, RANK,
    RankingSchema, SETTLED, Shown, ShownValue, TableIndex, TableSchema, ValueType,
};
use crate::error::Invariant;

/// The column that names a gold table in [`PROGRESS`] and [`FRESHNESS`].
const TABLE: &str = "gold_table";
const RANKED: Invariant = Invariant("a ranking orders by a measure of its table");
/// The column of [`FRESHNESS`] that holds the start of a period.
const SETTLED_UNTIL: &str = "settled_until";

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    /// The start of a period.
    Period(ValueType),
    /// The hash of the dimension values.
    Key,
    /// The name of a gold table, which has at most 128 characters.
    TableName,
    /// The hash of a definition as text.
    Definition,
    /// Any value of a type.
    Value(ValueType),
}

/// What a kind of SQL says in its own way. Values and columns are given as expressions, names as they are.
pub(super) trait Dialect {
    /// Quotes an identifier.
    fn quote(&self, name: &str) -> String;
    /// Quotes text.
    fn literal(&self, text: &str) -> String;
    /// Returns the full name of a table or view of gold.
    fn full_name(&self, name: &str) -> String;
    /// Returns the declared type of a column.
    fn declared_type(&self, content: Content) -> String;
    /// Returns a flag that tells whether a period starts before the first one that may still change.
    fn is_settled(&self, period: &str, settled_until: &str) -> String;
    /// Returns an average with so many digits after the point, null where nothing was counted: the only number of
    /// gold that is rounded.
    fn average(&self, sum: &str, count: &str, scale: u8) -> String;
    /// Returns a value that orders text by its code units and everything else as it is.
    fn ordered(&self, value: &str, kind: ValueType) -> String;
    /// Returns the terms that order by a value, nulls last.
    fn order_terms(&self, value: &str, kind: ValueType, descending: bool) -> Vec<String>;
    /// Returns what a query says after SELECT and at its end to have the first rows only.
    fn first(&self, rows: u32) -> (String, String);
}

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ColumnDefinition {
    /// Its name.
    pub(super) name: String,
    /// Its declared type.
    pub(super) kind: String,
    /// Whether it refuses nulls.
    pub(super) required: bool,
    /// Whether it is part of the primary key.
    pub(super) is_key: bool,
}

/// A table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TableDefinition {
    /// Its name.
    pub(super) name: String,
    /// Its columns, in order.
    pub(super) columns: Vec<ColumnDefinition>,
}

/// A view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct ViewDefinition {
    /// Its name.
    pub(super) name: String,
    /// The table of gold that it shows.
    pub(super) table: TableIndex,
    /// The names of its columns, in order.
    pub(super) columns: Vec<String>,
    /// The query that it shows.
    pub(super) query: String,
}

impl TableDefinition {
    /// Returns the statement that creates the table in gold.
    pub(super) fn create(&self, dialect: &dyn Dialect) -> String {
        create_table(dialect, &dialect.full_name(&self.name), &self.columns)
    }

    /// Returns what of a table with these columns does not fit; its primary key, types and nulls count, order does not.
    pub(super) fn problems(&self, found: &[ColumnDefinition]) -> Vec<String> {
        let same_name =
            |a: &ColumnDefinition, b: &ColumnDefinition| a.name.eq_ignore_ascii_case(&b.name);
        let mut problems = Vec::new();
        for column in &self.columns {
            let name = &column.name;
            let Some(other) = found.iter().find(|other| same_name(column, other)) else {
                problems.push(format!("column {name} is missing"));
                continue;
            };
            if !other.kind.eq_ignore_ascii_case(&column.kind) {
                let (is, wanted) = (&other.kind, &column.kind);
                problems.push(format!("column {name} is {is}, not {wanted}"));
            } else if other.is_key != column.is_key {
                let is = if column.is_key { "is not" } else { "is" };
                problems.push(format!("column {name} {is} in the primary key"));
            } else if other.required && !column.required {
                problems.push(format!("column {name} refuses nulls"));
            }
        }
        let is_unknown =
            |other: &&ColumnDefinition| !self.columns.iter().any(|c| same_name(c, other));
        let unknown = found.iter().filter(is_unknown);
        problems.extend(unknown.map(|column| format!("column {} is unknown", column.name)));
        problems
    }
}

/// Returns the statement that creates a table of these columns; the name is an expression.
pub(super) fn create_table(
    dialect: &dyn Dialect,
    name: &str,
    columns: &[ColumnDefinition],
) -> String {
    let lines = columns.iter().map(|column| {
        let nulls = if column.required { "NOT NULL" } else { "NULL" };
        format!(
            "    {} {} {nulls}",
            dialect.quote(&column.name),
            column.kind
        )
    });
    let key = columns.iter().filter(|column| column.is_key);
    let key: Vec<String> = key.map(|column| dialect.quote(&column.name)).collect();
    let key = format!("    PRIMARY KEY ({})", key.join(", "));
    let lines: Vec<String> = lines.chain([key]).collect();
    format!("CREATE TABLE {name} (\n{}\n)", lines.join(",\n"))
}

/// Says what a table or view holds, in one line.
///
/// # Errors
/// Fails if gold has no such table or view.
pub(super) fn description(schema: &GoldSchema, name: &str) -> Result<String, Invariant> {
    if name == PROGRESS {
        return Ok("How far each gold table has come: the loader's own book.".to_owned());
    }
    if name == FRESHNESS {
        return Ok("How fresh each gold table is.".to_owned());
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

/// Returns the statements that forget the progress and freshness of a table: one that somebody dropped starts from
/// nothing.
pub(super) fn forget(dialect: &dyn Dialect, table: &str) -> Vec<String> {
    let table_column = dialect.quote(TABLE);
    let delete = |book| {
        let (book, table) = (dialect.full_name(book), dialect.literal(table));
        format!("DELETE FROM {book} WHERE {table_column} = {table}")
    };
    [PROGRESS, FRESHNESS].map(delete).to_vec()
}

/// Returns whether a table records progress or freshness.
pub(super) fn is_book(table: &str) -> bool {
    table == PROGRESS || table == FRESHNESS
}

/// Returns all tables of gold, those that record progress first.
pub(super) fn tables(schema: &GoldSchema, dialect: &dyn Dialect) -> Vec<TableDefinition> {
    let mut tables = vec![
        book(dialect, PROGRESS, &PROGRESS_COLUMNS, true),
        book(dialect, FRESHNESS, &FRESHNESS_COLUMNS, false),
    ];
    tables.extend(schema.tables.iter().map(|table| TableDefinition {
        name: table.name.clone(),
        columns: columns(table, dialect),
    }));
    tables
}

/// Returns the columns of a gold table.
pub(super) fn columns(table: &TableSchema, dialect: &dyn Dialect) -> Vec<ColumnDefinition> {
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

fn book(
    dialect: &dyn Dialect,
    name: &str,
    columns: &[(&str, ValueType)],
    required: bool,
) -> TableDefinition {
    let columns = columns.iter().map(|(name, kind)| {
        let content = match (*name, *kind) {
            (TABLE, _) => Content::TableName,
            (SETTLED_UNTIL, kind) => Content::Period(kind),
            (_, ValueType::Text) => Content::Definition,
            (_, kind) => Content::Value(kind),
        };
        let is_key = *name == TABLE;
        ColumnDefinition {
            name: (*name).to_owned(),
            kind: dialect.declared_type(content),
            required: required || is_key,
            is_key,
        }
    });
    TableDefinition {
        name: name.to_owned(),
        columns: columns.collect(),
    }
}

/// Returns all views of gold.
///
/// # Errors
/// Fails if the schema refers to what it does not have.
pub(super) fn views(
    schema: &GoldSchema,
    dialect: &dyn Dialect,
) -> Result<Vec<ViewDefinition>, Invariant> {
    let view = |name: &str, table, query: String| {
        let columns = schema.columns_of(name);
        let columns = columns.ok_or(Invariant("a view of gold has columns"))?;
        Ok(ViewDefinition {
            name: name.to_owned(),
            table,
            columns: columns.into_iter().map(|(name, _)| name).collect(),
            query,
        })
    };
    let reports = schema.indexed_tables();
    let reports = reports.map(|(index, table)| view(&table.report, index, report(table, dialect)?));
    let rankings = schema.rankings.iter().map(|ranking| {
        let table = schema.table_at(ranking.table)?;
        view(&ranking.name, ranking.table, rank(ranking, table, dialect)?)
    });
    reports.chain(rankings).collect()
}

fn report(table: &TableSchema, dialect: &dyn Dialect) -> Result<String, Invariant> {
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
        dialect.full_name(&table.name)
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
        dialect.full_name(&table.name),
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
