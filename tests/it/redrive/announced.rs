//! What was announced is what happens, or nothing of what is left (O1).

use std::collections::BTreeMap;

use proptest::prelude::*;
use sluice::silver::RefineError;
use sluice::silver::redrive::Plan;
use testkit::faulty::{ENDINGS, Script};
use testkit::world::{World, deadline};

use super::steps::{bodies, check, ids, loosened, plan, redrive, redrive_as_announced, waiting};

/// What others do between the announcement and the run, or beside it.
#[derive(Clone, Debug)]
enum Other {
    /// Events come, among them some with keys of rejected ones.
    Refines(Vec<i64>),
    /// Somebody takes up all that wait, without having announced it.
    Redrives,
    /// Files are merged, and what is replaced removed.
    Maintains,
    /// Gold runs.
    Publishes,
}

fn number() -> impl Strategy<Value = i64> {
    prop_oneof![3 => 2..8_i64, 4 => 60..68_i64, 1 => Just(900_i64)]
}

fn numbers() -> impl Strategy<Value = Vec<i64>> {
    proptest::collection::vec(number(), 1..5)
}

fn other() -> impl Strategy<Value = Other> {
    prop_oneof![
        3 => numbers().prop_map(Other::Refines),
        1 => Just(Other::Redrives),
        1 => Just(Other::Maintains),
        1 => Just(Other::Publishes),
    ]
}

async fn act(world: &World, other: &Other, seed: u64, partition: usize) {
    let process = world.process_with(Script::dawdling(seed));
    match other {
        Other::Refines(numbers) => {
            let source = world
                .put(&format!("{}", 10 + partition), 0, &bodies(numbers))
                .await;
            process.refine(&source).await;
        }
        Other::Redrives => {
            let candidates = waiting(world).await;
            let mut redrives = world.redrives(&Script::dawdling(seed));
            let outcome = redrives.run(&candidates, None, |_| {}).await;
            assert!(outcome.stopped.is_none(), "{outcome:?}");
        }
        Other::Maintains => drop(process.maintain(true).await),
        Other::Publishes => drop(process.app.gold.publish(deadline()).await),
    }
}

/// Checks that whatever was taken up under the token became what was announced, and returns how many sources these are.
async fn check_announced(world: &World, announced: &Plan, token: &str) -> usize {
    let ledger = world.ledger().await;
    let own = ledger.iter().filter(|entry| {
        let redrive = entry.redrive.as_ref();
        redrive.is_some_and(|redrive| redrive.token.as_deref() == Some(token))
    });
    let mut sources = 0;
    for entry in own {
        let planned = announced.sources.iter();
        let planned = planned
            .clone()
            .find(|source| source.source == entry.bronze());
        let planned = planned.expect("nothing else is taken up under the token");
        let fates = planned.fates.as_ref().unwrap();
        assert_eq!(entry.counts.redriven, planned.records);
        assert_eq!(entry.counts.rows, fates.rows, "{entry:?}");
        assert_eq!(entry.counts.duplicates, fates.duplicates, "{entry:?}");
        assert_eq!(entry.counts.filtered, fates.filtered);
        assert_eq!(entry.counts.quarantined, fates.quarantined);
        sources += 1;
    }
    sources
}

async fn announced_and_done(
    objects: &[Vec<i64>],
    before: &[Other],
    beside: &[Other],
    (seed, ends_at): (u64, usize),
) {
    let objects: Vec<&[i64]> = objects.iter().map(Vec::as_slice).collect();
    let world = loosened(&objects).await;
    let announced = plan(&world).await;
    let token = announced.token(&BTreeMap::new());
    for (number, other) in before.iter().enumerate() {
        act(&world, other, 0, number).await;
    }
    let (when, how) = ENDINGS[ends_at % ENDINGS.len()];
    let first = Script::dawdling(seed);
    first.fail(testkit::faulty::Which::Nth(ends_at), when, how);
    let run = redrive_as_announced(&world, &token, &first);
    let others = async {
        for (number, other) in beside.iter().enumerate() {
            act(&world, other, seed + 7 + number as u64, 100 + number).await;
        }
    };
    let (outcome, ()) = tokio::join!(run, others);
    check_announced(&world, &announced, &token).await;
    check(&world).await;

    // The same command goes on where it was cut off.
    let outcome = match outcome.filter(|outcome| outcome.stopped.is_none()) {
        Some(done) => Some(done),
        None => redrive_as_announced(&world, &token, &Script::new()).await,
    };
    let done = check_announced(&world, &announced, &token).await;
    match outcome {
        Some(outcome) if outcome.stopped.is_none() => {
            assert_eq!(done, announced.sources.len(), "all of it");
        }
        Some(outcome) => {
            let stopped = outcome.stopped.unwrap();
            assert!(
                matches!(stopped, RefineError::Unannounced { .. }),
                "{stopped:?}"
            );
        }
        // It would be something else by now.
        None => {}
    }
    check(&world).await;
    // Nobody's records are held back by it.
    assert!(redrive(&world).await.stopped.is_none());
    world.process().app.gold.publish(deadline()).await.unwrap();
    world.end_state().await.check_gold();
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 120, max_shrink_iters: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_run_that_expects_a_token_does_what_was_announced_or_nothing_of_what_is_left_o1(
        objects in proptest::collection::vec(numbers(), 1..5),
        before in proptest::collection::vec(other(), 0..2),
        beside in proptest::collection::vec(other(), 0..3),
        seed in 0..1_000_u64,
        ends_at in 0..80_usize,
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        let work = announced_and_done(&objects, &before, &beside, (seed, ends_at));
        runtime.unwrap().block_on(work);
    }
}

#[tokio::test(start_paused = true)]
async fn an_announcement_that_no_longer_holds_changes_nothing() {
    let world = loosened(&[&[60, 61]]).await;
    let announced = plan(&world).await;
    let token = announced.token(&BTreeMap::new());
    act(&world, &Other::Refines(vec![60]), 0, 0).await;
    let outcome = redrive_as_announced(&world, &token, &Script::new()).await;
    assert!(outcome.is_none(), "60 would be a duplicate by now");
    assert_eq!(ids(&world).await, [1, 60]);

    // Also where it happens after the run has planned once more.
    let token = plan(&world).await.token(&BTreeMap::new());
    let script = Script::new();
    let gate = script.stop_at("transact log", testkit::faulty::When::Before);
    let (outcome, ()) = tokio::join!(redrive_as_announced(&world, &token, &script), async {
        gate.reached().await;
        act(&world, &Other::Refines(vec![61]), 0, 1).await;
        gate.open();
    });
    let stopped = outcome.unwrap().stopped.unwrap().to_string();
    assert!(
        stopped.contains("announced was 1 new rows, 1 duplicates"),
        "{stopped}"
    );
    assert!(
        stopped.contains("now it would be 0 new rows, 2 duplicates"),
        "{stopped}"
    );
    assert_eq!(waiting(&world).await.len(), 1);
    check(&world).await;
}
