//! Measures that no statement can merge: the first and last values, and counts of different values.
#![expect(missing_docs, reason = "the name of a behaviour says what holds")]

use sluice::value::hash::sketch::Sketch;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Datum, Picked, Row};

use super::runs::{HOUR, commit, read, run, schema_of};
use crate::database::Database;

const TABLES: &str = r#"
[[gold]]
table = "sets"
grain = "hour"
by = ["id"]
measures = { n = "count", total = "sum(amount)", high = "max(amount)", opened = "first(who)", day = "last(born)", amount_now = "last(amount)", was = "last(at)", ok = "last(flag)", level_now = "last(level)", id_now = "last(id)", people = "count_distinct(who)" }
[[gold]]
table = "ever"
grain = "all"
measures = { people = "count_distinct(who)" }
"#;

fn schema() -> GoldSchema {
    schema_of(TABLES)
}

fn sketch(people: std::ops::Range<u32>) -> Datum {
    let mut sketch = Sketch::default();
    for person in people {
        sketch.add(xxhash_rust::xxh3::xxh3_128(&person.to_le_bytes()));
    }
    Datum::Sketch(Box::new(sketch))
}

/// What one event adds to the group of an hour and a number.
fn event(group: u8, (at, key): (i64, u8), value: Option<i32>, people: std::ops::Range<u32>) -> Row {
    let pick = |datum: fn(i32) -> Datum| {
        let picked = value.map(|value| Picked {
            value: datum(value),
            at,
            key: [key; 16],
        });
        picked.map_or(Datum::Null, |picked| Datum::Picked(Box::new(picked)))
    };
    let amount = value.map_or(Datum::Null, |value| Datum::Decimal(value.into()));
    Row {
        newest: 0,
        start: HOUR,
        key: [group; 16],
        dimensions: vec![Datum::Int64(group.into())],
        measures: vec![
            Datum::Int64(1),
            amount.clone(),
            amount,
            pick(|value| Datum::Text(format!("\u{e9}{value}"))),
            pick(Datum::Date),
            pick(|value| Datum::Decimal(value.into())),
            pick(|value| Datum::Timestamp(i64::from(value) - 1)),
            pick(|value| Datum::Bool(value > 0)),
            pick(|value| Datum::Double(f64::from(value) / 8.0)),
            pick(|value| Datum::Int64(value.into())),
            sketch(people),
        ],
    }
}

pub async fn the_first_and_last_values_stay_whatever_comes_when(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let events = [
        event(1, (HOUR + 5, 7), Some(-125), 0..1),
        event(1, (HOUR + 5, 9), Some(250), 0..1),
        event(1, (HOUR + 9, 1), None, 0..1),
        event(1, (HOUR + 1, 2), Some(1), 0..1),
        event(1, (HOUR + 5, 8), Some(3), 0..1),
    ];
    for (event, version) in events.into_iter().zip(1..) {
        let from = (version > 1).then(|| version - 1);
        commit(&*warehouse, run(&schema, 0, from, version), vec![event]).await;
    }
    let found = read(&*warehouse, "sets").await;
    let expected = [
        "1970-01-01T01:00:00Z",
        "1",
        "5",
        "1.29",
        "2.50",
        "\u{e9}1",
        "1970-09-08",
        "2.50",
        "1970-01-01T00:00:00.000249Z",
        "true",
        "31.25",
        "250",
        "1",
    ];
    assert_eq!(found, [expected]);
    let report = read(&*warehouse, "sets_report").await;
    assert_eq!(report[0][..expected.len()], expected);
}

pub async fn different_values_are_counted_once_however_often_they_come(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let row = |people| Row {
        newest: 0,
        start: 0,
        key: [0; 16],
        dimensions: vec![],
        measures: vec![sketch(people)],
    };
    // Nobody; some; the same again; more than are kept one by one; nobody.
    for (people, version, expected) in [
        (0..0, 1, 0..=0),
        (0..5, 2, 5..=5),
        (2..5, 3, 5..=5),
        (0..3_000, 4, 2_850..=3_150),
        (1_000..6_000, 5, 5_700..=6_300),
        (0..0, 6, 5_700..=6_300),
    ] {
        let from = (version > 1).then(|| version - 1);
        commit(
            &*warehouse,
            run(&schema, 1, from, version),
            vec![row(people)],
        )
        .await;
        let found = read(&*warehouse, "ever").await;
        let estimate: i64 = found[0][0].parse().unwrap();
        assert!(
            expected.contains(&estimate),
            "{estimate} at version {version}"
        );
    }
    let Datum::Sketch(whole) = sketch(0..6_000) else {
        panic!("it was made just before");
    };
    let found = read(&*warehouse, "ever").await;
    assert_eq!(found, [[whole.estimate().to_string()]]);
}

pub async fn groups_that_are_read_to_be_merged_are_only_those_asked_for(database: &dyn Database) {
    let schema = schema();
    let warehouse = database.ready(&schema).await;
    let rows = |groups: std::ops::Range<u8>, at: i64, value: i32| -> Vec<Row> {
        groups
            .map(|group| event(group, (at, group), Some(value), 0..u32::from(group)))
            .collect()
    };
    commit(
        &*warehouse,
        run(&schema, 0, None, 1),
        rows(0..9, HOUR + 2, 5),
    )
    .await;
    // Late for some, new for others.
    commit(
        &*warehouse,
        run(&schema, 0, Some(1), 2),
        rows(4..13, HOUR + 1, 7),
    )
    .await;
    let found = read(&*warehouse, "sets").await;
    let shown: Vec<String> = found
        .iter()
        .map(|row| format!("{} {} {} {} {}", row[1], row[2], row[5], row[11], row[12]))
        .collect();
    let mut expected: Vec<String> = (0..13)
        .map(|group| match group {
            0..4 => format!("{group} 1 \u{e9}5 5 {group}"),
            4..9 => format!("{group} 2 \u{e9}7 5 {group}"),
            _ => format!("{group} 1 \u{e9}7 7 {group}"),
        })
        .collect();
    let mut shown = shown;
    shown.sort();
    expected.sort();
    assert_eq!(shown, expected);
}
