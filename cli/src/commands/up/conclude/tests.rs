use std::sync::Arc;

use sluice::event::RejectReason;
use sluice::table::log::Version;
use sluice::warehouse::schema::ValueType;

use super::*;
use crate::audit::{Check, Sums};
use crate::output::plain;
use crate::target::in_memory::Pipeline;

fn snapshot(hub_events: u64) -> Snapshot {
    Snapshot {
        hub_events,
        counts: Counts {
            rows: 900,
            duplicates: 60,
            late: 5,
            quarantined: [(RejectReason::InvalidValue.into(), 40)].into(),
            ..Counts::of_lines(1_000)
        },
        version: Version(7),
        ..Snapshot::default()
    }
}

fn conclusion(snapshot: &Snapshot) -> Conclusion<'_> {
    let decimal = ValueType::Decimal {
        precision: 38,
        scale: 2,
    };
    let columns = [
        ("day", ValueType::Date),
        ("total_orders", ValueType::Int64),
        ("total_amount", decimal),
    ];
    let row = ["2026-11-25", "3", "31.50"];
    Conclusion {
        dataset: "orders",
        seconds: 1.5,
        snapshot,
        tables: vec![ShownTable::of_row("gold_daily_orders", &columns, &row, 12)],
        reasons: Tally::default(),
        are_all_rejected: false,
        is_over: false,
    }
}

fn report(difference: Option<&str>) -> Report {
    Report {
        dataset: "orders".to_owned(),
        generation: 1,
        version: Some(7),
        sums: Sums::default(),
        opened: None,
        checks: vec![Check {
            name: "silver: no key twice".to_owned(),
            examined: "900 keys".to_owned(),
            difference: difference.map(str::to_owned),
            skipped: false,
        }],
    }
}

/// What is printed of it, in this order.
fn shown(conclusion: &Conclusion<'_>) -> String {
    let mut lines = conclusion.lines(None);
    lines.push(conclusion.balance());
    plain(&lines)
}

#[test]
fn a_good_run_shows_its_tables_and_then_its_balance() {
    let snapshot = snapshot(1_000);
    let conclusion = conclusion(&snapshot);
    assert!(conclusion.adds_up(&report(None)));
    let text = shown(&conclusion);
    let place = |expected: &str| {
        let found = text.find(expected);
        found.unwrap_or_else(|| panic!("{expected:?} is not in\n{text}"))
    };
    let title = place("\ngold_daily_orders  12 rows, first 1\n");
    let row = place("2026-11-25             3         31.50\n");
    let balance = place("\n\n1,000 events = 900 rows + 60 duplicates + 40 quarantined");
    assert!(title < row && row < balance, "{text}");
    assert!(!text.contains("DOES NOT ADD UP"), "{text}");
}

#[test]
fn an_event_that_became_nothing_does_not_add_up() {
    let snapshot = snapshot(1_001);
    let conclusion = conclusion(&snapshot);
    assert!(!conclusion.adds_up(&report(None)));
    let expected = "1,001 events = 900 rows + 60 duplicates + 40 quarantined  DOES NOT ADD UP";
    assert!(shown(&conclusion).ends_with(expected));
    let result = conclusion.json(&report(None), &[]).unwrap();
    assert_eq!(result["adds_up"], false);
}

#[test]
fn a_line_that_became_nothing_does_not_add_up() {
    let mut snapshot = snapshot(1_000);
    snapshot.counts.duplicates -= 1;
    assert!(!conclusion(&snapshot).adds_up(&report(None)));
}

#[test]
fn a_difference_that_the_audit_found_does_not_add_up() {
    let snapshot = snapshot(1_000);
    let conclusion = conclusion(&snapshot);
    let report = report(Some("order_id = 7: in a and in b"));
    assert!(!conclusion.adds_up(&report));
    let result = conclusion.json(&report, &[]).unwrap();
    assert_eq!(result["adds_up"], false);
    assert_eq!(result["audit"]["adds_up"], false);
}

#[test]
fn the_result_for_programs_has_every_number() {
    let snapshot = snapshot(1_000);
    let result = conclusion(&snapshot).json(&report(None), &[]);
    let result = result.unwrap();
    for (field, expected) in [
        ("dataset", json!("orders")),
        ("seconds", json!(1.5)),
        ("events", json!(1_000)),
        ("rows", json!(900)),
        ("duplicates", json!(60)),
        ("late", json!(5)),
        ("quarantined", json!({ "invalid_value": 40 })),
        ("version", json!(7)),
        ("adds_up", json!(true)),
    ] {
        assert_eq!(result[field], expected, "{field}");
    }
    assert_eq!(result["audit"]["adds_up"], true);
    let table = &result["gold"][0];
    assert_eq!(table["rows"], 12);
    let first = json!({ "day": "2026-11-25", "total_orders": 3, "total_amount": "31.50" });
    assert_eq!(table["first"][0], first);
}

#[test]
fn a_run_without_a_row_says_why() {
    let before = Counts {
        rows: 5,
        ..Counts::of_lines(5)
    };
    let rejected = Counts {
        rows: 5,
        quarantined: [(RejectReason::MissingField.into(), 3)].into(),
        ..Counts::of_lines(8)
    };
    let repeated = Counts {
        rows: 5,
        duplicates: 3,
        ..Counts::of_lines(8)
    };
    let filtered = Counts {
        rows: 5,
        filtered: 3,
        ..Counts::of_lines(8)
    };
    let empty = Counts {
        lines: 8,
        empty: 3,
        ..before.clone()
    };
    assert!(are_all_rejected(&before, &rejected));
    assert!(!are_all_rejected(&before, &filtered), "as the file says");
    assert!(!are_all_rejected(&before, &empty), "there is no record");
    assert!(!are_all_rejected(&before, &repeated), "its rows are there");
    assert!(
        !are_all_rejected(&before, &before),
        "there is nothing to judge"
    );
    let text = all_rejected(3, &rejected);
    assert!(
        text.starts_with("none of the 3 events became a row: quarantined are missing_field 3;"),
        "{text}"
    );
}

#[tokio::test]
async fn a_real_pipeline_adds_up_as_long_as_the_hub_has_no_more() {
    let pipeline = Pipeline::new();
    pipeline.run(0, &[1, 2, 2, 0]).await;
    let warehouse = Arc::clone(&pipeline.warehouse);
    let watch = Watch::over(pipeline.stores(), warehouse).await.unwrap();
    let options = Options {
        grace: Duration::ZERO,
        ..Options::at(SystemClock.now())
    };
    let report = verdict::examine(&watch.subject(), &options).await;
    let report = report.unwrap();
    let tables = watch.gold_tables(ROWS).await.unwrap();
    let (reasons, _) = watch.rejected_since(&Found::default()).await.unwrap();
    for (hub_events, adds_up) in [(4, true), (5, false)] {
        let snapshot = Snapshot {
            hub_events,
            counts: pipeline.counts().await,
            ..Snapshot::default()
        };
        let conclusion = Conclusion {
            dataset: "orders",
            seconds: 1.0,
            snapshot: &snapshot,
            tables: tables.clone(),
            reasons: reasons.clone(),
            are_all_rejected: false,
            is_over: false,
        };
        assert_eq!(conclusion.adds_up(&report), adds_up);
        let result = conclusion.json(&report, &[]).unwrap();
        assert_eq!(result["gold"].as_array().unwrap().len(), 8);
        assert_eq!(result["gold"][0]["first"][0]["total_orders"], 2);
        assert_eq!(result["rejected"][0]["example"]["body"], "broken");
        let text = plain(&conclusion.lines(None));
        let expected = "1 record rejected: not_an_object\n  2025-11-14T11:44:34.003Z, orders/0/";
        assert!(text.contains(expected), "{text}");
        assert!(text.contains("\n    broken\n    ^"), "{text}");
    }
}
