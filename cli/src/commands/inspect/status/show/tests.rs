use sluice::event::UnixMillis;
use sluice::maintain::{PendingObject, TableStatus};

use sluice::table::log::Nulled;

use super::*;
use crate::status::unkept::Fate;
use crate::status::{Alerts, HubPartition, Rule};

fn gold_table() -> GoldTable {
    GoldTable {
        table: "gold_daily_orders".to_owned(),
        rows: 546,
        version: Some(140),
        behind: Some(0),
        reason: None,
        blocked_version: None,
        next: None,
        lacks_for: None,
        settled_until: None,
        last_run: None,
        rows_taken: Some(69_659),
        rows_missing: Some(0),
    }
}

fn status() -> Status {
    Status {
        dataset: "orders".to_owned(),
        generation: 1,
        warnings: Vec::new(),
        at: "2026-11-25T11:43:41.880Z".to_owned(),
        hub: Ok(Hub {
            name: "events".to_owned(),
            events: 70_159,
            partitions: vec![HubPartition {
                id: "0".to_owned(),
                first_sequence: 0,
                last_sequence: 70_158,
                last_enqueued: None,
                unrefined: Some(0),
                behind: None,
                waits_behind: None,
            }],
        }),
        silver: Some(Silver {
            version: 140,
            watermark: Some("1998-06-30T00:00:00Z".to_owned()),
            watermark_behind_now: Some(32_403),
            watermark_behind_arrival: Some(32_400),
            lines: 70_159,
            empty: 0,
            opened: 70_159,
            records: 70_159,
            rows: 69_659,
            duplicates: 480,
            conflicts: 0,
            late: 3,
            filtered: 0,
            quarantined: 20,
            redriven: 0,
            quarantined_by_reason: [("invalid_value".to_owned(), 20)].into(),
            nulled: Nulled::default(),
            objects: 302,
            files: 427,
            behind: Some(0),
            unkept: Vec::new(),
            null_columns: Vec::new(),
        }),
        deep: None,
        gold: Ok(vec![gold_table()]),
        gold_removed: Vec::new(),
        alerts: None,
        gold_replaced: None,
    }
}

/// What only a deep look finds.
fn deep() -> Deep {
    Deep {
        bronze: Bronze {
            objects: 302,
            events: 70_159,
            bytes: 6_900_000,
            behind: Some(0),
            newest: Some("2026-11-25T11:43:36.358Z".to_owned()),
        },
        waiting: Waiting::default(),
        misfit: None,
        maintenance: Ok(TableStatus {
            version: Some(140),
            live_files: 427,
            small_files: 427,
            bytes: 2_217_445,
            log_entries: 141,
            delta_version: Some(140),
            ..TableStatus::default()
        }),
    }
}

/// A pipeline, looked at deeply.
fn deep_status() -> Status {
    Status {
        deep: Some(deep()),
        ..status()
    }
}

/// Returns the lines without their tones.
fn texts(status: &Status) -> Vec<String> {
    lines(status).iter().map(Line::text).collect()
}

/// Returns the first line that starts with `start`.
fn line(status: &Status, start: &str) -> String {
    let lines = texts(status);
    let found = lines.iter().find(|line| line.starts_with(start));
    found
        .unwrap_or_else(|| panic!("no {start:?} in {lines:#?}"))
        .clone()
}

#[test]
fn an_hour_of_which_nothing_was_kept_is_asked_about() {
    let hour = |fate, of| Unkept {
        partition: "3".to_owned(),
        hour: "2026-11-25T11:00:00Z".to_owned(),
        fate,
        unkept: of,
        of,
        objects: 1,
    };
    let mut status = status();
    let silver = status.silver.as_mut().unwrap();
    silver.unkept = vec![hour(Fate::Empty, 1_200), hour(Fate::Filtered, 1)];
    assert_eq!(
        line(&status, "  ! hub partition 3: 1,200"),
        "  ! hub partition 3: 1,200 of 1,200 events of the hour from 2026-11-25T11:00:00Z, in 1 object, are empty: do the producers still send records?"
    );
    let filtered = line(&status, "  ! hub partition 3: 1 of 1 record of the hour");
    assert!(filtered.ends_with("filtered: is `where` still what it should be?"));

    let silver = status.silver.as_mut().unwrap();
    silver.unkept = vec![hour(Fate::Empty, 5); 10];
    line(&status, "  ! and 2 more such hours");
}

#[test]
fn a_table_that_the_dataset_file_no_longer_has_is_named_with_the_way_out() {
    let removed = RemovedTable {
        table: "gold_old".to_owned(),
        version: 7,
        since: Some("2026-11-25T11:43:41.880Z".to_owned()),
        removal: vec![
            "DROP VIEW gold_old".to_owned(),
            "DROP TABLE gold_old__1".to_owned(),
        ],
    };
    let status = Status {
        gold_removed: vec![removed],
        ..status()
    };
    assert_eq!(
        line(&status, "  !"),
        "  ! gold: gold_old is no longer in the dataset file, so it stays at version 7, as of 2026-11-25T11:43:41.880Z; it goes when a raised generation is shown, or with this SQL: DROP VIEW gold_old; DROP TABLE gold_old__1"
    );
}

#[test]
fn gold_that_a_later_package_has_replaced_says_so() {
    let status = Status {
        gold_replaced: Some("a run published nothing".to_owned()),
        ..status()
    };
    assert_eq!(line(&status, "  !"), "  ! gold: a run published nothing");
}

#[test]
fn a_table_that_has_not_taken_in_what_silver_has_says_so() {
    let mut status = status();
    for (missing, expected) in [
        (
            1,
            "; it lacks 1 row of silver, which `sluice audit` looks into",
        ),
        (
            -2_000,
            "; it has taken in 2,000 rows too many, which `sluice audit` looks into",
        ),
    ] {
        if let Some(table) = status.gold.as_mut().unwrap().first_mut() {
            table.rows_missing = Some(missing);
        }
        let last = texts(&status).pop().unwrap();
        assert!(last.ends_with(expected), "{last}");
    }
}

#[test]
fn a_pipeline_that_is_up_to_date_says_so_in_every_layer() {
    assert_eq!(
        texts(&status()),
        [
            "orders, generation 1, at 2026-11-25T11:43:41.880Z",
            "  hub            70,159 events in 1 partition of events",
            "  silver         69,659 rows in 427 files, version 140, up to date",
            "                 70,159 lines = 69,659 rows + 480 duplicates + 20 quarantined; 3 rows late",
            "                        quarantined: invalid_value 20",
            "                        watermark 1998-06-30T00:00:00Z, events are 9 h old when they come",
            "  gold              546 rows in gold_daily_orders, version 140, up to date",
        ]
    );
    assert_eq!(
        texts(&deep_status()),
        [
            "orders, generation 1, at 2026-11-25T11:43:41.880Z",
            "  hub            70,159 events in 1 partition of events",
            "  bronze         70,159 events in 302 objects, 6.90 MB, newest 2026-11-25T11:43:36.358Z, up to date",
            "  silver         69,659 rows in 427 files, version 140, up to date",
            "                 70,159 lines = 69,659 rows + 480 duplicates + 20 quarantined; 3 rows late",
            "                        quarantined: invalid_value 20",
            "                        watermark 1998-06-30T00:00:00Z, events are 9 h old when they come",
            "  log               141 versions up to 140, no snapshot yet; 427 of 427 live files small, 2.22 MB",
            "  delta                 version 140, up to date",
            "  gold              546 rows in gold_daily_orders, version 140, up to date",
        ]
    );
}

#[test]
fn conflicts_and_what_the_dataset_file_may_not_mean_are_shown() {
    let mut status = status();
    status.silver.as_mut().unwrap().conflicts = 2;
    status.warnings = vec![Warning {
        key: "key".to_owned(),
        message: "the time alone".to_owned(),
    }];
    let balance = "70,159 lines = 69,659 rows + 480 duplicates (2 conflicts) + 20 quarantined";
    assert!(texts(&status)[4].contains(balance));
    assert_eq!(
        texts(&status)[1],
        "  ! the dataset file: key: the time alone"
    );
}

#[test]
fn columns_with_values_that_became_null_are_named_with_the_reasons() {
    let mut status = status();
    let nulled = &mut status.silver.as_mut().unwrap().nulled;
    nulled.count("discount", "invalid_value", 3);
    nulled.count("shipped", "overflow", 1_000);
    let shown = "shipped overflow 1,000, discount invalid_value 3";
    assert!(texts(&status)[5].ends_with(&format!("nulled: {shown}")));
    let nulled = &mut status.silver.as_mut().unwrap().nulled;
    (0..9).for_each(|column| nulled.count(&format!("c{column}"), "overflow", 1));
    assert!(texts(&status)[5].ends_with("c5 overflow 1, and 3 more"));
}

#[test]
fn every_layer_says_how_far_it_is_behind_the_one_before() {
    let mut status = status();
    status.silver.as_mut().unwrap().behind = Some(1_500);
    assert!(line(&status, "  silver").ends_with(", 1,500 events behind the hub"));
    status.silver.as_mut().unwrap().behind = None;
    assert!(line(&status, "  silver").ends_with("version 140"));
    status.gold.as_mut().unwrap()[0].behind = Some(6);
    assert!(line(&status, "  gold").ends_with("version 140, 6 versions behind silver"));

    let mut deep = deep();
    deep.bronze.behind = Some(1);
    deep.waiting = Waiting {
        objects: 2,
        lines: 1_500,
        oldest: Some(7_200),
    };
    deep.maintenance.as_mut().unwrap().delta_lag = 1;
    status.deep = Some(deep);
    assert!(line(&status, "  bronze").ends_with(", 1 event behind the hub"));
    let behind = "1,500 lines in 2 objects behind bronze, the oldest for 2 h";
    assert!(line(&status, "  silver").ends_with(behind));
    assert!(line(&status, "  delta").ends_with("version 140, 1 version behind silver"));
}

#[test]
fn a_layer_that_cannot_be_read_says_why_and_the_others_are_shown() {
    let mut status = deep_status();
    status.hub = Err("no event hub is named".to_owned());
    let deep = status.deep.as_mut().unwrap();
    deep.bronze.behind = None;
    deep.maintenance = Err("lost".to_owned());
    status.gold = Err("there is no gold yet".to_owned());
    let hub = line(&status, "  hub");
    assert_eq!(hub, "  hub     cannot be read: no event hub is named");
    assert!(line(&status, "  bronze").ends_with("newest 2026-11-25T11:43:36.358Z"));
    let maintenance = line(&status, "  maintenance");
    assert_eq!(maintenance, "  maintenance  cannot be read: lost");
    assert_eq!(line(&status, "  gold"), "  gold    there is no gold yet");
    assert!(line(&status, "  silver").contains("69,659 rows"));
}

#[test]
fn a_pipeline_at_its_beginning_has_nothing_yet() {
    let mut status = deep_status();
    status.silver = None;
    let deep = status.deep.as_mut().unwrap();
    deep.bronze = Bronze::default();
    deep.maintenance = Ok(TableStatus::default());
    status.gold.as_mut().unwrap()[0].version = None;
    assert_eq!(line(&status, "  silver"), "  silver  has no version yet");
    assert!(line(&status, "  gold").ends_with("has not been made yet"));
    let lines = texts(&status);
    assert!(
        !lines.iter().any(|line| line.starts_with("  log")),
        "{lines:?}"
    );
}

#[test]
fn the_oldest_object_that_waits_for_silver_is_named() {
    let mut status = deep_status();
    let facts = status.deep.as_mut().unwrap().maintenance.as_mut().unwrap();
    facts.snapshot = Some(1_000);
    facts.unreconciled = 2;
    facts.oldest_unreconciled = Some(PendingObject {
        source: "orders/0/x.jsonl".to_owned(),
        created: UnixMillis(0),
    });
    assert_eq!(
        line(&status, "  waiting"),
        "  waiting             2 objects for silver, the oldest since 1970-01-01T00:00:00.000Z: orders/0/x.jsonl"
    );
    assert!(line(&status, "  log").contains("snapshot of version 1,000;"));
}

#[test]
fn a_table_that_cannot_go_on_says_at_which_version_and_why() {
    let mut status = status();
    let table = &mut status.gold.as_mut().unwrap()[0];
    (table.reason, table.blocked_version) = (Some("a sum".to_owned()), Some(141));
    let said = line(&status, "  gold ");
    assert!(said.ends_with("; blocked at version 141: a sum"), "{said}");
}

#[test]
fn what_is_well_waits_or_fails_has_the_tones_of_up() {
    let toned = |status: &Status, tone| {
        let lines = lines(status);
        let pieces = lines.iter().flat_map(Line::pieces);
        let found = pieces.filter(|(found, _)| *found == tone);
        found.map(|(_, text)| text.to_owned()).collect::<Vec<_>>()
    };
    let mut status = status();
    assert_eq!(toned(&status, Tone::Good), ["up to date", "up to date"]);
    assert_eq!(
        toned(&status, Tone::Doubtful),
        ["quarantined: invalid_value 20"]
    );
    assert!(toned(&status, Tone::Bad).is_empty());

    status.silver.as_mut().unwrap().behind = Some(1);
    let table = &mut status.gold.as_mut().unwrap()[0];
    (table.reason, table.blocked_version) = (Some("a sum".to_owned()), Some(141));
    status.hub = Err("lost".to_owned());
    assert!(toned(&status, Tone::Doubtful).contains(&"1 event behind the hub".to_owned()));
    assert_eq!(
        toned(&status, Tone::Bad),
        ["cannot be read: lost", "blocked at version 141: a sum"]
    );
}

#[test]
fn messages_that_wait_or_have_failed_and_rules_that_are_marked_are_named() {
    let rule = |rule: &str, failed, failed_at: Option<&str>| Rule {
        rule: rule.to_owned(),
        version: Some(140),
        stale: 2,
        failed,
        failed_at: failed_at.map(str::to_owned),
    };
    let told = Alerts {
        open: 3,
        rules: vec![rule("large", 0, None)],
        ..Alerts::default()
    };
    let said = |alerts: Alerts| {
        let status = Status {
            alerts: Some(alerts),
            ..status()
        };
        let lines = texts(&status);
        let from = lines.iter().position(|line| line.starts_with("  alerts"));
        lines[from.unwrap()..].to_vec()
    };
    assert_eq!(
        said(told.clone()),
        ["  alerts              3 open alerts, nobody is still to be told"]
    );
    let troubled = Alerts {
        waiting: 2,
        waiting_for: Some(300),
        failed: 1,
        error: Some("it answered 503".to_owned()),
        rules: vec![
            rule("large", 0, None),
            rule("many", 1_204, Some("2026-11-25T11:00:00Z")),
        ],
        ..told
    };
    assert_eq!(
        said(troubled.clone()),
        [
            "  alerts              3 open alerts",
            "                        1 message could not be sent for seven days: it answered 503; `sluice alerts resend --failed` sends them again",
            "                        2 messages to be sent, the oldest for 5 min: it answered 503",
            "  ! rule many: its condition could not be computed 1,204 times, the last time at 2026-11-25T11:00:00Z; it counts as not true there",
        ]
    );
    let json = serde_json::to_value(&troubled).unwrap();
    assert_eq!((&json["waiting"], &json["failed"]), (&2.into(), &1.into()));
    assert_eq!(json["rules"][1]["failed"], 1_204);
}
