//! Gold's tables and views as SQLite knows them.
//!
//! A decimal is text in a column of a type such as `DECIMAL_TEXT(38,2)`: SQLite keeps text in columns whose type
//! contains TEXT, and would keep a REAL in a column of type DECIMAL. Times are ISO 8601 text in UTC of one width a
//! column, so that they order as text. Views use nothing but SQLite's own functions, so that any tool can read them.

use crate::warehouse::schema::{
    FRESHNESS, FRESHNESS_COLUMNS, GoldSchema, KEY, PROGRESS, PROGRESS_COLUMNS, RANK, RankingSchema,
    SETTLED, Shown, ShownValue, TableSchema, ValueType,
};

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
    /// The statement that creates it.
    pub(super) create: String,
}

impl TableDefinition {
    /// Returns the statement that creates the table.
    pub(super) fn create(&self) -> String {
        let columns = self.columns.iter().map(|column| {
            let constraint = if column.required { " NOT NULL" } else { "" };
            format!("    {} {}{constraint}", quote(&column.name), column.kind)
        });
        let key: Vec<String> = self
            .columns
            .iter()
            .filter(|column| column.is_key)
            .map(|column| quote(&column.name))
            .collect();
        let key = format!("    PRIMARY KEY ({})", key.join(", "));
        let lines: Vec<String> = columns.chain([key]).collect();
        format!(
            "CREATE TABLE {} (\n{}\n)",
            quote(&self.name),
            lines.join(",\n")
        )
    }
}

/// Quotes an identifier.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Quotes text.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// Returns all tables of gold.
pub(super) fn tables(schema: &GoldSchema) -> Vec<TableDefinition> {
    let mut tables = vec![
        bookkeeping(PROGRESS, &PROGRESS_COLUMNS, true),
        bookkeeping(FRESHNESS, &FRESHNESS_COLUMNS, false),
    ];
    tables.extend(schema.tables.iter().map(gold_table));
    tables
}

/// Returns all views of gold.
pub(super) fn views(schema: &GoldSchema) -> Vec<ViewDefinition> {
    let reports = schema.tables.iter().map(report);
    let rankings = schema.rankings.iter().filter_map(|ranking| {
        let table = schema.tables.get(ranking.table)?;
        rank(ranking, table)
    });
    reports.chain(rankings).collect()
}

fn bookkeeping(name: &str, columns: &[(&str, ValueType)], required: bool) -> TableDefinition {
    let columns = columns.iter().enumerate().map(|(i, (name, kind))| {
        let is_key = i == 0;
        column(name, *kind, required || is_key, is_key)
    });
    TableDefinition {
        name: name.to_owned(),
        columns: columns.collect(),
    }
}

fn gold_table(table: &TableSchema) -> TableDefinition {
    let time = table
        .time()
        .map(|name| column(name, table.time_type(), true, true));
    let key = ColumnDefinition {
        name: KEY.to_owned(),
        kind: "BLOB".to_owned(),
        required: true,
        is_key: true,
    };
    let dimensions = table
        .dimensions
        .iter()
        .map(|dimension| column(&dimension.name, dimension.kind, false, false));
    let measures = table.measures.iter().map(|measure| {
        let required = !measure.source.is_nullable();
        column(&measure.name, measure.kind, required, false)
    });
    TableDefinition {
        name: table.name.clone(),
        columns: time
            .into_iter()
            .chain([key])
            .chain(dimensions)
            .chain(measures)
            .collect(),
    }
}

fn column(name: &str, kind: ValueType, required: bool, is_key: bool) -> ColumnDefinition {
    ColumnDefinition {
        name: name.to_owned(),
        kind: declared_type(kind),
        required,
        is_key,
    }
}

fn declared_type(kind: ValueType) -> String {
    match kind {
        ValueType::Int64 => "BIGINT".to_owned(),
        ValueType::Double => "DOUBLE".to_owned(),
        ValueType::Decimal { precision, scale } => format!("DECIMAL_TEXT({precision},{scale})"),
        ValueType::Text => "TEXT".to_owned(),
        ValueType::Bool => "BOOLEAN".to_owned(),
        ValueType::Timestamp => "TIMESTAMP_TEXT".to_owned(),
        ValueType::Date => "DATE_TEXT".to_owned(),
    }
}

fn report(table: &TableSchema) -> ViewDefinition {
    let mut columns = shown_columns(table);
    if let Some(time) = table.time() {
        columns.push(format!(
            "COALESCE(t.{} < f.\"settled_until\", 0) AS {}",
            quote(time),
            quote(SETTLED)
        ));
    }
    let create = format!(
        "CREATE VIEW {} AS\nSELECT {}\nFROM {} AS t\nLEFT JOIN {} AS f ON f.\"gold_table\" = {}",
        quote(&table.report),
        columns.join(",\n    "),
        quote(&table.name),
        quote(FRESHNESS),
        literal(&table.name),
    );
    ViewDefinition {
        name: table.report.clone(),
        create,
    }
}

fn rank(ranking: &RankingSchema, table: &TableSchema) -> Option<ViewDefinition> {
    let measure = table.shown.get(ranking.order_by)?;
    let kind = match measure.value {
        ShownValue::Stored(index) => table.measures.get(index)?.kind,
        ShownValue::Average { .. } => ValueType::Double,
    };
    let mut terms = order_terms(&shown_value(table, measure), kind, true);
    let dimensions = table.dimensions.iter().map(|column| column.name.as_str());
    let ties = dimensions.chain(table.time()).chain([KEY]);
    terms.extend(ties.map(|name| format!("t.{}", quote(name))));

    let create = format!(
        "CREATE VIEW {} AS\nSELECT row_number() OVER (ORDER BY {}) AS {},\n    {}\nFROM {} AS t\nORDER BY 1\nLIMIT {}",
        quote(&ranking.name),
        terms.join(", "),
        quote(RANK),
        shown_columns(table).join(",\n    "),
        quote(&table.name),
        ranking.top,
    );
    Some(ViewDefinition {
        name: ranking.name.clone(),
        create,
    })
}

fn shown_columns(table: &TableSchema) -> Vec<String> {
    let dimensions = table.dimensions.iter().map(|column| column.name.as_str());
    let plain = table.time().into_iter().chain(dimensions);
    let measures = table
        .shown
        .iter()
        .map(|shown| format!("{} AS {}", shown_value(table, shown), quote(&shown.name)));
    plain
        .map(|name| format!("t.{0} AS {0}", quote(name)))
        .chain(measures)
        .collect()
}

/// Returns the expression of a measure. An average is a REAL: the only number of gold that is rounded.
fn shown_value(table: &TableSchema, shown: &Shown) -> String {
    let stored = |index: usize| {
        let measure = table.measures.get(index);
        let name = measure.map_or(shown.name.as_str(), |measure| measure.name.as_str());
        format!("t.{}", quote(name))
    };
    match shown.value {
        ShownValue::Stored(index) => stored(index),
        ShownValue::Average { sum, count, scale } => format!(
            "round(CAST({} AS REAL) / {}, {scale})",
            stored(sum),
            stored(count)
        ),
    }
}

/// Returns the terms that order by a value, nulls last. Decimals of one scale order by sign, then length, then text.
pub(super) fn order_terms(value: &str, kind: ValueType, descending: bool) -> Vec<String> {
    let (forward, backward) = if descending {
        ("DESC", "ASC")
    } else {
        ("ASC", "DESC")
    };
    let nulls_last = format!("{value} IS NULL");
    if !matches!(kind, ValueType::Decimal { .. }) {
        return vec![nulls_last, format!("{value} {forward}")];
    }
    let negative = format!("substr({value}, 1, 1) = '-'");
    vec![
        nulls_last,
        format!("{negative} {backward}"),
        format!("CASE WHEN {negative} THEN -length({value}) ELSE length({value}) END {forward}"),
        format!("CASE WHEN {negative} THEN NULL ELSE {value} END {forward}"),
        format!("CASE WHEN {negative} THEN {value} END {backward}"),
    ]
}
