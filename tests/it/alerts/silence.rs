//! Groups of which nothing is heard.

use std::sync::Arc;

use super::{alerts, watched, watched_in};
use sluice::event::UnixMillis;
use testkit::database::SqliteFile;
use testkit::world::{Committed, event};

const SILENT: &str = r#"
[[gold]]
table = "seen"
grain = "all"
by = ["who"]
measures = { last_seen = "max(at)" }
[[alert]]
name = "quiet"
on = "seen"
silent = "last_seen"
for = "30m"
fields = ["who", "last_seen"]
"#;

/// Says how SQLite finds the groups whose last time is in a range.
fn plan(file: &SqliteFile, made: u64) -> String {
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    let asked = format!(
        "EXPLAIN QUERY PLAN SELECT * FROM \"seen__{made}\" WHERE \"last_seen\" >= 'a' AND \"last_seen\" < 'b'"
    );
    let detail = connection.query_row(&asked, [], |row| row.get("detail"));
    detail.unwrap()
}

#[tokio::test]
async fn silent_groups_are_found_by_an_index_which_a_rule_brings_along() {
    let file = Arc::new(SqliteFile::new());
    let (table, rule) = SILENT.split_once("[[alert]]").unwrap();
    let mut world = watched_in(Arc::clone(&file), table).await;
    let scan = plan(&file, 1);
    assert!(scan.starts_with("SCAN"), "{scan}");
    // A rule is added: the table has rows, and stays.
    world.change(table, &format!("{table}[[alert]]{rule}"));
    heard(&world, 1, 2, 1).await;
    let search = plan(&file, 1);
    assert!(
        search.contains("SEARCH") && search.contains("INDEX seen__1.last_seen"),
        "{search}"
    );
    // The table is made anew, and has its own.
    world.change(
        "last_seen = \"max(at)\"",
        "n = \"count\", last_seen = \"max(at)\"",
    );
    heard(&world, 2, 3, 1).await;
    let search = plan(&file, 2);
    assert!(search.contains("INDEX seen__2.last_seen"), "{search}");
    // Nothing is left to be done.
    assert!(!world.world.warehouse().look().await.unwrap().is_incomplete);
}

async fn heard(world: &Committed, id: i64, minute: i64, who: i64) {
    world.world.clock.set(UnixMillis(minute * 60_000));
    world.append(&[&[event(id, minute, Some(who), 1)]]).await;
    world.publish().await;
}

#[tokio::test]
async fn a_group_that_others_leave_behind_is_told_once_and_is_over_when_it_speaks() {
    let world = watched(SILENT).await;
    heard(&world, 1, 2, 1).await;
    heard(&world, 2, 5, 2).await;
    heard(&world, 3, 32, 2).await;
    assert_eq!(alerts(&world).await.len(), 1, "nobody's, of minute 1");
    heard(&world, 4, 33, 2).await;
    let first = r#"quiet silent open {"last_seen":"1970-01-01T00:02:00.000000Z","who":"w1"}"#;
    assert!(alerts(&world).await.contains(&first.to_owned()));
    heard(&world, 5, 34, 2).await;
    assert_eq!(alerts(&world).await.len(), 2);
    heard(&world, 6, 35, 1).await;
    assert!(
        alerts(&world)
            .await
            .contains(&first.replace("open", "over"))
    );
    // Another silence is another alert.
    heard(&world, 7, 66, 2).await;
    let second = first.replace("00:02", "00:35");
    assert!(alerts(&world).await.contains(&second));
}

#[tokio::test]
async fn a_backlog_raises_no_false_silence() {
    let world = watched(SILENT).await;
    heard(&world, 1, 2, 1).await;
    // Nobody was gone: everybody spoke every ten minutes, and gold was away.
    for step in 1..=20 {
        let minute = 2 + step * 10;
        let all = [
            event(step * 10, minute, Some(1), 1),
            event(step * 10 + 1, minute, None, 1),
        ];
        world.append(&[&all]).await;
    }
    world.world.clock.set(UnixMillis(202 * 60_000));
    let small = world.gold().with_limits(testkit::world::SMALL);
    small.publish(testkit::world::deadline()).await.unwrap();
    assert_eq!(alerts(&world).await, [] as [&str; 0]);
}

#[tokio::test]
async fn a_stream_that_is_dead_is_told_by_the_time_of_day_once() {
    let world = watched(SILENT).await;
    heard(&world, 1, 2, 1).await;
    let at = async |minute: i64| {
        world.world.clock.set(UnixMillis(minute * 60_000));
        world.publish().await;
        alerts(&world).await.len()
    };
    // The idle time-out of five minutes comes before the half hour of silence.
    assert_eq!(at(36).await, 0);
    assert_eq!(at(37).await, 1, "nobody's, of minute 1");
    assert_eq!(at(38).await, 2);
    assert_eq!(at(500).await, 2);
    // What was told is over when somebody speaks, and others stay silent.
    heard(&world, 2, 501, 1).await;
    let open = alerts(&world).await;
    assert_eq!(
        open.iter().filter(|told| told.contains(" open ")).count(),
        1
    );
}
