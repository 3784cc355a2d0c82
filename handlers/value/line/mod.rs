//! One event, one line, reversibly (B3); pure.
//!
//! - An event that nothing came with is its body, byte for byte. A body that cannot be a line (not UTF-8, with a line
//!   break, empty, or starting like a wrapper) is wrapped as `{"$sluice":"base64","data":"…"}`.
//! - Any other event is `{"$sluice":"event","system":{…},"properties":{…},"body":…}`, in this order. The body stands
//!   there as it came if it is exactly one JSON value; else the last member is `"data":"…"`, its base64.
//! - The last line of an object holds the times of its events ([`times`]).
//!
//! A reader finds the body by its position, never by its name: what a body says cannot move it.

pub mod times;

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::json::Scanner;
use crate::event::SourceEvent;

/// What a wrapped line starts with. A body that starts like this is wrapped too, so that every line has one meaning.
const MARKER: &[u8] = b"{\"$sluice\":";
const BASE64: &[u8] = b"{\"$sluice\":\"base64\",\"data\":\"";
const EVENT: &[u8] = b"{\"$sluice\":\"event\",\"system\":";
const PROPERTIES: &[u8] = b",\"properties\":";
const BODY: &[u8] = b",\"body\":";
const DATA: &[u8] = b",\"data\":\"";
const DATA_END: &[u8] = b"\"}";
const NO_MEMBERS: &[u8] = b"{}";

/// A line, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line<'a> {
    /// The event's body, as its producer sent it.
    pub body: Cow<'a, [u8]>,
    /// The JSON object of what the hub said of the event; nothing on a plain line.
    pub system: &'a [u8],
    /// The JSON object of what its producer said of it; nothing on a plain line.
    pub properties: &'a [u8],
}

/// Appends an event as one line, its line feed included.
pub fn append_line(event: &SourceEvent, lines: &mut Vec<u8>) {
    if event.system.is_empty() && event.properties.is_empty() {
        append_plain(&event.body, lines);
    } else {
        lines.extend_from_slice(EVENT);
        append_members(&event.system, lines);
        lines.extend_from_slice(PROPERTIES);
        append_members(&event.properties, lines);
        if is_one_value(&event.body) {
            lines.extend_from_slice(BODY);
            lines.extend_from_slice(&event.body);
            lines.push(b'}');
        } else {
            lines.extend_from_slice(DATA);
            append_base64(&event.body, lines);
            lines.extend_from_slice(DATA_END);
        }
    }
    lines.push(b'\n');
}

fn append_plain(body: &[u8], lines: &mut Vec<u8>) {
    if can_be_a_line(body) {
        lines.extend_from_slice(body);
    } else {
        lines.extend_from_slice(BASE64);
        append_base64(body, lines);
        lines.extend_from_slice(DATA_END);
    }
}

fn append_base64(body: &[u8], lines: &mut Vec<u8>) {
    lines.extend_from_slice(STANDARD.encode(body).as_bytes());
}

/// Appends the text of a JSON object, in which a line break can only be a blank.
fn append_members(members: &[u8], lines: &mut Vec<u8>) {
    debug_assert!(members.is_empty() || is_object(members), "{members:?}");
    if members.is_empty() {
        lines.extend_from_slice(NO_MEMBERS);
    } else if !has_line_break(members) {
        lines.extend_from_slice(members);
    } else {
        let blank = |byte: &u8| match byte {
            b'\n' | b'\r' => b' ',
            other => *other,
        };
        lines.extend(members.iter().map(blank));
    }
}

impl<'a> Line<'a> {
    /// Takes apart a line that [`append_line`] wrote; it comes without its line feed.
    ///
    /// A line that starts like a wrapped one and is none, which only an object put there by hand can hold, is its own
    /// body.
    #[must_use]
    #[inline]
    pub fn read(line: &'a [u8]) -> Self {
        // Many lines are plain, and no plain line starts like this.
        if !line.starts_with(MARKER) {
            return Self::plain(line);
        }
        Self::wrapped(line).unwrap_or(Self::plain(line))
    }

    fn plain(line: &'a [u8]) -> Self {
        Self {
            body: Cow::Borrowed(line),
            system: &[],
            properties: &[],
        }
    }

    fn wrapped(line: &'a [u8]) -> Option<Self> {
        if let Some(data) = line.strip_prefix(BASE64) {
            let body = STANDARD.decode(data.strip_suffix(DATA_END)?).ok()?;
            return Some(Self {
                body: Cow::Owned(body),
                system: &[],
                properties: &[],
            });
        }
        let (system, rest) = split_object(line.strip_prefix(EVENT)?)?;
        let (properties, rest) = split_object(rest.strip_prefix(PROPERTIES)?)?;
        let body = match rest.strip_prefix(BODY) {
            Some(body) => Cow::Borrowed(body.strip_suffix(b"}")?),
            None => {
                let data = rest.strip_prefix(DATA)?.strip_suffix(DATA_END)?;
                Cow::Owned(STANDARD.decode(data).ok()?)
            }
        };
        Some(Self {
            body,
            system,
            properties,
        })
    }
}

/// Splits text after the JSON object that it starts with.
fn split_object(text: &[u8]) -> Option<(&[u8], &[u8])> {
    if !text.starts_with(b"{") {
        return None;
    }
    // What is UTF-8 is checked by whoever reads a value; here it is only where the object ends.
    let mut scanner = Scanner::new(text, true).ok()?;
    scanner.value().ok()?;
    text.split_at_checked(scanner.at())
}

/// Returns whether `text` is one JSON object, as the strict scanner takes it.
#[must_use]
pub fn is_object(text: &[u8]) -> bool {
    let is_utf8 = simdutf8::basic::from_utf8(text).is_ok();
    is_utf8 && split_object(text).is_some_and(|(_, rest)| rest.is_empty())
}

/// Returns whether a body is exactly one JSON value, blanks around it included, and can stand in a line.
fn is_one_value(body: &[u8]) -> bool {
    if has_line_break(body) {
        return false;
    }
    let Ok(mut scanner) = Scanner::new(body, false) else {
        return false;
    };
    // In the middle of a line, a byte order mark is no blank.
    if scanner.at() > 0 {
        return false;
    }
    scanner.skip_blanks();
    let is_value = scanner.value().is_ok();
    scanner.skip_blanks();
    is_value && scanner.at_end()
}

fn can_be_a_line(body: &[u8]) -> bool {
    !body.is_empty()
        && !body.starts_with(MARKER)
        && !has_line_break(body)
        && simdutf8::basic::from_utf8(body).is_ok()
}

fn has_line_break(text: &[u8]) -> bool {
    memchr::memchr2(b'\n', b'\r', text).is_some()
}

#[cfg(test)]
mod tests;
