use chrono::{DateTime, NaiveDateTime, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::value::time::{MICROS_PER_DAY, MICROS_PER_HOUR, TimeProblem, parse_rfc3339};

fn format(text: &str) -> TimeFormat {
    TimeFormat::parse(text).unwrap_or_else(|error| panic!("{text} {error}"))
}

fn in_zone(format: Option<&str>, zone: &str) -> Notation {
    Notation {
        format: format.map(self::format),
        zone: Some(Zone::named(zone).unwrap()),
    }
}

fn utc(text: &str) -> i64 {
    parse_rfc3339(text.as_bytes()).unwrap()
}

/// What a text is, as RFC 3339; `twice` where clocks showed it twice.
fn point(notation: &Notation, text: &str) -> String {
    match notation.point(text.as_bytes()) {
        Ok(Some(point)) => {
            let time = DateTime::from_timestamp_micros(point.micros).unwrap();
            let twice = if point.is_ambiguous { " twice" } else { "" };
            format!("{}{twice}", time.format("%Y-%m-%dT%H:%M:%S%.fZ"))
        }
        Ok(None) => "never".to_owned(),
        Err(TimeProblem::Syntax) => "no".to_owned(),
        Err(TimeProblem::Overflow) => "beyond".to_owned(),
    }
}

#[test]
fn a_time_without_a_zone_is_read_by_the_clocks_of_the_columns() {
    let berlin = in_zone(None, "europe/berlin");
    for (text, expected) in [
        ("2025-07-01T12:00:00", "2025-07-01T10:00:00Z"),
        ("2025-01-01 12:00:00.5", "2025-01-01T11:00:00.500Z"),
        // Clocks go from 2 to 3 o'clock, and from 3 to 2.
        ("2025-03-30T01:59:59.999999", "2025-03-30T00:59:59.999999Z"),
        ("2025-03-30T02:00:00", "never"),
        ("2025-03-30T02:59:59.999999", "never"),
        ("2025-03-30T03:00:00", "2025-03-30T01:00:00Z"),
        ("2025-10-26T01:59:59", "2025-10-25T23:59:59Z"),
        ("2025-10-26T02:00:00", "2025-10-26T00:00:00Z twice"),
        ("2025-10-26T02:59:59", "2025-10-26T00:59:59Z twice"),
        ("2025-10-26T03:00:00", "2025-10-26T02:00:00Z"),
        // A zone in the text wins.
        ("2025-10-26T02:30:00Z", "2025-10-26T02:30:00Z"),
        ("2025-10-26T02:30:00+01:00", "2025-10-26T01:30:00Z"),
        ("2025-03-30T02:30:00-05:00", "2025-03-30T07:30:00Z"),
        ("9999-12-31T23:59:59", "9999-12-31T22:59:59Z"),
        ("0001-01-01T00:00:00", "beyond"),
        ("2025-07-01", "no"),
        ("2025-07-01T12:00:00 Europe/Paris", "no"),
        ("2025-07-01T12:00:00+0200", "no"),
        ("2025-07-01T12:00:60", "no"),
    ] {
        assert_eq!(point(&berlin, text), expected, "{text}");
    }
    // Here half an hour is lost and found.
    let island = in_zone(None, "Australia/Lord_Howe");
    assert_eq!(
        point(&island, "2025-04-06T01:45:00"),
        "2025-04-05T14:45:00Z twice"
    );
    assert_eq!(point(&island, "2025-10-05T02:15:00"), "never");
    // A day that Samoa left out.
    assert_eq!(
        point(&in_zone(None, "Pacific/Apia"), "2011-12-30T12:00:00"),
        "never"
    );
    assert!(!Zone::named("UTC").unwrap().is_changing());
    assert!(Zone::named("Europe/Berlin").unwrap().is_changing());
}

/// A format, a text, and what it is in UTC.
const READ: &[(&str, &str, &str)] = &[
    (
        "%d.%m.%Y %H:%M:%S",
        "02.06.2026 12:09:05",
        "2026-06-02T12:09:05Z",
    ),
    (
        "%d.%m.%Y %H:%M:%S",
        "2.6.2026 7:9:5",
        "2026-06-02T07:09:05Z",
    ),
    ("%d.%m.%Y", "2.6.2026", "2026-06-02T00:00:00Z"),
    ("%Y%m%dT%H%M%S", "20260602T120905", "2026-06-02T12:09:05Z"),
    ("%Y%m%dT%H%M%S", "2026062T120905", "2026-06-02T12:09:05Z"),
    ("%Y%m%dT%H%M%S", "202662T120905", "no"),
    ("%Y-%j", "2024-366", "2024-12-31T00:00:00Z"),
    ("%Y-%j", "2025-366", "no"),
    ("%Y-%j", "2025-0", "no"),
    ("%Y-%j", "2025-7", "2025-01-07T00:00:00Z"),
    ("%Y%j", "2025007", "2025-01-07T00:00:00Z"),
    ("%d %b %y", "1 mar 69", "2069-03-01T00:00:00Z"),
    ("%d %b %y", "1 MAR 70", "1970-03-01T00:00:00Z"),
    ("%d %b %y", "1 March 00", "2000-03-01T00:00:00Z"),
    ("%d %b %Y", "1 Mai 2025", "no"),
    ("%d %b %Y", "1 may 2025", "2025-05-01T00:00:00Z"),
    ("%b%d,%Y", "Sept1,2025", "no"),
    (
        "%m/%d/%Y %I:%M %p",
        "6/2/2026 12:00 AM",
        "2026-06-02T00:00:00Z",
    ),
    (
        "%m/%d/%Y %I:%M %p",
        "6/2/2026 12:00 pm",
        "2026-06-02T12:00:00Z",
    ),
    (
        "%m/%d/%Y %I:%M %p",
        "6/2/2026 11:59 PM",
        "2026-06-02T23:59:00Z",
    ),
    ("%m/%d/%Y %I:%M %p", "6/2/2026 0:00 AM", "no"),
    ("%m/%d/%Y %I:%M %p", "6/2/2026 13:00 PM", "no"),
    (
        "%Y-%m-%d %H:%M:%S.%f",
        "2026-06-02 12:09:05.1",
        "2026-06-02T12:09:05.100Z",
    ),
    (
        "%Y-%m-%d %H:%M:%S.%f",
        "2026-06-02 12:09:05.123456789",
        "2026-06-02T12:09:05.123456Z",
    ),
    ("%Y-%m-%d %H:%M:%S,%f", "2026-06-02 12:09:05,", "no"),
    ("%Y-%m-%d %H:%M:%S", "2026-06-02 24:00:00", "no"),
    ("%Y-%m-%d %H:%M:%S", "2026-06-02 12:60:00", "no"),
    ("%Y-%m-%d %H:%M:%S", "2026-06-02 12:09:60", "no"),
    ("%Y-%m-%d", "2026-02-29", "no"),
    ("%Y-%m-%d", "2026-02-28 ", "no"),
    ("%Y-%m-%d", " 2026-02-28", "no"),
    ("%Y-%m-%d", "26-02-28", "no"),
    ("%Y-%m-%d", "0000-02-28", "beyond"),
    ("ü%Y-%m-%d", "ü2026-02-28", "2026-02-28T00:00:00Z"),
];

#[test]
fn formats_have_the_directives_of_the_list_and_mean_what_it_says() {
    for (format, text, expected) in READ {
        let notation = in_zone(Some(format), "UTC");
        assert_eq!(point(&notation, text), *expected, "{text}");
    }
}

#[test]
fn an_offset_in_the_format_is_taken_from_the_text() {
    let notation = Notation {
        format: Some(format("%d/%b/%Y:%H:%M:%S %z")),
        zone: None,
    };
    for (offset, expected) in [
        ("Z", "2000-10-10T13:55:36Z"),
        ("z", "2000-10-10T13:55:36Z"),
        ("-0700", "2000-10-10T20:55:36Z"),
        ("-07:00", "2000-10-10T20:55:36Z"),
        ("-07", "2000-10-10T20:55:36Z"),
        ("+0530", "2000-10-10T08:25:36Z"),
        ("-07:", "no"),
        ("-7", "no"),
        ("+2400", "no"),
        ("+0160", "no"),
        ("UTC", "no"),
        ("", "no"),
    ] {
        let text = format!("10/Oct/2000:13:55:36 {offset}");
        assert_eq!(point(&notation, &text), expected, "{text}");
    }
}

#[test]
fn a_day_needs_no_time_of_day() {
    let days = |text: &str| Notation {
        format: Some(format(text)),
        zone: None,
    };
    assert_eq!(days("%d.%m.%Y").day(b"1.1.1970"), Ok(0));
    assert_eq!(days("%Y%m%d").day(b"19691231"), Ok(-1));
    assert_eq!(days("%Y%m%d").day(b"00000101"), Err(TimeProblem::Overflow));
    assert!(!format("%Y%m%d").has_time());
    assert!(format("%Y%m%d %H").has_time());
    assert!(format("%Y%m%d %z").has_time());
}

#[test]
fn what_is_no_format_says_why() {
    let problem = |text: &str| TimeFormat::parse(text).unwrap_err().to_string();
    let list = "; the directives are %Y %m %d %H %M %S %f %j %b %z %p %I %y";
    assert_eq!(problem("%Y-%m-%d %T"), format!("has %T{list}"));
    assert_eq!(problem("%Y-%m-%d%%"), format!("has %%{list}"));
    assert_eq!(problem("%Y-%m-%d %"), format!("ends in %{list}"));
    assert_eq!(problem("%Y-%m-%d %é"), format!("has a % alone{list}"));
    for (text, part) in [
        ("%H:%M", "%Y or %y"),
        ("%Y %y %j", "one of them"),
        ("%Y-%m", "has the day"),
        ("%Y-%d", "has the day"),
        ("%Y %m %b %d", "not both"),
        ("%Y %j %d", "already"),
        ("%Y-%m-%d %I", "%I and %p together"),
        ("%Y-%m-%d %p", "%I and %p together"),
        ("%Y-%m-%d %H %I %p", "and not both"),
        ("%Y-%m-%d %M", "has the hour"),
        ("%Y-%m-%d %H:%S", "has %M if"),
        ("%Y-%m-%d %H:%M:%f", "has %S if"),
        ("%Y-%m-%d %d", "has %d twice"),
        ("%Y-%m-%d %H:%M:%S.%f7", "no end"),
        ("%H:%M:%S%z%Y %j", "no end"),
    ] {
        assert!(problem(text).contains(part), "{text}: {}", problem(text));
    }
    assert!(problem(&"%Y".repeat(100)).starts_with("is longer"));
}

const FORMATS: [&str; 8] = [
    "%Y-%m-%d %H:%M:%S",
    "%d.%m.%Y %H:%M:%S",
    "%Y%m%d%H%M%S",
    "%b %d %Y %I:%M:%S %p",
    "%j/%Y %H-%M-%S",
    "%y%m%d %H%M%S",
    "%H:%M:%S %d %b %y",
    "%I%p %M%S %d%m%Y",
];

proptest! {
    #[test]
    fn what_chrono_writes_in_a_format_is_read_as_it_was(
        seconds in 0_i64..3_155_760_000,
        format in prop::sample::select(&FORMATS[..]),
    ) {
        let time = DateTime::from_timestamp(seconds, 0).unwrap();
        let text = time.format(format).to_string();
        let expected = time.timestamp_micros();
        let read = self::format(format).read(text.as_bytes()).unwrap();
        prop_assert_eq!(read.micros, expected, "{}", text);
    }

    #[test]
    fn what_is_read_of_any_text_is_what_chrono_reads(
        text in "[0-9]{1,4}[-./ :]?[0-9]{1,3}[-./ :]?[0-9]{0,4} ?[0-9]{0,2}:?[0-9]{0,2}:?[0-9]{0,2} ?(AM|pm)?",
        format in prop::sample::select(&FORMATS[..]),
    ) {
        if let Ok(read) = self::format(format).read(text.as_bytes()) {
            let chrono = NaiveDateTime::parse_from_str(&text, format);
            let chrono = chrono.map(|time| time.and_utc().timestamp_micros());
            prop_assert_eq!(chrono, Ok(read.micros), "{} as {}", text, format);
        }
    }

    #[test]
    fn clocks_show_what_is_looked_for(
        clock in utc("1850-01-01T00:00:00Z")..utc("2100-01-01T00:00:00Z"),
        zone in prop::sample::select(vec![
            "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia",
            "Asia/Kathmandu", "Africa/Casablanca", "America/Sao_Paulo", "Europe/Dublin",
        ]),
        near in any::<bool>(),
    ) {
        let zone = Zone::named(zone).unwrap();
        let clock = if near { next_change(&zone, clock) } else { clock };
        // All offsets that clocks have around it, each of which may lead to it.
        let around = (-192..192).map(|step| clock + step * MICROS_PER_HOUR / 4);
        let mut found: Vec<i64> = around.map(|time| clock - (zone.clock(time) - time)).collect();
        found.retain(|time| zone.clock(*time) == clock);
        found.sort_unstable();
        found.dedup();
        let expected = match found.as_slice() {
            [] => Shown::Never,
            [once] => Shown::Once(*once),
            [first, ..] => Shown::Twice(*first),
        };
        prop_assert_eq!(zone.when(clock), expected, "{}", DateTime::from_timestamp_micros(clock).unwrap());
    }
}

/// Goes on to where clocks of a zone are changed next, within two years.
fn next_change(zone: &Zone, clock: i64) -> i64 {
    let offset = |time: i64| zone.clock(time) - time;
    let mut days = (0..730).map(|day| clock + day * MICROS_PER_DAY);
    let change = days.find(|day| offset(*day) != offset(*day + MICROS_PER_DAY));
    let Some(day) = change else {
        return clock;
    };
    let mut halves = (0..48).map(|half| day + half * MICROS_PER_HOUR / 2);
    let change = halves.find(|time| offset(*time) != offset(*time + MICROS_PER_HOUR / 2));
    zone.clock(change.unwrap_or(day)) + TimeDelta::minutes(30).num_microseconds().unwrap()
}
