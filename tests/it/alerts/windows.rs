//! Rules on tables whose windows overlap.

use super::{alerts, book, burst, outbox, watched};
use sluice::warehouse::schema::ALERTS;
use testkit::world::Committed;

/// Windows of half an hour that begin every ten minutes, and a rule for those that are busy.
const BUSY: &str = r#"
[[gold]]
table = "busy"
grain = "30m"
every = "10m"
by = ["who"]
measures = { n = "count" }
[[alert]]
name = "busy"
on = "busy"
when = "n >= 3"
fields = ["window_start", "who"]
notify = ["queue:alerts"]
"#;

/// The starts of the windows that were told, in order.
async fn told(world: &Committed) -> Vec<String> {
    let rows = book(world, ALERTS).await.into_iter();
    let mut starts: Vec<String> = rows.map(|row| row["period_start"].clone()).collect();
    starts.sort();
    starts
        .iter()
        .map(|start| start[11..16].to_owned())
        .collect()
}

#[tokio::test]
async fn of_windows_that_overlap_the_earliest_is_told_and_no_other() {
    let world = watched(BUSY).await;
    // Minute 125 lies in the windows from 01:40, 01:50 and 02:00.
    world.append(&[&burst(10, 125, 3, 1)]).await;
    world.publish().await;
    assert_eq!(told(&world).await, ["01:40"]);
    assert_eq!(outbox(&world).await, ["queue:alerts"]);
    // Those from 01:50 and 02:00 are busy too, and overlap it; that from 02:10 does not.
    world.append(&[&burst(20, 132, 3, 1)]).await;
    world.publish().await;
    assert_eq!(told(&world).await, ["01:40", "02:10"]);
    assert_eq!(outbox(&world).await.len(), 2);
    let found = alerts(&world).await;
    let is_other = |told: &String| told.contains("T02:10:00Z") && told.contains(r#""who":"w1""#);
    assert!(found.iter().any(is_other), "{found:?}");
}

#[tokio::test]
async fn windows_of_one_transaction_that_do_not_overlap_are_told_each() {
    let world = watched(BUSY).await;
    world
        .append(&[
            &burst(10, 125, 3, 1),
            &burst(20, 145, 3, 1),
            &burst(30, 200, 3, 1),
        ])
        .await;
    world.publish().await;
    // That from 02:10 is the next after the first that does not overlap it.
    assert_eq!(told(&world).await, ["01:40", "02:10", "03:00"]);
}

#[tokio::test]
async fn a_window_before_one_that_was_told_is_told_if_it_does_not_overlap() {
    let world = watched(BUSY).await;
    world.append(&[&burst(10, 125, 3, 1)]).await;
    world.publish().await;
    // Late events: the window from 01:20 overlaps that from 01:40, that from 01:10 does not.
    world.append(&[&burst(20, 95, 3, 1)]).await;
    world.publish().await;
    assert_eq!(told(&world).await, ["01:10", "01:40"]);
    // Another group is another matter.
    let others = burst(30, 126, 3, 1).into_iter();
    let others = others.map(|event| testkit::world::Event {
        who: Some("other".to_owned()),
        ..event
    });
    world.append(&[&others.collect::<Vec<_>>()]).await;
    world.publish().await;
    assert_eq!(told(&world).await, ["01:10", "01:40", "01:40"]);
}

#[tokio::test]
async fn a_window_that_is_no_longer_busy_still_stands_for_those_that_it_overlaps() {
    let world = watched(&BUSY.replace("n >= 3", "n >= 3 AND n < 5")).await;
    world.append(&[&burst(10, 125, 3, 1)]).await;
    world.publish().await;
    world.append(&[&burst(20, 105, 3, 1)]).await;
    world.publish().await;
    // That from 01:40 has six and is over; those from 01:20 and 01:30 have three, and overlap it.
    let found = alerts(&world).await;
    assert!(found.len() == 1 && found[0].contains(" over "), "{found:?}");
}
