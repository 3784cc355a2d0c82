//! What T-SQL says in its own way; pure text.

use super::ddl;
use super::sql_schema::{SqlSchema, literal, quote};
use crate::warehouse::dialect::{ColumnDefinition, Content, Dialect, Found, ViewDefinition};
use crate::warehouse::schema::ValueType;

/// Orders text by its code units, whatever the database's collation.
const BINARY: &str = "COLLATE Latin1_General_BIN2";
/// A time that is the start of a period holds whole seconds.
const SECONDS: &str = "datetime2(0)";

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
            Content::Sketch => "varbinary(8000)".to_owned(),
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

    fn window_end(&self, start: &str, minutes: i64) -> String {
        format!("DATEADD(minute, {minutes}, {start})")
    }

    fn average(&self, sum: &str, count: &str, scale: u8) -> String {
        format!("CAST(ROUND(CAST({sum} AS float) / NULLIF({count}, 0), {scale}) AS float)")
    }

    fn sum(&self, value: &str, kind: ValueType) -> String {
        match kind {
            // A sum of them is a bigint, which may be too small.
            ValueType::Int64 => format!("SUM(CAST({value} AS decimal(38,0)))"),
            _ => format!("SUM({value})"),
        }
    }

    fn count(&self, value: Option<&str>) -> String {
        format!("COUNT_BIG({})", value.unwrap_or("*"))
    }

    fn grouped(&self, value: &str, kind: ValueType) -> (String, Vec<String>) {
        let exact = self.ordered(value, kind);
        let mut terms = vec![exact.clone()];
        if kind == ValueType::Text {
            terms.push(format!("DATALENGTH({value})"));
        }
        (exact, terms)
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

    fn number(&self, _: &str, _: ValueType) -> Option<String> {
        None
    }

    fn key_text(&self, _: &str) -> Option<String> {
        None
    }

    fn add_column(&self, table: &str, column: &ColumnDefinition) -> String {
        let (table, name, kind) = (self.of(table), quote(&column.name), &column.kind);
        format!("ALTER TABLE {table} ADD {name} {kind} NULL")
    }

    fn create_index(&self, table: &str, column: &str) -> String {
        // Each table has names of its own for its indexes.
        let column = quote(column);
        format!("CREATE INDEX {column} ON {} ({column})", self.of(table))
    }

    fn rename(&self, table: &str, to: &str) -> String {
        format!(
            "EXEC sp_rename @objname = {}, @newname = {}, @objtype = N'OBJECT'",
            literal(&self.of(table)),
            literal(to)
        )
    }

    fn show(&self, view: &ViewDefinition) -> Vec<String> {
        vec![ddl::show_view(self, view)]
    }

    fn drop_view(&self, view: &str) -> String {
        format!("DROP VIEW IF EXISTS {}", self.of(view))
    }

    fn is_made(&self, found: &Found) -> Option<bool> {
        ddl::is_made(found)
    }

    fn is_shown(&self, view: &ViewDefinition, found: &Found) -> bool {
        ddl::is_shown(self, view, found)
    }
}
