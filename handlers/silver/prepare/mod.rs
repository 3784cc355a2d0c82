//! Sources in, typed rows out: opened, cast, each key once, sorted by event time. Pure.

mod lines;
mod picked;
mod records;
mod source;
pub mod trial;

use super::RefineError;
use super::cast::Caster;
use super::cast::judge::{Judged, Place};
use super::cast::keyed_rows::{KeyedRow, keyed_rows};
use super::cast::rows::Cast;
use super::dedup::conflicts::Conflicts;
use super::dedup::first_rows::{Repeat, first_rows};
use super::open::Opener;
use super::sources::SortedSources;
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::table::keys::KeyHasher;
use crate::table::log::Times;
use lines::expected_events;
pub(super) use source::{Rejected, SourceFacts, picked_texts};
use source::{Span, cast_source, is_full};

const FOREIGN: Invariant = Invariant("a row comes from a source of its group");

/// How many bytes are opened at once, but for those of one event more.
pub(super) const MOST_OPENED: usize = 64 * 1024 * 1024;

/// Where in a group a chunk of it begins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Start {
    /// The number of the source.
    source: u32,
    /// Its line.
    line: u32,
}

/// A group of sources, cast, or a chunk of one that opens to more than is held at once. It depends on the sources alone.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The sources, in the order of their names: the first of the group, if opening all of them took too much memory.
    /// Of a chunk they say what is in it.
    pub(super) sources: Vec<SourceFacts>,
    /// Where the next chunk begins, if the last of the sources is not at its end.
    pub(super) rest: Option<Start>,
    pub(super) cast: Cast,
    /// One row of each key (every row, where there is none), by event time: that of the lowest (source, line), so that the
    /// outcome does not depend on how the group came together.
    pub(super) distinct: Vec<KeyedRow>,
    /// The other rows.
    pub(super) repeats: Vec<KeyedRow>,
    /// Those of the other rows that differ from the one that was kept.
    pub(super) conflicts: Conflicts,
}

impl Prepared {
    /// Casts the records of the sources from `start` on. As soon as `most_opened` bytes are opened, sources that have not
    /// been begun are left to another group; what follows a chunk is the rest of its last source.
    ///
    /// # Errors
    /// Fails if they are too many for one group, or if the format of one is not that of this build.
    pub(super) fn of(
        dataset: &Dataset,
        sources: &SortedSources,
        start: Start,
        most_opened: usize,
    ) -> Result<Self, RefineError> {
        let mut opener = Opener::of(dataset);
        let mut caster = Caster::new(dataset);
        if opener.is_none() {
            caster.reserve(expected_events(sources.iter()));
        }
        let mut facts: Vec<SourceFacts> = Vec::with_capacity(sources.len());
        let mut rest = None;
        for (index, source) in (0..).zip(sources.iter()) {
            if index < start.source {
                facts.push(SourceFacts::new(source));
                continue;
            }
            let span = Span {
                from: start.line,
                most_opened,
            };
            let indexed = (index, source);
            let (cast, line) = cast_source(dataset, &mut opener, &mut caster, indexed, span)?;
            facts.push(cast);
            rest = line.map(|line| Start {
                source: index,
                line,
            });
            // A later chunk ends with the source that it is of.
            if start != Start::default() || is_full(opener.as_ref(), most_opened) {
                break;
            }
        }
        let cast = caster.finish()?;
        add_verdicts(dataset, &mut opener, &mut facts, sources, cast.verdicts())?;
        let keys = match &dataset.key {
            Some(key) => KeyHasher::of_rows(key, dataset.event_time).hashes(&cast.columns)?,
            None => vec![0; cast.len()],
        };
        let rows: Vec<KeyedRow> = keyed_rows(&cast, keys)?.collect();
        for run in rows.chunk_by(|row, next| row.source == next.source) {
            let Some(first) = run.first() else {
                continue;
            };
            let source = facts.get_mut(first.source as usize).ok_or(FOREIGN)?;
            let times = cast.highest_times(run.iter().map(|row| row.row));
            Times::merge(&mut source.times, times);
        }
        let (distinct, repeats) = distinct(dataset, rows);
        Ok(Self {
            sources: facts,
            rest,
            conflicts: Conflicts::within(dataset, &cast, &repeats)?,
            distinct,
            repeats: repeats.into_iter().map(|repeat| repeat.row).collect(),
            cast,
        })
    }
}

/// Adds what became of records after they were cast.
fn add_verdicts(
    dataset: &Dataset,
    opener: &mut Option<Opener>,
    facts: &mut [SourceFacts],
    sources: &SortedSources,
    judged: &Judged,
) -> Result<(), RefineError> {
    for ((source, column, reason), count) in &judged.nulled {
        let facts = facts.get_mut(*source as usize).ok_or(FOREIGN)?;
        facts.count_nulled(dataset, *column, reason, *count);
    }
    for (source, filtered) in &judged.filtered {
        let facts = facts.get_mut(*source as usize).ok_or(FOREIGN)?;
        facts.filtered = filtered.records;
        Times::merge(&mut facts.times, filtered.times);
    }
    if judged.rejected.is_empty() {
        return Ok(());
    }
    for ((index, source), facts) in (0..).zip(sources.iter()).zip(facts) {
        let first = |source| Place {
            source,
            line: 0,
            record: 0,
        };
        let of_source = judged.rejected.range(first(index)..first(index + 1));
        facts.add_rejected(source, index, opener, of_source)?;
    }
    Ok(())
}

/// Returns one row of each key (every row, where there is none), the one that was cast first, by event time; and the others.
fn distinct(dataset: &Dataset, rows: Vec<KeyedRow>) -> (Vec<KeyedRow>, Vec<Repeat>) {
    match &dataset.key {
        None => (by_time(rows), Vec::new()),
        // Rows of one key are of one time then, and stay in their order.
        Some(key) if key.bucket.is_none() && key.columns.contains(&dataset.event_time) => {
            first_rows(by_time(rows), |row, next| row.time != next.time)
        }
        Some(_) => {
            let (distinct, repeats) = first_rows(rows, |_, _| false);
            (by_time(distinct), repeats)
        }
    }
}

/// Sorts rows by event time.
fn by_time(mut rows: Vec<KeyedRow>) -> Vec<KeyedRow> {
    // Rows come in the order of their numbers, which a stable sort keeps, and times mostly rise within a source: it makes
    // use of both.
    rows.sort_by_key(|row| row.time);
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_by_time_and_those_of_one_time_stay_in_their_order() {
        let row = |(row, time)| KeyedRow {
            time,
            row,
            source: 0,
            key: 0,
        };
        let rows = (0..).zip([30, 20, 10, 20]).map(row);
        let sorted = by_time(rows.collect());
        let numbers: Vec<u32> = sorted.iter().map(|row| row.row).collect();
        assert_eq!(numbers, [2, 1, 3, 0]);
    }
}
