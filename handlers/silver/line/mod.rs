//! Takes a line apart into the fields that columns are read from, and the rest; pure.
//!
//! A [`LineParser`] is used for many lines: it expects the fields in the order of the line before, so that a field's name is
//! usually recognised by one comparison. It keeps no text; all it knows of a line are places in it.

use std::collections::HashMap;

use xxhash_rust::xxh3::xxh3_64;

use crate::value::json::escape::{decode, encode};
use crate::value::json::name::Name;
use crate::value::json::token::{Kind, Token};
use crate::value::json::{Scanner, SyntaxError};

/// No field: a number that is none.
const UNKNOWN: u32 = u32::MAX;

/// How many fields of a line are remembered for the next one.
const LONGEST_ORDER: usize = 1_024;

/// Up to this many unknown fields, looking at each pair is faster than a map.
const FEW: usize = 16;

/// Finds the fields of one set of names in line after line.
#[derive(Debug)]
pub(super) struct LineParser {
    names: Names,
    /// The field at each place of the line before.
    order: Vec<u32>,
    /// Where each field's value stands in the current line.
    tokens: Vec<Token>,
    keep_unknown: bool,
    unknown: Vec<Unknown>,
    /// The names of unknown fields that were written with escapes.
    decoded: Vec<u8>,
    end: usize,
}

/// A field that no column is read from.
#[derive(Clone, Copy, Debug)]
struct Unknown {
    name: Token,
    /// Where `decoded` holds the name, if it was written with escapes.
    decoded: Option<(usize, usize)>,
    value: Token,
}

impl LineParser {
    /// Makes a parser for fields of these names, which must differ; `keep_unknown` says whether [`Self::write_unknown`] will be called.
    pub(super) fn new(names: &[&str], keep_unknown: bool) -> Self {
        Self {
            names: Names::new(names),
            order: Vec::new(),
            tokens: vec![Token::default(); names.len()],
            keep_unknown,
            unknown: Vec::new(),
            decoded: Vec::new(),
            end: 0,
        }
    }

    /// Reads a line, which must be one JSON object and nothing else; `is_utf8` tells that it is known to be UTF-8. Of
    /// fields with one name the last one counts.
    pub(super) fn read(&mut self, line: &[u8], is_utf8: bool) -> Result<(), SyntaxError> {
        let mut scanner = Scanner::new(line, is_utf8)?;
        self.tokens.fill(Token::default());
        self.unknown.clear();
        self.decoded.clear();

        scanner.skip_blanks();
        if !scanner.eat(b'{') {
            return scanner.fail("is not a JSON object");
        }
        scanner.skip_blanks();
        if !scanner.eat(b'}') {
            self.read_fields(line, &mut scanner)?;
        }
        self.end = scanner.at() - 1;
        scanner.skip_blanks();
        if !scanner.at_end() {
            return scanner.fail("text after the end of the object");
        }
        Ok(())
    }

    fn read_fields(&mut self, line: &[u8], scanner: &mut Scanner<'_>) -> Result<(), SyntaxError> {
        for place in 0.. {
            if !scanner.eat(b'"') {
                return scanner.fail("expected a field name in quotes");
            }
            let expected = self.order.get(place).copied().unwrap_or(UNKNOWN);
            if self.names.eat(expected, scanner) {
                scanner.colon()?;
                self.set(expected, scanner.value()?);
            } else {
                self.read_unexpected(line, scanner, place)?;
            }
            scanner.skip_blanks();
            if scanner.eat(b'}') {
                return Ok(());
            }
            if !scanner.eat(b',') {
                return scanner.fail("expected a comma or the end of the object");
            }
            scanner.skip_blanks();
        }
        Ok(())
    }

    #[inline]
    fn set(&mut self, field: u32, value: Token) {
        if let Some(token) = self.tokens.get_mut(field as usize) {
            *token = value;
        }
    }

    fn read_unexpected(
        &mut self,
        line: &[u8],
        scanner: &mut Scanner<'_>,
        place: usize,
    ) -> Result<(), SyntaxError> {
        let name = scanner.string()?;
        let start = self.decoded.len();
        let escaped = name.kind == Kind::EscapedString;
        if escaped {
            decode(name.quoted(line), &mut self.decoded);
        }
        let decoded = escaped.then_some((start, self.decoded.len()));
        let field = self
            .names
            .find(name_text(&self.decoded, line, name, decoded));
        self.remember(place, field);

        scanner.colon()?;
        let value = scanner.value()?;
        if field != UNKNOWN {
            self.set(field, value);
            self.decoded.truncate(start);
        } else if self.keep_unknown {
            self.unknown.push(Unknown {
                name,
                decoded,
                value,
            });
        }
        Ok(())
    }

    fn remember(&mut self, place: usize, field: u32) {
        if let Some(known) = self.order.get_mut(place) {
            *known = field;
        } else if place == self.order.len() && place < LONGEST_ORDER {
            self.order.push(field);
        }
    }

    /// Returns the value of a field in the line that was read last.
    #[inline]
    pub(super) fn token(&self, field: usize) -> Token {
        // A number beyond the names would be a field that no line has.
        self.tokens.get(field).copied().unwrap_or_default()
    }

    /// Returns the byte offset of the object's closing brace in the line that was read last.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// Appends the unknown fields of the line that was read last, but for one called `without`, as one JSON object, and
    /// tells whether there were any.
    ///
    /// Values are written exactly as they were, names as they were or, if they had escapes, with as few as possible.
    pub(super) fn write_unknown(
        &self,
        line: &[u8],
        without: Option<&[u8]>,
        out: &mut Vec<u8>,
    ) -> bool {
        if self.unknown.is_empty() {
            return false;
        }
        let last = self.last_by_name(line);
        let start = out.len();
        let mut separator = b'{';
        for (i, field) in self.unknown.iter().enumerate() {
            let text = name_text(&self.decoded, line, field.name, field.decoded);
            let is_last =
                match &last {
                    Some(last) => last.get(text) == Some(&i),
                    None => !self.unknown.iter().skip(i + 1).any(|later| {
                        name_text(&self.decoded, line, later.name, later.decoded) == text
                    }),
                };
            if !is_last || Some(text) == without {
                continue;
            }
            out.push(separator);
            separator = b',';
            match field.decoded {
                Some(_) => encode(text, out),
                None => out.extend_from_slice(field.name.raw(line)),
            }
            out.push(b':');
            out.extend_from_slice(field.value.raw(line));
        }
        if out.len() == start {
            return false;
        }
        out.push(b'}');
        true
    }

    /// Returns which of many unknown fields of one name is the last, so that an object of a million of them is no trap.
    fn last_by_name<'l>(&'l self, line: &'l [u8]) -> Option<HashMap<&'l [u8], usize>> {
        if self.unknown.len() <= FEW {
            return None;
        }
        let name = |field: &Unknown| name_text(&self.decoded, line, field.name, field.decoded);
        Some(
            self.unknown
                .iter()
                .enumerate()
                .map(|(i, field)| (name(field), i))
                .collect(),
        )
    }
}

fn name_text<'l>(
    all_decoded: &'l [u8],
    line: &'l [u8],
    name: Token,
    decoded: Option<(usize, usize)>,
) -> &'l [u8] {
    match decoded {
        // What was decoded of a line stays until the next one is read.
        Some((start, end)) => all_decoded.get(start..end).unwrap_or_default(),
        None => name.quoted(line),
    }
}

/// The names of fields, and a hash table of them.
#[derive(Debug)]
struct Names {
    names: Vec<Name>,
    /// Numbers of names at their hash or after it; at most half full.
    table: Vec<u32>,
}

impl Names {
    fn new(names: &[&str]) -> Self {
        let size = (names.len() * 2 + 1).next_power_of_two();
        let mut built = Self {
            names: names.iter().map(|name| Name::new(name)).collect(),
            table: vec![UNKNOWN; size],
        };
        for (number, name) in (0_u32..).zip(names) {
            let start = built.start(name.as_bytes());
            let mut places = (0..size).map(|step| (start + step) & (size - 1));
            let free = places.find(|place| built.table.get(*place) == Some(&UNKNOWN));
            if let Some(place) = free.and_then(|place| built.table.get_mut(place)) {
                *place = number;
            }
        }
        built
    }

    fn start(&self, name: &[u8]) -> usize {
        // The table's size is a power of two.
        xxh3_64(name) as usize & (self.table.len() - 1)
    }

    /// Moves over the name of `field` and its closing quote if they come next.
    #[inline]
    fn eat(&self, field: u32, scanner: &mut Scanner<'_>) -> bool {
        let name = self.names.get(field as usize);
        name.is_some_and(|name| scanner.eat_name(name))
    }

    fn find(&self, name: &[u8]) -> u32 {
        let start = self.start(name);
        let (before, after) = self.table.split_at(start);
        for number in after.iter().chain(before) {
            match self.names.get(*number as usize) {
                None => return UNKNOWN,
                Some(other) if other.bytes() == name => return *number,
                Some(_) => {}
            }
        }
        UNKNOWN
    }
}

#[cfg(test)]
mod tests;
