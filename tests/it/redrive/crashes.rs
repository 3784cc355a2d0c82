//! Every call of a redrive fails or ends its process, before and after its effect: run again, the stores hold what they hold
//! after an undisturbed run.

use testkit::faulty::{ENDINGS, Script};
use testkit::world::World;

use super::steps::{check, ids, loosened, plan, redrive, redrive_as_announced, waiting};

const OBJECTS: [&[i64]; 2] = [&[2, 60, 61, 900], &[60, 62]];

async fn ends_well(world: &World) {
    check(world).await;
    assert_eq!(ids(world).await, [1, 2, 60, 61, 62]);
    let left = waiting(world).await;
    assert_eq!((left.len(), left[0].records()), (1, 1), "the broken one");
}

#[tokio::test(start_paused = true)]
async fn whichever_call_fails_the_next_run_ends_as_if_none_had() {
    let mut calls = 0;
    loop {
        let mut happened = 0;
        for (when, how) in ENDINGS {
            let world = loosened(&OBJECTS).await;
            let script = Script::failing_at(calls, when, how);
            let work = async {
                let mut redrives = world.redrives(&script);
                let candidates = redrives.candidates(&Default::default()).await.ok()?;
                Some(redrives.run(&candidates, None, |_| {}).await)
            };
            drop(script.run(work).await);
            happened += usize::from(script.is_over());
            check(&world).await;
            // Those that were done wait no more, but for what was rejected again.
            while waiting(&world)
                .await
                .iter()
                .any(|candidate| candidate.records() > 1)
                || waiting(&world).await.len() > 1
            {
                assert!(redrive(&world).await.stopped.is_none());
            }
            ends_well(&world).await;
        }
        if happened == 0 {
            break;
        }
        calls += 1;
    }
    assert!(calls > 10, "{calls} calls");
}

#[tokio::test(start_paused = true)]
async fn whichever_call_fails_the_same_command_ends_what_was_announced() {
    let mut calls = 0;
    loop {
        let mut happened = 0;
        for (when, how) in ENDINGS {
            let world = loosened(&OBJECTS).await;
            let token = plan(&world).await.token(&Default::default());
            let script = Script::failing_at(calls, when, how);
            drop(redrive_as_announced(&world, &token, &script).await);
            happened += usize::from(script.is_over());
            let outcome = redrive_as_announced(&world, &token, &Script::new()).await;
            let outcome = outcome.unwrap();
            assert!(outcome.stopped.is_none(), "{outcome:?}");
            ends_well(&world).await;
            // And once more there is nothing left of it.
            let again = redrive_as_announced(&world, &token, &Script::new()).await;
            assert!(again.unwrap().done.is_empty());
        }
        if happened == 0 {
            break;
        }
        calls += 1;
    }
    assert!(calls > 10, "{calls} calls");
}

#[tokio::test(start_paused = true)]
async fn of_two_redrives_at_once_each_record_is_taken_up_by_one() {
    for seed in 0..40 {
        let world = loosened(&OBJECTS).await;
        let candidates = waiting(&world).await;
        let run = async |seed: u64| {
            let mut redrives = world.redrives(&Script::dawdling(seed));
            redrives.run(&candidates, None, |_| {}).await
        };
        let (one, other) = tokio::join!(run(seed), run(seed + 1_000));
        assert!(
            one.stopped.is_none() && other.stopped.is_none(),
            "{one:?} {other:?}"
        );
        ends_well(&world).await;
    }
}
