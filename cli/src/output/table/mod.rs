//! Tables for people and for programs: laid out to the width that there is, as JSON, or as CSV.
//!
//! A column says what its values are, and how they are shown follows from it: numbers to the right with separators,
//! times of one column with as many digits as any of them needs, a null as `null`.

mod column;
mod data;
mod layout;
mod records;
mod value;

pub(crate) use column::Column;
pub(crate) use data::csv_line;

use serde::Serialize;

use super::format::Format;
use super::line::{Line, Tone};
use super::text::{print, print_lines, terminal_width};

/// A table with its title. Values are text as stores write them; a null is nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Table {
    title: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Option<String>>>,
}

impl Table {
    /// Makes a table.
    pub(crate) fn new(title: &str, columns: Vec<Column>, rows: Vec<Vec<Option<String>>>) -> Self {
        Self {
            title: title.to_owned(),
            columns,
            rows,
        }
    }

    /// Prints it. For programs there is no title, and nothing where there are no rows but the names in CSV.
    pub(crate) fn show(&self, format: Format) {
        match format {
            Format::Table => print_lines(&self.lines(terminal_width())),
            Format::Json if self.rows.is_empty() => {}
            Format::Json => print(&data::json_lines(&self.columns, &self.rows)),
            Format::Csv => print(&data::csv(&self.columns, &self.rows)),
        }
    }

    /// Lays it out below its title for `width` columns of a terminal, or as wide as it is.
    ///
    /// Where it does not fit, texts are cut and headings broken; then columns are left out that are spare, and named
    /// below; and where that is not enough each row becomes lines of its own.
    pub(crate) fn lines(&self, width: Option<usize>) -> Vec<Line> {
        let mut lines = Vec::new();
        if !self.title.is_empty() {
            let title = Line::of(Tone::Strong, &self.title);
            lines.push(title.fit(width.unwrap_or(usize::MAX)));
        }
        let shown = value::shown(&self.columns, &self.rows);
        let Some(width) = width else {
            lines.extend(layout::whole(&self.columns, &shown));
            return lines;
        };
        match layout::fitting(&self.columns, &shown, width) {
            Some(table) => lines.extend(table),
            None => lines.extend(records::lines(&self.columns, &shown, width)),
        }
        lines
    }

    /// What people read of it, for where no terminal lays it out.
    pub(crate) fn cells(&self) -> Cells {
        let columns = self.columns.iter();
        let headings = columns.map(|column| Heading {
            name: column.heading.clone(),
            is_number: value::is_number(column.kind),
            is_quantity: value::is_number(column.kind) && !column.is_identifier,
        });
        Cells {
            headings: headings.collect(),
            rows: value::shown(&self.columns, &self.rows),
        }
    }

    /// The rows as programs read them: whole numbers, doubles and truths as such, everything else as text.
    pub(crate) fn json_rows(&self) -> impl Iterator<Item = impl Serialize> {
        data::json_rows(&self.columns, &self.rows)
    }
}

/// A table's headings and values as people read them; a null is nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cells {
    pub(crate) headings: Vec<Heading>,
    pub(crate) rows: Vec<Vec<Option<String>>>,
}

/// What stands above a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Heading {
    pub(crate) name: String,
    /// Whether its values stand to the right.
    pub(crate) is_number: bool,
    /// Whether they are numbers of something, and no names.
    pub(crate) is_quantity: bool,
}

/// Returns the text of lines, for where nothing is coloured.
#[cfg(test)]
pub(crate) fn plain(lines: &[Line]) -> String {
    let lines = lines.iter().map(|line| line.text().trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

/// Checks the text of lines against one that begins and ends in line breaks.
#[cfg(test)]
#[track_caller]
pub(crate) fn assert_lines(lines: &[Line], expected: &str) {
    let text = plain(lines);
    assert_eq!(text, expected.trim_matches('\n'), "\n{text}");
}

#[cfg(test)]
mod tests;
