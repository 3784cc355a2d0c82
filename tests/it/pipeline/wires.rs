//! Events in, tables out: over AMQP, the Functions host, HTTP, Azurite and SQLite.

use std::collections::BTreeMap;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use bytes::Bytes;
use sluice::event::{KeptReason, RejectReason};
use sluice::store::object::{Created, Metadata, ObjectPath, paths};
use sluice_local::hub_client::Destination;
use testkit::read;

use crate::support::stack::Stack;

/// 2025-11-14T11:44:34.343Z, in the format of the orders.
const TIME: i64 = 1_763_120_674;

fn order(id: usize) -> Bytes {
    Bytes::from(format!(
        r#"{{"order_id": {id}, "amount": {id}.25, "timestamp": {TIME}.343, "customer_id": "{:03}", "note": "n{id}"}}"#,
        id % 7
    ))
}

fn orders(ids: std::ops::Range<usize>) -> Vec<Bytes> {
    ids.map(order).collect()
}

async fn gold_total(stack: &Stack) -> BTreeMap<String, Option<String>> {
    let rows = stack
        .warehouse
        .read_table("gold_total_revenue", None, 10)
        .await
        .unwrap();
    assert_eq!(rows.rows.len(), 1, "one row for all time");
    rows.columns
        .into_iter()
        .zip(rows.rows.into_iter().next().unwrap())
        .collect()
}

/// Bodies that cannot be a line, or no row, and two odd ones that are rows.
fn odd_events() -> Vec<Bytes> {
    let large = format!(
        r#"{{"order_id": 2000, "amount": 1, "timestamp": {TIME}, "text": "{}"}}"#,
        "x".repeat(900_000)
    );
    vec![
        Bytes::from_static(b"\xff\xfe not text"),
        Bytes::from_static(b""),
        Bytes::from_static(b"{\"order_id\": 1001, \"amount\": 1, \n\"timestamp\": 1763120674}"),
        Bytes::from_static(b"{\"$sluice\":\"base64\",\"data\":\"e30=\"}"),
        Bytes::from_static(b"{\"order_id\": 1002, \"timestamp\": 1763120674}"),
        Bytes::from_static(b"{\"order_id\": 1003, \"amount\": -1, \"timestamp\": 1763120674}"),
        Bytes::from(large),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_is_accounted_for_and_gold_adds_up() {
    let stack = Stack::start("datasets/orders.toml").await;
    let (good, odd) = (orders(1..1_001), odd_events());
    stack.send(&good, &Destination::Any).await;
    stack
        .send(&good[..100], &Destination::Partition("1".to_owned()))
        .await;
    stack
        .send(&odd, &Destination::Partition("0".to_owned()))
        .await;

    let counts = stack.settle(1_107).await;
    assert_eq!(
        (counts.lines, counts.empty, counts.rows, counts.duplicates),
        (1_107, 1, 1_002, 100)
    );
    let expected: BTreeMap<KeptReason, u64> = [
        (RejectReason::NotAnObject.into(), 1),
        (RejectReason::MissingField.into(), 2),
        (RejectReason::OutOfRange.into(), 1),
    ]
    .into();
    assert_eq!(counts.quarantined, expected);

    let sent = good.iter().chain(&good[..100]).chain(&odd);
    let mut sent: Vec<Vec<u8>> = sent.map(|body| body.to_vec()).collect();
    let mut kept = stack.bronze_bodies().await;
    sent.sort_unstable();
    kept.sort_unstable();
    assert!(
        sent == kept,
        "bronze holds the bytes that were sent (B1, B3)"
    );

    check_silver(&read::silver(&stack.lake, &stack.log).await);
    let gold = gold_total(&stack).await;
    assert_eq!(gold["total_orders"].as_deref(), Some("1002"));
    assert_eq!(gold["total_amount"].as_deref(), Some("500752.00"));
    stack.shutdown().await;
}

fn check_silver(batches: &[RecordBatch]) {
    let mut amounts = 0i128;
    let mut rescued = 0;
    for batch in batches {
        let column = |name: &str| batch.column_by_name(name).unwrap();
        let ids = column("order_id").as_primitive::<Int64Type>();
        assert!(ids.values().iter().all(|id| (1..=2_000).contains(id)));
        amounts += column("amount")
            .as_primitive::<Decimal128Type>()
            .values()
            .iter()
            .sum::<i128>();
        rescued += batch.num_rows() - column("_rescued").null_count();
    }
    // 1 + 2 + ... + 1000, a quarter each, and the two orders of 1.
    assert_eq!(amounts, 50_050_000 + 25_000 + 200);
    assert_eq!(rescued, 1_001);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_resumes_and_a_second_delivery_changes_nothing_s4() {
    let mut stack = Stack::start("datasets/orders.toml").await;
    stack.send(&orders(0..300), &Destination::Any).await;
    stack.settle(300).await;
    stack.stop_host().await;

    stack.send(&orders(300..600), &Destination::Any).await;
    stack.start_host().await;
    let counts = stack.settle(600).await;
    assert_eq!((counts.rows, counts.duplicates), (600, 0));
    let before = gold_total(&stack).await;

    stack.send(&orders(0..600), &Destination::Any).await;
    let counts = stack.settle(1_200).await;
    assert_eq!((counts.rows, counts.duplicates), (600, 600));
    assert_eq!(gold_total(&stack).await, before);
    stack.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_put_by_hand_is_refined_and_a_foreign_one_is_not() {
    let stack = Stack::start("datasets/orders.toml").await;
    let lines: Vec<u8> = orders(0..50)
        .iter()
        .flat_map(|o| [o, &b"\n"[..]].concat())
        .collect();
    for name in ["orders/by-hand.jsonl", "other/by-hand.jsonl"] {
        let path = ObjectPath::new(paths::BRONZE, name);
        let created = stack
            .lake
            .create(&path, Bytes::from(lines.clone()), &Metadata::new())
            .await;
        assert_eq!(created.unwrap(), Created::New);
    }
    let counts = stack.settle(50).await;
    assert_eq!((counts.lines, counts.rows), (50, 50));
    let ledger = stack.log.ledger_prefix("").await.unwrap();
    let sources: Vec<&str> = ledger.iter().map(|entry| entry.source.as_str()).collect();
    assert_eq!(sources, ["orders/by-hand.jsonl"]);
    stack.shutdown().await;
}
