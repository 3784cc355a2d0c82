//! Sources in, typed rows out: cast, each key once, sorted by event time. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::RefineError;
use super::cast::{Caster, LineContext};
use super::keys::KeySet;
use super::reject::Reject;
use super::rows::Cast;
use super::source::Source;
use crate::bronze::line::restore_body;
use crate::dataset::Dataset;
use crate::event::{EventTime, PartitionId, RejectReason, SequenceRange, UnixMillis};

/// A line that was set aside.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rejected {
    /// Its number in the source, from 0.
    pub(super) line: u64,
    /// Why.
    pub(super) reject: Reject,
    /// Its bytes, as the producer sent them.
    pub(super) body: Vec<u8>,
}

/// What the lines of one source were.
#[derive(Clone, Debug)]
pub(super) struct SourceFacts {
    pub(super) name: String,
    pub(super) partition: Option<PartitionId>,
    pub(super) range: Option<SequenceRange>,
    pub(super) enqueued_time: UnixMillis,
    /// The highest event time of its good lines.
    pub(super) event_time: Option<EventTime>,
    pub(super) lines: u64,
    pub(super) rejected: Vec<Rejected>,
}

impl SourceFacts {
    pub(super) fn quarantined(&self) -> BTreeMap<RejectReason, u64> {
        let mut reasons = BTreeMap::new();
        for rejected in &self.rejected {
            *reasons.entry(rejected.reject.reason).or_default() += 1;
        }
        reasons
    }
}

/// The good lines of a group of sources, as columns, each with the hash of its key.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) cast: Cast,
    keys: Vec<u128>,
}

/// A group of sources, cast. It depends on the sources alone.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The sources, in the order of their names.
    pub(super) sources: Vec<SourceFacts>,
    pub(super) rows: Rows,
    /// One row of each key, by event time: that of the lowest (source, line), so that the outcome does not depend on
    /// how the group came together.
    pub(super) distinct: Vec<u32>,
}

impl Prepared {
    /// Casts the lines of the sources.
    ///
    /// # Errors
    /// Fails if they are too many for one group.
    pub(super) fn of(dataset: &Dataset, sources: &[Source]) -> Result<Self, RefineError> {
        let mut ordered: Vec<&Source> = sources.iter().collect();
        ordered.sort_by(|a, b| a.name.cmp(&b.name));

        let mut caster = Caster::new(dataset);
        let mut facts: Vec<SourceFacts> = (0..)
            .zip(ordered)
            .map(|(index, source)| cast_source(&mut caster, index, source))
            .collect();
        let cast = caster.finish()?;
        for (row, time) in (0..).zip(cast.event_times()) {
            let source = cast.source(row).and_then(|s| facts.get_mut(s as usize));
            if let Some(facts) = source {
                facts.event_time = facts.event_time.max(Some(EventTime(*time)));
            }
        }

        let keys = cast.key_hashes(&dataset.key)?;
        let distinct = distinct_by_time(&keys, cast.event_times());
        Ok(Self {
            sources: facts,
            rows: Rows { cast, keys },
            distinct,
        })
    }
}

impl Rows {
    /// Returns the event times of rows.
    pub(super) fn event_times(&self, rows: &[u32]) -> Vec<i64> {
        let times = self.cast.event_times();
        let time = |row: &u32| times.get(*row as usize).copied().unwrap_or_default();
        rows.iter().map(time).collect()
    }

    pub(super) fn key(&self, row: u32) -> u128 {
        self.keys.get(row as usize).copied().unwrap_or_default()
    }

    pub(super) fn source(&self, row: u32) -> u32 {
        self.cast.source(row).unwrap_or_default()
    }
}

fn cast_source(caster: &mut Caster, index: u32, source: &Source) -> SourceFacts {
    let mut facts = SourceFacts {
        name: source.name.clone(),
        partition: source.partition.clone(),
        range: source.range,
        enqueued_time: source.enqueued_time,
        event_time: None,
        lines: 0,
        rejected: Vec::new(),
    };
    let is_utf8 = std::str::from_utf8(&source.content).is_ok();
    for line in lines(&source.content) {
        let number = facts.lines;
        facts.lines += 1;
        let offset = i64::try_from(number).unwrap_or(i64::MAX);
        let context = LineContext {
            source: index,
            sequence_number: source
                .range
                .map(|range| range.first.0.saturating_add(offset)),
            enqueued_time: source.enqueued_time,
        };
        let body = restore_body(line);
        let is_utf8 = is_utf8 && matches!(body, Cow::Borrowed(_));
        if let Err(reject) = caster.push_checked(&body, is_utf8, context) {
            facts.rejected.push(Rejected {
                line: number,
                reject,
                body: body.into_owned(),
            });
        }
    }
    facts
}

/// Returns the lines, without their line feeds; what follows the last line feed is a line unless it is empty.
fn lines(content: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = content;
    std::iter::from_fn(move || {
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest);
        let (line, tail) = match end {
            Some(end) => (rest.get(..end)?, rest.get(end + 1..)?),
            None => (rest, &[][..]),
        };
        rest = tail;
        Some(line)
    })
}

/// Returns the first row of each key, sorted by event time; rows come in the order of (source, line).
fn distinct_by_time(keys: &[u128], event_times: &[i64]) -> Vec<u32> {
    let mut rows: Vec<(i64, u32)> = Vec::with_capacity(keys.len());
    let mut all = (0u32..).zip(event_times);
    KeySet::with_capacity(keys.len()).insert_all(keys.iter().copied(), |is_new| {
        if let Some((row, time)) = all.next().filter(|_| is_new) {
            rows.push((*time, row));
        }
    });
    if !rows.is_sorted() {
        rows.sort_unstable();
    }
    rows.into_iter().map(|(_, row)| row).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_may_lack_its_line_feed() {
        let split = |content: &'static [u8]| lines(content).collect::<Vec<_>>();
        assert_eq!(split(b"a\nb\n"), [b"a", b"b"]);
        assert_eq!(split(b"a\nb"), [b"a", b"b"]);
        assert_eq!(split(b"\n\nb"), [&b""[..], b"", b"b"]);
        assert_eq!(split(b""), Vec::<&[u8]>::new());
    }

    #[test]
    fn of_rows_with_one_key_the_first_stays_and_the_result_is_sorted_by_time() {
        assert_eq!(
            distinct_by_time(&[7, 8, 7, 9], &[30, 20, 10, 20]),
            [1, 3, 0]
        );
    }
}
