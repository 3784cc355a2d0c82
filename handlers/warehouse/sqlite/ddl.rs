//! How SQLite says gold's tables and views.
//!
//! A decimal is text in a column of a type such as `DECIMAL_TEXT(38,2)`: SQLite keeps text in columns whose type
//! contains TEXT, and would keep a REAL in a column of type DECIMAL. Times are ISO 8601 text in UTC of one width a
//! column, so that they order as text. Views use nothing but SQLite's own functions, so that any tool can read them.
//!
//! Views show a decimal twice: as a number, which orders and adds up in any client and has the 15 digits of a REAL, and
//! beside it, under [`TableSchema::exact`](crate::warehouse::schema::TableSchema::exact), as the text that has all of
//! them. A summary shows a decimal as a number alone: SQLite has no function of its own that adds the exact ones up. A
//! key is hexadecimal text.

use crate::warehouse::dialect::{ColumnDefinition, Content, Dialect, Found, ViewDefinition};
use crate::warehouse::schema::ValueType;

/// What SQLite says in its own way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sqlite;

impl Dialect for Sqlite {
    fn quote(&self, name: &str) -> String {
        quote(name)
    }

    fn literal(&self, text: &str) -> String {
        format!("'{}'", text.replace('\'', "''"))
    }

    fn full_name(&self, name: &str) -> String {
        quote(name)
    }

    fn declared_type(&self, content: Content) -> String {
        match content {
            Content::Key | Content::Sketch => "BLOB".to_owned(),
            Content::TableName | Content::Definition => "TEXT".to_owned(),
            Content::Period(kind) | Content::Value(kind) => match kind {
                ValueType::Int64 => "BIGINT".to_owned(),
                ValueType::Double => "DOUBLE".to_owned(),
                ValueType::Decimal { precision, scale } => {
                    format!("DECIMAL_TEXT({precision},{scale})")
                }
                ValueType::Text => "TEXT".to_owned(),
                ValueType::Bool => "BOOLEAN".to_owned(),
                ValueType::Timestamp => "TIMESTAMP_TEXT".to_owned(),
                ValueType::Date => "DATE_TEXT".to_owned(),
            },
        }
    }

    fn is_settled(&self, period: &str, settled_until: &str) -> String {
        format!("COALESCE({period} < {settled_until}, 0)")
    }

    fn window_end(&self, start: &str, minutes: i64) -> String {
        format!("strftime('%Y-%m-%dT%H:%M:%SZ', {start}, '+{minutes} minutes')")
    }

    fn average(&self, sum: &str, count: &str, scale: u8) -> String {
        format!("round(CAST({sum} AS REAL) / {count}, {scale})")
    }

    fn sum(&self, value: &str, kind: ValueType) -> String {
        match kind {
            // Of REALs, which lose nothing that the 15 digits of the sum would show.
            ValueType::Decimal { scale: 0, .. } => {
                format!("CAST(sum(CAST({value} AS REAL)) AS NUMERIC)")
            }
            ValueType::Decimal { scale, .. } => {
                format!("round(sum(CAST({value} AS REAL)), {scale})")
            }
            _ => format!("sum({value})"),
        }
    }

    fn count(&self, value: Option<&str>) -> String {
        format!("count({})", value.unwrap_or("*"))
    }

    fn grouped(&self, value: &str, _: ValueType) -> (String, Vec<String>) {
        (value.to_owned(), vec![value.to_owned()])
    }

    fn ordered(&self, value: &str, _: ValueType) -> String {
        value.to_owned()
    }

    fn order_terms(&self, value: &str, kind: ValueType, descending: bool) -> Vec<String> {
        order_terms(value, kind, descending)
    }

    fn first(&self, rows: u32) -> (String, String) {
        (String::new(), format!("\nLIMIT {rows}"))
    }

    fn number(&self, value: &str, kind: ValueType) -> Option<String> {
        let ValueType::Decimal { scale, .. } = kind else {
            return None;
        };
        // NUMERIC makes an integer of what is whole, and integers divide without a rest: right for whole numbers only,
        // of which those beyond 64 bits become REAL.
        let kind = if scale == 0 { "NUMERIC" } else { "REAL" };
        Some(format!("CAST({value} AS {kind})"))
    }

    fn key_text(&self, key: &str) -> Option<String> {
        Some(format!("lower(hex({key}))"))
    }

    fn add_column(&self, table: &str, column: &ColumnDefinition) -> String {
        let (name, kind) = (quote(&column.name), &column.kind);
        format!("ALTER TABLE {} ADD COLUMN {name} {kind}", quote(table))
    }

    fn create_index(&self, table: &str, column: &str) -> String {
        // Indexes and tables have their names in common.
        let name = quote(&format!("{table}.{column}"));
        format!(
            "CREATE INDEX {name} ON {} ({})",
            quote(table),
            quote(column)
        )
    }

    fn rename(&self, table: &str, to: &str) -> String {
        // The views that name it go on to name what then has its name: a view of it.
        format!(
            "PRAGMA legacy_alter_table = ON;\nALTER TABLE {} RENAME TO {};\nPRAGMA legacy_alter_table = OFF",
            quote(table),
            quote(to)
        )
    }

    fn show(&self, view: &ViewDefinition) -> Vec<String> {
        vec![self.drop_view(&view.name), create_view(view)]
    }

    fn drop_view(&self, view: &str) -> String {
        format!("DROP VIEW IF EXISTS {}", quote(view))
    }

    fn is_made(&self, _: &Found) -> Option<bool> {
        // Its views are read by people and have no mark; the books tell.
        None
    }

    fn is_shown(&self, view: &ViewDefinition, found: &Found) -> bool {
        found.text.as_ref() == Some(&create_view(view))
    }
}

/// Quotes an identifier.
pub(super) fn quote(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// Returns the statement that creates a view.
pub(super) fn create_view(view: &ViewDefinition) -> String {
    format!("CREATE VIEW {} AS\n{}", quote(&view.name), view.query)
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
