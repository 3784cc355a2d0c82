use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::util::display::array_value_to_string;
use proptest::prelude::*;

use super::*;
use crate::silver::schema::arrow_schema;

const ORDERS: &str = include_str!("../../../datasets/orders.toml");
const HISTORY: &str = include_str!("../../../datasets/orders-history.toml");
const SENSORS: &str = include_str!("../../../datasets/sensors.toml");

/// 2025-11-14T11:44:34.343Z
const NOW: UnixMillis = UnixMillis(1_763_120_674_343);

fn dataset(text: &str) -> Dataset {
    Dataset::parse(text, "x.toml").unwrap_or_else(|problems| panic!("{problems}"))
}

fn at(line: u64) -> LineContext {
    LineContext {
        source: 0,
        line,
        sequence_number: Some(100 + i64::try_from(line).unwrap()),
        enqueued_time: NOW,
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

/// What becomes of `{"t": 0, "v": <value>}`: the value as text, or the reason.
fn cast_value(dataset: &Dataset, value: &str) -> Result<String, RejectReason> {
    let mut caster = Caster::new(dataset);
    let line = format!("{{\"t\":0,\"v\":{value}}}");
    caster.push(line.as_bytes(), at(0)).map_err(|reject| {
        assert!(
            !reject.detail.is_empty() && reject.detail.len() < 400,
            "{reject:?}"
        );
        assert!(caster.is_empty());
        reject.reason
    })?;
    let column = Arc::clone(&caster.finish().unwrap().columns[1]);
    if column.is_null(0) {
        return Ok("NULL".to_owned());
    }
    Ok(shown(&column, 0))
}

fn check(column: &str, cases: &[(&str, Result<&str, RejectReason>)]) {
    let dataset = with_column(column);
    for (value, expected) in cases {
        let actual = cast_value(&dataset, value);
        assert_eq!(
            actual.as_deref().map_err(|reason| *reason),
            *expected,
            "{value} for {column}"
        );
    }
}

const INVALID: Result<&str, RejectReason> = Err(RejectReason::InvalidValue);
const OVERFLOW: Result<&str, RejectReason> = Err(RejectReason::Overflow);
const OUT_OF_RANGE: Result<&str, RejectReason> = Err(RejectReason::OutOfRange);

#[test]
fn int64_takes_whole_numbers_however_they_are_written() {
    let cases = [
        ("12", Ok("12")),
        ("\"12\"", Ok("12")),
        ("12.0", Ok("12")),
        ("1.2e1", Ok("12")),
        ("-0", Ok("0")),
        (r#""\u0031""#, Ok("1")),
        ("9223372036854775807", Ok("9223372036854775807")),
        ("null", Ok("NULL")),
        ("12.5", INVALID),
        ("true", INVALID),
        ("\"\"", INVALID),
        ("\" 12\"", INVALID),
        ("\"012\"", INVALID),
        ("\"+12\"", INVALID),
        ("\"0x1\"", INVALID),
        ("[12]", INVALID),
        ("{}", INVALID),
        ("1e-999999999", INVALID),
        ("9223372036854775808", OVERFLOW),
        ("1e999999999", OVERFLOW),
        ("-1e99", OVERFLOW),
    ];
    check("type = \"int64\"", &cases);
    check(
        "type = \"int64\"\nmin = 0\nmax = 10",
        &[
            ("0", Ok("0")),
            ("10", Ok("10")),
            ("-1", OUT_OF_RANGE),
            ("11", OUT_OF_RANGE),
            ("null", Ok("NULL")),
        ],
    );
}

#[test]
fn decimal_takes_numbers_and_rounds_half_away_from_zero() {
    let cases = [
        ("11.77", Ok("11.77")),
        ("\"11.77\"", Ok("11.77")),
        ("450", Ok("450.00")),
        ("1.005", Ok("1.01")),
        ("-1.005", Ok("-1.01")),
        ("1.0049", Ok("1.00")),
        ("1e2", Ok("100.00")),
        ("999.994", Ok("999.99")),
        ("999.995", OVERFLOW),
        ("1000", OVERFLOW),
        ("1e999999999", OVERFLOW),
        ("1e-999999999", Ok("0.00")),
        ("\"1,5\"", INVALID),
        ("\"$1\"", INVALID),
        ("false", INVALID),
        ("\"NaN\"", INVALID),
    ];
    check("type = \"decimal(5,2)\"", &cases);
    check(
        "type = \"decimal(5,2)\"\nmin = 0",
        &[
            ("0", Ok("0.00")),
            ("-0.004", Ok("0.00")),
            ("-0.005", OUT_OF_RANGE),
        ],
    );
}

#[test]
fn double_takes_finite_numbers() {
    let cases = [
        ("10.357019999999999", Ok("10.357019999999999")),
        ("\"1e3\"", Ok("1000.0")),
        ("7", Ok("7.0")),
        ("1e-999", Ok("0.0")),
        ("1e999", OVERFLOW),
        ("\"Infinity\"", INVALID),
        ("\"nan\"", INVALID),
        ("true", INVALID),
    ];
    check("type = \"double\"", &cases);
    check(
        "type = \"double\"\nmax = 1.5",
        &[("1.5", Ok("1.5")), ("1.6", OUT_OF_RANGE)],
    );
}

#[test]
fn string_takes_text_and_the_text_of_numbers_and_booleans() {
    let cases = [
        ("\"a\"", Ok("a")),
        ("\"\"", Ok("")),
        (r#""\u00e9\n\ud83d\ude00""#, Ok("é\n😀")),
        ("\"null\"", Ok("null")),
        ("12.50", Ok("12.50")),
        ("1e2", Ok("1e2")),
        ("true", Ok("true")),
        ("null", Ok("NULL")),
        ("[]", INVALID),
        ("{\"a\":1}", INVALID),
    ];
    check("type = \"string\"", &cases);
}

#[test]
fn bool_takes_true_and_false_only() {
    let cases = [
        ("true", Ok("true")),
        ("false", Ok("false")),
        ("\"true\"", Ok("true")),
        ("\"false\"", Ok("false")),
        ("0", INVALID),
        ("1", INVALID),
        ("\"True\"", INVALID),
        ("\"yes\"", INVALID),
        ("[]", INVALID),
    ];
    check("type = \"bool\"", &cases);
}

#[test]
fn timestamps_are_exact_to_the_microsecond() {
    check(
        "type = \"timestamp\"",
        &[
            (
                "\"2025-11-14T11:44:34.343Z\"",
                Ok("2025-11-14T11:44:34.343Z"),
            ),
            (
                "\"2025-11-14T12:44:34.3430009+01:00\"",
                Ok("2025-11-14T11:44:34.343Z"),
            ),
            ("\"0001-01-01T00:00:00Z\"", Ok("0001-01-01T00:00:00Z")),
            ("\"0000-12-31T00:00:00Z\"", OVERFLOW),
            ("\"2025-11-14\"", INVALID),
            ("\"2025-11-14T11:44:34\"", INVALID),
            ("1763120674", INVALID),
            ("true", INVALID),
        ],
    );
    check(
        "type = \"timestamp\"\nformat = \"unix_seconds\"",
        &[
            ("1763120674.343", Ok("2025-11-14T11:44:34.343Z")),
            ("\"1763120674.343\"", Ok("2025-11-14T11:44:34.343Z")),
            ("1763120674.3430009", Ok("2025-11-14T11:44:34.343Z")),
            ("-0.0000001", Ok("1969-12-31T23:59:59.999999Z")),
            ("1e999999999", OVERFLOW),
            ("\"2025-11-14T11:44:34Z\"", INVALID),
        ],
    );
    check(
        "type = \"timestamp\"\nformat = \"unix_millis\"\nmin = 1970-01-01T00:00:01Z",
        &[
            ("1763120674343", Ok("2025-11-14T11:44:34.343Z")),
            ("999", OUT_OF_RANGE),
        ],
    );
}

#[test]
fn date_takes_days_that_exist() {
    let cases = [
        ("\"2024-02-29\"", Ok("2024-02-29")),
        ("\"2023-02-29\"", INVALID),
        ("\"2024-02-29T00:00:00Z\"", INVALID),
        ("19000", INVALID),
        ("\"0000-01-01\"", OVERFLOW),
    ];
    check("type = \"date\"", &cases);
    check(
        "type = \"date\"\nmax = 2024-01-01",
        &[
            ("\"2024-01-01\"", Ok("2024-01-01")),
            ("\"2024-01-02\"", OUT_OF_RANGE),
        ],
    );
}

#[test]
fn json_keeps_any_value_as_it_was_written() {
    let cases = [
        ("{ \"a\" : [1.0] }", Ok("{ \"a\" : [1.0] }")),
        ("\"\\u0041\"", Ok("\"\\u0041\"")),
        ("1e2", Ok("1e2")),
        ("true", Ok("true")),
        ("null", Ok("NULL")),
    ];
    check("type = \"json\"", &cases);
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

#[test]
fn a_reject_names_reason_column_and_position() {
    let cases = [
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
    let mut caster = Caster::new(&dataset(ORDERS));
    for (line, reason, column, position) in cases {
        let reject = caster.push(line.as_bytes(), at(0)).expect_err(line);
        assert_eq!(
            (reject.reason, reject.column, reject.position),
            (reason, column, position),
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

#[test]
fn a_batch_holds_the_rows_asked_for_with_their_lineage() {
    let dataset = dataset(ORDERS);
    let schema = arrow_schema(&dataset);
    let mut caster = Caster::new(&dataset);
    for i in 0..4 {
        let line = format!(r#"{{"order_id":{i},"amount":{i}.5,"timestamp":{i},"extra":[{i}]}}"#);
        let sequence_number = (i != 2).then_some(100 + i);
        let at = LineContext {
            source: u32::try_from(3 - i).unwrap(),
            line: 10,
            sequence_number,
            enqueued_time: NOW,
        };
        caster.push(line.as_bytes(), at).unwrap();
    }
    assert!(caster.bytes() > 4 * 50);
    let cast = caster.finish().unwrap();
    let batch = cast
        .batch(&schema, &["s0", "s1", "s2", "s3"], &[2, 0, 2])
        .unwrap();
    assert_eq!(batch.schema(), schema);
    let row = |batch: &RecordBatch, row: usize| -> Vec<String> {
        batch
            .columns()
            .iter()
            .map(|column| shown(column, row))
            .collect()
    };
    let lineage = "2025-11-14T11:44:34.343Z";
    assert_eq!(
        row(&batch, 0),
        [
            "2",
            "2.50",
            "1970-01-01T00:00:02Z",
            "",
            "s1",
            "",
            lineage,
            r#"{"extra":[2]}"#
        ]
    );
    assert_eq!(
        row(&batch, 1),
        [
            "0",
            "0.50",
            "1970-01-01T00:00:00Z",
            "",
            "s3",
            "100",
            lineage,
            r#"{"extra":[0]}"#
        ]
    );
    assert_eq!(row(&batch, 2), row(&batch, 0));
    let names = batch.column(4).as_any_dictionary().values();
    assert_eq!(
        names.as_string::<i32>(),
        &StringArray::from(vec!["s1", "s3"])
    );
    assert!(cast.batch(&schema, &["s0"], &[0]).is_err());
    assert!(
        cast.batch(&schema, &["s0", "s1", "s2", "s3"], &[4])
            .is_err()
    );
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
    let hashes = caster.finish().unwrap().key_hashes(&dataset.key).unwrap();
    let expected = crate::silver::key::hash_keys(
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
        prop_assert_eq!(&mixed.lines, &clean.lines);
        prop_assert_eq!(mixed.batch(&schema, &["s"], &rows).unwrap(), clean.batch(&schema, &["s"], &rows).unwrap());
    }
}
