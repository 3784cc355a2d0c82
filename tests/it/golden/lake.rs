//! Names of objects, the metadata and lines of bronze, and the records of quarantine.

use std::sync::Arc;

use bytes::Bytes;
use sluice::clock::ManualClock;
use sluice::context::Context;
use sluice::dataset::{Dataset, OnInvalid};
use sluice::event::{
    EventTime, PartitionId, SequenceNumber, SequenceRange, SourceEvent, UnixMillis,
};
use sluice::silver::Silver;
use sluice::store::entity::MemoryEntityStore;
use sluice::store::object::{
    MemoryObjectStore, Metadata, ObjectFormat, ObjectPath, ObjectRange, ObjectStore, Source, paths,
};
use sluice::table::TableId;
use sluice::value::Period;
use sluice::value::line::times::append_times;
use sluice::value::line::{Line, append_line};

use super::{assert_golden, dataset};

const NOW: i64 = 1_763_120_674_343;

fn event(sequence: i64, enqueued: i64) -> SourceEvent {
    SourceEvent::plain(Bytes::new(), SequenceNumber(sequence), UnixMillis(enqueued))
}

#[test]
fn objects_have_the_names_of_earlier_builds() {
    let mut dataset = dataset();
    let partition = PartitionId("11".to_owned());
    let time = EventTime(1_763_103_600_000_000);
    let mut found = vec![
        TableId::new("things", 3).manifest("c7"),
        TableId::new("things", 3).snapshot(7, "s7"),
        TableId::new("things", 3).root(),
        paths::bronze_dataset("things"),
        paths::bronze_partition("things", &partition),
        paths::bronze_hour("things", &partition, UnixMillis(NOW)),
        paths::bronze_object("things", &partition, &event(42, NOW)),
        TableId::new("things", 3).delta_log(),
        TableId::new("things", 3).delta_entry(7),
        TableId::new("things", 3).delta_checkpoint(7),
        TableId::new("things", 3).delta_pointer(),
        TableId::of(&dataset).quarantine("things/11/2025/11/14/11/x-1.jsonl", "c7"),
        TableId::of(&dataset).quarantine("elsewhere/x.json", "c7"),
    ];
    for period in [Period::Hour, Period::Day, Period::Month] {
        dataset.period = period;
        found.push(TableId::of(&dataset).file(dataset.period, time, "c7", 0));
        found.push(TableId::of(&dataset).file(dataset.period, time, "c7", 1));
    }
    let found: Vec<_> = found.iter().map(ObjectPath::as_str).collect();
    let expected = [
        "silver/things/g3/_sluice/manifests/c7.json",
        "silver/things/g3/_sluice/snapshots/000000000007-s7.json",
        "silver/things/g3/",
        "bronze/things/",
        "bronze/things/11/",
        "bronze/things/11/2025/11/14/11/",
        "bronze/things/11/2025/11/14/11/00000000000000000042-1763120674343.jsonl",
        "silver/things/g3/_delta_log/",
        "silver/things/g3/_delta_log/00000000000000000007.json",
        "silver/things/g3/_delta_log/00000000000000000007.checkpoint.parquet",
        "silver/things/g3/_delta_log/_last_checkpoint",
        "quarantine/things/g3/11/2025/11/14/11/x-1.c7.jsonl",
        "quarantine/things/g3/elsewhere/x.json.c7.jsonl",
        "silver/things/g3/event_date=2025-11-14/event_hour=07/c7.parquet",
        "silver/things/g3/event_date=2025-11-14/event_hour=07/c7-1.parquet",
        "silver/things/g3/event_date=2025-11-14/c7.parquet",
        "silver/things/g3/event_date=2025-11-14/c7-1.parquet",
        "silver/things/g3/event_month=2025-11/c7.parquet",
        "silver/things/g3/event_month=2025-11/c7-1.parquet",
    ];
    assert_eq!(found, expected);
}

#[test]
fn bronze_has_the_metadata_and_the_lines_of_its_format() {
    let events = [event(41, NOW), event(42, NOW - 7), event(43, NOW + 1)];
    let range = ObjectRange::of(&events).unwrap();
    let metadata = range.to_metadata(&PartitionId("11".to_owned()), 3);
    let expected = [
        ("first_enqueued_ms", "1763120674336"),
        ("first_sequence", "41"),
        ("format", "2"),
        ("last_enqueued_ms", "1763120674344"),
        ("last_sequence", "43"),
        ("lines", "3"),
        ("partition", "11"),
    ];
    let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
    assert_eq!(metadata, Metadata::from(expected));

    let mut lines = Vec::new();
    for body in [
        &b"{ \"a\":1.0 }"[..],
        b"",
        b"a\r\nb",
        b"\xff\xfe",
        b"{\"$sluice\":1}",
        b" no JSON",
    ] {
        append_line(&with(body, "", ""), &mut lines);
    }
    for body in [&b" {\"a\":1.0}"[..], b"no JSON", b"1,\"system\":{}"] {
        append_line(&with(body, "{\"device\":\"d1\"}", ""), &mut lines);
    }
    append_line(&with(b"null", "", "{\"k\":\n1.50}"), &mut lines);
    append_times(events.iter().map(|event| event.enqueued_time), &mut lines);
    let expected = concat!(
        "{ \"a\":1.0 }\n",
        "{\"$sluice\":\"base64\",\"data\":\"\"}\n",
        "{\"$sluice\":\"base64\",\"data\":\"YQ0KYg==\"}\n",
        "{\"$sluice\":\"base64\",\"data\":\"//4=\"}\n",
        "{\"$sluice\":\"base64\",\"data\":\"eyIkc2x1aWNlIjoxfQ==\"}\n",
        " no JSON\n",
        "{\"$sluice\":\"event\",\"system\":{\"device\":\"d1\"},\"properties\":{},\"body\": {\"a\":1.0}}\n",
        "{\"$sluice\":\"event\",\"system\":{\"device\":\"d1\"},\"properties\":{},\"data\":\"bm8gSlNPTg==\"}\n",
        "{\"$sluice\":\"event\",\"system\":{\"device\":\"d1\"},\"properties\":{},\"data\":\"MSwic3lzdGVtIjp7fQ==\"}\n",
        "{\"$sluice\":\"event\",\"system\":{},\"properties\":{\"k\": 1.50},\"body\":null}\n",
        "{\"$sluice\":\"times\",\"enqueued_ms\":[1763120674343,-7,8]}\n",
    );
    assert_eq!(std::str::from_utf8(&lines).unwrap(), expected);
}

fn with(body: &[u8], system: &str, properties: &str) -> SourceEvent {
    SourceEvent {
        body: Bytes::copy_from_slice(body),
        system: Bytes::copy_from_slice(system.as_bytes()),
        properties: Bytes::copy_from_slice(properties.as_bytes()),
        ..event(0, NOW)
    }
}

#[test]
fn lines_of_every_format_are_read() {
    let cases: [(&str, &str, &str, &str); 5] = [
        ("{\"a\":1}", "{\"a\":1}", "", ""),
        (
            "{\"$sluice\":\"base64\",\"data\":\"YQ0KYg==\"}",
            "a\r\nb",
            "",
            "",
        ),
        (
            "{\"$sluice\":\"event\",\"system\":{\"s\":1},\"properties\":{},\"body\": 1}",
            " 1",
            "{\"s\":1}",
            "{}",
        ),
        (
            "{\"$sluice\":\"event\",\"system\":{},\"properties\":{\"p\":1},\"data\":\"YQ==\"}",
            "a",
            "{}",
            "{\"p\":1}",
        ),
        ("{\"$sluice\":1}", "{\"$sluice\":1}", "", ""),
    ];
    for (line, body, system, properties) in cases {
        let read = Line::read(line.as_bytes());
        let found = (read.body.as_ref(), read.system, read.properties);
        let expected = (body.as_bytes(), system.as_bytes(), properties.as_bytes());
        assert_eq!(found, expected, "{line}");
    }
}

/// A silver layer on a lake of its own; everything that it writes has one id.
pub(super) fn silver() -> (Silver, Arc<MemoryObjectStore>) {
    silver_of(dataset())
}

fn silver_of(dataset: Dataset) -> (Silver, Arc<MemoryObjectStore>) {
    let clock = Arc::new(ManualClock::at(UnixMillis(NOW)));
    let lake = Arc::new(MemoryObjectStore::new(Arc::clone(&clock) as _));
    let silver = Silver::new(Context {
        dataset: Arc::new(dataset),
        lake: Arc::clone(&lake) as _,
        state: Arc::new(MemoryEntityStore::new()),
        clock,
        new_id: || "c".repeat(32),
        key_cache_bytes: 1 << 20,
    });
    (silver, lake)
}

/// An object of bronze with these lines.
pub(super) fn source(bodies: &[&[u8]]) -> Source {
    let mut content = Vec::new();
    bodies
        .iter()
        .for_each(|body| append_line(&with(body, "", ""), &mut content));
    let last = 42 + i64::try_from(bodies.len()).unwrap() - 1;
    Source {
        name: "things/11/2025/11/14/11/00000000000000000042-1763120674343.jsonl".to_owned(),
        content: Bytes::from(content),
        format: ObjectFormat::Lines,
        partition: Some(PartitionId("11".to_owned())),
        range: Some(SequenceRange {
            first: SequenceNumber(42),
            last: SequenceNumber(last),
        }),
        enqueued_time: UnixMillis(NOW),
        only: None,
    }
}

#[tokio::test]
async fn quarantine_has_the_records_of_earlier_builds() {
    let bodies: [&[u8]; 10] = [
        b"no JSON",
        b"\xff\xfe",
        b"",
        b"{\"id\":1}",
        b"{\"id\":\"x\",\"at\":1763120674343}",
        b"{\"id\":1,\"at\":1763120674343,\"amount\":123456789012345678901}",
        b"{\"id\":1,\"at\":1763120674343,\"amount\":-0.5}",
        b"{\"id\":1,\"at\":-9999999999999}",
        b"{\"id\":1,\"at\":1773120674343}",
        b"{\"id\":1,\"at\":1763120674343,\"born\":\"2025-02-30\"}",
    ];
    // Of earlier builds every column that could not take its value refused the line.
    let mut strict = dataset();
    for column in &mut strict.columns {
        column.on_invalid = OnInvalid::Quarantine;
    }
    let (silver, lake) = silver_of(strict);
    let with_range = silver.refine(source(&bodies)).await.unwrap();
    let by_hand = Source {
        name: "things/by hand.txt".to_owned(),
        partition: None,
        range: None,
        ..source(&bodies[..1])
    };
    let by_hand = silver.refine(by_hand).await.unwrap();
    let mut text = String::new();
    for refined in [with_range, by_hand] {
        let path = refined.entry.quarantine.unwrap();
        let content = lake.get(&path).await.unwrap().unwrap();
        text.push_str(&format!(
            "{path}\n{}",
            std::str::from_utf8(&content).unwrap()
        ));
    }
    assert_golden("golden/quarantine.txt", &text);
}
