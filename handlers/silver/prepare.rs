//! Sources in, typed rows out: cast, each key once, sorted by event time. Pure.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::RefineError;
use super::cast::computed::{LateReject, Verdicts};
use super::cast::keyed_rows::{KeyedRow, keyed_rows};
use super::cast::reject::Reject;
use super::cast::rows::Cast;
use super::cast::{Caster, LineContext};
use super::dedup::conflicts::Conflicts;
use super::dedup::key_set::KeySet;
use super::sources::SortedSources;
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::event::{EventTime, KeptReason, PartitionId, RejectReason, SequenceRange, UnixMillis};
use crate::store::object::{ObjectFormat, Source};
use crate::table::log::{AMBIGUOUS_TIME, Nulled};
use crate::value::line::Line;
use crate::value::line::times::Times;

/// A line that was rejected.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Rejected {
    /// Its number in the source, from 0.
    pub(super) line: u64,
    /// When the hub took its event.
    pub(super) enqueued_time: UnixMillis,
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
    /// What became null in its good lines.
    pub(super) nulled: Nulled,
}

impl SourceFacts {
    pub(super) fn quarantined(&self) -> BTreeMap<KeptReason, u64> {
        let mut reasons = BTreeMap::new();
        for rejected in &self.rejected {
            *reasons.entry(rejected.reject.reason.into()).or_default() += 1;
        }
        reasons
    }
}

/// A group of sources, cast. It depends on the sources alone.
#[derive(Debug)]
pub(super) struct Prepared {
    /// The sources, in the order of their names.
    pub(super) sources: Vec<SourceFacts>,
    pub(super) cast: Cast,
    /// One row of each key, by event time: that of the lowest (source, line), so that the outcome does not depend on
    /// how the group came together.
    pub(super) distinct: Vec<KeyedRow>,
    /// The other rows.
    pub(super) repeats: Vec<KeyedRow>,
    /// Those of the other rows that differ from the one that was kept.
    pub(super) conflicts: Conflicts,
}

impl Prepared {
    /// Casts the lines of the sources.
    ///
    /// # Errors
    /// Fails if they are too many for one group, or if the format of one is not that of this build.
    pub(super) fn of(dataset: &Dataset, sources: &SortedSources) -> Result<Self, RefineError> {
        let mut caster = Caster::new(dataset);
        let mut facts: Vec<SourceFacts> = (0..)
            .zip(sources.iter())
            .map(|(index, source)| cast_source(dataset, &mut caster, index, source))
            .collect::<Result<_, _>>()?;
        let cast = caster.finish()?;
        add_verdicts(dataset, &mut facts, sources, cast.verdicts())?;
        let keys = cast.key_hashes(&dataset.key)?;
        let rows: Vec<KeyedRow> = keyed_rows(&cast, keys)?.collect();
        for row in &rows {
            let source = facts.get_mut(row.source as usize);
            let source = source.ok_or(Invariant("a row comes from a source of its group"))?;
            source.event_time = source.event_time.max(Some(EventTime(row.time)));
        }
        let (distinct, repeats) = distinct_by_time(rows);
        Ok(Self {
            sources: facts,
            conflicts: Conflicts::within(&cast, &distinct, &repeats)?,
            distinct,
            repeats,
            cast,
        })
    }
}

fn cast_source(
    dataset: &Dataset,
    caster: &mut Caster,
    index: u32,
    source: &Source,
) -> Result<SourceFacts, RefineError> {
    let mut content = Content::of(source)?;
    let mut facts = SourceFacts {
        name: source.name.clone(),
        partition: source.partition.clone(),
        range: source.range,
        enqueued_time: source.enqueued_time,
        event_time: None,
        lines: 0,
        rejected: Vec::new(),
        nulled: Nulled::default(),
    };
    let mut nulled: BTreeMap<(usize, RejectReason), u64> = BTreeMap::new();
    let is_utf8 = std::str::from_utf8(&source.content).is_ok();
    for line in lines(content.lines) {
        let number = facts.lines;
        facts.lines += 1;
        // A source has fewer lines than bytes, and its bytes are in memory.
        let offset = i64::try_from(number).unwrap_or(i64::MAX);
        let enqueued_time = content.next_time()?;
        let context = LineContext {
            source: index,
            sequence_number: source
                .range
                .map(|range| range.first.0.saturating_add(offset)),
            enqueued_time,
        };
        let body = Line::read(line).body;
        let is_utf8 = is_utf8 && matches!(body, Cow::Borrowed(_));
        match caster.push_checked(&body, is_utf8, context) {
            Ok(()) => {
                for null in caster.nulled() {
                    *nulled.entry((null.column, null.reason)).or_default() += 1;
                }
                for column in caster.ambiguous() {
                    if let Some(column) = dataset.columns.get(*column) {
                        facts.nulled.count(&column.name, AMBIGUOUS_TIME, 1);
                    }
                }
            }
            Err(reject) => facts.rejected.push(Rejected {
                line: number,
                enqueued_time,
                reject,
                body: body.into_owned(),
            }),
        }
    }
    for ((column, reason), count) in nulled {
        if let Some(column) = dataset.columns.get(column) {
            facts.nulled.count(&column.name, reason.as_str(), count);
        }
    }
    content.end()?;
    Ok(facts)
}

/// The lines of a source that hold events, and when the hub took them.
struct Content<'a> {
    source: &'a Source,
    lines: &'a [u8],
    /// Nothing where one time counts for all.
    times: Option<Times<'a>>,
}

impl<'a> Content<'a> {
    fn of(source: &'a Source) -> Result<Self, RefineError> {
        let (lines, times) = Times::split(&source.content);
        let times = match &source.format {
            // A copy that lost its metadata: the times are no event, and say nothing of this object.
            ObjectFormat::Lines => None,
            ObjectFormat::LinesAndTimes => Some(times.ok_or_else(|| no_times(source))?),
            ObjectFormat::Unknown(format) => {
                return Err(RefineError::Format {
                    source_name: source.name.clone(),
                    format: format.clone(),
                });
            }
        };
        Ok(Self {
            source,
            lines,
            times,
        })
    }

    #[inline]
    fn next_time(&mut self) -> Result<UnixMillis, RefineError> {
        match &mut self.times {
            None => Ok(self.source.enqueued_time),
            Some(times) => times.next().ok_or_else(|| no_times(self.source)),
        }
    }

    /// Fails if there are times of more events.
    fn end(&self) -> Result<(), RefineError> {
        match self.times.as_ref().is_none_or(Times::is_at_end) {
            true => Ok(()),
            false => Err(no_times(self.source)),
        }
    }
}

#[cold]
fn no_times(source: &Source) -> RefineError {
    RefineError::Times {
        source_name: source.name.clone(),
    }
}

/// Adds what became of lines when their columns were computed.
fn add_verdicts(
    dataset: &Dataset,
    facts: &mut [SourceFacts],
    sources: &SortedSources,
    verdicts: &Verdicts,
) -> Result<(), RefineError> {
    const FOREIGN: Invariant = Invariant("a row comes from a source of its group");
    for (source, column, reason) in verdicts.nulled() {
        let facts = facts.get_mut(source as usize).ok_or(FOREIGN)?;
        if let Some(column) = dataset.columns.get(column) {
            facts.nulled.count(&column.name, reason.as_str(), 1);
        }
    }
    let mut late: BTreeMap<u32, Vec<LateReject<'_>>> = BTreeMap::new();
    for reject in verdicts.rejected() {
        late.entry(reject.source).or_default().push(reject);
    }
    for (source, late) in late {
        let facts = facts.get_mut(source as usize).ok_or(FOREIGN)?;
        let source = sources.iter().nth(source as usize).ok_or(FOREIGN)?;
        let mut content = Content::of(source)?;
        let mut rejected = Vec::with_capacity(late.len());
        let mut before = facts
            .rejected
            .iter()
            .map(|rejected| rejected.line)
            .peekable();
        let mut late = late.into_iter().peekable();
        let mut cast = 0;
        for (line, text) in (0..).zip(lines(content.lines)) {
            let enqueued_time = content.next_time()?;
            // Refused when it was cast.
            if before.next_if_eq(&line).is_some() {
                continue;
            }
            if let Some(late) = late.next_if(|late| late.number == cast) {
                rejected.push(Rejected {
                    line,
                    enqueued_time,
                    reject: late.reject.clone(),
                    body: Line::read(text).body.into_owned(),
                });
            }
            cast += 1;
        }
        facts.rejected.append(&mut rejected);
        facts.rejected.sort_by_key(|rejected| rejected.line);
    }
    Ok(())
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

/// Returns the first row of each key, sorted by event time, and the other rows; rows come in the order of
/// (source, line).
fn distinct_by_time(mut rows: Vec<KeyedRow>) -> (Vec<KeyedRow>, Vec<KeyedRow>) {
    let mut is_first = Vec::with_capacity(rows.len());
    let keys = rows.iter().map(|row| row.key);
    KeySet::with_capacity(rows.len()).insert_all(keys, |is_new| is_first.push(is_new));
    let mut is_first = is_first.into_iter();
    let mut repeats = Vec::new();
    rows.retain(|row| {
        // There is an answer for every key.
        let is_first = is_first.next().unwrap_or(true);
        if !is_first {
            repeats.push(*row);
        }
        is_first
    });
    let order = |row: &KeyedRow| (row.time, row.row);
    if !rows.is_sorted_by_key(order) {
        rows.sort_unstable_by_key(order);
    }
    (rows, repeats)
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
        let rows = (0..).zip([(7, 30), (8, 20), (7, 10), (9, 20)]);
        let rows = rows.map(|(row, (key, time))| KeyedRow {
            time,
            row,
            source: 0,
            key,
        });
        let (distinct, repeats) = distinct_by_time(rows.collect());
        let numbers = |rows: &[KeyedRow]| rows.iter().map(|row| row.row).collect::<Vec<u32>>();
        assert_eq!(numbers(&distinct), [1, 3, 0]);
        assert_eq!(numbers(&repeats), [2]);
    }
}
