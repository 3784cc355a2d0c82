//! Hours of a hub partition of which hardly anything was kept: its producers send what is empty, or the dataset's condition
//! leaves their records out. Neither is an error, and both may be a field that was renamed.
//!
//! The ledger's entries of a partition and an hour are neighbours. Read are those of the hour of the newest event that silver
//! has refined and of the one before it, a request for each partition and hour, of a thousand entries at most; and none at
//! all where nothing of the lake was ever empty or filtered.

use futures::{StreamExt, TryStreamExt, stream};
use serde::Serialize;
use sluice::dataset::Dataset;
use sluice::event::{PartitionId, UnixMillis};
use sluice::store::object::paths;
use sluice::table::log::{CommitLog, Counts, Head, LedgerEntry, LogError};
use sluice::value::period::{hour_before, hour_of};

/// From which share on an hour is named, in percent.
const SHARE: u64 = 99;
const PARALLEL_READS: usize = 8;

/// An hour of a hub partition of which hardly anything was kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Unkept {
    pub(crate) partition: String,
    /// When it begins, by the enqueued time.
    pub(crate) hour: String,
    pub(crate) fate: Fate,
    /// The events that are empty, or the records that are filtered.
    pub(crate) unkept: u64,
    /// Of so many.
    pub(crate) of: u64,
    /// In so many bronze objects: those of the hour that are refined, or the first of them.
    pub(crate) objects: u64,
}

/// What became of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Fate {
    /// Events without a record.
    Empty,
    /// Records that the condition leaves out.
    Filtered,
}

impl Fate {
    /// What it is of, and what is to be asked about that.
    pub(crate) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Empty => ("event", "empty: do the producers still send records?"),
            Self::Filtered => ("record", "filtered: is `where` still what it should be?"),
        }
    }
}

/// Finds such hours, the later one of a partition first; `all` is what became of everything.
pub(crate) async fn find(
    dataset: &Dataset,
    log: &CommitLog,
    head: &Head,
    all: &Counts,
) -> Result<Vec<Unkept>, LogError> {
    let Some(clock) = head.clock.filter(|_| all.empty > 0 || all.filtered > 0) else {
        return Ok(Vec::new());
    };
    let hours = [hour_of(clock), hour_before(clock)];
    let partitions = head.partitions.keys();
    let hours = partitions.flat_map(|partition| hours.map(|hour| (partition, hour)));
    let reads: Vec<_> = hours
        .map(|(partition, hour)| async move {
            let folder = paths::bronze_hour(&dataset.name, partition, hour);
            let entries = log.ledger_page(folder.name()).await?;
            Ok::<_, LogError>(judge(partition, hour, &entries))
        })
        .collect();
    let found: Vec<Vec<Unkept>> = stream::iter(reads)
        .buffered(PARALLEL_READS)
        .try_collect()
        .await?;
    Ok(found.into_iter().flatten().collect())
}

/// Judges an hour of a partition by the ledger's entries of its objects.
fn judge(partition: &PartitionId, hour: UnixMillis, entries: &[LedgerEntry]) -> Vec<Unkept> {
    let mut counts = Counts::default();
    entries.iter().for_each(|entry| counts.add(&entry.counts));
    let fates = [
        (Fate::Empty, counts.empty, counts.lines),
        (Fate::Filtered, counts.filtered, counts.records),
    ];
    let reached = fates.into_iter().filter(|(_, unkept, of)| {
        // Of no event and no record nothing is left out.
        let share = (u128::from(*unkept) * 100).checked_div(u128::from(*of));
        share.is_some_and(|share| share >= u128::from(SHARE))
    });
    let hours = reached.map(|(fate, unkept, of)| Unkept {
        partition: partition.0.clone(),
        hour: hour.as_event_time().to_string(),
        fate,
        unkept,
        of,
        objects: entries.len() as u64,
    });
    hours.collect()
}

#[cfg(test)]
mod tests {
    use sluice::table::log::Version;
    use sluice::value::period::MILLIS_PER_HOUR;

    use super::*;

    fn entry(counts: Counts) -> LedgerEntry {
        LedgerEntry {
            source: String::new(),
            counts,
            range: None,
            version: Version(1),
            quarantine: None,
            redrive: None,
            taken_up: None,
        }
    }

    fn fates(entries: &[Counts]) -> Vec<(Fate, u64, u64)> {
        let entries: Vec<_> = entries.iter().cloned().map(entry).collect();
        let hours = judge(
            &PartitionId("3".into()),
            UnixMillis(MILLIS_PER_HOUR),
            &entries,
        );
        assert!(hours.iter().all(|hour| hour.hour.contains("T01:00:00")));
        hours
            .iter()
            .map(|hour| (hour.fate, hour.unkept, hour.of))
            .collect()
    }

    #[test]
    fn an_hour_is_named_from_99_percent_on() {
        let empty = |empty, lines| Counts {
            lines,
            empty,
            ..Counts::default()
        };
        let filtered = |filtered, records| Counts {
            lines: 10,
            records,
            filtered,
            ..Counts::default()
        };
        assert_eq!(fates(&[empty(98, 99)]), []);
        assert_eq!(
            fates(&[empty(90, 90), empty(9, 10)]),
            [(Fate::Empty, 99, 100)]
        );
        assert_eq!(fates(&[filtered(1, 1)]), [(Fate::Filtered, 1, 1)]);
        assert_eq!(fates(&[filtered(989, 1_000)]), []);
        assert_eq!(fates(&[]), []);
        assert_eq!(fates(&[empty(0, 5)]), []);
    }
}
