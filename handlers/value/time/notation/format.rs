//! Formats of strptime, with few directives that mean the same wherever they are read; pure.
//!
//! | directive | text |
//! |---|---|
//! | `%Y` | four digits of the year |
//! | `%y` | two digits of a year from 1970 to 2069 |
//! | `%m`, `%d` | the month and the day of it, one or two digits |
//! | `%b` | the month in English, whole or its first three letters, in any case |
//! | `%j` | the day of the year, one to three digits |
//! | `%H`, `%M`, `%S` | hour, minute and second, one or two digits |
//! | `%I` with `%p` | the hour from 1 to 12, with AM or PM in any case |
//! | `%f` | the digits of a fraction of the second |
//! | `%z` | the offset: `Z`, `+01:00`, `+0100` or `+01` |
//!
//! Everything else stands for itself. A number has all its digits where another follows at once, so that no text has two
//! readings. What a format lacks of the time of day is zero.

use std::fmt;

use super::field::Field;
use super::reading::Fields;
use crate::value::time::{ClockTime, MICROS_PER_DAY, TimeProblem};

/// Most bytes of a format.
const LONGEST: usize = 128;

/// A format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TimeFormat {
    text: String,
    items: Vec<Item>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Item {
    Literal(u8),
    /// What is written, and whether a number has all its digits.
    Field(Field, bool),
}

/// Why a text is no format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError(String);

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TimeFormat {
    /// Reads a format.
    ///
    /// # Errors
    /// Fails if it has other directives, or does not say a day.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        if text.len() > LONGEST {
            return Err(error(format!("is longer than {LONGEST} bytes")));
        }
        let mut items: Vec<Item> = Vec::new();
        let mut bytes = text.bytes();
        while let Some(byte) = bytes.next() {
            items.push(match byte {
                b'%' => Item::Field(directive(bytes.next())?, false),
                literal => Item::Literal(literal),
            });
        }
        let format = Self {
            text: text.to_owned(),
            items: sized(items)?,
        };
        format.check()?;
        Ok(format)
    }

    /// Returns whether a text says how far from UTC it is.
    #[must_use]
    pub fn has_offset(&self) -> bool {
        self.has(Field::Offset)
    }

    /// Returns whether a text says a time of day or an offset, and no day alone.
    #[must_use]
    pub fn has_time(&self) -> bool {
        let of_day = |item: &Item| match item {
            Item::Literal(_) => true,
            Item::Field(field, _) => matches!(
                field,
                Field::Year
                    | Field::ShortYear
                    | Field::Month
                    | Field::MonthName
                    | Field::Day
                    | Field::DayOfYear
            ),
        };
        !self.items.iter().all(of_day)
    }

    /// Reads a date and time. The years are not looked at.
    ///
    /// # Errors
    /// Fails if `text` is not in the format.
    pub fn read(&self, text: &[u8]) -> Result<ClockTime, TimeProblem> {
        let read = self.fields(text).ok_or(TimeProblem::Syntax)?;
        let day = read.day().ok_or(TimeProblem::Syntax)?;
        Ok(ClockTime {
            micros: day * MICROS_PER_DAY + read.micros_of_day(),
            offset: read.offset,
        })
    }

    /// Reads a day, in days since 1970. The years are not looked at.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_day(&self, text: &[u8]) -> Result<i64, TimeProblem> {
        let read = self.fields(text).ok_or(TimeProblem::Syntax)?;
        read.day().ok_or(TimeProblem::Syntax)
    }

    fn has(&self, field: Field) -> bool {
        let is_it = |item: &Item| matches!(item, Item::Field(own, _) if *own == field);
        self.items.iter().any(is_it)
    }

    fn check(&self) -> Result<(), FormatError> {
        for (letter, field) in Field::ALL {
            let own = |item: &&Item| matches!(item, Item::Field(other, _) if *other == field);
            if self.items.iter().filter(own).count() > 1 {
                return Err(error(format!("has %{} twice", char::from(letter))));
            }
        }
        let has = |field| self.has(field);
        let one_of = |one, other| has(one) != has(other);
        let in_year = (has(Field::Month) || has(Field::MonthName)) && has(Field::Day);
        let problem = if !one_of(Field::Year, Field::ShortYear) {
            "has %Y or %y for the year, and one of them"
        } else if has(Field::Month) && has(Field::MonthName) {
            "has %m or %b for the month, and not both"
        } else if has(Field::DayOfYear)
            && (has(Field::Month) || has(Field::MonthName) || has(Field::Day))
        {
            "has %j, which says month and day already"
        } else if !has(Field::DayOfYear) && !in_year {
            "has the day: %m or %b with %d, or %j alone"
        } else if has(Field::HalfDayHour) != has(Field::HalfDay) {
            "has %I and %p together, or neither"
        } else if has(Field::Hour) && has(Field::HalfDayHour) {
            "has %H, or %I with %p, and not both"
        } else if has(Field::Minute) && !has(Field::Hour) && !has(Field::HalfDayHour) {
            "has the hour before its minute: %H, or %I with %p"
        } else if has(Field::Second) && !has(Field::Minute) {
            "has %M if it has %S"
        } else if has(Field::Fraction) && !has(Field::Second) {
            "has %S if it has %f"
        } else {
            return Ok(());
        };
        Err(error(format!("is no format of time: one {problem}")))
    }

    fn fields(&self, text: &[u8]) -> Option<Fields> {
        let mut fields = Fields::default();
        let mut rest = text;
        for item in &self.items {
            rest = match item {
                Item::Literal(byte) => rest.strip_prefix(&[*byte])?,
                Item::Field(field, is_exact) => fields.take(*field, *is_exact, rest)?,
            };
        }
        rest.is_empty().then_some(fields)
    }
}

impl fmt::Display for TimeFormat {
    /// Writes the format as the dataset file does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

fn error(message: impl Into<String>) -> FormatError {
    FormatError(message.into())
}

fn directive(letter: Option<u8>) -> Result<Field, FormatError> {
    const LIST: &str = "%Y %m %d %H %M %S %f %j %b %z %p %I %y";
    let Some(letter) = letter else {
        return Err(error(format!("ends in %; the directives are {LIST}")));
    };
    let unknown = || match letter.is_ascii_graphic() {
        true => error(format!(
            "has %{}; the directives are {LIST}",
            char::from(letter)
        )),
        false => error(format!("has a % alone; the directives are {LIST}")),
    };
    Field::named(letter).ok_or_else(unknown)
}

/// Says of each number whether it must have all its digits, because another digit may follow.
fn sized(items: Vec<Item>) -> Result<Vec<Item>, FormatError> {
    let follows = items.iter().skip(1).map(Some).chain([None]);
    let begins_with_digit = |item: Option<&Item>| match item {
        Some(Item::Literal(byte)) => byte.is_ascii_digit(),
        Some(Item::Field(field, _)) => field.is_number(),
        None => false,
    };
    let sized = items.iter().zip(follows).map(|(item, next)| {
        let Item::Field(field, _) = *item else {
            return Ok(*item);
        };
        let is_exact = begins_with_digit(next);
        let is_open = matches!(field, Field::Fraction | Field::Offset);
        match is_exact && is_open {
            true => Err(error(
                "has a number right after %f or %z, whose digits have no end then",
            )),
            false => Ok(Item::Field(field, is_exact)),
        }
    });
    sized.collect()
}
