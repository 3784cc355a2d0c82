//! Periods that are no plain steps of UTC.
#![expect(missing_docs, reason = "the name of a behaviour says what holds")]

use std::collections::BTreeSet;

use sluice::event::EventTime;
use sluice::warehouse::{Datum, Row, Run, Warehouse};

use super::runs::{HOUR, commit, read, run, schema_of};
use crate::database::Database;

const TABLES: &str = r#"
[[gold]]
table = "local_days"
grain = "day"
zone = "America/New_York"
measures = { n = "count" }
[[gold]]
table = "overlapping"
grain = "30m"
every = "10m"
measures = { n = "count" }
[[gold]]
table = "kept"
grain = "hour"
by = ["id"]
keep = "2h"
measures = { n = "count" }
"#;

/// 1970-04-26, on which clocks of New York were set forward: its day ended at 04:00 in UTC.
const SPRING: i64 = 115 * 24 * HOUR;

fn counted(start: i64, n: i64) -> Row {
    Row {
        newest: 0,
        start,
        key: [0; 16],
        dimensions: vec![],
        measures: vec![Datum::Int64(n)],
    }
}

/// No event before `until` is expected any more.
fn complete(run: Run, until: i64) -> Run {
    Run {
        complete_to: Some(EventTime(until)),
        ..run
    }
}

pub async fn a_day_of_a_zone_is_a_date_and_final_by_its_clocks(database: &dyn Database) {
    let schema = schema_of(TABLES);
    let warehouse = database.ready(&schema).await;
    let settled = async |warehouse: &dyn Warehouse| -> Vec<Vec<String>> {
        read(warehouse, "local_days_report").await
    };
    // An hour of lateness is allowed.
    let rows = [-1, 0, 1].map(|day| counted(SPRING + day * 24 * HOUR, 1));
    let over = SPRING + 24 * HOUR + 4 * HOUR + HOUR;
    let first = complete(run(&schema, 0, None, 1), over - 1);
    commit(&*warehouse, first, rows.to_vec()).await;
    assert_eq!(
        settled(&*warehouse).await,
        [
            ["1970-04-25", "1", "true"],
            ["1970-04-26", "1", "false"],
            ["1970-04-27", "1", "false"],
        ]
    );
    let second = complete(run(&schema, 0, Some(1), 2), over);
    commit(&*warehouse, second, vec![counted(SPRING, 2)]).await;
    assert_eq!(
        settled(&*warehouse).await[1..],
        [["1970-04-26", "3", "true"], ["1970-04-27", "1", "false"]]
    );
}

pub async fn a_window_that_overlaps_others_is_final_at_its_end(database: &dyn Database) {
    let schema = schema_of(TABLES);
    let warehouse = database.ready(&schema).await;
    let rows = [0, 10, 20, 30].map(|minute| counted(minute * HOUR / 60, 1));
    // The window from 00:10 ends at 00:40, and an hour of lateness is allowed.
    let until = complete(run(&schema, 1, None, 1), HOUR + 40 * HOUR / 60);
    commit(&*warehouse, until, rows.to_vec()).await;
    let window = |start: &str, end: &str, settled: &str| {
        let time = |time: &str| format!("1970-01-01T{time}:00Z");
        [time(start), time(end), "1".to_owned(), settled.to_owned()]
    };
    assert_eq!(
        read(&*warehouse, "overlapping_report").await,
        [
            window("00:00", "00:30", "true"),
            window("00:10", "00:40", "true"),
            window("00:20", "00:50", "false"),
            window("00:30", "01:00", "false"),
        ]
    );
}

fn kept(hour: i64, id: i64) -> Row {
    Row {
        key: i128::from(id).to_be_bytes(),
        dimensions: vec![Datum::Int64(id)],
        ..counted(hour * HOUR, 1)
    }
}

async fn hours(warehouse: &dyn Warehouse) -> Vec<String> {
    let rows = read(warehouse, "kept").await.into_iter();
    let hours: BTreeSet<String> = rows.map(|row| row[0][11..13].to_owned()).collect();
    hours.into_iter().collect()
}

/// A run whose head has this watermark, from when on the table keeps periods from `kept_from`.
fn at(run: Run, watermark: i64, kept_from: Option<i64>) -> Run {
    let mut run = Run {
        as_of: Some(EventTime(watermark)),
        ..run
    };
    if let Some(from) = &mut run.steps[0].from {
        from.kept_from = kept_from.map(EventTime);
    }
    run
}

pub async fn periods_that_are_too_old_go_and_never_come_back(database: &dyn Database) {
    let schema = schema_of(TABLES);
    let warehouse = database.ready(&schema).await;
    let rows = (0..6).map(|hour| kept(hour, hour)).collect();
    commit(&*warehouse, run(&schema, 2, None, 1), rows).await;
    assert_eq!(hours(&*warehouse).await.len(), 6);
    // Half past five: what began before three is too old.
    let half_past_five = 5 * HOUR + HOUR / 2;
    let second = at(run(&schema, 2, Some(1), 2), half_past_five, None);
    commit(&*warehouse, second, vec![kept(5, 9)]).await;
    assert_eq!(hours(&*warehouse).await, ["03", "04", "05"]);
    let kept_from = async || warehouse.look().await.unwrap().progress["kept"].kept_from;
    assert_eq!(kept_from().await, Some(EventTime(3 * HOUR)));
    // It only rises.
    let third = at(run(&schema, 2, Some(2), 3), HOUR, Some(3 * HOUR));
    commit(&*warehouse, third, vec![]).await;
    assert_eq!(kept_from().await, Some(EventTime(3 * HOUR)));
    assert_eq!(hours(&*warehouse).await, ["03", "04", "05"]);
}

pub async fn many_rows_that_are_too_old_go_in_parts(database: &dyn Database) {
    let schema = schema_of(TABLES);
    let warehouse = database.ready(&schema).await;
    let rows = (0..10_050).map(|id| kept(0, id)).chain([kept(9, 0)]);
    commit(&*warehouse, run(&schema, 2, None, 1), rows.collect()).await;
    for (version, left) in [(1, 51), (2, 1), (3, 1)] {
        let next = run(&schema, 2, Some(version), version + 1);
        commit(&*warehouse, at(next, 9 * HOUR, None), vec![]).await;
        assert_eq!(warehouse.count_rows("kept").await.unwrap(), left);
    }
}
