//! A line for people: pieces of text, each in a tone, cut to the columns that there are; pure.

mod prose;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::escape::escaped;
pub(crate) use prose::{named, prose};

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
    /// All is well.
    Good,
    /// Something waits, or is to be looked at.
    Doubtful,
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

impl From<String> for Line {
    fn from(text: String) -> Self {
        Self::plain(&text)
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
    let (kept, rest) = split_at_width(text, room);
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

/// Breaks a text between its words into lines of at most `most` columns; a word that is longer is broken.
pub(crate) fn wrapped(text: &str, most: usize) -> Vec<String> {
    let most = most.max(8);
    let mut rows: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match rows.last_mut() {
            Some(row) if row.width() + 1 + word.width() <= most => {
                row.push(' ');
                row.push_str(word);
            }
            _ => rows.extend(broken(word, most, most).map(str::to_owned)),
        }
    }
    rows
}

/// Breaks a text anywhere: into a row of at most `first` columns, which may be empty, and rows of at most `most`, each of
/// which has at least one character.
pub(crate) fn broken(text: &str, first: usize, most: usize) -> impl Iterator<Item = &str> {
    let (head, mut rest) = split_at_width(text, first);
    let others = std::iter::from_fn(move || {
        let least = columns(rest.chars().next()?);
        let (row, left) = split_at_width(rest, most.max(least));
        rest = left;
        Some(row)
    });
    std::iter::once(head).chain(others)
}

/// Splits a text after as many characters as take at most `most` columns.
fn split_at_width(text: &str, most: usize) -> (&str, &str) {
    let mut used = 0;
    let is_beyond = |(_, c): &(usize, char)| {
        used += columns(*c);
        used > most
    };
    let end = text.char_indices().find(is_beyond);
    text.split_at(end.map_or(text.len(), |(at, _)| at))
}

/// Returns how many columns a character takes: none, if it joins the one before it.
fn columns(c: char) -> usize {
    c.width().unwrap_or(0)
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
        let whole = Line::plain("hub").up_to(8, 1).and(Tone::Good, "ok");
        assert_eq!(whole.text(), "hub     ok");
        assert_eq!(whole.clone().fit(10), whole);
    }

    #[test]
    fn what_a_terminal_would_obey_is_escaped_in_a_line() {
        let line = Line::plain("a\u{1b}[2J\n");
        assert_eq!(line.text(), "a\\u001b[2J\\u000a");
    }

    #[test]
    fn a_text_is_broken_between_its_words_and_long_words_anywhere() {
        assert_eq!(wrapped("one two  three", 8), ["one two", "three"]);
        assert_eq!(
            wrapped("an averylongword", 8),
            ["an", "averylon", "gword"],
            "nothing of it is lost"
        );
        assert_eq!(wrapped("a 数字数字数字", 9), ["a", "数字数字", "数字"]);
        assert!(wrapped("", 8).is_empty());
    }

    #[test]
    fn every_row_but_the_first_has_a_character_however_narrow() {
        let rows = |text, first, most| broken(text, first, most).collect::<Vec<_>>();
        assert_eq!(rows("数字ab", 3, 3), ["数", "字a", "b"]);
        assert_eq!(rows("数字", 1, 1), ["", "数", "字"]);
        assert_eq!(rows("e\u{301}e\u{301}", 1, 0), ["e\u{301}", "e\u{301}"]);
        assert_eq!(rows("ab", 0, 2), ["", "ab"]);
        assert_eq!(rows("", 5, 5), [""]);
    }
}
