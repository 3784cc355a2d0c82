//! Maintenance beside the pipeline: nothing is lost, nothing is there twice, and what is old goes.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use sluice::delta::{TableId, log_entry};
use sluice::lake::{BlobStore, Metadata, ObjectPath, paths};
use sluice::maintain::{CompactLimits, Limits, Maintenance, Options, PoisonMessage, PoisonQueue};
use sluice::silver::Silver;
use sluice::state::StateStore;
use sluice::storage::StorageError;

use super::support::interrupted::{Death, MortalLake, MortalState};
use super::support::upkeep::{DAY, HOUR, START, World, far};

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

fn live_paths(snapshot: &sluice::state::commit_log::Snapshot) -> Vec<ObjectPath> {
    snapshot.files.keys().cloned().collect()
}

async fn exists(world: &World, path: &ObjectPath) -> bool {
    world.edges.lake.head(path).await.unwrap().is_some()
}

#[tokio::test]
async fn objects_whose_trigger_was_lost_are_refined_and_young_ones_left_to_it() {
    let mut world = World::in_memory();
    world.refine(0..10).await;
    for lost in 1..4 {
        world.put(lost * 100..lost * 100 + 10).await;
        world.wait(HOUR);
    }
    world.put(900..910).await;

    let report = world.upkeep(false).await;
    let reconciled = report.reconcile.done().unwrap();
    assert_eq!((reconciled.refined, reconciled.left), (3, 0));
    assert_eq!(world.ids().await.len(), 40);

    world.wait(10 * 60_000);
    let report = world.upkeep(false).await;
    let reconciled = report.reconcile.done().unwrap();
    assert_eq!(reconciled.refined, 1);
    assert_eq!(world.ids().await.len(), 50);
    let listed = world.upkeep(false).await.reconcile.done().unwrap().listed;
    assert_eq!(
        listed, 2,
        "the folder of the newest object and the one ahead"
    );
    assert_eq!(world.upkeep(true).await.reconcile.done().unwrap().listed, 5);
}

#[tokio::test]
async fn a_backlog_larger_than_a_run_is_worked_off_oldest_first() {
    let few = Limits {
        objects: 2,
        ..Limits::default()
    };
    let mut world = World::in_memory().limited(few);
    for lost in 0..7 {
        world.put(lost * 10..lost * 10 + 10).await;
        world.wait(HOUR);
    }
    for (round, left) in [5, 3, 1, 0].into_iter().enumerate() {
        let facts = world.maintain.facts().await.unwrap();
        assert_eq!(facts.unreconciled, 7 - 2 * round as u64);
        let reconciled = world.upkeep(true).await.reconcile.done().cloned().unwrap();
        assert_eq!((reconciled.listed, reconciled.left), (7, left));
        let done = 70 - 10 * i64::try_from(left).unwrap();
        assert_eq!(world.ids().await, (0..done).collect());
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
    let facts = world.maintain.facts().await.unwrap();
    assert_eq!(
        (facts.live_files, facts.small_files, facts.unreconciled),
        (5, 5, 1)
    );
    assert_eq!(
        (facts.rows, facts.log_entries, facts.snapshot),
        (25, 6, None)
    );
}

#[derive(Debug, Default)]
struct Queue(Mutex<(VecDeque<PoisonMessage>, Vec<String>)>);

#[async_trait]
impl PoisonQueue for Queue {
    async fn receive(&self) -> Result<Vec<PoisonMessage>, StorageError> {
        Ok(self.0.lock().unwrap().0.drain(..).collect())
    }

    async fn delete(&self, message: &PoisonMessage) -> Result<(), StorageError> {
        self.0.lock().unwrap().1.push(message.id.clone());
        Ok(())
    }
}

#[tokio::test]
async fn poison_messages_of_finished_sources_are_removed_and_others_stay() {
    let mut world = World::in_memory();
    let forgotten = world.put(0..5).await.name;
    world.wait(HOUR);
    let young = world.put(10..15).await.name;
    let message = |id: &str, container: &str, blob: &str| PoisonMessage {
        id: id.to_owned(),
        receipt: String::new(),
        text: format!(
            r#"{{"Type":"BlobTrigger","ContainerName":"{container}","BlobName":"{blob}"}}"#
        ),
    };
    let queue = Arc::new(Queue::default());
    queue.0.lock().unwrap().0.extend([
        message("forgotten", "bronze", &forgotten),
        message("young", "bronze", &young),
        message("foreign", "bronze", "other/0/a.jsonl"),
        message("elsewhere", "inbox", &forgotten),
    ]);
    let poison: Arc<dyn PoisonQueue> = Arc::clone(&queue) as _;
    world.maintain = Maintenance::new(world.edges.clone(), world.silver.clone(), Some(poison));
    let report = world.upkeep(false).await;
    let reconciled = report.reconcile.done().unwrap();
    assert_eq!((reconciled.poison_removed, reconciled.poison_left), (1, 3));
    assert_eq!(queue.0.lock().unwrap().1, ["forgotten"]);
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
            let state: Arc<dyn StateStore> = Arc::new(MortalState(
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
    let facts = world.maintain.facts().await.unwrap();
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
    let manifest = put(paths::manifest("orders", 1, "lost")).await;
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
        .delete(&paths::delta_entry("orders", 1, head))
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

/// A process dies at every call of a run; the next run makes good for it.
#[tokio::test]
async fn a_run_that_dies_at_any_call_leaves_silver_whole_and_the_next_one_finishes() {
    for after_effect in [false, true] {
        let mut call = 0;
        loop {
            let (mut world, expected) = neglected().await;
            let death = Death::at(call, after_effect);
            let lake: Arc<dyn BlobStore> = Arc::new(MortalLake(
                Arc::clone(&world.edges.lake),
                Arc::clone(&death),
            ));
            let state: Arc<dyn StateStore> = Arc::new(MortalState(
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
        let path = paths::delta_entry("orders", 1, commit.version.0);
        let content = world.edges.lake.get(&path).await.unwrap();
        let content = content.unwrap_or_else(|| panic!("{path} is there"));
        assert_eq!(content, log_entry(&table, &commit).unwrap());
    }
}
