use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use clap::Parser;
use testkit::faulty::{Faulty, How, Script, When};

use super::*;
use crate::audit::Sums;
use crate::commands::exit_code;
use crate::target::in_memory::Pipeline;

async fn examine_within(subject: &Subject, grace: Duration) -> Result<Report, AuditError> {
    examine_beside(subject, Hub::NotAsked, grace).await
}

async fn examine_beside(
    subject: &Subject,
    hub: Hub,
    grace: Duration,
) -> Result<Report, AuditError> {
    let options = Options {
        grace,
        hub,
        ..Options::at(SystemClock.now())
    };
    examine(subject, &options).await
}

fn check(name: &str, difference: Option<&str>, skipped: bool) -> Check {
    Check {
        name: name.to_owned(),
        examined: "2 objects".to_owned(),
        difference: difference.map(str::to_owned),
        skipped,
    }
}

fn report(checks: Vec<Check>) -> Report {
    Report {
        dataset: "orders".to_owned(),
        generation: 2,
        version: Some(140),
        sums: Sums {
            bronze_objects: 302,
            lines: 70_159,
            empty: 0,
            opened: 70_159,
            records: 70_159,
            rows: 69_659,
            duplicates: 500,
            conflicts: 0,
            filtered: 0,
            quarantined: 0,
            redriven: 0,
            nulled: 0,
        },
        opened: None,
        checks,
    }
}

fn texts(report: &Report) -> Vec<String> {
    lines(report, &[]).iter().map(|line| line.text()).collect()
}

#[test]
fn a_good_report_has_its_checks_its_totals_and_the_verdict() {
    let report = report(vec![
        check("bronze: every event is there once", None, false),
        check("hub: bronze skipped no event", None, true),
    ]);
    assert_eq!(
        texts(&report),
        [
            "audit of orders, generation 2, version 140",
            "  ok   bronze: every event is there once                    2 objects",
            "  skip hub: bronze skipped no event                         2 objects",
            "70,159 lines = 69,659 rows + 500 duplicates + 0 quarantined",
            "everything adds up",
        ]
    );
}

#[test]
fn every_difference_is_shown_once_and_the_first_check_is_the_verdict() {
    let report = report(vec![
        check("a", None, false),
        check("b", Some("a key is there twice"), false),
        check("c", Some("a row is missing"), false),
    ]);
    let lines = texts(&report);
    let shown = |text: &str| lines.iter().any(|line| line == text);
    assert!(shown("       a key is there twice"), "{lines:?}");
    assert!(shown("       a row is missing"), "{lines:?}");
    let failed = lines.iter().filter(|line| line.starts_with("  FAIL "));
    assert_eq!(failed.count(), 2);
    let verdict = lines.last().unwrap();
    assert_eq!(verdict, "DOES NOT ADD UP: b");
}

#[test]
fn a_column_that_is_always_null_is_doubted_and_no_difference() {
    let column = NullColumn {
        column: "temp".to_owned(),
        rows: 2_000,
        is_all: true,
        from: vec!["from = \"telemetry.temp\"".to_owned()],
    };
    let report = report(vec![check("a", None, false)]);
    let nulls = [column];
    let lines = lines(&report, &nulls);
    let lines: Vec<String> = lines.iter().map(|line| line.text()).collect();
    let doubt = "  !    column temp is null in all 2,000 rows: is from = \"telemetry.temp\" where";
    assert!(lines[2].starts_with(doubt), "{lines:?}");
    assert_eq!(lines.last().unwrap(), "everything adds up");
    assert_eq!(json(&report, &nulls)["null_columns"][0]["rows"], 2_000);
}

#[tokio::test]
async fn a_real_pipeline_names_the_columns_that_are_always_null() {
    let pipeline = Pipeline::new();
    let nobodys = |ids: std::ops::Range<u64>| -> Vec<Bytes> {
        let text = |id| format!(r#"{{"order_id":{id},"amount":1,"timestamp":1763120674.343}}"#);
        ids.map(|id| Bytes::from(text(id))).collect()
    };
    pipeline.ingest_bodies(0, nobodys(1..100)).await;
    pipeline.refine().await;
    let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
    assert_eq!(null_columns(&subject).await.unwrap(), [], "too few rows");
    pipeline.ingest_bodies(99, nobodys(100..102)).await;
    pipeline.refine().await;
    let found = null_columns(&subject).await.unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|it| (it.column.as_str(), it.rows))
        .collect();
    assert_eq!(found, [("customer_id", 101)]);
    pipeline.run(200, &[300]).await;
    assert_eq!(null_columns(&subject).await.unwrap(), [], "one has a value");
}

#[test]
fn before_the_first_commit_there_is_no_version() {
    let mut report = report(Vec::new());
    report.version = None;
    assert!(texts(&report)[0].ends_with("generation 2, no version yet"));
}

#[test]
fn programs_get_every_field_and_the_verdict() {
    let good = json(&report(vec![check("a", None, true)]), &[]);
    assert_eq!(
        good,
        json!({
            "dataset": "orders",
            "generation": 2,
            "version": 140,
            "sums": { "bronze_objects": 302, "lines": 70_159, "empty": 0, "opened": 70_159, "records": 70_159,
                "rows": 69_659, "duplicates": 500, "conflicts": 0, "filtered": 0, "quarantined": 0, "redriven": 0, "nulled": 0 },
            "checks": [{ "name": "a", "examined": "2 objects", "difference": null, "skipped": true }],
            "adds_up": true,
            "null_columns": [],
        })
    );
    let bad = json(&report(vec![check("a", Some("gone"), false)]), &[]);
    assert_eq!(bad["adds_up"], false);
    assert_eq!(bad["checks"][0]["difference"], "gone");
}

#[test]
fn a_partition_that_holds_nothing_starts_after_its_last_event() {
    let state = |is_empty| PartitionState {
        begin_sequence: 3,
        last_sequence: 9,
        last_offset: String::new(),
        last_enqueued_ms: Some(7),
        is_empty,
    };
    let partition = hub_partition(("1".to_owned(), state(false)));
    let expected = HubPartition {
        id: PartitionId("1".to_owned()),
        first: 3,
        last: 9,
        last_enqueued: Some(UnixMillis(7)),
    };
    assert_eq!(partition, expected);
    let empty = hub_partition(("1".to_owned(), state(true)));
    assert_eq!((empty.first, empty.last), (10, 9));
}

#[tokio::test]
async fn a_good_pipeline_adds_up_and_one_without_gold_does_not() {
    let pipeline = Pipeline::new();
    pipeline.ingest(0, &[1, 2, 2, 0]).await;
    pipeline.refine().await;
    let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
    let report = examine_within(&subject, Duration::ZERO).await.unwrap();
    assert!(!report.adds_up());
    let (check, difference) = report.first_difference().unwrap();
    assert_eq!(check, "gold");
    assert!(difference.contains("has not run yet"), "{difference}");

    pipeline.publish().await;
    let report = examine_within(&subject, Duration::ZERO).await.unwrap();
    assert!(report.adds_up(), "{:#}", json(&report, &[]));
    assert_eq!(report.sums.lines, 4);
}

#[tokio::test]
async fn an_object_that_silver_has_not_seen_is_excused_while_young() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    pipeline.ingest(2, &[3]).await;
    let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
    let minutes = Duration::from_secs(600);
    assert!(examine_within(&subject, minutes).await.unwrap().adds_up());
    assert!(
        !examine_within(&subject, Duration::ZERO)
            .await
            .unwrap()
            .adds_up()
    );
}

#[derive(Parser)]
struct Line {
    #[command(flatten)]
    audit: AuditArguments,
}

fn arguments(line: &str) -> Result<AuditArguments, clap::Error> {
    let words = std::iter::once("audit").chain(line.split_whitespace());
    Line::try_parse_from(words).map(|line| line.audit)
}

/// Returns the exit code that an audit comes to.
async fn exit_code_of(subject: &Subject) -> u8 {
    let report = examine_within(subject, Duration::ZERO).await;
    exit_code(&report.map(|report| report.adds_up()).map_err(Into::into))
}

/// Audits a pipeline beside a hub whose only partition has these events.
async fn beside_hub(pipeline: &Pipeline, first: i64, last: i64) -> Report {
    let partition = HubPartition {
        id: PartitionId("0".to_owned()),
        first,
        last,
        last_enqueued: None,
    };
    let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
    let hub = Hub::Read(vec![partition]);
    let report = examine_beside(&subject, hub, Duration::ZERO).await;
    report.unwrap()
}

#[test]
fn without_a_flag_the_hub_is_asked_and_ten_minutes_are_granted() {
    let plain = arguments("").unwrap();
    assert_eq!(
        (plain.grace.as_secs(), plain.json, plain.no_hub),
        (600, false, false)
    );
    let other = arguments("--grace 0 --json --no-hub --deep").unwrap();
    assert_eq!(
        (other.grace.as_secs(), other.json, other.no_hub),
        (0, true, true)
    );
    assert_eq!((plain.deep, other.deep), (false, true));
    for wrong in ["--grace soon", "--grace -1", "--grace 1.5"] {
        assert!(arguments(wrong).is_err(), "{wrong}");
    }
}

#[tokio::test]
async fn a_hub_that_does_not_answer_is_skipped_with_its_address() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let place = listener.local_addr().unwrap();
    drop(listener);
    let connection = format!(
        "Endpoint=sb://{place};SharedAccessKeyName=a;SharedAccessKey=a2V5;UseDevelopmentEmulator=true"
    );
    let silent = format!("EntityPath=orders;{connection}");
    for (settings, expected) in [
        (vec![], "no event hub is named".to_owned()),
        (
            vec![("EventHubConnection", silent.as_str())],
            format!("no event hub answers at {place}"),
        ),
    ] {
        let root = Path::new("/app");
        let settings = AppSettings::of_environment(root, Path::new("d.toml"), &settings);
        let hub = ask(&arguments("").unwrap().hub, &settings).await;
        let Hub::Unreadable(reason) = &hub else {
            panic!("{hub:?} has been read");
        };
        assert!(reason.starts_with(&expected), "{reason}");

        let pipeline = Pipeline::new();
        pipeline.run(0, &[1]).await;
        let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
        let report = examine_beside(&subject, hub.clone(), Duration::ZERO).await;
        let report = report.unwrap();
        assert!(report.adds_up(), "what was not compared is no difference");
        let mut skipped = texts(&report).into_iter();
        let skipped = skipped.find(|line| line.starts_with("  skip ")).unwrap();
        assert!(skipped.contains(&expected), "{skipped}");
    }
}

#[tokio::test]
async fn events_that_are_on_the_way_from_the_hub_add_up() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let report = beside_hub(&pipeline, 0, 6).await;
    assert!(report.adds_up(), "{:#}", json(&report, &[]));
    let lines = texts(&report).join("\n");
    assert!(lines.contains("7 events retained in 1 partition, 5 on the way to bronze"));
}

#[tokio::test]
async fn events_that_bronze_passed_over_are_the_verdict() {
    let pipeline = Pipeline::new();
    pipeline.run(3, &[1, 2]).await;
    let report = beside_hub(&pipeline, 0, 4).await;
    let lines = texts(&report);
    let verdict = "DOES NOT ADD UP: hub: bronze skipped no event";
    assert_eq!(lines.last().unwrap(), verdict);
    let expected = "       partition 0: the hub has events 0 to 2";
    let is_told = lines.iter().any(|line| line.starts_with(expected));
    assert!(is_told, "{lines:?}");
}

#[tokio::test]
async fn gold_that_was_changed_by_hand_fails_under_its_name() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
    assert_eq!(exit_code_of(&subject).await, 0);
    pipeline.change_gold("UPDATE gold_daily_orders__1 SET total_orders = 3");
    let report = examine_within(&subject, Duration::ZERO).await.unwrap();
    let lines = texts(&report);
    let failed: Vec<&String> = lines.iter().filter(|l| l.starts_with("  FAIL ")).collect();
    assert_eq!(failed.len(), 1, "{lines:#?}");
    assert!(failed[0].contains("gold: gold_daily_orders = silver"));
    assert_eq!(json(&report, &[])["adds_up"], false);
    assert_eq!(exit_code_of(&subject).await, 1);
}

#[tokio::test]
async fn a_store_that_fails_leaves_no_verdict_and_exit_code_1() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
    let script = Script::new();
    let subject = Subject {
        lake: Faulty::new(&subject.lake, &script),
        ..subject
    };
    script.fail_at("list", When::Before, How::Outage);
    let error = examine_within(&subject, Duration::ZERO).await.unwrap_err();
    let text = sluice::error::chain(&error);
    assert!(text.contains("list bronze/orders/"), "{text}");
    assert_eq!(exit_code_of(&subject).await, 1);
}

#[tokio::test]
async fn the_checks_of_a_pipeline_stand_in_columns() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    let report = beside_hub(&pipeline, 0, 1).await;
    let lines = texts(&report);
    let checks = &lines[1..=report.checks.len()];
    for line in checks {
        let column: Vec<char> = line.chars().skip(59).take(2).collect();
        assert!(column[0] == ' ' && column[1] != ' ', "{line}");
    }
}

#[test]
fn each_step_has_a_bar_of_its_own_and_the_last_one_goes() {
    let bars = Bars::default();
    let shown = || {
        let bar = bars.0.lock().unwrap();
        bar.as_ref()
            .map(|bar| (bar.message(), bar.position(), bar.length()))
    };
    bars.advance(1);
    assert_eq!(shown(), None, "no step has started");
    bars.start("read silver", 10);
    bars.advance(3);
    bars.advance(4);
    assert_eq!(shown(), Some(("read silver".to_owned(), 7, Some(10))));
    bars.start("list bronze", 0);
    assert_eq!(shown(), Some(("list bronze".to_owned(), 0, None)));
    bars.finish();
    assert_eq!(shown(), None);
}

#[tokio::test]
async fn a_dataset_file_that_no_longer_fits_is_what_the_audit_finds() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 11]).await;
    let stores = pipeline.stores_that_do_not_fit();
    let subject = stores.subject(Arc::clone(&pipeline.warehouse));
    let report = examine_within(&subject, Duration::ZERO).await.unwrap();
    let (name, difference) = report.first_difference().unwrap();
    assert_eq!(name, "dataset: the file fits silver");
    assert!(difference.contains("column customer_id"), "{difference}");
    assert!(difference.contains("undo the change"), "{difference}");
}

#[tokio::test]
async fn a_gold_table_that_does_not_fit_is_what_the_audit_finds() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    pipeline.change_gold("ALTER TABLE gold_total_revenue__1 RENAME COLUMN total_orders TO orders");
    let subject = pipeline.stores().subject(Arc::clone(&pipeline.warehouse));
    let report = examine_within(&subject, Duration::ZERO).await.unwrap();
    let (name, difference) = report.first_difference().unwrap();
    assert_eq!(name, "gold: gold_total_revenue = silver");
    assert!(
        difference.contains("run `sluice rebuild gold --table gold_total_revenue`"),
        "{difference}"
    );
}
