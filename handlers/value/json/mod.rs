//! A strict scanner for JSON text (RFC 8259) that finds where values begin and end, and builds nothing; pure.
//!
//! Every byte is looked at once and no memory is allocated, whatever the text: nesting is counted in a bit set, never on
//! the call stack. What it accepts, every other JSON parser accepts too, but for a byte order mark,
//! which is passed over.

pub(crate) mod escape;
pub(crate) mod find;
pub(crate) mod name;
pub(crate) mod non_finite;
pub(crate) mod token;

use crate::value::number::PlainNumber;
use escape::code_unit;
use name::Name;
use token::{Kind, Token};

/// How deep values may be nested, the outermost one included.
pub(crate) const MAX_DEPTH: u32 = 128;

/// The lowest byte that stands in a string without an escape.
const BLANK: u8 = b' ';

/// What some senders put before UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// Why text is not JSON, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// The byte offset of what does not fit.
    pub(crate) at: usize,
    /// What is wrong, for people.
    pub(crate) message: &'static str,
}

/// Returns whether a text holds nothing but blanks.
pub(crate) fn is_blank(text: &[u8]) -> bool {
    let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
    text.iter().all(is_blank)
}

/// Walks over one text.
#[derive(Debug)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// How many containers are around what comes next.
    around: u32,
}

type Scanned<T> = Result<T, SyntaxError>;

impl<'a> Scanner<'a> {
    /// Starts at the beginning of `bytes`, which must be UTF-8, or after its byte order mark, which RFC 8259 lets parsers
    /// ignore; `is_utf8` tells that it is known to be UTF-8.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], is_utf8: bool) -> Scanned<Self> {
        let mut scanner = Self::of_value(bytes, is_utf8)?;
        if bytes.starts_with(BYTE_ORDER_MARK) {
            scanner.at = BYTE_ORDER_MARK.len();
        }
        // The object that holds all this is one level.
        scanner.around = 1;
        Ok(scanner)
    }

    /// As [`Self::new`], of a value of any kind that is inside of nothing; there, a byte order mark is no blank.
    #[inline]
    pub(crate) fn of_value(bytes: &'a [u8], is_utf8: bool) -> Scanned<Self> {
        if u32::try_from(bytes.len()).is_err() {
            let message = "is longer than 4 GiB";
            return Err(SyntaxError { at: 0, message });
        }
        if !is_utf8 && let Err(error) = simdutf8::compat::from_utf8(bytes) {
            return Err(SyntaxError {
                at: error.valid_up_to(),
                message: "is not UTF-8",
            });
        }
        Ok(Self {
            bytes,
            at: 0,
            around: 0,
        })
    }

    /// Returns the byte offset of what comes next.
    pub(crate) fn at(&self) -> usize {
        self.at
    }

    /// Returns whether nothing is left.
    pub(crate) fn at_end(&self) -> bool {
        self.at >= self.bytes.len()
    }

    /// Refuses what comes next.
    pub(crate) fn fail<T>(&self, message: &'static str) -> Scanned<T> {
        let message = if self.at_end() {
            "ends too early"
        } else {
            message
        };
        Err(SyntaxError {
            at: self.at,
            message,
        })
    }

    /// Returns the byte that comes next.
    #[inline]
    pub(crate) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    /// Moves over blanks.
    #[inline]
    pub(crate) fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// Moves over `byte` if it comes next.
    #[inline]
    pub(crate) fn eat(&mut self, byte: u8) -> bool {
        let comes = self.peek() == Some(byte);
        self.at += usize::from(comes);
        comes
    }

    /// Moves over the comma or the closing bracket that comes after a member or an element, and what blanks are before the
    /// next one; tells whether there is a next one.
    #[inline]
    pub(crate) fn goes_on(&mut self, closing: u8) -> Scanned<bool> {
        self.skip_blanks();
        if self.eat(closing) {
            return Ok(false);
        }
        if !self.eat(b',') {
            return self.fail("expected a comma or the end of an object or array");
        }
        self.skip_blanks();
        Ok(true)
    }

    /// Moves over a name and its closing quote if they come next.
    #[inline]
    pub(crate) fn eat_name(&mut self, name: &Name) -> bool {
        // The scanner never moves beyond the line; there, nothing is what is left.
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let comes = name.is_closed_at(rest);
        if comes {
            self.at += name.closed_length();
        }
        comes
    }

    #[inline]
    fn token(&self, kind: Kind, start: usize) -> Token {
        Token::new(kind, start, self.at)
    }

    /// Moves over any value.
    #[inline]
    pub(crate) fn value(&mut self) -> Scanned<Token> {
        let mut token = Token::ABSENT;
        self.value_into(&mut token)?;
        Ok(token)
    }

    /// As [`Self::value`], where the token is to stand, and in one piece with its caller: a token that is handed over
    /// lies in memory and is read back in larger pieces than it was written in, for which the processor waits. That
    /// shows where every value of every line is read. What stands there after a failure means nothing.
    #[inline(always)]
    pub(crate) fn value_into(&mut self, token: &mut Token) -> Scanned<()> {
        match self.peek() {
            Some(b'{' | b'[') => self.container(token),
            _ => self.scalar(token),
        }
    }

    #[inline(always)]
    fn scalar(&mut self, token: &mut Token) -> Scanned<()> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string_into(token)
            }
            Some(b'-' | b'0'..=b'9') => self.number(token),
            Some(b't') => self.literal(b"true", Kind::True, token),
            Some(b'f') => self.literal(b"false", Kind::False, token),
            Some(b'n') => self.literal(b"null", Kind::Null, token),
            _ => self.fail("expected a value"),
        }
    }

    fn literal(&mut self, text: &[u8], kind: Kind, token: &mut Token) -> Scanned<()> {
        let start = self.at;
        if self.bytes.get(start..start + text.len()) != Some(text) {
            return self.fail("expected a value");
        }
        self.at += text.len();
        *token = self.token(kind, start);
        Ok(())
    }

    #[inline(always)]
    fn number(&mut self, token: &mut Token) -> Scanned<()> {
        let start = self.at;
        // As above: nothing is left at the end, and nothing is no number.
        let rest = self.bytes.get(start..).unwrap_or_default();
        match PlainNumber::scan(rest) {
            Some((number, length)) => {
                self.at += length;
                *token = Token::of_number(number, start, self.at);
                Ok(())
            }
            None => self.long_number(start, token),
        }
    }

    /// Moves over a number with an exponent or of many digits.
    #[cold]
    fn long_number(&mut self, start: usize, token: &mut Token) -> Scanned<()> {
        self.eat(b'-');
        let leading_zero = self.eat(b'0');
        if !leading_zero {
            self.digits()?;
        }
        if self.eat(b'.') {
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.digits()?;
        }
        // A digit after a leading zero is no separator either: whoever called will refuse it.
        *token = self.token(Kind::Number, start);
        Ok(())
    }

    #[inline]
    fn digits(&mut self) -> Scanned<()> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
        if self.at == start {
            return self.fail("expected a digit");
        }
        Ok(())
    }

    /// Moves over a string whose first quote is behind.
    #[inline]
    pub(crate) fn string(&mut self) -> Scanned<Token> {
        let mut token = Token::ABSENT;
        self.string_into(&mut token)?;
        Ok(token)
    }

    #[inline(always)]
    fn string_into(&mut self, token: &mut Token) -> Scanned<()> {
        let start = self.at.saturating_sub(1);
        let mut kind = Kind::String;
        loop {
            self.skip_plain();
            match self.peek() {
                Some(b'"') => {
                    self.at += 1;
                    *token = self.token(kind, start);
                    return Ok(());
                }
                Some(b'\\') => {
                    kind = Kind::EscapedString;
                    self.escape()?;
                }
                _ => return self.fail("a control character in a string must be escaped"),
            }
        }
    }

    /// Moves over a string that begins and ends with a bracket, as one that holds an array does, and returns what stands
    /// between its quotes: fast, and without a look at it.
    pub(crate) fn bracketed_string(&mut self) -> Option<&'a [u8]> {
        let rest = self.bytes.get(self.at..)?;
        let text = rest
            .strip_prefix(b"\"")
            .filter(|text| text.starts_with(b"["))?;
        // In a string, a quote has a backslash before it.
        let end = memchr::memmem::find(text, b"]\"")? + 1;
        self.at += end + 2;
        text.get(..end)
    }

    /// Moves to the next quote, backslash or control character, eight bytes at a time.
    #[inline]
    fn skip_plain(&mut self) {
        while let Some(word) = self
            .bytes
            .get(self.at..)
            .and_then(|rest| rest.first_chunk())
        {
            let special = special_bytes(u64::from_le_bytes(*word));
            if special != 0 {
                self.at += (special.trailing_zeros() / 8) as usize;
                return;
            }
            self.at += 8;
        }
        while let Some(byte) = self.peek() {
            if matches!(byte, b'"' | b'\\' | 0..0x20) {
                return;
            }
            self.at += 1;
        }
    }

    fn escape(&mut self) -> Scanned<()> {
        match self.bytes.get(self.at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => {
                self.at += 2;
                Ok(())
            }
            Some(b'u') => self.unicode_escape(),
            _ => self.fail("an unknown escape in a string"),
        }
    }

    fn unicode_escape(&mut self) -> Scanned<()> {
        // As above: at the end, four digits are missing.
        let rest = self.bytes.get(self.at..).unwrap_or_default();
        let length = match code_unit(rest) {
            None => return self.fail("\\u must be followed by four hexadecimal digits"),
            Some(0xDC00..=0xDFFF) => None,
            Some(0xD800..=0xDBFF) => {
                let low = rest.get(6..).and_then(code_unit);
                matches!(low, Some(0xDC00..=0xDFFF)).then_some(12)
            }
            Some(_) => Some(6),
        };
        let Some(length) = length else {
            return self.fail("half of a surrogate pair in a string");
        };
        self.at += length;
        Ok(())
    }

    /// Moves over the opening bracket that comes next and the blanks behind it; returns its place.
    pub(crate) fn enter_bracket(&mut self) -> usize {
        let start = self.at;
        self.at += 1;
        self.around += 1;
        self.skip_blanks();
        start
    }

    /// Returns the object or array that began at `start` and whose closing bracket is behind.
    pub(crate) fn leave_bracket(&mut self, start: usize) -> Token {
        self.around = self.around.saturating_sub(1);
        self.token(Kind::Container, start)
    }

    /// Moves over an object or array.
    fn container(&mut self, token: &mut Token) -> Scanned<()> {
        let start = self.at;
        let mut open = Open::default();
        self.enter(&mut open)?;
        while open.depth > 0 {
            self.skip_blanks();
            if !self.eat(b',') {
                self.leave(&mut open)?;
                continue;
            }
            self.skip_blanks();
            self.element(&mut open)?;
        }
        *token = self.token(Kind::Container, start);
        Ok(())
    }

    /// Moves over an opening bracket and on to what is inside, up to the first separator or closing bracket.
    fn enter(&mut self, open: &mut Open) -> Scanned<()> {
        loop {
            if open.depth + self.around >= MAX_DEPTH {
                return self.fail("is nested deeper than 128 levels");
            }
            open.push(self.peek() == Some(b'{'));
            self.at += 1;
            self.skip_blanks();
            if self.peek() == Some(open.closing()) {
                return Ok(());
            }
            self.member_name(open)?;
            if !matches!(self.peek(), Some(b'{' | b'[')) {
                return self.scalar(&mut Token::default());
            }
        }
    }

    fn element(&mut self, open: &mut Open) -> Scanned<()> {
        self.member_name(open)?;
        match self.peek() {
            Some(b'{' | b'[') => self.enter(open),
            _ => self.scalar(&mut Token::default()),
        }
    }

    fn member_name(&mut self, open: &Open) -> Scanned<()> {
        if !open.in_object() {
            return Ok(());
        }
        if !self.eat(b'"') {
            return self.fail("expected a field name in quotes");
        }
        self.string_into(&mut Token::default())?;
        self.colon()
    }

    /// Moves over a colon and the blanks around it.
    #[inline]
    pub(crate) fn colon(&mut self) -> Scanned<()> {
        self.skip_blanks();
        if !self.eat(b':') {
            return self.fail("expected a colon after the field name");
        }
        self.skip_blanks();
        Ok(())
    }

    fn leave(&mut self, open: &mut Open) -> Scanned<()> {
        if !self.eat(open.closing()) {
            return self.fail("expected a comma or the end of an object or array");
        }
        open.pop();
        Ok(())
    }
}

/// Which of the open brackets are braces: the lowest bit is the innermost one.
#[derive(Default)]
struct Open {
    objects: u128,
    depth: u32,
}

impl Open {
    fn push(&mut self, object: bool) {
        self.objects = self.objects << 1 | u128::from(object);
        self.depth += 1;
    }

    fn pop(&mut self) {
        self.objects >>= 1;
        self.depth = self.depth.saturating_sub(1);
    }

    fn in_object(&self) -> bool {
        self.objects & 1 == 1
    }

    fn closing(&self) -> u8 {
        if self.in_object() { b'}' } else { b']' }
    }
}

/// Returns how many bytes stand before the next quote, backslash or control character; none if there is no such byte.
#[inline]
pub(crate) fn plain_length(text: &[u8]) -> Option<usize> {
    let (words, rest) = text.as_chunks();
    for (word, place) in words.iter().zip((0..).step_by(8)) {
        let special = special_bytes(u64::from_le_bytes(*word));
        if special != 0 {
            return Some(place + (special.trailing_zeros() / 8) as usize);
        }
    }
    let is_special = |byte: &u8| matches!(byte, b'"' | b'\\' | 0..BLANK);
    let place = rest.iter().position(is_special)?;
    Some(text.len() - rest.len() + place)
}

/// Sets the high bit of the lowest byte that is a quote, a backslash or a control character; bits above it mean nothing.
#[inline]
fn special_bytes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    let quote = word ^ (ONES * b'"' as u64);
    let backslash = word ^ (ONES * b'\\' as u64);
    let is_quote = quote.wrapping_sub(ONES) & !quote;
    let is_backslash = backslash.wrapping_sub(ONES) & !backslash;
    let is_control = word.wrapping_sub(ONES * 0x20) & !word;
    (is_quote | is_backslash | is_control) & HIGH
}

#[cfg(test)]
mod tests;
