//! How far event time has come; pure.

use std::collections::BTreeMap;
use std::time::Duration;

use super::log::PartitionProgress;
use crate::event::{EventTime, PartitionId, UnixMillis};
use crate::value::time::millis;

/// Returns the watermark: the lowest of the partitions' highest event times, and never below `last` (T1).
///
/// A partition without a good record for longer than `idle_timeout` counts as now minus that timeout. Now is `clock`, the
/// highest enqueued time of any object that was refined, not the time of day: a backlog that is worked off hours later
/// then gives the same watermarks, and none of its events counts as late for having waited.
#[must_use]
pub fn watermark(
    partitions: &BTreeMap<PartitionId, PartitionProgress>,
    clock: Option<UnixMillis>,
    idle_timeout: Duration,
    last: Option<EventTime>,
) -> Option<EventTime> {
    let timeout = millis(idle_timeout);
    let idle_since = clock.map(|now| UnixMillis(now.0.saturating_sub(timeout)));
    let lowest = partitions.values().filter_map(|progress| {
        // A partition counts from its first good record on.
        let event_time = progress.times?.event_time;
        Some(match idle_since {
            Some(idle) if progress.enqueued_time() < Some(idle) => {
                idle.as_event_time().max(event_time)
            }
            _ => event_time,
        })
    });
    lowest.min().max(last)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{SequenceNumber, SequenceRange};
    use crate::table::log::Times;

    const TIMEOUT: Duration = Duration::from_secs(300);
    const HOUR: i64 = 3_600_000;

    fn id(name: &str) -> PartitionId {
        PartitionId(name.to_owned())
    }

    fn times(event_seconds: i64, enqueued: i64) -> Option<Times> {
        Some(Times {
            event_time: EventTime(event_seconds * 1_000_000),
            enqueued_time: UnixMillis(enqueued),
        })
    }

    fn range(first: i64, last: i64) -> SequenceRange {
        SequenceRange {
            first: SequenceNumber(first),
            last: SequenceNumber(last),
        }
    }

    fn progress(list: &[(&str, i64, i64)]) -> BTreeMap<PartitionId, PartitionProgress> {
        let mut partitions: BTreeMap<_, PartitionProgress> = BTreeMap::new();
        for (name, event_seconds, enqueued) in list {
            let own = partitions.entry(id(name)).or_default();
            own.add(range(0, 9), times(*event_seconds, *enqueued));
        }
        partitions
    }

    /// The watermark at a clock, in seconds.
    fn at(
        clock: i64,
        partitions: &BTreeMap<PartitionId, PartitionProgress>,
        last: Option<EventTime>,
    ) -> Option<i64> {
        let found = watermark(partitions, Some(UnixMillis(clock)), TIMEOUT, last);
        found.map(|time| time.0 / 1_000_000)
    }

    #[test]
    fn the_slowest_partition_holds_the_watermark() {
        let partitions = progress(&[("0", 100, 1_000), ("1", 70, 1_000)]);
        assert_eq!(at(1_000, &partitions, None), Some(70));
    }

    #[test]
    fn a_silent_partition_stops_holding_it() {
        let partitions = progress(&[("0", HOUR / 1_000, HOUR), ("1", 5, 1_000)]);
        assert_eq!(at(HOUR, &partitions, None), Some(HOUR / 1_000 - 300));
    }

    #[test]
    fn a_partition_that_sends_only_bad_events_does_not_hold_it_for_ever() {
        let mut partitions = progress(&[("0", 100, 1_000)]);
        partitions
            .entry(id("0"))
            .or_default()
            .add(range(10, 19), None);
        assert_eq!(at(2_000, &partitions, None), Some(100));
        assert_eq!(at(HOUR, &partitions, None), Some(HOUR / 1_000 - 300));
    }

    #[test]
    fn a_partition_whose_backlog_is_taken_up_out_of_order_is_not_silent() {
        let mut partitions = progress(&[("0", HOUR / 1_000, HOUR), ("1", 5, 1_000)]);
        let other = partitions.entry(id("1")).or_default();
        other.add(range(20, 29), times(HOUR / 1_000, HOUR));
        assert_eq!(at(HOUR, &partitions, None), Some(5));
    }

    #[test]
    fn a_returning_partition_does_not_lower_it_t1() {
        let mut partitions = progress(&[("0", 1_000, 5_000)]);
        let last = watermark(&partitions, Some(UnixMillis(5_000)), TIMEOUT, None);
        partitions.extend(progress(&[("1", 3, 6_000)]));
        assert_eq!(at(6_000, &partitions, last), Some(1_000));
    }

    #[test]
    fn a_partition_without_a_good_event_does_not_count() {
        let mut partitions = progress(&[("0", 100, 1_000)]);
        partitions
            .entry(id("1"))
            .or_default()
            .add(range(0, 3), None);
        assert_eq!(at(1_000, &partitions, None), Some(100));
        assert_eq!(at(1_000, &BTreeMap::new(), None), None);
        assert_eq!(watermark(&BTreeMap::new(), None, TIMEOUT, None), None);
    }
}
