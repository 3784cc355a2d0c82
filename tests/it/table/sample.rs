//! The newest rows of silver, as people and programs see them.

use std::sync::Arc;

use serde_json::{Value, json};
use sluice::silver::sample::Sample;
use testkit::events::HOUR;
use testkit::world::World;

#[tokio::test]
async fn newest_rows_are_shown_with_times_in_utc_and_without_nulls() {
    let world = World::of_orders();
    let process = world.process();
    world.refine(&process, 0..5).await;
    world.wait(HOUR);
    world.refine(&process, 10..12).await;
    let (lake, snapshot) = (Arc::clone(&world.lake), world.snapshot().await);
    let sample = Sample::newest(&lake, &world.dataset, &snapshot, 3);
    let sample = sample.await.unwrap();

    let names = sample.columns();
    let rows = sample.rows().unwrap();
    let column = |name: &str| names.iter().position(|found| found == name).unwrap();
    let ids: Vec<_> = rows
        .iter()
        .map(|row| row[column("order_id")].as_deref())
        .collect();
    assert_eq!(ids, [Some("4"), Some("10"), Some("11")]);
    assert_eq!(rows[1][column("amount")].as_deref(), Some("10.50"));
    assert_eq!(rows[1][column("customer_id")], None);
    let time = rows[1][column("event_time")].as_deref().unwrap();
    assert_eq!(time, "2025-11-14T01:00:00.000010Z");

    let lines = sample.json_lines().unwrap();
    let lines: Vec<Value> = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.len(), 3);
    assert_eq!(lines[2]["order_id"], 11);
    assert_eq!(lines[2]["event_time"], json!("2025-11-14T01:00:00.000011Z"));
    assert_eq!(lines[2].get("customer_id"), None);
}
