//! Shadows take the place of live tables: all or nothing, whatever is in the way.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sluice::event::UnixMillis;
use sluice::gold::Ended;
use sluice::table::TableId;
use sluice::table::log::Version;
use sluice::warehouse::schema::FRESHNESS;
use testkit::database::SqliteFile;
use testkit::events::START;
use testkit::faulty::{ENDINGS, How, Script, When};
use testkit::read;
use testkit::world::{Committed, deadline, events};

use super::{CHANGE, scripted, stamped};

const GENERATION: (&str, &str) = ("name = \"things\"", "name = \"things\"\ngeneration = 2");

/// Returns how many tables are no longer wanted and not dropped yet.
async fn retired(world: &Committed) -> usize {
    world.world.warehouse().look().await.unwrap().retired.len()
}

/// A world with six rows in tables that others can open.
async fn published_to_a_file() -> (Committed, PathBuf) {
    let file = Arc::new(SqliteFile::new());
    let path = file.path();
    let world = Committed::on(file);
    world.initialize().await;
    world.append(&[&events(0, 6)]).await;
    world.publish().await;
    (world, path)
}

/// What each version of each generation has, in rows of silver.
type Sizes = BTreeMap<(u32, u64), u64>;

/// Checks that every table is whole: it counts just the rows of the version and generation that its freshness names.
async fn assert_whole(world: &Committed, sizes: &Sizes, because: &str) {
    let warehouse = world.world.warehouse();
    let fresh = read::gold(&*warehouse, FRESHNESS).await;
    let at = |name: &str| {
        fresh
            .columns
            .iter()
            .position(|column| column == name)
            .unwrap()
    };
    for (table, column) in [("hourly", 1), ("by_who", 2), ("ever", 0)] {
        let mut rows = fresh.rows.iter();
        let row = rows.find(|row| row[0].as_deref() == Some(table)).unwrap();
        let number = |name: &str| row[at(name)].as_ref().unwrap().parse::<u64>().unwrap();
        let place = (
            u32::try_from(number("generation")).unwrap(),
            number("version"),
        );
        let counted = world.rows(table).await;
        let counted = counted
            .iter()
            .map(|row| row[column].parse::<u64>().unwrap());
        assert_eq!(
            Some(&counted.sum::<u64>()),
            sizes.get(&place),
            "{table} at {place:?} {because}"
        );
    }
    let hourly = world.rows("hourly").await;
    let is_new = hourly.iter().all(|row| row[3] == row[4]);
    let progress = warehouse.progress().await.unwrap();
    let is_first = progress["hourly"].physical.as_deref() == Some("hourly__1");
    assert_ne!(is_new, is_first, "old or new {because}");
}

/// A world with a changed definition, or with a generation that was raised as well and is whole.
async fn changed(is_raised: bool) -> (Committed, Sizes) {
    let mut world = Committed::new();
    world.initialize().await;
    let mut sizes = Sizes::from([((1, 0), 0)]);
    for version in 1..=3 {
        let from = i64::try_from(version).unwrap() * 10;
        world.append(&[&events(from, 6)]).await;
        sizes.insert((1, version), 6 * version);
    }
    world.publish().await;
    world.change(CHANGE.0, CHANGE.1);
    if is_raised {
        world.change(GENERATION.0, GENERATION.1);
        world.initialize_as("second").await;
        sizes.insert((2, 0), 0);
        for version in 1..=3 {
            let from = i64::try_from(version).unwrap() * 10;
            world.append(&[&events(from, 7)]).await;
            sizes.insert((2, version), 7 * version);
        }
        let clock = &world.world.clock;
        clock.set(UnixMillis(START + 10 * 60_000));
    } else {
        world.append(&[&events(40, 6)]).await;
        sizes.insert((1, 4), 24);
    }
    (world, sizes)
}

#[tokio::test]
async fn whoever_reads_at_any_instant_sees_the_old_table_or_the_new() {
    for is_raised in [false, true] {
        for (when, how) in ENDINGS {
            for call in 0.. {
                let (world, sizes) = changed(is_raised).await;
                let script = Script::failing_at(call, when, how);
                let gold = scripted(&world, &script);
                let ended = script.run(gold.publish(deadline())).await;
                drop(gold);
                let name = script.calls("").get(call).cloned().unwrap_or_default();
                let because = format!("{is_raised} {when:?} {how:?} {call}: {name}");
                assert_whole(&world, &sizes, &because).await;
                let again = world.publish().await;
                assert_eq!(again.ended, Ended::UpToDate, "{because}");
                assert_whole(&world, &sizes, &because).await;
                let standing = world.world.warehouse().look().await.unwrap();
                assert!(
                    standing.next.is_empty() && standing.gone.is_empty(),
                    "{because}"
                );
                let generation = world.world.dataset.generation;
                let head = world.world.version().await;
                for progress in standing.progress.values() {
                    assert_eq!((progress.generation, progress.version), (generation, head));
                }
                // The old ones go, and nothing else does.
                world.world.wait(10 * 60_000);
                world.publish().await;
                assert_whole(&world, &sizes, &because).await;
                assert_eq!(retired(&world).await, 0);
                if !script.is_over() {
                    assert!(ended.is_some() && call > 8, "{because}");
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn a_drop_that_dies_anywhere_is_made_up_for() {
    for when in [When::Before, When::After] {
        for how in [How::Crash, How::Permanent] {
            let (world, sizes) = changed(false).await;
            world.publish().await;
            world.world.wait(10 * 60_000);
            let script = Script::new();
            script.fail_at("drop", when, how);
            let gold = scripted(&world, &script);
            script.run(gold.publish(deadline())).await;
            assert!(script.is_over());
            assert_whole(&world, &sizes, "while dropping").await;
            world.publish().await;
            assert_eq!(retired(&world).await, 0);
            assert_whole(&world, &sizes, "after dropping").await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn runs_of_two_packages_interleave_at_every_effect() {
    for seed in 0..12 {
        let (world, mut sizes) = changed(seed % 2 == 1).await;
        let run = |seed, stamp| {
            let script = Script::dawdling(seed);
            let gold = scripted(&world, &script).with_build(stamped(stamp));
            tokio::spawn(async move { gold.publish(deadline()).await.map(|done| done.ended) })
        };
        let runs = [run(seed * 3, 1), run(seed * 3 + 1, 1), run(seed * 3 + 2, 2)];
        for run in runs {
            run.await.unwrap().unwrap();
            assert_whole(&world, &sizes, "while they run").await;
        }
        let generation = world.world.dataset.generation;
        let version = world.world.version().await.0 + 1;
        let before = sizes[&(generation, version - 1)];
        world.append(&[&events(900, 5)]).await;
        sizes.insert((generation, version), before + 5);
        let gold = world.gold().with_build(stamped(2));
        assert_eq!(
            gold.publish(deadline()).await.unwrap().ended,
            Ended::UpToDate
        );
        assert_whole(&world, &sizes, "in the end").await;
    }
}

#[tokio::test]
async fn a_slow_reader_keeps_the_old_table_and_holds_nobody_up() {
    let (mut world, path) = published_to_a_file().await;
    let reader = rusqlite::Connection::open(&path).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    let read = |sql: &str| {
        reader
            .query_row(sql, [], |row| row.get::<_, i64>(0))
            .unwrap()
    };
    assert_eq!(read("SELECT sum(n) FROM hourly"), 6);
    world.change(CHANGE.0, CHANGE.1);
    world.append(&[&events(6, 6)]).await;
    assert_eq!(world.publish().await.rebuilt, ["hourly"]);
    world.world.wait(10 * 60_000);
    world.append(&[&events(12, 6)]).await;
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    assert_eq!(
        read("SELECT sum(n) FROM hourly"),
        6,
        "as it was when the reader began"
    );
    reader.execute_batch("COMMIT").unwrap();
    assert_eq!(read("SELECT sum(n) FROM hourly"), 18);
}

#[tokio::test]
async fn a_swap_that_gets_no_lock_is_tried_by_the_next_run() {
    let (mut world, path) = published_to_a_file().await;
    world.change(CHANGE.0, CHANGE.1);
    let script = Script::new();
    let gate = script.stop_at("swap", When::Before);
    let gold = scripted(&world, &script);
    let run = tokio::spawn(async move { gold.publish(deadline()).await.unwrap() });
    gate.reached().await;
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    gate.open();
    let published = run.await.unwrap();
    assert_eq!(
        (published.ended, published.rebuilt.len()),
        (Ended::Rebuilding, 0)
    );
    assert!(published.waiting.unwrap().contains("somebody reads"));
    other.execute_batch("ROLLBACK").unwrap();
    world.append(&[&events(6, 6)]).await;
    assert_eq!(world.publish().await.rebuilt, ["hourly"]);
    let sizes = Sizes::from([((1, 2), 12)]);
    assert_whole(&world, &sizes, "after the lock").await;
}

#[tokio::test]
async fn an_app_that_must_not_show_says_so_and_since_when() {
    let (world, mut sizes) = changed(false).await;
    let refused = async |call: &str| {
        let script = Script::new();
        for _ in 0..2 {
            script.fail_at(call, When::Before, How::Permanent);
        }
        let published = scripted(&world, &script).publish(deadline()).await;
        published.unwrap()
    };
    // It must not make the table either: the script does.
    let published = refused("arrange").await;
    assert_eq!(published.ended, Ended::Rebuilding);
    assert!(published.waiting.unwrap().contains("`sluice schema`"));
    assert_whole(&world, &sizes, "the live table goes on").await;
    assert!(
        world
            .world
            .warehouse()
            .look()
            .await
            .unwrap()
            .next
            .is_empty()
    );

    let published = refused("swap").await;
    assert_eq!(published.ended, Ended::Rebuilding);
    assert!(published.waiting.unwrap().contains("sluice schema --swap"));
    let note = async || {
        let next = world.world.warehouse().look().await.unwrap().next;
        next["hourly"].note.clone().unwrap()
    };
    let noted = note().await;
    assert!(!noted.is_blocked && noted.at == UnixMillis(START));
    world.world.wait(60_000);
    refused("swap").await;
    assert_eq!(note().await.at, UnixMillis(START), "since when stays");
    world.append(&[&events(50, 6)]).await;
    sizes.insert((1, 5), 30);
    assert_eq!(world.publish().await.rebuilt, ["hourly"]);
    assert_whole(&world, &sizes, "in the end").await;
}

#[tokio::test]
async fn a_table_that_was_removed_goes_with_the_generation_and_readers_of_silver_are_told() {
    let (mut world, _) = changed(true).await;
    let ever = "[[gold]]\ntable = \"ever\"\ngrain = \"all\"\n";
    let rest = world.text().split_once(ever).unwrap().1.to_owned();
    let rest = rest.split("[[").next().unwrap().to_owned();
    world.change(&format!("{ever}{rest}"), "");
    let current = async |world: &Committed| {
        let path = TableId::current("things");
        let content = world.world.lake.get(&path).await.unwrap();
        content.map(|content| String::from_utf8(content.to_vec()).unwrap())
    };
    let said = |generation| {
        format!("{{\"generation\":{generation},\"path\":\"silver/things/g{generation}/\"}}")
    };
    assert_eq!(current(&world).await, Some(said(1)));
    let published = world.publish().await;
    assert_eq!(published.ended, Ended::UpToDate);
    assert_eq!(published.rebuilt, ["hourly", "by_who"]);
    assert_eq!(current(&world).await, Some(said(2)));
    let standing = world.world.warehouse().look().await.unwrap();
    let mut retired: Vec<_> = standing
        .retired
        .iter()
        .map(|old| &old.physical[..])
        .collect();
    retired.sort_unstable();
    assert_eq!(retired, ["by_who__1", "ever__1", "hourly__1"]);
    assert_eq!(standing.progress["ever"].physical, None);
    assert_eq!(standing.progress["hourly"].version, Version(3));
}

#[tokio::test(start_paused = true)]
async fn a_generation_swaps_while_its_log_goes_on() {
    let (world, _) = changed(true).await;
    let world = Arc::new(world);
    let gold = world.gold();
    let run = tokio::spawn(async move { gold.publish(deadline()).await.unwrap() });
    for step in 0..5 {
        world.append(&[&events(500 + step * 10, 3)]).await;
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    run.await.unwrap();
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    assert_eq!(world.rows("ever").await[0][0], "36");
}
