//! Accounts for what became of sources; pure.

use std::collections::BTreeMap;

use super::group::Work;
use super::source::Refined;
use crate::event::EventTime;
use crate::state::commit_log::{Counts, Head, LedgerEntry, Version};

/// Accounts for every line of every source (S2).
pub(super) fn ledger(work: &Work, late_below: Option<EventTime>) -> Vec<LedgerEntry> {
    let sources = &work.prepared.sources;
    let mut rows = vec![(0u64, 0u64); sources.len()];
    let times = work.prepared.rows.event_times(&work.rows_by_time);
    for (row, time) in work.rows_by_time.iter().zip(times) {
        if let Some((count, late)) = rows.get_mut(work.prepared.rows.source(*row) as usize) {
            *count += 1;
            *late += u64::from(late_below.is_some_and(|below| EventTime(time) < below));
        }
    }
    let no_quarantine = BTreeMap::new();
    let quarantine = work
        .written
        .as_ref()
        .map_or(&no_quarantine, |written| &written.quarantine);
    let entries = sources.iter().zip(rows).map(|(source, (rows, late))| {
        let quarantined = source.quarantined();
        let good = source.lines - source.rejected.len() as u64;
        let duplicates = good - rows;
        LedgerEntry {
            source: source.name.clone(),
            counts: Counts {
                lines: source.lines,
                rows,
                duplicates,
                late,
                quarantined,
            },
            range: source.range,
            version: Version(0),
            quarantine: quarantine.get(&source.name).cloned(),
        }
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
