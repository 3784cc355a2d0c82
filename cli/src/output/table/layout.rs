//! A table laid out in columns, within a width; pure.

use sluice::warehouse::schema::ValueType;

use super::column::Column;
use super::value::{NULL, Shown, is_number};
use crate::output::line::{Line, Tone, cut, width};

/// Blanks between columns.
const GAP: usize = 2;
/// How far texts are cut before headings are broken.
const ROOMY_TEXT: usize = 20;
/// How far texts are cut at all.
const NARROW_TEXT: usize = 10;

/// What is given up for room, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Squeeze {
    Nothing,
    LongTexts,
    LongTextsAndHeadings,
    TextsAndHeadings,
}

const SQUEEZES: [Squeeze; 4] = [
    Squeeze::Nothing,
    Squeeze::LongTexts,
    Squeeze::LongTextsAndHeadings,
    Squeeze::TextsAndHeadings,
];

/// A column with the rows' values in it.
#[derive(Clone, Copy)]
struct Strip<'a> {
    column: &'a Column,
    values: &'a [Vec<Shown>],
    at: usize,
}

impl<'a> Strip<'a> {
    fn value(&self, row: usize) -> Option<&'a str> {
        self.values.get(row)?.get(self.at)?.as_deref()
    }

    fn value_width(&self) -> usize {
        let widths = (0..self.values.len()).map(|row| width(self.value(row).unwrap_or(NULL)));
        widths.max().unwrap_or(0)
    }

    /// The width at which nothing of it is cut.
    fn natural(&self) -> usize {
        self.value_width().max(width(&self.column.heading))
    }

    /// The least width with what is given up.
    fn floor(&self, squeeze: Squeeze) -> usize {
        let heading = match squeeze {
            Squeeze::Nothing | Squeeze::LongTexts => width(&self.column.heading),
            Squeeze::LongTextsAndHeadings | Squeeze::TextsAndHeadings => {
                let parts = parts(&self.column.heading);
                parts.into_iter().map(width).max().unwrap_or(0)
            }
        };
        let values = match (self.column.kind, squeeze) {
            (ValueType::Text, Squeeze::LongTexts | Squeeze::LongTextsAndHeadings) => {
                self.value_width().min(ROOMY_TEXT)
            }
            (ValueType::Text, Squeeze::TextsAndHeadings) => self.value_width().min(NARROW_TEXT),
            _ => self.value_width(),
        };
        heading.max(values)
    }
}

/// Lays a table out as wide as it is.
pub(super) fn whole(columns: &[Column], values: &[Vec<Shown>]) -> Vec<Line> {
    let strips = strips(columns, values);
    let widths: Vec<usize> = strips.iter().map(Strip::natural).collect();
    drawn(&strips, &widths)
}

/// Lays a table out within `most` columns of a terminal; nothing if that cannot be.
pub(super) fn fitting(columns: &[Column], values: &[Vec<Shown>], most: usize) -> Option<Vec<Line>> {
    let mut strips = strips(columns, values);
    let mut left_out = Vec::new();
    loop {
        if let Some(widths) = widths(&strips, most) {
            let mut lines = drawn(&strips, &widths);
            lines.extend(missing(&left_out, most));
            return Some(lines);
        }
        let spare = strips.iter().rposition(|strip| strip.column.is_spare)?;
        left_out.insert(0, strips.remove(spare).column.heading.as_str());
    }
}

fn strips<'a>(columns: &'a [Column], values: &'a [Vec<Shown>]) -> Vec<Strip<'a>> {
    let columns = columns.iter().enumerate();
    let strips = columns.map(|(at, column)| Strip { column, values, at });
    strips.collect()
}

/// Names the columns that are left out.
fn missing(names: &[&str], most: usize) -> Option<Line> {
    if names.is_empty() {
        return None;
    }
    let text = format!("not shown: {}", names.join(", "));
    Some(Line::of(Tone::Faint, &text).fit(most))
}

/// Returns the widths of the columns, if they fit: with as little given up as possible, and what is left over to those
/// that lack most of theirs, from the left.
fn widths(strips: &[Strip<'_>], most: usize) -> Option<Vec<usize>> {
    let gaps = GAP * strips.len().saturating_sub(1);
    let room = most.checked_sub(gaps)?;
    SQUEEZES.into_iter().find_map(|squeeze| {
        let floors: Vec<usize> = strips.iter().map(|strip| strip.floor(squeeze)).collect();
        let mut left = room.checked_sub(floors.iter().sum())?;
        let grown = strips.iter().zip(floors).map(|(strip, floor)| {
            let more = (strip.natural() - floor).min(left);
            left -= more;
            floor + more
        });
        Some(grown.collect())
    })
}

fn drawn(strips: &[Strip<'_>], widths: &[usize]) -> Vec<Line> {
    let columns: Vec<(&Strip<'_>, usize)> = strips.iter().zip(widths.iter().copied()).collect();
    let headings: Vec<Vec<String>> = columns
        .iter()
        .map(|(strip, width)| heading(&strip.column.heading, *width))
        .collect();
    let tallest = headings.iter().map(Vec::len).max().unwrap_or(0);
    let mut lines = Vec::new();
    for row in 0..tallest {
        let cells = columns
            .iter()
            .zip(&headings)
            .map(|((strip, width), parts)| {
                // A heading stands on the rule.
                let part = (row + parts.len()).checked_sub(tallest);
                let text = part.and_then(|at| parts.get(at)).map_or("", String::as_str);
                cell(strip.column, Tone::Strong, text, *width)
            });
        lines.push(joined(cells));
    }
    let rules = columns
        .iter()
        .map(|(_, width)| Line::of(Tone::Faint, &"─".repeat(*width)));
    lines.push(joined(rules));
    let rows = strips.first().map_or(0, |strip| strip.values.len());
    for row in 0..rows {
        let cells = columns.iter().map(|(strip, width)| match strip.value(row) {
            Some(value) => cell(strip.column, Tone::Plain, value, *width),
            None => cell(strip.column, Tone::Faint, NULL, *width),
        });
        lines.push(joined(cells));
    }
    lines
}

fn joined(cells: impl Iterator<Item = Line>) -> Line {
    let mut line = Line::default();
    for (at, cell) in cells.enumerate() {
        if at > 0 {
            line = line.and(Tone::Plain, &" ".repeat(GAP));
        }
        line = line.then(cell);
    }
    line
}

fn cell(column: &Column, tone: Tone, text: &str, most: usize) -> Line {
    let text = cut(text, most);
    let blanks = " ".repeat(most.saturating_sub(width(&text)));
    match is_number(column.kind) {
        true => Line::plain(&blanks).and(tone, &text),
        false => Line::of(tone, &text).and(Tone::Plain, &blanks),
    }
}

/// Breaks a name after its underscores and blanks, so that each line of it fits as well as it can.
fn heading(name: &str, most: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for part in parts(name) {
        match lines.last_mut() {
            Some(line) if width(line) + width(part) <= most => line.push_str(part),
            _ => lines.push(part.to_owned()),
        }
    }
    lines
}

fn parts(name: &str) -> Vec<&str> {
    name.split_inclusive(['_', ' ']).collect()
}
