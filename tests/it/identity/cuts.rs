//! However the events are cut into objects and groups: the rows of exact keys are the same, and of keys with a bucket there
//! are as many; where every record is a row, each is one.

use std::collections::BTreeSet;

use bytes::Bytes;
use futures::future::join_all;
use proptest::prelude::*;
use testkit::events::thing;
use testkit::world::World;

use super::steps::{batches, int64s, keyed};

/// An event: its id and its minute, which decide all else of it.
type Event = (i64, i64);

#[derive(Clone, Debug)]
struct Cuts {
    objects: Vec<usize>,
    groups: Vec<usize>,
}

fn cuts() -> impl Strategy<Value = Cuts> {
    let sizes = |most: usize| proptest::collection::vec(1..=most, 1..8);
    (sizes(6), sizes(4)).prop_map(|(objects, groups)| Cuts { objects, groups })
}

/// Cuts a list into parts of these sizes, which come again and again.
fn cut<'l, T>(list: &'l [T], sizes: &[usize]) -> Vec<&'l [T]> {
    let (mut rest, mut parts) = (list, Vec::new());
    for size in sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let (part, after) = rest.split_at((*size).min(rest.len()));
        parts.push(part);
        rest = after;
    }
    parts
}

/// Refines the events and returns the (id, minute) of all rows.
async fn rows(key: &str, events: &[Event], cuts: &Cuts) -> Vec<Event> {
    let world = World::builder().dataset(&keyed(key)).build();
    let mut sources = Vec::new();
    let mut first = 0;
    for object in cut(events, &cuts.objects) {
        let bodies: Vec<Bytes> = object
            .iter()
            .map(|(id, minute)| thing(*id, *minute, 100 + id * 7 + minute))
            .collect();
        sources.push(world.put("0", first, &bodies).await);
        first += 10;
    }
    for group in cut(&sources, &cuts.groups) {
        let process = world.process();
        let silver = &process.app.silver;
        for refined in join_all(group.iter().map(|source| silver.refine(source.clone()))).await {
            refined.unwrap();
        }
    }
    let rows = world.silver().await;
    let counts = world.end_state().await.ledger;
    assert_eq!(counts.rows + counts.duplicates, events.len() as u64);
    let minute = |at: i64| (at / 1_000 - testkit::events::START) / 60_000;
    assert_eq!(int64s(&batches(&world).await, "id").len(), rows.len());
    rows.iter().map(|row| (row.id, minute(row.at))).collect()
}

fn block_on<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(work)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, max_shrink_iters: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn rows_do_not_depend_on_the_cuts(
        events in proptest::collection::vec((0..4_i64, prop_oneof![0..200_i64, 50..70_i64]), 1..40),
        cuts in cuts(),
    ) {
        let exact: Vec<Event> = events.iter().copied().collect::<BTreeSet<_>>().into_iter().collect();
        let mut found = block_on(rows("key = [\"id\", \"at\"]", &events, &cuts));
        found.sort_unstable();
        prop_assert_eq!(&found, &exact, "exact");

        let hour = |(id, minute): &Event| (*id, minute / 60);
        let buckets: BTreeSet<Event> = events.iter().map(hour).collect();
        let found = block_on(rows("key = [\"id\", \"hour(at)\"]", &events, &cuts));
        prop_assert!(found.iter().all(|row| exact.contains(row)), "rows are events");
        prop_assert_eq!(found.len(), buckets.len(), "one row a key and bucket");
        prop_assert_eq!(found.iter().map(hour).collect::<BTreeSet<_>>(), buckets);

        let mut all = block_on(rows("dedup = { keep = \"all\" }", &events, &cuts));
        all.sort_unstable();
        let mut sent = events.clone();
        sent.sort_unstable();
        prop_assert_eq!(all, sent, "every record");
    }
}
