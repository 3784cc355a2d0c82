//! What is old goes when nobody can need it any more, and not before.

use std::collections::BTreeSet;
use std::sync::Arc;

use bytes::Bytes;
use sluice::maintain::Limits;
use sluice::store::object::{Metadata, ObjectPath};
use sluice::table::TableId;

use super::eager;
use crate::support::upkeep::{DAY, START, World};

fn live_paths(snapshot: &sluice::table::log::Snapshot) -> Vec<ObjectPath> {
    snapshot.files.keys().cloned().collect()
}

async fn exists(world: &World, path: &ObjectPath) -> bool {
    world.edges.lake.head(path).await.unwrap().is_some()
}

#[tokio::test]
async fn old_log_goes_and_cold_and_sleeping_processes_start_over_at_the_snapshot() {
    let mut world = World::in_memory().limited(eager());
    let mut sleeping = world.restarted(
        Arc::clone(&world.edges.lake),
        Arc::clone(&world.edges.state),
    );
    let mut expected: BTreeSet<i64> = (0..10).collect();
    sleeping.refine(0..10).await;
    world.wait(1);
    for day in 1..12 {
        world.refine(day * 100..day * 100 + 10).await;
        expected.extend(day * 100..day * 100 + 10);
        world.upkeep(false).await;
        world.wait(DAY);
    }
    let facts = world.maintain.status().await.unwrap();
    assert!(facts.log_entries < facts.version.unwrap(), "{facts:?}");
    assert!(
        world
            .log
            .commits_from_start(world.snapshot().await.version)
            .await
            .is_err()
    );

    // The keys of the second day, once more: the sleeper must not miss them.
    sleeping.follow(&world);
    sleeping.now = START + 1;
    let again = sleeping.refine(100..110).await;
    assert_eq!(
        (again.entry.counts.rows, again.entry.counts.duplicates),
        (0, 10)
    );
    let mut cold = world.restarted(
        Arc::clone(&world.edges.lake),
        Arc::clone(&world.edges.state),
    );
    cold.follow(&sleeping);
    cold.wait(20 * DAY);
    cold.refine(5_000..5_010).await;
    let ids = world.ids().await;
    assert!(ids.is_superset(&expected));
    assert!(ids.contains(&5_009));
}

#[tokio::test]
async fn vacuum_takes_replaced_files_after_7_days_garbage_after_a_day_and_never_quarantine() {
    let mut world = World::in_memory().limited(eager());
    for group in 0..5 {
        world.refine(group * 10..group * 10 + 10).await;
    }
    world.published().await;
    let replaced = live_paths(&world.snapshot().await);
    let put = |path: ObjectPath| {
        let lake = Arc::clone(&world.edges.lake);
        async move {
            lake.create(&path, Bytes::from_static(b"x"), &Metadata::new())
                .await
                .unwrap();
            path
        }
    };
    let garbage = put(ObjectPath::new(
        "silver",
        "orders/g1/event_date=2025-11-14/event_hour=00/lost.parquet",
    ))
    .await;
    let manifest = put(TableId::new("orders", 1).manifest("lost")).await;
    let quarantine = put(ObjectPath::new("quarantine", "orders/g1/0/lost.jsonl")).await;
    world.upkeep(false).await;
    for path in replaced.iter().chain([&garbage, &manifest]) {
        assert!(exists(&world, path).await, "{path}");
    }
    world.wait(DAY + 1);
    world.upkeep(false).await;
    assert!(!exists(&world, &garbage).await && !exists(&world, &manifest).await);
    assert!(exists(&world, &replaced[0]).await);
    world.wait(6 * DAY);
    world.upkeep(false).await;
    for path in &replaced {
        assert!(!exists(&world, path).await, "{path}");
    }
    assert!(exists(&world, &quarantine).await);
    assert_eq!(world.ids().await.len(), 50);
}

#[tokio::test]
async fn a_replaced_file_stays_while_its_replacement_is_not_published() {
    // A checkpoint would stand for the entry that is taken away below.
    let unchecked = Limits {
        checkpoint_every: 1_000,
        ..eager()
    };
    let mut world = World::in_memory().limited(unchecked);
    for group in 0..5 {
        world.refine(group * 10..group * 10 + 10).await;
    }
    world.published().await;
    let replaced = live_paths(&world.snapshot().await);
    world.upkeep(false).await;
    let head = world.log.head().await.unwrap().unwrap().version.0;
    // As if publishing had failed since.
    world
        .edges
        .lake
        .delete(&TableId::new("orders", 1).delta_entry(head))
        .await
        .unwrap();
    world.wait(30 * DAY);
    let other = world
        .restarted(
            Arc::clone(&world.edges.lake),
            Arc::clone(&world.edges.state),
        )
        .limited(unchecked);
    let report = other.upkeep(false).await;
    assert_eq!(report.delta.done().unwrap().written, 1);
    assert!(exists(&world, &replaced[0]).await, "published just now");
    world.wait(7 * DAY);
    other.upkeep(false).await;
    assert!(!exists(&world, &replaced[0]).await);
}
