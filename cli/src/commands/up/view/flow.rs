//! Phrases one after another, broken between them, and texts to copy, which are not broken; pure.

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

/// Lays a text out that is there to be copied: after `what` it is, or on a row of its own below it. Only what is longer than a row
/// is broken, anywhere.
pub(super) fn to_copy(what: &str, text: &str, width: usize) -> Vec<Line> {
    let start = Line::of(Tone::Faint, what);
    let all = Line::plain(text).width();
    if start.width() + all <= width {
        return vec![start.and(Tone::Plain, text)];
    }
    // Indented as far as leaves it whole.
    let indent = " ".repeat(width.saturating_sub(all).min(INDENT));
    let rows = broken(text, width, width);
    let below = rows.map(|row| Line::plain(&indent).and(Tone::Plain, row));
    let start = Line::of(Tone::Faint, what.trim_end());
    std::iter::once(start).chain(below).collect()
}

/// Whether a text fits a row.
pub(super) fn fits(text: &str, width: usize) -> bool {
    Line::plain(text).width() <= width
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
    fn a_text_to_copy_stands_on_one_row_wherever_it_fits_one() {
        let text = "http://127.0.0.1";
        let rows = |width| texts(&to_copy("page ", text, width));
        assert_eq!(rows(21), ["page http://127.0.0.1"]);
        assert_eq!(rows(20), ["page", "    http://127.0.0.1"]);
        assert_eq!(rows(17), ["page", " http://127.0.0.1"]);
        assert_eq!(rows(16), ["page", "http://127.0.0.1"]);
        assert_eq!(rows(10), ["page", "http://127", ".0.0.1"]);
        let wide = texts(&to_copy("logs ", "/数字数字", 8));
        assert_eq!(wide, ["logs", "/数字数", "字"]);
    }
}
