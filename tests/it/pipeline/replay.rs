//! Whatever comes how often, in which order, in which batches and to whom: each event is one line, each key one row,
//! and gold is their sum.
//!
//! Processes share one thread and paused time. Each call to a store waits for a time that a seed gives, before and
//! after its effect, so that their effects interleave in an order that the seed decides.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use proptest::prelude::*;
use sluice::event::PartitionId;
use sluice::gold::Ended;
use sluice::store::object::Source;

use super::strategies::{Batches, Partition, hub};
use testkit::faulty::Script;
use testkit::read::watermarks;
use testkit::world::{EndState, Process, SilverRow, World, deadline};

pub(crate) type Hub = Vec<(Partition, [Batches; 2])>;

/// How the objects of bronze come to the silver workers: which worker, and how many at once.
#[derive(Clone, Debug)]
struct Deliveries {
    order: Vec<usize>,
    workers: Vec<usize>,
    sizes: Vec<usize>,
}

fn deliveries() -> impl Strategy<Value = Deliveries> {
    let numbers = |until: usize| proptest::collection::vec(0..until, 1..40);
    (numbers(1_000), numbers(3), numbers(6)).prop_map(|(order, workers, sizes)| Deliveries {
        order,
        workers,
        sizes,
    })
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work)
}

/// One owner of all partitions delivers its batches; those of a partition one after the other.
async fn own(process: &Process, hub: &Hub, owner: usize) {
    let deliver = |(index, (events, batches)): (usize, &(Partition, [Batches; 2]))| {
        let partition = PartitionId(index.to_string());
        let batches: Vec<_> = batches[owner]
            .iter()
            .map(|batch| events[batch.clone()].to_vec())
            .collect();
        async move {
            for batch in batches {
                let done = process.app.bronze.ingest(&partition, batch, deadline());
                done.await.unwrap();
            }
        }
    };
    join_all(hub.iter().enumerate().map(deliver)).await;
}

/// Delivers every source to some worker, and some to several, in an order of their own.
async fn refine(workers: &[Process], sources: &[Source], deliveries: &Deliveries) {
    let mut queues: BTreeMap<usize, Vec<Source>> = BTreeMap::new();
    let at = |list: &[usize], index: usize| list[index % list.len()];
    let mut picked: Vec<usize> = (0..sources.len()).collect();
    picked.extend(deliveries.order.iter().map(|pick| pick % sources.len()));
    picked.sort_by_key(|pick| at(&deliveries.order, *pick * 7 + 3));
    for (index, pick) in picked.into_iter().enumerate() {
        let worker = at(&deliveries.workers, index) % workers.len();
        queues
            .entry(worker)
            .or_default()
            .push(sources[pick].clone());
    }
    let work = queues.into_iter().map(|(worker, queue)| async move {
        let (mut rest, mut turn) = (&queue[..], worker);
        while !rest.is_empty() {
            let size = rest.len().min(1 + at(&deliveries.sizes, turn));
            let (now, later) = rest.split_at(size);
            let silver = &workers[worker].app.silver;
            let refined = join_all(now.iter().map(|source| silver.refine(source.clone()))).await;
            refined.into_iter().for_each(|refined| {
                refined.unwrap();
            });
            (rest, turn) = (later, turn + 1);
        }
    });
    join_all(work).await;
}

/// Publishes until there is nothing left, while others do.
async fn publish(process: &Process) {
    loop {
        let published = process.app.gold.publish(deadline()).await.unwrap();
        if matches!(published.ended, Ended::UpToDate | Ended::Unchanged) {
            return;
        }
    }
}

/// The amounts that each key may have; one that became null is none.
type Amounts = BTreeMap<(i64, i64), BTreeSet<Option<i128>>>;

/// The amounts that each key may have, and how many events are empty, how many no row, and how many amounts null.
fn model(hub: &Hub) -> (Amounts, [u64; 3]) {
    let mut keys: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let (mut empty, mut bad, mut nulled) = (0, 0, 0);
    for event in hub.iter().flat_map(|(events, _)| events) {
        match good(&event.body) {
            Some(row) => {
                nulled += u64::from(row.amount.is_none());
                let amounts = keys.entry((row.id, row.at)).or_default();
                amounts.insert(row.amount);
            }
            None if event.body.iter().all(|byte| b" \t\r\n".contains(byte)) => empty += 1,
            None => bad += 1,
        }
    }
    (keys, [empty, bad, nulled])
}

/// Reads a body as a parser of JSON would.
fn good(body: &[u8]) -> Option<SilverRow> {
    let value: serde_json::Value = serde_json::from_slice(body).ok()?;
    let amount = value.get("amount").and_then(serde_json::Value::as_f64);
    Some(SilverRow {
        id: value.get("id")?.as_i64()?,
        at: value.get("at")?.as_i64()? * 1_000,
        amount: amount.map(|amount| (amount * 100.0).round() as i128),
        who: None,
        rescued: None,
    })
}

async fn run(hub: &Hub, deliveries: &Deliveries, seed: u64) -> EndState {
    let world = World::new();
    let process = |number: u64| world.process_with(Script::dawdling(seed.wrapping_add(number)));
    let owners = [process(1), process(2)];
    tokio::join!(own(&owners[0], hub, 0), own(&owners[1], hub, 1));

    let workers = [process(3), process(4), process(5)];
    let (one, two) = (process(6), process(7));
    let sources = world.sources().await;
    tokio::join!(refine(&workers, &sources, deliveries), publish_early(&one));
    tokio::join!(publish(&one), publish(&two));

    let end = world.end_state().await;
    end.check_gold();
    let commits = world.commits().await;
    assert!(
        watermarks(&commits).is_sorted(),
        "the watermark never regresses (T1)"
    );
    let last = commits.last().map(|commit| commit.version);
    assert_eq!(world.published().await, last);

    // Everything again, elsewhere, changes nothing (S4, G2).
    let cold = world.process();
    for source in sources {
        cold.app.silver.refine(source).await.unwrap();
    }
    publish(&cold).await;
    assert_eq!(world.end_state().await, end);
    end
}

/// Publishes what there is while silver goes on; there may be nothing yet.
async fn publish_early(process: &Process) {
    for _ in 0..3 {
        process.app.gold.publish(deadline()).await.unwrap();
    }
}

/// Checks that the stores hold what was sent.
pub(crate) fn check(hub: &Hub, end: &EndState) {
    let mut sent: Vec<_> = Vec::new();
    for (index, (events, _)) in hub.iter().enumerate() {
        let place = |event: &sluice::event::SourceEvent| {
            let sequence = event.sequence_number.0;
            (index.to_string(), sequence, event.body.to_vec())
        };
        sent.extend(events.iter().map(place));
    }
    sent.sort();
    assert_eq!(
        end.bronze, sent,
        "each event is in exactly one line (B1, B3)"
    );

    let (keys, [empty, bad, nulled]) = model(hub);
    let found: Vec<_> = end.silver.iter().map(|row| (row.id, row.at)).collect();
    let expected: Vec<_> = keys.keys().copied().collect();
    assert_eq!(found, expected, "each key is one row (S1, S6)");
    for row in &end.silver {
        let candidates = &keys[&(row.id, row.at)];
        assert!(candidates.contains(&row.amount), "one of them stays");
    }
    let lines = sent.len() as u64;
    let rows = keys.len() as u64;
    let counts = &end.ledger;
    let summed = (
        counts.lines,
        counts.empty,
        counts.rows,
        counts.quarantined_total(),
    );
    assert_eq!(summed, (lines, empty, rows, bad), "the ledger adds up (S2)");
    assert_eq!(counts.duplicates, lines - empty - rows - bad);
    assert_eq!(counts.nulled.total(), nulled);
    assert_eq!(end.quarantine.len() as u64, bad);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_delivery_to_any_process_gives_the_same_end_state(
        hub in hub(),
        deliveries in deliveries(),
        seed in any::<u64>(),
    ) {
        let end = block_on(run(&hub, &deliveries, seed));
        check(&hub, &end);
    }
}
