//! How far a hub partition has been refined, and what its good records say of it. Pure.
//!
//! A backlog is refined in any order, but events are expected in that of the hub: what lies beyond a gap of sequence
//! numbers says nothing yet of how far event time has come, or what fills the gap would count as late.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::event::{EventTime, PartitionId, SequenceNumber, SequenceRange, UnixMillis};

/// Most ranges beyond gaps that are kept, over all partitions.
pub const MAX_BEYOND: usize = 64;

/// The highest times of good records: rows, duplicates, and those that were filtered and say when they happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Times {
    /// When the last of them happened.
    pub event_time: EventTime,
    /// When the hub took the last of them.
    pub enqueued_time: UnixMillis,
}

impl Times {
    /// Takes in the times of other records.
    pub fn merge(own: &mut Option<Self>, other: Option<Self>) {
        *own = match (*own, other) {
            (Some(own), Some(other)) => Some(Self {
                event_time: own.event_time.max(other.event_time),
                enqueued_time: own.enqueued_time.max(other.enqueued_time),
            }),
            (own, other) => own.or(other),
        };
    }
}

/// A range that is refined while something before it is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// Its sequence numbers.
    pub range: SequenceRange,
    /// The times of its good records, if it has any.
    pub times: Option<Times>,
}

/// How far one hub partition has been refined.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PartitionProgress {
    /// The highest times of good records up to the first gap; nothing before the first of them.
    pub times: Option<Times>,
    /// The newest sequence number before the first gap. Nothing where the beginning is a gap, and in a head that an
    /// earlier build wrote: there it begins with the next range that is refined.
    pub refined_to: Option<SequenceNumber>,
    /// What is refined beyond gaps: apart from each other, in their order.
    pub beyond: Vec<Beyond>,
}

impl PartitionProgress {
    /// Returns the highest enqueued time of any good record: a partition is at work wherever its backlog is taken up.
    #[must_use]
    pub fn enqueued_time(&self) -> Option<UnixMillis> {
        let beyond = self.beyond.iter().map(|beyond| beyond.times);
        let times = beyond.chain([self.times]).flatten();
        times.map(|times| times.enqueued_time).max()
    }

    /// Returns how many sequence numbers up to `last` are not refined, beginning with `first`; nothing where that is not
    /// known.
    #[must_use]
    pub fn unrefined(&self, first: SequenceNumber, last: SequenceNumber) -> Option<u64> {
        if self.refined_to.is_none() && self.times.is_some() {
            return None;
        }
        let from = self.refined_to.map_or(first, |to| first.max(to.next()));
        let count = |first: SequenceNumber, last: SequenceNumber| {
            u64::try_from(last.0.saturating_sub(first.0).saturating_add(1)).unwrap_or(0)
        };
        let beyond = self.beyond.iter().map(|beyond| {
            let range = beyond.range;
            count(range.first.max(from), range.last.min(last))
        });
        Some(count(from, last).saturating_sub(beyond.sum()))
    }

    /// Takes in a range that has been refined; nothing ever moves back.
    pub fn add(&mut self, range: SequenceRange, times: Option<Times>) {
        if self.refined_to.is_none() && self.times.is_some() {
            self.refined_to = Some(SequenceNumber(range.first.0.saturating_sub(1)));
        }
        self.insert(Beyond { range, times });
        self.settle();
    }

    /// Closes the gaps that end before `until` and that hold none of `pending`. A partition is written in its order: what
    /// a look at bronze does not find before something that was there when it began is nowhere.
    pub fn close_gaps(&mut self, until: SequenceNumber, pending: &[SequenceRange]) {
        let mut before = self.refined_to;
        for mut beyond in std::mem::take(&mut self.beyond) {
            let gap_first = before.map_or(SequenceNumber(0), SequenceNumber::next);
            let is_pending =
                |range: &SequenceRange| gap_first <= range.last && range.first < beyond.range.first;
            before = before.max(Some(beyond.range.last));
            if beyond.range.first <= until && !pending.iter().any(is_pending) {
                beyond.range.first = gap_first.min(beyond.range.first);
            }
            self.insert(beyond);
        }
        self.settle();
    }

    /// Puts a range among those beyond, as one with those that it meets.
    fn insert(&mut self, mut new: Beyond) {
        let meets = |other: &Beyond| {
            other.range.first <= new.range.last.next() && new.range.first <= other.range.last.next()
        };
        let (met, mut apart): (Vec<Beyond>, Vec<Beyond>) =
            self.beyond.drain(..).partition(|other| meets(other));
        for other in met {
            new.range.first = new.range.first.min(other.range.first);
            new.range.last = new.range.last.max(other.range.last);
            Times::merge(&mut new.times, other.times);
        }
        let place = apart.partition_point(|other| other.range.first < new.range.first);
        apart.insert(place, new);
        self.beyond = apart;
    }

    /// Moves on over what is no longer beyond a gap.
    fn settle(&mut self) {
        while let Some(first) = self.beyond.first() {
            let next = self
                .refined_to
                .map_or(SequenceNumber(0), SequenceNumber::next);
            if first.range.first > next {
                return;
            }
            let first = self.beyond.remove(0);
            self.refined_to = self.refined_to.max(Some(first.range.last));
            Times::merge(&mut self.times, first.times);
        }
    }
}

/// Lets go of ranges beyond what the head has room for: of the partition that has most, the furthest. What is forgotten is
/// a gap, which the next look closes, so that events wait rather than count as late.
pub fn bound(partitions: &mut BTreeMap<PartitionId, PartitionProgress>) {
    let mut total: usize = partitions.values().map(|own| own.beyond.len()).sum();
    while total > MAX_BEYOND {
        let most = partitions.values_mut().max_by_key(|own| own.beyond.len());
        let Some((own, last)) = most.and_then(|own| own.beyond.pop().map(|last| (own, last)))
        else {
            return;
        };
        if let (Some(times), Some(last)) = (&mut own.times, last.times) {
            times.enqueued_time = times.enqueued_time.max(last.enqueued_time);
        }
        total -= 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(first: i64, last: i64) -> SequenceRange {
        SequenceRange {
            first: SequenceNumber(first),
            last: SequenceNumber(last),
        }
    }

    fn times(time: i64) -> Option<Times> {
        Some(Times {
            event_time: EventTime(time),
            enqueued_time: UnixMillis(time + 1),
        })
    }

    fn refined(ranges: &[(i64, i64, i64)]) -> PartitionProgress {
        let mut progress = PartitionProgress::default();
        for (first, last, time) in ranges {
            progress.add(range(*first, *last), times(*time));
        }
        progress
    }

    fn event_time(progress: &PartitionProgress) -> Option<i64> {
        progress.times.map(|times| times.event_time.0)
    }

    #[test]
    fn what_lies_beyond_a_gap_says_nothing_until_the_gap_is_filled() {
        let mut progress = refined(&[(0, 9, 100), (20, 29, 300)]);
        assert_eq!(event_time(&progress), Some(100));
        assert_eq!(progress.refined_to, Some(SequenceNumber(9)));
        assert_eq!(progress.enqueued_time(), Some(UnixMillis(301)));
        progress.add(range(40, 49), None);
        progress.add(range(30, 39), times(250));
        assert_eq!(progress.beyond.len(), 1, "neighbours are one");
        progress.add(range(10, 19), None);
        assert_eq!(event_time(&progress), Some(300));
        assert_eq!(progress.refined_to, Some(SequenceNumber(49)));
        assert_eq!(progress.beyond, []);
    }

    #[test]
    fn every_order_comes_to_the_same() {
        let ranges = [
            (0, 4, 10),
            (5, 5, 90),
            (6, 11, 20),
            (12, 19, 50),
            (25, 30, 70),
        ];
        let expected = refined(&ranges);
        assert_eq!(
            (event_time(&expected), expected.beyond.len()),
            (Some(90), 1)
        );
        let mut order = [0, 1, 2, 3, 4];
        // All of them, by Heap's algorithm.
        let (mut counts, mut place) = ([0_usize; 5], 0);
        while place < order.len() {
            if counts[place] < place {
                let other = if place % 2 == 0 { 0 } else { counts[place] };
                order.swap(other, place);
                let shuffled: Vec<_> = order.iter().map(|index| ranges[*index]).collect();
                assert_eq!(refined(&shuffled), expected, "{order:?}");
                counts[place] += 1;
                place = 0;
            } else {
                counts[place] = 0;
                place += 1;
            }
        }
    }

    #[test]
    fn a_beginning_that_is_missing_is_a_gap_that_a_look_closes() {
        let mut progress = refined(&[(500, 509, 100)]);
        assert_eq!((event_time(&progress), progress.refined_to), (None, None));
        progress.close_gaps(SequenceNumber(509), &[range(490, 499)]);
        assert_eq!(event_time(&progress), None, "something is pending in it");
        progress.close_gaps(SequenceNumber(499), &[]);
        assert_eq!(
            event_time(&progress),
            None,
            "the look began before it was there"
        );
        progress.close_gaps(SequenceNumber(509), &[range(510, 520)]);
        assert_eq!(event_time(&progress), Some(100));
        assert_eq!(progress.refined_to, Some(SequenceNumber(509)));
    }

    #[test]
    fn gaps_beyond_one_that_stays_are_closed_all_the_same() {
        let mut progress = refined(&[(0, 9, 1), (20, 29, 2), (40, 49, 3), (60, 69, 4)]);
        progress.close_gaps(SequenceNumber(49), &[range(12, 13)]);
        let ranges: Vec<_> = progress.beyond.iter().map(|beyond| beyond.range).collect();
        assert_eq!(ranges, [range(20, 49), range(60, 69)]);
        assert_eq!(event_time(&progress), Some(1));
        progress.add(range(10, 19), None);
        assert_eq!(event_time(&progress), Some(3));
    }

    #[test]
    fn progress_never_moves_back_and_bad_ranges_only_fill_gaps() {
        let mut progress = refined(&[(0, 9, 100), (3, 5, 40)]);
        progress.add(range(10, 19), None);
        assert_eq!(event_time(&progress), Some(100));
        assert_eq!(progress.enqueued_time(), Some(UnixMillis(101)));
        assert_eq!(progress.refined_to, Some(SequenceNumber(19)));
        // A hub that was made anew counts from 0 again.
        progress.add(range(0, 2), times(500));
        assert_eq!(event_time(&progress), Some(500));
    }

    #[test]
    fn of_a_head_of_an_earlier_build_it_begins_with_the_next_range() {
        let mut progress = PartitionProgress {
            times: times(100),
            ..PartitionProgress::default()
        };
        assert_eq!(
            progress.unrefined(SequenceNumber(0), SequenceNumber(9)),
            None
        );
        progress.add(range(700, 709), times(200));
        assert_eq!(event_time(&progress), Some(200));
        assert_eq!(progress.refined_to, Some(SequenceNumber(709)));
        progress.add(range(720, 729), times(300));
        assert_eq!(event_time(&progress), Some(200));
    }

    #[test]
    fn what_the_head_has_no_room_for_waits_for_a_look() {
        let many: Vec<_> = (0..70).map(|n| (10 * n + 5, 10 * n + 9, n)).collect();
        let few = [(0, 4, 7), (10, 14, 8)];
        let mut partitions = BTreeMap::from([
            (PartitionId("0".into()), refined(&many)),
            (PartitionId("1".into()), refined(&few)),
        ]);
        bound(&mut partitions);
        let lengths: Vec<_> = partitions.values().map(|own| own.beyond.len()).collect();
        assert_eq!(lengths, [MAX_BEYOND - 1, 1]);
        let own = partitions.get_mut(&PartitionId("0".into())).unwrap();
        let last = own.beyond.last().unwrap().range.last;
        own.close_gaps(last, &[]);
        assert_eq!((own.beyond.len(), own.refined_to), (0, Some(last)));
    }

    #[test]
    fn what_is_not_refined_yet_is_counted() {
        let unrefined = |progress: &PartitionProgress, first, last| {
            progress.unrefined(SequenceNumber(first), SequenceNumber(last))
        };
        let progress = refined(&[(0, 9, 1), (20, 29, 2)]);
        assert_eq!(unrefined(&progress, 0, 34), Some(15));
        assert_eq!(unrefined(&progress, 0, 24), Some(10));
        assert_eq!(unrefined(&progress, 32, 34), Some(3));
        assert_eq!(unrefined(&progress, 0, 5), Some(0), "it has gone on since");
        assert_eq!(unrefined(&progress, 0, -1), Some(0), "an empty hub");
        let fresh = PartitionProgress::default();
        assert_eq!(unrefined(&fresh, 3, 9), Some(7));
    }
}
