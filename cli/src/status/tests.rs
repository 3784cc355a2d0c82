use sluice::store::object::ObjectPath;

use testkit::faulty::Script;

use bytes::Bytes;

use super::unkept::Fate;
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
            unrefined: None,
            behind: None,
            waits_behind: None,
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
fn objects_that_are_not_in_the_ledger_wait() {
    let objects = [object("0", 0, 9, 1_000), object("0", 10, 29, 5_000)];
    let entry = LedgerEntry {
        source: "orders/0/0".into(),
        counts: sluice::table::log::Counts::default(),
        range: None,
        version: sluice::table::log::Version(1),
        quarantine: None,
        redrive: None,
        taken_up: None,
    };
    let waiting = compare_ledger(&objects, &[entry], 9_000);
    assert_eq!(
        (waiting.objects, waiting.lines, waiting.oldest),
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
    let status = gather(&pipeline.stores, no_hub, warehouse, true).await;
    let status = status.unwrap();

    let deep = status.deep.as_ref().unwrap();
    assert_eq!((deep.bronze.objects, deep.bronze.events), (2, 6));
    assert_eq!(deep.bronze.behind, None, "the hub cannot be read");
    let silver = status.silver.as_ref().unwrap();
    let counted = (silver.lines, silver.rows, silver.duplicates);
    assert_eq!(counted, (4, 2, 1));
    assert_eq!(silver.quarantined_by_reason["not_an_object"], 1);
    assert_eq!((silver.objects, silver.files, silver.behind), (1, 1, None));
    assert_eq!((deep.waiting.objects, deep.waiting.lines), (1, 2));
    let maintenance = deep.maintenance.as_ref().unwrap();
    assert_eq!((maintenance.rows, maintenance.unreconciled), (2, 1));
    let gold = status.gold.as_ref().unwrap();
    assert_eq!(gold.len(), 7);
    assert!(gold.iter().all(|table| table.behind == Some(0)));

    let json = serde_json::to_value(&status).unwrap();
    assert_eq!(json["hub"]["error"], "no event hub is named");
    assert_eq!(json["maintenance"]["rows"], 2);
    assert_eq!(json["gold"][0]["table"], "gold_daily_orders");
}

#[tokio::test]
async fn silver_is_behind_by_the_events_of_the_hub_that_its_head_has_not_refined() {
    let pipeline = Pipeline::new();
    let of = |first, last| {
        let mut hub = hub(first, last);
        hub.partitions[0].last_enqueued = Some(UnixMillis(i64::MAX));
        hub
    };
    let head = pipeline.stores.log.head().await.unwrap();
    assert_eq!(compare_head(&mut of(0, 9), head.as_ref()), Some(10));
    pipeline.run(0, &[1, 2, 3]).await;
    pipeline.run(7, &[4]).await;
    let head = pipeline.stores.log.head().await.unwrap();
    let mut later = of(0, 9);
    assert_eq!(compare_head(&mut later, head.as_ref()), Some(6));
    assert_eq!(later.partitions[0].unrefined, Some(6));
    assert_eq!(compare_head(&mut of(5, 9), head.as_ref()), Some(4));
    assert_eq!(later.partitions[0].waits_behind, None);
    // A hub that was made anew counts from 0 again; one that was asked earlier has fewer events.
    let mut anew = of(0, 1);
    assert_eq!(compare_head(&mut anew, head.as_ref()), Some(2));
    assert_eq!(anew.partitions[0].waits_behind, Some(2));
    let mut earlier = hub(0, 1);
    assert_eq!(compare_head(&mut earlier, head.as_ref()), Some(0));
    assert_eq!(earlier.partitions[0].waits_behind, None);
}

#[tokio::test]
async fn silver_is_one_read_whatever_the_age_of_the_lake() {
    let pipeline = Pipeline::new();
    for number in 0..12 {
        pipeline.run(2 * number, &[1, 2]).await;
    }
    let script = Script::new();
    let stores = pipeline.stores_by(&script);
    let no_hub = || Err("no event hub is named".to_owned());
    let no_gold = || Err("no gold".to_owned());
    let status = gather(&stores, no_hub(), no_gold(), false).await.unwrap();
    assert_eq!(script.calls(""), ["read head"]);
    let silver = status.silver.as_ref().unwrap();
    assert_eq!((silver.lines, silver.rows, silver.objects), (24, 2, 12));
    assert!(status.deep.is_none());
    let shallow = serde_json::to_value(&status).unwrap();
    assert!(shallow.get("bronze").is_none(), "{shallow}");

    gather(&stores, no_hub(), no_gold(), true).await.unwrap();
    assert!(!script.calls("list bronze/").is_empty());

    // Until maintenance has counted a log that an earlier build began, the ledger is added up.
    let mut head = pipeline.head().await;
    head.properties.remove("totals");
    pipeline.write_head(head).await;
    let status = gather(&stores, no_hub(), no_gold(), false).await.unwrap();
    let counted = status.silver.unwrap();
    assert_eq!((counted.lines, counted.rows, counted.objects), (24, 2, 12));
}

#[tokio::test]
async fn an_hour_of_empty_events_is_named_and_costs_two_reads() {
    let pipeline = Pipeline::new();
    let look = async || {
        let script = Script::new();
        let stores = pipeline.stores_by(&script);
        let nothing = |what: &str| Err(what.to_owned());
        let status = gather(&stores, nothing("no hub"), Err("no gold".to_owned()), false);
        let silver = status.await.unwrap().silver.unwrap();
        (silver.unkept, script.calls(""))
    };
    pipeline.run(0, &[1]).await;
    pipeline.ingest_bodies(1, vec![Bytes::new(); 98]).await;
    pipeline.refine().await;
    let (unkept, calls) = look().await;
    assert_eq!(unkept, []);
    assert_eq!(
        (calls.len(), calls[0].as_str()),
        (3, "read head"),
        "{calls:?}"
    );

    pipeline.ingest_bodies(99, vec![Bytes::new()]).await;
    pipeline.refine().await;
    let (unkept, calls) = look().await;
    let expected = Unkept {
        partition: "0".to_owned(),
        hour: "2025-11-14T11:00:00Z".to_owned(),
        fate: Fate::Empty,
        unkept: 99,
        of: 100,
        objects: 3,
    };
    assert_eq!(unkept, [expected]);
    assert_eq!(calls.len(), 3, "{calls:?}");

    // An hour later, it is the one before; and then it is not looked at any more.
    let hour: i64 = 3_600_000;
    pipeline.run(hour, &[2]).await;
    assert_eq!(look().await.0.len(), 1);
    pipeline.run(2 * hour, &[3]).await;
    assert_eq!(look().await.0, []);
}

#[tokio::test]
async fn gold_is_behind_by_the_versions_that_it_has_not_published() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    pipeline.ingest(2, &[3]).await;
    pipeline.refine().await;
    let head = pipeline.stores.log.head().await.unwrap().unwrap();
    let read = async |log| read_gold(pipeline.warehouse.as_ref(), Some((2, log))).await;
    let gold = read(head.log.as_deref()).await.unwrap();
    let behind = gold.tables.into_iter().map(|table| table.behind);
    assert_eq!(behind.collect::<Vec<_>>(), [Some(1); 7]);
    // Versions of another log say nothing.
    for table in read(Some("another")).await.unwrap().tables {
        assert_eq!(table.behind, None);
        let reason = table.reason.unwrap();
        assert!(reason.contains("follows another pipeline"), "{reason}");
    }
}

#[tokio::test]
async fn an_empty_pipeline_has_no_silver_and_gold_that_says_why() {
    let pipeline = Pipeline::new();
    let nothing = || Err("nothing answers".to_owned());
    let status = gather(
        &pipeline.stores,
        nothing(),
        Err("no gold yet".to_owned()),
        true,
    );
    let status = status.await.unwrap();
    assert!(status.silver.is_none());
    assert_eq!(status.deep.unwrap().bronze.newest, None);
    assert_eq!(status.gold.unwrap_err(), "no gold yet");
}

#[tokio::test]
async fn before_gold_has_run_that_is_what_is_said() {
    let pipeline = Pipeline::new();
    let gold = read_gold(pipeline.warehouse.as_ref(), None).await;
    assert_eq!(gold.unwrap_err(), "gold has not run yet");
}

#[test]
fn a_run_that_a_later_package_replaced_is_told_of_for_an_hour() {
    let why = sluice::gold::Replaced { own: 1, later: 2 };
    let said = |minutes: i64| gold::replaced((why, UnixMillis(0)), UnixMillis(minutes * 60_000));
    let text = said(59).unwrap();
    assert!(
        text.contains("published nothing: this package was stamped"),
        "{text}"
    );
    assert_eq!(said(60), None, "the app that said so has gone");
}

#[tokio::test]
async fn what_no_longer_fits_is_named_with_the_way_out() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    pipeline.change_gold("ALTER TABLE gold_total_revenue__1 RENAME COLUMN total_orders TO orders");
    let stores = pipeline.stores_that_do_not_fit();
    let no_hub = Err("no event hub is named".to_owned());
    let warehouse = Ok(Arc::clone(&pipeline.warehouse));
    let status = gather(&stores, no_hub, warehouse, true).await.unwrap();
    let misfit = status.deep.as_ref().unwrap().misfit.as_ref().unwrap();
    assert!(
        misfit.contains("column customer_id") && misfit.contains("raise the generation"),
        "{misfit}"
    );
    let gold = status.gold.as_ref().unwrap();
    let (misfits, fine): (Vec<_>, Vec<_>) = gold.iter().partition(|table| table.reason.is_some());
    assert_eq!((misfits.len(), fine.len()), (1, 6), "one hides no other");
    let gold = misfits[0].reason.as_ref().unwrap();
    assert!(
        gold.contains("gold table gold_total_revenue does not fit"),
        "{gold}"
    );
    assert!(
        gold.contains("run `sluice rebuild gold --table gold_total_revenue`"),
        "{gold}"
    );
}
