//! How far event time has come; pure.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::event::{EventTime, PartitionId, UnixMillis};
use crate::table::log::PartitionProgress;
use crate::value::time::millis;

/// What a source says of its hub partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct PartitionObservation {
    /// The highest event time of its good lines, if it has any.
    pub(super) event_time: Option<EventTime>,
    /// The highest enqueued time.
    pub(super) enqueued_time: UnixMillis,
}

/// Moves a partition's progress on; it never moves back.
pub(super) fn advance(
    partitions: &mut BTreeMap<PartitionId, PartitionProgress>,
    partition: &PartitionId,
    seen: PartitionObservation,
) {
    let Some(progress) = partitions.get_mut(partition) else {
        // A partition counts from its first good event on.
        if let Some(event_time) = seen.event_time {
            let progress = PartitionProgress {
                event_time,
                enqueued_time: seen.enqueued_time,
            };
            partitions.insert(partition.clone(), progress);
        }
        return;
    };
    progress.event_time = progress
        .event_time
        .max(seen.event_time.unwrap_or(progress.event_time));
    progress.enqueued_time = progress.enqueued_time.max(seen.enqueued_time);
}

/// Returns the watermark: the lowest of the partitions' highest event times, and never below `last` (T1).
///
/// A partition that has been silent for longer than `idle_timeout` counts as now minus that timeout. Now is the
/// highest enqueued time of any partition, not the time of day: a backlog that is worked off hours later then gives
/// the same watermarks, and none of its events counts as late for having waited.
pub(super) fn watermark(
    partitions: &BTreeMap<PartitionId, PartitionProgress>,
    idle_timeout: Duration,
    last: Option<EventTime>,
) -> Option<EventTime> {
    let now = partitions
        .values()
        .map(|progress| progress.enqueued_time)
        .max()?;
    let timeout = millis(idle_timeout);
    let idle_since = UnixMillis(now.0.saturating_sub(timeout));
    let lowest = partitions
        .values()
        .map(|progress| match progress.enqueued_time < idle_since {
            true => idle_since.as_event_time().max(progress.event_time),
            false => progress.event_time,
        });
    lowest.min().max(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIMEOUT: Duration = Duration::from_secs(300);
    const HOUR: i64 = 3_600_000;

    fn id(name: &str) -> PartitionId {
        PartitionId(name.to_owned())
    }

    fn seen(event_seconds: i64, enqueued: i64) -> PartitionObservation {
        PartitionObservation {
            event_time: Some(EventTime(event_seconds * 1_000_000)),
            enqueued_time: UnixMillis(enqueued),
        }
    }

    fn progress(list: &[(&str, i64, i64)]) -> BTreeMap<PartitionId, PartitionProgress> {
        let mut partitions = BTreeMap::new();
        for (name, event_seconds, enqueued) in list {
            advance(&mut partitions, &id(name), seen(*event_seconds, *enqueued));
        }
        partitions
    }

    fn seconds(watermark: Option<EventTime>) -> Option<i64> {
        watermark.map(|time| time.0 / 1_000_000)
    }

    #[test]
    fn the_slowest_partition_holds_the_watermark() {
        let partitions = progress(&[("0", 100, 1_000), ("1", 70, 1_000)]);
        assert_eq!(seconds(watermark(&partitions, TIMEOUT, None)), Some(70));
    }

    #[test]
    fn a_silent_partition_stops_holding_it() {
        let partitions = progress(&[("0", HOUR / 1_000, HOUR), ("1", 5, 1_000)]);
        assert_eq!(
            seconds(watermark(&partitions, TIMEOUT, None)),
            Some(HOUR / 1_000 - 300)
        );
    }

    #[test]
    fn a_returning_partition_does_not_lower_it_t1() {
        let mut partitions = progress(&[("0", 1_000, 5_000)]);
        let last = watermark(&partitions, TIMEOUT, None);
        advance(&mut partitions, &id("1"), seen(3, 6_000));
        assert_eq!(watermark(&partitions, TIMEOUT, last), last);
    }

    #[test]
    fn progress_never_moves_back_and_bad_lines_only_move_the_enqueued_time() {
        let mut partitions = progress(&[("0", 100, 1_000)]);
        advance(&mut partitions, &id("0"), seen(40, 900));
        advance(
            &mut partitions,
            &id("0"),
            PartitionObservation {
                event_time: None,
                enqueued_time: UnixMillis(2_000),
            },
        );
        assert_eq!(partitions, progress(&[("0", 100, 2_000)]));
    }

    #[test]
    fn a_partition_without_a_good_event_does_not_count() {
        let mut partitions = progress(&[("0", 100, 1_000)]);
        let bad = PartitionObservation {
            event_time: None,
            enqueued_time: UnixMillis(1),
        };
        advance(&mut partitions, &id("1"), bad);
        assert_eq!(seconds(watermark(&partitions, TIMEOUT, None)), Some(100));
        assert_eq!(watermark(&BTreeMap::new(), TIMEOUT, None), None);
    }
}
