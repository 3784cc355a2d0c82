//! Tables as people like to read them.

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};
use sluice::warehouse::TableRows;

/// Lays a table out: a line for each row, numbers to the right.
pub(crate) fn render(name: &str, rows: &TableRows) -> String {
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
    format!("{name}\n{table}")
}
