//! The values of a record, in the texts that they lie in: the record itself, its event, what came with that. Pure.

use super::{Beside, LineParser};
use crate::dataset::Origin;
use crate::value::json::token::Token;

/// A place that a column is read from, by its number among those of its origin.
#[derive(Clone, Copy, Debug)]
pub(in crate::silver) struct At {
    pub(in crate::silver) origin: Origin,
    pub(in crate::silver) number: usize,
}

impl At {
    /// A place where nothing ever is.
    pub(in crate::silver) const NOWHERE: Self = Self {
        origin: Origin::Record,
        number: usize::MAX,
    };
}

/// A value, and in what it was found.
#[derive(Clone, Copy, Debug)]
pub(in crate::silver) struct Found<'a> {
    pub(in crate::silver) origin: Origin,
    pub(in crate::silver) token: &'a Token,
}

/// What stands in an event beside its records.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::silver) struct Outside<'a> {
    /// The text of the event, or of the value of it that the record is in.
    pub(in crate::silver) text: &'a [u8],
    /// The values there, by the number of their place.
    pub(in crate::silver) tokens: &'a [Token],
}

/// A record that was read last, and all that came with it.
#[derive(Clone, Copy, Debug)]
pub(in crate::silver) struct Texts<'a> {
    pub(in crate::silver) parser: &'a LineParser,
    pub(in crate::silver) line: &'a [u8],
    pub(in crate::silver) outside: Outside<'a>,
    /// Nothing where no column reads there.
    pub(in crate::silver) beside: Option<&'a Beside>,
    /// The properties that came with the event.
    pub(in crate::silver) properties: &'a [u8],
}

impl<'a> Texts<'a> {
    /// Returns what is at a place.
    #[inline]
    pub(in crate::silver) fn find(&self, at: At) -> Found<'a> {
        let At { origin, number } = at;
        let token = match origin {
            Origin::Record => self.parser.at(number),
            other => self.find_beside(other, number),
        };
        Found { origin, token }
    }

    /// Returns what the values of an origin were found in.
    #[inline]
    pub(in crate::silver) fn text(&self, origin: Origin) -> &'a [u8] {
        match origin {
            Origin::Record => self.line,
            other => self.text_beside(other),
        }
    }

    // Most columns read the record: what the others need stays out of their way.

    #[inline(never)]
    fn find_beside(&self, origin: Origin, number: usize) -> &'a Token {
        let token = match origin {
            Origin::Record => Some(self.parser.at(number)),
            Origin::Event => self.outside.tokens.get(number),
            Origin::Properties | Origin::System => {
                self.beside.map(|beside| beside.at(origin, number))
            }
        };
        // There is none where the event was not opened.
        token.unwrap_or(&Token::ABSENT)
    }

    #[inline(never)]
    fn text_beside(&self, origin: Origin) -> &'a [u8] {
        match (origin, self.beside) {
            (Origin::Event, _) => self.outside.text,
            (Origin::Properties | Origin::System, Some(beside)) => {
                beside.text(origin, self.properties)
            }
            (Origin::Record | Origin::Properties | Origin::System, _) => self.line,
        }
    }
}
