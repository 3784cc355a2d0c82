//! Phrases one after another, broken between them; pure.

use super::facts::INDENT;
use crate::output::{Line, Tone, broken};

/// Lays phrases out after `start`, with commas between them. Where a line is full the next one begins below the first
/// phrase, or near the left if that leaves little room.
pub(super) fn lines(start: Line, phrases: &[Line], width: usize) -> Vec<Line> {
    let below = start.width() + 2;
    let indent = match below * 2 <= width {
        true => below,
        false => INDENT,
    };
    let mut lines = vec![start];
    for (at, phrase) in phrases.iter().enumerate() {
        let is_last = at + 1 == phrases.len();
        let comma = usize::from(!is_last);
        let Some(line) = lines.pop() else { break };
        let gap = match at {
            0 => 2,
            _ => 1,
        };
        let fits = line.width() + gap + phrase.width() + comma <= width;
        let mut next = match fits {
            true => {
                let column = line.width() + gap;
                line.up_to(column, gap)
            }
            false => {
                lines.push(line);
                let indent = match indent + phrase.width() + comma <= width {
                    true => indent,
                    false => INDENT,
                };
                Line::default().up_to(indent, indent)
            }
        };
        next = next.then(phrase.clone());
        if !is_last {
            next = next.and(Tone::Plain, ",");
        }
        lines.push(next);
    }
    lines
}

/// Lays a text out after `start`, broken anywhere.
pub(super) fn anywhere(start: Line, text: &str, width: usize) -> Vec<Line> {
    let first = width.saturating_sub(start.width());
    let mut rows = broken(text, first, width.saturating_sub(INDENT));
    let head = start.and(Tone::Plain, rows.next().unwrap_or(""));
    let below = rows.map(|row| Line::plain(&" ".repeat(INDENT)).and(Tone::Plain, row));
    std::iter::once(head).chain(below).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(lines: &[Line]) -> Vec<String> {
        lines.iter().map(Line::text).collect()
    }

    #[test]
    fn phrases_are_broken_between_them_and_stand_below_the_first() {
        let phrases = ["36 wait", "118 objects", "more"].map(Line::plain);
        let start = || Line::plain("bronze");
        let all = ["bronze  36 wait, 118 objects, more"];
        assert_eq!(texts(&lines(start(), &phrases, 80)), all);
        let two = ["bronze  36 wait, 118 objects,", "        more"];
        assert_eq!(texts(&lines(start(), &phrases, 30)), two);
        let long = [Line::plain("a phrase of 22 letters")];
        let left = ["bronze", "    a phrase of 22 letters"];
        assert_eq!(texts(&lines(start(), &long, 26)), left);
        let narrow = ["bronze", "    36 wait,", "    118 objects,", "    more"];
        assert_eq!(texts(&lines(start(), &phrases, 15)), narrow);
    }

    #[test]
    fn a_text_to_copy_is_whole_on_several_lines() {
        let text = "Endpoint=sb://127.0.0.1";
        let lines = texts(&anywhere(Line::plain("to "), text, 10));
        assert_eq!(
            lines,
            ["to Endpoin", "    t=sb:/", "    /127.0", "    .0.1"]
        );
        let lines = texts(&anywhere(Line::plain("logs "), "/数字数字数字", 10));
        assert_eq!(lines, ["logs /数字", "    数字数", "    字"]);
        let narrow = texts(&anywhere(Line::plain("to "), "数a", 2));
        assert_eq!(narrow, ["to ", "    数", "    a"]);
    }
}
