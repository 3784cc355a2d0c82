//! Guesses the key: which fields, with the event time, tell events apart; pure.
//!
//! A field too many in a key keeps an event too many; a field too few loses events. So whatever the sample shows to be
//! the identity of an event or of its source is taken, and a key of the time alone is never proposed without a word.

use super::super::sample::{Field, Leaf, Sample};
use super::types::TypeGuess;
use super::words::identity_rank;
use crate::output::{count, thousands};

/// Most fields of a key besides the event time.
const MOST_FIELDS: usize = 3;
/// Values that recur over less than this share of the sample are values that drift, not those of a source.
const LEAST_SPREAD: f64 = 0.3;
/// Most candidates that a warning names.
const MOST_NAMED: usize = 5;

/// The guess at the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct KeyGuess {
    /// The key's fields, the event time last.
    pub(in super::super) fields: Vec<usize>,
    /// What it rests on, a line for each field but the event time.
    pub(in super::super) why: Vec<String>,
    /// Events that share their key with another.
    pub(in super::super) shared: u64,
    /// Why a key of the time alone loses events, if it is one.
    pub(in super::super) warning: Option<Vec<String>>,
}

/// A field that may be an identity.
#[derive(Clone, Copy, Debug)]
struct Candidate<'a> {
    index: usize,
    field: &'a Field,
    distinct: u64,
    spread: f64,
}

impl Candidate<'_> {
    /// Returns whether its values come back again and again, as those of a source do.
    fn recurs(&self, events: u64) -> bool {
        self.distinct > 1 && self.distinct * 2 <= events && self.spread >= LEAST_SPREAD
    }

    fn is_token(&self) -> bool {
        self.field.texts > 0 && !self.field.is_prose
    }
}

/// Guesses.
pub(super) fn guess_key(sample: &Sample, types: &[TypeGuess], event_time: usize) -> KeyGuess {
    let candidates = candidates(sample, types, event_time);
    let mut fields = Vec::new();
    let mut why = Vec::new();
    if let Some((found, reason)) = identity(&candidates, sample.events) {
        fields.push(found.index);
        why.push(format!("{}: {reason}", found.field.name));
    }
    let count = |fields: &[usize], more: Option<usize>| {
        let all = fields.iter().copied().chain(more).chain([event_time]);
        sample.distinct(&all.collect::<Vec<_>>())
    };
    let mut best = count(&fields, None);
    while best < sample.events && fields.len() < MOST_FIELDS {
        let more = candidates.iter().filter(|c| !fields.contains(&c.index));
        let tried = more.map(|candidate| (count(&fields, Some(candidate.index)), candidate));
        // Of equally telling fields the first one.
        let next = tried.fold(
            None,
            |best: Option<(u64, &Candidate<'_>)>, next| match best {
                Some(best) if best.0 >= next.0 => Some(best),
                _ => Some(next),
            },
        );
        let Some((distinct, found)) = next.filter(|(distinct, _)| *distinct > best) else {
            break;
        };
        why.push(format!(
            "{}: with it {} more events have a key of their own",
            found.field.name,
            distinct - best
        ));
        best = distinct;
        fields.push(found.index);
    }
    let warning = fields
        .is_empty()
        .then(|| of_time_alone(sample, types, event_time));
    fields.push(event_time);
    KeyGuess {
        fields,
        why,
        shared: sample.events - best,
        warning,
    }
}

/// The fields that can be in a key and may be an identity: measured values, times and truths are none.
fn candidates<'a>(
    sample: &'a Sample,
    types: &[TypeGuess],
    event_time: usize,
) -> Vec<Candidate<'a>> {
    let fields = sample.fields.iter().zip(types).enumerate();
    let fields = fields.filter(|(index, (field, guess))| {
        let is_whole =
            matches!(guess.kind.as_str(), "string" | "int64") || guess.kind.ends_with(",0)");
        *index != event_time && guess.required && is_whole && field.present > 0
    });
    fields
        .map(|(index, (field, _))| {
            let repetition = field.repetition();
            Candidate {
                index,
                field,
                distinct: repetition.distinct,
                spread: repetition.spread,
            }
        })
        .collect()
}

/// Finds the field that most looks like an identity, and says why.
fn identity<'a>(candidates: &[Candidate<'a>], events: u64) -> Option<(Candidate<'a>, String)> {
    let most = |found: &dyn Fn(&Candidate<'_>) -> bool| {
        let found = candidates.iter().filter(|candidate| found(candidate));
        // Of equally telling ones the first.
        found
            .copied()
            .reduce(|best, next| match next.distinct > best.distinct {
                true => next,
                false => best,
            })
    };
    let rank = |candidate: &Candidate<'_>| identity_rank(&candidate.field.name);
    for ranks in [0..=1, 2..=2] {
        // `device_id` of three devices says less than `reading_id` of every event.
        let named = most(&|c| rank(c).is_some_and(|rank| ranks.contains(&rank)));
        if let Some(found) = named {
            let values = match found.distinct == events {
                true => "every event has one of its own".to_owned(),
                false => format!(
                    "{} in {}",
                    count(found.distinct, "value"),
                    count(events, "event")
                ),
            };
            return Some((found, format!("its name speaks of identity; {values}")));
        }
    }
    let is_own = |c: &Candidate<'_>| c.distinct == events;
    if let Some(found) = most(&|c| is_own(c) && c.is_token()) {
        return Some((found, "a short text that no two events share".to_owned()));
    }
    let counts_up = |c: &Candidate<'_>| c.field.numbers > 0 && c.field.digits.counts_up;
    if let Some(found) = most(&|c| is_own(c) && events > 1 && counts_up(c)) {
        return Some((found, "a number that counts the events".to_owned()));
    }
    for wants_text in [true, false] {
        let found = most(&|c| c.is_token() == wants_text && !c.field.is_prose && c.recurs(events));
        if let Some(found) = found {
            let reason = format!(
                "{} that come back through the whole sample ({}), as those of a source do",
                count(found.distinct, "value"),
                count(events, "event")
            );
            return Some((found, reason));
        }
    }
    let grows = |c: &Candidate<'_>| c.field.numbers > 0 && c.field.digits.grows;
    let found = most(&|c| is_own(c) && events > 1 && grows(c))?;
    Some((found, "a number that grows from event to event".to_owned()))
}

/// Says why a key of the time alone loses events, and where an identity may be.
fn of_time_alone(sample: &Sample, types: &[TypeGuess], event_time: usize) -> Vec<String> {
    let mut lines = vec![
        "this key is the event time alone: of two events of one time, one is dropped as a duplicate of the other.".to_owned(),
        "Add the columns that say which event it is or where it comes from (an order's number, a device's id): every event must have them, and no two events may have them and the time in common.".to_owned(),
    ];
    let fields = sample.fields.iter().zip(types).enumerate();
    let mut seen = Vec::new();
    for (_, (field, guess)) in fields.filter(|(index, _)| *index != event_time) {
        seen.extend(field.inside.leaves.iter().filter_map(inside));
        if guess.kind != "string" && guess.kind != "int64" {
            continue;
        }
        let name = &field.name;
        if !guess.required && (field.texts > 0 || identity_rank(name).is_some()) {
            let present = thousands(field.present);
            let events = count(sample.events, "event");
            seen.push(format!("{name} is in {present} of {events} only"));
        } else if field.texts > 0 && !field.is_prose && field.repetition().distinct == 1 {
            seen.push(format!("{name} has one value in the whole sample"));
        }
    }
    if !seen.is_empty() {
        seen.truncate(MOST_NAMED);
        lines.push(format!("Looked at: {}.", seen.join("; ")));
    }
    lines
}

fn inside(leaf: &Leaf) -> Option<String> {
    let named = identity_rank(&leaf.name).is_some() && !leaf.is_element;
    named.then(|| {
        format!(
            "{} ({}) lies inside of what is not always an object; it can be a column by its path",
            leaf.path,
            count(leaf.distinct(), "value")
        )
    })
}
