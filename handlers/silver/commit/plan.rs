//! What a commit says of the work on a group: its files, what became of every record, and how far event time has come.
//! Pure.

use super::ledger_entries::ledger;
use super::work::Work;
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::event::{EventTime, UnixMillis};
use crate::silver::write::Written;
use crate::table::log::{CommitKind, Head, NewCommit, Times, bound};
use crate::table::watermark::watermark;
use crate::value::time::micros;

/// Says it, under a head and as of a time.
///
/// # Errors
/// Fails if there are more rows than records.
pub(super) fn plan(
    dataset: &Dataset,
    work: &Work,
    written: &Written,
    head: &Head,
    committed: UnixMillis,
) -> Result<NewCommit, Invariant> {
    let lateness = micros(dataset.allowed_lateness);
    let late_below = head
        .watermark
        .map(|time| EventTime(time.0.saturating_sub(lateness)));
    let mut partitions = head.partitions.clone();
    let mut clock = head.clock;
    for (number, source) in (0u32..).zip(&work.prepared.sources) {
        clock = clock.max(Some(source.enqueued_time));
        if let (Some(partition), Some(range)) = (&source.partition, source.range) {
            let progress = partitions.entry(partition.clone()).or_default();
            let before = work.done.sources.get(&number);
            let mut times = before.and_then(|before| before.times);
            Times::merge(&mut times, source.times);
            progress.add(range, times);
        }
    }
    bound(&mut partitions);
    Ok(NewCommit {
        id: written.id.clone(),
        kind: CommitKind::Append,
        committed,
        files: [work.done.own.files(), &written.files].concat(),
        ledger: ledger(work, written, late_below)?,
        taken_up: Vec::new(),
        watermark: watermark(&partitions, clock, dataset.idle_timeout, head.watermark),
        clock,
        partitions,
    })
}
