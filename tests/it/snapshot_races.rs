//! Vacuum removes an old snapshot just when a process that has read the head wants to read it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use sluice::maintain::{CompactLimits, Limits};
use sluice::store::entity::EntityStore;
use sluice::store::object::ObjectStore;

use super::support::faulty::{Faulty, Script, When};
use super::support::upkeep::{DAY, World};

/// A snapshot at every run, and a vacuum.
fn eager() -> Limits {
    Limits {
        compact: CompactLimits {
            open_files: 3,
            ..CompactLimits::default()
        },
        snapshot_every: 1,
        checkpoint_every: 2,
        vacuum_every: Duration::ZERO,
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_cold_silver_whose_snapshot_is_removed_meanwhile_starts_over_at_the_head_s1() {
    let mut world = World::in_memory().limited(eager());
    let mut expected = BTreeSet::new();
    for day in 0..10 {
        world.refine(day * 100..day * 100 + 10).await;
        expected.extend(day * 100..day * 100 + 10);
        world.upkeep(false).await;
        world.wait(DAY);
    }
    let old = world.log.head().await.unwrap().unwrap().snapshot.unwrap();

    let script = Script::new();
    let lake: Arc<dyn ObjectStore> = Faulty::new(&world.edges.lake, &script);
    let state: Arc<dyn EntityStore> = Faulty::new(&world.edges.state, &script);
    let gate = script.stop_at(&format!("get {}", old.path), When::Before);
    let mut cold = world.restarted(lake, state);
    let refining = tokio::spawn(async move { cold.refine(5_000..5_010).await });
    gate.reached().await;

    world.next_object();
    world.refine(6_000..6_010).await;
    world.upkeep(false).await;
    world.wait(2 * DAY);
    world.upkeep(true).await;
    assert_eq!(world.edges.lake.head(&old.path).await.unwrap(), None);
    gate.open();
    assert_eq!(refining.await.unwrap().entry.counts.rows, 10);
    assert_eq!(script.calls(&format!("get {}", old.path)).len(), 1);
    expected.extend((5_000..5_010).chain(6_000..6_010));
    assert_eq!(world.ids().await, expected);
}
