//! Which events go into which object; pure.
//!
//! An object holds one run: contiguous sequence numbers, enqueued in one hour, of bounded size. An event is already
//! stored if one object's sequence range **and** enqueued-time range contain it: a hub that was made anew counts from
//! zero again, and only the time tells its events from the old ones.

use crate::event::{SourceEvent, UnixMillis};
use crate::store::object::{ObjectInfo, ObjectRange};
use crate::value::line::times;
use crate::value::period::hour_of;

/// Most bytes of an object, the times of its events included, unless a single event is larger.
pub const MAX_OBJECT_BYTES: usize = 8 * 1024 * 1024;
/// How far the next batch may lie behind this process's last object, in enqueued time, to be sure to follow it.
const MAX_FOLLOW_MILLIS: i64 = 5 * 60 * 1000;

/// Returns whether a batch that starts with `event` follows the object `last` without anything in between, so that no
/// other object can hold its events.
#[must_use]
pub fn follows(event: &SourceEvent, last: &ObjectRange) -> bool {
    let distance = event.enqueued_time.0.saturating_sub(last.last_enqueued.0);
    event.sequence_number == last.sequence.last.next()
        && (0..=MAX_FOLLOW_MILLIS).contains(&distance)
}

/// Returns the ranges of listed objects; what has no range was not written by bronze.
#[must_use]
pub fn ranges(listed: &[ObjectInfo]) -> Vec<ObjectRange> {
    listed
        .iter()
        .filter_map(|info| ObjectRange::from_metadata(&info.metadata))
        .collect()
}

/// Returns the start of each hour that events were enqueued in, in order, each once.
#[must_use]
pub fn hours(events: &[SourceEvent]) -> Vec<UnixMillis> {
    let mut hours: Vec<_> = events
        .iter()
        .map(|event| hour_of(event.enqueued_time))
        .collect();
    hours.sort_unstable();
    hours.dedup();
    hours
}

/// Finds the next run to write: the first event at or after `from` that no known object holds, and the events that
/// can share its object.
///
/// `line_bytes` tells the size of each event's line.
#[must_use]
pub fn next_run(
    events: &[SourceEvent],
    from: usize,
    known: &[ObjectRange],
    line_bytes: impl Fn(usize) -> usize,
) -> Option<std::ops::Range<usize>> {
    let is_stored = |event: &SourceEvent| known.iter().any(|object| object.holds(event));
    let rest = events.get(from..)?;
    let start = from + rest.iter().position(|event| !is_stored(event))?;

    let mut previous = events.get(start)?;
    let hour = hour_of(previous.enqueued_time);
    let mut bytes = line_bytes(start) + times::LONGEST_SINGLE;
    let mut end = start + 1;
    while let Some(event) = events.get(end) {
        bytes += line_bytes(end) + times::step_bytes(previous.enqueued_time, event.enqueued_time);
        let belongs = event.sequence_number == previous.sequence_number.next()
            && hour_of(event.enqueued_time) == hour
            && bytes <= MAX_OBJECT_BYTES
            && !is_stored(event);
        if !belongs {
            break;
        }
        previous = event;
        end += 1;
    }
    Some(start..end)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::event::{SequenceNumber, SequenceRange};

    const HOUR_MILLIS: i64 = 3_600_000;

    fn event(sequence: i64, enqueued: i64) -> SourceEvent {
        SourceEvent::plain(
            Bytes::from_static(b"{}"),
            SequenceNumber(sequence),
            UnixMillis(enqueued),
        )
    }

    fn object(first: i64, last: i64, from: i64, until: i64) -> ObjectRange {
        ObjectRange {
            sequence: SequenceRange {
                first: SequenceNumber(first),
                last: SequenceNumber(last),
            },
            first_enqueued: UnixMillis(from),
            last_enqueued: UnixMillis(until),
        }
    }

    #[test]
    fn a_run_ends_at_a_gap_a_new_hour_a_full_object_and_a_stored_event() {
        let run = |events: &[(i64, i64)], known: &[ObjectRange], bytes: usize| {
            let events: Vec<_> = events
                .iter()
                .map(|(number, time)| event(*number, *time))
                .collect();
            next_run(&events, 0, known, |_| bytes)
        };
        let three = [(1, 0), (2, 0), (3, 0)];
        assert_eq!(run(&[(1, 0), (2, 0), (4, 0)], &[], 3), Some(0..2), "gap");
        assert_eq!(
            run(&[(1, HOUR_MILLIS - 1), (2, HOUR_MILLIS)], &[], 3),
            Some(0..1),
            "hour"
        );
        let times = times::LONGEST_SINGLE + times::step_bytes(UnixMillis(0), UnixMillis(0));
        let half = (MAX_OBJECT_BYTES - times) / 2;
        assert_eq!(run(&three, &[], half), Some(0..2), "full");
        assert_eq!(run(&three, &[], half + 1), Some(0..1), "with the times");
        assert_eq!(
            run(&three, &[], MAX_OBJECT_BYTES + 1),
            Some(0..1),
            "larger than an object"
        );
        let stored = [object(1, 2, 0, 0), object(5, 9, 0, 0)];
        let five = [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)];
        assert_eq!(run(&five, &stored, 3), Some(2..4), "stored");
    }

    #[test]
    fn an_event_of_a_hub_made_anew_is_not_taken_for_the_old_one() {
        let old = object(0, 99, 1_000, 2_000);
        assert!(old.holds(&event(5, 1_500)));
        assert!(!old.holds(&event(5, 900_000)));
        assert_eq!(next_run(&[event(5, 900_000)], 0, &[old], |_| 3), Some(0..1));
    }

    #[test]
    fn nothing_is_left_when_every_event_is_stored() {
        assert_eq!(
            next_run(&[event(1, 5)], 0, &[object(0, 3, 0, 9)], |_| 3),
            None
        );
        assert_eq!(next_run(&[], 0, &[], |_| 3), None);
    }

    #[test]
    fn only_the_very_next_event_within_minutes_follows() {
        let last = object(0, 9, 0, 1_000);
        assert!(follows(&event(10, 1_000), &last));
        assert!(follows(&event(10, 1_000 + MAX_FOLLOW_MILLIS), &last));
        assert!(!follows(&event(11, 1_000), &last));
        assert!(!follows(&event(10, 999), &last));
        assert!(!follows(&event(10, 1_001 + MAX_FOLLOW_MILLIS), &last));
    }
}
