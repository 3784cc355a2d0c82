use sluice::event::RejectReason;
use sluice::table::log::{Counts, Version};
use sluice::warehouse::TableRows;
use sluice::warehouse::schema::ValueType;

use super::*;
use crate::output::Column;
use crate::output::gold::ShownTable;

const NOW: EventTime = EventTime(1_763_120_674_000_000);

fn snapshot() -> Snapshot {
    Snapshot {
        hub_events: 11_235,
        bronze_events: 11_199,
        bronze_objects: 118,
        counts: Counts {
            rows: 8_925,
            duplicates: 1_037,
            late: 435,
            quarantined: [
                (RejectReason::MissingField.into(), 51),
                (RejectReason::InvalidValue.into(), 1_388),
            ]
            .into(),
            ..Counts::of_lines(10_401)
        },
        silver_files: 716,
        version: Version(193),
        watermark: Some(EventTime(NOW.0 - 125_000_000)),
        published: Some(Version(187)),
        gold: vec![ShownTable {
            name: "gold_daily_orders".to_owned(),
            total: 2,
            columns: vec![
                Column::new("day", ValueType::Date),
                Column::new("total_orders", ValueType::Int64),
            ],
            rows: TableRows {
                columns: ["day", "total_orders"].map(str::to_owned).into(),
                rows: vec![vec![Some("2026-11-25".to_owned()), None]],
            },
        }],
        messages: vec!["silver failed lost".to_owned()],
        ..Snapshot::default()
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
    with(snapshot, (false, false), |summary| summary.lines(100))
}

#[test]
fn every_layer_has_a_line_with_rate_total_and_what_it_made() {
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
        let first = with(&snapshot(), state, |summary| summary.lines(100).remove(0));
        assert!(first.ends_with(expected), "{first}");
    }
}

#[test]
fn where_nothing_can_be_redrawn_one_line_has_it_all() {
    let line = with(&snapshot(), (false, false), |summary| summary.line());
    assert_eq!(
        line,
        "01:02:02 hub 11235 | bronze 11199 in 118 objects | silver 8925 rows, 1037 duplicates, 435 late, 1439 quarantined (missing_field 51, invalid_value 1,388), version 193 | gold version 187"
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
    let wide = ["数字数字".to_owned()];
    assert_eq!(redraw(&wide, 0, 5), format!("{clear}数字\n\x1b[J"));
}

#[test]
fn a_message_of_several_lines_takes_one_on_the_screen() {
    let message = ["lost:\n\tat\x1b[2J home".to_owned()];
    assert_eq!(
        redraw(&message, 0, 80),
        "\x1b[2Klost:\\u000a\\u0009at\\u001b[2J home\n\x1b[J"
    );
}

#[test]
fn every_layer_has_a_rate_of_its_own() {
    let mut rates = Rates::default();
    let after = snapshot();
    let mut before = snapshot();
    before.bronze_events -= 600;
    before.counts.lines -= 900;
    rates.add(Duration::from_secs(1), &before);
    rates.add(Duration::from_secs(4), &after);
    let shown = Summary {
        dataset: "orders",
        ends: false,
        elapsed: Duration::ZERO,
        now: NOW,
        rates: &rates,
        snapshot: &after,
        sent: Sent {
            events: 0,
            is_done: false,
        },
    };
    let lines = shown.lines(100);
    let rates = [1, 2, 3].map(|line: usize| lines[line].split_whitespace().nth(1).unwrap());
    assert_eq!(rates, ["0/s", "200/s", "300/s"]);
}

#[test]
fn columns_stay_where_they_are_as_numbers_grow() {
    let column = |hub_events, text: &str| {
        let snapshot = Snapshot {
            hub_events,
            ..Snapshot::default()
        };
        lines(&snapshot)[1].find(text).unwrap()
    };
    let place = column(7, "  events");
    assert_eq!(column(9_999_999_999, "  events"), place);
    assert_eq!(column(7, "7  events"), place - 1);
}

#[test]
fn the_lag_is_in_the_unit_that_suits_it() {
    for (seconds, expected) in [
        (0, "0 s behind now"),
        (119, "119 s behind now"),
        (7_200, "2 h behind now"),
        (259_200, "3 days behind now"),
        // A producer's clock is ahead of this one.
        (-30, "-30 s behind now"),
    ] {
        let mut snapshot = snapshot();
        snapshot.watermark = Some(EventTime(NOW.0 - seconds * 1_000_000));
        let line = lines(&snapshot).remove(5);
        assert!(line.ends_with(&format!(", {expected}")), "{line}");
    }
}

#[test]
fn gold_says_how_many_versions_it_is_behind_silver() {
    for (published, expected) in [
        (193, "version 193, 0 behind silver"),
        (180, "version 180, 13 behind silver"),
        // Gold is read after silver and may have gone on.
        (194, "version 194, 0 behind silver"),
    ] {
        let mut snapshot = snapshot();
        snapshot.published = Some(Version(published));
        let line = lines(&snapshot).remove(6);
        assert!(line.ends_with(expected), "{line}");
    }
}

#[test]
fn gold_that_cannot_be_read_is_not_gold_that_has_not_run() {
    let mut snapshot = snapshot();
    snapshot.gold_problem = Some("the login failed".to_owned());
    let line = lines(&snapshot).remove(6);
    assert!(
        line.ends_with("cannot be read at the moment: the login failed"),
        "{line}"
    );
    let line = with(&snapshot, (false, false), |summary| summary.line());
    assert!(line.ends_with("gold version unknown"), "{line}");
}

#[test]
fn a_message_is_broken_between_its_words_and_not_cut() {
    let text = "silver cannot go on: the dataset file no longer fits silver";
    assert_eq!(
        wrapped(text, 34),
        [
            "  ! silver cannot go on: the",
            "    dataset file no longer fits",
            "    silver"
        ]
    );
    let long = wrapped(&"word ".repeat(1_000), 80);
    assert_eq!(long.len(), MESSAGE_ROWS);
    assert!(long.last().unwrap().contains("in the log"));
}

#[test]
fn the_clock_goes_on_beyond_a_day() {
    let texts = [0, 59, 3_600, 360_061].map(|seconds| clock(Duration::from_secs(seconds)));
    assert_eq!(texts, ["00:00:00", "00:00:59", "01:00:00", "100:01:01"]);
}

#[test]
fn in_a_narrow_terminal_every_line_takes_one_row() {
    let lines = lines(&snapshot());
    for width in [0, 1, 40, 80] {
        let output = redraw(&lines, 0, width);
        let rows = output.lines().filter_map(|row| row.strip_prefix("\x1b[2K"));
        let widths: Vec<usize> = rows.map(|row| row.chars().count()).collect();
        assert_eq!(widths.len(), lines.len());
        assert_eq!(widths.into_iter().max(), Some(width));
    }
}

/// What a terminal shows of the sequences that are written.
#[derive(Default)]
struct Terminal {
    rows: Vec<String>,
    row: usize,
}

impl Terminal {
    fn write(&mut self, mut output: &str) {
        while !output.is_empty() {
            self.rows
                .resize(self.rows.len().max(self.row + 1), String::new());
            if let Some(rest) = output.strip_prefix("\x1b[2K") {
                self.rows[self.row].clear();
                output = rest;
            } else if let Some(rest) = output.strip_prefix("\x1b[J") {
                self.rows.truncate(self.row);
                output = rest;
            } else if let Some(rest) = output.strip_prefix("\x1b[") {
                let (up, rest) = rest.split_once('A').unwrap();
                self.row -= up.parse::<usize>().unwrap();
                output = rest;
            } else {
                let (text, rest) = output.split_once('\n').unwrap();
                let row = &mut self.rows[self.row];
                row.replace_range(..text.len().min(row.len()), text);
                self.row += 1;
                output = rest;
            }
        }
    }
}

#[test]
fn a_terminal_shows_the_last_summary_below_what_was_there() {
    let mut terminal = Terminal::default();
    terminal.write("logs of host and handler\n");
    let mut drawn = 0;
    for lines in [
        &["hub 100", "silver 7", "  ! lost"][..],
        &["hub 9", "silver 8"],
        &["hub 10", "silver 9", "gold", "  ! gap"],
    ] {
        let lines: Vec<String> = lines.iter().map(|line| (*line).to_owned()).collect();
        terminal.write(&redraw(&lines, drawn, 80));
        drawn = lines.len();
        assert_eq!(terminal.rows[0], "logs of host and handler");
        assert_eq!(terminal.rows[1..], lines);
    }
}
