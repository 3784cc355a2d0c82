//! What freshness says beside versions: what of bronze waits, and which tables the dataset file no longer has.

use std::sync::Arc;

use sluice::event::UnixMillis;
use sluice::gold::{Ended, Published};
use sluice::pending::MaintenanceState;
use sluice::store::object::ObjectPath;
use sluice::warehouse::schema::FRESHNESS;
use testkit::database::SqliteFile;
use testkit::events::{HOUR, MINUTE, START, thing};
use testkit::faulty::{How, Script, When};
use testkit::world::{Committed, Process, World, deadline, events};

use super::scripted;

/// Returns what the rows of freshness have in some columns, by table.
async fn said(world: &World, columns: &[&str]) -> Vec<(String, Vec<String>)> {
    let read = world.warehouse().read_table(FRESHNESS, None, 100).await;
    let read = read.unwrap();
    let at = |name: &str| read.columns.iter().position(|column| column == name);
    let rows = read.rows.iter().map(|row| {
        let cells = columns.iter().map(|name| row[at(name).unwrap()].clone());
        let cells = cells.map(|cell| cell.unwrap_or_else(|| "-".to_owned()));
        (row[0].clone().unwrap(), cells.collect())
    });
    rows.collect()
}

/// Returns how many objects wait and since when, which all tables must say alike.
async fn waits(world: &World) -> (String, String) {
    let said = said(world, &["pending_objects", "oldest_pending"]).await;
    assert_eq!(said.len(), 3);
    let first = said[0].1.clone();
    assert!(said.iter().all(|(_, cells)| *cells == first), "{said:?}");
    (first[0].clone(), first[1].clone())
}

async fn publish(process: &Process) -> Published {
    process.app.gold.publish(deadline()).await.unwrap()
}

fn looks(process: &Process) -> usize {
    process.script.calls("look").len()
}

fn lists(process: &Process) -> usize {
    process.script.calls("list bronze/").len()
}

/// A stream of one event that is refined and one that waits, both published; returns the object that waits.
async fn one_waits(world: &World, process: &Process) -> ObjectPath {
    let source = world.put("0", 0, &[thing(1, 0, 1)]).await;
    process.refine(&source).await;
    let waits = world.put("1", 0, &[thing(2, 0, 1)]).await;
    publish(process).await;
    ObjectPath::new("bronze", &waits.name)
}

#[tokio::test]
async fn what_waited_and_is_gone_is_said_without_a_commit() {
    let world = World::new();
    let process = world.process();
    let object = one_waits(&world, &process).await;
    let since = "2025-11-14T11:00:00.000000Z".to_owned();
    assert_eq!(waits(&world).await, ("1".to_owned(), since));
    world.lake.delete(&object).await.unwrap();
    world.wait(MINUTE);
    assert_eq!(publish(&process).await.ended, Ended::UpToDate);
    assert_eq!(waits(&world).await, ("0".to_owned(), "-".to_owned()));
    // And then the database is left alone again.
    let before = looks(&process);
    world.wait(MINUTE);
    assert_eq!(publish(&process).await.ended, Ended::Unchanged);
    assert_eq!(looks(&process), before);
}

#[tokio::test]
async fn while_something_waits_bronze_is_looked_at_once_a_minute_and_the_database_is_not() {
    let world = World::new();
    let process = world.process();
    one_waits(&world, &process).await;
    let (looked, listed) = (looks(&process), lists(&process));
    for tenth in 0..30 {
        world.clock.set(UnixMillis(START + tenth * 6_000));
        assert_eq!(publish(&process).await.ended, Ended::Unchanged);
    }
    assert_eq!(looks(&process), looked);
    let once = lists(&process) - listed;
    assert!(
        (1..=2 * listed).contains(&once),
        "{once} listings in three minutes"
    );
}

#[tokio::test]
async fn what_maintenance_could_not_refine_is_said_to_wait() {
    let world = World::new();
    let process = world.process();
    let source = world.put("0", 0, &[thing(1, 0, 1)]).await;
    process.refine(&source).await;
    publish(&process).await;
    assert_eq!(waits(&world).await.0, "0");
    let listed = lists(&process);
    // Nothing says so yet, and nothing is looked at.
    world.put("1", 0, &[thing(2, 0, 1)]).await;
    world.wait(MINUTE);
    assert_eq!(publish(&process).await.ended, Ended::Unchanged);
    assert_eq!(lists(&process), listed);
    world.wait(HOUR / 2);
    let failing = world.process();
    failing
        .script
        .fail_at("create silver/", When::Before, How::Permanent);
    let options = sluice::maintain::Options::default();
    failing.maintenance.run(options, deadline()).await;
    let noted = MaintenanceState::read(&world.state, &world.dataset).await;
    assert_eq!(noted.unwrap().left, 1);
    assert_eq!(publish(&process).await.ended, Ended::UpToDate);
    assert_eq!(waits(&world).await.0, "1");
    let looked = looks(&process);
    world.wait(MINUTE);
    assert_eq!(publish(&process).await.ended, Ended::Unchanged);
    assert_eq!(looks(&process), looked);
}

#[tokio::test(start_paused = true)]
async fn a_run_that_dies_anywhere_while_it_says_what_waits_is_made_up_for() {
    for when in [When::Before, When::After] {
        let mut call = 0;
        loop {
            let world = World::new();
            let object = one_waits(&world, &world.process()).await;
            world.lake.delete(&object).await.unwrap();
            world.wait(MINUTE);
            let dying = world.process_with(Script::failing_at(call, when, How::Crash));
            let run = dying.app.gold.publish(deadline());
            let ended = dying.script.run(run).await;
            publish(&world.process()).await;
            assert_eq!(waits(&world).await.0, "0", "{when:?} {call}");
            if ended.is_some() {
                break;
            }
            call += 1;
        }
        assert!(call > 6, "{call} calls");
    }
}

/// A world whose dataset file no longer has the table `ever`, with the text that was removed.
async fn without_ever(file: Arc<SqliteFile>) -> (Committed, String) {
    let mut world = Committed::on(file);
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let ever = world.text().find("[[gold]]\ntable = \"ever\"").unwrap();
    let removed = world.text()[ever..].to_owned();
    world.change(&removed, "");
    (world, removed)
}

/// Puts the table back that was removed, before another one.
fn put_back(world: &mut Committed, removed: &str) {
    let by_who = "[[gold]]\ntable = \"by_who\"";
    world.change(by_who, &format!("{removed}{by_who}"));
}

async fn state_of_ever(world: &Committed) -> Vec<String> {
    let said = said(&world.world, &["state", "reason"]).await;
    let ever = said.into_iter().find(|(table, _)| table == "ever");
    ever.unwrap().1
}

#[tokio::test]
async fn a_table_that_the_file_no_longer_has_says_so_until_it_is_back() {
    let (mut world, removed) = without_ever(Arc::new(SqliteFile::new())).await;
    let script = Script::new();
    let gold = scripted(&world, &script);
    for step in 1..3 {
        world.append(&[&events(step * 5, 5)]).await;
        let published = gold.publish(deadline()).await.unwrap();
        assert_eq!(published.ended, Ended::UpToDate);
        let said = state_of_ever(&world).await;
        assert_eq!(said[0], "removed");
        assert!(
            said[1].contains("`sluice status` says how to remove it"),
            "{said:?}"
        );
    }
    assert_eq!(script.calls("remark").len(), 1, "it is said once");
    let warehouse = world.world.warehouse();
    let ever = warehouse.count_rows("hourly").await;
    assert!(ever.unwrap() > 0);

    put_back(&mut world, &removed);
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    assert_eq!(state_of_ever(&world).await, ["live", "-"]);
    assert_eq!(world.rows("ever").await[0][0], "15");
}

#[tokio::test]
async fn a_table_that_comes_back_where_it_stands_is_live_again() {
    let (mut world, removed) = without_ever(Arc::new(SqliteFile::new())).await;
    world.publish().await;
    assert_eq!(state_of_ever(&world).await[0], "removed");
    put_back(&mut world, &removed);
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    assert_eq!(state_of_ever(&world).await, ["live", "-"]);
}

#[tokio::test]
async fn what_removes_a_table_by_hand_leaves_nothing_of_it_but_its_count() {
    let file = Arc::new(SqliteFile::new());
    let (mut world, removed) = without_ever(Arc::clone(&file)).await;
    world.publish().await;
    let warehouse = world.world.warehouse();
    let standing = warehouse.look().await.unwrap();
    let found = standing.removed(warehouse.schema());
    let statements = warehouse.removal("ever", &found["ever"]);
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    for statement in statements {
        connection.execute_batch(&statement).unwrap();
    }
    let left = "SELECT count(*) FROM sqlite_schema WHERE name LIKE 'ever%'";
    let left = connection.query_row(left, [], |row| row.get::<_, i64>(0));
    assert_eq!(left.unwrap(), 0);
    let standing = warehouse.look().await.unwrap();
    assert!(standing.removed(warehouse.schema()).is_empty());
    assert!(
        said(&world.world, &["state"])
            .await
            .iter()
            .all(|(table, _)| table != "ever")
    );
    world.append(&[&events(5, 5)]).await;
    assert_eq!(world.publish().await.ended, Ended::UpToDate);

    put_back(&mut world, &removed);
    assert_eq!(world.publish().await.rebuilt, ["ever"]);
    let progress = warehouse.progress().await.unwrap();
    assert_eq!(progress["ever"].physical.as_deref(), Some("ever__2"));
}
