use std::sync::Arc;

use super::*;
use crate::audit::Sums;
use crate::target::in_memory::Pipeline;

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
            rows: 69_659,
            duplicates: 500,
            quarantined: 0,
        },
        checks,
    }
}

#[test]
fn a_good_report_has_a_line_for_each_check_the_totals_and_the_verdict() {
    let report = report(vec![
        check("bronze: no event missing, none twice", None, false),
        check("hub: bronze passed nothing over", None, true),
    ]);
    assert_eq!(
        lines(&report),
        [
            "audit of orders, generation 2, version 140",
            "  ok   bronze: no event missing, none twice                 2 objects",
            "  skip hub: bronze passed nothing over                      2 objects",
            "70,159 lines = 69,659 rows + 500 duplicates + 0 quarantined",
            "everything adds up",
        ]
    );
}

#[test]
fn every_difference_is_shown_and_the_first_is_the_verdict() {
    let report = report(vec![
        check("a", None, false),
        check("b", Some("a key is there twice"), false),
        check("c", Some("a row is missing"), false),
    ]);
    let lines = lines(&report);
    let shown = |text: &str| lines.iter().any(|line| line == text);
    assert!(shown("       a key is there twice"), "{lines:?}");
    assert!(shown("       a row is missing"), "{lines:?}");
    let failed = lines.iter().filter(|line| line.starts_with("  FAIL "));
    assert_eq!(failed.count(), 2);
    let verdict = lines.last().unwrap();
    assert_eq!(verdict, "DOES NOT ADD UP: b: a key is there twice");
}

#[test]
fn before_the_first_commit_there_is_no_version() {
    let mut report = report(Vec::new());
    report.version = None;
    assert!(lines(&report)[0].ends_with("generation 2, no version yet"));
}

#[test]
fn programs_get_every_field_and_the_verdict() {
    let good = json(&report(vec![check("a", None, true)]));
    assert_eq!(
        good,
        json!({
            "dataset": "orders",
            "generation": 2,
            "version": 140,
            "sums": { "bronze_objects": 302, "lines": 70_159, "rows": 69_659, "duplicates": 500, "quarantined": 0 },
            "checks": [{ "name": "a", "examined": "2 objects", "difference": null, "skipped": true }],
            "adds_up": true,
        })
    );
    let bad = json(&report(vec![check("a", Some("gone"), false)]));
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
    let report = examine(&subject, Duration::ZERO).await.unwrap();
    assert!(!report.adds_up());
    let (check, difference) = report.first_difference().unwrap();
    assert_eq!(check, "gold");
    assert!(difference.contains("has not run yet"), "{difference}");

    pipeline.publish().await;
    let report = examine(&subject, Duration::ZERO).await.unwrap();
    assert!(report.adds_up(), "{:#}", json(&report));
    assert_eq!(report.sums.lines, 4);
}

#[tokio::test]
async fn an_object_that_silver_has_not_seen_is_in_flight_only_while_it_is_young() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2]).await;
    pipeline.ingest(2, &[3]).await;
    let subject = pipeline.stores.subject(Arc::clone(&pipeline.warehouse));
    let minutes = Duration::from_secs(600);
    assert!(examine(&subject, minutes).await.unwrap().adds_up());
    assert!(!examine(&subject, Duration::ZERO).await.unwrap().adds_up());
}
