//! Walks over an array in a string, in which `"` is `\"` and `\` is `\\`.

use crate::value::json::{Scanner, plain_length};

/// Walks over an array.
pub(super) struct Reader<'a> {
    pub(super) rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(super) fn of(text: &'a [u8]) -> Option<Self> {
        let rest = text.strip_prefix(b"[")?;
        Some(Self { rest })
    }

    /// Moves over what stands before the next element; false at the end of the array.
    #[inline]
    pub(super) fn has_next(&mut self, is_first: bool) -> Option<bool> {
        if self.rest == b"]" {
            return Some(false);
        }
        if !is_first {
            self.eat(b",")?;
        }
        Some(true)
    }

    #[inline]
    pub(super) fn eat(&mut self, text: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    #[inline]
    pub(super) fn split(&mut self, at: usize) -> Option<&'a [u8]> {
        let (before, rest) = self.rest.split_at_checked(at)?;
        self.rest = rest;
        Some(before)
    }

    /// Takes what stands before the next backslash, or before what lacks one.
    #[inline]
    pub(super) fn plain(&mut self) -> Option<&'a [u8]> {
        self.split(plain_length(self.rest)?)
    }

    /// Takes a string that has no escapes of its own.
    #[inline]
    pub(super) fn text(&mut self) -> Option<&'a [u8]> {
        self.eat(b"\\\"")?;
        let text = self.plain()?;
        self.eat(b"\\\"")?;
        Some(text)
    }

    /// Takes what stands before a separator or a bracket.
    #[inline]
    pub(super) fn scalar(&mut self) -> Option<&'a [u8]> {
        let end = |byte: &u8| matches!(byte, b',' | b'}' | b']');
        let end = self.rest.iter().position(end)?;
        self.split(end)
    }

    #[inline]
    pub(super) fn skip_value(&mut self) -> Option<()> {
        match self.rest.starts_with(b"\\\"") {
            true => self.text().map(drop),
            false => self.scalar().and_then(as_scalar).map(drop),
        }
    }

    /// Appends a value.
    #[inline]
    pub(super) fn append_value(&mut self, out: &mut Vec<u8>) -> Option<()> {
        if self.eat(b"\\\"").is_none() {
            out.extend_from_slice(as_scalar(self.scalar()?)?);
            return Some(());
        }
        out.push(b'"');
        loop {
            out.extend_from_slice(self.plain()?);
            let (escape, length): (&[u8], _) = match self.rest {
                [b'\\', b'"', ..] => break,
                [b'\\', b'\\', b'\\', b'"', ..] => (b"\\\"", 4),
                [b'\\', b'\\', b'\\', b'\\', ..] => (b"\\\\", 4),
                _ => return None,
            };
            out.extend_from_slice(escape);
            self.split(length)?;
        }
        self.eat(b"\\\"")?;
        out.push(b'"');
        Some(())
    }
}

/// Returns a number, `true`, `false` or `null`, if it is one.
#[inline]
fn as_scalar(text: &[u8]) -> Option<&[u8]> {
    let is_digits = !text.is_empty() && text.len() < 19 && text.iter().all(u8::is_ascii_digit);
    if is_digits && (text.len() == 1 || text.first() != Some(&b'0')) {
        return Some(text);
    }
    let mut scanner = Scanner::new(text, false).ok()?;
    scanner.value().ok()?;
    (scanner.at_end() && !text.starts_with(b"{") && !text.starts_with(b"[")).then_some(text)
}
