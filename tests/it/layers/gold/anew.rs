//! Tables that are made anew: in a table of their own, shown when it is whole, and the one before dropped later.

use std::sync::Arc;

use sluice::event::UnixMillis;
use sluice::gold::{Ended, Rebuild};
use testkit::database::SqliteFile;
use testkit::events::START;
use testkit::faulty::{How, Script, When};
use testkit::world::{Committed, deadline, events};

use super::{CHANGE, scripted, stamped};

#[tokio::test]
async fn a_changed_definition_is_a_rebuild_of_that_table_only() {
    let mut world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 9)]).await;
    world.publish().await;
    world.append(&[&events(9, 9)]).await;
    world.change(CHANGE.0, CHANGE.1);
    let published = world.publish().await;
    assert_eq!(published.rebuilt, ["hourly"]);
    // All tables read the new file, and one beside them all files; it is begun, filled and shown.
    assert_eq!((published.files, published.transactions), (3, 4));
    let rows = world.rows("hourly").await;
    assert!(rows.iter().all(|row| row[3] == row[4]));
}

#[tokio::test]
async fn a_measure_and_a_table_are_added_while_the_other_tables_go_on() {
    let mut world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    world.change(
        "high = \"max(amount)\" }",
        "high = \"max(amount)\", least = \"min(amount)\" }",
    );
    let ever = "[[gold]]\ntable = \"ever\"";
    let more = "[[gold]]\ntable = \"more\"\ngrain = \"day\"\nmeasures = { n = \"count\" }\n";
    world.change(ever, &format!("{more}{ever}"));
    world.append(&[&events(5, 5)]).await;
    let published = world.publish().await;
    assert_eq!(published.ended, Ended::UpToDate);
    assert_eq!(published.rebuilt, ["more", "hourly"]);
    let hourly = world.rows("hourly").await;
    assert!(hourly.iter().all(|row| row[5] == row[3]), "{hourly:?}");
    assert_eq!(world.rows("ever").await[0][0], "10");
    assert_eq!(world.rows("more").await[0][1], "10");
}

#[tokio::test]
async fn a_table_that_was_replaced_is_dropped_ten_minutes_later() {
    let mut world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    world.change(CHANGE.0, CHANGE.1);
    assert!(world.publish().await.is_retiring);
    let retired = async || world.world.warehouse().look().await.unwrap().retired.len();
    for (minutes, left) in [(0, 1), (9, 1), (10, 0)] {
        let clock = &world.world.clock;
        clock.set(UnixMillis(START + minutes * 60_000));
        world.publish().await;
        assert_eq!(retired().await, left, "after {minutes} minutes");
    }
    assert!(!world.publish().await.is_retiring);
    assert_eq!(world.rows("ever").await[0][0], "5");
}

#[tokio::test]
async fn a_table_whose_columns_somebody_changed_is_made_anew_when_asked_for() {
    let file = Arc::new(SqliteFile::new());
    let world = Committed::on(Arc::clone(&file) as _);
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    let change = "ALTER TABLE ever__1 RENAME COLUMN n TO m";
    connection.execute(change, []).unwrap();
    world.append(&[&events(5, 5)]).await;
    let published = world.publish().await;
    assert_eq!(published.ended, Ended::Blocked);
    let reason = published.blocked.join("\n");
    assert!(
        reason.contains("run `sluice rebuild gold --table ever`"),
        "{reason}"
    );
    let rebuild = Rebuild::Table("ever".to_owned());
    world.gold().ask(&rebuild).await.unwrap();
    world.publish().await;
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    world.assert_tables_are_right().await;
}

#[tokio::test]
async fn a_crash_around_any_call_of_a_making_anew_shows_the_old_table_or_the_new() {
    for when in [When::Before, When::After] {
        for how in [How::Permanent, How::Unknown] {
            for call in 0.. {
                let mut world = Committed::new();
                world.initialize().await;
                world.append(&[&events(0, 6)]).await;
                world.publish().await;
                let old = world.rows("hourly").await;
                world.change(CHANGE.0, CHANGE.1);

                let script = Script::failing_at(call, when, how);
                let outcome = scripted(&world, &script).publish(deadline()).await;
                let shown = world.rows("hourly").await;
                world.publish().await;
                let new = world.rows("hourly").await;
                assert_ne!(old, new);
                assert!(shown == old || shown == new, "{shown:?}");
                let standing = world.world.warehouse().look().await.unwrap();
                let physical = standing.progress["hourly"].physical.as_deref();
                assert_eq!(physical, Some("hourly__2"), "what failed left nothing");
                let retired: Vec<_> = standing.retired.iter().map(|old| &old.physical).collect();
                assert_eq!(retired, ["hourly__1"]);
                assert!(!standing.is_incomplete && standing.gone.is_empty());
                if !script.is_over() {
                    assert_eq!(outcome.unwrap().ended, Ended::UpToDate);
                    assert!(call > 3, "the run makes several calls");
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn of_two_packages_that_run_at_once_the_later_one_decides() {
    let mut world = Committed::new();
    world.initialize().await;
    for step in 0..8 {
        world.append(&[&events(step * 5, 5)]).await;
        let run = |world: &Committed, stamp| {
            let gold = world.gold().with_build(stamped(stamp));
            tokio::spawn(async move { gold.publish(deadline()).await.unwrap().ended })
        };
        let earlier = run(&world, 2 * step);
        world.change(CHANGE.0, CHANGE.1);
        let later = run(&world, 2 * step + 1);
        let (earlier, later) = (earlier.await.unwrap(), later.await.unwrap());
        assert_ne!(later, Ended::Replaced);
        assert_ne!(earlier, Ended::Blocked);
        assert_eq!(run(&world, 2 * step).await.unwrap(), Ended::Replaced);
        assert_eq!(run(&world, 2 * step + 1).await.unwrap(), Ended::UpToDate);
        let hourly = world.rows("hourly").await;
        assert!(hourly.iter().all(|row| row[3] == row[4]), "{hourly:?}");
        world.change(CHANGE.1, CHANGE.0);
    }
}

#[tokio::test]
async fn a_ranking_that_goes_to_an_earlier_table_is_never_missing() {
    let ranking = |from: &str| {
        format!("[[ranking]]\nview = \"top\"\nfrom = \"{from}\"\norder_by = \"n\"\ntop = 3\n")
    };
    let generation = "name = \"things\"";
    for is_raised in [false, true] {
        let mut world = Committed::new();
        let last =
            "measures = { n = \"count\", total = \"sum(amount)\" }\n[[gold]]\ntable = \"ever\"";
        let in_between = last.replace("[[gold]]", &format!("{}[[gold]]", ranking("ever")));
        world.change(last, &in_between);
        world.initialize().await;
        world.append(&[&events(0, 5)]).await;
        world.publish().await;
        assert_eq!(world.rows("top").await.len(), 1);
        world.change(&ranking("ever"), &ranking("hourly"));
        if is_raised {
            world.change(generation, &format!("{generation}\ngeneration = 2"));
            world.initialize_as("second").await;
            world.append(&[&events(0, 5)]).await;
        }
        assert_eq!(world.publish().await.ended, Ended::UpToDate);
        assert_eq!(world.rows("top").await.len(), 2, "{is_raised}");
    }
}
