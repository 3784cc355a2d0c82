//! Finds what was sent again with another time: events that are known by less than their time, within a day; pure.

use std::collections::HashMap;

use sluice::value::time::MICROS_PER_DAY;

use super::super::sample::{Sample, Source};
use super::coverage::nearly;
use super::types::TypeGuess;
use super::words::counts;

/// At most one in so many events is taken for one that was sent again.
const MOST_RESENT: usize = 3;

/// Returns the fields by which events are known within a day, and why, if some were sent again with another time: equal
/// in everything else, and no two events of a day that are known alike differ.
pub(super) fn by_day(
    sample: &Sample,
    types: &[TypeGuess],
    event_time: usize,
    key: &[usize],
) -> Option<(Vec<usize>, String)> {
    let counters = sample.fields.iter().zip(types).enumerate();
    let counters = counters.filter(|(index, (field, guess))| {
        guess.kind == "int64"
            && counts(&field.name)
            && nearly(field.present, sample.events)
            && !key.contains(index)
    });
    for (counter, (field, _)) in counters {
        let fields: Vec<usize> = key.iter().copied().chain([counter]).collect();
        let Some(resent) = resent(sample, types, event_time, &fields) else {
            continue;
        };
        let reason = format!(
            "{}: it counts, and {resent} events were sent again with another time and nothing else new; within a day (UTC) they are known by it",
            field.name
        );
        return Some((fields, reason));
    }
    None
}

/// Counts the events that repeat another one of their day but for its time, unless two that are known alike differ, or the
/// time of one cannot be told: it might be of the same day as one from which it differs.
fn resent(
    sample: &Sample,
    types: &[TypeGuess],
    event_time: usize,
    fields: &[usize],
) -> Option<usize> {
    let time = sample.fields.get(event_time)?;
    let all = sample.fields.iter().zip(types).enumerate();
    let content = all
        .filter(|(_, (field, guess))| field.source == Source::Record && guess.kind != "timestamp");
    let content: Vec<usize> = content.map(|(index, _)| index).collect();
    let mut known: HashMap<(u64, i64), u64> = HashMap::new();
    let mut resent = 0;
    for event in 0..sample.count() {
        let has = |index: &usize| {
            sample
                .fields
                .get(*index)
                .is_some_and(|field| field.is_in(event))
        };
        if !time.is_in(event) || !fields.iter().all(has) {
            continue;
        }
        let point = time.point(event)?;
        let content = sample.hash(&content, event);
        let place = (sample.hash(fields, event), point.div_euclid(MICROS_PER_DAY));
        match known.insert(place, content) {
            Some(other) if other != content => return None,
            Some(_) => resent += 1,
            None => {}
        }
    }
    (resent > 0 && resent * MOST_RESENT <= sample.count()).then_some(resent)
}
