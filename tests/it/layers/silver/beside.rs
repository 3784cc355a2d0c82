//! Columns that are read beside the record: in its event, or from what came with that.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use sluice::event::{RejectReason, SourceEvent};
use sluice::table::log::Counts;
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

#[tokio::test(start_paused = true)]
async fn a_record_comes_before_its_event_and_its_event_before_its_properties() {
    let from = "from = \"who\"\nfrom_event = [\"owner\", \"$.meta.who\"]\nfrom_property = \"user\"\nfrom_system = \"device\"";
    let world = in_records(&format!("{WHO}{from}\n"), "");
    let record = |id: i64, who: &str| format!(r#"{{"id":{id},"at":{START}{who}}}"#);
    let event = |sequence, outside: &str, records: &[String], properties: &'static str| {
        let body = format!(r#"{{{outside}"records":[{}]}}"#, records.join(","));
        SourceEvent {
            system: Bytes::from_static(br#"{"device":"d-1"}"#),
            properties: Bytes::from_static(properties.as_bytes()),
            ..event(sequence, 0, body.into())
        }
    };
    let both = [
        record(1, r#","who":"own""#),
        record(2, r#","who":null"#),
        record(3, ""),
    ];
    let user = r#"{"user":"ada"}"#;
    let events = [
        event(0, r#""meta":{"who":"meta"},"owner":null,"#, &both, user),
        event(1, "", &[record(4, ""), record(5, r#","who":"own""#)], user),
        event(2, "", &[record(6, "")], r#"{"user":null}"#),
        // Nothing of an event before it, nor of a value that is its own member's namesake.
        event(3, r#""who":"other","owner":7,"#, &[record(7, "")], ""),
    ];
    let source = world.put_events("0", &events).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert_eq!((counts.rows, counts.records), (7, 7), "{counts:?}");
    let mut rows = world.silver().await;
    rows.sort_by_key(|row| row.id);
    let found: Vec<Option<&str>> = rows.iter().map(|row| row.who.as_deref()).collect();
    let expected = ["own", "meta", "meta", "ada", "own", "d-1", "7"];
    assert_eq!(found, expected.map(Some));
    assert!(rows.iter().all(|row| row.rescued.is_none()), "{rows:?}");
}

/// A world whose events have `records`, with this column in the place of `who`, and more keys of `[payload]`.
fn in_records(who: &str, payload: &str) -> World {
    let skew = "max_clock_skew = \"48h\"\n";
    let payload = format!("{skew}[payload]\nrecords = \"$.records[*]\"\n{payload}\n");
    let text = replace(THINGS, skew, &payload);
    World::new().with_dataset(&replace(&text, WHO, who))
}

async fn refined(world: &World, bodies: impl IntoIterator<Item = Vec<u8>>) -> Counts {
    let events = (0..)
        .zip(bodies)
        .map(|(sequence, body)| event(sequence, 0, body.into()));
    let source = world.put_events("0", &events.collect::<Vec<_>>()).await;
    let counts = world.process().refine(&source).await.entry.counts;
    assert!(counts.is_conserved(), "{counts:?}");
    counts
}

#[tokio::test(start_paused = true)]
async fn what_stands_beside_the_records_is_named_in_quarantine_and_not_copied() {
    let strict = "name = \"who\"\ntype = \"string\"\nallowed = [\"ada\"]\non_invalid = \"quarantine\"\nfrom_event = \"$.meta.who\"\n";
    let body = format!(r#"{{"meta":{{"who":"SECRET"}},"records":[{{"id":1,"at":{START}}}]}}"#);
    let world = in_records(strict, "");
    let counts = refined(&world, [body.clone().into_bytes()]).await;
    assert_eq!((counts.rows, counts.quarantined_total()), (0, 1));
    let records = world.end_state().await.quarantine.concat();
    assert!(
        records.contains("the event field \\\"$.meta.who\\\" is not"),
        "{records}"
    );
    assert!(!records.contains("SECRET"), "{records}");

    // Where the row stays, the value is kept as any other that became null.
    let world = in_records(&strict.replace("\"quarantine\"", "\"null\""), "");
    assert_eq!(refined(&world, [body.into_bytes()]).await.rows, 1);
    let rescued = world.silver().await[0].rescued.clone();
    assert_eq!(rescued.as_deref(), Some(r#"{"$invalid":{"who":"SECRET"}}"#));
}

#[tokio::test(start_paused = true)]
async fn a_mask_beside_the_records_withholds_events_that_are_refused_whole() {
    let masked = format!("{WHO}from_event = \"who\"\nmask = \"last4\"\n");
    let world = in_records(&masked, "max_records = 2");
    let record = |id: i64| format!(r#"{{"id":{id},"at":{START},"who":"in the record"}}"#);
    let body = |records: &[String]| {
        let records = records.join(",");
        format!(r#"{{"who":"12345678","records":[{records}]}}"#).into_bytes()
    };
    let bad = "{\"id\":\"x\"}".to_owned();
    let bodies = [
        body(&[record(1), bad]),
        body(&[record(2), record(3), record(4)]),
    ];
    let counts = refined(&world, bodies).await;
    assert_eq!(
        (counts.rows, counts.quarantined_total()),
        (1, 2),
        "{counts:?}"
    );
    assert_eq!(world.silver().await[0].who.as_deref(), Some("5678"));
    let lines = world.end_state().await.quarantine;
    assert!(
        lines.iter().all(|line| !line.contains("12345678")),
        "{lines:?}"
    );
    let withheld: Vec<bool> = lines
        .iter()
        .map(|line| line.contains("\"withheld\":true"))
        .collect();
    assert_eq!(
        withheld.iter().filter(|is_withheld| **is_withheld).count(),
        1,
        "{lines:?}"
    );
    assert!(lines.concat().contains(r#"{\"id\":\"x\"}"#), "{lines:?}");
}

#[tokio::test(start_paused = true)]
async fn a_member_that_cannot_be_opened_has_no_values_beside_the_records() {
    let who = format!("{WHO}from_event = \"$.meta.who\"\n");
    let open = "[[payload.open]]\nat = \"$.meta\"\nsteps = [\"json\"]";
    let world = in_records(&who, open);
    let body = |id: i64, meta: &str| {
        let text = format!(r#"{{"meta":{meta:?},"records":[{{"id":{id},"at":{START}}}]}}"#);
        text.into_bytes()
    };
    let bodies = [body(1, r#"{"who":"ada"}"#), body(2, "{")];
    let counts = refined(&world, bodies).await;
    assert_eq!(counts.rows, 2, "{counts:?}");
    let mut rows = world.silver().await;
    rows.sort_by_key(|row| row.id);
    assert_eq!(rows[0].who.as_deref(), Some("ada"));
    assert_eq!(
        (rows[1].who.as_deref(), rows[1].rescued.as_deref()),
        (None, Some(r#"{"$invalid":{"who":"{"}}"#))
    );
}

#[tokio::test(start_paused = true)]
async fn what_records_repeat_of_their_event_has_a_limit() {
    let long = "x".repeat(1_000);
    let gzip = |text: String| {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).unwrap();
        encoder.finish().unwrap()
    };
    let body = |records: usize| {
        let records: Vec<String> = (0..records)
            .map(|id| format!(r#"{{"id":{id},"at":{START}}}"#))
            .collect();
        gzip(format!(
            r#"{{"who":"{long}","records":[{}]}}"#,
            records.join(",")
        ))
    };
    let payload = "compression = \"gzip\"\nmax_bytes = 12000";
    for (from, properties) in [
        ("from_event = \"who\"", String::new()),
        ("from_property = \"who\"", format!(r#"{{"who":"{long}"}}"#)),
        ("from_system = \"who\"", String::new()),
    ] {
        let world = in_records(&format!("{WHO}{from}\n"), payload);
        let came = |sequence, records| SourceEvent {
            properties: properties.clone().into(),
            system: match from.starts_with("from_system") {
                true => format!(r#"{{"who":"{long}"}}"#).into(),
                false => Bytes::new(),
            },
            ..event(sequence, 0, body(records).into())
        };
        let events = [came(0, 11), came(1, 12)];
        let source = world.put_events("0", &events).await;
        let counts = world.process().refine(&source).await.entry.counts;
        assert_eq!(
            (counts.rows, counts.records),
            (11, 12),
            "{from}: {counts:?}"
        );
        let refused = counts.quarantined.get(&RejectReason::TooLarge.into());
        assert_eq!(refused, Some(&1), "{from}: {counts:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_event_with_one_record_repeats_nothing() {
    let long = "x".repeat(2_000);
    for from in ["from_property", "from_system"] {
        let world = in_records(&format!("{WHO}{from} = \"who\"\n"), "max_bytes = 1000");
        let said: Bytes = format!(r#"{{"who":"{long}"}}"#).into();
        let body = format!(r#"{{"records":[{{"id":1,"at":{START}}}]}}"#);
        let came = SourceEvent {
            properties: said.clone(),
            system: said,
            ..event(0, 0, body.into())
        };
        assert_eq!(who(&world, &[came]).await, [Some(long.clone())], "{from}");
    }
}

#[tokio::test(start_paused = true)]
async fn names_beside_the_records_are_found_in_any_case() {
    let who = format!("{WHO}from_event = \"$.Meta.who\"\n");
    let body = format!(r#"{{"meta":{{"WHO":"ada"}},"records":[{{"id":1,"at":{START}}}]}}"#);
    for (payload, expected) in [("ignore_case = true", Some("ada")), ("", None)] {
        let world = in_records(&who, payload);
        let counts = refined(&world, [body.clone().into_bytes()]).await;
        assert_eq!(counts.rows, 1, "{counts:?}");
        let found = world.silver().await[0].who.clone();
        assert_eq!(found.as_deref(), expected, "{payload}");
    }
}
