//! Arrays that the host puts into strings, read where they stand: the fast way through a batch.
//!
//! Of an invocation's bytes most are metadata, and most of those are dropped. So no string is decoded before its array is
//! read: in it, `"` is `\"` and `\` is `\\`. A form that is not read here (other escapes, blanks, nested values) is
//! none, and the caller decodes the string and reads what it holds: the result is the same.

mod objects;

use super::invocation::InvocationError;
use crate::value::json::{Scanner, plain_length};
pub(super) use objects::Keep;

/// A string as it stands in the request, without its quotes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Escaped<'a>(&'a [u8]);

impl<'a> Escaped<'a> {
    /// Takes a string whose first byte is a bracket and moves over it.
    pub(super) fn take(scanner: &mut Scanner<'a>) -> Option<Self> {
        scanner.bracketed_string().map(Self)
    }

    /// Decodes the string.
    pub(super) fn decode(self) -> Option<String> {
        let quoted = [b"\"", self.0, b"\""].concat();
        serde_json::from_slice(&quoted).ok()
    }

    /// As [`Self::decode`]; `part` is where the string stands.
    pub(super) fn decoded(self, part: &'static str) -> Result<String, InvocationError> {
        self.decode().ok_or_else(|| InvocationError::Part {
            part,
            detail: "it is no string of JSON".to_owned(),
        })
    }

    /// Reads an array of strings without escapes.
    pub(super) fn texts(self) -> Option<Vec<&'a [u8]>> {
        let mut reader = Reader::of(self)?;
        let mut texts = Vec::new();
        while reader.has_next(texts.is_empty())? {
            texts.push(reader.text()?);
        }
        Some(texts)
    }

    /// Reads an array of whole numbers.
    pub(super) fn numbers(self) -> Option<Vec<i64>> {
        let mut reader = Reader::of(self)?;
        let mut numbers = Vec::new();
        while reader.has_next(numbers.is_empty())? {
            let number = std::str::from_utf8(reader.scalar()?).ok()?;
            numbers.push(number.parse().ok()?);
        }
        Some(numbers)
    }

    /// Reads an array of objects: appends the members that are to be kept, in which `"` and `\` are themselves again, and
    /// tells where each object ends.
    pub(super) fn objects(
        self,
        keep: &Keep<'_>,
        out: &mut Vec<u8>,
        ends: &mut Vec<usize>,
    ) -> Option<()> {
        let first = out.len();
        let mut reader = Reader::of(self)?;
        // Objects of a batch look alike: names, their order and most values are those of another one.
        let mut model = None;
        while reader.has_next(ends.is_empty())? {
            reader.eat(b"{")?;
            let start = out.len();
            if reader.eat(b"}").is_none() {
                model = match model {
                    None => Some(reader.members(keep, out)?),
                    Some(model) => reader.members_like(&model, keep, out)?.then_some(model),
                };
            }
            if out.len() > start {
                out.push(b'}');
            }
            ends.push(out.len());
        }
        // Of a string that was not decoded nobody has looked at the characters.
        let appended = out.get(first..)?;
        (appended.is_ascii() || std::str::from_utf8(appended).is_ok()).then_some(())
    }
}

/// Walks over an array.
struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    fn of(text: Escaped<'a>) -> Option<Self> {
        let rest = text.0.strip_prefix(b"[")?;
        Some(Self { rest })
    }

    /// Moves over what stands before the next element; false at the end of the array.
    #[inline]
    fn has_next(&mut self, is_first: bool) -> Option<bool> {
        if self.rest == b"]" {
            return Some(false);
        }
        if !is_first {
            self.eat(b",")?;
        }
        Some(true)
    }

    #[inline]
    fn eat(&mut self, text: &[u8]) -> Option<()> {
        self.rest = self.rest.strip_prefix(text)?;
        Some(())
    }

    #[inline]
    fn split(&mut self, at: usize) -> Option<&'a [u8]> {
        let (before, rest) = self.rest.split_at_checked(at)?;
        self.rest = rest;
        Some(before)
    }

    /// Takes what stands before the next backslash, or before what lacks one.
    #[inline]
    fn plain(&mut self) -> Option<&'a [u8]> {
        self.split(plain_length(self.rest)?)
    }

    /// Takes a string that has no escapes of its own.
    #[inline]
    fn text(&mut self) -> Option<&'a [u8]> {
        self.eat(b"\\\"")?;
        let text = self.plain()?;
        self.eat(b"\\\"")?;
        Some(text)
    }

    /// Takes what stands before a separator or a bracket.
    #[inline]
    fn scalar(&mut self) -> Option<&'a [u8]> {
        let end = |byte: &u8| matches!(byte, b',' | b'}' | b']');
        let end = self.rest.iter().position(end)?;
        self.split(end)
    }

    #[inline]
    fn skip_value(&mut self) -> Option<()> {
        match self.rest.starts_with(b"\\\"") {
            true => self.text().map(drop),
            false => self.scalar().and_then(as_scalar).map(drop),
        }
    }

    /// Appends a value.
    #[inline]
    fn append_value(&mut self, out: &mut Vec<u8>) -> Option<()> {
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

#[cfg(test)]
mod tests;
