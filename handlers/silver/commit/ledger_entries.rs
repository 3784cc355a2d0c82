//! Accounts for what became of sources; pure.

use std::collections::BTreeMap;

use super::work::Work;
use crate::error::Invariant;
use crate::event::EventTime;
use crate::silver::Refined;
use crate::silver::write::Written;
use crate::table::log::{Head, LedgerEntry, Version};

/// Accounts for every record of every source (S2).
///
/// # Errors
/// Fails if there are more rows than records.
pub(super) fn ledger(
    work: &Work,
    written: &Written,
    late_below: Option<EventTime>,
) -> Result<Vec<LedgerEntry>, Invariant> {
    let sources = (0u32..).zip(&work.prepared.sources);
    let counts = work.in_hand().counts(late_below)?;
    let entries = sources.zip(counts).map(|((number, source), mut counts)| {
        let mut quarantine = written.quarantine.get(&source.name);
        if let Some(before) = work.done.sources.get(&number) {
            counts.add(&before.counts(late_below));
            quarantine = quarantine.or(before.quarantine.as_ref());
        }
        LedgerEntry {
            source: source.name.clone(),
            counts,
            range: source.range,
            version: Version(0),
            quarantine: quarantine.cloned(),
            redrive: None,
            taken_up: None,
        }
    });
    Ok(entries.collect())
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
