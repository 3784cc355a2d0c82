//! A1: at most one alert per id, and one for each state that gold committed, whatever fails and whoever runs beside.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice::gold::Gold;
use sluice::warehouse::Build;
use sluice::warehouse::schema::{ALERTS, OUTBOX};
use testkit::faulty::{ENDINGS, Faulty, How, Script, When};
use testkit::world::{Committed, deadline, event};

use super::{book, burst, watched};

const RULES: &str = r#"
[[alert]]
name = "many"
on = "hourly"
when = "n >= 3"
notify = ["webhook:HOOK"]
[[alert]]
name = "rich"
on = "ever"
when = "total > 1.00"
notify = ["webhook:HOOK"]
[[alert]]
name = "large"
on = "rows"
when = "amount > 5.00"
notify = ["queue:alerts", "webhook:HOOK"]
"#;

/// Four commits: hours that become busy, a total that rises, and two large rows.
async fn behind() -> Committed {
    let world = watched(RULES).await;
    world.append(&[&burst(10, 61, 3, 10)]).await;
    world.append(&[&[event(20, 62, None, 600)]]).await;
    world.append(&[&burst(30, 121, 2, 1)]).await;
    world.append(&[&burst(40, 122, 2, 700)]).await;
    world
}

fn scripted(world: &Committed, script: &Arc<Script>) -> Gold {
    let warehouse = Faulty::new(&world.world.warehouse(), script);
    // One commit at a time, so that there are effects to fail between.
    world
        .world
        .gold_with(warehouse)
        .with_limits(testkit::world::SMALL)
}

/// What was told: the alerts by their ids but for those of episodes, which name the version, and the messages.
async fn told(world: &Committed) -> (BTreeMap<String, u32>, usize) {
    let mut alerts = BTreeMap::new();
    for row in book(world, ALERTS).await {
        let what = format!("{} {} {}", row["rule"], row["group_key"], row["event_time"]);
        *alerts.entry(what).or_default() += 1;
    }
    (alerts, book(world, OUTBOX).await.len())
}

#[tokio::test]
async fn the_same_alerts_are_told_whichever_call_fails_a1() {
    let undisturbed = behind().await;
    let gold = scripted(&undisturbed, &Script::new());
    gold.publish(deadline()).await.unwrap();
    let expected = told(&undisturbed).await;
    // Two hours, one total, three large rows, each of two targets.
    assert_eq!((expected.0.values().sum::<u32>(), expected.1), (6, 9));
    for (when, how) in ENDINGS {
        for call in 0.. {
            let world = behind().await;
            let script = Script::failing_at(call, when, how);
            let gold = scripted(&world, &script);
            script.run(gold.publish(deadline())).await;
            drop(gold);
            let name = script.calls("").get(call).cloned().unwrap_or_default();
            for _ in 0..2 {
                scripted(&world, &Script::new())
                    .publish(deadline())
                    .await
                    .unwrap();
            }
            assert_eq!(
                told(&world).await,
                expected,
                "{when:?} {how:?} {call}: {name}"
            );
            if !script.is_over() {
                assert!(call > 8, "{call}");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn the_same_alerts_are_told_however_runs_and_packages_interleave_a1() {
    let undisturbed = behind().await;
    scripted(&undisturbed, &Script::new())
        .publish(deadline())
        .await
        .unwrap();
    let expected = told(&undisturbed).await;
    for seed in 0..12 {
        let world = behind().await;
        let run = |seed, stamp| {
            let script = Script::dawdling(seed);
            let build = Build {
                stamp,
                hash: String::new(),
            };
            let gold = scripted(&world, &script).with_build(build);
            tokio::spawn(async move { gold.publish(deadline()).await.map(|done| done.ended) })
        };
        let runs = [run(seed * 3, 1), run(seed * 3 + 1, 1), run(seed * 3 + 2, 2)];
        for run in runs {
            run.await.unwrap().unwrap();
        }
        let build = Build {
            stamp: 2,
            hash: String::new(),
        };
        let last = scripted(&world, &Script::new()).with_build(build);
        last.publish(deadline()).await.unwrap();
        assert_eq!(told(&world).await, expected, "{seed}");
    }
}

#[tokio::test]
async fn a_swap_that_dies_anywhere_tells_what_an_undisturbed_one_does_a1() {
    let changed = async || {
        let mut world = behind().await;
        world.publish().await;
        world.change("low = \"min(amount)\"", "low = \"max(amount)\"");
        world.append(&[&burst(60, 181, 4, 1)]).await;
        world
    };
    let undisturbed = changed().await;
    for _ in 0..2 {
        scripted(&undisturbed, &Script::new())
            .publish(deadline())
            .await
            .unwrap();
    }
    let expected = told(&undisturbed).await;
    for when in [When::Before, When::After] {
        for call in 0.. {
            let world = changed().await;
            let script = Script::failing_at(call, when, How::Crash);
            let gold = scripted(&world, &script);
            script.run(gold.publish(deadline())).await;
            drop(gold);
            let name = script.calls("").get(call).cloned().unwrap_or_default();
            for _ in 0..3 {
                scripted(&world, &Script::new())
                    .publish(deadline())
                    .await
                    .unwrap();
            }
            assert_eq!(told(&world).await, expected, "{when:?} {call}: {name}");
            if !script.is_over() {
                assert!(call > 8, "{call}");
                break;
            }
        }
    }
}
