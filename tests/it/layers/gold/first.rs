//! Tables that nobody sees: new in the dataset file, or dropped by hand. Of a large lake they are filled in bounded parts,
//! and nobody sees them before they are whole.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice::event::UnixMillis;
use sluice::gold::{Ended, Limits, Published, Rebuild};
use sluice::warehouse::Shadow;
use sluice::warehouse::schema::FRESHNESS;
use testkit::database::SqliteFile;
use testkit::events::START;
use testkit::faulty::{How, Script, When};
use testkit::read;
use testkit::world::{Committed, SMALL, deadline, events};

use super::scripted;

const TABLES: [&str; 3] = ["hourly", "by_who", "ever"];
const MORE: &str = "[[gold]]\ntable = \"more\"\ngrain = \"day\"\nmeasures = { n = \"count\" }\n";
/// What a transaction of live tables takes: four files of a world, and of shadows ten times as much.
const STEP: Limits = Limits {
    files: 4,
    rows: u64::MAX,
    versions: 100,
    ..SMALL
};

/// A step of one file, whose rows are merged at once.
const SHORT: Limits = Limits {
    files: 1,
    held: 1 << 20,
    ..STEP
};

/// A world of as many commits, of four rows each, of which gold has seen none.
async fn unseen(commits: i64) -> Committed {
    unseen_in(Arc::new(SqliteFile::new()), commits).await
}

async fn unseen_in(file: Arc<SqliteFile>, commits: i64) -> Committed {
    let world = Committed::on(file);
    world.initialize().await;
    append(&world, 0, commits).await;
    world
}

async fn append(world: &Committed, from: i64, commits: i64) {
    for step in from..from + commits {
        world.append(&[&events(step * 4, 4)]).await;
    }
}

async fn publish(world: &Committed) -> Published {
    let gold = world.gold().with_limits(STEP);
    gold.publish(deadline()).await.unwrap()
}

async fn next(world: &Committed) -> BTreeMap<String, Shadow> {
    world.world.warehouse().look().await.unwrap().next
}

/// Checks that readers see nothing of a table, or all of `rows` rows of silver.
async fn assert_none_or_all(world: &Committed, table: &str, rows: u64, because: &str) {
    let read = world.world.warehouse().read_table(table, None, 1_000).await;
    let Ok(read) = read else { return };
    let n = read.columns.iter().position(|column| column == "n");
    let counted = read.rows.iter().map(|row| row[n.unwrap()].clone());
    let counted: u64 = counted.map(|n| n.unwrap().parse::<u64>().unwrap()).sum();
    assert_eq!(counted, rows, "{table} {because}");
}

#[tokio::test]
async fn what_fits_one_step_comes_in_one_go_and_what_does_not_by_a_swap() {
    for (commits, transactions, fills) in [(4, 1, 0), (5, 5, 1), (90, 7, 3)] {
        let world = unseen(commits).await;
        let script = Script::new();
        let gold = scripted(&world, &script).with_limits(STEP);
        let published = gold.publish(deadline()).await.unwrap();
        assert_eq!(published.ended, Ended::UpToDate);
        assert_eq!(published.rebuilt, TABLES);
        // They are begun together, filled together and shown one by one.
        assert_eq!(published.transactions, transactions, "{commits} commits");
        assert_eq!(script.calls("commit beside").len(), fills);
        world.assert_tables_are_right().await;
        let progress = world.world.warehouse().progress().await.unwrap();
        assert_eq!(progress["ever"].physical.as_deref(), Some("ever__1"));
        let read = read::gold(&*world.world.warehouse(), FRESHNESS).await;
        assert_eq!(read.rows.len(), 3);
    }
}

#[tokio::test]
async fn a_first_filling_goes_on_where_it_ended_and_nobody_sees_it() {
    let world = unseen(90).await;
    for done in [40, 80] {
        let script = Script::new();
        script.fail_at("commit beside", When::After, How::Crash);
        let gold = scripted(&world, &script).with_limits(STEP);
        assert!(script.run(gold.publish(deadline())).await.is_none());
        let next = next(&world).await;
        assert_eq!(next["ever"].files_done, done);
        for table in TABLES {
            let read = world.world.warehouse().read_table(table, None, 1).await;
            assert!(read.is_err(), "{table} is not there");
        }
    }
    // What was added meanwhile is caught up with.
    append(&world, 90, 7).await;
    assert_eq!(publish(&world).await.rebuilt, TABLES);
    world.assert_tables_are_right().await;
}

#[tokio::test]
async fn a_new_table_and_a_dropped_one_are_made_beside_while_the_others_go_on() {
    let file = Arc::new(SqliteFile::new());
    let mut world = unseen_in(Arc::clone(&file), 50).await;
    publish(&world).await;
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    connection.execute("DROP TABLE by_who__1", []).unwrap();
    let ever = "[[gold]]\ntable = \"ever\"";
    world.change(ever, &format!("{MORE}{ever}"));
    append(&world, 50, 3).await;
    let script = Script::new();
    script.fail_at("commit beside", When::After, How::Crash);
    let gold = scripted(&world, &script).with_limits(STEP);
    assert!(script.run(gold.publish(deadline())).await.is_none());
    assert_eq!(world.rows("ever").await[0][0], "212", "it goes on");
    assert!(world.rows("more").await.is_empty() && world.rows("by_who").await.is_empty());
    let blocked = world.world.warehouse().look().await.unwrap().blocked;
    assert!(blocked["by_who"].is_rebuilding);
    assert!(blocked["by_who"].reason.contains("its table is gone"));
    let published = publish(&world).await;
    assert_eq!(published.ended, Ended::UpToDate);
    assert_eq!(published.rebuilt, ["by_who", "more"]);
    let standing = world.world.warehouse().look().await.unwrap();
    assert!(standing.blocked.is_empty() && standing.gone.is_empty());
    assert_eq!(
        standing.progress["by_who"].physical.as_deref(),
        Some("by_who__2"),
        "no name is used twice"
    );
    for (table, column) in [("by_who", 2), ("more", 1)] {
        let rows = world.rows(table).await;
        let counted = rows.iter().map(|row| row[column].parse::<u64>().unwrap());
        assert_eq!(counted.sum::<u64>(), 212, "{table}");
    }
}

#[tokio::test]
async fn a_crash_around_any_call_shows_no_table_or_the_whole() {
    for is_dropped in [false, true] {
        // What ends before a call has ended after the one before.
        for how in [How::Crash, How::Unknown] {
            for call in 0.. {
                let file = Arc::new(SqliteFile::new());
                let world = unseen_in(Arc::clone(&file), 12).await;
                if is_dropped {
                    publish(&world).await;
                    let connection = rusqlite::Connection::open(file.path()).unwrap();
                    let drop = "DROP TABLE by_who__1; DROP TABLE ever__1";
                    connection.execute_batch(drop).unwrap();
                }
                let script = Script::failing_at(call, When::After, how);
                let gold = scripted(&world, &script).with_limits(SHORT);
                let ended = script.run(gold.publish(deadline())).await;
                drop(gold);
                let name = script.calls("").get(call).cloned().unwrap_or_default();
                let because = format!("{is_dropped} {how:?} {call}: {name}");
                for table in TABLES {
                    assert_none_or_all(&world, table, 48, &because).await;
                }
                append(&world, 12, 1).await;
                let again = publish(&world).await;
                assert_eq!(again.ended, Ended::UpToDate, "{because}: {again:?}");
                world.assert_tables_are_right().await;
                // What was begun and given up goes, and nothing else does.
                world.world.wait(10 * 60_000);
                publish(&world).await;
                world.assert_tables_are_right().await;
                let standing = world.world.warehouse().look().await.unwrap();
                let is_clean = standing.next.is_empty() && standing.retired.is_empty();
                assert!(is_clean && standing.gone.is_empty(), "{because}");
                if !script.is_over() {
                    assert!(ended.is_some() && call > 8, "{because}");
                    break;
                }
            }
        }
    }
}

#[tokio::test]
async fn an_app_that_must_not_make_tables_fills_those_that_the_script_made() {
    let file = Arc::new(SqliteFile::new());
    let world = unseen_in(Arc::clone(&file), 50).await;
    let script = sluice::warehouse::sqlite::script(world.world.warehouse().schema()).unwrap();
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    connection.execute_batch(&script).unwrap();
    let refused = Script::new();
    for _ in 0..4 {
        refused.fail_at("arrange", When::Before, How::Permanent);
    }
    let gold = scripted(&world, &refused).with_limits(STEP);
    let published = gold.publish(deadline()).await.unwrap();
    assert_eq!(
        (published.ended, published.waiting),
        (Ended::UpToDate, None)
    );
    world.assert_tables_are_right().await;
    let progress = world.world.warehouse().progress().await.unwrap();
    assert_eq!(progress["ever"].physical.as_deref(), Some("ever__1"));
}

#[tokio::test]
async fn tables_that_all_have_other_names_take_the_place_of_those_before_at_once() {
    let file = Arc::new(SqliteFile::new());
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    let one = |sql: &str| connection.query_row(sql, [], |row| row.get::<_, i64>(0));
    let mut world = unseen_in(file, 3).await;
    publish(&world).await;
    for table in TABLES {
        let from = format!("table = \"{table}\"");
        world.change(&from, &format!("table = \"{table}_too\""));
    }
    world.change("name = \"things\"", "name = \"things\"\ngeneration = 2");
    world.initialize_as("second").await;
    append(&world, 0, 2).await;
    let clock = &world.world.clock;
    clock.set(UnixMillis(START + 10 * 60_000));
    assert_eq!(one("SELECT n FROM ever").unwrap(), 12);
    append(&world, 2, 1).await;
    let published = publish(&world).await;
    assert_eq!(published.ended, Ended::UpToDate);
    assert_eq!(published.rebuilt.len(), 3);
    assert_eq!(world.rows("ever_too").await[0][0], "12");
    let standing = world.world.warehouse().look().await.unwrap();
    assert_eq!(standing.retired.len(), 3, "they are no longer wanted");
    let views = "SELECT count(*) FROM sqlite_schema WHERE type = 'view'";
    let expected = "three tables, their reports and the balance";
    assert_eq!(one(views).unwrap(), 7, "{expected}");
}

#[tokio::test]
async fn what_another_pipeline_has_begun_is_left_to_it_until_somebody_asks() {
    let world = unseen(50).await;
    let script = Script::new();
    script.fail_at("fill", When::Before, How::Crash);
    let gold = scripted(&world, &script).with_limits(STEP);
    assert!(script.run(gold.publish(deadline())).await.is_none());
    let other = Committed::on(Arc::clone(&world.world.database));
    other.initialize_as("another").await;
    append(&other, 0, 50).await;
    let before = next(&world).await;
    let blocked = publish(&other).await;
    assert_eq!(blocked.ended, Ended::Blocked);
    assert!(blocked.blocked[0].contains("follow another pipeline"));
    assert_eq!(next(&world).await, before);
    other.gold().ask(&Rebuild::All).await.unwrap();
    assert_eq!(publish(&other).await.rebuilt, TABLES);
    other.assert_tables_are_right().await;
    assert_eq!(publish(&world).await.ended, Ended::Blocked);
}
