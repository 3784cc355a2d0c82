//! Whatever a loop meets, gold is what it would have been (G1), and so are its alerts (A1).

use std::sync::Arc;
use std::time::Duration;

use sluice::gold::Ended;
use sluice::warehouse::schema::ALERTS;
use testkit::faulty::{How, Script, When, Which};
use testkit::read;
use testkit::world::{EndState, World, deadline};

use super::{commit, follow, follow_of, is_published, world};

const SECOND: Duration = Duration::from_secs(1);

async fn end(world: &World) -> (EndState, usize) {
    let end = world.end_state().await;
    end.check_gold();
    let alerts = read::gold(&*world.warehouse(), ALERTS).await.rows.len();
    (end, alerts)
}

/// Runs gold as the timer does until nothing is left.
async fn publish(world: &World) {
    for _ in 0..3 {
        let process = world.process();
        let done = process.app.gold.publish(deadline()).await.unwrap();
        if matches!(done.ended, Ended::UpToDate | Ended::Unchanged) {
            return;
        }
    }
    panic!("gold does not come up to date");
}

/// Makes the tables: what is true by then is told to nobody.
async fn begin(world: &World) {
    commit(world, &world.process(), 0).await;
    publish(world).await;
}

/// Follows two commits, of which the second is told of; gold's calls are as the script says. The timer makes up for what is missing.
async fn run(script: &Arc<Script>) -> (EndState, usize) {
    let world = world();
    let (silver, gold) = (world.process(), world.process_with(Arc::clone(script)));
    begin(&world).await;
    let following = follow_of(&gold, &silver);
    for id in [1, 2] {
        commit(&world, &silver, id).await;
        for _ in 0..4 {
            if is_published(&world).await {
                break;
            }
            tokio::time::sleep(SECOND).await;
        }
    }
    drop(following);
    drop(gold);
    publish(&world).await;
    end(&world).await
}

#[tokio::test(start_paused = true)]
async fn gold_and_its_alerts_are_the_same_whichever_call_fails_g1_a1() {
    let undisturbed = run(&Script::new()).await;
    assert_eq!(undisturbed.1, 1, "one hour has three");
    for (when, how) in [
        (When::Before, How::Crash),
        (When::After, How::Crash),
        (When::Before, How::Transient),
        (When::After, How::Transient),
        (When::After, How::Unknown),
    ] {
        for call in 0.. {
            let script = Script::new();
            script.fail(Which::Nth(call), when, how);
            let found = run(&script).await;
            let name = script.calls("").get(call).cloned().unwrap_or_default();
            assert_eq!(found, undisturbed, "{when:?} {how:?} {call}: {name}");
            if !script.is_over() {
                assert!(call > 20, "{call}");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn gold_is_the_same_however_two_loops_and_the_timer_interleave_g1_a1() {
    for seed in 0..10_u64 {
        let world = world();
        let one = world.process_with(Script::dawdling(seed * 3 + 1));
        let other = world.process_with(Script::dawdling(seed * 3 + 2));
        let timer = world.process_with(Script::dawdling(seed * 3 + 3));
        begin(&world).await;
        let both = (follow(&one), follow(&other));
        for id in 1..9 {
            let committer = if (id + seed).is_multiple_of(3) {
                &one
            } else {
                &other
            };
            let id = i64::try_from(id).unwrap();
            commit(&world, committer, id).await;
            // One that is overtaken leaves it to the others.
            timer.app.gold.publish(deadline()).await.unwrap();
        }
        drop(both);
        publish(&world).await;
        let (_, alerts) = end(&world).await;
        assert_eq!(alerts, 1, "{seed}");
    }
}
