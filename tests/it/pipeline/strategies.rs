//! Random hubs and how they are delivered.

use bytes::Bytes;
use proptest::prelude::*;
use sluice::event::SourceEvent;
use testkit::events::{MINUTE, START, event, thing};

/// What one hub partition holds, in the order of its sequence numbers.
pub(crate) type Partition = Vec<SourceEvent>;

/// Batches as ranges of a partition's events.
pub(crate) type Batches = Vec<std::ops::Range<usize>>;

/// A body: mostly an event out of few keys, so that there are many duplicates, some of them with another content;
/// sometimes text, bytes or JSON that is no row, or a row with an amount that becomes null.
fn body() -> impl Strategy<Value = Bytes> {
    let good = (0..10_i64, 0..150_i64, 0..3_i64);
    prop_oneof![
        // The minute is a function of the id nine times out of ten, so that keys repeat.
        6 => good.prop_map(|(id, minute, cents)| {
            let minute = if minute % 10 == 0 { minute } else { id * 17 % 150 };
            thing(id, minute, 100 + cents)
        }),
        1 => (0..10_i64, 0..3_i64).prop_map(|(id, amount)| {
            let at = START + id * 17 % 150 * MINUTE;
            Bytes::from(format!("{{\"id\":{id},\"at\":{at},\"amount\":\"x{amount}\"}}"))
        }),
        1 => "[ -~]{0,12}".prop_map(Bytes::from),
        1 => proptest::collection::vec(any::<u8>(), 0..6).prop_map(Bytes::from),
        1 => (0..10_i64).prop_map(|id| Bytes::from(format!("{{\"id\":{id}}}"))),
    ]
}

/// Events of one partition: consecutive numbers with a gap now and then, enqueued over a few hours.
pub(crate) fn partition() -> impl Strategy<Value = Partition> {
    let events = proptest::collection::vec((body(), 0..10_u8, 0..25_i64), 1..18);
    events.prop_map(|events| {
        let (mut sequence, mut minute) = (0, 0);
        let place = |(body, gap, minutes): (Bytes, u8, i64)| {
            sequence += 1 + i64::from(gap == 0);
            minute += minutes;
            event(sequence, minute, body)
        };
        events.into_iter().map(place).collect()
    })
}

/// Deliveries of a partition by one owner: every event at least once, each batch perhaps again, and now and then from
/// an earlier event on.
pub(crate) fn batches(events: usize) -> impl Strategy<Value = Batches> {
    let steps = proptest::collection::vec((1..7_usize, 0..4_usize, any::<bool>()), events);
    steps.prop_map(move |steps| {
        let mut batches = Batches::new();
        let mut from = 0;
        for (size, back, again) in steps {
            if from == events {
                break;
            }
            let batch = from..events.min(from + size);
            batches.push(batch.clone());
            if again {
                batches.push(batch.clone());
            }
            // It goes on at most before its own end, so that it comes to an end.
            from = batch.end - back.min(batch.len() - 1).min(usize::from(again) * back);
        }
        batches.push(from..events);
        batches.retain(|batch| !batch.is_empty());
        batches
    })
}

/// Partitions, each with two owners' deliveries.
pub(crate) fn hub() -> impl Strategy<Value = Vec<(Partition, [Batches; 2])>> {
    let partition = partition().prop_flat_map(|events| {
        let (one, two) = (batches(events.len()), batches(events.len()));
        (Just(events), [one, two])
    });
    proptest::collection::vec(partition, 1..3)
}
