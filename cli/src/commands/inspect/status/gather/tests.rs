use sluice::store::object::ObjectPath;

use super::*;
use crate::target::in_memory::Pipeline;

fn object(partition: &str, first: i64, last: i64, enqueued: i64) -> ObjectInfo {
    let metadata = [
        ("partition", partition.to_owned()),
        ("first_sequence", first.to_string()),
        ("last_sequence", last.to_string()),
        ("first_enqueued_ms", enqueued.to_string()),
        ("last_enqueued_ms", enqueued.to_string()),
        ("lines", (last - first + 1).to_string()),
    ];
    ObjectInfo {
        path: ObjectPath::new("bronze", &format!("orders/{partition}/{first}")),
        size: 1,
        created: UnixMillis(enqueued),
        metadata: metadata
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
    }
}

fn hub(first: i64, last: i64) -> Hub {
    Hub {
        name: "h".into(),
        events: 0,
        partitions: vec![HubPartition {
            id: "0".into(),
            first_sequence: first,
            last_sequence: last,
            last_enqueued: Some(UnixMillis(10)),
            behind: 0,
        }],
    }
}

#[test]
fn bronze_is_behind_by_the_events_after_its_newest() {
    let objects = [
        object("0", 0, 9, 1),
        object("0", 10, 19, 2),
        object("1", 0, 99, 3),
    ];
    assert_eq!(compare_hub(&mut hub(0, 24), &objects), 5);
    assert_eq!(compare_hub(&mut hub(0, 19), &objects), 0);
    assert_eq!(compare_hub(&mut hub(0, 24), &[]), 25);
    assert_eq!(
        compare_hub(&mut hub(20, 24), &[]),
        5,
        "older events have expired"
    );
    assert_eq!(
        compare_hub(&mut hub(0, 4), &objects),
        5,
        "the hub was made anew"
    );
    let anew = [object("0", 10, 19, 2), object("0", 0, 3, 7)];
    assert_eq!(compare_hub(&mut hub(0, 4), &anew), 1);
    assert_eq!(
        compare_hub(&mut hub(0, 24), &[object("0", 0, 29, 20)]),
        0,
        "bronze has gone on since the hub was asked"
    );
}

#[test]
fn silver_is_behind_by_the_objects_that_are_not_in_the_ledger() {
    let objects = [object("0", 0, 9, 1_000), object("0", 10, 29, 5_000)];
    let entry = LedgerEntry {
        source: "orders/0/0".into(),
        counts: Counts::default(),
        range: None,
        version: sluice::table::log::Version(1),
        quarantine: None,
    };
    let behind = compare_ledger(&objects, &[entry], 9_000);
    assert_eq!(
        (behind.objects, behind.lines, behind.oldest),
        (1, 20, Some(4))
    );
}

#[tokio::test]
async fn every_layer_is_read_and_one_that_cannot_be_says_why() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2, 2, 0]).await;
    pipeline.ingest(4, &[3, 4]).await;
    let no_hub = Err("no event hub is named".to_owned());
    let warehouse = Ok(Arc::clone(&pipeline.warehouse));
    let status = gather(&pipeline.stores, no_hub, warehouse).await.unwrap();

    assert_eq!((status.bronze.objects, status.bronze.events), (2, 6));
    assert_eq!(status.bronze.behind, None, "the hub cannot be read");
    let silver = status.silver.as_ref().unwrap();
    let counted = (silver.lines, silver.rows, silver.duplicates);
    assert_eq!(counted, (4, 2, 1));
    assert_eq!(silver.quarantined_by_reason["not_an_object"], 1);
    assert_eq!((silver.behind.objects, silver.behind.lines), (1, 2));
    let maintenance = status.maintenance.as_ref().unwrap();
    assert_eq!((maintenance.rows, maintenance.unreconciled), (2, 1));
    let gold = status.gold.as_ref().unwrap();
    assert_eq!(gold.len(), 4);
    assert!(gold.iter().all(|table| table.behind == Some(0)));

    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["hub"]["error"], "no event hub is named");
    assert_eq!(json["maintenance"]["rows"], 2);
    assert_eq!(json["gold"][0]["table"], "gold_daily_orders");
}

#[tokio::test]
async fn gold_is_behind_by_the_versions_that_it_has_not_published() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    pipeline.ingest(2, &[3]).await;
    pipeline.refine().await;
    let gold = read_gold(pipeline.warehouse.as_ref(), Some(2)).await;
    let behind = gold.unwrap().into_iter().map(|table| table.behind);
    assert_eq!(behind.collect::<Vec<_>>(), [Some(1); 4]);
}

#[tokio::test]
async fn an_empty_pipeline_has_no_silver_and_gold_that_says_why() {
    let pipeline = Pipeline::new();
    let nothing = || Err("nothing answers".to_owned());
    let status = gather(&pipeline.stores, nothing(), Err("no gold yet".to_owned()));
    let status = status.await.unwrap();
    assert!(status.silver.is_none());
    assert_eq!(status.bronze.newest, None);
    assert_eq!(status.gold.unwrap_err(), "no gold yet");
}

#[tokio::test]
async fn before_gold_has_run_that_is_what_is_said() {
    let pipeline = Pipeline::new();
    let gold = read_gold(pipeline.warehouse.as_ref(), None).await;
    assert_eq!(gold.unwrap_err(), "gold has not run yet");
}

#[tokio::test]
async fn what_no_longer_fits_is_named_with_the_way_out() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    pipeline.change_gold("ALTER TABLE gold_total_revenue__1 RENAME COLUMN total_orders TO orders");
    let stores = pipeline.stores_that_do_not_fit();
    let no_hub = Err("no event hub is named".to_owned());
    let warehouse = Ok(Arc::clone(&pipeline.warehouse));
    let status = gather(&stores, no_hub, warehouse).await.unwrap();
    let misfit = status.misfit.as_ref().unwrap();
    assert!(
        misfit.contains("column customer_id") && misfit.contains("raise the generation"),
        "{misfit}"
    );
    let gold = status.gold.as_ref().unwrap_err();
    assert!(
        gold.contains("gold table gold_total_revenue does not fit"),
        "{gold}"
    );
    assert!(
        gold.contains("drop or rename gold_total_revenue__1"),
        "{gold}"
    );
}
