use chrono::{DateTime, Datelike, NaiveDate, Utc};
use proptest::prelude::*;

use super::*;

#[test]
fn rfc3339_is_read_to_the_microsecond() {
    let cases: &[(&str, Result<i64, TimeProblem>)] = &[
        ("1970-01-01T00:00:00Z", Ok(0)),
        ("1970-01-01t00:00:00z", Ok(0)),
        ("1970-01-01 00:00:00-00:00", Ok(0)),
        ("1970-01-01T01:00:00+01:00", Ok(0)),
        ("2025-11-14T11:44:34.343Z", Ok(1_763_120_674_343_000)),
        ("2025-11-14T11:44:34.3439999999Z", Ok(1_763_120_674_343_999)),
        ("1969-12-31T23:59:59.9999999Z", Ok(-1)),
        ("0001-01-01T00:00:00Z", Ok(-62_135_596_800_000_000)),
        ("9999-12-31T23:59:59.999999Z", Ok(LAST_EVENT_TIME)),
        ("1900-01-01T00:00:00Z", Ok(FIRST_EVENT_TIME)),
        ("0001-01-01T00:00:00+00:01", Err(TimeProblem::Overflow)),
        ("9999-12-31T23:59:59-00:01", Err(TimeProblem::Overflow)),
        ("2025-11-14T11:44:34", Err(TimeProblem::Syntax)),
        ("2025-11-14T11:44Z", Err(TimeProblem::Syntax)),
        ("2025-11-14", Err(TimeProblem::Syntax)),
        ("2025-11-14T24:00:00Z", Err(TimeProblem::Syntax)),
        ("2016-12-31T23:59:60Z", Err(TimeProblem::Syntax)),
        ("2025-02-29T00:00:00Z", Err(TimeProblem::Syntax)),
        ("2025-11-14T11:44:34.Z", Err(TimeProblem::Syntax)),
        ("2025-11-14T11:44:34Z ", Err(TimeProblem::Syntax)),
        ("2025-11-14T11:44:34+0100", Err(TimeProblem::Syntax)),
        ("2025-11-14T11:44:34+24:00", Err(TimeProblem::Syntax)),
        ("+025-11-14T11:44:34Z", Err(TimeProblem::Syntax)),
        ("", Err(TimeProblem::Syntax)),
    ];
    for (text, expected) in cases {
        assert_eq!(parse_rfc3339(text.as_bytes()), *expected, "{text}");
    }
}

#[test]
fn unix_time_with_a_fraction_is_exact() {
    let seconds = |text: &str| from_unix(Number::new(text.as_bytes()), 6);
    let millis = |text: &str| from_unix(Number::new(text.as_bytes()), 3);
    assert_eq!(seconds("1763120674.343"), Ok(1_763_120_674_343_000));
    assert_eq!(seconds("852076800.0"), Ok(852_076_800_000_000));
    assert_eq!(seconds("1.763120674343e9"), Ok(1_763_120_674_343_000));
    assert_eq!(seconds("-0.0000001"), Ok(-1));
    assert_eq!(seconds("1e12"), Err(TimeProblem::Overflow));
    assert_eq!(seconds("1e999999999"), Err(TimeProblem::Overflow));
    assert_eq!(seconds("soon"), Err(TimeProblem::Syntax));
    assert_eq!(millis("1763120674343"), Ok(1_763_120_674_343_000));
    assert_eq!(millis("1763120674343.4567"), Ok(1_763_120_674_343_456));
}

#[test]
fn dates_are_days_that_exist() {
    assert_eq!(parse_date(b"1970-01-01"), Ok(0));
    assert_eq!(parse_date(b"2024-02-29"), Ok(19_782));
    assert_eq!(parse_date(b"1900-02-29"), Err(TimeProblem::Syntax));
    assert_eq!(parse_date(b"0000-12-31"), Err(TimeProblem::Overflow));
    assert_eq!(parse_date(b"2024-1-1"), Err(TimeProblem::Syntax));
    assert_eq!(
        parse_date(b"2024-01-01T00:00:00Z"),
        Err(TimeProblem::Syntax)
    );
}

#[test]
fn durations_have_one_unit() {
    assert_eq!(parse_duration("90m"), Some(Duration::from_secs(5_400)));
    assert_eq!(parse_duration("1d"), Some(Duration::from_secs(86_400)));
    assert_eq!(parse_duration("0s"), Some(Duration::ZERO));
    for text in [
        "",
        "h",
        "1",
        "1 h",
        "-1h",
        "+1h",
        "1.5h",
        "1h30m",
        "1w",
        "99999999999999999999d",
        "4000d",
        "1é",
    ] {
        assert_eq!(parse_duration(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn days_agree_with_chrono(day in FIRST_DAY..=LAST_DAY) {
        let date = NaiveDate::from_num_days_from_ce_opt(i32::try_from(day).unwrap() + 719_163).unwrap();
        let text = format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day());
        prop_assert_eq!(parse_date(text.as_bytes()), Ok(i32::try_from(day).unwrap()));
    }

    #[test]
    fn times_agree_with_chrono(micros in -62_000_000_000_000_000_i64..253_000_000_000_000_000, minutes in -720_i32..=720) {
        let offset = chrono::FixedOffset::east_opt(minutes * 60).unwrap();
        let text = DateTime::<Utc>::from_timestamp_micros(micros).unwrap().with_timezone(&offset).to_rfc3339();
        prop_assert_eq!(parse_rfc3339(text.as_bytes()), Ok(micros));
    }

    #[test]
    fn any_text_is_a_time_or_not(text in "[0-9TtZz:+. -]{0,40}") {
        let _ = parse_rfc3339(text.as_bytes());
        let _ = parse_date(text.as_bytes());
    }
}
