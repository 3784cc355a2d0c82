//! Guesses the types of fields; pure.

use sluice::value::time::{FIRST_EVENT_TIME, LAST_EVENT_TIME};

use super::super::sample::{Field, Notation, Unit};
use super::words::{speaks_of_money, speaks_of_time};
use crate::output::count;

/// Most digits after the point of numbers whose digits vary that are still taken for exact ones.
const MOST_VARYING: usize = 6;
/// Most digits after the point of numbers that all have the same number of them.
const MOST_FIXED: usize = 18;
/// Most digits of a number that becomes a decimal with some more to spare.
const MOST_DIGITS: usize = 30;

/// The guess at one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct TypeGuess {
    /// As the dataset file writes it.
    pub(in super::super) kind: String,
    /// For a timestamp.
    pub(in super::super) format: Option<&'static str>,
    pub(in super::super) required: bool,
    /// What the guess rests on.
    pub(in super::super) why: String,
    /// What to look at.
    pub(in super::super) warnings: Vec<String>,
    /// Whether the sample leaves open what it is.
    pub(in super::super) is_open: bool,
}

impl TypeGuess {
    fn new(kind: impl Into<String>, field: &Field, events: u64, why: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            format: None,
            required: field.present == events,
            why: why.into(),
            warnings: Vec::new(),
            is_open: false,
        }
    }

    /// Says that the sample leaves open what it is, and what to look at.
    fn open(self, warning: impl Into<String>) -> Self {
        Self {
            is_open: true,
            ..self.warn(warning)
        }
    }

    fn warn(mut self, warning: impl Into<String>) -> Self {
        self.warnings.push(warning.into());
        self
    }

    /// Returns whether it can be the event time.
    pub(super) fn is_event_time(&self) -> bool {
        self.kind == "timestamp" && self.required
    }
}

/// Guesses the type of a field.
pub(super) fn guess_type(field: &Field, events: u64) -> TypeGuess {
    let all = field.present;
    let plain = |kind: &str, why: &str| TypeGuess::new(kind, field, events, why);
    if all == 0 {
        let warning = "say what it is, or leave the column away";
        return plain("string", "it is always null in the sample").open(warning);
    }
    if field.bools == all {
        return plain("bool", "every value is true or false");
    }
    if field.numerals() == all && field.numbers > 0 {
        return guess_number(field, events);
    }
    if field.texts == all {
        return guess_text(field, events);
    }
    if field.nested == all {
        return plain(
            "json",
            "every value is an object or an array, kept as JSON text",
        );
    }
    let warning =
        "look whether one type would do: what does not fit it is null then, or goes to quarantine";
    plain("json", "values are of several kinds, kept as JSON text").open(warning)
}

/// Takes a field for the event time although only some of its values are written as silver reads them.
pub(super) fn as_event_time(field: &Field, events: u64) -> Option<TypeGuess> {
    let known: u64 = field.times.values().map(|(count, _)| count).sum();
    let read = field.times_of(Notation::Rfc3339);
    if field.present != events || known != events || read == 0 || read == events {
        return None;
    }
    let why = format!("{read} of {events} values are points in time in RFC 3339");
    let guess = TypeGuess::new("timestamp", field, events, why).warn(format!(
        "{} of {events} events would go to quarantine: {}; {READ}",
        events - read,
        unread_times(field).join(", ")
    ));
    Some(TypeGuess {
        format: Some("rfc3339"),
        ..guess
    })
}

/// Takes a number for a point in time that no name speaks of.
pub(super) fn as_unnamed_time(field: &Field, events: u64) -> Option<TypeGuess> {
    let unit = field.unit()?;
    let (low, high) = (field.digits.low, field.digits.high);
    (field.present == events && unit.is_of_our_century(low, high))
        .then(|| unix_time(field, events, unit))
        .map(|guess| guess.warn("its name does not speak of time: is it one?"))
}

/// What silver reads, for people.
pub(super) const READ: &str = "without more ado silver reads RFC 3339 with Z or an offset such as +01:00 (2025-11-14T11:44:34Z) and what counts from 1970, so let the producer write one of these, or say in the dataset file how the text is written and by whose clocks, such as format = \"%Y-%m-%d %H:%M:%S\" and zone = \"Europe/Berlin\"";

/// Names the notations of a field that silver does not read, each with how often it occurs and an example.
pub(super) fn unread_times(field: &Field) -> Vec<String> {
    let times = field.times.iter();
    times
        .filter(|(notation, _)| **notation != Notation::Rfc3339)
        .map(|(notation, (count, example))| {
            format!("{count} as {}, such as {example}", notation.describe())
        })
        .collect()
}

fn guess_text(field: &Field, events: u64) -> TypeGuess {
    let all = field.present;
    let plain = |kind: &str, why: &str| TypeGuess::new(kind, field, events, why);
    if field.times_of(Notation::Rfc3339) == all && is_event_time(field) {
        return TypeGuess {
            format: Some("rfc3339"),
            ..plain("timestamp", "every value is a point in time in RFC 3339")
        };
    }
    if field.times_of(Notation::DateOnly) == all {
        return plain("date", "every value is a day");
    }
    let known: u64 = field.times.values().map(|(count, _)| count).sum();
    if known == all {
        let warning = format!(
            "the values look like points in time, but not as silver reads them: {}; as text they have no order in time; {READ}",
            unread_times(field).join(", ")
        );
        return plain("string", "every value is text").open(warning);
    }
    if field.numeric_texts == all {
        let unit = field.unit().filter(|_| speaks_of_time(&field.name));
        if let Some(unit) = unit {
            return unix_time(field, events, unit);
        }
        let (fewest, most) = field.digits.fraction;
        if fewest == most && most > 0 && field.digits.exponents == 0 {
            return guess_number(field, events);
        }
    }
    if field.numeric_texts + field.padded_texts == all {
        let why = "every value is text (each is a number: int64 or decimal(p,s) would take them too, if leading zeros mean nothing)";
        return plain("string", why);
    }
    plain("string", "every value is text")
}

fn guess_number(field: &Field, events: u64) -> TypeGuess {
    let digits = &field.digits;
    let plain = |kind: String, why: &str| TypeGuess::new(kind, field, events, why);
    let unit = field.unit().filter(|_| speaks_of_time(&field.name));
    if let Some(unit) = unit {
        return unix_time(field, events, unit);
    }
    let (fewest, most) = digits.fraction;
    if digits.exponents == 0 && most == 0 {
        return whole_number(field, events);
    }
    let all = digits.whole + most;
    let is_fixed = fewest == most && most <= MOST_FIXED;
    if digits.exponents > 0 || all > MOST_DIGITS || (most > MOST_VARYING && !is_fixed) {
        let why = "numbers have many digits or exponents, as measured values do";
        let warning = "a double is not exact and has no sum in gold: for money or anything to be added up, choose decimal(p,s)";
        return plain("double".to_owned(), why).warn(warning);
    }
    let why = match is_fixed {
        true => format!(
            "every number has exactly {} after the point",
            count(most as u64, "digit")
        ),
        false => format!(
            "numbers have at most {} after the point",
            count(most as u64, "digit")
        ),
    };
    let scale = most.max(2);
    let precision = (digits.whole + scale + 2).max(18);
    let warning = format!("more than {scale} digits after the point would be rounded");
    plain(format!("decimal({precision},{scale})"), &why).warn(warning)
}

fn whole_number(field: &Field, events: u64) -> TypeGuess {
    let plain = |kind: &str, why: &str| TypeGuess::new(kind, field, events, why);
    let high = field.digits.high.max(-field.digits.low);
    if speaks_of_money(&field.name) && field.digits.whole <= 16 {
        let why = "its name speaks of money, although every number in the sample is whole";
        return plain("decimal(18,2)", why);
    }
    // Below 2^63, with a distance that a double can tell.
    match field.digits.whole {
        _ if high < 9.2e18 => plain("int64", "every number is whole"),
        0..=38 => plain(
            "decimal(38,0)",
            "every number is whole, some too large for int64",
        ),
        _ => plain("string", "numbers have more than 38 digits").warn("look at them"),
    }
}

/// Takes numbers for points in time.
fn unix_time(field: &Field, events: u64, unit: Unit) -> TypeGuess {
    let why = format!("the values are {} since 1970", unit.name());
    TypeGuess {
        format: Some(unit.format()),
        ..TypeGuess::new("timestamp", field, events, why)
    }
}

fn is_event_time(field: &Field) -> bool {
    let range = FIRST_EVENT_TIME..=LAST_EVENT_TIME;
    field
        .range
        .is_some_and(|(low, high)| range.contains(&low) && range.contains(&high))
}
