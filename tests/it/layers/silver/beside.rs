//! Columns that are read from what came with an event beside its body.

use bytes::Bytes;
use sluice::event::SourceEvent;
use testkit::datasets::{THINGS, replace};
use testkit::events::{START, event};
use testkit::world::World;

const WHO: &str = "name = \"who\"\ntype = \"string\"\n";

/// A world whose column `who` is read from another place.
fn world(from: &str) -> World {
    World::new().with_dataset(&replace(THINGS, WHO, &format!("{WHO}{from}\n")))
}

/// An event, and what came with it.
fn came(id: i64, system: &'static str, properties: &'static str) -> SourceEvent {
    let body = format!(r#"{{"id":{id},"at":{START},"amount":1,"who":"body"}}"#);
    SourceEvent {
        system: Bytes::from_static(system.as_bytes()),
        properties: Bytes::from_static(properties.as_bytes()),
        ..event(id, 0, body.into())
    }
}

/// The values of `who`, in the order of the rows' ids.
async fn who(world: &World, events: &[SourceEvent]) -> Vec<Option<String>> {
    let source = world.put_events("0", events).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!(counts.rows, events.len() as u64);
    let rows = world.silver().await.into_iter();
    rows.map(|row| row.who).collect()
}

#[tokio::test(start_paused = true)]
async fn the_first_property_that_is_there_and_not_null_counts() {
    let world = world("from_property = [\"user\", \"user-id\"]");
    let events = [
        came(1, "", r#"{"user-id":"ada","user":null}"#),
        came(2, "", r#"{"user":"bob","user-id":"ada"}"#),
        came(3, "", r#"{"user":7}"#),
        came(4, r#"{"user":"system"}"#, ""),
        came(5, "", ""),
    ];
    let found = who(&world, &events).await;
    let found: Vec<Option<&str>> = found.iter().map(Option::as_deref).collect();
    assert_eq!(found, [Some("ada"), Some("bob"), Some("7"), None, None]);
    // A field of the body that no column reads is kept.
    let rescued = world.silver().await[0].rescued.clone();
    assert_eq!(rescued.as_deref(), Some(r#"{"who":"body"}"#));
}

#[tokio::test(start_paused = true)]
async fn annotations_and_the_place_of_an_event_are_read_by_name() {
    let device =
        r#"{"iothub-connection-device-id":"d-1","partition":"forged","x-opt-partition-key":"k"}"#;
    for (from, expected) in [
        ("iothub-connection-device-id", Some("d-1")),
        ("partition_key", Some("k")),
        ("partition", Some("0")),
        ("sequence_number", Some("1")),
        ("enqueued", None),
    ] {
        let world = world(&format!("from_system = {from:?}"));
        let found = who(&world, &[came(1, device, r#"{"partition":"forged"}"#)]).await;
        assert_eq!(found[0].as_deref(), expected, "{from}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_property_that_does_not_fit_is_named_and_not_copied() {
    let amount = "name = \"amount\"\ntype = \"decimal(18,2)\"\nmin = 0\n";
    let strict = format!("{amount}from_property = \"price\"\non_invalid = \"quarantine\"\n");
    let world = World::new().with_dataset(&replace(THINGS, amount, &strict));
    let events = [
        came(1, "", r#"{"price":"SECRET"}"#),
        came(2, "", r#"{"price":"2.50"}"#),
    ];
    let source = world.put_events("0", &events).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.rows, counts.quarantined_total()), (1, 1));
    assert_eq!(world.silver().await[0].amount, Some(250));
    let records = world.end_state().await.quarantine.concat();
    assert!(records.contains("property \\\"price\\\""), "{records}");
    assert!(!records.contains("SECRET"), "{records}");
}
