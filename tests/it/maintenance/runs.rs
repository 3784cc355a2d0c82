//! Whole runs: what they report, what they keep, and what interrupts them.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice::maintain::Options;
use sluice::table::TableId;
use sluice::table::delta::log_entry;
use testkit::events::{DAY, HOUR};
use testkit::faulty::{Faulty, How, Script, When};
use testkit::world::{World, deadline, eager};

#[tokio::test]
async fn a_dry_run_says_what_it_would_do_and_changes_nothing() {
    let world = World::of_orders();
    let process = world.process().limited(eager(3));
    for group in 0..5 {
        world.refine(&process, group * 10..group * 10 + 5).await;
    }
    world.put_orders(900..910).await;
    world.wait(HOUR);
    let before = world.snapshot().await;
    let options = Options {
        dry_run: true,
        full: true,
        ..Options::default()
    };
    let report = process.maintenance.run(options, deadline()).await;
    assert_eq!(report.failures(), []);
    assert_eq!(report.reconcile.done().unwrap().left, 1);
    assert_eq!(report.compact.done().unwrap().left, 1);
    assert_eq!(world.snapshot().await, before);
    let facts = process.maintenance.status().await.unwrap();
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
async fn compaction_keeps_rows_and_finds_duplicates_after_it_s1_s7() {
    let world = World::of_orders();
    let process = world.process().limited(eager(3));
    for group in 0..6 {
        world.refine(&process, group * 10..group * 10 + 10).await;
    }
    let before = world.ids().await;
    let report = process.maintain(false).await;
    let compacted = report.compact.done().unwrap();
    assert_eq!(
        (compacted.commits, compacted.replaced, compacted.rows),
        (1, 6, 60)
    );
    assert_eq!(world.snapshot().await.files.len(), 1);
    assert_eq!(world.ids().await, before);

    let again = world.refine(&process, 0..60).await;
    assert_eq!(
        (again.entry.counts.rows, again.entry.counts.duplicates),
        (0, 60)
    );
    let cold = world.process();
    let again = world.refine(&cold, 30..90).await;
    assert_eq!(
        (again.entry.counts.rows, again.entry.counts.duplicates),
        (30, 30)
    );
}

#[tokio::test]
async fn a_closed_period_ends_as_one_file_and_stays_as_it_is() {
    let world = World::of_orders();
    let process = world.process();
    for group in 0..3 {
        world.refine(&process, group * 10..group * 10 + 10).await;
    }
    world.wait(3 * HOUR);
    world.refine(&process, 500..510).await;
    let report = process.maintain(false).await;
    assert_eq!(report.compact.done().unwrap().replaced, 3);
    assert_eq!(world.snapshot().await.files.len(), 2);
    assert_eq!(
        process
            .maintain(false)
            .await
            .compact
            .done()
            .unwrap()
            .commits,
        0
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_overlapping_runs_beside_silver_lose_and_repeat_nothing() {
    let world = World::of_orders();
    let process = world.process().limited(eager(3));
    let mut expected = BTreeSet::new();
    for round in 0..12 {
        let other = world.process().limited(eager(3));
        for group in 0..4 {
            let first = round * 1_000 + group * 10;
            world.refine(&process, first..first + 10).await;
            expected.extend(first..first + 10);
        }
        let late = world
            .put_orders(round * 1_000 + 500..round * 1_000 + 510)
            .await;
        expected.extend(round * 1_000 + 500..round * 1_000 + 510);
        let silver = process.app.silver.clone();
        let (first, second, refined) = tokio::join!(
            process.maintain(false),
            other.maintain(false),
            silver.refine(late)
        );
        refined.unwrap();
        assert!(first.compact.done().is_some() && second.compact.done().is_some());
        world.wait(DAY / 2);
    }
    assert_eq!(world.ids().await, expected);
    process.maintain(true).await;
    assert_eq!(world.ids().await, expected);
    let ledger = world.log().ledger_prefix("").await.unwrap();
    assert_eq!(
        ledger.iter().map(|entry| entry.counts.rows).sum::<u64>(),
        expected.len() as u64
    );
}

#[tokio::test]
async fn a_compaction_whose_answer_was_lost_is_not_sent_twice() {
    for call in 0..40 {
        for when in [When::Before, When::After] {
            let world = World::of_orders();
            let process = world.process();
            for group in 0..5 {
                world.refine(&process, group * 10..group * 10 + 10).await;
            }
            world.delta_published().await;
            let before = world.ids().await;
            let script = Script::failing_at(call, when, How::Transient);
            let mut flaky = world.clone();
            flaky.state = Faulty::new(&world.state, &script);
            let flaky = flaky.process().limited(eager(3));
            let run = flaky.maintenance.run(Options::default(), deadline());
            run.await;
            assert_eq!(world.ids().await, before, "call {call}");
            if !script.is_over() {
                return;
            }
        }
    }
}

/// A process dies at every call of a run; the next run makes good for it.
#[tokio::test]
async fn a_run_that_dies_at_any_call_is_finished_by_the_next_one() {
    for when in [When::Before, When::After] {
        let mut call = 0;
        loop {
            let (world, expected) = neglected().await;
            let script = Script::failing_at(call, when, How::Outage);
            let dying = world.process_with(Arc::clone(&script)).limited(eager(3));
            let run = dying.maintenance.run(Options::default(), deadline());
            run.await;

            let next = world.process().limited(eager(3));
            next.maintain(false).await;
            next.maintain(true).await;
            assert_eq!(world.ids().await, expected, "call {call}");
            check_delta(&world).await;
            if !script.is_over() {
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
    let world = World::of_orders();
    let process = world.process().limited(eager(3));
    let mut expected = BTreeSet::new();
    for group in 0..5 {
        world.refine(&process, group * 10..group * 10 + 10).await;
        expected.extend(group * 10..group * 10 + 10);
    }
    process.maintain(false).await;
    for group in 50..54 {
        world.refine(&process, group * 10..group * 10 + 10).await;
        expected.extend(group * 10..group * 10 + 10);
    }
    world.delta_published().await;
    world.put_orders(9_000..9_010).await;
    expected.extend(9_000..9_010);
    world.wait(8 * DAY);
    (world, expected)
}

/// Every entry of the Delta log that is there has the bytes of its commit, and the last one is the head's.
async fn check_delta(world: &World) {
    let head = world.version().await;
    let first = world.log().first_version(head).await.unwrap();
    let table = TableId {
        dataset: "orders".into(),
        generation: 1,
    };
    for commit in world.log().remaining(first, head).await.unwrap() {
        let path = TableId::new("orders", 1).delta_entry(commit.version.0);
        let content = world.lake.get(&path).await.unwrap();
        let content = content.unwrap_or_else(|| panic!("{path} is there"));
        assert_eq!(content, log_entry(&table, &commit).unwrap());
    }
}
