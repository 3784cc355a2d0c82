//! Guesses the types of fields; pure.

use sluice::value::time::{FIRST_EVENT_TIME, LAST_EVENT_TIME};

use super::super::sample::{Field, Notation, Unit};
use super::formats::{self, Found};
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
    /// For a timestamp or a date.
    pub(in super::super) format: Option<&'static str>,
    /// For a timestamp whose texts name none.
    pub(in super::super) zone: Option<&'static str>,
    /// Texts that count as null.
    pub(in super::super) nulls: Vec<String>,
    /// Whether every event of the sample has it.
    pub(in super::super) required: bool,
    /// Of points in time, the lowest and the highest, in microseconds since 1970.
    pub(in super::super) range: Option<(i64, i64)>,
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
            required: field.present == events,
            range: field.range,
            ..Self::of(kind, why)
        }
    }

    /// When the hub took an event.
    pub(super) fn enqueued() -> Self {
        Self {
            required: true,
            ..Self::of("timestamp", "when the hub took the event")
        }
    }

    fn of(kind: impl Into<String>, why: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            format: None,
            zone: None,
            nulls: Vec::new(),
            required: false,
            range: None,
            why: why.into(),
            warnings: Vec::new(),
            is_open: false,
        }
    }

    /// Says which texts count as null.
    fn with_nulls(self, field: &Field) -> Self {
        Self {
            nulls: field.spelled.keys().cloned().collect(),
            ..self
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
}

/// Guesses the type of a field.
pub(super) fn guess_type(field: &Field, events: u64) -> TypeGuess {
    let (present, all) = (field.present, field.values());
    let plain = |kind: &str, why: &str| TypeGuess::new(kind, field, events, why);
    if present == 0 {
        let warning = "say what it is, or leave the column away";
        return plain("string", "it is always null in the sample").open(warning);
    }
    if field.bools == present {
        return plain("bool", "every value is true or false");
    }
    if all > 0 && field.numbers > 0 && is_numeric(field) {
        return numeric(field, events);
    }
    if field.texts == present {
        return guess_text(field, events);
    }
    if field.nested == present {
        return plain(
            "json",
            "every value is an object or an array, kept as JSON text",
        );
    }
    let warning =
        "look whether one type would do: what does not fit it is null then, or goes to quarantine";
    match field.nested {
        0 => plain("string", "values are of several kinds, kept as text").open(warning),
        _ => plain("json", "values are of several kinds, kept as JSON text").open(warning),
    }
}

/// Returns whether all values are numbers, or most are and the others only look different.
fn is_numeric(field: &Field) -> bool {
    let (numerals, all) = (field.numerals(), field.values());
    numerals == all || (numerals + field.loose_texts == all && mostly(numerals, all))
}

/// Guesses at numbers of which some may be written in a way that no column takes.
fn numeric(field: &Field, events: u64) -> TypeGuess {
    let guess = guess_number(field, events).with_nulls(field);
    let others = field.values() - field.numerals();
    match others {
        0 => guess,
        others => guess.warn(format!(
            "{others} of {} values are no number as JSON writes it: they would be null",
            field.values()
        )),
    }
}

/// Returns whether it is at least two in three.
fn mostly(some: u64, all: u64) -> bool {
    some * 3 >= all * 2
}

/// Takes a day for the event time.
pub(super) fn as_event_time(field: &Field, events: u64) -> Option<TypeGuess> {
    let found = formats::time(field)?;
    let is_usual = field.texts == field.present && found.read * 2 >= found.tried;
    let is_clear = is_usual && found.rival.is_none();
    is_clear.then(|| time(field, events, &found))
}

/// Takes a number for a point in time that no name speaks of.
pub(super) fn as_unnamed_time(field: &Field, events: u64) -> Option<TypeGuess> {
    let unit = field.unit()?;
    let (low, high) = (field.digits.low, field.digits.high);
    unit.is_of_our_century(low, high)
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
    let all = field.values();
    let plain = |kind: &str, why: &str| TypeGuess::new(kind, field, events, why);
    let known: u64 = field.times.values().map(|(count, _)| count).sum();
    if all > 0 && mostly(known, all) {
        if let Some(guess) = guess_time(field, events) {
            return guess;
        }
        let warning = format!(
            "the values look like points in time, but not as silver reads them: {}; as text they have no order in time; {READ}",
            unread_times(field).join(", ")
        );
        return plain("string", "every value is text").open(warning);
    }
    if all > 0 && is_numeric(field) {
        let unit = field.unit().filter(|_| speaks_of_time(&field.name));
        if let Some(unit) = unit {
            return unix_time(field, events, unit).with_nulls(field);
        }
        let (fewest, most) = field.digits.fraction;
        if fewest == most && most > 0 && field.digits.exponents == 0 {
            return numeric(field, events);
        }
    }
    if field.numeric_texts + field.padded_texts == all && all > 0 {
        let why = "every value is text (each is a number: int64 or decimal(p,s) would take them too, if leading zeros mean nothing)";
        return plain("string", why);
    }
    if field.loose_texts > 0 && field.numerals() + field.loose_texts == all {
        let (read, loose) = (field.numerals(), field.loose_texts);
        let warning = format!(
            "every value looks like a number, but {loose} of {all} are not written as JSON writes one: as text they have no sum; a decimal column would be null where it is not {read} of them"
        );
        return plain("string", "every value is text").open(warning);
    }
    plain("string", "every value is text")
}

/// Guesses at texts that are points in time or days.
fn guess_time(field: &Field, events: u64) -> Option<TypeGuess> {
    let day = formats::day(field).filter(|day| mostly(day.read, day.tried));
    let time = formats::time(field).filter(|time| mostly(time.read, time.tried));
    match (day, time) {
        (Some(found), time) if time.as_ref().is_none_or(|time| time.read <= found.read) => {
            found.rival.is_none().then(|| date(field, events, &found))
        }
        (_, Some(found)) => (found.rival.is_none() && is_event_time(&found))
            .then(|| self::time(field, events, &found)),
        (_, None) => None,
    }
}

fn date(field: &Field, events: u64, found: &Found) -> TypeGuess {
    let why = match found.read == found.tried {
        true => "every value is a day".to_owned(),
        false => format!("{} of {} values are days", found.read, found.tried),
    };
    let guess = TypeGuess::new("date", field, events, why).with_nulls(field);
    let guess = TypeGuess {
        format: Some(found.format).filter(|format| *format != formats::DAY),
        ..guess
    };
    with_unread(guess, found)
}

fn time(field: &Field, events: u64, found: &Found) -> TypeGuess {
    let what = match found.format {
        formats::RFC3339 if found.zone.is_some() => {
            "a point in time in RFC 3339, of which some have no offset"
        }
        formats::RFC3339 => "a point in time in RFC 3339",
        formats::DAY => "a day, taken for its first moment",
        _ => "a point in time in this format",
    };
    let why = match found.read == found.tried {
        true => format!("every value is {what}"),
        false => format!("{} of {} values are {what}", found.read, found.tried),
    };
    let guess = TypeGuess::new("timestamp", field, events, why).with_nulls(field);
    let mut guess = TypeGuess {
        format: Some(found.format),
        zone: found.zone,
        range: found.range,
        ..guess
    };
    if found.is_zone_guessed {
        guess = guess.open(
            "no zone is in the text, and UTC is a guess: say by whose clocks it is, such as zone = \"Europe/Berlin\"",
        );
    }
    with_unread(guess, found)
}

fn with_unread(guess: TypeGuess, found: &Found) -> TypeGuess {
    let Some(unread) = &found.unread else {
        return guess;
    };
    let (others, all) = (found.tried - found.read, found.tried);
    guess.warn(format!(
        "{others} of {all} values are not written so, such as {unread}: null where the column is optional, and where it is required to quarantine; {READ}"
    ))
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
    let micros = |number: f64| (number / unit.per_second() * 1e6) as i64;
    TypeGuess {
        format: Some(unit.format()),
        range: Some((micros(field.digits.low), micros(field.digits.high))),
        ..TypeGuess::new("timestamp", field, events, why)
    }
}

/// Returns whether the points in time are of those years that the event time may have.
fn is_event_time(found: &Found) -> bool {
    let range = FIRST_EVENT_TIME..=LAST_EVENT_TIME;
    found
        .range
        .is_some_and(|(low, high)| range.contains(&low) && range.contains(&high))
}
