//! The events of bronze, opened again.

use std::io::Write;
use std::sync::Arc;

use flate2::Compression;
use flate2::write::GzEncoder;
use sluice::dataset::Dataset;
use sluice::store::entity::{Entity, Value};
use sluice::store::object::ObjectPath;
use testkit::faulty::{Faulty, Script};

use super::good::assert_adds_up;
use super::pipeline::{Pipeline, event};
use super::tampered::assert_found;
use crate::audit::{Check, Opened, Report, Silent, Subject, audit};

const PACKED: &str = r#"where = "amount >= 3"
[payload]
compression = "auto"
records = "$.records[*]"
max_records = 4
"#;
const NAME: &str = "opened again";

fn text(id: i64) -> String {
    String::from_utf8(event(id)).unwrap()
}

/// A message with these records.
fn records(ids: &[i64]) -> Vec<u8> {
    let records: Vec<String> = ids.iter().map(|id| text(*id)).collect();
    format!("{{\"records\": [{}]}}", records.join(", ")).into_bytes()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Good messages and bad ones, in two objects: of 10 events 3 are empty and 4 refused whole; of 10 records 3 are filtered.
async fn packed() -> Pipeline {
    let mut pipeline = Pipeline::saying(PACKED);
    pipeline.options.is_deep = true;
    let of_one = vec![
        records(&[1, 2, 3, 9]),
        gzip(&records(&[5])),
        records(&[]),
        Vec::new(),
        gzip(b" "),
    ];
    pipeline.ingest("0", 0, of_one).await;
    let of_other = vec![
        b"{\"records\": [1".to_vec(),
        gzip(&records(&[6]))[..20].to_vec(),
        b"{\"values\": []}".to_vec(),
        records(&[1, 2, 3, 4, 5]),
        format!("{{\"records\": [{}]}}", text(2)).into_bytes(),
    ];
    pipeline.ingest("1", 0, of_other).await;
    pipeline.refine().await;
    pipeline.publish().await;
    pipeline
}

fn check(report: &Report) -> &Check {
    let found = report.checks.iter().find(|check| check.name.contains(NAME));
    found.unwrap_or_else(|| panic!("{report:#?}"))
}

#[tokio::test]
async fn good_events_and_bad_ones_are_found_as_the_ledger_says() {
    let mut pipeline = packed().await;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    let expected = Opened {
        objects: 2,
        events: 10,
        empty: 3,
        records: 10,
        filtered: 3,
        ..Opened::default()
    };
    assert_eq!(report.opened, Some(expected));
    assert_eq!((report.sums.records, report.sums.filtered), (10, 3));
    assert_eq!(
        check(&report).examined,
        "10 records of 10 events in 2 objects"
    );

    pipeline.options.is_deep = false;
    let report = pipeline.audit().await;
    assert_eq!(report.opened, None);
    assert!(report.checks.iter().all(|check| !check.name.contains(NAME)));
}

#[tokio::test]
async fn a_ledger_that_is_off_by_one_is_named_with_what_was_found() {
    for (property, found, said) in [
        ("empty", 3, "empty 3, and the ledger says 4"),
        ("opened", 2, "opened 2, and the ledger says 3"),
        ("records", 5, "records 5, and the ledger says 6"),
        ("filtered", 2, "filtered 2, and the ledger says 3"),
    ] {
        let pipeline = packed().await;
        let name = pipeline.objects().await.remove(0).path.name().to_owned();
        let change = |entity: &mut Entity| {
            let properties = &mut entity.properties;
            let before = properties.insert(property.into(), Value::Int64(found + 1));
            // What every event of an earlier build has is not written.
            let plain = properties["lines"].clone();
            assert_eq!(before.unwrap_or(plain), Value::Int64(found), "{property}");
        };
        let row = format!("src|{name}");
        pipeline.world.change_row(&row, change).await;
        assert_found(&pipeline, NAME, &[&name, said, "(version 1)"]).await;
    }
}

#[tokio::test]
async fn lines_members_and_objects_by_hand_are_opened_too() {
    let lines = [text(1), String::new(), "broken".to_owned(), text(2)].join("\r\n");
    let by_hand = "where = \"amount >= 2\"\n[payload]\nformat = \"jsonl\"\nnon_finite = \"null\"\n";
    let mut pipeline = Pipeline::saying(by_hand);
    pipeline.options.is_deep = true;
    pipeline
        .ingest("0", 0, vec![lines.into(), vec![0xff], b"\n".to_vec()])
        .await;
    let path = ObjectPath::new("bronze", "shop/by-hand.jsonl");
    let content = format!("{}\n \n{}", text(0), text(7).replace("7.10", "NaN"));
    pipeline.refine().await;
    pipeline.put_by_hand(&path, content).await;
    pipeline.publish().await;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    let found = report.opened.unwrap();
    assert_eq!((found.objects, found.events, found.empty), (2, 5, 1));
    assert_eq!((found.records, found.filtered), (6, 3));
}

/// Of two messages one repeats for its three records as much as it may, and the other a byte more in each.
#[tokio::test]
async fn what_records_repeat_has_its_limit_in_the_audit_too() {
    const BESIDE: &str = r#"where = "gateway <> 'x'"
[payload]
records = "$.records[*]"
max_bytes = 3000
[[column]]
name = "gateway"
type = "string"
from_event = "gateway"
"#;
    let mut pipeline = Pipeline::saying(BESIDE);
    pipeline.options.is_deep = true;
    let message = |first: i64, length: usize| {
        let records = String::from_utf8(records(&[first, first + 1, first + 2])).unwrap();
        let gateway = "g".repeat(length - 2);
        let text = records.replacen('{', &format!("{{\"gateway\": \"{gateway}\", "), 1);
        text.into_bytes()
    };
    let few = b"{\"gateway\": \"x\", \"records\": [{}]}".to_vec();
    let bodies = vec![message(1, 1000), message(4, 1001), few];
    pipeline.ingest("0", 0, bodies).await;
    pipeline.refine().await;
    pipeline.publish().await;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    let found = report.opened.unwrap();
    assert_eq!((found.events, found.records), (3, 5));
    let examined = &check(&report).examined;
    assert!(examined.ends_with("is read from_event"), "{examined}");
}

#[tokio::test]
async fn what_was_refined_under_another_definition_is_skipped_and_counted() {
    let mut pipeline = packed().await;
    let other = PACKED.replace("amount >= 3", "amount >= 5");
    pipeline.redefined(&other);
    let report = pipeline.audit().await;
    let skipped = check(&report);
    assert!(skipped.skipped, "{skipped:?}");
    assert!(
        skipped
            .examined
            .ends_with("skipped 2 objects of another definition")
    );

    pipeline.ingest("0", 5, vec![records(&[11, 4])]).await;
    pipeline.refine().await;
    let report = pipeline.audit().await;
    let compared = check(&report);
    assert_eq!((compared.skipped, &compared.difference), (false, &None));
    let expected = "2 records of 1 event in 1 object; skipped 2 objects of another definition";
    assert_eq!(compared.examined, expected);
    assert_eq!(report.opened.unwrap().filtered, 1);
}

#[tokio::test]
async fn a_salt_is_missed_only_where_the_condition_looks_at_a_mask() {
    const SECRET: &str = "[[column]]\nname = \"secret\"\ntype = \"string\"\nmask = \"sha256\"\n";
    for (condition, is_compared) in [("amount >= 2", true), ("secret IS NULL", false)] {
        let mut pipeline = Pipeline::saying(&format!("where = \"{condition}\"\n{SECRET}"));
        pipeline.options.is_deep = true;
        pipeline.ingest("0", 0, vec![event(1), event(2)]).await;
        pipeline.refine().await;
        pipeline.publish().await;
        let mut dataset = Dataset::clone(&pipeline.subject.dataset);
        dataset.salt = None;
        pipeline.subject.dataset = Arc::new(dataset);
        let report = pipeline.audit().await;
        assert_adds_up(&report);
        let examined = &check(&report).examined;
        assert_eq!(
            !examined.contains("SLUICE_MASK_SALT"),
            is_compared,
            "{examined}"
        );
        assert_eq!(report.opened.unwrap().filtered, u64::from(is_compared));
    }
}

#[tokio::test]
async fn what_is_avro_is_skipped_and_counted() {
    let mut pipeline = Pipeline::saying("[payload]\nformat = \"avro\"\n");
    pipeline.options.is_deep = true;
    pipeline
        .ingest("0", 0, vec![b"no avro".to_vec(), b"nor this".to_vec()])
        .await;
    pipeline.refine().await;
    pipeline.publish().await;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    let skipped = check(&report);
    assert!(skipped.skipped, "{skipped:?}");
    assert!(
        skipped
            .examined
            .ends_with("skipped 2 events of Avro in 1 object")
    );
}

#[tokio::test]
async fn a_plain_lake_and_an_empty_one_add_up_when_opened_again() {
    let mut pipeline = Pipeline::good().await;
    pipeline.options.is_deep = true;
    let report = pipeline.audit().await;
    assert_adds_up(&report);
    assert_eq!(
        check(&report).examined,
        "67 records of 67 events in 4 objects"
    );
    let mut empty = Pipeline::empty();
    empty.options.is_deep = true;
    assert_adds_up(&empty.audit().await);
}

#[tokio::test]
async fn opening_events_again_costs_no_read_more() {
    let mut pipeline = packed().await;
    let mut calls = Vec::new();
    for is_deep in [false, true] {
        let script = Script::new();
        let subject = Subject {
            lake: Faulty::new(&pipeline.subject.lake, &script),
            state: Faulty::new(&pipeline.subject.state, &script),
            warehouse: Faulty::new(&pipeline.subject.warehouse, &script),
            ..pipeline.subject.clone()
        };
        pipeline.options.is_deep = is_deep;
        let report = audit(&subject, &pipeline.options, &Silent).await.unwrap();
        assert_eq!(report.opened.is_some(), is_deep);
        // Reads are made some at a time, in any order.
        let mut made = script.calls("");
        made.sort();
        calls.push(made);
    }
    assert!(calls[0].iter().any(|call| call.contains("bronze")));
    assert_eq!(calls[0], calls[1]);
    // Once at first, and once after each table: it is told apart from one that moved meanwhile.
    let looks = calls[0].iter().filter(|call| *call == "look");
    assert_eq!(looks.count(), 1 + 6);
}
