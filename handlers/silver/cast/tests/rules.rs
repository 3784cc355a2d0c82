use arrow_array::Array;
use arrow_array::cast::AsArray;
use proptest::prelude::*;

use super::{Dataset, at, dataset, shown, with_column};
use crate::event::RejectReason;
use crate::silver::cast::Caster;

/// What becomes of `{"t": 0, "v": <value>}`: the value as text, `NULL`, or the reason.
fn cast(dataset: &Dataset, value: &str) -> Result<String, RejectReason> {
    let line = format!("{{\"t\":0,\"v\":{value}}}");
    cast_line(dataset, &line)
}

fn cast_line(dataset: &Dataset, line: &str) -> Result<String, RejectReason> {
    let mut caster = Caster::new(dataset);
    let pushed = caster.push(line.as_bytes(), at(0));
    pushed.map_err(|reject| reject.reason)?;
    let cast = caster.finish().unwrap();
    let column = &cast.columns[1];
    Ok(match column.is_null(0) {
        true => "NULL".to_owned(),
        false => shown(column, 0),
    })
}

fn refusing(column: &str) -> Dataset {
    with_column(&format!("{column}\non_invalid = \"quarantine\""))
}

fn check(column: &str, cases: &[(&str, Result<&str, RejectReason>)]) {
    let dataset = refusing(column);
    for (value, expected) in cases {
        let actual = cast(&dataset, value);
        let actual = actual.as_deref().map_err(|reason| *reason);
        assert_eq!(actual, *expected, "{value} for {column}");
    }
}

const INVALID: Result<&str, RejectReason> = Err(RejectReason::InvalidValue);
const NOT_ALLOWED: Result<&str, RejectReason> = Err(RejectReason::NotAllowed);
const PATTERN: Result<&str, RejectReason> = Err(RejectReason::Pattern);

#[test]
fn texts_that_count_as_null_are_compared_as_they_read() {
    check(
        "type = \"int64\"\nnulls = [\"\", \"N/A\", \"é\", \"0\"]",
        &[
            ("\"\"", Ok("NULL")),
            ("\"N/A\"", Ok("NULL")),
            ("\"N\\u002fA\"", Ok("NULL")),
            ("\"\\u00e9\"", Ok("NULL")),
            ("\"0\"", Ok("NULL")),
            // A number is no text.
            ("0", Ok("0")),
            ("\"00\"", INVALID),
            ("\"n/a\"", INVALID),
            ("\"N/A \"", INVALID),
        ],
    );
    let json = "type = \"json\"\nnulls = [\"-\"]";
    check(json, &[("\"-\"", Ok("NULL")), ("[\"-\"]", Ok("[\"-\"]"))]);
    // Of a list of places, what counts as null is passed over.
    let two = refusing("type = \"string\"\nnulls = [\"-\"]\nfrom = [\"v\", \"w\"]");
    let line = |v: &str, w: &str| cast_line(&two, &format!("{{\"t\":0,\"v\":{v},\"w\":{w}}}"));
    assert_eq!(line("\"-\"", "\"x\"").as_deref(), Ok("x"));
    assert_eq!(line("\"y\"", "\"x\"").as_deref(), Ok("y"));
    assert_eq!(line("\"-\"", "null").as_deref(), Ok("NULL"));
    let required = with_column("type = \"int64\"\nnulls = [\"-\"]\nrequired = true");
    assert_eq!(cast(&required, "\"-\""), Err(RejectReason::MissingField));
    let mut caster = Caster::new(&required);
    let reject = caster.push(b"{\"t\":0,\"v\":\"-\"}", at(0)).unwrap_err();
    assert_eq!(reject.position, 11);
}

#[test]
fn a_default_fills_what_is_not_there_and_never_what_is_wrong() {
    let column = "type = \"int64\"\nnulls = [\"-\"]\ndefault = 7\nmax = 9";
    check(
        column,
        &[
            ("null", Ok("7")),
            ("\"-\"", Ok("7")),
            ("1", Ok("1")),
            ("\"x\"", INVALID),
            ("10", Err(RejectReason::OutOfRange)),
        ],
    );
    assert_eq!(
        cast_line(&refusing(column), "{\"t\":0}").as_deref(),
        Ok("7")
    );
    assert_eq!(cast(&with_column(column), "\"x\"").as_deref(), Ok("NULL"));
    let required = with_column("type = \"string\"\nrequired = true\ndefault = \"?\"");
    assert_eq!(cast_line(&required, "{\"t\":0}").as_deref(), Ok("?"));
    for (column, expected) in [
        ("type = \"double\"\ndefault = -0.0", "0.0"),
        ("type = \"decimal(5,2)\"\ndefault = 1.5", "1.50"),
        ("type = \"bool\"\ndefault = true", "true"),
        ("type = \"date\"\ndefault = 2024-02-29", "2024-02-29"),
        (
            "type = \"timestamp\"\ndefault = 2024-02-29T00:00:00Z",
            "2024-02-29T00:00:00Z",
        ),
    ] {
        assert_eq!(cast(&with_column(column), "null").as_deref(), Ok(expected));
    }
}

#[test]
fn what_is_allowed_is_compared_as_values_of_the_type() {
    check(
        "type = \"decimal(5,2)\"\nallowed = [1.5, 2]",
        &[
            ("1.5", Ok("1.50")),
            ("\"1.500\"", Ok("1.50")),
            // Once it is rounded.
            ("1.504", Ok("1.50")),
            ("1.505", NOT_ALLOWED),
            ("2e0", Ok("2.00")),
            ("0", NOT_ALLOWED),
            ("null", Ok("NULL")),
        ],
    );
    check(
        "type = \"string\"\nallowed = [\"new\", \"1\", \"é\"]",
        &[
            ("\"new\"", Ok("new")),
            ("1", Ok("1")),
            ("\"\\u00e9\"", Ok("é")),
            ("\"New\"", NOT_ALLOWED),
            ("\"\"", NOT_ALLOWED),
            ("[]", INVALID),
        ],
    );
    check(
        "type = \"timestamp\"\nallowed = [1970-01-01T00:00:00Z]",
        &[
            ("\"1970-01-01T01:00:00+01:00\"", Ok("1970-01-01T00:00:00Z")),
            ("\"1970-01-01T01:00:00Z\"", NOT_ALLOWED),
        ],
    );
    let column = "type = \"bool\"\nallowed = [true]";
    check(column, &[("1", Ok("true")), ("0", NOT_ALLOWED)]);
    let column = "type = \"double\"\nallowed = [0.1, 0]";
    check(
        column,
        &[("1e-1", Ok("0.1")), ("-0", Ok("0.0")), ("0.2", NOT_ALLOWED)],
    );
}

#[test]
fn a_pattern_is_for_the_whole_text_as_it_reads() {
    check(
        "type = \"string\"\npattern = '[A-Z]{2}\\d+'",
        &[
            ("\"DE12\"", Ok("DE12")),
            ("\"\\u0044E12\"", Ok("DE12")),
            ("\"DE12 \"", PATTERN),
            ("\"xDE12\"", PATTERN),
            ("\"DE١\"", PATTERN),
            ("12", PATTERN),
            ("null", Ok("NULL")),
        ],
    );
}

#[test]
fn what_rules_refuse_is_null_and_rescued_as_what_a_type_refuses() {
    let dataset = with_column("type = \"string\"\npattern = \"a\"\nallowed = [\"a\"]");
    let mut caster = Caster::new(&dataset);
    caster.push(b"{\"t\":0,\"v\":\"b\"}", at(0)).unwrap();
    assert_eq!(caster.nulled()[0].reason, RejectReason::NotAllowed);
    caster.push(b"{\"t\":0,\"v\":\"a\"}", at(1)).unwrap();
    let cast = caster.finish().unwrap();
    let values = cast.columns[1].as_string::<i32>();
    assert_eq!((values.is_null(0), values.value(1)), (true, "a"));
    let rescued = cast.rescued.unwrap();
    assert_eq!(
        rescued.as_string::<i32>().value(0),
        r#"{"$invalid":{"v":"b"}}"#
    );
}

#[test]
fn a_time_that_clocks_showed_twice_is_the_first_and_is_counted() {
    let column = "type = \"timestamp\"\nformat = \"%d.%m.%Y %H:%M\"\nzone = \"Europe/Berlin\"";
    check(
        column,
        &[
            ("\"1.7.2025 12:00\"", Ok("2025-07-01T10:00:00Z")),
            ("\"26.10.2025 02:30\"", Ok("2025-10-26T00:30:00Z")),
            ("\"30.03.2025 02:30\"", INVALID),
            ("\"1.7.2025\"", INVALID),
            ("12", INVALID),
            ("true", INVALID),
        ],
    );
    let dataset = with_column(column);
    let mut caster = Caster::new(&dataset);
    let mut ambiguous = |value: &str| {
        let line = format!("{{\"t\":0,\"v\":\"{value}\"}}");
        caster.push(line.as_bytes(), at(0)).unwrap();
        (caster.ambiguous().to_vec(), caster.nulled().len())
    };
    assert_eq!(ambiguous("26.10.2025 02:30"), (vec![1], 0));
    assert_eq!(ambiguous("26.10.2025 03:30"), (vec![], 0));
    assert_eq!(ambiguous("30.03.2025 02:30"), (vec![], 1));
    let reject =
        Caster::new(&refusing(column)).push(b"{\"t\":0,\"v\":\"30.03.2025 02:30\"}", at(0));
    assert_eq!(
        reject.unwrap_err().detail,
        "\"30.03.2025 02:30\" is a time that clocks of the column's zone were set forward over"
    );
}

#[test]
fn days_and_numbers_can_have_a_format() {
    let date = "type = \"date\"\nformat = \"%Y%m%d\"\nmin = 2024-01-01";
    check(
        date,
        &[
            ("\"20240229\"", Ok("2024-02-29")),
            ("20240229", Ok("2024-02-29")),
            ("20230229", INVALID),
            ("20231231", Err(RejectReason::OutOfRange)),
            ("2.0240229e7", INVALID),
        ],
    );
}

#[test]
fn an_event_time_in_a_zone_has_the_range_of_event_times() {
    let dataset = dataset(
        "name = \"x\"\nkey = [\"t\"]\nevent_time = \"t\"\n[[column]]\nname = \"t\"\ntype = \"timestamp\"\nzone = \"Europe/Berlin\"\nrequired = true\n",
    );
    let reason = |time: &str| {
        let line = format!("{{\"t\":\"{time}\"}}");
        let pushed = Caster::new(&dataset).push(line.as_bytes(), at(0));
        pushed.map_err(|reject| reject.reason)
    };
    assert_eq!(reason("2025-11-14T12:54:34"), Ok(()));
    assert_eq!(reason("2025-11-14T12:54:35"), Err(RejectReason::FutureTime));
    assert_eq!(
        reason("1900-01-01T00:00:00"),
        Err(RejectReason::TimeOutOfRange)
    );
    assert_eq!(
        reason("2025-03-30T02:30:00"),
        Err(RejectReason::InvalidValue)
    );
    assert_eq!(reason("2025-10-26T02:30:00"), Ok(()));
}

proptest! {
    /// Rules that say nothing change nothing: the two ways of a caster are one.
    #[test]
    fn a_rule_that_never_applies_changes_nothing(
        value in prop::sample::select(vec![
            "1", "-1.5", "1e3", "\"7\"", "\"x\"", "null", "true", "0", "[1]", "{}",
            "\"2025-11-14T11:44:34Z\"", "\"2025-11-14\"", "\"\\u0037\"", "9999999999999999999",
        ]),
        kind in prop::sample::select(vec![
            "int64", "double", "decimal(9,2)", "string", "bool", "timestamp", "date", "json",
        ]),
    ) {
        let column = format!("type = \"{kind}\"");
        let plain = cast(&refusing(&column), value);
        let ruled = cast(&refusing(&format!("{column}\nnulls = [\"never there\"]")), value);
        prop_assert_eq!(plain, ruled);
    }
}
