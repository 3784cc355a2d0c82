//! Gold from silver's log: what a run publishes, and what it does when something is in its way.

use std::sync::Arc;

use sluice::event::UnixMillis;
use sluice::gold::{Ended, Error, Rebuild};
use sluice::table::log::Version;
use testkit::events::{DAY, MINUTE, START};
use testkit::faulty::{How, Script, When};
use testkit::world::{Committed, Event, SMALL, deadline, event, events};

use super::scripted;

#[tokio::test]
async fn g1_tables_equal_the_sum_of_silver_at_their_version() {
    let world = Committed::new();
    assert_eq!(world.publish().await.ended, Ended::NothingYet);
    world.initialize().await;
    for step in 0..6 {
        world
            .append(&[&events(step * 10, 4), &events(step * 10 + 4, 3)])
            .await;
        let published = world.publish().await;
        assert_eq!(published.ended, Ended::UpToDate);
        assert_eq!(
            published.head,
            Some(Version(u64::try_from(step + 1).unwrap()))
        );
        assert_eq!(
            (published.files, published.rows, published.transactions),
            (2, 7, 1)
        );
        world.assert_tables_are_right().await;
    }
    let idle = world.publish().await;
    assert_eq!(
        (idle.ended, idle.transactions, idle.files),
        (Ended::UpToDate, 0, 0)
    );
}

#[tokio::test]
async fn many_small_transactions_equal_one_run() {
    let world = Committed::new();
    world.initialize().await;
    world.publish().await;
    for step in 0..8 {
        world.append(&[&events(step * 9, 9)]).await;
    }
    let gold = world.gold().with_limits(SMALL);
    let published = gold.publish(deadline()).await.unwrap();
    assert_eq!((published.ended, published.commits), (Ended::UpToDate, 8));
    assert_eq!(published.transactions, 8);
    world.assert_tables_are_right().await;
    // From nothing, beside the live ones: begun together, filled together in two parts, with merges of every few groups, and shown one by one.
    let all = gold.rebuild(&Rebuild::All, deadline()).await.unwrap();
    assert_eq!((all.transactions, all.files), (6, 8));
    assert_eq!(all.rebuilt, ["hourly", "by_who", "ever"]);
    world.assert_tables_are_right().await;
}

#[tokio::test]
async fn compactions_are_passed_over_and_their_files_serve_a_rebuild() {
    let world = Committed::new();
    world.initialize().await;
    world.publish().await;
    world.append(&[&events(0, 5)]).await;
    world.append(&[&events(5, 5)]).await;
    world.compact().await;
    let published = world.publish().await;
    assert_eq!((published.commits, published.files), (2, 2));
    world.assert_tables_are_right().await;

    world.compact().await;
    let published = world.publish().await;
    assert_eq!((published.ended, published.commits), (Ended::UpToDate, 0));
    assert_eq!(published.transactions, 1, "the progress still moves");
    world.vacuum().await;
    let (gold, ever) = (world.gold(), Rebuild::Table("ever".into()));
    let rebuilt = gold.rebuild(&ever, deadline()).await.unwrap();
    assert_eq!((rebuilt.files, rebuilt.rows), (1, 10));
    assert_eq!(rebuilt.rebuilt, ["ever"]);
    world.assert_tables_are_right().await;
}

#[tokio::test]
async fn a_file_that_gold_needs_and_is_gone_asks_for_a_rebuild() {
    let world = Committed::new();
    world.initialize().await;
    world.publish().await;
    world.append(&[&events(0, 5)]).await;
    world.append(&[&events(5, 5)]).await;
    world.compact().await;
    world.vacuum().await;
    let published = world.publish().await;
    assert_eq!(published.ended, Ended::Blocked);
    let reasons = published.blocked.join("\n");
    assert_eq!(published.blocked.len(), 1, "{reasons}");
    assert!(
        reasons.starts_with("rebuild gold: hourly, by_who, ever cannot go on from version 0"),
        "{reasons}"
    );
    world
        .gold()
        .rebuild(&Rebuild::All, deadline())
        .await
        .unwrap();
    world.assert_tables_are_right().await;
}

#[tokio::test]
async fn a_gap_in_the_log_asks_for_a_rebuild() {
    let world = Committed::new();
    world.initialize().await;
    world.publish().await;
    world.append(&[&events(0, 5)]).await;
    world.append(&[&events(5, 5)]).await;
    world.world.remove_row("log|000000000001").await;
    let published = world.publish().await;
    assert_eq!(published.ended, Ended::Blocked);
    let reasons = published.blocked.join("\n");
    assert!(
        reasons.contains("hourly, by_who, ever cannot go on from version 0"),
        "{reasons}"
    );
    assert!(reasons.contains("version 1 "), "{reasons}");
}

#[tokio::test]
async fn a_live_file_that_is_gone_fails_loudly() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.delete_live_files().await;
    let error = world.gold().publish(deadline()).await.unwrap_err();
    assert!(matches!(error, Error::File(_)), "{error:?}");
    assert!(world.rows("ever").await.is_empty());
}

#[tokio::test]
async fn a_file_that_another_run_published_may_be_gone() {
    let world = Committed::new();
    world.initialize().await;
    world.publish().await;
    world.append(&[&events(0, 5)]).await;
    world.append(&[&events(5, 5)]).await;

    // This run has read its progress when another one publishes and maintenance removes the files.
    let script = Script::new();
    let gate = script.stop_at("look", When::After);
    let slow = scripted(&world, &script);
    let slow = tokio::spawn(async move { slow.publish(deadline()).await });
    gate.reached().await;
    world.publish().await;
    world.compact().await;
    world.vacuum().await;
    gate.open();
    assert_eq!(slow.await.unwrap().unwrap().ended, Ended::Conflict);
    world.publish().await;
    world.assert_tables_are_right().await;
}

#[tokio::test]
async fn two_overlapping_runs_publish_everything_once() {
    let world = Committed::new();
    world.initialize().await;
    for step in 0..10 {
        world.append(&[&events(step * 5, 5)]).await;
        let run = || {
            let gold = world.gold().with_limits(SMALL);
            tokio::spawn(async move { gold.publish(deadline()).await.unwrap() })
        };
        let (first, second) = tokio::join!(run(), run());
        let ended = [first.unwrap().ended, second.unwrap().ended];
        assert!(ended.contains(&Ended::UpToDate), "{ended:?}");
    }
    world.assert_tables_are_right().await;
}

#[tokio::test]
async fn a_sum_that_overflows_blocks_its_table_and_no_other() {
    let mut world = Committed::new();
    let counted = "by = [\"who\"]\nmeasures = { n = \"count\"";
    world.change(
        &format!("{counted}, total = \"sum(amount)\" }}"),
        &format!("{counted} }}"),
    );
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let before = (world.rows("hourly").await, world.rows("ever").await);
    let large = |id| Event {
        amount: 10_i128.pow(38) - 1,
        ..event(id, 0, None, 0)
    };
    world.append(&[&[large(100), large(101)]]).await;

    let gold = world.gold();
    let published = gold.publish(deadline()).await.unwrap();
    assert_eq!(published.ended, Ended::Blocked);
    let reasons = published.blocked.join("\n");
    for part in [
        "sum total of gold table hourly",
        "sum total of gold table ever",
        "38 digits for the group hour = ",
        "38 digits for the group all rows",
    ] {
        assert!(reasons.contains(part), "{reasons}");
    }
    let after = (world.rows("hourly").await, world.rows("ever").await);
    assert_eq!(after, before);
    let counts = world.rows("by_who").await;
    let counts = counts.iter().map(|row| row[2].parse::<u64>().unwrap());
    assert_eq!(counts.sum::<u64>(), 7);

    // It is said by every run, and the others go on.
    world.append(&[&events(10, 5)]).await;
    let again = gold.publish(deadline()).await.unwrap();
    assert_eq!((again.ended, again.files), (Ended::Blocked, 1));
    assert_eq!(again.blocked.join("\n"), reasons);
}

#[tokio::test]
async fn a_log_that_started_over_is_noticed() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.append(&[&events(5, 5)]).await;
    world.publish().await;
    let other = Committed::on(Arc::clone(&world.world.database));
    other.initialize().await;
    let published = other.publish().await;
    assert_eq!(published.ended, Ended::Blocked);
    let reasons = published.blocked.join("\n");
    assert!(
        reasons.contains("stand beyond silver's version 0"),
        "{reasons}"
    );
}

#[tokio::test]
async fn an_unknown_table_cannot_be_rebuilt() {
    let world = Committed::new();
    let rebuild = Rebuild::Table("nothing".into());
    let error = world
        .gold()
        .rebuild(&rebuild, deadline())
        .await
        .unwrap_err();
    assert!(matches!(error, Error::NoSuchTable(name) if name == "nothing"));
}

#[tokio::test]
async fn an_idle_run_leaves_a_paused_database_alone_for_a_day() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    let script = Script::new();
    let gold = scripted(&world, &script);
    let publish = async || gold.publish(deadline()).await.unwrap().ended;

    assert_eq!(publish().await, Ended::UpToDate);
    let after_first = script.count();
    assert_eq!(publish().await, Ended::Unchanged);
    assert_eq!(script.count(), after_first, "the database was left alone");

    world.append(&[&events(5, 5)]).await;
    world.world.wait(MINUTE);
    assert_eq!(publish().await, Ended::UpToDate);
    world.assert_tables_are_right().await;

    let after_second = script.count();
    let clock = &world.world.clock;
    clock.set(UnixMillis(START + MINUTE + DAY - 1));
    assert_eq!(publish().await, Ended::Unchanged);
    clock.set(UnixMillis(START + MINUTE + DAY));
    assert_eq!(publish().await, Ended::UpToDate);
    assert!(script.count() > after_second, "after a day it is looked at");
}

#[tokio::test]
async fn a_crash_around_any_database_call_leaves_the_same_tables() {
    for when in [When::Before, When::After] {
        for how in [How::Permanent, How::Unknown] {
            for call in 0.. {
                let world = Committed::new();
                world.initialize().await;
                world.append(&[&events(0, 6)]).await;
                world.publish().await;
                world.append(&[&events(6, 6)]).await;
                world.append(&[&events(12, 2)]).await;

                let script = Script::failing_at(call, when, how);
                let gold = scripted(&world, &script).with_limits(SMALL);
                let outcome = gold.publish(deadline()).await;
                drop(gold);
                if !script.is_over() {
                    assert_eq!(outcome.unwrap().ended, Ended::UpToDate);
                    assert!(call > 8, "the run makes several calls");
                    break;
                }
                match how {
                    How::Unknown => assert_eq!(outcome.unwrap().ended, Ended::Unknown),
                    _ => assert!(matches!(outcome, Err(Error::Warehouse(_)))),
                }
                world.publish().await;
                world.assert_tables_are_right().await;
            }
        }
    }
}

#[tokio::test]
async fn a_failure_that_passes_is_waited_out() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 6)]).await;
    for call in 0..5 {
        world.append(&[&events(10 + call, 1)]).await;
        let call = usize::try_from(call).unwrap();
        let script = Script::failing_at(call, When::Before, How::Transient);
        let published = scripted(&world, &script).publish(deadline()).await;
        let published = published.unwrap();
        assert_eq!(published.ended, Ended::UpToDate);
        world.assert_tables_are_right().await;
    }
}
