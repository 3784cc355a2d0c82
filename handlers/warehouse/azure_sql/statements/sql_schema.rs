//! The database schema that gold lives in, and what T-SQL says in its own way there; pure text.

use crate::warehouse::dialect::{Content, Dialect};
use crate::warehouse::schema::ValueType;

/// The schema that gold lives in, unless it is said otherwise.
pub const DEFAULT_SCHEMA: &str = "gold";
/// Orders text by its code units, whatever the database's collation.
const BINARY: &str = "COLLATE Latin1_General_BIN2";
/// A time that is the start of a period holds whole seconds.
const SECONDS: &str = "datetime2(0)";

/// The database schema that gold lives in, and what T-SQL says in its own way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SqlSchema(pub(in crate::warehouse::azure_sql) String);

impl SqlSchema {
    /// Checks the name of the schema, [`DEFAULT_SCHEMA`] if none is given.
    ///
    /// # Errors
    /// Returns what is wrong with the name and what is allowed.
    pub(crate) fn named(name: Option<&str>) -> Result<Self, String> {
        let name = name.unwrap_or(DEFAULT_SCHEMA);
        let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
        if !starts_well || !name.chars().all(is_allowed) || name.len() > 100 {
            return Err(format!(
                "the schema {name:?} is not a name of 1 to 100 letters, digits and _ that starts with a letter"
            ));
        }
        Ok(Self(name.to_owned()))
    }

    /// Returns the full name of one of its objects.
    pub(crate) fn of(&self, name: &str) -> String {
        format!("{}.{}", quote(&self.0), quote(name))
    }
}

impl Dialect for SqlSchema {
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
pub(crate) fn quote(name: &str) -> String {
    format!("[{}]", name.replace(']', "]]"))
}

/// Quotes text.
pub(crate) fn literal(text: &str) -> String {
    format!("N'{}'", text.replace('\'', "''"))
}
