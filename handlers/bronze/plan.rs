//! Which events go into which object; pure.
//!
//! An object holds one run: contiguous sequence numbers, enqueued in one hour, of bounded size. An event is already
//! stored if an object holds its number **and** says that it was enqueued at the same time: a hub that was made anew counts
//! from zero again, one whose copy took over gives the last numbers again, and only the time tells their events from the
//! old ones. The ranges of an object say that it may hold an event; the times at its end say whether it does.

use crate::event::{SourceEvent, UnixMillis};
use crate::store::object::{ObjectFormat, ObjectInfo, ObjectRange};
use crate::value::line::times;
use crate::value::line::times::Times;
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

/// An object that is there, and the time of each of its events, where that is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// What it says of itself.
    pub range: ObjectRange,
    times: Option<Vec<UnixMillis>>,
}

impl Stored {
    /// An object of which only the range is known: of an earlier build, or one of which no event is asked for.
    #[must_use]
    pub fn of_range(range: ObjectRange) -> Self {
        Self { range, times: None }
    }

    /// An object that ends like `tail`. What does not hold the time of each event is known by its range.
    #[must_use]
    pub fn of_tail(range: ObjectRange, tail: &[u8]) -> Self {
        let (_, times) = Times::split(tail);
        let times: Vec<UnixMillis> = times.into_iter().flatten().collect();
        let is_whole = u64::try_from(times.len()).ok() == Some(range.events());
        Self {
            range,
            times: is_whole.then_some(times),
        }
    }

    /// Returns whether the object holds the event.
    #[must_use]
    pub fn holds(&self, event: &SourceEvent) -> bool {
        let number = event
            .sequence_number
            .0
            .checked_sub(self.range.sequence.first.0);
        let time = |times: &Vec<UnixMillis>| times.get(usize::try_from(number?).ok()?).copied();
        match &self.times {
            Some(times) => time(times) == Some(event.enqueued_time),
            None => self.range.holds(event),
        }
    }
}

/// Returns where the times of an object begin at the latest, if its end is to be read to know whether it holds an event:
/// its range says so, and it was written with them.
#[must_use]
pub fn tail_to_read(info: &ObjectInfo, range: &ObjectRange, events: &[SourceEvent]) -> Option<u64> {
    let has_times = ObjectFormat::from_metadata(&info.metadata) == ObjectFormat::LinesAndTimes;
    let may_hold = events.iter().any(|event| range.holds(event));
    let most = times::longest(range.events());
    (has_times && may_hold).then(|| info.size.saturating_sub(most))
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
    known: &[Stored],
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
        let run = |events: &[(i64, i64)], known: &[Stored], bytes: usize| {
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
        let stored = [object(1, 2, 0, 0), object(5, 9, 0, 0)].map(Stored::of_range);
        let five = [(1, 0), (2, 0), (3, 0), (4, 0), (5, 0)];
        assert_eq!(run(&five, &stored, 3), Some(2..4), "stored");
    }

    #[test]
    fn an_event_of_a_hub_made_anew_is_not_taken_for_the_old_one() {
        let old = object(0, 99, 1_000, 2_000);
        assert!(old.holds(&event(5, 1_500)));
        assert!(!old.holds(&event(5, 900_000)));
        let old = Stored::of_range(old);
        assert_eq!(next_run(&[event(5, 900_000)], 0, &[old], |_| 3), Some(0..1));
    }

    #[test]
    fn an_object_holds_a_number_with_the_time_that_it_says_and_with_no_other() {
        let mut tail = b"the end of a line\n".to_vec();
        let times = [1_000, 1_700, 1_200].map(UnixMillis);
        times::append_times(times, &mut tail);
        let range = object(7, 9, 1_000, 1_700);
        let stored = Stored::of_tail(range, &tail);
        for (number, time) in [(7, 1_000), (8, 1_700), (9, 1_200)] {
            assert!(stored.holds(&event(number, time)), "{number}");
            assert!(!stored.holds(&event(number, 1_500)), "{number}");
        }
        for number in [i64::MIN, 6, 10, i64::MAX] {
            assert!(!stored.holds(&event(number, 1_000)), "{number}");
        }
        // What an earlier build wrote, or what is damaged, is known by its range alone.
        for tail in [&tail[..tail.len() - 3], b"{}\n", b""] {
            let stored = Stored::of_tail(range, tail);
            assert_eq!(stored, Stored::of_range(range));
            assert!(stored.holds(&event(8, 1_500)));
        }
    }

    #[test]
    fn the_end_of_an_object_is_read_only_where_its_range_says_that_it_may_hold_an_event() {
        let range = object(7, 9, 1_000, 1_700);
        let info = |format: &str, size| {
            let mut metadata = range.to_metadata(&crate::event::PartitionId("0".into()), 3);
            metadata.insert("format".to_owned(), format.to_owned());
            ObjectInfo {
                path: crate::store::object::ObjectPath::new("bronze", "x"),
                size,
                created: UnixMillis(0),
                metadata,
            }
        };
        let read = |format, size, number, time| {
            tail_to_read(&info(format, size), &range, &[event(number, time)])
        };
        assert_eq!(read("2", 9_000, 8, 1_500), Some(9_000 - times::longest(3)));
        assert_eq!(read("2", 90, 8, 1_500), Some(0));
        assert_eq!(read("2", 9_000, 8, 1_701), None);
        assert_eq!(read("2", 9_000, 10, 1_500), None);
        assert_eq!(read("1", 9_000, 8, 1_500), None);
    }

    #[test]
    fn nothing_is_left_when_every_event_is_stored() {
        assert_eq!(
            next_run(
                &[event(1, 5)],
                0,
                &[Stored::of_range(object(0, 3, 0, 9))],
                |_| 3
            ),
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
