//! One step of a path, and how it is written.

use std::fmt::{self, Write};

/// Most segments of a path.
pub(super) const MOST_SEGMENTS: usize = 16;

/// A step from a value to one inside of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Segment {
    /// To the member of an object that has this name.
    Name(String),
    /// To the element of an array, counted from 0.
    Index(u64),
}

impl Segment {
    /// Returns whether both lead to one value, where the case of ASCII letters may be ignored.
    #[must_use]
    pub fn is_same(&self, other: &Self, ignore_case: bool) -> bool {
        match (self, other) {
            (Self::Name(own), Self::Name(other)) if ignore_case => own.eq_ignore_ascii_case(other),
            (own, other) => own == other,
        }
    }
}

impl fmt::Display for Segment {
    /// Writes `.name` where the shorthand does, else `['name']` as normalized paths have it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Index(index) => write!(f, "[{index}]"),
            Self::Name(name) if is_shorthand(name) => write!(f, ".{name}"),
            Self::Name(name) => {
                f.write_str("['")?;
                for character in name.chars() {
                    match character {
                        '\u{8}' => f.write_str("\\b")?,
                        '\t' => f.write_str("\\t")?,
                        '\n' => f.write_str("\\n")?,
                        '\u{c}' => f.write_str("\\f")?,
                        '\r' => f.write_str("\\r")?,
                        '\'' | '\\' => write!(f, "\\{character}")?,
                        '\0'..' ' => write!(f, "\\u{:04x}", u32::from(character))?,
                        other => f.write_char(other)?,
                    }
                }
                f.write_str("']")
            }
        }
    }
}

/// Returns whether a name can stand after a dot.
fn is_shorthand(name: &str) -> bool {
    name.starts_with(is_name_first) && name.chars().all(is_name_character)
}

/// Returns whether a name after a dot can begin so.
pub(super) fn is_name_first(character: char) -> bool {
    character.is_ascii_alphabetic() || character == '_' || !character.is_ascii()
}

/// Returns whether a name after a dot can have this.
pub(super) fn is_name_character(character: char) -> bool {
    is_name_first(character) || character.is_ascii_digit()
}
