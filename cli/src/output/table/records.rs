//! A table whose rows are lines of their own, a value each: for where its columns do not fit beside one another; pure.

use sluice::warehouse::schema::ValueType;

use super::column::Column;
use super::value::{NULL, Shown};
use crate::output::line::{Line, Tone, width};

/// Blanks between a name and its value.
const GAP: usize = 2;
/// What values take at least.
const VALUE: usize = 16;

/// Lays the rows out one below another within `most` columns of a terminal.
pub(super) fn lines(columns: &[Column], values: &[Vec<Shown>], most: usize) -> Vec<Line> {
    let longest = columns.iter().map(|column| width(&column.heading)).max();
    let room = most.saturating_sub(GAP);
    // Numbers and times are whole where that can be.
    let value = widest(columns, values).clamp(VALUE, room.max(VALUE));
    let names = longest
        .unwrap_or(0)
        .min(room.saturating_sub(value).max(room / 3));
    let mut lines = Vec::new();
    for (at, row) in values.iter().enumerate() {
        if at > 0 {
            lines.push(Line::default());
        }
        for (column, value) in columns.iter().zip(row) {
            let name = Line::of(Tone::Strong, &column.heading).fit(names);
            let value = match value {
                Some(value) => Line::plain(value),
                None => Line::of(Tone::Faint, NULL),
            };
            let line = name.up_to(names + GAP, GAP);
            let left = most.saturating_sub(line.width());
            lines.push(line.then(value.fit(left)));
        }
    }
    lines
}

/// The width of the widest value that is no text.
fn widest(columns: &[Column], values: &[Vec<Shown>]) -> usize {
    let widths = values.iter().flat_map(|row| {
        let cells = columns.iter().zip(row);
        cells.filter_map(|(column, value)| match column.kind {
            ValueType::Text => None,
            _ => Some(width(value.as_deref()?)),
        })
    });
    widths.max().unwrap_or(0)
}
