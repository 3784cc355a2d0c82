//! Accounts for what became of sources; pure.

use std::collections::BTreeMap;

use super::work::Work;
use crate::error::Invariant;
use crate::event::EventTime;
use crate::silver::Refined;
use crate::silver::write::Written;
use crate::table::log::{Counts, Head, LedgerEntry, Version};

/// Accounts for every record of every source (S2).
///
/// # Errors
/// Fails if there are more rows than records.
pub(super) fn ledger(
    work: &Work,
    written: &Written,
    late_below: Option<EventTime>,
) -> Result<Vec<LedgerEntry>, Invariant> {
    let sources = &work.prepared.sources;
    let mut counts = vec![(0u64, 0u64); sources.len()];
    for row in &work.rows {
        let counts = counts.get_mut(row.source as usize);
        let (rows, late) = counts.ok_or(Invariant("a row comes from a source of its group"))?;
        *rows += 1;
        *late += u64::from(late_below.is_some_and(|below| EventTime(row.time) < below));
    }
    let conflicts = work.conflicts.by_source();
    let entries = (0u32..).zip(sources).zip(counts);
    let entries = entries.map(|((number, source), (rows, late))| {
        let judged = source.filtered + source.rejected.len() as u64;
        let good = source.records.checked_sub(judged);
        let duplicates = good.and_then(|good| good.checked_sub(rows));
        Ok(LedgerEntry {
            source: source.name.clone(),
            counts: Counts {
                lines: source.lines,
                empty: source.empty,
                opened: source.lines.saturating_sub(source.empty),
                records: source.records,
                rows,
                duplicates: duplicates.ok_or(Invariant("a record is at most one row"))?,
                conflicts: conflicts.get(&number).copied().unwrap_or(0),
                late,
                filtered: source.filtered,
                quarantined: source.quarantined(),
                nulled: source.nulled.clone(),
            },
            range: source.range,
            version: Version(0),
            quarantine: written.quarantine.get(&source.name).cloned(),
        })
    });
    entries.collect()
}

/// Returns what had been finished before.
pub(super) fn earlier(finished: BTreeMap<String, LedgerEntry>, head: &Head) -> Vec<Refined> {
    let head = head.version;
    let entries = finished.into_values();
    entries
        .map(|entry| Refined {
            entry,
            now: false,
            group: 0,
            head,
        })
        .collect()
}

/// Returns what a commit has finished.
pub(super) fn newly(ledger: Vec<LedgerEntry>, version: Version) -> impl Iterator<Item = Refined> {
    let group = ledger.len();
    ledger.into_iter().map(move |entry| Refined {
        entry: LedgerEntry { version, ..entry },
        now: true,
        group,
        head: version,
    })
}
