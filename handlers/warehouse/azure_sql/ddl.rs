//! Gold's tables and views in T-SQL; pure text.
//!
//! The subset runs on Azure SQL Database, SQL Server and Babelfish alike. Names are in brackets and come from the
//! validated dataset file or the validated name of the schema. Text is `nvarchar(max)`: it is there to be read, and no
//! key or comparison depends on it. Each view carries a mark of its text, so that a changed one is found where the
//! server lets us see its text.

use xxhash_rust::xxh3::xxh3_128;

use crate::warehouse::schema::{
    FRESHNESS, FRESHNESS_COLUMNS, GoldSchema, KEY, PROGRESS, PROGRESS_COLUMNS, RANK, RankingSchema,
    SETTLED, Shown, ShownValue, TableSchema, ValueType,
};

/// How the mark in a view's text begins.
pub(super) const MARK: &str = "/* sluice ";
/// Orders text by its code units, whatever the database's collation.
const BINARY: &str = "COLLATE Latin1_General_BIN2";
/// A time column that holds whole seconds.
const SECONDS: &str = "datetime2(0)";

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
    /// The names of its columns, in order.
    pub(super) columns: Vec<String>,
    /// What tells its text from any other.
    pub(super) mark: String,
    /// The statement that creates it; a batch of its own.
    pub(super) create: String,
}

/// The database schema that gold lives in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(pub(super) String);

impl Place {
    /// Returns the full name of one of its objects.
    pub(super) fn of(&self, name: &str) -> String {
        format!("{}.{}", quote(&self.0), quote(name))
    }
}

impl TableDefinition {
    /// Returns the statement that creates the table.
    pub(super) fn create(&self, place: &Place) -> String {
        create_table(&place.of(&self.name), &self.columns)
    }
}

/// Returns the statement that creates a table of these columns.
pub(super) fn create_table(name: &str, columns: &[ColumnDefinition]) -> String {
    let lines = columns.iter().map(|column| {
        let nulls = if column.required { "NOT NULL" } else { "NULL" };
        format!("    {} {} {nulls}", quote(&column.name), column.kind)
    });
    let key = columns.iter().filter(|column| column.is_key);
    let key: Vec<String> = key.map(|column| quote(&column.name)).collect();
    let key = format!("    PRIMARY KEY ({})", key.join(", "));
    let lines: Vec<String> = lines.chain([key]).collect();
    format!("CREATE TABLE {name} (\n{}\n)", lines.join(",\n"))
}

/// Quotes an identifier.
pub(super) fn quote(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// Quotes text.
pub(super) fn literal(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}

/// Returns the statement that creates the schema where it is missing.
pub(super) fn create_schema(place: &Place) -> String {
    let create = format!("CREATE SCHEMA {}", quote(&place.0));
    format!(
        "IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE LOWER([name]) = LOWER({}))\n    EXEC({})",
        literal(&place.0),
        literal(&create)
    )
}

/// Returns all tables of gold, those that record progress first.
pub(super) fn tables(schema: &GoldSchema) -> Vec<TableDefinition> {
    let mut tables = vec![
        bookkeeping(PROGRESS, &PROGRESS_COLUMNS, true),
        bookkeeping(FRESHNESS, &FRESHNESS_COLUMNS, false),
    ];
    tables.extend(schema.tables.iter().map(|table| TableDefinition {
        name: table.name.clone(),
        columns: columns(table),
    }));
    tables
}

/// Returns all views of gold.
pub(super) fn views(schema: &GoldSchema, place: &Place) -> Vec<ViewDefinition> {
    let view = |name: &str, body: String| {
        let columns = schema.columns_of(name).unwrap_or_default();
        let full = place.of(name);
        let mark = format!("{MARK}{:032x} */", xxh3_128(body.as_bytes()));
        ViewDefinition {
            name: name.to_owned(),
            columns: columns.into_iter().map(|(name, _)| name).collect(),
            create: format!("CREATE VIEW {full} AS\n{mark}\n{body}"),
            mark,
        }
    };
    let reports = schema
        .tables
        .iter()
        .map(|table| (&table.report, report(table, place)));
    let rankings = schema.rankings.iter().filter_map(|ranking| {
        let table = schema.tables.get(ranking.table)?;
        Some((&ranking.name, rank(ranking, table, place)?))
    });
    let all = reports.chain(rankings);
    all.map(|(name, body)| view(name, body)).collect()
}

/// Returns the columns of a gold table.
pub(super) fn columns(table: &TableSchema) -> Vec<ColumnDefinition> {
    let time = table.time().map(|name| ColumnDefinition {
        name: name.to_owned(),
        kind: match table.time_type() {
            ValueType::Timestamp => SECONDS.to_owned(),
            kind => declared_type(kind),
        },
        required: true,
        is_key: true,
    });
    let key = ColumnDefinition {
        name: KEY.to_owned(),
        kind: "binary(16)".to_owned(),
        required: true,
        is_key: true,
    };
    let value = |name: &str, kind, required| ColumnDefinition {
        name: name.to_owned(),
        kind: declared_type(kind),
        required,
        is_key: false,
    };
    let dimensions = table
        .dimensions
        .iter()
        .map(|d| value(&d.name, d.kind, false));
    let measures = table.measures.iter();
    let measures = measures.map(|m| value(&m.name, m.kind, !m.source.is_nullable()));
    let leading = time.into_iter().chain([key]);
    leading.chain(dimensions).chain(measures).collect()
}

fn bookkeeping(name: &str, columns: &[(&str, ValueType)], required: bool) -> TableDefinition {
    let columns = columns.iter().enumerate().map(|(i, (name, kind))| {
        let kind = match (*name, *kind) {
            // Keys have a length, and names in the dataset file have at most 128 characters.
            ("gold_table", _) => "nvarchar(128)".to_owned(),
            (_, ValueType::Text) => "nvarchar(64)".to_owned(),
            ("settled_until", _) => SECONDS.to_owned(),
            (_, kind) => declared_type(kind),
        };
        ColumnDefinition {
            name: (*name).to_owned(),
            kind,
            required: required || i == 0,
            is_key: i == 0,
        }
    });
    TableDefinition {
        name: name.to_owned(),
        columns: columns.collect(),
    }
}

fn declared_type(kind: ValueType) -> String {
    match kind {
        ValueType::Int64 => "bigint".to_owned(),
        ValueType::Double => "float".to_owned(),
        ValueType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        ValueType::Text => "nvarchar(max)".to_owned(),
        ValueType::Bool => "bit".to_owned(),
        ValueType::Timestamp => "datetime2(6)".to_owned(),
        ValueType::Date => "date".to_owned(),
    }
}

fn report(table: &TableSchema, place: &Place) -> String {
    let mut columns = shown_columns(table);
    if let Some(time) = table.time() {
        columns.push(format!(
            "CAST(CASE WHEN CAST(t.{} AS {SECONDS}) < f.[settled_until] THEN 1 ELSE 0 END AS bit) AS {}",
            quote(time),
            quote(SETTLED)
        ));
    }
    format!(
        "SELECT {}\nFROM {} AS t\nLEFT JOIN {} AS f ON f.[gold_table] = {}",
        columns.join(",\n    "),
        place.of(&table.name),
        place.of(FRESHNESS),
        literal(&table.name),
    )
}

fn rank(ranking: &RankingSchema, table: &TableSchema, place: &Place) -> Option<String> {
    let measure = table.shown.get(ranking.order_by)?;
    let kind = match measure.value {
        ShownValue::Stored(index) => table.measures.get(index)?.kind,
        ShownValue::Average { .. } => ValueType::Double,
    };
    let mut terms = order_terms(&shown_value(table, measure), kind, true);
    for dimension in &table.dimensions {
        let name = format!("t.{}", quote(&dimension.name));
        terms.push(match dimension.kind {
            ValueType::Text => format!("{name} {BINARY}"),
            _ => name,
        });
    }
    terms.extend(table.time().map(|name| format!("t.{}", quote(name))));
    terms.push(format!("t.{}", quote(KEY)));
    Some(format!(
        "SELECT TOP ({}) row_number() OVER (ORDER BY {}) AS {},\n    {}\nFROM {} AS t\nORDER BY {}",
        ranking.top,
        terms.join(", "),
        quote(RANK),
        shown_columns(table).join(",\n    "),
        place.of(&table.name),
        quote(RANK),
    ))
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

/// Returns the expression of a measure. An average is a float: the only number of gold that is rounded.
fn shown_value(table: &TableSchema, shown: &Shown) -> String {
    let stored = |index: usize| {
        let measure = table.measures.get(index);
        let name = measure.map_or(shown.name.as_str(), |measure| measure.name.as_str());
        format!("t.{}", quote(name))
    };
    match shown.value {
        ShownValue::Stored(index) => stored(index),
        ShownValue::Average { sum, count, scale } => format!(
            "CAST(ROUND(CAST({} AS float) / NULLIF({}, 0), {scale}) AS float)",
            stored(sum),
            stored(count)
        ),
    }
}

/// Returns the terms that order by a value, nulls last.
pub(super) fn order_terms(value: &str, kind: ValueType, descending: bool) -> Vec<String> {
    let direction = if descending { "DESC" } else { "ASC" };
    let collation = match kind {
        ValueType::Text => format!(" {BINARY}"),
        _ => String::new(),
    };
    vec![
        format!("CASE WHEN {value} IS NULL THEN 1 ELSE 0 END"),
        format!("{value}{collation} {direction}"),
    ]
}

/// Returns the script that creates everything that is missing, for those who deploy by hand. Batches are separated by
/// `GO`; running it again changes nothing but views.
pub(super) fn script(schema: &GoldSchema, place: &Place) -> String {
    let mut batches = vec![create_schema(place)];
    for table in tables(schema) {
        batches.push(format!(
            "IF OBJECT_ID({}, N'U') IS NULL\n{}",
            literal(&place.of(&table.name)),
            table.create(place)
        ));
    }
    for view in views(schema, place) {
        batches.push(drop_view(place, &view.name));
        batches.push(view.create);
    }
    let batches = batches.iter().map(|batch| format!("{batch};\nGO\n"));
    batches.collect::<Vec<String>>().join("\n")
}

/// Returns the statement that removes a view.
pub(super) fn drop_view(place: &Place, name: &str) -> String {
    format!("DROP VIEW IF EXISTS {}", place.of(name))
}
