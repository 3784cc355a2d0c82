//! Guesses the key: which fields, with the event time, tell events apart; pure.
//!
//! A field too many in a key keeps an event too many; a field too few loses events. So whatever the sample shows to be
//! the identity of an event or of its source is taken, and a key of the time alone is never proposed without a word.

use std::collections::HashSet;

use super::super::sample::{Field, Leaf, Sample, Source};
use super::coverage::Coverage;
use super::resent;
use super::types::TypeGuess;
use super::words::identity_rank;
use crate::output::{count, thousands};

/// Most fields of a key besides the event time.
const MOST_FIELDS: usize = 3;
/// Values that recur over less than this share of the sample are values that drift, not those of a source.
const LEAST_SPREAD: f64 = 0.3;
/// More than one in so many events that share their key with another are too many.
const MOST_SHARED: u64 = 5;
/// What places in the log of a database are called.
const LOG: [&str; 6] = ["lsn", "commit_lsn", "scn", "pos", "ord", "sequence"];
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
    /// Whether it has the day of the event time, not the time.
    pub(in super::super) has_day: bool,
    /// Why there should be none, and every event a row, if so.
    pub(in super::super) keep_all: Option<Vec<String>>,
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
pub(super) fn guess_key(
    sample: &Sample,
    types: &[TypeGuess],
    event_time: usize,
    is_enqueued: bool,
) -> KeyGuess {
    let mut key = Growing::new(sample, event_time);
    // What an envelope promises is there even where some events of a small sample are broken.
    let by_shape = of_shape(
        sample,
        &candidates(sample, types, event_time, Coverage::Half),
    );
    let candidates = candidates(sample, types, event_time, Coverage::Nearly);
    let found = match by_shape.is_empty() {
        true => identity(&candidates, sample.events).into_iter().collect(),
        false => by_shape,
    };
    for (found, reason) in found {
        key.fields.push(found.index);
        key.why.push(format!("{}: {reason}", found.field.name));
    }
    key.grow(&candidates);
    let mut guess = KeyGuess {
        keep_all: None,
        has_day: false,
        shared: key.events.len() as u64 - key.count(None),
        why: key.why,
        fields: key.fields,
    };
    guess.keep_all = keep_all(sample, types, event_time, &guess, is_enqueued);
    if is_enqueued {
        guess.has_day = true;
    } else if guess.keep_all.is_none()
        && let Some((fields, reason)) = resent::by_day(sample, types, event_time, &guess.fields)
    {
        guess.has_day = true;
        guess.why.push(reason);
        guess.fields = fields;
        guess.shared = 0;
    }
    guess.fields.push(event_time);
    guess
}

/// A key that gets fields, as long as they tell more events apart.
struct Growing<'s> {
    sample: &'s Sample,
    event_time: usize,
    /// The events that have the time: no others have a key.
    events: Vec<usize>,
    fields: Vec<usize>,
    why: Vec<String>,
}

impl<'s> Growing<'s> {
    fn new(sample: &'s Sample, event_time: usize) -> Self {
        let time = sample.fields.get(event_time);
        // When the hub took an event, no sample says.
        let time = time.filter(|time| time.present > 0);
        let has = |event: &usize| time.is_none_or(|time| time.is_in(*event));
        Self {
            sample,
            event_time,
            events: (0..sample.count()).filter(has).collect(),
            fields: Vec::new(),
            why: Vec::new(),
        }
    }

    /// Counts the keys of the sample, with one more field.
    fn count(&self, more: Option<usize>) -> u64 {
        let all = self.fields.iter().copied().chain(more);
        let all: Vec<usize> = all.chain([self.event_time]).collect();
        let keys = self.events.iter();
        let keys = keys.map(|event| self.sample.hash(&all, *event));
        keys.collect::<HashSet<_>>().len() as u64
    }

    fn grow(&mut self, candidates: &[Candidate<'_>]) {
        let mut best = self.count(None);
        while best < self.events.len() as u64 && self.fields.len() < MOST_FIELDS {
            let more = candidates
                .iter()
                .filter(|c| !self.fields.contains(&c.index));
            let tried = more.map(|candidate| (self.count(Some(candidate.index)), candidate));
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
            self.why.push(format!(
                "{}: with it {} more events have a key of their own",
                found.field.name,
                distinct - best
            ));
            best = distinct;
            self.fields.push(found.index);
        }
    }
}

/// Says why every event should be a row, if no key tells them apart.
fn keep_all(
    sample: &Sample,
    types: &[TypeGuess],
    event_time: usize,
    key: &KeyGuess,
    is_enqueued: bool,
) -> Option<Vec<String>> {
    if sample.shape.is_resource_log {
        return Some(vec![
            "entries of Azure's resource logs have no number, and two may be equal in all that they say.".to_owned(),
        ]);
    }
    if key.fields.is_empty() {
        return Some(of_time_alone(sample, types, event_time));
    }
    if is_enqueued && sample.distinct(&key.fields) < sample.events {
        return Some(vec![
            "the time is when the hub took the event, and what is sent again has another one: nothing else tells the events apart.".to_owned(),
        ]);
    }
    (key.shared * MOST_SHARED > sample.events).then(|| {
        let fields = key.fields.iter().filter_map(|index| sample.fields.get(*index));
        let names: Vec<&str> = fields.map(|field| field.name.as_str()).collect();
        vec![format!(
            "with a key of {} and the time {} of {} events would be dropped as duplicates of others, from which they differ.",
            names.join(", "),
            key.shared,
            sample.events
        )]
    })
}

/// Finds the identity that envelopes and annotations promise.
fn of_shape<'a>(sample: &Sample, candidates: &[Candidate<'a>]) -> Vec<(Candidate<'a>, String)> {
    let named = |source: Source, name: &str| {
        let found = candidates
            .iter()
            .find(|candidate| candidate.field.source == source && candidate.field.name == name);
        found.copied()
    };
    let record = |name: &str| named(Source::Record, name).or(named(Source::Properties, name));
    if sample.shape.is_change {
        let row = row_identity(candidates.iter().copied(), |candidate| candidate.field);
        let why = "the key of the row that was changed";
        let mut found: Vec<_> = row.map(|row| (row, why.to_owned())).into_iter().collect();
        let place = LOG
            .iter()
            .find_map(|name| record(&format!("source.{name}")));
        if let Some(place) = place {
            found.push((
                place,
                "where the change is in the database's log".to_owned(),
            ));
        }
        return found;
    }
    if sample
        .fields
        .iter()
        .any(|field| field.name == "specversion")
        && let (Some(source), Some(id)) = (record("source"), record("id"))
    {
        let why = "CloudEvents promise that source and id tell events apart";
        return vec![(source, why.to_owned()), (id, why.to_owned())];
    }
    let device = named(Source::System, "device-id");
    let why = "the IoT hub has authenticated the device";
    device
        .map(|device| (device, why.to_owned()))
        .into_iter()
        .collect()
}

/// Returns what identifies the row that a change is of: the field of it whose name speaks most of identity.
pub(super) fn row_identity<'f, T>(
    all: impl Iterator<Item = T>,
    field: impl Fn(&T) -> &'f Field,
) -> Option<T> {
    let ranked = all.filter_map(|one| {
        let field = field(&one);
        let is_in_row = !field.name.contains('.') && field.path.segments().len() > 1;
        let rank = identity_rank(&field.name).filter(|_| is_in_row)?;
        Some((rank, one))
    });
    let (_, found) = ranked.min_by_key(|(rank, _)| *rank)?;
    Some(found)
}

/// The fields that can be in a key and may be an identity: measured values, times and truths are none.
fn candidates<'a>(
    sample: &'a Sample,
    types: &[TypeGuess],
    event_time: usize,
    coverage: Coverage,
) -> Vec<Candidate<'a>> {
    let fields = sample.fields.iter().zip(types).enumerate();
    let fields = fields.filter(|(index, (field, guess))| {
        let is_whole =
            matches!(guess.kind.as_str(), "string" | "int64") || guess.kind.ends_with(",0)");
        let is_usual = coverage.is_enough(field.present, sample.events);
        *index != event_time && is_usual && is_whole && field.present > 0
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
        "a key of the event time alone would drop one of two events of one time, as a duplicate of the other.".to_owned(),
        "What says which event it is or where it comes from (an order's number, a device's id) belongs into it: every event must have it, and no two events may have it and the time in common.".to_owned(),
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
