//! Text and tables on standard output.

use std::io::Write;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};
use sluice::warehouse::TableRows;
use thiserror::Error;

/// A command line that asks for what cannot be: what is wrong, and what would be accepted. The command ends with exit
/// code 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Writes a line. A reader that has gone, such as `head`, is no failure.
pub(crate) fn print(text: &str) {
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// Lays a table out below its title: a line for each row, columns of numbers to the right.
pub(crate) fn table(title: &str, rows: &TableRows) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_header(&rows.columns);
    for row in &rows.rows {
        table.add_row(row.iter().map(|value| value.as_deref().unwrap_or("null")));
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        let is_number = |row: &Vec<Option<String>>| {
            row.get(index)
                .and_then(Option::as_deref)
                .is_none_or(|v| v.is_empty() || v.replace(',', "").parse::<f64>().is_ok())
        };
        if !rows.rows.is_empty() && rows.rows.iter().all(is_number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    format!("{title}\n{table}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stand_to_the_right_and_text_to_the_left() {
        let cell = |text: &str| Some(text.to_owned());
        let rows = TableRows {
            columns: ["name", "rows"].map(str::to_owned).into(),
            rows: vec![
                vec![cell("a"), cell("1,000")],
                vec![None, cell("7")],
                vec![cell("long"), None],
            ],
        };
        let text = table("title", &rows);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "title");
        for line in ["│ a      1,000 │", "│ null       7 │", "│ long    null │"] {
            assert!(lines.contains(&line), "{line:?} is not in\n{text}");
        }
    }

    #[test]
    fn a_table_without_rows_still_has_its_columns() {
        let rows = TableRows {
            columns: vec!["day".to_owned()],
            rows: Vec::new(),
        };
        assert!(table("t", &rows).contains("│ day │"));
    }
}
