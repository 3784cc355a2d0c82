//! What is old goes when nobody can need it any more, and not before.

use std::collections::BTreeSet;

use bytes::Bytes;
use sluice::event::UnixMillis;
use sluice::maintain::Limits;
use sluice::store::object::{Metadata, ObjectPath};
use sluice::table::TableId;
use sluice::table::log::Snapshot;
use testkit::events::{DAY, MIDNIGHT};
use testkit::world::{World, eager};

fn live_paths(snapshot: &Snapshot) -> Vec<ObjectPath> {
    snapshot.files.keys().cloned().collect()
}

async fn exists(world: &World, path: &ObjectPath) -> bool {
    world.lake.head(path).await.unwrap().is_some()
}

#[tokio::test]
async fn processes_start_over_at_the_snapshot_without_the_old_log() {
    let world = World::of_orders();
    let process = world.process().limited(eager(3));
    let sleeping = world.process();
    let mut expected: BTreeSet<i64> = (0..10).collect();
    world.refine(&sleeping, 0..10).await;
    world.wait(1);
    for day in 1..12 {
        world.refine(&process, day * 100..day * 100 + 10).await;
        expected.extend(day * 100..day * 100 + 10);
        process.maintain(false).await;
        world.wait(DAY);
    }
    let facts = process.maintenance.status().await.unwrap();
    assert!(facts.log_entries < facts.version.unwrap(), "{facts:?}");
    assert!(
        world
            .log()
            .commits_from_start(world.snapshot().await.version)
            .await
            .is_err()
    );

    // The keys of the second day, once more: the sleeper must not miss them.
    let second_day = UnixMillis(MIDNIGHT + 1);
    let again = world.put_orders_of(second_day, 100..110).await;
    let again = sleeping.refine(&again).await;
    assert_eq!(
        (again.entry.counts.rows, again.entry.counts.duplicates),
        (0, 10)
    );
    world.wait(9 * DAY);
    let cold = world.process();
    world.refine(&cold, 5_000..5_010).await;
    let ids = world.ids().await;
    assert!(ids.is_superset(&expected));
    assert!(ids.contains(&5_009));
}

#[tokio::test]
async fn vacuum_keeps_replaced_files_7_days_and_quarantine_for_ever() {
    let world = World::of_orders();
    let process = world.process().limited(eager(3));
    for group in 0..5 {
        world.refine(&process, group * 10..group * 10 + 10).await;
    }
    world.delta_published().await;
    let replaced = live_paths(&world.snapshot().await);
    let put = |path: ObjectPath| {
        let lake = &world.lake;
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
    process.maintain(false).await;
    for path in replaced.iter().chain([&garbage, &manifest]) {
        assert!(exists(&world, path).await, "{path}");
    }
    world.wait(DAY + 1);
    process.maintain(false).await;
    assert!(!exists(&world, &garbage).await && !exists(&world, &manifest).await);
    assert!(exists(&world, &replaced[0]).await);
    world.wait(6 * DAY);
    process.maintain(false).await;
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
        ..eager(3)
    };
    let world = World::of_orders();
    let process = world.process().limited(unchecked);
    for group in 0..5 {
        world.refine(&process, group * 10..group * 10 + 10).await;
    }
    world.delta_published().await;
    let replaced = live_paths(&world.snapshot().await);
    process.maintain(false).await;
    let head = world.version().await.0;
    // As if publishing had failed since.
    world
        .lake
        .delete(&TableId::new("orders", 1).delta_entry(head))
        .await
        .unwrap();
    world.wait(30 * DAY);
    let other = world.process().limited(unchecked);
    let report = other.maintain(false).await;
    assert_eq!(report.delta.done().unwrap().written, 1);
    assert!(exists(&world, &replaced[0]).await, "published just now");
    world.wait(7 * DAY);
    other.maintain(false).await;
    assert!(!exists(&world, &replaced[0]).await);
}
