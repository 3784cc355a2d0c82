//! Maintenance beside the pipeline: nothing is lost, nothing is there twice, and what is old goes.

mod reconcile;
mod vacuum;

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice::maintain::{CompactLimits, Limits, Options};
use sluice::silver::Silver;
use sluice::store::entity::EntityStore;
use sluice::store::object::ObjectStore;
use sluice::table::TableId;
use sluice::table::delta::log_entry;

use super::support::interrupted::{Death, MortalLake, MortalState};
use super::support::upkeep::{DAY, HOUR, World, far};

/// Everything is due early.
fn eager() -> Limits {
    Limits {
        compact: CompactLimits {
            open_files: 3,
            ..CompactLimits::default()
        },
        snapshot_every: 5,
        checkpoint_every: 5,
        vacuum_every: std::time::Duration::ZERO,
        ..Limits::default()
    }
}

#[tokio::test]
async fn a_dry_run_says_what_it_would_do_and_changes_nothing() {
    let mut world = World::in_memory().limited(eager());
    for group in 0..5 {
        world.refine(group * 10..group * 10 + 5).await;
    }
    world.put(900..910).await;
    world.wait(HOUR);
    let before = world.snapshot().await;
    let options = Options {
        dry_run: true,
        full: true,
    };
    let report = world.maintain.run(options, far()).await;
    assert_eq!(report.failures(), []);
    assert_eq!(report.reconcile.done().unwrap().left, 1);
    assert_eq!(report.compact.done().unwrap().left, 1);
    assert_eq!(world.snapshot().await, before);
    let facts = world.maintain.status().await.unwrap();
    assert_eq!(
        (facts.live_files, facts.small_files, facts.unreconciled),
        (5, 5, 1)
    );
    assert_eq!(
        (facts.rows, facts.log_entries, facts.snapshot),
        (25, 6, None)
    );
}

#[tokio::test]
async fn compaction_keeps_every_row_and_finds_duplicates_afterwards_s1_s7() {
    let mut world = World::in_memory().limited(eager());
    for group in 0..6 {
        world.refine(group * 10..group * 10 + 10).await;
    }
    let before = world.ids().await;
    let report = world.upkeep(false).await;
    let compacted = report.compact.done().unwrap();
    assert_eq!(
        (compacted.commits, compacted.replaced, compacted.rows),
        (1, 6, 60)
    );
    assert_eq!(world.snapshot().await.files.len(), 1);
    assert_eq!(world.ids().await, before);

    let again = world.refine(0..60).await;
    assert_eq!(
        (again.entry.counts.rows, again.entry.counts.duplicates),
        (0, 60)
    );
    let mut cold = world.restarted(
        Arc::clone(&world.edges.lake),
        Arc::clone(&world.edges.state),
    );
    let again = cold.refine(30..90).await;
    assert_eq!(
        (again.entry.counts.rows, again.entry.counts.duplicates),
        (30, 30)
    );
}

#[tokio::test]
async fn a_closed_period_ends_as_one_file_and_stays_as_it_is() {
    let mut world = World::in_memory();
    for group in 0..3 {
        world.refine(group * 10..group * 10 + 10).await;
    }
    world.wait(3 * HOUR);
    world.refine(500..510).await;
    let report = world.upkeep(false).await;
    assert_eq!(report.compact.done().unwrap().replaced, 3);
    assert_eq!(world.snapshot().await.files.len(), 2);
    assert_eq!(world.upkeep(false).await.compact.done().unwrap().commits, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_overlapping_runs_beside_silver_lose_and_repeat_nothing() {
    let mut world = World::in_memory().limited(eager());
    let mut expected = BTreeSet::new();
    for round in 0..12 {
        let other = world
            .restarted(
                Arc::clone(&world.edges.lake),
                Arc::clone(&world.edges.state),
            )
            .limited(eager());
        for group in 0..4 {
            let first = round * 1_000 + group * 10;
            world.refine(first..first + 10).await;
            expected.extend(first..first + 10);
        }
        let late = world.put(round * 1_000 + 500..round * 1_000 + 510).await;
        expected.extend(round * 1_000 + 500..round * 1_000 + 510);
        let silver = world.silver.clone();
        let (first, second, refined) = tokio::join!(
            world.upkeep(false),
            other.upkeep(false),
            silver.refine(late)
        );
        refined.unwrap();
        assert!(first.compact.done().is_some() && second.compact.done().is_some());
        world.wait(DAY / 2);
    }
    assert_eq!(world.ids().await, expected);
    world.upkeep(true).await;
    assert_eq!(world.ids().await, expected);
    let ledger = world.log.ledger_prefix("").await.unwrap();
    assert_eq!(
        ledger.iter().map(|entry| entry.counts.rows).sum::<u64>(),
        expected.len() as u64
    );
}

#[tokio::test]
async fn a_compaction_whose_answer_was_lost_is_recognised_and_not_sent_twice() {
    for call in 0..40 {
        for after_effect in [false, true] {
            let mut world = World::in_memory();
            for group in 0..5 {
                world.refine(group * 10..group * 10 + 10).await;
            }
            world.published().await;
            let before = world.ids().await;
            let death = Death::hiccup(call, after_effect);
            let state: Arc<dyn EntityStore> = Arc::new(MortalState(
                Arc::clone(&world.edges.state),
                Arc::clone(&death),
            ));
            let flaky = world
                .restarted(Arc::clone(&world.edges.lake), state)
                .limited(eager());
            flaky.maintain.run(Options::default(), far()).await;
            assert_eq!(world.ids().await, before, "call {call}");
            if death.calls() <= call {
                return;
            }
        }
    }
}

/// A process dies at every call of a run; the next run makes good for it.
#[tokio::test]
async fn a_run_that_dies_at_any_call_leaves_silver_whole_and_the_next_one_finishes() {
    for after_effect in [false, true] {
        let mut call = 0;
        loop {
            let (mut world, expected) = neglected().await;
            let death = Death::at(call, after_effect);
            let lake: Arc<dyn ObjectStore> = Arc::new(MortalLake(
                Arc::clone(&world.edges.lake),
                Arc::clone(&death),
            ));
            let state: Arc<dyn EntityStore> = Arc::new(MortalState(
                Arc::clone(&world.edges.state),
                Arc::clone(&death),
            ));
            let dying = world.restarted(lake, state).limited(eager());
            dying.maintain.run(Options::default(), far()).await;

            world.silver = Silver::new(world.edges.clone());
            let world = world.limited(eager());
            world.upkeep(false).await;
            world.upkeep(true).await;
            assert_eq!(world.ids().await, expected, "call {call}");
            check_delta(&world).await;
            if death.calls() <= call {
                assert!(call > 50, "{call} calls");
                break;
            }
            // Every call of the beginning, then every third.
            call += if call < 60 { 1 } else { 3 };
        }
    }
}

/// Silver with something to do for every step.
async fn neglected() -> (World, BTreeSet<i64>) {
    let mut world = World::in_memory();
    let mut expected = BTreeSet::new();
    for group in 0..5 {
        world.refine(group * 10..group * 10 + 10).await;
        expected.extend(group * 10..group * 10 + 10);
    }
    world = world.limited(eager());
    world.upkeep(false).await;
    for group in 50..54 {
        world.refine(group * 10..group * 10 + 10).await;
        expected.extend(group * 10..group * 10 + 10);
    }
    world.published().await;
    world.put(9_000..9_010).await;
    expected.extend(9_000..9_010);
    world.wait(8 * DAY);
    (world, expected)
}

/// Every entry of the Delta log that is there has the bytes of its commit, and the last one is the head's.
async fn check_delta(world: &World) {
    let head = world.log.head().await.unwrap().unwrap().version;
    let first = world.log.first_version(head).await.unwrap();
    let table = TableId {
        dataset: "orders".into(),
        generation: 1,
    };
    for commit in world.log.remaining(first, head).await.unwrap() {
        let path = TableId::new("orders", 1).delta_entry(commit.version.0);
        let content = world.edges.lake.get(&path).await.unwrap();
        let content = content.unwrap_or_else(|| panic!("{path} is there"));
        assert_eq!(content, log_entry(&table, &commit).unwrap());
    }
}
