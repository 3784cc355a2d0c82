//! Takes a line apart into the fields that columns are read from, and the rest; pure.
//!
//! A [`LineParser`] is used for many lines: it expects the fields in the order of the line before, so that a field's name is
//! usually recognised by one comparison. It keeps no text; all it knows of a line are places in it. Containers are entered
//! only where a path leads into them.

mod beside;
pub(super) mod members;
mod names;
mod nested;
mod texts;
mod trie;
pub(super) mod unopened;

use std::collections::HashMap;

use crate::value::json::escape::{decode, encode};
use crate::value::json::token::{Kind, Token};
use crate::value::json::{Scanner, SyntaxError};
use crate::value::path::FieldPath;
pub(super) use beside::{Beside, Came};
use names::{Names, Order, UNKNOWN};
use nested::Nested;
pub(super) use texts::{At, Found, Outside, Texts};
use trie::Trie;

/// Up to this many unknown fields, looking at each pair is faster than a map.
const FEW: usize = 16;

/// Finds the values of one set of paths in line after line.
#[derive(Debug)]
pub(super) struct LineParser {
    names: Names,
    /// The field at each place of the line before.
    order: Order,
    /// Where each value stands in the current line: first those of fields, then those below them.
    tokens: Vec<Token>,
    /// What lies below the fields, if a path leads there or case is ignored.
    nested: Option<Nested>,
    /// The token of the whole line, if a path is that.
    root: Option<usize>,
    keep_unknown: bool,
    /// Whether lines are records of events that were opened.
    is_of_opened: bool,
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
    /// Makes a parser of values at these paths, and tells by which number each is known; `keep_unknown` says whether
    /// [`Self::write_unknown`] will be called. Paths that are one when `ignore_case` holds must be written alike.
    pub(super) fn of(
        paths: &[&FieldPath],
        ignore_case: bool,
        keep_unknown: bool,
    ) -> (Self, Vec<usize>) {
        let trie = Trie::new(paths, ignore_case);
        let count = trie.nodes.len();
        let is_nested = ignore_case || count > trie.field_count;
        let parser = Self {
            names: trie.fields,
            order: Order::default(),
            tokens: vec![Token::default(); count + usize::from(trie.has_root)],
            nested: is_nested.then(|| Nested::new(trie.nodes, trie.field_count, ignore_case)),
            root: trie.has_root.then_some(count),
            // Whoever reads the whole line has all of its fields.
            keep_unknown: keep_unknown && !trie.has_root,
            is_of_opened: false,
            unknown: Vec::new(),
            decoded: Vec::new(),
            end: 0,
        };
        let numbers = trie.numbers.into_iter().map(|number| number as usize);
        (parser, numbers.collect())
    }

    /// Returns it for records of events that were opened: no byte order mark stands before one, and where all that is
    /// looked for is the record itself, it may be any value.
    pub(super) fn of_opened(self) -> Self {
        Self {
            is_of_opened: true,
            ..self
        }
    }

    /// Reads a line, which must be one JSON object and nothing else; `is_utf8` tells that it is known to be UTF-8. Of
    /// fields with one name the last one counts.
    pub(super) fn read(&mut self, line: &[u8], is_utf8: bool) -> Result<(), SyntaxError> {
        let mut scanner = Scanner::new(line, is_utf8)?;
        self.tokens.fill(Token::default());
        self.unknown.clear();
        self.decoded.clear();
        if self.is_of_opened {
            let message = "is not a JSON object";
            if scanner.at() > 0 {
                return Err(SyntaxError { at: 0, message });
            }
            if self.root == Some(0) {
                // Nothing is around it, and that it is UTF-8 is known by now.
                return self.read_value(Scanner::of_value(line, true)?);
            }
        }

        scanner.skip_blanks();
        let start = scanner.at();
        if !scanner.eat(b'{') {
            return scanner.fail("is not a JSON object");
        }
        scanner.skip_blanks();
        if !scanner.eat(b'}') {
            match self.nested {
                None => self.read_fields::<false>(line, &mut scanner)?,
                Some(_) => self.read_fields::<true>(line, &mut scanner)?,
            }
        }
        self.end = scanner.at() - 1;
        if let Some(nested) = &self.nested {
            nested.settle(&mut self.tokens);
        }
        if let Some(token) = self.root.and_then(|root| self.tokens.get_mut(root)) {
            *token = Token::new(Kind::Container, start, scanner.at());
        }
        scanner.skip_blanks();
        if !scanner.at_end() {
            return scanner.fail("text after the end of the object");
        }
        Ok(())
    }

    /// Reads a record that may be any value, and is all that is looked for.
    fn read_value(&mut self, mut scanner: Scanner<'_>) -> Result<(), SyntaxError> {
        scanner.skip_blanks();
        let value = scanner.value()?;
        self.end = scanner.at();
        if let Some(token) = self.tokens.first_mut() {
            *token = value;
        }
        scanner.skip_blanks();
        match scanner.at_end() {
            true => Ok(()),
            false => scanner.fail("text after the end of the value"),
        }
    }

    /// Reads the fields; `NESTED` says whether anything but a field as it is written is looked for, and costs nothing
    /// where it is not.
    fn read_fields<const NESTED: bool>(
        &mut self,
        line: &[u8],
        scanner: &mut Scanner<'_>,
    ) -> Result<(), SyntaxError> {
        for place in 0.. {
            if !scanner.eat(b'"') {
                return scanner.fail("expected a field name in quotes");
            }
            let expected = self.order.expected(place);
            if self.names.eat(expected, scanner) {
                scanner.colon()?;
                self.read_known::<NESTED>(expected, true, line, scanner)?;
            } else {
                self.read_unexpected::<NESTED>(line, scanner, place)?;
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

    /// Reads the value of a field whose name was written exactly, or in another case.
    #[inline(always)]
    fn read_known<const NESTED: bool>(
        &mut self,
        field: u32,
        is_exact: bool,
        line: &[u8],
        scanner: &mut Scanner<'_>,
    ) -> Result<(), SyntaxError> {
        let Some(token) = self.tokens.get_mut(field as usize) else {
            return scanner.value().map(drop);
        };
        match &mut self.nested {
            Some(nested) if NESTED && !nested.is_plain(field) => {
                nested.field(field, is_exact, token, line, scanner)
            }
            _ => scanner.value_into(token),
        }
    }

    fn read_unexpected<const NESTED: bool>(
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
        let text = name_text(&self.decoded, line, name, decoded);
        let exact = self.names.find(text);
        let field = match &mut self.nested {
            Some(nested) if NESTED && exact == UNKNOWN => {
                self.names.find_in_any_case(text, &mut nested.folded)
            }
            _ => exact,
        };
        self.order.remember(place, field);

        scanner.colon()?;
        if field != UNKNOWN {
            self.decoded.truncate(start);
            return self.read_known::<NESTED>(field, exact != UNKNOWN, line, scanner);
        }
        let value = scanner.value()?;
        if self.keep_unknown {
            self.unknown.push(Unknown {
                name,
                decoded,
                value,
            });
        }
        Ok(())
    }

    /// Returns a value in the line that was read last, by its number.
    #[inline]
    pub(super) fn token(&self, number: usize) -> Token {
        *self.at(number)
    }

    /// As [`Self::token`], where it stands: whoever casts every value of a line makes no copies of them.
    #[inline]
    pub(super) fn at(&self, number: usize) -> &Token {
        // A number beyond the tokens is that of a place which no line has.
        self.tokens.get(number).unwrap_or(&Token::ABSENT)
    }

    /// Says that a value in the line that was read last stands in a member, that of number `member`, which could not be
    /// opened: it is the member, and no value.
    pub(super) fn set_unopened(&mut self, number: usize, member: usize, line: &[u8]) {
        let member = self.token(member);
        if !member.is_nothing()
            && let Some(token) = self.tokens.get_mut(number)
        {
            let end = member.start() + member.raw(line).len();
            *token = Token::new(Kind::Unopened, member.start(), end);
        }
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

#[cfg(test)]
mod tests;
