use sluice::event::RejectReason;
use sluice::table::log::{Counts, Version};
use sluice::warehouse::TableRows;

use super::*;
use crate::output::gold::ShownTable;

const NOW: EventTime = EventTime(1_763_120_674_000_000);

fn snapshot() -> Snapshot {
    Snapshot {
        hub_events: 11_235,
        bronze_events: 11_199,
        bronze_objects: 118,
        counts: Counts {
            lines: 10_401,
            rows: 8_925,
            duplicates: 1_037,
            late: 435,
            quarantined: [
                (RejectReason::MissingField, 51),
                (RejectReason::InvalidValue, 1_388),
            ]
            .into(),
        },
        silver_files: 716,
        version: Version(193),
        watermark: Some(EventTime(NOW.0 - 125_000_000)),
        published: Some(Version(187)),
        gold: vec![ShownTable {
            name: "gold_daily_orders".to_owned(),
            total: 2,
            rows: TableRows {
                columns: ["day", "total_orders"].map(str::to_owned).into(),
                rows: vec![vec![Some("2026-11-25".to_owned()), None]],
            },
        }],
        messages: vec!["silver failed lost".to_owned()],
    }
}

fn with<T>(
    snapshot: &Snapshot,
    (ends, is_done): (bool, bool),
    text: impl Fn(Summary<'_>) -> T,
) -> T {
    let mut rates = Rates::default();
    let before = Snapshot {
        hub_events: snapshot.hub_events.saturating_sub(1_000),
        ..snapshot.clone()
    };
    rates.add(Duration::from_secs(20), &before);
    rates.add(Duration::from_secs(22), snapshot);
    text(Summary {
        dataset: "orders",
        ends,
        elapsed: Duration::from_secs(3_722),
        now: NOW,
        rates: &rates,
        snapshot,
        sent: Sent {
            events: 11_261,
            is_done,
        },
    })
}

fn lines(snapshot: &Snapshot) -> Vec<String> {
    with(snapshot, (false, false), |summary| summary.lines())
}

#[test]
fn every_layer_has_a_line_with_its_rate_its_total_and_what_it_made() {
    assert_eq!(
        lines(&snapshot()),
        [
            "sluice up  orders  01:02:02  Ctrl-C stops",
            "  hub           500/s        11,235  events, 11,261 sent by this run",
            "  bronze          0/s        11,199  events in 118 objects",
            "  silver          0/s         8,925  rows in 716 files, 1,037 duplicates, 435 late, 1,439 quarantined",
            "                                    quarantined: missing_field 51, invalid_value 1,388",
            "                                    watermark 2025-11-14T11:42:29Z, 2 min behind now",
            "  gold                               version 187, 6 behind silver",
            "    gold_daily_orders      day 2026-11-25  total_orders null",
            "  ! silver failed lost",
        ]
    );
}

#[test]
fn a_pipeline_that_has_done_nothing_yet_says_so() {
    let lines = lines(&Snapshot::default());
    assert_eq!(lines[4].trim_start(), "no watermark yet");
    assert_eq!(lines[5], "  gold     has not run yet");
    assert_eq!(lines.len(), 6, "no reasons, no tables, no messages");
}

#[test]
fn a_run_that_ends_says_whether_it_still_sends() {
    for (state, expected) in [
        ((true, false), "sending"),
        ((true, true), "all sent"),
        ((false, true), "Ctrl-C stops"),
    ] {
        let first = with(&snapshot(), state, |summary| summary.lines().remove(0));
        assert!(first.ends_with(expected), "{first}");
    }
}

#[test]
fn where_nothing_can_be_redrawn_one_line_has_it_all() {
    let line = with(&snapshot(), (false, false), |summary| summary.line());
    assert_eq!(
        line,
        "01:02:02 hub 11235 | bronze 11199 in 118 objects | silver 8925 rows, 1037 duplicates, 435 late, 1439 quarantined, version 193 | gold version 187"
    );
    let line = with(&Snapshot::default(), (false, false), |summary| {
        summary.line()
    });
    assert!(line.ends_with("gold version -"), "{line}");
}

#[test]
fn rates_are_those_of_the_last_five_seconds() {
    let mut rates = Rates::default();
    let at = |hub_events| Snapshot {
        hub_events,
        ..Snapshot::default()
    };
    let rate = |rates: &Rates| rates.of(|totals| totals.hub);
    assert_eq!(rate(&rates), 0);
    rates.add(Duration::from_secs(1), &at(100));
    assert_eq!(rate(&rates), 0, "there is nothing to compare with");
    rates.add(Duration::from_secs(2), &at(300));
    assert_eq!(rate(&rates), 200);
    rates.add(Duration::from_secs(6), &at(700));
    assert_eq!(rate(&rates), 120);
    rates.add(Duration::from_secs(9), &at(1_000));
    assert_eq!(rate(&rates), 100, "what is older than 5 s is forgotten");
}

#[test]
fn a_hub_that_was_made_anew_has_no_negative_rate() {
    let mut rates = Rates::default();
    rates.add(Duration::from_secs(1), &snapshot());
    rates.add(Duration::from_secs(2), &Snapshot::default());
    assert_eq!(rates.of(|totals| totals.hub), 0);
}

#[test]
fn lines_are_drawn_over_the_last_ones_and_cut_to_the_width() {
    let lines = ["abcdef".to_owned(), "gh".to_owned()];
    let clear = "\x1b[2K";
    assert_eq!(
        redraw(&lines, 0, 80),
        format!("{clear}abcdef\n{clear}gh\n\x1b[J"),
        "the first time nothing is above"
    );
    assert_eq!(
        redraw(&lines, 3, 4),
        format!("\x1b[3A{clear}abcd\n{clear}gh\n\x1b[J")
    );
    let umlauts = ["äöüß".to_owned()];
    assert_eq!(redraw(&umlauts, 0, 2), format!("{clear}äö\n\x1b[J"));
}
