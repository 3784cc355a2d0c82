//! Tables that are made beside the live ones: what the live ones do meanwhile, and when a shadow starts over or is given up.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice::event::UnixMillis;
use sluice::gold::{Ended, Error, Rebuild};
use sluice::table::log::Version;
use sluice::warehouse::Shadow;
use testkit::database::{Database, SqliteFile};
use testkit::events::{DAY, START};
use testkit::faulty::{How, Script, When};
use testkit::read;
use testkit::world::{Committed, SMALL, deadline, events};

use super::{CHANGE, scripted, stamped};

/// A world of three commits that gold has published, whose dataset file has another definition of `hourly` then.
async fn changed() -> Committed {
    changed_on(Arc::new(SqliteFile::new())).await
}

async fn changed_on(database: Arc<dyn Database>) -> Committed {
    let mut world = Committed::on(database);
    world.initialize().await;
    for step in 0..3 {
        world.append(&[&events(step * 5, 5)]).await;
    }
    world.publish().await;
    world.change(CHANGE.0, CHANGE.1);
    world
}

/// Runs gold until a call of the warehouse, at which the process ends.
async fn dies_at(world: &Committed, call: &str) {
    let script = Script::new();
    script.fail_at(call, When::Before, How::Crash);
    let gold = scripted(world, &script);
    assert!(
        script.run(gold.publish(deadline())).await.is_none(),
        "{call}"
    );
}

async fn next(world: &Committed) -> BTreeMap<String, Shadow> {
    world.world.warehouse().look().await.unwrap().next
}

async fn physical(world: &Committed) -> String {
    let progress = world.world.warehouse().progress().await.unwrap();
    progress["hourly"].physical.clone().unwrap()
}

/// The number of rows of silver that a table counts.
async fn counted(world: &Committed, table: &str, column: usize) -> u64 {
    let rows = world.rows(table).await;
    rows.iter()
        .map(|row| row[column].parse::<u64>().unwrap())
        .sum()
}

#[tokio::test]
async fn a_live_table_goes_on_by_its_earlier_definition_until_the_swap() {
    let world = changed().await;
    dies_at(&world, "fill").await;
    let physical_before = physical(&world).await;
    for step in 3..6 {
        world.append(&[&events(step * 5, 5)]).await;
        dies_at(&world, "fill").await;
        let standing = world.world.warehouse().look().await.unwrap();
        let live = &standing.progress["hourly"];
        assert_eq!(live.version, world.world.version().await);
        assert_eq!(
            counted(&world, "hourly", 1).await,
            u64::try_from(step * 5 + 5).unwrap()
        );
        let rows = world.rows("hourly").await;
        assert!(
            rows.iter().any(|row| row[3] != row[4]),
            "its lowest is its lowest"
        );
        assert_eq!(standing.next["hourly"].base, Some(Version(3)));
    }
    assert_eq!(physical(&world).await, physical_before);
    let published = world.publish().await;
    assert_eq!(
        (published.ended, &published.rebuilt[..]),
        (Ended::UpToDate, &["hourly".to_owned()][..])
    );
    let rows = world.rows("hourly").await;
    assert!(rows.iter().all(|row| row[3] == row[4]));
    assert_eq!(counted(&world, "hourly", 1).await, 30);
    assert!(next(&world).await.is_empty());
}

#[tokio::test]
async fn a_definition_that_is_not_understood_stands_still_until_the_swap() {
    let file = Arc::new(SqliteFile::new());
    let world = changed_on(Arc::clone(&file) as _).await;
    let before = world.rows("hourly").await;
    let path = file.path();
    let books = rusqlite::Connection::open(path).unwrap();
    books
        .execute("UPDATE sluice_progress SET text = '2 Week'", [])
        .unwrap();
    drop(books);
    world.append(&[&events(15, 5)]).await;
    dies_at(&world, "fill").await;
    let standing = world.world.warehouse().look().await.unwrap();
    assert!(standing.blocked["hourly"].is_rebuilding);
    assert!(
        standing.blocked["hourly"]
            .reason
            .contains("does not understand")
    );
    assert_eq!(
        standing.progress["ever"].version,
        Version(4),
        "the others go on"
    );
    assert_eq!(world.rows("hourly").await, before);
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    assert_eq!(counted(&world, "hourly", 1).await, 20);
    assert!(
        world
            .world
            .warehouse()
            .look()
            .await
            .unwrap()
            .blocked
            .is_empty()
    );
}

#[tokio::test]
async fn a_backfill_goes_on_where_it_ended_whatever_was_compacted_since() {
    let world = changed().await;
    dies_at(&world, "fill").await;
    let begun = next(&world).await["hourly"].clone();
    dies_at(&world, "swap").await;
    let filled = next(&world).await["hourly"].clone();
    assert_eq!((filled.files_done, filled.version), (3, Some(Version(3))));
    assert_eq!(
        (&filled.physical, filled.base),
        (&begun.physical, begun.base)
    );

    // Another one begins and is compacted away before it is filled.
    let asked = world
        .gold()
        .ask(&Rebuild::Table("ever".into()))
        .await
        .unwrap();
    assert_eq!(asked, ["ever"]);
    dies_at(&world, "fill").await;
    world.append(&[&events(15, 5)]).await;
    world.compact().await;
    let log = world.world.log();
    let snapshot = log
        .write_snapshot(&world.world.snapshot().await, "s")
        .await
        .unwrap();
    assert!(log.attach_snapshot(&snapshot).await.unwrap());
    assert_eq!(next(&world).await["ever"].base, Some(Version(3)));
    let published = world.publish().await;
    assert_eq!(published.ended, Ended::UpToDate);
    assert_eq!(world.rows("ever").await[0][0], "20");
    let progress = world.world.warehouse().progress().await.unwrap();
    assert_eq!(
        progress["ever"].physical.as_deref(),
        Some("ever__2"),
        "it did not start over"
    );
}

#[tokio::test]
async fn a_shadow_whose_base_is_gone_starts_over() {
    let world = changed().await;
    dies_at(&world, "fill").await;
    world.compact().await;
    world.vacuum().await;
    let published = world.publish().await;
    assert_eq!(published.ended, Ended::UpToDate);
    assert_eq!(physical(&world).await, "hourly__3", "no name is used twice");
    assert_eq!(counted(&world, "hourly", 1).await, 15);
    let retired = world.world.warehouse().look().await.unwrap().retired;
    let mut retired: Vec<_> = retired.into_iter().map(|old| old.physical).collect();
    retired.sort();
    assert_eq!(retired, ["hourly__1", "hourly__2"]);
}

#[tokio::test]
async fn a_shadow_that_takes_five_days_starts_over_before_its_files_go() {
    let world = changed().await;
    dies_at(&world, "fill").await;
    let clock = &world.world.clock;
    clock.set(UnixMillis(START + 5 * DAY));
    dies_at(&world, "fill").await;
    assert_eq!(
        next(&world).await["hourly"].physical.as_deref(),
        Some("hourly__2")
    );
    clock.set(UnixMillis(START + 5 * DAY + 1));
    world.append(&[&events(15, 5)]).await;
    dies_at(&world, "fill").await;
    let again = next(&world).await["hourly"].clone();
    assert_eq!(
        (again.physical.as_deref(), again.base),
        (Some("hourly__3"), Some(Version(4)))
    );
}

#[tokio::test]
async fn a_build_that_shows_what_is_live_gives_a_shadow_up() {
    let mut world = changed().await;
    dies_at(&world, "fill").await;
    world.change(CHANGE.1, CHANGE.0);
    let published = world.publish().await;
    assert_eq!(
        (published.ended, published.rebuilt.len()),
        (Ended::UpToDate, 0)
    );
    assert!(next(&world).await.is_empty());
    let standing = world.world.warehouse().look().await.unwrap();
    assert_eq!(standing.retired[0].physical, "hourly__2");
    assert_eq!(standing.progress["hourly"].made, 2);
    world.assert_tables_are_right().await;
    // But not one that somebody asked for.
    world.gold().ask(&Rebuild::All).await.unwrap();
    dies_at(&world, "fill").await;
    dies_at(&world, "fill").await;
    assert_eq!(next(&world).await.len(), 3);
    assert_eq!(world.publish().await.rebuilt.len(), 3);
    world.assert_tables_are_right().await;
}

#[tokio::test]
async fn another_definition_takes_the_place_of_a_shadow() {
    let mut world = changed().await;
    dies_at(&world, "fill").await;
    world.change(
        "high = \"max(amount)\" }",
        "high = \"max(amount)\", m = \"count\" }",
    );
    dies_at(&world, "fill").await;
    assert_eq!(
        next(&world).await["hourly"].physical.as_deref(),
        Some("hourly__3")
    );
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    assert_eq!(physical(&world).await, "hourly__3");
    assert_eq!(world.rows("hourly").await[0].len(), 6);
}

#[tokio::test]
async fn what_is_asked_for_takes_over_the_tables_of_another_pipeline() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let other = Committed::on(Arc::clone(&world.world.database));
    other.initialize_as("another").await;
    other.append(&[&events(100, 3)]).await;
    assert_eq!(other.publish().await.ended, Ended::Blocked);
    assert_eq!(other.gold().ask(&Rebuild::All).await.unwrap().len(), 3);
    // Until then the tables go on as they were, and nothing of what is asked for is given up.
    world.append(&[&events(5, 5)]).await;
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    assert_eq!(world.rows("ever").await[0][0], "10");
    let published = other.publish().await;
    assert_eq!(
        (published.ended, published.rebuilt.len()),
        (Ended::UpToDate, 3)
    );
    other.assert_tables_are_right().await;
    assert_eq!(world.publish().await.ended, Ended::Blocked);
}

#[tokio::test]
async fn what_takes_over_from_another_log_stands_at_the_head_that_was_read_last() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let other = Committed::on(Arc::clone(&world.world.database));
    other.initialize_as("another").await;
    other.append(&[&events(100, 3)]).await;
    other.gold().ask(&Rebuild::All).await.unwrap();
    let script = Script::new();
    let filled = script.stop_at("commit beside", When::After);
    let swap = script.stop_at("swap", When::Before);
    let gold = scripted(&other, &script);
    let run = tokio::spawn(async move { gold.publish(deadline()).await.unwrap() });
    filled.reached().await;
    other.append(&[&events(200, 3)]).await;
    filled.open();
    swap.reached().await;
    // Versions of two logs are never compared: it is the head that decides.
    let head = Some(other.world.version().await);
    let shadows = next(&other).await;
    assert!(
        shadows.values().all(|shadow| shadow.version == head),
        "{shadows:?}"
    );
    swap.open();
    assert_eq!(run.await.unwrap().ended, Ended::UpToDate);
    other.assert_tables_are_right().await;
}

#[tokio::test]
async fn a_request_is_noticed_although_nothing_was_added() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    let script = Script::new();
    let gold = scripted(&world, &script);
    gold.publish(deadline()).await.unwrap();
    assert_eq!(
        gold.publish(deadline()).await.unwrap().ended,
        Ended::Unchanged
    );
    world
        .gold()
        .ask(&Rebuild::Table("ever".into()))
        .await
        .unwrap();
    assert_eq!(gold.publish(deadline()).await.unwrap().rebuilt, ["ever"]);
}

#[tokio::test]
async fn what_is_asked_of_the_books_of_an_earlier_build_waits_for_their_first_run() {
    let file = Arc::new(SqliteFile::new());
    let world = Committed::on(Arc::clone(&file) as Arc<dyn Database>);
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    let lacking = "ALTER TABLE sluice_next DROP COLUMN rows_taken";
    connection.execute_batch(lacking).unwrap();
    let asked = world.gold().ask(&Rebuild::All).await;
    assert!(matches!(asked, Err(Error::Unprepared)), "{asked:?}");
    world.publish().await;
    let asked = world.gold().ask(&Rebuild::All).await.unwrap();
    assert!(asked.contains(&"ever".to_owned()), "{asked:?}");
    assert!(world.publish().await.rebuilt.contains(&"ever".to_owned()));
}

#[tokio::test]
async fn a_shadow_that_overflows_is_blocked_and_the_live_table_goes_on() {
    let mut world = Committed::new();
    world.change(
        "measures = { n = \"count\", total = \"sum(amount)\", low",
        "measures = { n = \"count\", low",
    );
    world.initialize().await;
    let large = |id| testkit::world::Event {
        amount: 10_i128.pow(38) - 1,
        ..testkit::world::event(id, 0, None, 0)
    };
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    world.append(&[&[large(100), large(101)]]).await;
    world.change(
        "measures = { n = \"count\", low",
        "measures = { n = \"count\", total = \"sum(amount)\", low",
    );
    let publish = async |world: &Committed, stamp| {
        let gold = world.gold().with_build(stamped(stamp));
        gold.publish(deadline()).await.unwrap()
    };
    let published = publish(&world, 1).await;
    assert_eq!(published.ended, Ended::Blocked);
    let reasons = published.blocked.join("\n");
    assert!(
        reasons.contains("sum total of gold table hourly"),
        "{reasons}"
    );
    assert_eq!(counted(&world, "hourly", 1).await, 7);
    let noted = next(&world).await["hourly"].note.clone().unwrap();
    assert!(noted.is_blocked);
    // It costs nothing until the package changes, and the live table goes on.
    world.append(&[&events(10, 5)]).await;
    let again = publish(&world, 1).await;
    assert_eq!((again.ended, again.files), (Ended::Blocked, 1));
    assert_eq!(counted(&world, "hourly", 1).await, 12);
    assert_eq!(publish(&world, 2).await.ended, Ended::Blocked);
    assert_eq!(next(&world).await["hourly"].note.as_ref().unwrap().stamp, 2);
}

#[tokio::test]
async fn a_head_that_is_older_than_a_shadow_changes_nothing() {
    let world = changed().await;
    dies_at(&world, "fill").await;
    // A reader of a state that is behind.
    let partition = sluice::table::TableId::of(&world.world.dataset).log_partition();
    let state = &world.world.state;
    let head = state.get(&partition, "head").await.unwrap().unwrap().entity;
    let mut older = head.clone();
    let version = sluice::store::entity::Value::Int64(2);
    older.properties.insert("version".into(), version);
    let put = async |entity| {
        let operations = [sluice::store::entity::Operation::Upsert(entity)];
        state.transact(&partition, &operations).await.unwrap();
    };
    put(older).await;
    let before = world.world.warehouse().look().await.unwrap().next;
    assert_eq!(world.publish().await.ended, Ended::Conflict);
    assert_eq!(next(&world).await, before);
    put(head).await;
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
}

#[tokio::test]
async fn bounded_parts_make_the_same_table() {
    let world = changed().await;
    for step in 3..30 {
        world.append(&[&events(step * 5, 5)]).await;
    }
    let gold = world.gold().with_limits(SMALL);
    let published = gold.publish(deadline()).await.unwrap();
    assert_eq!(published.ended, Ended::UpToDate);
    // Live commits one by one; the shadow in parts of twenty files.
    assert_eq!(counted(&world, "hourly", 1).await, 150);
    let totals = read::gold(&*world.world.warehouse(), "hourly").await;
    assert!(totals.rows.iter().all(|row| row[3] == row[4]));
}
