//! Tables for people and for programs: laid out to the width that there is, as JSON, or as CSV.
//!
//! A column says what its values are, and how they are shown follows from it: numbers to the right with separators,
//! times of one column with as many digits as any of them needs, a null as `null`.

mod data;
mod layout;
mod records;
mod value;

pub(crate) use data::csv_line;

use serde::Serialize;
use sluice::warehouse::schema::ValueType;

use super::escape::escaped;
use super::format::Format;
use super::line::{Line, Tone};
use super::text::{print, print_lines, terminal_width};

/// A column of a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    name: String,
    /// The name as it is shown: no terminal obeys it.
    heading: String,
    kind: ValueType,
    /// Whether its numbers are names, such as an order's, and not quantities.
    is_identifier: bool,
    /// Whether people can do without it where there is no room.
    is_spare: bool,
}

impl Column {
    /// Makes a column.
    pub(crate) fn new(name: &str, kind: ValueType) -> Self {
        Self {
            name: name.to_owned(),
            heading: escaped(name).into_owned(),
            kind,
            is_identifier: false,
            is_spare: false,
        }
    }

    /// Numbers of it are names: they are shown without separators.
    #[must_use]
    pub(crate) fn identifier(self) -> Self {
        Self {
            is_identifier: true,
            ..self
        }
    }

    /// It is left out for people where there is no room.
    #[must_use]
    pub(crate) fn spare(self) -> Self {
        Self {
            is_spare: true,
            ..self
        }
    }
}

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

    /// The rows as programs read them: whole numbers, doubles and truths as such, everything else as text.
    pub(crate) fn json_rows(&self) -> impl Iterator<Item = impl Serialize> {
        data::json_rows(&self.columns, &self.rows)
    }
}

/// Returns the text of lines, for where nothing is coloured.
#[cfg(test)]
pub(crate) fn plain(lines: &[Line]) -> String {
    let lines = lines.iter().map(|line| line.text().trim_end().to_owned());
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests;
