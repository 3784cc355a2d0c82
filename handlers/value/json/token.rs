//! Values in a text: what they are and where they stand.

use super::escape::decode;
use crate::value::number::{Number, PlainNumber};

/// What a value is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Kind {
    /// There is none.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// `true`.
    True,
    /// `false`.
    False,
    /// A number.
    Number,
    /// A string whose text is what stands between its quotes.
    String,
    /// A string with escapes, which must be decoded.
    EscapedString,
    /// An object or an array.
    Container,
    /// Something that should have been opened and could not be: whatever was to be read of it, there is no value.
    Unopened,
}

/// A value and the bytes it was written with, a string's quotes included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Token {
    pub(crate) kind: Kind,
    start: u32,
    end: u32,
    /// What was read of a number on the way.
    plain: Option<PlainNumber>,
}

impl Token {
    /// That of no value.
    pub(crate) const ABSENT: Self = Self {
        kind: Kind::Absent,
        start: 0,
        end: 0,
        plain: None,
    };

    /// Makes the token of a value in a text of at most 4 GiB.
    #[inline]
    pub(crate) fn new(kind: Kind, start: usize, end: usize) -> Self {
        Self {
            kind,
            start: start as u32,
            end: end as u32,
            plain: None,
        }
    }

    /// Makes the token of a number that has been read.
    #[inline]
    pub(crate) fn of_number(number: PlainNumber, start: usize, end: usize) -> Self {
        Self {
            plain: Some(number),
            ..Self::new(Kind::Number, start, end)
        }
    }

    /// Returns whether there is no value, or null.
    #[inline]
    pub(crate) fn is_nothing(&self) -> bool {
        matches!(self.kind, Kind::Absent | Kind::Null)
    }

    /// Returns a number.
    #[inline]
    pub(crate) fn number<'l>(&self, line: &'l [u8]) -> Number<'l> {
        Number::scanned(self.raw(line), self.plain)
    }

    /// Returns the byte offset of the value.
    pub(crate) fn start(&self) -> usize {
        self.start as usize
    }

    /// Returns the value as it was written.
    pub(crate) fn raw<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        // The places are in the line that was read; of another line, the value would be nothing.
        line.get(self.start as usize..self.end as usize)
            .unwrap_or_default()
    }

    /// Returns the text of a string; `scratch` holds it where there are escapes.
    #[inline]
    pub(crate) fn decoded<'l>(&self, line: &'l [u8], scratch: &'l mut Vec<u8>) -> &'l [u8] {
        let quoted = self.quoted(line);
        if self.kind != Kind::EscapedString {
            return quoted;
        }
        scratch.clear();
        decode(quoted, scratch);
        scratch
    }

    /// Returns what stands between the quotes of a string.
    pub(crate) fn quoted<'l>(&self, line: &'l [u8]) -> &'l [u8] {
        match self.raw(line) {
            [b'"', content @ .., b'"'] => content,
            other => other,
        }
    }
}
