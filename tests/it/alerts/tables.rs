//! Rules on gold tables.

use super::{alerts, book, burst, outbox, stale, watched};
use sluice::warehouse::schema::RULES;
use testkit::world::event;

const MANY: &str = r#"
[[alert]]
name = "many"
on = "hourly"
when = "n >= 3"
notify = ["webhook:HOOK", "queue:alerts"]
"#;
const RICH: &str = r#"
[[alert]]
name = "rich"
on = "ever"
when = "total > 1.00"
fields = ["n", "total"]
notify = ["webhook:HOOK"]
"#;

#[tokio::test]
async fn what_becomes_true_is_told_once_and_each_target_gets_a_message() {
    let world = watched(MANY).await;
    world.append(&[&burst(10, 61, 2, 1)]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await, [] as [&str; 0]);
    world.append(&[&burst(20, 62, 2, 1)]).await;
    world.publish().await;
    let told = r#"many raised open {"hour":"1970-01-01T01:00:00Z","n":4}"#;
    assert_eq!(alerts(&world).await, [told]);
    assert_eq!(outbox(&world).await, ["queue:alerts", "webhook:HOOK"]);
    // It stays true, and other hours are other alerts.
    world
        .append(&[&burst(30, 63, 5, 1), &burst(40, 130, 3, 1)])
        .await;
    world.publish().await;
    world.publish().await;
    let other = r#"many raised open {"hour":"1970-01-01T02:00:00Z","n":3}"#;
    assert_eq!(alerts(&world).await, [told, other]);
    assert_eq!(outbox(&world).await.len(), 4);
}

#[tokio::test]
async fn a_rule_tells_nothing_of_what_is_true_when_it_begins() {
    let mut world = watched("").await;
    world.append(&[&burst(10, 61, 5, 100)]).await;
    world.publish().await;
    let text = world.text().to_owned();
    world.change(&text, &format!("{text}{MANY}{RICH}"));
    world.append(&[&burst(20, 62, 5, 100)]).await;
    world.publish().await;
    world.append(&[&burst(30, 63, 5, 100)]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await, [] as [&str; 0]);
    world.append(&[&burst(40, 125, 3, 100)]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await.len(), 1);
}

#[tokio::test]
async fn a_period_that_is_true_again_is_open_again_and_tells_nobody() {
    let rule = MANY
        .replace("n >= 3", "n >= 3 AND total > 0")
        .replace("name = \"many\"", "name = \"many\"\nnotify_cleared = true");
    let world = watched(&rule).await;
    for (from, cents) in [(10, 1), (20, -5), (30, 50)] {
        world.append(&[&burst(from, 61, 3, cents)]).await;
        world.publish().await;
        let open = if cents < 0 { "over" } else { "open" };
        let told = alerts(&world).await;
        assert!(told.len() == 1 && told[0].contains(open), "{told:?}");
    }
    // Two targets were told that it is true, and that it was over.
    assert_eq!(outbox(&world).await.len(), 4);
}

#[tokio::test]
async fn a_group_of_all_time_tells_each_episode_at_most_as_often_as_it_is_armed() {
    let rule = format!("{RICH}rearm = \"1h\"\n");
    let world = watched(&rule).await;
    for (minute, cents) in [(10, 200), (20, -500), (30, 500), (40, -500), (100, 900)] {
        world.append(&[&[event(minute, minute, None, cents)]]).await;
        world.publish().await;
    }
    // True at minute 10, 30 (within the hour) and 100.
    assert_eq!(
        alerts(&world).await,
        [
            r#"rich raised open {"n":6,"total":"6.01"}"#,
            r#"rich raised over {"n":2,"total":"2.01"}"#
        ]
    );
}

#[tokio::test]
async fn what_comes_and_goes_within_a_transaction_is_not_told() {
    let world = watched(RICH).await;
    world.append(&[&[event(10, 10, None, 500)]]).await;
    world.append(&[&[event(11, 11, None, -500)]]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await, [] as [&str; 0]);
    // Merged in parts, too.
    let small = world.gold().with_limits(testkit::world::SMALL);
    world
        .append(&[&[event(12, 12, None, 300)], &[event(13, 13, None, -300)]])
        .await;
    small.publish(testkit::world::deadline()).await.unwrap();
    assert_eq!(alerts(&world).await, [] as [&str; 0]);
}

#[tokio::test]
async fn what_is_too_old_is_counted_and_nobody_is_told() {
    let world = watched(MANY).await;
    // Two days later the first hour becomes busy: a backlog, a replay or a late file.
    world.append(&[&burst(10, 3_000, 1, 1)]).await;
    world.publish().await;
    world.append(&[&burst(20, 61, 5, 1)]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await, [] as [&str; 0]);
    assert_eq!(stale(&world, "many").await, "1");
    world.append(&[&burst(30, 2_950, 5, 1)]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await.len(), 1);
}

#[tokio::test]
async fn an_outage_of_two_days_tells_only_of_the_last_one() {
    let world = watched(MANY).await;
    for hour in 1..=48 {
        world.append(&[&burst(hour * 10, hour * 60, 3, 1)]).await;
    }
    world.publish().await;
    let told = alerts(&world).await.len();
    // The hours that ended within a day of the last event.
    assert_eq!(told, 26);
}

#[tokio::test]
async fn more_than_a_thousand_are_told_as_one() {
    let rule = MANY
        .replace("\"hourly\"", "\"by_who\"")
        .replace("n >= 3", "n >= 1");
    let world = watched(&rule).await;
    let crowd: Vec<_> = (0..1_001)
        .map(|id| event(100 + id, 61, Some(id), 1))
        .collect();
    world.append(&[&crowd]).await;
    world.publish().await;
    assert_eq!(
        alerts(&world).await,
        [r#"many overflow open {"alerts":1001}"#]
    );
    assert_eq!(outbox(&world).await.len(), 2);
}

#[tokio::test]
async fn a_changed_rule_closes_what_is_no_longer_true_and_a_removed_one_everything() {
    let mut world = watched(MANY).await;
    world
        .append(&[&burst(10, 61, 3, 1), &burst(20, 121, 6, 1)])
        .await;
    world.publish().await;
    world.change("n >= 3", "n >= 5");
    world.append(&[&burst(30, 200, 1, 1)]).await;
    world.publish().await;
    let told = alerts(&world).await;
    let open = told.iter().filter(|told| told.contains(" open "));
    assert_eq!(
        open.collect::<Vec<_>>(),
        [r#"many raised open {"hour":"1970-01-01T02:00:00Z","n":6}"#]
    );
    world.change(&MANY.replace("n >= 3", "n >= 5"), "");
    world.append(&[&burst(40, 201, 1, 1)]).await;
    world.publish().await;
    let told = alerts(&world).await;
    assert!(
        told.len() == 2 && told.iter().all(|told| told.contains(" over ")),
        "{told:?}"
    );
}

#[tokio::test]
async fn a_rule_that_cannot_be_computed_is_marked_until_it_is_changed() {
    // Beyond a whole number from two on.
    let broken = "n * 4611686018427387904 > 1";
    let mut world = watched(&MANY.replace("n >= 3", broken)).await;
    let marked = async |world: &_| {
        let rules = book(world, RULES).await;
        (rules[0]["failed"].clone(), rules[0]["failed_at"] != "-")
    };
    assert_eq!(marked(&world).await, ("-".to_owned(), false));
    world
        .append(&[
            &burst(10, 61, 2, 1),
            &burst(20, 121, 3, 1),
            &burst(30, 181, 1, 1),
        ])
        .await;
    world.publish().await;
    assert_eq!(marked(&world).await, ("2".to_owned(), true));
    let told = alerts(&world).await;
    assert_eq!(told.len(), 1, "of others it is true: {told:?}");
    // It goes on, and nothing that it could not compute before is counted again.
    world.append(&[&burst(40, 241, 1, 1)]).await;
    world.publish().await;
    assert_eq!(marked(&world).await, ("2".to_owned(), true));
    world.change(broken, "n >= 4");
    world.append(&[&burst(50, 122, 1, 1)]).await;
    world.publish().await;
    assert_eq!(marked(&world).await, ("-".to_owned(), false));
}
