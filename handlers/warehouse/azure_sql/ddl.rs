//! How T-SQL says gold's tables and views.
//!
//! The subset runs on Azure SQL Database, SQL Server and Babelfish alike. Names are in brackets. Text is
//! `nvarchar(max)`: it is there to be read, and no key or comparison depends on it. Each view carries a mark of its
//! text, so that a changed one is found where the server lets us see its text.

use xxhash_rust::xxh3::xxh3_128;

use crate::warehouse::ddl;
use crate::warehouse::ddl::{Content, Dialect, ViewDefinition};
use crate::warehouse::schema::{GoldSchema, ValueType};

/// How the mark in a view's text begins.
pub(super) const MARK: &str = "/* sluice ";
/// Orders text by its code units, whatever the database's collation.
const BINARY: &str = "COLLATE Latin1_General_BIN2";
/// A time that is the start of a period holds whole seconds.
const SECONDS: &str = "datetime2(0)";

/// The database schema that gold lives in, and what T-SQL says in its own way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place(pub(super) String);

impl Place {
    /// Returns the full name of one of its objects.
    pub(super) fn of(&self, name: &str) -> String {
        format!("{}.{}", quote(&self.0), quote(name))
    }
}

impl Dialect for Place {
    fn quote(&self, name: &str) -> String {
        quote(name)
    }

    fn literal(&self, text: &str) -> String {
        literal(text)
    }

    fn full_name(&self, name: &str) -> String {
        self.of(name)
    }

    fn declared_type(&self, content: Content) -> String {
        match content {
            Content::Key => "binary(16)".to_owned(),
            // Keys have a length.
            Content::TableName => "nvarchar(128)".to_owned(),
            Content::Definition => "nvarchar(64)".to_owned(),
            Content::Period(ValueType::Timestamp) => SECONDS.to_owned(),
            Content::Period(kind) | Content::Value(kind) => match kind {
                ValueType::Int64 => "bigint".to_owned(),
                ValueType::Double => "float".to_owned(),
                ValueType::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
                ValueType::Text => "nvarchar(max)".to_owned(),
                ValueType::Bool => "bit".to_owned(),
                ValueType::Timestamp => "datetime2(6)".to_owned(),
                ValueType::Date => "date".to_owned(),
            },
        }
    }

    fn is_settled(&self, period: &str, settled_until: &str) -> String {
        format!(
            "CAST(CASE WHEN CAST({period} AS {SECONDS}) < {settled_until} THEN 1 ELSE 0 END AS bit)"
        )
    }

    fn average(&self, sum: &str, count: &str, scale: u8) -> String {
        format!("CAST(ROUND(CAST({sum} AS float) / NULLIF({count}, 0), {scale}) AS float)")
    }

    fn ordered(&self, value: &str, kind: ValueType) -> String {
        match kind {
            ValueType::Text => format!("{value} {BINARY}"),
            _ => value.to_owned(),
        }
    }

    fn order_terms(&self, value: &str, kind: ValueType, descending: bool) -> Vec<String> {
        let direction = if descending { "DESC" } else { "ASC" };
        vec![
            format!("CASE WHEN {value} IS NULL THEN 1 ELSE 0 END"),
            format!("{} {direction}", self.ordered(value, kind)),
        ]
    }

    fn first(&self, rows: u32) -> (String, String) {
        (format!(" TOP ({rows})"), String::new())
    }
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

/// Returns what tells a view's text from any other.
pub(super) fn mark(view: &ViewDefinition) -> String {
    format!("{MARK}{:032x} */", xxh3_128(view.query.as_bytes()))
}

/// Returns the statement that creates a view; a batch of its own.
pub(super) fn create_view(place: &Place, view: &ViewDefinition) -> String {
    let (name, mark) = (place.of(&view.name), mark(view));
    format!("CREATE VIEW {name} AS\n{mark}\n{}", view.query)
}

/// Returns the statement that removes a view.
pub(super) fn drop_view(place: &Place, name: &str) -> String {
    format!("DROP VIEW IF EXISTS {}", place.of(name))
}

/// Returns the script that creates everything that is missing, for those who deploy by hand. Batches are separated by
/// `GO`; running it again changes nothing but views.
pub(super) fn script(schema: &GoldSchema, place: &Place) -> String {
    let about = |name: &str| format!("-- {}", ddl::description(schema, name));
    let mut batches = vec![create_schema(place)];
    for table in ddl::tables(schema, place) {
        batches.push(format!(
            "{}\nIF OBJECT_ID({}, N'U') IS NULL\n{}",
            about(&table.name),
            literal(&place.of(&table.name)),
            table.create(place)
        ));
    }
    for view in ddl::views(schema, place) {
        let (about, drop) = (about(&view.name), drop_view(place, &view.name));
        batches.push(format!("{about}\n{drop}"));
        batches.push(create_view(place, &view));
    }
    let batches = batches.iter().map(|batch| format!("{batch};\nGO\n"));
    batches.collect::<Vec<String>>().join("\n")
}
