//! Guesses what sample events mean; pure.

use sluice::value::time::{FIRST_EVENT_TIME, LAST_EVENT_TIME};
use thiserror::Error;

use super::sample::{Field, Sample};

/// The years 1973 to 2286 in seconds: numbers in between, under a name that speaks of time, are points in time.
const SECONDS: std::ops::Range<f64> = 1e8..1e10;
const MILLIS: std::ops::Range<f64> = 1e11..1e13;
/// Words in the names of fields that are points in time, the most telling first.
const TIME_WORDS: [&str; 11] = [
    "event_time",
    "eventtime",
    "timestamp",
    "time",
    "occurred",
    "date",
    "when",
    "ts",
    "created",
    "at",
    "updated",
];
/// Most fields of a key besides the event time.
const MOST_KEY_FIELDS: usize = 3;

/// Why no dataset file can be made of a sample.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum InferError {
    /// There is nothing to look at.
    #[error("no line of the sample is a JSON object ({0} lines read)")]
    Empty(u64),
    /// No field can be the event time.
    #[error(
        "no field is a point in time in every event, which a dataset needs: text such as 2025-11-14T11:44:34Z, or seconds or milliseconds since 1970 under a name such as timestamp; the fields are {0}"
    )]
    NoEventTime(String),
}

/// The guess at a whole dataset.
#[derive(Debug, PartialEq)]
pub(super) struct Guess {
    /// A type for each field of the sample.
    pub(super) types: Vec<TypeGuess>,
    /// The event time, as an index of a field.
    pub(super) event_time: usize,
    /// The other fields that may be it.
    pub(super) other_times: Vec<usize>,
    /// The key's fields, the event time last.
    pub(super) key: Vec<usize>,
    /// Events that share their key with another.
    pub(super) shared_keys: u64,
    /// The span of event times, in days.
    pub(super) days: f64,
}

/// The guess at one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TypeGuess {
    /// As the dataset file writes it.
    pub(super) kind: String,
    /// For a timestamp.
    pub(super) format: Option<&'static str>,
    pub(super) required: bool,
    /// What to look at.
    pub(super) note: Option<String>,
}

/// Guesses.
pub(super) fn guess(sample: &Sample) -> Result<Guess, InferError> {
    if sample.events == 0 {
        return Err(InferError::Empty(sample.lines));
    }
    let types: Vec<TypeGuess> = sample
        .fields
        .iter()
        .map(|field| guess_type(field, sample.events))
        .collect();
    let is_time = |index: &usize| {
        types
            .get(*index)
            .is_some_and(|guess| guess.kind == "timestamp" && guess.required)
    };
    let mut times: Vec<usize> = (0..types.len()).filter(is_time).collect();
    // An index is one of the sample's own fields.
    let rank = |index: &usize| {
        let name = sample
            .fields
            .get(*index)
            .map(|field| field.name.to_lowercase())
            .unwrap_or_default();
        let exact = TIME_WORDS.iter().position(|word| name == *word);
        let part = TIME_WORDS
            .iter()
            .position(|word| name.contains(word))
            .map(|at| at + TIME_WORDS.len());
        exact.or(part).unwrap_or(usize::MAX)
    };
    times.sort_by_key(rank);
    let Some(event_time) = times.first().copied() else {
        let names: Vec<&str> = sample
            .fields
            .iter()
            .map(|field| field.name.as_str())
            .collect();
        return Err(InferError::NoEventTime(names.join(", ")));
    };
    let key = guess_key(sample, &types, event_time);
    Ok(Guess {
        other_times: times.into_iter().skip(1).collect(),
        shared_keys: sample.events - sample.distinct(&key),
        days: span_in_days(sample.fields.get(event_time), types.get(event_time)),
        types,
        event_time,
        key,
    })
}

fn guess_type(field: &Field, events: u64) -> TypeGuess {
    let required = field.present == events;
    let plain = |kind: &str, note: Option<&str>| TypeGuess {
        kind: kind.to_owned(),
        format: None,
        required,
        note: note.map(str::to_owned),
    };
    let all = field.present;
    if all == 0 {
        return plain(
            "string",
            Some("always null in the sample: say what it is, or leave the column away"),
        );
    }
    if field.bools == all {
        return plain("bool", None);
    }
    if field.numbers == all {
        return guess_number(field, required);
    }
    if field.texts == all {
        if field.rfc3339 == all && is_event_time(field) {
            return TypeGuess {
                format: Some("rfc3339"),
                ..plain("timestamp", None)
            };
        }
        if field.dates == all {
            return plain("date", None);
        }
        if field.numeric_texts == all {
            let note = "every text is a number: int64 or decimal(p,s) would take them too, if leading zeros mean nothing";
            return plain("string", Some(note));
        }
        return plain("string", None);
    }
    let note = match field.nested == all {
        true => "an object or a list, kept as JSON text",
        false => "values of several types, kept as JSON text: look whether one type would do",
    };
    plain("json", Some(note))
}

fn guess_number(field: &Field, required: bool) -> TypeGuess {
    let kind = |kind: String, note: Option<&str>| TypeGuess {
        kind,
        format: None,
        required,
        note: note.map(str::to_owned),
    };
    let name = field.name.to_lowercase();
    let speaks_of_time = TIME_WORDS.iter().any(|word| match word.len() {
        0..=3 => {
            name == *word
                || name.ends_with(&format!("_{word}"))
                || name.starts_with(&format!("{word}_"))
        }
        _ => name.contains(word),
    });
    if speaks_of_time && field.exponents == 0 {
        for (range, format) in [(SECONDS, "unix_seconds"), (MILLIS, "unix_millis")] {
            if range.contains(&field.low) && range.contains(&field.high) {
                return TypeGuess {
                    format: Some(format),
                    ..kind("timestamp".to_owned(), None)
                };
            }
        }
    }
    if field.exponents == 0 && field.fraction_digits == 0 {
        return match field.integer_digits {
            0..=18 => kind("int64".to_owned(), None),
            19..=38 => kind("decimal(38,0)".to_owned(), Some("too large for int64")),
            _ => kind(
                "string".to_owned(),
                Some("numbers of more than 38 digits do not fit: look at them"),
            ),
        };
    }
    let digits = field.integer_digits + field.fraction_digits;
    if field.exponents > 0 || field.fraction_digits > 6 || digits > 30 {
        let note = "many digits or exponents, as of measured values; for money or anything to be summed, choose decimal(p,s)";
        return kind("double".to_owned(), Some(note));
    }
    let precision = (digits + 4).max(18);
    let note = format!(
        "at most {} digits before and {} after the point in the sample; more after it would be rounded",
        field.integer_digits, field.fraction_digits
    );
    kind(
        format!("decimal({precision},{})", field.fraction_digits.max(2)),
        Some(&note),
    )
}

fn is_event_time(field: &Field) -> bool {
    let range = FIRST_EVENT_TIME..=LAST_EVENT_TIME;
    field
        .times
        .is_some_and(|(low, high)| range.contains(&low) && range.contains(&high))
}

/// Finds the fewest fields that, with the event time, tell the events apart; names that speak of identity come first.
fn guess_key(sample: &Sample, types: &[TypeGuess], event_time: usize) -> Vec<usize> {
    let may_be_key = |index: &usize| {
        let guess = types.get(*index);
        *index != event_time
            && guess.is_some_and(|g| g.required && !matches!(g.kind.as_str(), "double" | "json"))
    };
    let mut candidates: Vec<usize> = (0..types.len()).filter(may_be_key).collect();
    candidates.sort_by_key(|index| sample.fields.get(*index).map_or(9, identity));
    let mut key: Vec<usize> = Vec::new();
    let mut best = sample.distinct(&[event_time]);
    // Even if the times alone differ in a sample, a name that speaks of identity belongs to the key.
    let first = candidates.first().copied();
    if let Some(first) = first.filter(|first| {
        sample
            .fields
            .get(*first)
            .is_some_and(|field| identity(field) < 3)
    }) {
        key.push(first);
        best = sample.distinct(&[first, event_time]);
    }
    while best < sample.events && key.len() < MOST_KEY_FIELDS {
        let more = candidates.iter().filter(|index| !key.contains(index));
        let tried = more.map(|index| {
            let fields: Vec<usize> = key.iter().chain([index, &event_time]).copied().collect();
            (sample.distinct(&fields), *index)
        });
        // Of equally telling fields the first one.
        let Some((distinct, index)) = tried.rev_max() else {
            break;
        };
        if distinct <= best {
            break;
        }
        best = distinct;
        key.push(index);
    }
    key.push(event_time);
    key
}

/// The highest count, and of several the first.
trait RevMax {
    fn rev_max(self) -> Option<(u64, usize)>;
}

impl<I: Iterator<Item = (u64, usize)>> RevMax for I {
    fn rev_max(self) -> Option<(u64, usize)> {
        self.fold(None, |best, next| match best {
            Some(best) if best.0 >= next.0 => Some(best),
            _ => Some(next),
        })
    }
}

/// How much a name speaks of identity: 0 the most.
fn identity(field: &Field) -> u8 {
    let name = field.name.to_lowercase();
    match name.as_str() {
        "id" | "uuid" | "guid" | "event_id" | "eventid" | "key" => 0,
        _ if name.ends_with("_id") || field.name.ends_with("Id") || field.name.ends_with("ID") => 1,
        _ if [
            "uuid", "number", "code", "key", "device", "station", "sensor",
        ]
        .iter()
        .any(|word| name.contains(word)) =>
        {
            2
        }
        _ if field.texts > 0 => 3,
        _ => 4,
    }
}

fn span_in_days(field: Option<&Field>, guess: Option<&TypeGuess>) -> f64 {
    let (Some(field), Some(guess)) = (field, guess) else {
        return 0.0;
    };
    let seconds = match guess.format {
        Some("unix_seconds") => field.high - field.low,
        Some("unix_millis") => (field.high - field.low) / 1e3,
        _ => field
            .times
            .map_or(0.0, |(low, high)| (high - low) as f64 / 1e6),
    };
    seconds / 86_400.0
}
