//! What is left of the chunks of a group that were worked off: counts, files, and the keys that are in them. Pure.
//!
//! Rows and rejected records are in files by then. What the commit says of them depends on the head that it is sent under,
//! so event times are kept, eight bytes a row, beside the keys.

use std::collections::BTreeMap;

use crate::error::Invariant;
use crate::event::EventTime;
use crate::silver::cast::keyed_rows::KeyedRow;
use crate::silver::dedup::conflicts::Conflicts;
use crate::silver::dedup::own::OwnFiles;
use crate::silver::prepare::SourceFacts;
use crate::silver::write::Written;
use crate::store::object::ObjectPath;
use crate::table::log::{Counts, Times};

/// A chunk in hand.
#[derive(Clone, Copy, Debug)]
pub(super) struct Chunk<'a> {
    pub(super) sources: &'a [SourceFacts],
    /// The rows that stay.
    pub(super) rows: &'a [KeyedRow],
    pub(super) conflicts: &'a Conflicts,
}

impl Chunk<'_> {
    /// Counts what became of the records of each source, where rows before a time are late.
    ///
    /// # Errors
    /// Fails if there are more rows than records.
    pub(super) fn counts(&self, late_below: Option<EventTime>) -> Result<Vec<Counts>, Invariant> {
        let mut rows = vec![(0u64, 0u64); self.sources.len()];
        for row in self.rows {
            let counts = rows.get_mut(row.source as usize);
            let (rows, late) = counts.ok_or(Invariant("a row comes from a source of its group"))?;
            *rows += 1;
            *late += u64::from(is_late(row.time, late_below));
        }
        let conflicts = self.conflicts.by_source();
        let counts = (0u32..).zip(self.sources).zip(rows);
        let counts = counts.map(|((number, source), (rows, late))| {
            let judged = source.filtered + source.rejected.len() as u64;
            let good = source.records.checked_sub(judged);
            let duplicates = good.and_then(|good| good.checked_sub(rows));
            Ok(Counts {
                lines: source.lines,
                empty: source.empty,
                opened: source.lines.saturating_sub(source.empty),
                records: source.records,
                redriven: 0,
                rows,
                duplicates: duplicates.ok_or(Invariant("a record is at most one row"))?,
                conflicts: conflicts.get(&number).copied().unwrap_or(0),
                late,
                filtered: source.filtered,
                quarantined: source.quarantined(),
                nulled: source.nulled.clone(),
            })
        });
        counts.collect()
    }
}

fn is_late(time: i64, late_below: Option<EventTime>) -> bool {
    late_below.is_some_and(|below| EventTime(time) < below)
}

/// The chunks before the one in hand.
#[derive(Debug, Default)]
pub(super) struct Done {
    /// The id of the commit, once there is such a chunk: it is in the names of its files.
    pub(super) id: Option<String>,
    /// How many there are.
    pub(super) chunks: usize,
    pub(super) own: OwnFiles,
    /// By the number of the source.
    pub(super) sources: BTreeMap<u32, Settled>,
}

/// What became of a source so far.
#[derive(Debug, Default)]
pub(super) struct Settled {
    /// Without late rows.
    counts: Counts,
    /// The highest times of its good records.
    pub(super) times: Option<Times>,
    /// When the events of its rows happened, in microseconds since 1970.
    event_times: Vec<i64>,
    /// The sum of the keys of its rows, by which other rows are told from them.
    pub(super) keys: u128,
    /// The last of its quarantine objects, and how many there are.
    pub(super) quarantine: Option<ObjectPath>,
    quarantined: usize,
}

impl Settled {
    /// Counts what became of its records, where rows before a time are late.
    pub(super) fn counts(&self, late_below: Option<EventTime>) -> Counts {
        let times = self.event_times.iter();
        let late = times.filter(|time| is_late(**time, late_below)).count();
        Counts {
            late: late as u64,
            ..self.counts.clone()
        }
    }
}

impl Done {
    /// Returns whether nothing was worked off before.
    pub(super) fn is_empty(&self) -> bool {
        self.chunks == 0
    }

    /// Takes in a chunk that was written, of which nothing else need be kept.
    ///
    /// # Errors
    /// Fails if there are more rows than records.
    pub(super) fn add(&mut self, chunk: Chunk<'_>, written: Written) -> Result<(), Invariant> {
        let sources = (0u32..).zip(chunk.sources);
        for ((number, source), counts) in sources.zip(chunk.counts(None)?) {
            let settled = self.sources.entry(number).or_default();
            settled.counts.add(&counts);
            Times::merge(&mut settled.times, source.times);
            if let Some(path) = written.quarantine.get(&source.name) {
                settled.quarantine = Some(path.clone());
                settled.quarantined += 1;
            }
        }
        for row in chunk.rows {
            let settled = self.sources.entry(row.source).or_default();
            settled.event_times.push(row.time);
            settled.keys = settled.keys.wrapping_add(row.key);
        }
        self.id = Some(written.id);
        self.chunks += 1;
        self.own.add(written.files, written.keys);
        Ok(())
    }

    /// Returns how many quarantine objects each of these sources has, by name.
    pub(super) fn quarantined<'n>(
        &self,
        names: impl Iterator<Item = &'n String>,
    ) -> BTreeMap<String, usize> {
        let numbered = (0u32..).zip(names);
        let parts = numbered.filter_map(|(number, name)| {
            let settled = self.sources.get(&number)?;
            Some((name.clone(), settled.quarantined))
        });
        parts.collect()
    }
}
