//! Guesses what sample events mean; pure.

mod key;
mod types;
mod words;

use thiserror::Error;

use super::sample::{Field, Refused, Sample};
use crate::output::thousands;
pub(super) use key::KeyGuess;
pub(super) use types::TypeGuess;
use types::{READ, as_event_time, as_unnamed_time, guess_type, unread_times};
use words::time_rank;

/// Most fields that an error names.
const MOST_NAMED: usize = 20;

/// Why no dataset file can be made of a sample.
#[derive(Debug, Error, PartialEq, Eq)]
pub(crate) enum InferError {
    /// There is nothing to look at.
    #[error("no line of the sample is a JSON object ({lines} lines read){hint}")]
    Empty { lines: u64, hint: String },
    /// No field can be the event time.
    #[error(
        "no field is a point in time in every event, which a dataset needs: {READ}; the fields are {fields}{hint}"
    )]
    NoEventTime { fields: String, hint: String },
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
    pub(super) key: KeyGuess,
    /// The span of event times, in days.
    pub(super) days: f64,
}

impl Guess {
    /// Says, for people who do not read the file at once, what is wrong with its key and what could not be decided.
    pub(super) fn warnings(&self, sample: &Sample) -> Vec<String> {
        let mut warnings: Vec<String> = self.key.warning.iter().flatten().cloned().collect();
        let odd = sample.odd.events.len() as u64;
        if odd > 0 {
            let (lines, why) = (thousands(sample.lines), sample.odd.why.join("; "));
            let odd = thousands(odd);
            warnings.push(format!(
                "left out of the guess as unlike the others: {odd} of {lines} events ({why})"
            ));
        }
        let open = sample.fields.iter().zip(&self.types);
        let open = open.filter(|(_, guess)| guess.is_open);
        let open: Vec<&str> = open.map(|(field, _)| field.name.as_str()).collect();
        if !open.is_empty() {
            warnings.push(format!(
                "not decided: what {} should be; the file says why beside each",
                listed(&open)
            ));
        }
        warnings
    }
}

/// Guesses.
pub(super) fn guess(sample: &Sample) -> Result<Guess, InferError> {
    if sample.events == 0 {
        return Err(InferError::Empty {
            lines: sample.lines,
            hint: refused_hint(&sample.refused),
        });
    }
    let mut types = guess_types(sample);
    let times = find_times(sample, &mut types);
    let Some(event_time) = times.first().copied() else {
        return Err(no_event_time(sample));
    };
    let key = key::guess_key(sample, &types, event_time);
    Ok(Guess {
        other_times: times.into_iter().skip(1).collect(),
        days: span_in_days(sample.fields.get(event_time), types.get(event_time)),
        types,
        event_time,
        key,
    })
}

/// Guesses the types of fields, none of which is looked at for a key or a time.
pub(super) fn guess_types(sample: &Sample) -> Vec<TypeGuess> {
    let fields = sample.fields.iter();
    fields
        .map(|field| guess_type(field, sample.events))
        .collect()
}

/// Returns the fields that can be the event time, the likeliest first. Where there is none, one whose values are only in
/// part what silver reads, or that no name speaks of, becomes one.
fn find_times(sample: &Sample, types: &mut [TypeGuess]) -> Vec<usize> {
    let fields = || sample.fields.iter().enumerate();
    let rank = |index: &usize| {
        let name = sample.fields.get(*index).map(|field| field.name.as_str());
        name.and_then(time_rank).unwrap_or(usize::MAX)
    };
    let guessed = types.iter().enumerate();
    let mut times: Vec<usize> = guessed
        .filter(|(_, guess)| guess.is_event_time())
        .map(|(index, _)| index)
        .collect();
    if times.is_empty() {
        let mut partly: Vec<(usize, TypeGuess)> = fields()
            .filter_map(|(index, field)| Some((index, as_event_time(field, sample.events)?)))
            .collect();
        partly.sort_by_key(|(index, _)| rank(index));
        let unnamed = || {
            let mut found = fields()
                .filter_map(|(index, field)| Some((index, as_unnamed_time(field, sample.events)?)));
            found.next()
        };
        if let Some((index, guess)) = partly.into_iter().next().or_else(unnamed)
            && let Some(place) = types.get_mut(index)
        {
            *place = guess;
            times.push(index);
        }
    }
    times.sort_by_key(rank);
    times
}

/// Says what the lines are that are no objects, and how they become events.
fn refused_hint(refused: &Refused) -> String {
    let mut hints = Vec::new();
    if refused.arrays > 0 {
        let names: Vec<&str> = refused.names_in_arrays.iter().map(String::as_str).collect();
        hints.push(format!(
            "{} are arrays with {} objects in them (fields {}): with records = \"$[*]\" under [payload] each object of such a message is a row, without it the message goes to quarantine whole; to look at the objects: jq -c '.[]' FILE",
            refused.arrays,
            refused.objects_in_arrays,
            listed(&names)
        ));
    }
    if refused.several > 0 {
        hints.push(format!(
            "{} hold several values: silver takes a line for one event; to look at them: jq -c . FILE",
            refused.several
        ));
    }
    if refused.unfinished > 0 {
        hints.push("values go on over several lines, as in a file of one JSON document: one event a line is read; jq -c . FILE writes each value in one line, and jq -c '.[]' FILE each element of an array".to_owned());
    }
    match hints.is_empty() {
        true => ": a line must be one JSON object".to_owned(),
        false => format!(": {}", hints.join("; ")),
    }
}

fn no_event_time(sample: &Sample) -> InferError {
    let names: Vec<&str> = sample.fields.iter().map(|f| f.name.as_str()).collect();
    let seen = sample.fields.iter().filter_map(seen_as_time);
    let hint: String = seen.map(|text| format!("; {text}")).collect();
    InferError::NoEventTime {
        fields: listed(&names),
        hint,
    }
}

/// Says in which way a field looks like a time that cannot be the event time.
fn seen_as_time(field: &Field) -> Option<String> {
    let name = &field.name;
    let unread = unread_times(field);
    if !unread.is_empty() {
        return Some(format!("{name} is written {}", unread.join(", ")));
    }
    if !field.times.is_empty() {
        return Some(format!(
            "{name} is not in every event, or not always a time"
        ));
    }
    if field.inside.records > 0 {
        let records = field.inside.records;
        return Some(format!(
            "{name} is an array of up to {records} records, of which nearly every event would need one for [payload] with records; to look at the records: jq -c '.{name}[]' FILE"
        ));
    }
    let unit = field.unit().filter(|_| time_rank(name).is_some())?;
    Some(format!(
        "{name} looks like {} since 1970, and is not in every event",
        unit.name()
    ))
}

fn listed(names: &[&str]) -> String {
    let mut text = names.get(..MOST_NAMED).unwrap_or(names).join(", ");
    if let Some(more) = names.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

fn span_in_days(field: Option<&Field>, guess: Option<&TypeGuess>) -> f64 {
    let (Some(field), Some(guess)) = (field, guess) else {
        return 0.0;
    };
    let seconds = match (guess.format, field.unit()) {
        (Some(format), Some(unit)) if format == unit.format() => {
            (field.digits.high - field.digits.low) / unit.per_second()
        }
        _ => field
            .range
            .map_or(0.0, |(low, high)| (high - low) as f64 / 1e6),
    };
    seconds / 86_400.0
}

#[cfg(test)]
mod tests;
