use bytes::Bytes;
use sluice::clock::SystemClock;
use sluice::gold::{Gold, Rebuild};
use sluice::store::entity::Value;
use sluice::store::object::{Metadata, ObjectPath};
use sluice::warehouse::TableRows;
use testkit::faulty::{Faulty, How, Script, When};

use super::*;
use crate::target::in_memory::{Pipeline, repository};

/// What the handler said of events that it stored in one object.
fn stored(events: u64) -> Heard {
    Heard {
        stored: events,
        objects: u64::from(events > 0),
        ..Heard::default()
    }
}

async fn watch(pipeline: &Pipeline) -> Watch {
    let warehouse = Arc::clone(&pipeline.warehouse);
    Watch::over(pipeline.stores(), warehouse).await.unwrap()
}

/// Follows a pipeline whose calls follow a script.
async fn watch_by(script: &Arc<Script>, pipeline: &Pipeline) -> Watch {
    let warehouse = Faulty::new(&pipeline.warehouse, script);
    let watch = Watch::over(pipeline.stores_by(script), warehouse).await;
    watch.unwrap()
}

#[test]
fn silver_has_arrived_when_it_has_as_many_lines_as_the_hub() {
    for (hub_events, lines, rows, has_arrived, is_conserved) in [
        (0, 0, 0, true, true),
        (10, 9, 9, false, false),
        (10, 10, 10, true, true),
        // A line has become nothing.
        (10, 10, 9, true, false),
        // The hub was made anew.
        (10, 11, 11, true, false),
    ] {
        let snapshot = Snapshot {
            hub_events,
            counts: Counts {
                rows,
                ..Counts::of_lines(lines)
            },
            ..Snapshot::default()
        };
        let case = format!("{hub_events} events, {lines} lines, {rows} rows");
        assert_eq!(snapshot.has_arrived(), has_arrived, "{case}");
        assert_eq!(snapshot.is_conserved(), is_conserved, "{case}");
    }
}

#[test]
fn gold_is_published_only_at_silver_s_very_version() {
    for (published, expected) in [
        (None, false),
        (Some(4), false),
        (Some(5), true),
        // What it was published from has not been looked at yet.
        (Some(6), false),
    ] {
        let snapshot = Snapshot {
            version: Version(5),
            published: published.map(Version),
            ..Snapshot::default()
        };
        assert_eq!(snapshot.is_published(), expected, "{published:?}");
    }
}

#[tokio::test]
async fn an_empty_pipeline_has_nothing_and_lacks_nothing_but_gold() {
    let pipeline = Pipeline::new();
    let mut watch = watch(&pipeline).await;
    let snapshot = watch.look_at(stored(0), || 0).await.unwrap();
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
    let snapshot = watch.look_at(stored(4), || 4).await.unwrap();
    assert_eq!((snapshot.bronze_events, snapshot.bronze_objects), (4, 1));
    assert!(!snapshot.has_arrived(), "silver has nothing yet");

    pipeline.refine().await;
    let snapshot = watch.look_at(stored(4), || 4).await.unwrap();
    assert!(snapshot.has_arrived() && snapshot.is_conserved());
    assert!(!snapshot.is_published());
    let counts = &snapshot.counts;
    assert_eq!((counts.lines, counts.rows, counts.duplicates), (4, 2, 1));
    assert_eq!(counts.quarantined_total(), 1);
    assert!(snapshot.watermark.is_some());

    pipeline.publish().await;
    let snapshot = watch.look_at(stored(4), || 4).await.unwrap();
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
    let snapshot = watch.look_at(stored(2), || 3).await.unwrap();
    assert!(!snapshot.has_arrived());
    assert!(!snapshot.is_conserved(), "an event is not a line yet");
}

#[tokio::test]
async fn events_that_others_send_during_a_look_are_no_difference() {
    let pipeline = Pipeline::new();
    let mut watch = watch(&pipeline).await;
    pipeline.run(0, &[1, 2, 3]).await;
    // The hub had two when the look began, three of them were refined during it, and a fourth has come since.
    let next = std::cell::Cell::new(2);
    let hub_events = || next.replace(4);
    let snapshot = watch.look_at(stored(3), hub_events).await.unwrap();
    assert!(snapshot.has_arrived() && snapshot.is_conserved());
    assert_eq!(snapshot.judged(), 3);

    let snapshot = watch.look_at(stored(3), || 2).await.unwrap();
    assert!(
        !snapshot.is_conserved(),
        "silver has what the hub never had"
    );
}

#[tokio::test]
async fn commits_are_counted_once_however_often_they_are_looked_at() {
    let pipeline = Pipeline::new();
    let mut watch = watch(&pipeline).await;
    pipeline.run(0, &[1, 2]).await;
    for _ in 0..3 {
        watch.look_at(stored(2), || 2).await.unwrap();
    }
    pipeline.run(2, &[3]).await;
    let snapshot = watch.look_at(stored(3), || 3).await.unwrap();
    assert_eq!(snapshot.counts.rows, 3);
    assert_eq!(snapshot.silver_files, 2);
    assert!(snapshot.is_published());
}

#[tokio::test]
async fn what_earlier_runs_left_counts_as_well() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2, 2]).await;
    let mut watch = watch(&pipeline).await;
    let snapshot = watch.look_at(stored(0), || 3).await.unwrap();
    assert_eq!((snapshot.bronze_events, snapshot.bronze_objects), (3, 1));
    assert_eq!((snapshot.counts.rows, snapshot.counts.duplicates), (2, 1));
    assert!(snapshot.has_arrived() && snapshot.is_published());

    pipeline.ingest(3, &[3]).await;
    let snapshot = watch.look_at(stored(1), || 4).await.unwrap();
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
    let snapshot = watch.look_at(heard, || 0).await.unwrap();
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
            "gold_live_revenue",
            "gold_daily_customers",
            "gold_customer_windows",
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
    let refused = watch.unwrap().inspect("sqlite:/state/gold.db").await;
    let error = refused.unwrap_err().to_string();
    assert!(error.contains("gold_daily_orders"), "{error}");
    assert!(error.contains("delete the file /state/gold.db"), "{error}");
}

#[tokio::test]
async fn gold_ahead_of_a_log_whose_end_is_lost_is_made_anew_where_it_is_of_this_state() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let before = pipeline.head().await;
    pipeline.run(10, &[3]).await;
    let watch = watch(&pipeline).await;
    let (_, mended) = watch.inspect_and_mend("own", "own").await.unwrap();
    assert_eq!(mended, None, "nothing is wrong");

    // As a storage has it that was killed before it had saved.
    pipeline.write_head(before).await;
    let refused = watch.inspect_and_mend("Server=s", "own").await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("an end of its log"), "{refused}");
    let (_, mended) = watch.inspect_and_mend("own", "own").await.unwrap();
    assert!(mended.unwrap().contains("7 tables are made anew"));
    let (_, again) = watch.inspect_and_mend("own", "own").await.unwrap();
    assert_eq!(again, None, "it is asked for");
}

#[tokio::test]
async fn gold_that_another_silver_fills_is_not_mended() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let stores = pipeline.stores_of_another_silver();
    let watch = Watch::over(stores, Arc::clone(&pipeline.warehouse)).await;
    let refused = watch.unwrap().inspect_and_mend("own", "own").await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("another log"), "{refused}");
}

#[tokio::test]
async fn gold_of_another_log_is_refused_until_somebody_asks_for_it() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let mut head = pipeline.head().await;
    head.properties
        .insert("log".into(), Value::String("another".into()));
    pipeline.write_head(head).await;
    let watch = watch(&pipeline).await;
    let error = watch.inspect("sqlite:gold.db").await.unwrap_err();
    let error = error.to_string();
    assert!(error.contains("follows another pipeline"), "{error}");
    assert!(error.contains("run `sluice rebuild gold`"), "{error}");

    let Stores {
        dataset,
        lake,
        state,
        ..
    } = pipeline.stores();
    let warehouse = Arc::clone(&pipeline.warehouse);
    let gold = Gold::new(dataset, lake, state, warehouse, Arc::new(SystemClock));
    gold.ask(&Rebuild::All).await.unwrap();
    watch.inspect("sqlite:gold.db").await.unwrap();
}

#[tokio::test]
async fn what_a_raised_generation_lacks_is_every_object_of_bronze() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    pipeline.ingest(2, &[3]).await;
    let unrefined = async |dataset: Dataset| {
        let warehouse = pipeline.warehouse_of(&dataset);
        let watch = Watch::over(pipeline.stores_of(dataset), warehouse).await;
        let found = watch.unwrap().inspect("sqlite:gold.db").await.unwrap();
        found.unrefined.len()
    };
    let mut dataset = (*pipeline.stores.dataset).clone();
    assert_eq!(unrefined(dataset.clone()).await, 1);
    dataset.generation += 1;
    assert_eq!(unrefined(dataset).await, 2);
}

#[tokio::test]
async fn a_state_without_a_file_that_the_log_names_is_refused() {
    let pipeline = Pipeline::new();
    let gold = "sqlite:gold.db";
    let found = watch(&pipeline).await.inspect(gold).await.unwrap();
    assert_eq!(found.counts, Counts::default());
    pipeline.run(0, &[1, 2]).await;
    let watch = watch(&pipeline).await;
    let found = watch.inspect(gold).await.unwrap();
    assert_eq!((found.counts.rows, found.version > Version(0)), (2, true));
    assert!(found.misfits.is_empty());
    for (container, what) in [("silver", "silver file"), ("bronze", "bronze object")] {
        let lake = &pipeline.stores.lake;
        let objects = lake.list(&ObjectPath::new(container, "orders/")).await;
        for object in objects.unwrap() {
            lake.delete(&object.path).await.unwrap();
        }
        let refused = watch.inspect(gold).await.unwrap_err().to_string();
        assert!(refused.contains(what), "{refused}");
        assert!(refused.contains("generation"), "{refused}");
    }
}

#[tokio::test]
async fn a_dataset_file_that_no_longer_fits_is_told_of_with_its_reasons() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let text = std::fs::read_to_string(repository().join("datasets/orders.toml")).unwrap();
    let changed = text.replace("period = \"hour\"", "period = \"day\"");
    assert_ne!(text, changed);
    let mut stores = pipeline.stores();
    stores.dataset = Arc::new(Dataset::parse(&changed, "orders.toml").unwrap());
    let watch = Watch::over(stores, Arc::clone(&pipeline.warehouse)).await;
    let found = watch.unwrap().inspect("sqlite:gold.db").await.unwrap();
    assert_eq!(found.misfits, ["period was hour and is day"]);
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
            ..Progress::default()
        };
        progress.insert(table.table.clone(), at);
    }
    assert_eq!(published(&progress, &dataset), Some(Version(5)));
    let mut raised = dataset;
    raised.generation = 2;
    assert_eq!(
        published(&progress, &raised),
        None,
        "another generation is shown"
    );
}

#[tokio::test]
async fn what_came_from_files_stands_for_nothing_that_the_hub_has() {
    let pipeline = Pipeline::new();
    pipeline.ingest(0, &[1, 2]).await;
    let path = paths::loaded_object("orders", "0");
    let content = Bytes::from_static(b"{}\n{}\n{}\n");
    let metadata = Metadata::new();
    let lake = &pipeline.stores.lake;
    let created = lake.create(&path, content, &metadata);
    created.await.unwrap();
    pipeline.refine().await;
    pipeline.publish().await;
    let mut watch = watch(&pipeline).await;
    // One more is on its way.
    let snapshot = watch.look_at(stored(2), || 3).await.unwrap();
    assert_eq!((snapshot.counts.lines, snapshot.lines_of_hub()), (5, 2));
    assert!(!snapshot.has_arrived() && !snapshot.is_conserved());
    let snapshot = watch.look_at(stored(2), || 2).await.unwrap();
    assert_eq!(snapshot.judged(), 5);
    assert!(snapshot.is_conserved());
}

#[tokio::test]
async fn an_object_that_was_put_by_hand_counts_without_lines() {
    let pipeline = Pipeline::new();
    pipeline.ingest(0, &[1, 2]).await;
    for (name, lines) in [("plain.jsonl", None), ("odd.jsonl", Some("many"))] {
        let path = ObjectPath::new("bronze", &format!("orders/0/{name}"));
        let lines = lines.map(|lines: &str| ("lines".to_owned(), lines.to_owned()));
        let metadata = Metadata::from_iter(lines);
        let content = Bytes::from_static(b"{}\n");
        let created = pipeline.stores.lake.create(&path, content, &metadata);
        created.await.unwrap();
    }
    let mut watch = watch(&pipeline).await;
    let snapshot = watch.look_at(stored(0), || 2).await.unwrap();
    assert_eq!((snapshot.bronze_events, snapshot.bronze_objects), (2, 3));
}

#[tokio::test]
async fn a_lake_that_cannot_be_listed_cannot_be_followed() {
    let pipeline = Pipeline::new();
    let script = Script::new();
    script.fail_at("list bronze/orders/", When::Before, How::Permanent);
    let warehouse = Arc::clone(&pipeline.warehouse);
    let watch = Watch::over(pipeline.stores_by(&script), warehouse).await;
    let error = sluice::error::chain(watch.err().unwrap().as_ref());
    assert!(error.contains("list bronze/orders/"), "{error}");
}

#[tokio::test]
async fn a_look_that_failed_is_made_again_and_counts_nothing_twice() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2, 2]).await;
    // An earlier build's head says nothing but how far it is.
    let uncounted = pipeline.head().await;
    for (call, is_counted) in [
        ("read head", true),
        ("read head", false),
        ("range src|", false),
        ("range log|", false),
    ] {
        let script = Script::new();
        let mut watch = watch_by(&script, &pipeline).await;
        let mut head = uncounted.clone();
        if !is_counted {
            head.properties.remove("totals");
        }
        pipeline.write_head(head).await;
        script.fail_at(call, When::Before, How::Transient);
        let failed = watch.look_at(stored(0), || 3).await;
        let error = sluice::error::chain(failed.unwrap_err().as_ref());
        assert!(error.contains(call), "{error}");

        let snapshot = watch.look_at(stored(0), || 3).await.unwrap();
        let counts = &snapshot.counts;
        assert_eq!((counts.lines, counts.rows), (3, 2), "after {call}");
        assert_eq!(snapshot.silver_files, 1, "after {call}");
        assert!(snapshot.is_published(), "after {call}");
    }
}

#[tokio::test]
async fn a_look_at_silver_is_one_read_and_one_more_where_a_version_is_new() {
    let pipeline = Pipeline::new();
    let script = Script::new();
    let mut watch = watch_by(&script, &pipeline).await;
    for (sequence, looks) in [(0, 1), (2, 2), (4, 3)] {
        pipeline.run(sequence, &[7, 7]).await;
        let snapshot = watch.look_at(stored(0), || 2 * looks).await.unwrap();
        assert_eq!(snapshot.counts.lines, 2 * looks);
        // The second asks what came from files.
        assert_eq!(reads(&script), 2 * looks);
    }
    watch.look_at(stored(0), || 6).await.unwrap();
    assert_eq!(reads(&script), 2 * 3 + 1);
}

fn reads(script: &Script) -> u64 {
    let reads = ["read ", "range ", "get "].map(|call| script.calls(call).len());
    reads.iter().sum::<usize>() as u64
}

#[tokio::test]
async fn commits_that_could_not_be_read_are_counted_later() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1]).await;
    let script = Script::new();
    let mut watch = watch_by(&script, &pipeline).await;
    watch.look_at(stored(0), || 1).await.unwrap();
    pipeline.run(1, &[2, 3]).await;
    script.fail_at("read head", When::Before, How::Transient);
    assert!(watch.look_at(stored(2), || 3).await.is_err());
    let snapshot = watch.look_at(stored(2), || 3).await.unwrap();
    assert_eq!((snapshot.counts.rows, snapshot.silver_files), (3, 2));
}

#[tokio::test]
async fn before_gold_has_run_there_are_no_tables_to_show() {
    let pipeline = Pipeline::new();
    pipeline.ingest(0, &[1]).await;
    pipeline.refine().await;
    let mut watch = watch(&pipeline).await;
    let snapshot = watch.look_at(stored(0), || 1).await.unwrap();
    assert!(snapshot.has_arrived() && snapshot.gold.is_empty());
    assert!(watch.gold_tables(1).await.is_err(), "nor any to print");
}

#[tokio::test]
async fn gold_that_cannot_be_read_is_read_at_the_next_look() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let script = Script::new();
    let mut watch = watch_by(&script, &pipeline).await;
    script.fail_at("look", When::Before, How::Permanent);
    let snapshot = watch.look_at(stored(0), || 2).await.unwrap();
    assert!(snapshot.has_arrived() && !snapshot.is_published());
    assert!(
        snapshot.gold_problem.is_some(),
        "which is not that it has not run"
    );
    let snapshot = watch.look_at(stored(0), || 2).await.unwrap();
    assert!(snapshot.is_published() && snapshot.gold_problem.is_none());
}

#[tokio::test]
async fn what_this_run_rejected_is_counted_and_nothing_from_before() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[0]).await;
    let watch = watch(&pipeline).await;
    let found = watch.inspect("sqlite:gold.db").await.unwrap();
    let (before, _) = watch.rejected_since(&found).await.unwrap();
    assert_eq!(before.records(), 0);
    pipeline.run(1, &[2, 0]).await;
    let (tally, read) = watch.rejected_since(&found).await.unwrap();
    assert_eq!(tally.records(), 1);
    assert_eq!((read.objects, read.shortfall()), (1, None));
    assert_eq!(tally.kinds()[0].example.reason, "not_an_object");
    assert_eq!(tally.kinds()[0].example.sequence_number, Some(2));
}

#[tokio::test]
async fn the_last_tables_stay_where_one_can_no_longer_be_read() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1]).await;
    let mut watch = watch(&pipeline).await;
    let before = watch.look_at(stored(0), || 1).await.unwrap();
    pipeline.change_gold("DROP VIEW gold_top_customers");
    pipeline.ingest(1, &[2]).await;
    pipeline.refine().await;
    let after = watch.look_at(stored(1), || 2).await.unwrap();
    assert!(after.version > before.version && !after.is_published());
    assert_eq!((before.gold.len(), after.gold.len()), (8, 8));
}

#[tokio::test(start_paused = true)]
async fn a_database_that_does_not_answer_holds_nothing_up() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let script = Script::new();
    let mut watch = watch_by(&script, &pipeline).await;
    script.stop_at("look", When::Before);
    let snapshot = watch.look_at(stored(0), || 2).await.unwrap();
    assert!(snapshot.has_arrived() && !snapshot.is_published());
    assert!(snapshot.gold.is_empty());
    let snapshot = watch.look_at(stored(0), || 2).await.unwrap();
    assert!(snapshot.is_published(), "it has resumed");
}

#[tokio::test(start_paused = true)]
async fn gold_that_is_up_to_date_is_read_every_two_seconds() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let script = Script::new();
    let mut watch = watch_by(&script, &pipeline).await;
    for _ in 0..3 {
        watch.look_at(stored(0), || 2).await.unwrap();
    }
    let reads = || script.calls("look").len();
    assert_eq!(reads(), 1, "at the first look");
    tokio::time::advance(GOLD_INTERVAL).await;
    watch.look_at(stored(0), || 2).await.unwrap();
    assert_eq!(reads(), 2);
}

#[tokio::test]
async fn a_table_says_how_many_rows_it_has_beyond_those_read() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 11]).await;
    let mut watch = watch(&pipeline).await;
    let tables = watch.gold_tables(1).await.unwrap();
    assert_eq!(tables[3].name, "gold_customer_totals");
    assert_eq!((tables[3].total, tables[3].rows.rows.len()), (2, 1));
    let snapshot = watch.look_at(stored(0), || 2).await.unwrap();
    assert_eq!(snapshot.gold[3].rows.rows.len(), 2, "the screen has two");
}

#[tokio::test]
async fn gold_that_cannot_be_asked_yet_is_left_to_its_runs() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let script = Script::new();
    script.fail_at("look", When::Before, How::Transient);
    let warehouse = Faulty::new(&pipeline.warehouse, &script);
    let watch = Watch::over(pipeline.stores_of_another_silver(), warehouse).await;
    let found = watch.unwrap().inspect("sqlite:gold.db").await;
    assert!(found.is_ok(), "it would be refused if it could be read");
}
