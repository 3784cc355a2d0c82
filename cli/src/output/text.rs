//! Text and tables on standard output, and what is said beside them on standard error.

use std::io::{IsTerminal, Write};

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};
use sluice::warehouse::TableRows;
use thiserror::Error;
use unicode_width::UnicodeWidthChar;

use super::escape::{escaped, escaped_lines};

/// A command line that asks for what cannot be: what is wrong, and what would be accepted. The command ends with exit
/// code 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct Usage(pub(crate) String);

/// Writes lines to standard output. A reader that has gone, such as `head`, is no failure.
pub(crate) fn print(text: &str) {
    let _ = try_print(text);
}

/// Writes lines to standard output, and tells whether anybody reads them.
///
/// # Errors
/// Fails if nobody does.
pub(crate) fn try_print(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{}", escaped_lines(text))
}

/// Writes lines to standard error: progress, warnings, errors.
pub(crate) fn say(text: &str) {
    let _ = writeln!(std::io::stderr(), "{}", escaped_lines(text));
}

/// Writes bytes to standard output: to a file or another program as they are, to a terminal escaped.
///
/// # Errors
/// Fails if nobody reads them.
pub(crate) fn print_bytes(bytes: &[u8]) -> std::io::Result<()> {
    let mut stdout = std::io::stdout().lock();
    match stdout.is_terminal() {
        true => stdout.write_all(escaped_lines(&String::from_utf8_lossy(bytes)).as_bytes())?,
        false => stdout.write_all(bytes)?,
    }
    stdout.flush()
}

/// Returns as much of a line as a terminal of `width` columns shows in one; wide characters take two of them.
pub(crate) fn fit(line: &str, width: usize) -> String {
    let line = escaped(line);
    let mut left = width;
    let fits = |c: &char| {
        let needs = c.width().unwrap_or(0);
        let fits = needs <= left;
        left = left.saturating_sub(needs);
        fits
    };
    line.chars().take_while(fits).collect()
}

/// Lays a table out below its title: a line for each row, columns of numbers to the right.
pub(crate) fn table(title: &str, rows: &TableRows) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_header(rows.columns.iter().map(|name| escaped(name)));
    for row in &rows.rows {
        let shown = row
            .iter()
            .map(|value| value.as_deref().map_or("null".into(), escaped));
        table.add_row(shown);
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
    format!("{}\n{table}", escaped(title))
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
    fn a_cell_is_one_line_that_no_terminal_obeys() {
        let rows = TableRows {
            columns: vec!["a\u{9b}".to_owned()],
            rows: vec![vec![Some("\u{1b}[2J\n\u{202e}x".to_owned())]],
        };
        let text = table("t\u{7}", &rows);
        assert!(text.starts_with("t\\u0007\n"), "{text}");
        assert!(text.contains("│ a\\u009b "), "{text}");
        assert!(text.contains("│ \\u001b[2J\\u000a\\u202ex │"), "{text}");
    }

    #[test]
    fn a_line_is_cut_by_the_columns_of_a_terminal() {
        assert_eq!(fit("plain text", 5), "plain");
        assert_eq!(fit("数字数字", 5), "数字", "two columns each");
        assert_eq!(
            fit("e\u{301}e\u{301}e", 2),
            "e\u{301}e\u{301}",
            "an accent takes none"
        );
        assert_eq!(fit("a\u{1b}[2J", 80), "a\\u001b[2J");
        assert_eq!(fit("abc", 0), "");
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
