//! Arrays that the host puts into strings, read where they stand: the fast way through a batch.
//!
//! Of an invocation's bytes most are metadata, and most of those are dropped. So no string is decoded before its array is
//! read: in it, `"` is `\"` and `\` is `\\`. A form that is not read here (other escapes, blanks, nested values) is
//! none, and the caller decodes the string and reads what it holds: the result is the same.

mod objects;
mod reader;

use super::invocation::InvocationError;
use crate::value::json::Scanner;
pub(super) use objects::Keep;
use reader::Reader;

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
        let mut reader = Reader::of(self.0)?;
        let mut texts = Vec::new();
        while reader.has_next(texts.is_empty())? {
            texts.push(reader.text()?);
        }
        Some(texts)
    }

    /// Reads an array of whole numbers.
    pub(super) fn numbers(self) -> Option<Vec<i64>> {
        let mut reader = Reader::of(self.0)?;
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
        // What is kept is no longer than it was with its escapes.
        out.reserve(self.0.len());
        let mut reader = Reader::of(self.0)?;
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
        simdutf8::basic::from_utf8(appended).is_ok().then_some(())
    }
}

#[cfg(test)]
mod tests;
