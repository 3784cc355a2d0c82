//! Guesses at the fields of a sample: types, event time and key; pure.

use sluice::value::time::MICROS_PER_DAY;

use super::super::sample::{Field, Sample};
use super::coverage::{Coverage, nearly};
use super::key::{self, KeyGuess};
use super::refusal::listed;
use super::types::{READ, TypeGuess, as_event_time, as_unnamed_time, guess_type, unread_times};
use super::words::{identity_rank, speaks_of_change, speaks_of_creation, time_rank};
use crate::output::thousands;

/// The guess at a whole dataset.
#[derive(Debug, PartialEq)]
pub(in super::super) struct Guess {
    /// A type for each field of the sample.
    pub(in super::super) types: Vec<TypeGuess>,
    /// The event time, as an index of a field.
    pub(in super::super) event_time: usize,
    /// The other fields that may be it.
    pub(in super::super) other_times: Vec<usize>,
    pub(in super::super) key: KeyGuess,
    /// The span of event times, in days.
    pub(in super::super) days: f64,
    /// The event time is when the hub took the event: why no field is.
    pub(in super::super) no_time: Option<String>,
}

impl Guess {
    /// Says, for people who do not read the file at once, what is wrong with its key and what could not be decided.
    pub(in super::super) fn warnings(&self, sample: &Sample) -> Vec<String> {
        let mut warnings: Vec<String> = self.no_time.iter().cloned().collect();
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
        let (nulls, open): (Vec<_>, Vec<_>) = open.partition(|(field, _)| field.present == 0);
        let names = |fields: &[(&Field, &TypeGuess)]| {
            let names: Vec<&str> = fields.iter().map(|(f, _)| f.name.as_str()).collect();
            listed(&names)
        };
        if !open.is_empty() {
            warnings.push(format!(
                "not decided: what {} should be; the file says why beside each",
                names(&open)
            ));
        }
        if !nulls.is_empty() {
            warnings.push(format!(
                "not decided: what is always null in the sample has no column: {}",
                names(&nulls)
            ));
        }
        warnings
    }
}

/// Guesses, if a field can be the event time that so many events have.
pub(super) fn guess(sample: &Sample, coverage: Coverage) -> Option<Guess> {
    let fields = sample.fields.iter();
    let mut types: Vec<TypeGuess> = fields
        .map(|field| guess_type(field, sample.events))
        .collect();
    let times = find_times(sample, &mut types, coverage);
    let event_time = *times.first()?;
    let key = key::guess_key(sample, &types, event_time, false);
    Some(Guess {
        other_times: times.into_iter().skip(1).collect(),
        days: span_in_days(types.get(event_time)),
        types,
        event_time,
        key,
        no_time: None,
    })
}

/// Guesses where no field can be the event time: it is when the hub took the event.
pub(super) fn guess_of_enqueued(sample: &mut Sample) -> Guess {
    let no_time = no_event_time(sample);
    let event_time = sample.add_enqueued_time();
    let fields = sample.fields.iter();
    let mut types: Vec<TypeGuess> = fields
        .map(|field| guess_type(field, sample.events))
        .collect();
    if let Some(guess) = types.get_mut(event_time) {
        *guess = TypeGuess::enqueued();
    }
    let key = key::guess_key(sample, &types, event_time, true);
    Guess {
        types,
        event_time,
        other_times: Vec::new(),
        key,
        days: 0.0,
        no_time: Some(no_time),
    }
}

/// Returns the fields that can be the event time, the likeliest first. Where there is none, one whose values are days, or
/// that no name speaks of, becomes one.
fn find_times(sample: &Sample, types: &mut [TypeGuess], coverage: Coverage) -> Vec<usize> {
    let is_usual = |field: &Field| coverage.is_enough(field.present, sample.events);
    let rank = |index: &usize| {
        let name = sample.fields.get(*index).map(|field| field.name.as_str());
        name.and_then(time_rank).unwrap_or(usize::MAX)
    };
    let guessed = sample.fields.iter().zip(types.iter()).enumerate();
    let mut times: Vec<usize> = guessed
        .filter(|(_, (field, guess))| guess.kind == "timestamp" && is_usual(field))
        .map(|(index, _)| index)
        .collect();
    if times.is_empty() {
        let fields = || {
            let fields = sample.fields.iter().enumerate();
            fields.filter(|(_, field)| is_usual(field) && field.present > 0)
        };
        let days =
            fields().filter_map(|(at, field)| Some((at, as_event_time(field, sample.events)?)));
        let mut days: Vec<(usize, TypeGuess)> = days.collect();
        days.sort_by_key(|(index, _)| rank(index));
        let unnamed = || {
            let mut found = fields()
                .filter_map(|(at, field)| Some((at, as_unnamed_time(field, sample.events)?)));
            found.next()
        };
        if let Some((index, guess)) = days.into_iter().next().or_else(unnamed)
            && let Some(place) = types.get_mut(index)
        {
            *place = guess;
            times.push(index);
        }
    }
    times.sort_by_key(rank);
    prefer_changing(sample, &mut times);
    times
}

/// Puts a time first that changes with an order where the likeliest by its name, when it was made, is always the same: as
/// its name says, or because only this one tells the events of one order apart.
fn prefer_changing(sample: &Sample, times: &mut [usize]) {
    let fields = sample.fields.iter().enumerate();
    let identities = fields.filter(|(_, field)| {
        identity_rank(&field.name).is_some_and(|rank| rank < 2)
            && nearly(field.present, sample.events)
    });
    let identities: Vec<usize> = identities.map(|(index, _)| index).collect();
    let distinct = |time: &usize| match identities.is_empty() {
        true => 0,
        false => sample.distinct(&[&identities[..], &[*time]].concat()),
    };
    let speaks = |time: &usize, of: fn(&str) -> bool| {
        sample
            .fields
            .get(*time)
            .is_some_and(|field| of(&field.name))
    };
    let Some(first) = times.first() else {
        return;
    };
    let (is_creation, events) = (speaks(first, speaks_of_creation), distinct(first));
    let is_better = |time: &usize| {
        (is_creation && speaks(time, speaks_of_change))
            || distinct(time) * 10 > events * 10 + sample.events
    };
    if let Some(better) = times.iter().position(is_better)
        && let Some(times) = times.get_mut(..=better)
    {
        times.rotate_right(1);
    }
}

/// Says why no field is the event time.
fn no_event_time(sample: &Sample) -> String {
    let names: Vec<&str> = sample.fields.iter().map(|f| f.name.as_str()).collect();
    let seen = sample.fields.iter().filter_map(seen_as_time);
    let hint: String = seen.map(|text| format!("; {text}")).collect();
    format!(
        "no field is a point in time in at least half of the events, so the event time is when the hub took the event: {READ}; the fields are {}{hint}",
        listed(&names)
    )
}

/// Says in which way a field looks like a time that cannot be the event time.
fn seen_as_time(field: &Field) -> Option<String> {
    let name = &field.name;
    let unread = unread_times(field);
    if !unread.is_empty() {
        return Some(format!("{name} is written {}", unread.join(", ")));
    }
    if !field.times.is_empty() {
        return Some(format!("{name} is in too few events, or not always a time"));
    }
    let unit = field.unit().filter(|_| time_rank(name).is_some())?;
    Some(format!(
        "{name} looks like {} since 1970, and is in too few events",
        unit.name()
    ))
}

fn span_in_days(guess: Option<&TypeGuess>) -> f64 {
    let range = guess.and_then(|guess| guess.range);
    range.map_or(0.0, |(low, high)| {
        (high - low) as f64 / MICROS_PER_DAY as f64
    })
}
