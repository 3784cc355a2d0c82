//! Which process follows silver.

use std::sync::Arc;
use std::time::Duration;

use sluice::clock::ManualClock;
use sluice::event::UnixMillis;
use testkit::world::Process;

use super::{commit, follow, published_within, world};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: i64 = 3_600_000;

fn runs(process: &Process) -> usize {
    process.script.calls("begin").len()
}

#[tokio::test(start_paused = true)]
async fn one_process_runs_and_follows_the_commits_of_the_other() {
    let world = world();
    let (one, other) = (world.process(), world.process());
    let _both = (follow(&one), follow(&other));
    commit(&world, &one, 1).await;
    published_within(&world, SECOND).await;
    for id in 2..40 {
        commit(&world, &other, id).await;
        published_within(&world, SECOND * 3).await;
    }
    assert_eq!(runs(&other), 0);
    assert!(runs(&one) > 20);
    // It looks at the lease when that should have run out, and not after each commit.
    let looks = other.script.calls("read lease").len();
    assert!(looks <= 12, "{looks}");
    world.end_state().await.check_gold();
}

#[tokio::test(start_paused = true)]
async fn where_the_holder_is_gone_another_takes_over_after_a_commit() {
    let world = world();
    let (one, other) = (world.process(), world.process());
    let (gone, _stays) = (follow(&one), follow(&other));
    commit(&world, &one, 1).await;
    published_within(&world, SECOND).await;
    drop(gone);
    commit(&world, &other, 2).await;
    let after = published_within(&world, SECOND * 16).await;
    assert!(after > SECOND * 10, "the lease was believed: {after:?}");
    commit(&world, &other, 3).await;
    published_within(&world, SECOND * 2).await;
    assert!(runs(&other) >= 2);
    world.end_state().await.check_gold();
}

#[tokio::test(start_paused = true)]
async fn a_lease_that_was_given_up_is_taken_at_once() {
    let world = world();
    let (one, other) = (world.process(), world.process());
    let _both = (follow(&one), follow(&other));
    commit(&world, &one, 1).await;
    published_within(&world, SECOND).await;
    tokio::time::sleep(SECOND * 70).await;
    commit(&world, &other, 2).await;
    published_within(&world, SECOND).await;
    assert_eq!(runs(&other), 1);
}

/// Clocks of instances differ, and a lease says until when by that of its holder.
#[tokio::test(start_paused = true)]
async fn clocks_that_differ_cost_seconds_and_nothing_else() {
    for skew in [-HOUR, HOUR] {
        let world = world();
        let mut elsewhere = world.clone();
        elsewhere.clock = Arc::new(ManualClock::at(UnixMillis(world.now().0 + skew)));
        let (one, other) = (world.process(), elsewhere.process());
        let (gone, _stays) = (follow(&one), follow(&other));
        commit(&world, &one, 1).await;
        published_within(&world, SECOND).await;
        for id in 2..20 {
            let committer = if id % 2 == 0 { &one } else { &other };
            commit(&world, committer, id).await;
            published_within(&world, SECOND * 20).await;
        }
        drop(gone);
        commit(&world, &other, 20).await;
        published_within(&world, SECOND * 20).await;
        assert!(runs(&other) > 0, "{skew}");
        world.end_state().await.check_gold();
    }
}
