//! A line for people: pieces of text, each in a tone, cut to the columns that there are; pure.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::escape::escaped;

/// What stands where something was cut off.
const CUT: &str = "…";

/// How a piece of text is meant. What that looks like is the terminal's affair; without colours it is plain text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Tone {
    #[default]
    Plain,
    /// A heading, or the number that matters.
    Strong,
    /// What may be passed over.
    Faint,
    /// Something failed.
    Bad,
}

/// A line that no terminal obeys: what it would take for a command is escaped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Tone, String)>);

impl Line {
    /// Makes a line of one piece.
    pub(crate) fn of(tone: Tone, text: &str) -> Self {
        Self::default().and(tone, text)
    }

    /// Makes a plain line.
    pub(crate) fn plain(text: &str) -> Self {
        Self::of(Tone::Plain, text)
    }

    /// Adds a piece.
    #[must_use]
    pub(crate) fn and(mut self, tone: Tone, text: &str) -> Self {
        if !text.is_empty() {
            self.0.push((tone, escaped(text).into_owned()));
        }
        self
    }

    /// Adds blanks up to a column; a line that is longer gets `least` of them.
    #[must_use]
    pub(crate) fn up_to(self, column: usize, least: usize) -> Self {
        let blanks = column.saturating_sub(self.width()).max(least);
        self.and(Tone::Plain, &" ".repeat(blanks))
    }

    /// Adds the pieces of another line.
    #[must_use]
    pub(crate) fn then(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The pieces.
    pub(crate) fn pieces(&self) -> impl Iterator<Item = (Tone, &str)> {
        self.0.iter().map(|(tone, text)| (*tone, text.as_str()))
    }

    /// The text alone.
    pub(crate) fn text(&self) -> String {
        self.0.iter().map(|(_, text)| text.as_str()).collect()
    }

    /// How many columns of a terminal it takes.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| width(text)).sum()
    }

    /// Cuts it to `most` columns. An ellipsis stands where something is missing, and no number is cut in two.
    #[must_use]
    pub(crate) fn fit(self, most: usize) -> Self {
        if self.width() <= most {
            return self;
        }
        let kept = cut(&self.text(), most);
        let mut left = kept.len() - CUT.len().min(kept.len());
        let mut pieces = Vec::new();
        for (tone, mut text) in self.0 {
            text.truncate(left.min(text.len()));
            left -= text.len();
            if !text.is_empty() {
                pieces.push((tone, text));
            }
        }
        if !kept.is_empty() {
            pieces.push((Tone::Faint, CUT.to_owned()));
        }
        Self(pieces)
    }
}

/// Returns how many columns of a terminal a text takes.
pub(crate) fn width(text: &str) -> usize {
    text.width()
}

/// Returns a text of at most `most` columns: the whole, or its beginning and an ellipsis, which stands for the whole of a
/// number that does not fit.
pub(crate) fn cut(text: &str, most: usize) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let Some(room) = most.checked_sub(1) else {
        return String::new();
    };
    let mut used = 0;
    let mut end = text.len();
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > room {
            end = at;
            break;
        }
    }
    let (kept, rest) = text.split_at(end);
    format!("{}{CUT}", whole_numbers(kept, rest).trim_end())
}

/// Returns `kept` without the number that goes on in `rest`.
fn whole_numbers<'a>(kept: &'a str, rest: &str) -> &'a str {
    let in_number = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
    // A point or comma belongs to a number that has a digit after it.
    let mut next = rest.chars();
    let goes_on = match next.next() {
        Some(c) if c.is_ascii_digit() => true,
        Some('.' | ',') => next.next().is_some_and(|c| c.is_ascii_digit()),
        _ => false,
    };
    if !goes_on || !kept.ends_with(in_number) {
        return kept;
    }
    kept.trim_end_matches(in_number)
        .trim_end_matches(['-', '+'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_marked_and_leaves_no_half_of_a_number() {
        for (text, most, expected) in [
            ("plain text", 10, "plain text"),
            ("plain text", 6, "plain…"),
            ("total 13840.55 and more", 12, "total…"),
            ("total 1,384,055", 12, "total…"),
            ("total 13840.55 and more", 16, "total 13840.55…"),
            ("rows 12, late 39", 8, "rows 12…"),
            ("at -15.25", 7, "at…"),
            ("48151623", 5, "…"),
            ("数字数字", 5, "数字…"),
            ("e\u{301}e\u{301}e", 2, "e\u{301}…"),
            ("abc", 1, "…"),
            ("abc", 0, ""),
        ] {
            assert_eq!(cut(text, most), expected, "{text:?} in {most}");
            assert!(cut(text, most).width() <= most);
        }
    }

    #[test]
    fn a_line_keeps_its_tones_where_it_is_cut() {
        let line = Line::of(Tone::Strong, "silver")
            .and(Tone::Plain, "  12,998 rows")
            .fit(12);
        let pieces: Vec<_> = line.pieces().collect();
        let expected = [(Tone::Strong, "silver"), (Tone::Faint, "…")];
        assert_eq!(pieces, expected, "the number would be half");
        let whole = Line::plain("hub").up_to(8, 1).and(Tone::Bad, "ok");
        assert_eq!(whole.text(), "hub     ok");
        assert_eq!(whole.clone().fit(10), whole);
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_in_a_line() {
        let line = Line::plain("a\u{1b}[2J\n");
        assert_eq!(line.text(), "a\\u001b[2J\\u000a");
    }
}
