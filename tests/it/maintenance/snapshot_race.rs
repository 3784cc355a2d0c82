//! Vacuum removes an old snapshot just when a process that has read the head wants to read it.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice::maintain::Limits;
use testkit::events::DAY;
use testkit::faulty::{Script, When};
use testkit::world::{World, eager};

#[tokio::test]
async fn a_cold_process_whose_snapshot_vanishes_starts_over_s1() {
    let world = World::of_orders();
    let often = Limits {
        snapshot_every: 1,
        checkpoint_every: 2,
        ..eager(3)
    };
    let process = world.process().limited(often);
    let mut expected = BTreeSet::new();
    for day in 0..10 {
        world.refine(&process, day * 100..day * 100 + 10).await;
        expected.extend(day * 100..day * 100 + 10);
        process.maintain(false).await;
        world.wait(DAY);
    }
    let old = world.log().head().await.unwrap().unwrap().snapshot.unwrap();

    let script = Script::new();
    let gate = script.stop_at(&format!("get {}", old.path), When::Before);
    let cold = world.process_with(Arc::clone(&script));
    let source = world.put_orders(5_000..5_010).await;
    let refining = tokio::spawn(async move { cold.refine(&source).await });
    gate.reached().await;

    world.refine(&process, 6_000..6_010).await;
    process.maintain(false).await;
    world.wait(2 * DAY);
    process.maintain(true).await;
    assert_eq!(world.lake.head(&old.path).await.unwrap(), None);
    gate.open();
    assert_eq!(refining.await.unwrap().entry.counts.rows, 10);
    assert_eq!(script.calls(&format!("get {}", old.path)).len(), 1);
    expected.extend((5_000..5_010).chain(6_000..6_010));
    assert_eq!(world.ids().await, expected);
}
