//! Reads a path by the grammar of RFC 9535, section 2.3.5.1 (`abs-singular-query`).

use std::fmt;
use std::iter::Peekable;
use std::str::Chars;

use super::segment::{MOST_SEGMENTS, Segment, is_name_character, is_name_first};

/// The largest index that every implementation takes: 2^53 - 1.
const MOST_INDEX: u64 = (1 << 53) - 1;

/// Why text is no path to one value, and where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathError {
    /// The character that does not fit, counted from 1.
    pub character: usize,
    /// What is wrong with it, and what would be accepted.
    pub message: &'static str,
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "at character {}: {}", self.character, self.message)
    }
}

impl std::error::Error for PathError {}

const DESCENDANT: &str = "\"..\" finds values at every level, and a path leads to one place: name each level, such as $.a.b";
const WILDCARD: &str = "\"*\" takes all members or elements, and a path leads to one: name it, such as $.a.b or $.a[0]";
const SLICE: &str =
    "a slice takes several elements, and a path leads to one: write its index, such as [0]";
const UNION: &str = "several selectors in one pair of brackets take several values, and a path leads to one: write ['a'] or [0]; the first of several places that has a value is a list of paths, such as [\"a\", \"$.b.c\"]";
const FILTER: &str = "a filter chooses by what values are, and a path only says where one stands: write an index, such as [0]";
const FUNCTION: &str = "functions and expressions are not evaluated, a path only says where a value stands: write names and indices, such as $.a.b[0]";
const NEGATIVE: &str = "a negative index counts from the end, which is known only there: indices from 0 are accepted, such as [0]";
const INDEX: &str =
    "an index is 0, or digits without a leading zero, of at most 9007199254740991, such as [10]";
const NO_NAME: &str = "a name is missing: write $.a, $['a'] or $[0]";
const SHORTHAND: &str = "a name after a dot has letters, digits and _ and does not begin with a digit: any other name is written in quotes, such as ['a-b']";
const BARE: &str = "brackets hold a name in quotes, such as ['a'], or an index from 0, such as [0]";
const BLANK: &str =
    "blanks are allowed only before a segment: write ['a'] or [0] without any inside";
const TRAILING: &str = "a path does not end in a blank";
const SEGMENT: &str = "a path goes on with .name, ['name'] or an index such as [0]";
const UNCLOSED: &str = "the name in quotes has no end: write ['a'] or [\"a\"]";
const BRACKET: &str = "a closing bracket is missing: write ['a'] or [0]";
const CONTROL: &str =
    "a control character in a name is written as an escape, such as \\n or \\u000a";
const ESCAPE: &str = "an unknown escape: \\b \\f \\n \\r \\t \\/ \\\\ \\u and four hexadecimal digits, and the quote around the name are accepted";
const SURROGATE: &str = "half of a surrogate pair: both halves are written, such as \\ud83d\\ude00";
const TOO_MANY: &str = "a path has at most 16 segments";

/// Returns the segments of a path.
pub(super) fn segments(text: &str) -> Result<Vec<Segment>, PathError> {
    let mut reader = Reader {
        rest: text.chars().peekable(),
        character: 1,
    };
    // Whoever calls has seen the sign of the root.
    reader.eat('$');
    let mut segments = Vec::new();
    loop {
        let at = reader.character;
        let is_end = reader.rest.peek().is_none();
        reader.skip_blanks();
        let Some(next) = reader.rest.peek().copied() else {
            return match is_end {
                true => Ok(segments),
                false => Err(problem(at, TRAILING)),
            };
        };
        let at = reader.character;
        let segment = match next {
            '.' => reader.shorthand()?,
            '[' => reader.brackets()?,
            other => return Err(reader.unexpected(other)),
        };
        segments.push(segment);
        if segments.len() > MOST_SEGMENTS {
            return Err(problem(at, TOO_MANY));
        }
    }
}

fn is_blank(character: char) -> bool {
    matches!(character, ' ' | '\t' | '\n' | '\r')
}

fn problem(character: usize, message: &'static str) -> PathError {
    PathError { character, message }
}

struct Reader<'t> {
    rest: Peekable<Chars<'t>>,
    /// The number of what comes next, from 1.
    character: usize,
}

impl Reader<'_> {
    fn next(&mut self) -> Option<char> {
        let next = self.rest.next();
        self.character += usize::from(next.is_some());
        next
    }

    fn eat(&mut self, wanted: char) -> bool {
        let comes = self.rest.peek() == Some(&wanted);
        if comes {
            self.next();
        }
        comes
    }

    fn skip_blanks(&mut self) {
        while self.rest.peek().copied().is_some_and(is_blank) {
            self.next();
        }
    }

    fn fail<T>(&self, message: &'static str) -> Result<T, PathError> {
        Err(problem(self.character, message))
    }

    /// Says what is wrong with a character that begins no segment.
    fn unexpected(&self, character: char) -> PathError {
        let message = match character {
            '(' => FUNCTION,
            '*' => WILDCARD,
            ']' | '\'' | '"' => SEGMENT,
            _ => SHORTHAND,
        };
        problem(self.character, message)
    }

    /// Reads `.name`.
    fn shorthand(&mut self) -> Result<Segment, PathError> {
        let dot = self.character;
        self.eat('.');
        match self.rest.peek() {
            None => return self.fail(NO_NAME),
            Some('.') => return Err(problem(dot, DESCENDANT)),
            Some('*') => return self.fail(WILDCARD),
            Some(first) if !is_name_first(*first) => return self.fail(SHORTHAND),
            Some(_) => {}
        }
        let mut name = String::new();
        while let Some(character) = self.rest.next_if(|next| is_name_character(*next)) {
            self.character += 1;
            name.push(character);
        }
        Ok(Segment::Name(name))
    }

    /// Reads `['name']`, `["name"]` or `[0]`.
    fn brackets(&mut self) -> Result<Segment, PathError> {
        self.eat('[');
        let segment = match self.rest.peek().copied() {
            None => return self.fail(BRACKET),
            Some(quote @ ('\'' | '"')) => self.quoted(quote)?,
            Some('-' | '0'..='9') => self.index()?,
            Some('*') => return self.fail(WILDCARD),
            Some(':') => return self.fail(SLICE),
            Some('?') => return self.fail(FILTER),
            Some('(') => return self.fail(FUNCTION),
            Some(blank) if is_blank(blank) => return self.fail(BLANK),
            Some(_) => return self.fail(BARE),
        };
        if self.eat(']') {
            return Ok(segment);
        }
        let at = self.character;
        self.skip_blanks();
        match self.rest.peek() {
            Some(',') => self.fail(UNION),
            Some(':') => self.fail(SLICE),
            Some(_) if at != self.character => Err(problem(at, BLANK)),
            _ => self.fail(BRACKET),
        }
    }

    fn index(&mut self) -> Result<Segment, PathError> {
        let start = self.character;
        let is_negative = self.eat('-');
        let mut digits = String::new();
        while let Some(digit) = self.rest.next_if(char::is_ascii_digit) {
            self.character += 1;
            digits.push(digit);
        }
        let has_one_spelling = digits == "0" && !is_negative || digits.starts_with(|c| c > '0');
        // Too many digits are an index that is too large.
        let index = digits.parse().ok().filter(|index| *index <= MOST_INDEX);
        match index {
            // That it is a slice says more than that its numbers are odd.
            _ if self.rest.peek() == Some(&':') => self.fail(SLICE),
            Some(index) if has_one_spelling && !is_negative => Ok(Segment::Index(index)),
            Some(_) if has_one_spelling => Err(problem(start, NEGATIVE)),
            _ => Err(problem(start, INDEX)),
        }
    }

    fn quoted(&mut self, quote: char) -> Result<Segment, PathError> {
        self.eat(quote);
        let mut name = String::new();
        loop {
            let at = self.character;
            match self.next() {
                None => return self.fail(UNCLOSED),
                Some('\\') => name.push(self.escape(quote, at)?),
                Some('\0'..' ') => return Err(problem(at, CONTROL)),
                Some(character) if character == quote => return Ok(Segment::Name(name)),
                Some(character) => name.push(character),
            }
        }
    }

    /// Reads an escape whose backslash, at character `at`, is behind.
    fn escape(&mut self, quote: char, at: usize) -> Result<char, PathError> {
        match self.next() {
            Some('b') => Ok('\u{8}'),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some(same @ ('/' | '\\')) => Ok(same),
            Some(same) if same == quote => Ok(same),
            Some('u') => self.code_point(at),
            _ => Err(problem(at, ESCAPE)),
        }
    }

    fn code_point(&mut self, at: usize) -> Result<char, PathError> {
        let first = self.code_unit(at)?;
        let code_point = match first {
            0xD800..=0xDBFF => {
                if !(self.eat('\\') && self.eat('u')) {
                    return Err(problem(at, SURROGATE));
                }
                let second = self.code_unit(at)?;
                if !(0xDC00..=0xDFFF).contains(&second) {
                    return Err(problem(at, SURROGATE));
                }
                0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00)
            }
            other => other,
        };
        // What is left are low halves.
        char::from_u32(code_point).ok_or(problem(at, SURROGATE))
    }

    fn code_unit(&mut self, at: usize) -> Result<u32, PathError> {
        (0..4).try_fold(0, |unit, _| {
            let digit = self.next().and_then(|digit| digit.to_digit(16));
            Ok(unit << 4 | digit.ok_or(problem(at, ESCAPE))?)
        })
    }
}
