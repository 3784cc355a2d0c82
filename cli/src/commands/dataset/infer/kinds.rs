//! Events of several types in one sample: which of them the dataset is about, by a field that says the type; pure.
//!
//! Types are told apart only where it matters: the time, or what identifies an event, is there in events of some types
//! and not of others.

use std::collections::BTreeMap;

use sluice::value::path::FieldPath;

use super::super::sample::{Field, Sample, Source};
use super::coverage::nearly;
use super::guess::Guess;
use super::key::row_identity;
use super::words::{identity_rank, speaks_of_kind};

/// Most types.
const MOST_TYPES: usize = 20;
/// What says the kind of a change.
const OPERATION: &str = "op";
/// The kinds of changes that are rows of a table: created, updated, deleted, read.
const CHANGES: [&str; 4] = ["c", "u", "d", "r"];

/// The condition that is proposed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in super::super) struct Kinds {
    /// The field that says the type.
    pub(in super::super) source: Source,
    pub(in super::super) path: FieldPath,
    /// The types that are kept.
    pub(in super::super) kept: Vec<String>,
    /// The others, with how many events there are of each.
    pub(in super::super) others: Vec<(String, u64)>,
    /// What the kept ones have.
    pub(in super::super) why: String,
}

/// Finds out whether the events of some types should be left out.
pub(super) fn find(sample: &Sample, guess: &Guess) -> Option<Kinds> {
    let time = sample.fields.get(guess.event_time)?;
    let identity = identity(sample, guess);
    let mut wanted = vec![time];
    wanted.extend(identity);
    let kinds = sample.fields.iter().filter(|field| is_kind(field, sample));
    let mut kinds = kinds.filter_map(|kind| of_kind(sample, kind, &wanted));
    let found = kinds.next()?;
    Some(match sample.shape.is_change {
        true => Kinds {
            kept: CHANGES.iter().map(|kind| (*kind).to_owned()).collect(),
            ..found
        },
        false => found,
    })
}

/// Returns the numbers of the sample's events that are of the kept types or say no type.
pub(super) fn kept(kinds: &Kinds, sample: &Sample) -> Vec<usize> {
    let kind = sample.index_of(kinds.source, &kinds.path);
    let kind = kind.and_then(|index| sample.fields.get(index));
    let is_kept = |event: &usize| {
        let text = kind.and_then(|kind| kind.text(*event));
        text.is_none_or(|text| kinds.kept.iter().any(|kept| kept == text))
    };
    (0..sample.count()).filter(is_kept).collect()
}

/// Returns what identifies events of some types, if nothing identifies those of all.
fn identity<'s>(sample: &'s Sample, guess: &Guess) -> Option<&'s Field> {
    let fields = || sample.fields.iter();
    if sample.shape.is_change {
        return row_identity(fields(), |field| field);
    }
    let key = guess
        .key
        .fields
        .iter()
        .filter(|index| **index != guess.event_time);
    let mut key = key.filter_map(|index| sample.fields.get(*index));
    if key.any(|field| !speaks_of_kind(&field.name)) {
        return None;
    }
    let named = fields().filter(|field| {
        let is_named = identity_rank(&field.name).is_some_and(|rank| rank < 2);
        is_named && field.present * 2 >= sample.events && !nearly(field.present, sample.events)
    });
    named.min_by_key(|field| identity_rank(&field.name))
}

fn is_kind(field: &Field, sample: &Sample) -> bool {
    let types = field.texts_seen().count();
    let is_named = match sample.shape.is_change {
        true => field.name == OPERATION,
        false => speaks_of_kind(&field.name),
    };
    is_named
        && field.source != Source::System
        && field.texts == field.present
        && field.present * 4 >= sample.events * 3
        && (1..=MOST_TYPES).contains(&types)
        && !field.is_prose
}

/// How many events of a type there are, and how many of them have all that is wanted.
#[derive(Default)]
struct Group {
    events: u64,
    whole: u64,
}

fn of_kind(sample: &Sample, kind: &Field, wanted: &[&Field]) -> Option<Kinds> {
    let mut groups: BTreeMap<&str, Group> = BTreeMap::new();
    for event in 0..sample.count() {
        if let Some(text) = kind.text(event) {
            let group = groups.entry(text).or_default();
            group.events += 1;
            group.whole += u64::from(wanted.iter().all(|field| field.is_in(event)));
        }
    }
    let all: u64 = groups.values().map(|group| group.events).sum();
    let (kept, others): (Vec<_>, Vec<_>) = groups
        .into_iter()
        .partition(|(_, group)| group.whole * 2 >= group.events);
    let count: u64 = kept.iter().map(|(_, group)| group.events).sum();
    let tells = !others.is_empty() || sample.shape.is_change;
    let names: Vec<&str> = wanted.iter().map(|field| field.name.as_str()).collect();
    (tells && count * 2 >= all).then(|| Kinds {
        source: kind.source,
        path: kind.path.clone(),
        kept: kept.into_iter().map(|(text, _)| text.to_owned()).collect(),
        others: others
            .into_iter()
            .map(|(text, group)| (text.to_owned(), group.events))
            .collect(),
        why: names.join(" and "),
    })
}
