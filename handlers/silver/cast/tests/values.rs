use std::sync::Arc;

use arrow_array::Array;

use super::{Dataset, at, shown, with_column};
use crate::event::RejectReason;
use crate::silver::cast::Caster;

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
    let dataset = with_column(&format!("{column}\non_invalid = \"quarantine\""));
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
        ("-0.0", Ok("0.0")),
        ("-1e-999", Ok("0.0")),
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
fn bool_takes_true_false_one_and_zero_only() {
    let cases = [
        ("true", Ok("true")),
        ("false", Ok("false")),
        ("\"true\"", Ok("true")),
        ("\"false\"", Ok("false")),
        ("\"TRUE\"", Ok("true")),
        ("\"False\"", Ok("false")),
        ("\"\\u0074rue\"", Ok("true")),
        ("0", Ok("false")),
        ("1", Ok("true")),
        ("\"0\"", Ok("false")),
        ("\"1\"", Ok("true")),
        ("null", Ok("NULL")),
        ("2", INVALID),
        ("-0", INVALID),
        ("1.0", INVALID),
        ("1e0", INVALID),
        ("\"01\"", INVALID),
        ("\"yes\"", INVALID),
        ("\"t\"", INVALID),
        ("\" true\"", INVALID),
        ("\"\"", INVALID),
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
    check(
        "type = \"timestamp\"\nformat = \"unix_micros\"",
        &[
            ("1763120674343001", Ok("2025-11-14T11:44:34.343001Z")),
            ("-0.1", Ok("1969-12-31T23:59:59.999999Z")),
            ("1e18", OVERFLOW),
        ],
    );
    check(
        "type = \"timestamp\"\nformat = \"unix_nanos\"",
        &[
            ("1763120674343000999", Ok("2025-11-14T11:44:34.343Z")),
            ("\"1763120674343001000\"", Ok("2025-11-14T11:44:34.343001Z")),
            ("-1", Ok("1969-12-31T23:59:59.999999Z")),
            ("-1000", Ok("1969-12-31T23:59:59.999999Z")),
            ("-1001", Ok("1969-12-31T23:59:59.999998Z")),
            ("0.9", Ok("1970-01-01T00:00:00Z")),
            ("-0.1", Ok("1969-12-31T23:59:59.999999Z")),
            ("1e22", OVERFLOW),
            ("\"x\"", INVALID),
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
