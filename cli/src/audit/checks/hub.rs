//! The hub: how far bronze is behind it, and whether bronze has passed over anything that the hub still has.

use std::collections::BTreeMap;

use sluice::event::PartitionId;
use sluice::store::object::ObjectRange;

use super::object::{BronzeObject, Life, life_of, lives};
use crate::audit::hub_state::{Hub, HubPartition};
use crate::audit::report::Check;
use crate::output::{count, thousands};

const NAME: &str = "hub: bronze skipped no event";

/// Compares bronze with the hub, if it was asked. Events after bronze's newest are on their way and no difference.
pub(crate) fn check(hub: &Hub, objects: &[BronzeObject]) -> Option<Check> {
    let partitions = match hub {
        Hub::NotAsked => return None,
        Hub::Unreadable(reason) => {
            let examined = format!("the hub cannot be read: {reason}");
            return Some(Check::skipped(NAME, examined));
        }
        Hub::Read(partitions) => partitions,
    };
    let mut stored: BTreeMap<&PartitionId, Vec<ObjectRange>> = BTreeMap::new();
    for (partition, range) in objects.iter().filter_map(BronzeObject::place) {
        stored.entry(partition).or_default().push(range);
    }
    let (mut retained, mut behind, mut difference) = (0, 0, None);
    for partition in partitions {
        // Bronze may have nothing of a partition yet.
        let ranges = stored.remove(&partition.id).unwrap_or_default();
        let found = compare(partition, &ranges);
        retained += events(partition.first, partition.last);
        behind += found.behind;
        difference = difference.or(found.difference);
    }
    let mut examined = format!(
        "{} retained in {}",
        count(retained, "event"),
        count(partitions.len() as u64, "partition")
    );
    if behind > 0 {
        examined.push_str(&format!(", {} on the way to bronze", thousands(behind)));
    }
    Some(Check::new(NAME, examined, difference))
}

struct Compared {
    /// Events after bronze's newest.
    behind: u64,
    difference: Option<String>,
}

fn compare(partition: &HubPartition, ranges: &[ObjectRange]) -> Compared {
    let lives = lives(ranges.iter().copied());
    let newest = ranges.iter().max_by_key(|range| range.last_enqueued);
    let of_now = ranges.iter().filter_map(|range| of_now(range, &lives));
    let mut ranges: Vec<(i64, i64)> = of_now.collect();
    if is_made_anew(partition, newest) {
        ranges.clear();
    }
    ranges.sort_unstable();
    let mut next = partition.first;
    let mut difference = None;
    for (first, last) in ranges {
        let passed_over = (first - 1).min(partition.last);
        if next <= passed_over && difference.is_none() {
            difference = Some(format!(
                "partition {}: the hub has events {next} to {passed_over}, and bronze has later ones but not these",
                partition.id,
            ));
        }
        next = next.max(last + 1);
    }
    Compared {
        behind: events(next, partition.last),
        difference,
    }
}

/// Returns which numbers of an object are those of events that the hub may still have: in its last life, one that was made anew
/// counts from 0 again, and a copy that has taken over gives the numbers again that it lacked.
fn of_now(range: &ObjectRange, lives: &[Life]) -> Option<(i64, i64)> {
    let later = lives.get(life_of(range, lives)..).unwrap_or_default();
    let given_again = later.iter().map(|life| life.first.0).min();
    let end = given_again.map_or(i64::MAX, |first| first.saturating_sub(1));
    let (first, last) = (range.sequence.first.0, range.sequence.last.0.min(end));
    (first <= last).then_some((first, last))
}

/// Returns whether the hub counts from 0 again and nothing of that has arrived: it has later events with lower numbers.
/// Without later events, bronze has just gone on since the hub was asked.
fn is_made_anew(partition: &HubPartition, newest: Option<&ObjectRange>) -> bool {
    newest.is_some_and(|newest| {
        newest.sequence.last.0 > partition.last
            && partition.last_enqueued > Some(newest.last_enqueued)
    })
}

fn events(first: i64, last: i64) -> u64 {
    // An empty partition ends before it starts.
    u64::try_from(last - first + 1).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use sluice::event::{SequenceNumber, SequenceRange, UnixMillis};

    use super::*;

    fn range(first: i64, last: i64, enqueued: i64) -> ObjectRange {
        ObjectRange {
            sequence: SequenceRange {
                first: SequenceNumber(first),
                last: SequenceNumber(last),
            },
            first_enqueued: UnixMillis(enqueued),
            last_enqueued: UnixMillis(enqueued),
        }
    }

    fn compared(first: i64, last: i64, ranges: &[ObjectRange]) -> (u64, Option<String>) {
        let partition = HubPartition {
            id: PartitionId("3".into()),
            first,
            last,
            last_enqueued: (last >= 0).then_some(UnixMillis(10)),
        };
        let found = compare(&partition, ranges);
        (found.behind, found.difference)
    }

    #[test]
    fn what_comes_after_bronze_s_newest_is_on_its_way() {
        let stored = [range(0, 9, 1), range(10, 19, 2)];
        assert_eq!(compared(0, 24, &stored), (5, None));
        assert_eq!(compared(0, 19, &stored), (0, None));
        assert_eq!(compared(0, -1, &[]), (0, None));
        assert_eq!(compared(7, 9, &[]), (3, None));
    }

    #[test]
    fn bronze_may_have_gone_on_since_the_hub_was_asked() {
        let stored = [range(0, 9, 1), range(10, 19, 20)];
        assert_eq!(compared(0, 14, &stored), (0, None));
        assert_eq!(compared(0, -1, &[range(5, 9, 1)]), (0, None), "empty");
        let difference = compared(0, 14, &[range(0, 9, 1), range(12, 19, 20)]).1;
        assert!(difference.unwrap().contains("10 to 11"));
    }

    #[test]
    fn what_bronze_passed_over_is_a_difference_while_the_hub_has_it() {
        let stored = [range(0, 9, 1), range(15, 19, 2)];
        let (behind, difference) = compared(0, 19, &stored);
        assert_eq!(behind, 0);
        assert!(
            difference
                .unwrap()
                .contains("partition 3: the hub has events 10 to 14")
        );
        assert!(compared(12, 19, &stored).1.unwrap().contains("12 to 14"));
        assert_eq!(compared(15, 19, &stored), (0, None));
        assert!(
            compared(0, 9, &[range(4, 9, 1)])
                .1
                .unwrap()
                .contains("0 to 3")
        );
    }

    #[test]
    fn only_the_last_life_of_a_hub_counts() {
        let anew = [range(0, 9, 1), range(0, 3, 7)];
        assert_eq!(compared(0, 5, &anew), (2, None));
        assert_eq!(compared(0, 3, &[range(0, 9, 1)]), (4, None));
    }

    #[test]
    fn a_copy_that_has_taken_over_still_has_what_it_did_not_lack() {
        // It lacked 6 to 9, and has given 6 to 11 since.
        let stored = [range(0, 4, 1), range(5, 9, 2), range(6, 8, 7)];
        assert_eq!(compared(0, 11, &stored), (3, None));
        let skipped = [range(0, 4, 1), range(6, 9, 2), range(7, 8, 7)];
        let difference = compared(0, 8, &skipped).1.unwrap();
        assert!(difference.contains("events 5 to 5"), "{difference}");
        // Twice it was taken over.
        let twice = [range(0, 9, 1), range(5, 7, 2), range(6, 8, 7)];
        assert_eq!(compared(0, 8, &twice), (0, None));
    }
}
