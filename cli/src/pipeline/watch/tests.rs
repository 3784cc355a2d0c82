use sluice::warehouse::TableRows;

use super::*;
use crate::target::in_memory::{Pipeline, repository};

/// What the handler said of events that it stored in one object.
fn stored(events: u64) -> Heard {
    Heard {
        stored: events,
        objects: u64::from(events > 0),
        messages: Vec::new(),
    }
}

async fn watch(pipeline: &Pipeline) -> Watch {
    let warehouse = Arc::clone(&pipeline.warehouse);
    Watch::over(pipeline.stores(), warehouse).await.unwrap()
}

#[tokio::test]
async fn an_empty_pipeline_has_nothing_and_lacks_nothing_but_gold() {
    let pipeline = Pipeline::new();
    let mut watch = watch(&pipeline).await;
    let snapshot = watch.look_at(stored(0), 0).await.unwrap();
    assert!(snapshot.has_arrived());
    assert!(!snapshot.is_published(), "gold has not run yet");
    assert!(snapshot.is_conserved());
    assert_eq!((snapshot.bronze_events, snapshot.watermark), (0, None));
}

#[tokio::test]
async fn a_run_is_over_once_silver_and_then_gold_have_every_event() {
    let pipeline = Pipeline::new();
    let mut watch = watch(&pipeline).await;
    pipeline.ingest(0, &[1, 2, 2, 0]).await;
    let snapshot = watch.look_at(stored(4), 4).await.unwrap();
    assert_eq!((snapshot.bronze_events, snapshot.bronze_objects), (4, 1));
    assert!(!snapshot.has_arrived(), "silver has nothing yet");

    pipeline.refine().await;
    let snapshot = watch.look_at(stored(4), 4).await.unwrap();
    assert!(snapshot.has_arrived() && snapshot.is_conserved());
    assert!(!snapshot.is_published());
    let counts = &snapshot.counts;
    assert_eq!((counts.lines, counts.rows, counts.duplicates), (4, 2, 1));
    assert_eq!(counts.quarantined_total(), 1);
    assert!(snapshot.watermark.is_some());

    pipeline.publish().await;
    let snapshot = watch.look_at(stored(4), 4).await.unwrap();
    assert!(
        snapshot.is_published(),
        "where all but gold is there, gold is read at once"
    );
    assert_eq!(snapshot.published, Some(snapshot.version));
}

#[tokio::test]
async fn events_that_the_hub_takes_meanwhile_are_waited_for() {
    let pipeline = Pipeline::new();
    let mut watch = watch(&pipeline).await;
    pipeline.run(0, &[1, 2]).await;
    let snapshot = watch.look_at(stored(2), 3).await.unwrap();
    assert!(!snapshot.has_arrived());
    assert!(!snapshot.is_conserved(), "an event is not a line yet");
}

#[tokio::test]
async fn commits_are_counted_once_however_often_they_are_looked_at() {
    let pipeline = Pipeline::new();
    let mut watch = watch(&pipeline).await;
    pipeline.run(0, &[1, 2]).await;
    for _ in 0..3 {
        watch.look_at(stored(2), 2).await.unwrap();
    }
    pipeline.run(2, &[3]).await;
    let snapshot = watch.look_at(stored(3), 3).await.unwrap();
    assert_eq!(snapshot.counts.rows, 3);
    assert_eq!(snapshot.silver_files, 2);
    assert!(snapshot.is_published());
}

#[tokio::test]
async fn what_earlier_runs_left_counts_as_well() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2, 2]).await;
    let mut watch = watch(&pipeline).await;
    let snapshot = watch.look_at(stored(0), 3).await.unwrap();
    assert_eq!((snapshot.bronze_events, snapshot.bronze_objects), (3, 1));
    assert_eq!((snapshot.counts.rows, snapshot.counts.duplicates), (2, 1));
    assert!(snapshot.has_arrived() && snapshot.is_published());

    pipeline.ingest(3, &[3]).await;
    let snapshot = watch.look_at(stored(1), 4).await.unwrap();
    assert_eq!((snapshot.bronze_events, snapshot.bronze_objects), (4, 2));
}

#[tokio::test]
async fn what_the_handler_complains_of_is_shown() {
    let pipeline = Pipeline::new();
    let mut watch = watch(&pipeline).await;
    let heard = Heard {
        messages: vec!["silver failed lost".to_owned()],
        ..Heard::default()
    };
    let snapshot = watch.look_at(heard, 0).await.unwrap();
    assert_eq!(snapshot.messages, ["silver failed lost"]);
}

#[tokio::test]
async fn gold_tables_are_shown_as_people_read_them() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2, 3]).await;
    let tables = watch(&pipeline).await.gold_tables(1).await.unwrap();
    let names: Vec<&str> = tables.iter().map(|table| table.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "gold_daily_orders",
            "gold_hourly_revenue",
            "gold_total_revenue_report",
            "gold_customer_totals",
            "gold_top_customers"
        ]
    );
    let TableRows { columns, rows } = &tables[2].rows;
    let orders = columns.iter().position(|name| name == "total_orders");
    assert_eq!(rows[0][orders.unwrap()].as_deref(), Some("3"));
    assert!(tables.iter().all(|table| table.total == 1));
}

#[tokio::test]
async fn gold_that_another_silver_has_filled_is_refused() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let stores = pipeline.stores_of_another_silver();
    let watch = Watch::over(stores, Arc::clone(&pipeline.warehouse)).await;
    let error = watch.err().unwrap().to_string();
    assert!(error.contains("gold_daily_orders"), "{error}");
}

#[test]
fn gold_has_published_what_its_last_table_has() {
    let dataset = Dataset::load(&repository().join("datasets/orders.toml")).unwrap();
    let mut progress: BTreeMap<String, Progress> = BTreeMap::new();
    for (table, version) in dataset.gold.iter().zip(5..) {
        assert_eq!(published(&progress, &dataset), None, "one has not run");
        let at = Progress {
            generation: 1,
            definition: String::new(),
            version: Version(version),
        };
        progress.insert(table.table.clone(), at);
    }
    assert_eq!(published(&progress, &dataset), Some(Version(5)));
}
