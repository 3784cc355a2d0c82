//! Finds what a dataset file could say of sample events, by trying one thing after the other; pure.
//!
//! In this order: what bodies need before they are JSON, whether events are records or hold them, which types of events
//! are meant, and then the fields. Where no field is a time, there still is the one at which the hub took the event.

use bytes::Bytes;
use sluice::value::path::FieldPath;

use super::super::sample::{Event, Field, Opening, Sample, Shape, candidates};
use super::coverage::Coverage;
use super::guess::{Guess, guess, guess_of_enqueued};
use super::kinds::{self, Kinds};
use super::refusal::{InferError, refused_hint};
use super::types::{TypeGuess, guess_type};

/// What a dataset file could say.
#[derive(Debug)]
pub(in super::super) struct Proposal {
    pub(in super::super) opening: Opening,
    pub(in super::super) sample: Sample,
    pub(in super::super) guess: Guess,
    /// Which types of events are meant, if there are several.
    pub(in super::super) kinds: Option<Kinds>,
    /// Events that are refused whole, with the reason of one.
    pub(in super::super) unopened: (usize, Option<String>),
    /// Where events are records, what else their messages have.
    pub(in super::super) beside: Vec<(Field, TypeGuess)>,
}

/// The events that come of one way to open the lines.
struct Attempt {
    opening: Opening,
    events: Vec<Event>,
    sample: Sample,
    unopened: (usize, Option<String>),
}

impl Attempt {
    fn new(opening: Opening, lines: &[Bytes]) -> Self {
        let records = opening.records(lines);
        let shape = Shape::of(&records.events, opening.payload.ignore_case);
        Self {
            sample: Sample::of(&records.events, shape),
            events: records.events,
            opening,
            unopened: (records.refused, records.why),
        }
    }
}

/// Proposes.
///
/// # Errors
/// Fails if no event is a JSON object, or holds one.
pub(in super::super) fn propose(lines: &[Bytes]) -> Result<Proposal, InferError> {
    let opening = Opening::of(lines);
    let whole = Attempt::new(opening.clone(), lines);
    let messages = whole.events.iter().map(|event| &event.text[..]);
    let arrays = candidates(messages);
    let mut attempts = Vec::with_capacity(arrays.len() + 1);
    // Where messages are arrays, no message is an event.
    let is_array = |path: &FieldPath| path.segments().is_empty();
    if !arrays.iter().any(|array| is_array(&array.path)) {
        attempts.push(whole);
    }
    for array in arrays {
        let mut opening = opening.clone();
        opening.payload.records = Some(array.path);
        opening.payload.ignore_case = array.ignores_case;
        attempts.push(Attempt::new(opening, lines));
    }
    let found = [Coverage::Nearly, Coverage::Half]
        .into_iter()
        .find_map(|coverage| {
            let each = attempts.iter().enumerate();
            let mut found =
                each.filter_map(|(at, attempt)| Some((at, guess(&attempt.sample, coverage)?)));
            found.next()
        });
    let (at, found) = match found {
        Some((at, guess)) => (at, Some(guess)),
        None => (0, None),
    };
    let mut attempt = attempts.swap_remove(at);
    // The messages as they are come first, if they may be events.
    let whole = attempts.into_iter().next();
    let whole = whole.filter(|whole| whole.opening.payload.records.is_none());
    if attempt.sample.events == 0 {
        return Err(InferError::Empty {
            lines: lines.len() as u64,
            hint: refused_hint(&attempt.sample.refused),
        });
    }
    let guess = found.unwrap_or_else(|| guess_of_enqueued(&mut attempt.sample));
    let beside = match &attempt.opening.payload.records {
        None => Vec::new(),
        Some(path) => whole.map_or_else(Vec::new, |whole| beside(whole.sample, path)),
    };
    Ok(of_kinds(attempt, guess, beside))
}

/// Leaves out the events of other types.
fn of_kinds(attempt: Attempt, guess: Guess, beside: Vec<(Field, TypeGuess)>) -> Proposal {
    let Attempt {
        mut opening,
        events,
        mut sample,
        unopened,
    } = attempt;
    let (guess, kinds) = match kinds::find(&sample, &guess) {
        None => (guess, None),
        Some(kinds) => {
            let kept = kinds::kept(&kinds, &sample);
            let kept: Vec<Event> = kept
                .into_iter()
                .filter_map(|event| events.get(sample.input(event)?).cloned())
                .collect();
            let again = Sample::of(&kept, sample.shape.clone());
            match super::guess::guess(&again, Coverage::Half) {
                None => (guess, None),
                Some(guess) => {
                    sample = again.beside(sample);
                    (guess, Some(kinds))
                }
            }
        }
    };
    opening.payload.ignore_case = sample.shape.ignore_case;
    Proposal {
        opening,
        sample,
        guess,
        kinds,
        unopened,
        beside,
    }
}

/// Guesses the types of what messages have beside the array of their records.
fn beside(messages: Sample, records: &FieldPath) -> Vec<(Field, TypeGuess)> {
    let events = messages.events;
    let fields = messages.outside(records).into_iter();
    fields
        .filter(|field| field.present > 0)
        .map(|field| {
            let guess = guess_type(&field, events);
            (field, guess)
        })
        .collect()
}
