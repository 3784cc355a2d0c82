//! A table for programs: JSON, an object a line, and CSV; pure.

use serde::{Serialize, Serializer};
use serde_json::{Value, json};
use sluice::warehouse::schema::ValueType;

use super::column::Column;

/// Returns a JSON object for each row, a line each.
pub(super) fn json_lines(columns: &[Column], rows: &[Vec<Option<String>>]) -> String {
    let lines = json_rows(columns, rows).map(|row| row.to_string());
    lines.collect::<Vec<_>>().join("\n")
}

/// Returns the rows as JSON.
pub(super) fn json_rows<'a>(
    columns: &'a [Column],
    rows: &'a [Vec<Option<String>>],
) -> impl Iterator<Item = RowJson<'a>> {
    rows.iter().map(|row| RowJson { columns, row })
}

/// Returns the names, and a line for each row; a null is an empty field.
pub(super) fn csv(columns: &[Column], rows: &[Vec<Option<String>>]) -> String {
    let mut lines = vec![csv_line(columns.iter().map(|column| column.name.as_str()))];
    let cells =
        |row: &Vec<Option<String>>| csv_line(row.iter().map(|v| v.as_deref().unwrap_or("")));
    lines.extend(rows.iter().map(cells));
    lines.join("\n")
}

/// Writes a line of CSV.
pub(crate) fn csv_line<'a>(cells: impl Iterator<Item = &'a str>) -> String {
    let cells = cells.map(|cell| match cell.contains(['"', ',', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.to_owned(),
    });
    cells.collect::<Vec<_>>().join(",")
}

/// A row as a JSON object in the order of its columns.
pub(super) struct RowJson<'a> {
    columns: &'a [Column],
    row: &'a [Option<String>],
}

impl std::fmt::Display for RowJson<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = serde_json::to_string(self).map_err(|_| std::fmt::Error)?;
        f.write_str(&text)
    }
}

impl Serialize for RowJson<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let values = self.columns.iter().zip(self.row);
        serializer.collect_map(
            values.map(|(column, value)| (&column.name, json(value.as_deref(), column.kind))),
        )
    }
}

fn json(value: Option<&str>, kind: ValueType) -> Value {
    let Some(text) = value else {
        return Value::Null;
    };
    match kind {
        ValueType::Int64 => text
            .parse::<i64>()
            .map_or_else(|_| json!(text), Value::from),
        ValueType::Double => text
            .parse::<f64>()
            .map_or_else(|_| json!(text), Value::from),
        ValueType::Bool => json!(text == "true" || text == "1"),
        ValueType::Decimal { .. } | ValueType::Text | ValueType::Timestamp | ValueType::Date => {
            json!(text)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_numbers_stay_exact_in_json_and_columns_keep_their_order() {
        let decimal = ValueType::Decimal {
            precision: 38,
            scale: 2,
        };
        let columns = [
            Column::new("z", decimal),
            Column::new("b", ValueType::Int64),
        ];
        let rows = [vec![Some("0.10".to_owned()), None]];
        assert_eq!(json_lines(&columns, &rows), r#"{"z":"0.10","b":null}"#);
    }

    #[test]
    fn numbers_and_truths_are_such_in_json() {
        for (text, kind, expected) in [
            ("7", ValueType::Int64, json!(7)),
            ("7.5", ValueType::Double, json!(7.5)),
            ("1", ValueType::Bool, json!(true)),
            ("false", ValueType::Bool, json!(false)),
            ("2026-01-01", ValueType::Date, json!("2026-01-01")),
        ] {
            assert_eq!(json(Some(text), kind), expected);
        }
    }

    #[test]
    fn csv_has_names_and_quotes_only_where_a_reader_needs_them() {
        let columns = [
            Column::new("name", ValueType::Text),
            Column::new("n", ValueType::Int64),
        ];
        let cell = |text: &str| Some(text.to_owned());
        let rows = [
            vec![cell("a \"b\", c"), cell("1000")],
            vec![cell("x"), None],
        ];
        assert_eq!(csv(&columns, &rows), "name,n\n\"a \"\"b\"\", c\",1000\nx,");
    }
}
