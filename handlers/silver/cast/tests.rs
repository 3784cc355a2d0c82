mod invalid;
mod masks;
mod places;
mod rules;
mod values;

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::{
    Array, ArrayRef, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_cast::display::array_value_to_string;
use proptest::prelude::*;

use super::*;
use crate::dataset::ColumnIndex;
use crate::event::{RejectReason, UnixMillis};
use crate::table::schema::arrow_schema;

const ORDERS: &str = include_str!("../../../datasets/orders.toml");
const HISTORY: &str = include_str!("../../../datasets/orders-history.toml");
const SENSORS: &str = include_str!("../../../datasets/sensors.toml");

/// 2025-11-14T11:44:34.343Z
const NOW: UnixMillis = UnixMillis(1_763_120_674_343);

fn dataset(text: &str) -> Dataset {
    Dataset::parse(text, "x.toml").unwrap_or_else(|problems| panic!("{problems}"))
}

fn at(line: u32) -> LineContext<'static> {
    LineContext {
        source: 0,
        partition: None,
        line,
        record: 0,
        sequence_number: Some(100 + i64::from(line)),
        enqueued_time: NOW,
        system: &[],
        properties: &[],
    }
}

/// Writes a value; Arrow itself does not know the time zone UTC by name.
fn shown(column: &ArrayRef, row: usize) -> String {
    match column.as_any().downcast_ref::<TimestampMicrosecondArray>() {
        Some(times) => EventTime(times.value(row)).to_string(),
        None => array_value_to_string(column, row).unwrap(),
    }
}

/// A dataset with a column `v`.
fn with_column(column: &str) -> Dataset {
    dataset(&format!(
        "name = \"x\"\nkey = [\"t\"]\nevent_time = \"t\"\n[[column]]\nname = \"t\"\ntype = \"timestamp\"\nformat = \"unix_millis\"\nrequired = true\n[[column]]\nname = \"v\"\n{column}"
    ))
}

#[test]
fn event_time_has_its_own_range() {
    let dataset = with_column("type = \"int64\"");
    let reason = |time: i64| {
        let mut caster = Caster::new(&dataset);
        caster
            .push(format!("{{\"t\":{time}}}").as_bytes(), at(0))
            .map_err(|reject| reject.reason)
    };
    let skew = 600_000;
    assert_eq!(reason(NOW.0 + skew), Ok(()));
    assert_eq!(reason(NOW.0 + skew + 1), Err(RejectReason::FutureTime));
    assert_eq!(reason(-2_208_988_800_000), Ok(()));
    assert_eq!(
        reason(-2_208_988_800_001),
        Err(RejectReason::TimeOutOfRange)
    );
    assert_eq!(reason(253_402_300_799_999), Err(RejectReason::FutureTime));
    assert_eq!(
        reason(253_402_300_800_000),
        Err(RejectReason::TimeOutOfRange)
    );
    assert_eq!(reason(i64::MAX), Err(RejectReason::TimeOutOfRange));
}

/// A line, why it is refused, and where.
const REFUSED: &[(&str, RejectReason, Option<usize>, usize)] = &[
    (
        r#"{"amount":1,"timestamp":0}"#,
        RejectReason::MissingField,
        Some(0),
        25,
    ),
    (
        r#"{"order_id":null,"amount":1,"timestamp":0}"#,
        RejectReason::MissingField,
        Some(0),
        12,
    ),
    (
        r#"{"order_id":1,"amount":"x","timestamp":0}"#,
        RejectReason::InvalidValue,
        Some(1),
        23,
    ),
    (
        r#"{"order_id":1,"amount":-1,"timestamp":0}"#,
        RejectReason::OutOfRange,
        Some(1),
        23,
    ),
    (
        r#"{"order_id":1,"amount":1e30,"timestamp":0}"#,
        RejectReason::Overflow,
        Some(1),
        23,
    ),
    (
        r#"{"order_id":1,"amount":1,"timestamp":9999999999}"#,
        RejectReason::FutureTime,
        Some(2),
        37,
    ),
    (
        r#"{"order_id":1,"amount":1,"timestamp":0"#,
        RejectReason::NotAnObject,
        None,
        38,
    ),
    ("hello", RejectReason::NotAnObject, None, 0),
];

#[test]
fn a_reject_names_reason_column_and_position() {
    let mut caster = Caster::new(&dataset(ORDERS));
    for (line, reason, column, position) in REFUSED {
        let reject = caster.push(line.as_bytes(), at(0)).expect_err(line);
        assert_eq!(
            (reject.reason, reject.column, reject.position),
            (*reason, column.map(ColumnIndex::new), *position),
            "{line}"
        );
    }
    let reject = caster
        .push(br#"{"order_id":12.5,"amount":1,"timestamp":0}"#, at(0))
        .expect_err("a fraction");
    assert_eq!(
        reject.detail,
        "12.5 has a fraction, which type int64 cannot hold"
    );
    let reject = caster
        .push(br#"{"order_id":1,"amount":1}"#, at(0))
        .expect_err("no time");
    assert_eq!(
        reject.detail, "the required field \"timestamp\" is absent or null",
        "by the name that was looked for"
    );
    let long = format!(r#"{{"order_id":"{}"}}"#, "é".repeat(10_000));
    assert!(
        caster
            .push(long.as_bytes(), at(0))
            .expect_err("too long")
            .detail
            .len()
            < 300
    );
    assert!(caster.is_empty());
}

#[test]
fn two_columns_can_read_one_field_and_the_last_duplicate_wins() {
    let dataset = with_column("type = \"string\"\nfrom = \"t\"");
    let mut caster = Caster::new(&dataset);
    caster.push(br#"{"t":"x","v":1,"t":5}"#, at(0)).unwrap();
    let cast = caster.finish().unwrap();
    assert_eq!(cast.event_times(), [5_000]);
    assert_eq!(cast.columns[1].as_string::<i32>().value(0), "5");
    assert_eq!(
        cast.rescued.unwrap().as_string::<i32>().value(0),
        r#"{"v":1}"#
    );
}

/// Four orders, each from a source of its own, the last one first.
fn four_orders(dataset: &Dataset) -> Cast {
    let mut caster = Caster::new(dataset);
    for i in 0..4 {
        let line = format!(r#"{{"order_id":{i},"amount":{i}.5,"timestamp":{i},"extra":[{i}]}}"#);
        let at = LineContext {
            source: u32::try_from(3 - i).unwrap(),
            partition: None,
            line: 0,
            record: 0,
            sequence_number: (i != 2).then_some(100 + i),
            enqueued_time: NOW,
            system: &[],
            properties: &[],
        };
        caster.push(line.as_bytes(), at).unwrap();
    }
    assert!(caster.bytes() > 4 * 50);
    caster.finish().unwrap()
}

fn row(batch: &RecordBatch, row: usize) -> String {
    let columns = batch.columns().iter();
    let values: Vec<String> = columns.map(|column| shown(column, row)).collect();
    values.join("|")
}

#[test]
fn a_batch_holds_the_rows_asked_for_with_their_lineage() {
    let dataset = dataset(ORDERS);
    let schema = arrow_schema(&dataset);
    let sources = ["s0", "s1", "s2", "s3"];
    let batch = four_orders(&dataset)
        .batch(&schema, &sources, &[2, 0, 2])
        .unwrap();
    assert_eq!(batch.schema(), schema);
    let third = r#"2|2.50|1970-01-01T00:00:02Z||s1||2025-11-14T11:44:34.343Z|{"extra":[2]}"#;
    let first = r#"0|0.50|1970-01-01T00:00:00Z||s3|100|2025-11-14T11:44:34.343Z|{"extra":[0]}"#;
    assert_eq!(row(&batch, 0), third);
    assert_eq!(row(&batch, 1), first);
    assert_eq!(row(&batch, 2), third);
    let names = batch.column(4).as_any_dictionary().values();
    let expected = StringArray::from(vec!["s1", "s3"]);
    assert_eq!(names.as_string::<i32>(), &expected);
}

#[test]
fn a_batch_of_rows_or_sources_that_do_not_exist_is_refused() {
    let dataset = dataset(ORDERS);
    let schema = arrow_schema(&dataset);
    let cast = four_orders(&dataset);
    assert!(cast.batch(&schema, &["s0"], &[0]).is_err());
    let sources = ["s0", "s1", "s2", "s3"];
    assert!(cast.batch(&schema, &sources, &[4]).is_err());
}

#[test]
fn hashes_of_keys_are_those_of_their_arrays() {
    let dataset = dataset(ORDERS);
    let mut caster = Caster::new(&dataset);
    caster
        .push(br#"{"order_id":"7","amount":1,"timestamp":1.0}"#, at(0))
        .unwrap();
    caster
        .push(br#"{"order_id":7.0,"amount":2,"timestamp":1}"#, at(1))
        .unwrap();
    let cast = caster.finish().unwrap();
    let hashes = crate::value::hash::hash_keys(&cast.columns, &[0, 2]).unwrap();
    let expected = crate::value::hash::hash_keys(
        &[
            Arc::new(Int64Array::from(vec![7])),
            Arc::new(TimestampMicrosecondArray::from(vec![1_000_000])),
        ],
        &[0, 1],
    );
    assert_eq!(hashes, [expected.unwrap()[0]; 2]);
}

#[test]
fn real_events_pass() {
    let cases = [
        (ORDERS, include_str!("data/cdnow-orders.jsonl")),
        (HISTORY, include_str!("data/cdnow-orders.jsonl")),
        (SENSORS, include_str!("data/nyc-weather-readings.jsonl")),
    ];
    for (file, lines) in cases {
        let dataset = dataset(file);
        let mut caster = Caster::new(&dataset);
        for (number, line) in (0..).zip(lines.lines()) {
            let pushed = caster.push(line.as_bytes(), at(number));
            assert_eq!(pushed, Ok(()), "{line}");
        }
        let rows: Vec<u32> = (0..u32::try_from(caster.len()).unwrap()).collect();
        let cast = caster.finish().unwrap();
        let batch = cast
            .batch(&arrow_schema(&dataset), &["source"], &rows)
            .unwrap();
        assert_eq!(batch.num_rows(), lines.lines().count());
        if let Some(rescued) = batch.column_by_name("_rescued") {
            assert_eq!(rescued.as_string::<i32>().value(0), r#"{"items":1}"#);
        }
    }
}

/// Lines of every kind, most of them almost right.
fn line() -> impl Strategy<Value = Vec<u8>> {
    let value = prop::sample::select(vec![
        "1",
        "-1",
        "1.5",
        "1e999999999",
        "\"7\"",
        "\"\\u0037\"",
        "\"x\"",
        "null",
        "true",
        "[1,{}]",
        "{\"a\":[]}",
        "9999999999999999999",
        "\"\u{e9}\"",
    ]);
    let name = prop::sample::select(vec![
        "order_id",
        "amount",
        "timestamp",
        "customer_id",
        "extra",
        "\\u0061mount",
    ]);
    let object = prop::collection::vec((name, value), 0..7).prop_map(|fields| {
        let fields: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("\"{name}\":{value}"))
            .collect();
        format!("{{{}}}", fields.join(",")).into_bytes()
    });
    prop_oneof![
        2 => Just(br#"{"order_id":1,"amount":2.5,"timestamp":3,"customer_id":"c","extra":0}"#.to_vec()),
        6 => object.clone(),
        1 => (object, any::<prop::sample::Index>(), any::<u8>()).prop_map(|(mut line, at, byte)| {
            let at = at.index(line.len());
            line[at] = byte;
            line
        }),
        1 => any::<Vec<u8>>(),
    ]
}

proptest! {
    #[test]
    fn refused_lines_leave_no_trace(lines in prop::collection::vec(line(), 0..40)) {
        let dataset = dataset(ORDERS);
        let mut mixed = Caster::new(&dataset);
        let mut clean = Caster::new(&dataset);
        for (number, line) in (0..).zip(&lines) {
            let before = mixed.bytes();
            match mixed.push(line, at(number)) {
                Ok(()) => prop_assert_eq!(clean.push(line, at(number)), Ok(())),
                Err(reject) => {
                    prop_assert_eq!(mixed.bytes(), before);
                    prop_assert!(reject.position <= line.len());
                }
            }
        }
        let (mixed, clean) = (mixed.finish().unwrap(), clean.finish().unwrap());
        let rows: Vec<u32> = (0..u32::try_from(mixed.len()).unwrap()).collect();
        let schema = arrow_schema(&dataset);
        prop_assert_eq!(mixed.len(), clean.len());
        prop_assert_eq!(mixed.batch(&schema, &["s"], &rows).unwrap(), clean.batch(&schema, &["s"], &rows).unwrap());
    }
}
