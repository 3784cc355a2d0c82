//! Rows that are known by a bucket of their time, or by the place that they came from.

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;

use super::good::assert_adds_up;
use super::pipeline::{Pipeline, event};

/// An event, so many minutes after the usual one of its id.
fn later(id: i64, minutes: i64) -> Vec<u8> {
    let text = String::from_utf8(event(id)).unwrap();
    let at = super::pipeline::START - (id % 3) * 3_600;
    let moved = text.replace(
        &format!("\"at\": {at}."),
        &format!("\"at\": {}.", at + minutes * 60),
    );
    assert!(minutes == 0 || moved != text, "{text}");
    moved.into_bytes()
}

/// Two commits with resends, published; and what a doubled row of the first file is called.
async fn doubled(key: &str) -> (Pipeline, String) {
    let pipeline = Pipeline::known_by(key);
    let first = [later(1, 0), later(1, 5), later(2, 0), b"broken".to_vec()];
    pipeline.ingest("0", 0, first.to_vec()).await;
    pipeline.refine().await;
    let resent = vec![later(1, 7), later(2, 0), later(4, 0)];
    pipeline.ingest("0", 4, resent).await;
    pipeline.refine().await;
    pipeline.publish().await;
    assert_adds_up(&pipeline.audit().await);

    let twice = |rows: RecordBatch| {
        let last = rows.slice(rows.num_rows() - 1, 1);
        concat_batches(&rows.schema(), [&rows, &last]).unwrap()
    };
    pipeline.rewrite(&pipeline.file().await, twice).await;
    let report = pipeline.audit().await;
    let check = report
        .checks
        .iter()
        .find(|check| check.name.contains("no key twice"));
    let found = check.and_then(|check| check.difference.clone());
    (pipeline, found.unwrap())
}

#[tokio::test]
async fn a_key_with_a_bucket_is_there_once_a_bucket() {
    let (pipeline, found) = doubled("key = [\"id\", \"hour(at)\"]").await;
    assert_eq!(pipeline.audit().await.sums.duplicates, 3);
    assert!(found.contains("hour(at) = 2025-11-14T"), "{found}");
    assert!(found.contains(":00:00Z"), "{found}");
}

#[tokio::test]
async fn where_every_record_is_a_row_its_place_is_there_once() {
    let (pipeline, found) = doubled("dedup = { keep = \"all\" }").await;
    assert_eq!(pipeline.audit().await.sums.duplicates, 0);
    assert!(
        found.contains("_line = ") && found.contains("_record = 0"),
        "{found}"
    );
}
