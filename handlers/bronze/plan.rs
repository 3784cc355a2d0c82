//! Which events go into which object; pure.
//!
//! An object holds one run: contiguous sequence numbers, enqueued in one hour, of bounded size. An event is already
//! stored if one object's sequence range **and** enqueued-time range contain it: a hub that was made anew counts from
//! zero again, and only the time tells its events from the old ones.

use crate::event::{PartitionId, SequenceNumber, SequenceRange, SourceEvent, UnixMillis};
use crate::lake::{Metadata, ObjectInfo};

/// Most bytes of lines in an object, unless a single event is larger.
pub const MAX_OBJECT_BYTES: usize = 8 * 1024 * 1024;
/// How far the next batch may lie behind this process's last object, in enqueued time, to be sure to follow it.
const MAX_FOLLOW_MILLIS: i64 = 5 * 60 * 1000;
const HOUR_MILLIS: i64 = 60 * 60 * 1000;

/// What an object holds, as its metadata says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ObjectRange {
    /// Its sequence numbers.
    pub sequence: SequenceRange,
    /// The lowest enqueued time in it.
    pub first_enqueued: UnixMillis,
    /// The highest enqueued time in it.
    pub last_enqueued: UnixMillis,
}

impl ObjectRange {
    /// Returns the range of a run of events, or nothing for none.
    #[must_use]
    pub fn of(events: &[SourceEvent]) -> Option<Self> {
        let (first, last) = (events.first()?, events.last()?);
        let times = events.iter().map(|event| event.enqueued_time);
        Some(Self {
            sequence: SequenceRange {
                first: first.sequence_number,
                last: last.sequence_number,
            },
            first_enqueued: times.clone().min()?,
            last_enqueued: times.max()?,
        })
    }

    /// Tells whether the object holds `event`.
    #[must_use]
    pub fn holds(&self, event: &SourceEvent) -> bool {
        self.sequence.contains(event.sequence_number)
            && self.first_enqueued <= event.enqueued_time
            && event.enqueued_time <= self.last_enqueued
    }

    /// Writes the range as user metadata.
    #[must_use]
    pub fn to_metadata(&self, partition: &PartitionId, lines: usize) -> Metadata {
        [
            ("format", "1".to_owned()),
            ("partition", partition.0.clone()),
            ("first_sequence", self.sequence.first.to_string()),
            ("last_sequence", self.sequence.last.to_string()),
            ("first_enqueued_ms", self.first_enqueued.0.to_string()),
            ("last_enqueued_ms", self.last_enqueued.0.to_string()),
            ("lines", lines.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    /// Reads the range from user metadata, whose names are in lower case.
    #[must_use]
    pub fn from_metadata(metadata: &Metadata) -> Option<Self> {
        let number = |name: &str| metadata.get(name)?.parse::<i64>().ok();
        Some(Self {
            sequence: SequenceRange {
                first: SequenceNumber(number("first_sequence")?),
                last: SequenceNumber(number("last_sequence")?),
            },
            first_enqueued: UnixMillis(number("first_enqueued_ms")?),
            last_enqueued: UnixMillis(number("last_enqueued_ms")?),
        })
    }

    /// Tells whether a batch that starts with `event` follows this object without anything in between, so that no
    /// other object can hold its events.
    #[must_use]
    pub fn is_followed_by(&self, event: &SourceEvent) -> bool {
        let distance = event.enqueued_time.0.saturating_sub(self.last_enqueued.0);
        event.sequence_number == self.sequence.last.next()
            && (0..=MAX_FOLLOW_MILLIS).contains(&distance)
    }
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
    let mut bytes = line_bytes(start);
    let mut end = start + 1;
    while let Some(event) = events.get(end) {
        bytes += line_bytes(end);
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

/// Returns the start of the hour.
fn hour_of(time: UnixMillis) -> UnixMillis {
    UnixMillis(time.0.div_euclid(HOUR_MILLIS) * HOUR_MILLIS)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;

    fn event(sequence: i64, enqueued: i64) -> SourceEvent {
        SourceEvent {
            body: Bytes::from_static(b"{}"),
            sequence_number: SequenceNumber(sequence),
            enqueued_time: UnixMillis(enqueued),
        }
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
        assert_eq!(run(&three, &[], MAX_OBJECT_BYTES / 2), Some(0..2), "full");
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
        assert!(last.is_followed_by(&event(10, 1_000)));
        assert!(last.is_followed_by(&event(10, 1_000 + MAX_FOLLOW_MILLIS)));
        assert!(!last.is_followed_by(&event(11, 1_000)));
        assert!(!last.is_followed_by(&event(10, 999)));
        assert!(!last.is_followed_by(&event(10, 1_001 + MAX_FOLLOW_MILLIS)));
    }

    #[test]
    fn metadata_gives_the_range_back_b2() {
        let range = object(3, 8, 1_000, 1_700);
        let metadata = range.to_metadata(&PartitionId("7".into()), 6);
        assert_eq!(ObjectRange::from_metadata(&metadata), Some(range));
        assert_eq!(metadata.get("lines").map(String::as_str), Some("6"));
    }

    #[test]
    fn a_range_takes_the_extremes_of_times_that_are_out_of_order() {
        let range = ObjectRange::of(&[event(1, 50), event(2, 40), event(3, 60)]).unwrap();
        assert_eq!(range, object(1, 3, 40, 60));
    }
}
