//! Rules on silver's rows.

use super::{alerts, book, burst, outbox, stale, watched};
use sluice::warehouse::schema::{ALERTS, RULES};
use testkit::world::event;

const LARGE: &str = r#"
[[alert]]
name = "large"
on = "rows"
when = "amount > 5.00"
fields = ["id", "amount", "who"]
notify = ["queue:alerts"]
"#;

#[tokio::test]
async fn each_row_of_which_the_condition_is_true_is_told_once() {
    let world = watched(LARGE).await;
    world
        .append(&[&[event(1, 2, Some(7), 501), event(2, 3, None, 500)]])
        .await;
    world.append(&[&[event(3, 4, None, 900)]]).await;
    world.publish().await;
    world.compact().await;
    world.publish().await;
    assert_eq!(
        alerts(&world).await,
        [
            r#"large raised open {"amount":"5.01","id":1,"who":"w7"}"#,
            r#"large raised open {"amount":"9.00","id":3,"who":null}"#
        ]
    );
    assert_eq!(outbox(&world).await, ["queue:alerts"; 2]);
}

#[tokio::test]
async fn rows_of_long_ago_are_counted_and_of_many_one_alert_tells() {
    let world = watched(LARGE).await;
    world
        .append(&[&burst(10, 5_000, 1, 1), &burst(20, 2, 7, 900)])
        .await;
    world.publish().await;
    assert_eq!(alerts(&world).await, [] as [&str; 0]);
    assert_eq!(stale(&world, "large").await, "7");
    world.append(&[&burst(100, 5_001, 1_500, 900)]).await;
    world.publish().await;
    assert_eq!(
        alerts(&world).await,
        [r#"large overflow open {"alerts":1500}"#]
    );
}

#[tokio::test]
async fn a_rule_that_begins_or_is_changed_tells_nothing_of_rows_that_are_there() {
    let mut world = watched(LARGE).await;
    world.change("amount > 5.00", "amount > 2.00");
    world.append(&[&[event(1, 2, None, 900)]]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await, [] as [&str; 0]);
    world.append(&[&[event(2, 3, None, 300)]]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await.len(), 1);
    world.change("name = \"things\"", "name = \"things\"\ngeneration = 2");
    world.initialize_as("second").await;
    world
        .append(&[&[event(2, 3, None, 300), event(5, 6, None, 300)]])
        .await;
    world.publish().await;
    world.publish().await;
    // History is not told again, and what comes then is.
    world.append(&[&[event(6, 7, None, 400)]]).await;
    world.publish().await;
    assert_eq!(alerts(&world).await.len(), 2);
}

#[tokio::test]
async fn an_alert_of_a_row_has_the_id_that_it_had_in_earlier_builds() {
    let world = watched(LARGE).await;
    world.append(&[&[event(1, 2, Some(7), 501)]]).await;
    world.publish().await;
    // Told again under another id, it would be told twice after an upgrade.
    let alerts = book(&world, ALERTS).await;
    let ids: Vec<&str> = alerts.iter().map(|row| row["alert_id"].as_str()).collect();
    assert_eq!(ids, ["321f79dbf0467b295fba457732c231c5"]);
}

#[tokio::test]
async fn a_rule_on_rows_that_cannot_be_computed_is_marked() {
    let rule = LARGE.replace("amount > 5.00", "id * 4611686018427387904 > 1");
    let world = watched(&rule).await;
    world
        .append(&[&[
            event(1, 2, None, 1),
            event(2, 3, None, 1),
            event(3, 4, None, 1),
        ]])
        .await;
    world.publish().await;
    let rules = book(&world, RULES).await;
    assert_eq!(rules[0]["failed"], "2");
    assert_ne!(rules[0]["failed_at"], "-");
    assert_eq!(alerts(&world).await.len(), 1);
}
