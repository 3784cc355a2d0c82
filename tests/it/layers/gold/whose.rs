//! Whose tables they are: the log that they follow, the latest package that ran against them, and why they are blocked.

use std::sync::Arc;

use sluice::event::UnixMillis;
use sluice::gold::{Ended, Rebuild, Replaced, last_replaced};
use sluice::store::entity::Operation;
use sluice::table::TableId;
use sluice::table::log::Version;
use testkit::database::SqliteFile;
use testkit::events::{DAY, START};
use testkit::faulty::{Script, When};
use testkit::world::{Committed, Event, deadline, event, events};

use super::{scripted, stamped};

#[tokio::test]
async fn the_log_of_another_pipeline_is_never_followed_however_long_it_is() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let before = world.rows("ever").await;
    let other = Committed::on(Arc::clone(&world.world.database));
    other.initialize_as("another").await;
    for step in 0..4 {
        other.append(&[&events(step * 5, 5)]).await;
        let published = other.publish().await;
        assert_eq!(published.ended, Ended::Blocked);
        let reasons = published.blocked.join("\n");
        assert!(
            reasons.contains("hourly, by_who, ever follow another pipeline"),
            "{reasons}"
        );
        assert_eq!(world.rows("ever").await, before);
    }
    // The build of a run that does not follow is not noted either.
    let later = stamped(9);
    let gold = other.gold().with_build(later);
    assert_eq!(
        gold.publish(deadline()).await.unwrap().ended,
        Ended::Blocked
    );
    world.append(&[&events(5, 5)]).await;
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    world.assert_tables_are_right().await;
}

#[tokio::test]
async fn a_generation_of_another_pipeline_takes_nothing_over() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let before = world.rows("ever").await;
    let generation = "name = \"things\"";
    let raised = format!("{generation}\ngeneration = 2");

    // Its storage has no first generation, or one of another log.
    let mut other = Committed::on(Arc::clone(&world.world.database));
    for first in [false, true] {
        if first {
            other.change(&raised, generation);
            other.initialize_as("another").await;
        }
        other.change(generation, &raised);
        if !first {
            other.initialize_as("its own").await;
        }
        let published = other.publish().await;
        assert_eq!(published.ended, Ended::Blocked);
        let reasons = published.blocked.join("\n");
        assert!(reasons.contains("follow another pipeline"), "{reasons}");
        assert_eq!(world.rows("ever").await, before);
    }

    let mut own = world;
    own.change(generation, &raised);
    own.initialize_as("second").await;
    own.append(&[&events(0, 5)]).await;
    assert_eq!(own.publish().await.rebuilt, ["hourly", "by_who", "ever"]);
}

#[tokio::test]
async fn a_log_without_an_id_is_followed_until_it_has_one() {
    let world = Committed::new();
    world.initialize().await;
    let partition = TableId::of(&world.world.dataset).log_partition();
    let unnamed = async || {
        let state = &world.world.state;
        let stored = state.get(&partition, "head").await.unwrap();
        let mut head = stored.unwrap().entity;
        head.properties.remove("log");
        let operations = [Operation::Upsert(head)];
        state.transact(&partition, &operations).await.unwrap();
    };
    unnamed().await;
    let log = async || {
        let progress = world.world.warehouse().progress().await.unwrap();
        progress["ever"].log.clone()
    };
    world.publish().await;
    assert_eq!(log().await, None);
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    assert_eq!(log().await.as_deref(), Some("c1"));
    unnamed().await;
    assert_eq!(
        world.publish().await.ended,
        Ended::Blocked,
        "a log keeps its id"
    );
}

#[tokio::test]
async fn an_earlier_package_changes_nothing_once_a_later_one_has_run() {
    let mut world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    let publish = async |world: &Committed, stamp| {
        let gold = world.gold().with_build(stamped(stamp));
        gold.publish(deadline()).await.unwrap()
    };
    assert_eq!(publish(&world, 1).await.ended, Ended::UpToDate);
    // The later one adds nothing, and yet it is noted.
    assert_eq!(publish(&world, 2).await.transactions, 0);
    world.append(&[&events(5, 5)]).await;
    world.change("low = \"min(amount)\"", "low = \"max(amount)\"");
    let published = publish(&world, 1).await;
    assert_eq!(
        (published.ended, published.transactions),
        (Ended::Replaced, 0)
    );
    assert_eq!(world.rows("ever").await[0][0], "5");
    // It says which one, and leaves a note for those who ask.
    let replaced = Replaced { own: 1, later: 2 };
    assert_eq!(published.replaced, Some(replaced));
    let noted = last_replaced(&world.world.state, &world.world.dataset).await;
    assert_eq!(noted.unwrap(), Some((replaced, UnixMillis(START))));
    // Packaged again it is the later one.
    let published = publish(&world, 3).await;
    assert_eq!(
        (published.rebuilt, published.replaced),
        (vec!["hourly".to_owned()], None)
    );
    assert_eq!(publish(&world, 2).await.ended, Ended::Replaced);
}

#[tokio::test]
async fn a_package_that_is_replaced_lets_the_database_sleep_for_a_day() {
    const DAY: i64 = 24 * 60 * 60 * 1_000;
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    let later = world.gold().with_build(stamped(2));
    later.publish(deadline()).await.unwrap();
    world.append(&[&events(5, 5)]).await;
    let script = Script::new();
    let gold = scripted(&world, &script).with_build(stamped(1));
    let replaced = Some(Replaced { own: 1, later: 2 });
    let mut asked = Vec::new();
    for now in [0, 1, DAY - 1, DAY, DAY + 1] {
        world.world.clock.set(UnixMillis(START + now));
        let before = script.calls("look").len();
        let published = gold.publish(deadline()).await.unwrap();
        assert_eq!(published.ended, Ended::Replaced);
        assert_eq!(published.replaced, replaced);
        asked.push(script.calls("look").len() > before);
        // Who asks for status hears of it all the time.
        let noted = last_replaced(&world.world.state, &world.world.dataset).await;
        assert_eq!(noted.unwrap().unwrap().1, UnixMillis(START + now));
    }
    assert_eq!(asked, [true, false, false, true, false]);
}

#[tokio::test]
async fn a_build_that_is_replaced_in_its_run_changes_nothing_more() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    world.append(&[&events(5, 5)]).await;
    let before = world.rows("ever").await;
    let script = Script::new();
    let gate = script.stop_at("begin", When::Before);
    let slow = scripted(&world, &script);
    let slow = tokio::spawn(async move { slow.publish(deadline()).await });
    gate.reached().await;
    let later = stamped(1);
    world.world.warehouse().prepare(&later).await.unwrap();
    gate.open();
    let slow = slow.await.unwrap().unwrap();
    assert_eq!(slow.ended, Ended::Replaced);
    assert_eq!(slow.replaced, Some(Replaced { own: 0, later: 1 }));
    assert_eq!(world.rows("ever").await, before);
}

#[tokio::test]
async fn a_blocked_table_is_tried_again_by_another_package_and_after_a_day() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let large = |id| Event {
        amount: 10_i128.pow(38) - 1,
        ..event(id, 0, None, 0)
    };
    world.append(&[&[large(100), large(101)]]).await;
    let tried = async |stamp| {
        let gold = world.gold().with_build(stamped(stamp));
        let published = gold.publish(deadline()).await.unwrap();
        assert_eq!(published.ended, Ended::Blocked);
        let noted = world.world.warehouse().look().await.unwrap().blocked;
        assert_eq!(noted["ever"].version, Some(Version(2)));
        assert!(
            noted["ever"]
                .reason
                .contains("sum total of gold table ever")
        );
        (noted["ever"].stamp, noted["ever"].at)
    };
    let at = |later| UnixMillis(START + later);
    let clock = &world.world.clock;
    for (stamp, now, expected) in [
        (1, 0, (1, 0)),
        // By another process of the same package: it is in the books.
        (1, 1_000, (1, 0)),
        (2, 2_000, (2, 2_000)),
        (2, DAY + 1_999, (2, 2_000)),
        (2, DAY + 2_000, (2, DAY + 2_000)),
    ] {
        clock.set(at(now));
        assert_eq!(tried(stamp).await, (expected.0, at(expected.1)), "{now}");
    }
}

/// Gives each table another name.
fn rename(world: &mut Committed) {
    for table in ["hourly", "by_who", "ever"] {
        let (from, to) = (
            format!("table = \"{table}\""),
            format!("table = \"{table}_too\""),
        );
        world.change(&from, &to);
    }
}

#[tokio::test]
async fn a_pipeline_of_the_same_name_with_other_tables_changes_nothing() {
    let world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let books = async || {
        let standing = world.world.warehouse().look().await.unwrap();
        (standing.progress, standing.build, standing.retired)
    };
    let before = books().await;
    let generation = "name = \"things\"";
    let raised = format!("{generation}\ngeneration = 2");
    for is_raised in [false, true] {
        let mut other = Committed::on(Arc::clone(&world.world.database));
        rename(&mut other);
        if is_raised {
            other.change(generation, &raised);
        }
        other.initialize_as("another").await;
        other.append(&[&events(0, 9)]).await;
        let later = stamped(9);
        let gold = other.gold().with_build(later);
        let published = gold.publish(deadline()).await.unwrap();
        assert_eq!(published.ended, Ended::Blocked);
        let reasons = published.blocked.join("\n");
        assert!(
            reasons.contains("by_who, ever, hourly follow another pipeline"),
            "{reasons}"
        );
        assert_eq!(books().await, before);
    }
    world.append(&[&events(5, 5)]).await;
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
}

#[tokio::test]
async fn what_is_made_beside_from_another_log_is_not_given_up() {
    let mut world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let (generation, raised) = ("name = \"things\"", "name = \"things\"\ngeneration = 2");
    // A copy of the state has the log of the first generation, and a log of its own of the second.
    let mut copy = Committed::on(Arc::clone(&world.world.database));
    copy.initialize().await;
    copy.append(&[&events(0, 5)]).await;
    copy.change(generation, raised);
    copy.initialize_as("another").await;
    world.change(generation, raised);
    world.initialize_as("second").await;
    world.append(&[&events(0, 2)]).await;
    let script = Script::new();
    let gate = script.stop_at("swap", When::Before);
    let slow = scripted(&world, &script);
    let slow = tokio::spawn(async move { slow.publish(deadline()).await });
    gate.reached().await;
    let published = copy.publish().await;
    assert_eq!(published.ended, Ended::Blocked, "{published:?}");
    gate.open();
    assert_eq!(slow.await.unwrap().unwrap().ended, Ended::UpToDate);
}

#[tokio::test]
async fn what_a_log_that_is_given_up_had_goes_with_its_tables() {
    let mut world = Committed::new();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let mut anew = Committed::on(Arc::clone(&world.world.database));
    world = {
        let ever = world.text().find("[[gold]]\ntable = \"ever\"").unwrap();
        let removed = world.text()[ever..].to_owned();
        anew.change(&removed, "");
        anew
    };
    world.initialize_as("another").await;
    world.append(&[&events(0, 7)]).await;
    let published = world.publish().await;
    assert_eq!(published.ended, Ended::Blocked);
    let rebuilt = world.gold().rebuild(&Rebuild::All, deadline()).await;
    let rebuilt = rebuilt.unwrap();
    assert_eq!(rebuilt.ended, Ended::UpToDate, "{rebuilt:?}");
    let standing = world.world.warehouse().look().await.unwrap();
    assert_eq!(standing.progress["ever"].physical, None);
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
}

/// A ranking of the customers of a table.
fn ranking(from: &str) -> String {
    format!("[[ranking]]\nview = \"top\"\nfrom = \"{from}\"\norder_by = \"n\"\ntop = 3\n")
}

#[tokio::test]
async fn a_ranking_of_another_dataset_is_never_replaced() {
    let with_ranking = |world: &mut Committed, from: &str| {
        let ever = "[[gold]]\ntable = \"ever";
        world.change(ever, &format!("{}{ever}", ranking(from)));
    };
    let mut world = Committed::new();
    with_ranking(&mut world, "by_who");
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    world.publish().await;
    let before = world.rows("top").await;
    let mut other = Committed::on(Arc::clone(&world.world.database));
    rename(&mut other);
    with_ranking(&mut other, "by_who_too");
    other.change("name = \"things\"", "name = \"others\"");
    other.initialize_as("another").await;
    other.append(&[&events(0, 9)]).await;
    let published = other.publish().await;
    assert_eq!(published.ended, Ended::Blocked);
    let reasons = published.blocked.join("\n");
    assert!(
        reasons.contains("by_who_too cannot be shown as top, which is a name of dataset things"),
        "{reasons}"
    );
    assert_eq!(published.rebuilt, ["hourly_too", "ever_too"]);
    assert_eq!(world.rows("top").await, before);
}

#[tokio::test]
async fn a_view_of_somebodys_own_is_never_replaced() {
    let file = Arc::new(SqliteFile::new());
    let connection = rusqlite::Connection::open(file.path()).unwrap();
    let mut world = Committed::on(file);
    connection
        .execute("CREATE VIEW ever AS SELECT 7 AS mine", [])
        .unwrap();
    world.initialize().await;
    world.append(&[&events(0, 5)]).await;
    let published = world.publish().await;
    assert_eq!(published.rebuilt, ["hourly", "by_who"]);
    let reasons = published.blocked.join("\n");
    assert!(reasons.contains("drop or rename ever"), "{reasons}");

    // Nor one that has the name of a ranking that comes, also where its table is made anew.
    connection
        .execute_batch("CREATE VIEW top AS SELECT 8 AS mine; DROP VIEW ever")
        .unwrap();
    assert_eq!(world.publish().await.ended, Ended::UpToDate);
    let ever = "[[gold]]\ntable = \"ever\"";
    world.change(ever, &format!("{}{ever}", ranking("hourly")));
    world.change("low = \"min(amount)\"", "low = \"max(amount)\"");
    let published = world.publish().await;
    assert_eq!(
        (published.ended, published.rebuilt),
        (Ended::Blocked, vec![])
    );
    let mine = connection.query_row("SELECT mine FROM top", [], |row| row.get::<_, i64>(0));
    assert_eq!(mine.unwrap(), 8);
    connection.execute("DROP VIEW top", []).unwrap();
    assert_eq!(world.publish().await.rebuilt, ["hourly"]);
}
