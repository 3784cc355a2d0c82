//! A generation that was raised: tables go on showing the one before until the new one is whole.

use std::sync::Arc;

use bytes::Bytes;
use sluice::event::UnixMillis;
use sluice::gold::{Ended, Loss, Rebuild};
use sluice::store::entity::Operation;
use sluice::store::object::{Metadata, ObjectPath};
use sluice::table::TableId;
use sluice::warehouse::schema::FRESHNESS;
use testkit::database::SqliteFile;
use testkit::events::START;
use testkit::read;
use testkit::world::{Committed, deadline, events};

const MINUTE: i64 = 60_000;
const TABLES: [&str; 3] = ["hourly", "by_who", "ever"];

/// A world of three commits, each of whose sources bronze has, whose generation was raised; nothing of the new one is
/// there but its log. The rows are those of `ever` before.
async fn raised() -> (Committed, Vec<Vec<String>>) {
    raised_on(Arc::new(SqliteFile::new())).await
}

async fn raised_on(file: Arc<SqliteFile>) -> (Committed, Vec<Vec<String>>) {
    let mut world = Committed::on(file);
    world.initialize().await;
    for source in 1..=3 {
        world.append(&[&events(source * 10, 5)]).await;
        put(&world, source).await;
    }
    world.publish().await;
    let before = world.rows("ever").await;
    world.change("name = \"things\"", "name = \"things\"\ngeneration = 2");
    world.initialize_as("second").await;
    let clock = &world.world.clock;
    clock.set(UnixMillis(START + 10 * MINUTE));
    (world, before)
}

fn bronze(source: i64) -> ObjectPath {
    ObjectPath::new("bronze", &format!("things/{source}"))
}

/// Puts the object of a source.
async fn put(world: &Committed, source: i64) {
    let lake = &world.world.lake;
    let content = Bytes::from_static(b"{}");
    let created = lake
        .create(&bronze(source), content, &Metadata::new())
        .await;
    created.unwrap();
}

async fn states(world: &Committed) -> Vec<(String, Option<String>)> {
    let warehouse = world.world.warehouse();
    let read = read::gold(&*warehouse, FRESHNESS).await;
    let at = |name: &str| {
        read.columns
            .iter()
            .position(|column| column == name)
            .unwrap()
    };
    let (state, settled) = (at("state"), at("settled_until"));
    let rows = read.rows.into_iter();
    rows.map(|row| (row[state].clone().unwrap(), row[settled].clone()))
        .collect()
}

#[tokio::test]
async fn what_is_half_made_is_never_shown_and_the_whole_at_once() {
    let (world, before) = raised().await;
    let settled = states(&world).await;
    assert!(settled.iter().all(|(state, _)| state == "live"));
    for made in 0..3 {
        let published = world.publish().await;
        assert_eq!(published.ended, Ended::Rebuilding);
        let waits = published.waiting.unwrap();
        let missing = 3 - made;
        assert!(
            waits.contains(&format!("lacks {missing} objects")),
            "{waits}"
        );
        assert_eq!(world.rows("ever").await, before);
        for ((state, until), (_, before)) in states(&world).await.into_iter().zip(&settled) {
            assert_eq!((state.as_str(), &until), ("rebuilding", before));
        }
        world.append(&[&events(100 + made * 10, 7)]).await;
    }
    let published = world.publish().await;
    // The last commit, and all tables at once.
    assert_eq!(
        (published.ended, published.transactions),
        (Ended::UpToDate, 2)
    );
    assert_eq!(published.rebuilt, TABLES);
    assert_eq!(world.rows("ever").await[0][0], "21");
    assert!(
        states(&world)
            .await
            .iter()
            .all(|(state, _)| state == "live")
    );
}

#[tokio::test]
async fn an_event_that_has_just_arrived_holds_nothing_back() {
    let (world, before) = raised().await;
    for made in 0..3 {
        world.append(&[&events(made * 10, 5)]).await;
    }
    put(&world, 9).await;
    let clock = &world.world.clock;
    clock.set(UnixMillis(START + 15 * MINUTE));
    assert_eq!(
        world.publish().await.ended,
        Ended::Rebuilding,
        "it is five minutes old"
    );
    assert_eq!(world.rows("ever").await, before);
    clock.set(UnixMillis(START + 15 * MINUTE - 1));
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
}

#[tokio::test]
async fn what_the_old_generation_has_refined_since_is_waited_for() {
    let (mut world, before) = raised().await;
    for made in 0..3 {
        world.append(&[&events(made * 10, 5)]).await;
    }
    // An instance of the package before refines one more, which has just arrived.
    let (old, new) = ("name = \"things\"", "name = \"things\"\ngeneration = 2");
    world.change(new, old);
    put(&world, 4).await;
    world.append(&[&events(40, 5)]).await;
    world.change(old, new);
    assert_eq!(world.publish().await.ended, Ended::Rebuilding);
    assert_eq!(world.rows("ever").await, before);
    world.append(&[&events(40, 5)]).await;
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    assert_eq!(world.rows("ever").await[0][0], "20");
}

#[tokio::test]
async fn what_bronze_no_longer_has_is_counted_and_never_lost_in_silence() {
    let (world, before) = raised().await;
    world.world.lake.delete(&bronze(3)).await.unwrap();
    for made in 0..2 {
        world.append(&[&events(made * 10, 5)]).await;
    }
    let published = world.publish().await;
    assert_eq!(published.ended, Ended::Rebuilding);
    let waits = published.waiting.unwrap();
    for part in [
        "lacks 1 sources with 5 rows of generation 1",
        "sluice rebuild silver --accept-loss",
    ] {
        assert!(waits.contains(part), "{waits}");
    }
    assert_eq!(world.rows("ever").await, before);

    // To ask for the tables changes nothing about that; who accepts it gets what there is.
    let gold = world.gold();
    let rebuilt = gold.rebuild(&Rebuild::All, deadline()).await.unwrap();
    assert_eq!(rebuilt.ended, Ended::Rebuilding);
    assert_eq!(world.rows("ever").await, before);
    let loss = gold.loss().await.unwrap().unwrap();
    let expected = Loss {
        shown: vec![1],
        objects: 1,
        events: 5,
        rows: 5,
    };
    assert_eq!(loss, expected);
    // What is not what was looked at is not accepted, and what is lost later is no part of it.
    let other = Loss {
        rows: 6,
        ..loss.clone()
    };
    assert!(!gold.accept_loss(&other).await.unwrap());
    assert_eq!(world.publish().await.ended, Ended::Rebuilding);
    assert!(gold.accept_loss(&loss).await.unwrap());
    let shown = world.publish().await;
    assert_eq!((shown.ended, shown.waiting), (Ended::UpToDate, None));
    assert_eq!(shown.rebuilt, TABLES);
    assert_eq!(world.rows("ever").await[0][0], "10");
}

#[tokio::test]
async fn what_is_lost_after_it_was_accepted_is_asked_for_again() {
    let (world, before) = raised().await;
    let gold = world.gold();
    let lake = &world.world.lake;
    lake.delete(&bronze(3)).await.unwrap();
    // It is told at any time, long before everything else is there.
    let loss = gold.loss().await.unwrap().unwrap();
    assert_eq!(loss.objects, 1);
    assert!(gold.accept_loss(&loss).await.unwrap());
    lake.delete(&bronze(2)).await.unwrap();
    world.append(&[&events(0, 5)]).await;
    let published = world.publish().await;
    let waits = published.waiting.unwrap();
    assert!(waits.contains("lacks 2 sources with 10 rows"), "{waits}");
    assert_eq!(world.rows("ever").await, before);
    assert!(!gold.accept_loss(&loss).await.unwrap());

    let loss = gold.loss().await.unwrap().unwrap();
    assert!(gold.accept_loss(&loss).await.unwrap());
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    assert_eq!(gold.loss().await.unwrap(), None, "nothing else is shown");
}

#[tokio::test]
async fn a_loss_that_an_earlier_build_accepted_stays_accepted() {
    let (world, _) = raised().await;
    world.world.lake.delete(&bronze(3)).await.unwrap();
    let loss = world.gold().loss().await.unwrap().unwrap();
    assert!(world.gold().accept_loss(&loss).await.unwrap());
    let partition = TableId::of(&world.world.dataset).side_partition("gold");
    let state = &world.world.state;
    let mut stored = state.get(&partition, "accept-loss").await.unwrap().unwrap();
    stored.entity.properties.remove("sources").unwrap();
    let write = [Operation::Upsert(stored.entity)];
    state.transact(&partition, &write).await.unwrap();
    world.world.lake.delete(&bronze(2)).await.unwrap();
    world.append(&[&events(0, 5)]).await;
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
}

#[tokio::test]
async fn a_table_that_is_new_with_the_generation_comes_with_the_others() {
    let (mut world, _) = raised().await;
    let ever = "[[gold]]\ntable = \"ever\"";
    let more = "[[gold]]\ntable = \"more\"\ngrain = \"day\"\nmeasures = { n = \"count\" }\n";
    world.change(ever, &format!("{more}{ever}"));
    world.append(&[&events(0, 5)]).await;
    assert!(world.publish().await.rebuilt.is_empty());
    for made in 1..3 {
        world.append(&[&events(made * 10, 5)]).await;
    }
    assert_eq!(world.publish().await.rebuilt.len(), 4);
}

/// Returns whether a table shows anything.
async fn is_shown(world: &Committed, table: &str) -> bool {
    let read = world.world.warehouse().read_table(table, None, 1).await;
    read.is_ok_and(|read| !read.rows.is_empty())
}

#[tokio::test]
async fn a_table_that_comes_back_in_a_raised_generation_waits_for_the_others() {
    let (mut world, _) = raised().await;
    for made in 0..3 {
        world.append(&[&events(made * 10, 5)]).await;
    }
    let ever = world.text().find("[[gold]]\ntable = \"ever\"").unwrap();
    let removed = world.text()[ever..].to_owned();
    world.change(&removed, "");
    // It is retired by the swap of the others.
    assert_eq!(world.publish().await.rebuilt, ["hourly", "by_who"]);
    assert!(!is_shown(&world, "ever").await);
    let last = "table = \"by_who\"";
    let back = format!("{removed}[[gold]]\n{last}");
    world.change(&format!("[[gold]]\n{last}"), &back);
    world.change("generation = 2", "generation = 3");
    world.initialize_as("third").await;
    for made in 0..3 {
        let published = world.publish().await;
        assert_eq!(published.ended, Ended::Rebuilding);
        assert!(published.rebuilt.is_empty(), "{published:?}");
        assert!(!is_shown(&world, "ever").await, "after {made} commits");
        world.append(&[&events(made * 10, 5)]).await;
    }
    assert_eq!(world.publish().await.rebuilt.len(), 3);
    assert_eq!(world.rows("ever").await[0][0], "15");
}

#[tokio::test]
async fn a_table_that_somebody_drops_in_a_raised_generation_waits_as_well() {
    for dropped in [&TABLES[2..], &TABLES[..]] {
        let file = Arc::new(SqliteFile::new());
        let connection = rusqlite::Connection::open(file.path()).unwrap();
        let (world, _) = raised_on(file).await;
        let progress = world.world.warehouse().progress().await.unwrap();
        for table in dropped {
            let physical = progress[*table].physical.clone().unwrap();
            let drop = format!("DROP TABLE {physical}");
            connection.execute(&drop, []).unwrap();
        }
        for made in 0..3 {
            let published = world.publish().await;
            assert_eq!(published.ended, Ended::Rebuilding, "{published:?}");
            assert!(!is_shown(&world, "ever").await, "after {made} commits");
            world.append(&[&events(made * 10, 5)]).await;
        }
        assert_eq!(world.publish().await.rebuilt.len(), 3);
        assert_eq!(world.rows("ever").await[0][0], "15");
    }
}

#[tokio::test]
async fn tables_that_all_have_other_names_wait_for_a_whole_generation() {
    let (mut world, _) = raised().await;
    for table in TABLES {
        let (from, to) = (
            format!("table = \"{table}\""),
            format!("table = \"{table}_too\""),
        );
        world.change(&from, &to);
    }
    for made in 0..3 {
        assert_eq!(world.publish().await.ended, Ended::Rebuilding);
        assert!(!is_shown(&world, "ever_too").await, "after {made} commits");
        world.append(&[&events(made * 10, 5)]).await;
    }
    assert_eq!(world.publish().await.rebuilt.len(), 3);
}
