//! Values inside of a text that is one JSON value of any kind.
//!
//! The rules are those that columns are read by: a name leads into objects only, an index into arrays only; of members of
//! one name the last counts, and where case is ignored, one that is written exactly so before any other.

use super::token::Token;
use super::{Scanned, Scanner, SyntaxError};
use crate::value::path::Segment;

/// Finds what is at a path in a text, all of which is read; `is_utf8` tells that it is known to be UTF-8.
pub(crate) fn find(
    text: &[u8],
    is_utf8: bool,
    path: &[Segment],
    ignore_case: bool,
) -> Result<Token, SyntaxError> {
    let mut search = Search {
        text,
        scanner: Scanner::of_value(text, is_utf8)?,
        ignore_case,
        decoded: Vec::new(),
    };
    search.scanner.skip_blanks();
    let found = search.value(path)?;
    search.scanner.skip_blanks();
    match search.scanner.at_end() {
        true => Ok(found),
        false => search.scanner.fail("text after the end of the value"),
    }
}

/// Calls `each` with the elements of an array in a text that [`find`] has read. Their places are those in the text.
pub(crate) fn elements<E: From<SyntaxError>>(
    text: &[u8],
    array: Token,
    mut each: impl FnMut(Token) -> Result<(), E>,
) -> Result<(), E> {
    // It was read as part of the text.
    let mut scanner = Scanner::of_value(text, true)?;
    scanner.at = array.start();
    scanner.enter_bracket();
    if scanner.eat(b']') {
        return Ok(());
    }
    loop {
        each(scanner.value()?)?;
        if !scanner.goes_on(b']')? {
            return Ok(());
        }
    }
}

struct Search<'a> {
    text: &'a [u8],
    scanner: Scanner<'a>,
    ignore_case: bool,
    decoded: Vec<u8>,
}

impl Search<'_> {
    /// Moves over a value, and returns what is at a path in it. The recursion is as deep as the path is long.
    fn value(&mut self, path: &[Segment]) -> Scanned<Token> {
        match (path.split_first(), self.scanner.peek()) {
            (None, _) => self.scanner.value(),
            (Some((Segment::Name(name), rest)), Some(b'{')) => self.member(name, rest),
            (Some((Segment::Index(index), rest)), Some(b'[')) => self.element(*index, rest),
            _ => self.scanner.value().map(|_| Token::default()),
        }
    }

    fn member(&mut self, wanted: &str, rest: &[Segment]) -> Scanned<Token> {
        self.scanner.enter_bracket();
        let (mut found, mut has_exact) = (Token::default(), false);
        let mut is_open = !self.scanner.eat(b'}');
        while is_open {
            if !self.scanner.eat(b'"') {
                return self.scanner.fail("expected a field name in quotes");
            }
            let name = self.scanner.string()?;
            let (is_it, is_exact) = self.is(name, wanted);
            self.scanner.colon()?;
            if is_it && (is_exact || !has_exact) {
                found = self.value(rest)?;
                has_exact = is_exact;
            } else {
                self.scanner.value()?;
            }
            is_open = self.scanner.goes_on(b'}')?;
        }
        self.scanner.leave_bracket(0);
        Ok(found)
    }

    fn element(&mut self, wanted: u64, rest: &[Segment]) -> Scanned<Token> {
        self.scanner.enter_bracket();
        let mut found = Token::default();
        let mut index = 0;
        let mut is_open = !self.scanner.eat(b']');
        while is_open {
            match index == wanted {
                true => found = self.value(rest)?,
                false => self.scanner.value().map(drop)?,
            }
            index += 1;
            is_open = self.scanner.goes_on(b']')?;
        }
        self.scanner.leave_bracket(0);
        Ok(found)
    }

    /// Returns whether a name is the wanted one, and whether it is written exactly so.
    fn is(&mut self, name: Token, wanted: &str) -> (bool, bool) {
        let text = name.decoded(self.text, &mut self.decoded);
        let is_exact = text == wanted.as_bytes();
        let is_alike = self.ignore_case && text.eq_ignore_ascii_case(wanted.as_bytes());
        (is_exact || is_alike, is_exact)
    }
}

#[cfg(test)]
mod tests;
