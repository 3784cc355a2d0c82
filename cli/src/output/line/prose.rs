//! Sentences and command lines as people read and copy them: broken between words, commands whole; pure.
//!
//! What is between backticks is not broken. Nor is a line that is a command (`sluice …`, also after `next: `); a note after
//! it, behind two blanks, goes below it where there is no room beside.

use std::ops::Range;

use super::{Line, Tone, width};
use crate::called::SLUICE;

/// What may stand before a command line.
const BEFORE: [&str; 2] = ["next: ", "watch "];
/// What stands between a command line and a note about it.
const GAP: &str = "  ";
/// How far rows are indented where the usual would leave little room.
const NARROW: usize = 4;
/// What a second column of words takes at least.
const LEAST: usize = 24;

/// Lays lines out for a terminal of `most` columns, or each as one row: rows after the first are indented by `hang`, or up to
/// the second column of their line, or a little. Commands have the name by which this one was `called`.
pub(crate) fn prose(
    lines: impl IntoIterator<Item = Line>,
    called: &str,
    most: Option<usize>,
    hang: Option<usize>,
) -> Vec<Line> {
    let lines = lines.into_iter().map(|line| as_called(line, called));
    let rows = lines.flat_map(|line| match most {
        Some(most) => wrap(line, most, hang),
        None => vec![line],
    });
    rows.collect()
}

/// Names the commands in a text as this one was called.
pub(crate) fn named(text: &str, called: &str) -> String {
    let lines = text.split('\n');
    let lines: Vec<String> = lines
        .map(|line| as_called(Line::plain(line), called).text())
        .collect();
    lines.join("\n")
}

/// Names the commands in a line as this one was called.
fn as_called(line: Line, called: &str) -> Line {
    if called == SLUICE {
        return line;
    }
    let at = command(&line.text()).map(|command| command.start);
    let mut begins = 0;
    let pieces = line.0.into_iter().map(|(tone, mut text)| {
        let at = at.and_then(|at| at.checked_sub(begins));
        begins += text.len();
        let name = at.map(|at| at..at + SLUICE.len());
        if let Some(name) = name.filter(|name| text.get(name.clone()) == Some(SLUICE)) {
            text.replace_range(name, called);
        }
        for before in ["`", "| "] {
            let (from, to) = (format!("{before}{SLUICE} "), format!("{before}{called} "));
            text = text.replace(&from, &to);
        }
        (tone, text)
    });
    Line(pieces.collect())
}

/// Returns where the command line is that a line consists of, but for a note.
fn command(text: &str) -> Option<Range<usize>> {
    let blanks = text.len() - text.trim_start().len();
    let rest = text.trim_start();
    let before = BEFORE.iter().find(|before| rest.starts_with(**before));
    let begin = blanks + before.map_or(0, |before| before.len());
    let rest = text.get(begin..)?;
    let is_command = rest.strip_prefix("cargo ").unwrap_or(rest);
    is_command.strip_prefix(SLUICE)?.strip_prefix(' ')?;
    let length = rest.find(GAP).unwrap_or(rest.len());
    Some(begin..begin + length)
}

/// Breaks a line between its words into rows of at most `most` columns; what must not be broken may be longer.
fn wrap(line: Line, most: usize, hang: Option<usize>) -> Vec<Line> {
    if line.width() <= most {
        return vec![line];
    }
    let text = line.text();
    let own = text.len() - text.trim_start().len();
    let column = second_column(&text);
    let hang = match (hang, column) {
        (Some(hang), _) if own > 0 && hang * 2 <= most => hang,
        (None, Some(column)) if column + LEAST <= most => column,
        _ if own > 0 => NARROW,
        _ => GAP.len(),
    };
    // Below its beginning, unless that is so deep in the line that little room is left.
    let hang = match own * 4 <= most {
        true => hang.max(own),
        false => hang,
    };
    let words = words(&text);
    let room = most.saturating_sub(hang);
    let rows = match command(&text) {
        // Beside its command, where rows of a note stand below its beginning.
        Some(command) if column != Some(hang) => {
            let note = words.into_iter().filter(|word| word.start >= command.end);
            std::iter::once(0..command.end)
                .chain(rows(&text, note, room, room))
                .collect()
        }
        _ => match own > hang {
            true => {
                let start = Line::plain(&" ".repeat(hang));
                let line = start.then(line.slice(&(own..text.len())));
                return wrap(line, most, Some(hang));
            }
            false => rows(&text, words.into_iter(), most, room),
        },
    };
    let rows = rows.into_iter().enumerate().map(|(at, row)| match at {
        0 => line.slice(&row),
        _ => Line::plain(&" ".repeat(hang)).then(line.slice(&row)),
    });
    rows.collect()
}

/// Returns where the second column of a line begins, which has some blanks before it.
fn second_column(text: &str) -> Option<usize> {
    let indent = text.len() - text.trim_start().len();
    let gap = text.get(indent..)?.find(GAP)?;
    let first = text.get(..indent + gap)?;
    let rest = text.get(indent + gap..)?;
    let blanks = rest.len() - rest.trim_start().len();
    (rest.len() > blanks).then(|| width(first) + blanks)
}

/// Returns the words of a text: what is between blanks, or between backticks.
fn words(text: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut is_quoted = false;
    for (at, c) in text.char_indices() {
        if c == '`' {
            let goes_on = text.get(at + 1..).is_some_and(|rest| rest.contains('`'));
            is_quoted = !is_quoted && goes_on;
        }
        match (c == ' ' && !is_quoted, start) {
            (true, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            (true, None) | (false, Some(_)) => {}
        }
    }
    words.extend(start.map(|from| from..text.len()));
    words
}

/// Puts as many words into each row as there is room for: `first` columns, and `others` in the rows after it. The first one
/// has the blanks before it, if it is the first of the text.
fn rows(
    text: &str,
    words: impl Iterator<Item = Range<usize>>,
    first: usize,
    others: usize,
) -> Vec<Range<usize>> {
    let mut rows: Vec<Range<usize>> = Vec::new();
    for word in words {
        let room = if rows.len() == 1 { first } else { others };
        match rows.last_mut() {
            Some(row)
                if text
                    .get(row.start..word.end)
                    .is_some_and(|row| width(row) <= room) =>
            {
                row.end = word.end;
            }
            Some(_) => rows.push(word),
            None => {
                let before = text.get(..word.start).unwrap_or_default();
                let begin = if before.trim().is_empty() {
                    0
                } else {
                    word.start
                };
                rows.push(begin..word.end);
            }
        }
    }
    rows
}

impl Line {
    /// Returns a part of it, by bytes of its text.
    fn slice(&self, part: &Range<usize>) -> Self {
        let mut begins = 0;
        let pieces = self.0.iter().filter_map(|(tone, text)| {
            let (from, to) = (begins, begins + text.len());
            begins = to;
            let (start, end) = (part.start.max(from), part.end.min(to));
            let piece: (Tone, &str) = (
                *tone,
                text.get(start.checked_sub(from)?..end.checked_sub(from)?)?,
            );
            (!piece.1.is_empty()).then(|| (piece.0, piece.1.to_owned()))
        });
        Self(pieces.collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, called: &str, most: usize, hang: Option<usize>) -> Vec<String> {
        let rows = prose([Line::plain(text)], called, Some(most), hang);
        rows.iter().map(Line::text).collect()
    }

    #[test]
    fn sentences_are_broken_between_words_and_go_on_a_little_to_the_right() {
        let text = "no storage answers at 127.0.0.1:10000 (settings from the environment)";
        let expected = [
            "no storage answers at",
            "  127.0.0.1:10000 (settings",
            "  from the environment)",
        ];
        assert_eq!(shown(text, SLUICE, 29, None), expected);
        assert_eq!(shown(text, SLUICE, 80, None), [text]);
        let long = ["see", "  /a/very/long/path", "  there"];
        assert_eq!(shown("see /a/very/long/path there", SLUICE, 10, None), long);
    }

    #[test]
    fn rows_stand_below_the_second_column_where_there_is_room() {
        let text = "  shop.toml  what an event looks like, and the tables";
        let expected = [
            "  shop.toml  what an event looks like,",
            "             and the tables",
        ];
        assert_eq!(shown(text, SLUICE, 38, None), expected);
        let narrow = [
            "  shop.toml  what an event",
            "    looks like, and the tables",
        ];
        assert_eq!(shown(text, SLUICE, 31, None), narrow);
        let deep = ["  hub  7 events", "       in a hub"];
        assert_eq!(shown("  hub  7 events in a hub", SLUICE, 16, Some(7)), deep);
        let title = ["orders, at noon, of", "  the first day"];
        assert_eq!(
            shown("orders, at noon, of the first day", SLUICE, 20, Some(7)),
            title
        );
        let indented = ["    watermark of the", "    day before"];
        let text = format!("{:18}watermark of the day before", "");
        assert_eq!(shown(&text, SLUICE, 20, Some(4)), indented);
        let text = format!("{:5}watermark of the day before", "");
        let below = ["     watermark of", "     the day before"];
        assert_eq!(shown(&text, SLUICE, 20, Some(4)), below);
    }

    #[test]
    fn a_command_that_is_to_be_copied_is_whole() {
        let text = "start one with `sluice up --dataset shop.toml` in another terminal";
        let rows = [
            "start one with",
            "  `sluice up --dataset shop.toml`",
            "  in another terminal",
        ];
        assert_eq!(shown(text, SLUICE, 34, None), rows);
        let next = "next: sluice dataset try datasets/orders.toml samples/orders.jsonl";
        assert_eq!(shown(next, SLUICE, 40, None), [next], "a terminal wraps it");
        let noted = "  sluice up --dataset shop.toml --clean  start afresh, and forget all of it";
        let rows = [
            "  sluice up --dataset shop.toml --clean",
            "    start afresh, and forget all of it",
        ];
        assert_eq!(shown(noted, SLUICE, 40, None), rows);
        let beside = "  sluice up --clean  start afresh, and forget all of it";
        let rows = [
            "  sluice up --clean  start afresh, and forget",
            "                     all of it",
        ];
        assert_eq!(shown(beside, SLUICE, 46, None), rows);
        let open = "a ` that is not closed is a letter";
        assert_eq!(
            shown(open, SLUICE, 20, None),
            ["a ` that is not", "  closed is a letter"]
        );
    }

    #[test]
    fn commands_are_named_as_this_one_was_called() {
        let named = |text: &str| {
            let rows = prose([Line::plain(text)], "cargo sluice", None, None);
            rows[0].text()
        };
        for (text, expected) in [
            ("next: sluice status", "next: cargo sluice status"),
            ("  sluice up  go on", "  cargo sluice up  go on"),
            (
                "run `sluice up` or `sluice init x`",
                "run `cargo sluice up` or `cargo sluice init x`",
            ),
            ("  cat a | sluice query -", "  cat a | cargo sluice query -"),
            ("  watch sluice status", "  watch cargo sluice status"),
            ("sluice: no such file", "sluice: no such file"),
            ("next: cargo sluice up", "next: cargo sluice up"),
            ("the sluice command", "the sluice command"),
        ] {
            assert_eq!(named(text), expected);
        }
        let line = Line::of(Tone::Strong, "  ")
            .and(Tone::Plain, "sluice up")
            .and(Tone::Faint, "  `sluice x`");
        let rows = prose([line], "cargo sluice", None, None);
        let pieces: Vec<_> = rows[0].pieces().collect();
        let expected = [
            (Tone::Strong, "  "),
            (Tone::Plain, "cargo sluice up"),
            (Tone::Faint, "  `cargo sluice x`"),
        ];
        assert_eq!(pieces, expected);
    }

    #[test]
    fn a_line_keeps_its_tones_where_it_is_broken() {
        let line = Line::plain("  hub  ")
            .and(Tone::Good, "has every event")
            .and(Tone::Plain, " of it");
        let rows = prose([line], SLUICE, Some(16), None);
        let pieces: Vec<Vec<_>> = rows.iter().map(|row| row.pieces().collect()).collect();
        let expected = [
            vec![(Tone::Plain, "  hub  "), (Tone::Good, "has every")],
            vec![
                (Tone::Plain, "    "),
                (Tone::Good, "event"),
                (Tone::Plain, " of it"),
            ],
        ];
        assert_eq!(pieces, expected);
    }
}
