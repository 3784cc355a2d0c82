//! How events write points in time: what is recognised, and which of it silver reads; pure.

use chrono::DateTime;
use sluice::value::time::{parse_date, parse_rfc3339, parse_utc};

/// A notation of a point in time as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in super::super) enum Notation {
    /// RFC 3339 with its offset, the one that silver reads.
    Rfc3339,
    /// Without a zone.
    NoZone,
    /// With an offset that lacks its colon or its minutes, such as `+0000`.
    NoColon,
    /// Without seconds.
    NoSeconds,
    /// With the name of a zone, such as `UTC`.
    NamedZone,
    /// A day.
    DateOnly,
    /// ISO 8601 without separators.
    Basic,
    /// As in mail headers.
    Rfc2822,
    /// A day whose order of numbers cannot be told.
    Slashes,
}

impl Notation {
    /// Recognises a notation.
    pub(super) fn of(text: &str) -> Option<Self> {
        let is_rfc3339 = |text: &str| parse_rfc3339(text.as_bytes()).is_ok();
        if is_rfc3339(text) {
            return Some(Self::Rfc3339);
        }
        if parse_date(text.as_bytes()).is_ok() {
            return Some(Self::DateOnly);
        }
        if parse_utc(text.as_bytes()).is_ok() {
            return Some(Self::NoZone);
        }
        if has_short_offset(text) {
            return Some(Self::NoColon);
        }
        if let Some((minutes, rest)) = text.split_at_checked(16) {
            let whole = format!("{minutes}:00{rest}");
            if is_rfc3339(&whole) || parse_utc(whole.as_bytes()).is_ok() || has_short_offset(&whole)
            {
                return Some(Self::NoSeconds);
            }
        }
        let named = ["UTC", "GMT"]
            .iter()
            .find_map(|zone| text.strip_suffix(zone));
        if named.is_some_and(|time| parse_utc(time.trim_end().as_bytes()).is_ok()) {
            return Some(Self::NamedZone);
        }
        if is_basic(text) {
            return Some(Self::Basic);
        }
        if DateTime::parse_from_rfc2822(text).is_ok() {
            return Some(Self::Rfc2822);
        }
        has_slashes(text).then_some(Self::Slashes)
    }

    /// Says what it is, for people.
    pub(in super::super) fn describe(self) -> &'static str {
        match self {
            Self::Rfc3339 => "RFC 3339",
            Self::NoZone => "a time without a zone",
            Self::NoColon => "an offset without its colon",
            Self::NoSeconds => "a time without seconds",
            Self::NamedZone => "a zone by its name",
            Self::DateOnly => "a day without a time",
            Self::Basic => "ISO 8601 without separators",
            Self::Rfc2822 => "the notation of mail headers (RFC 2822)",
            Self::Slashes => "a day whose order of numbers cannot be told",
        }
    }
}

/// A unit of numbers that count from 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) enum Unit {
    Seconds,
    Millis,
    Micros,
    Nanos,
}

/// The units with the numbers that are years 1973 to 2286 in them, and how many are a second.
const UNITS: [(Unit, f64, f64); 4] = [
    (Unit::Seconds, 1e8, 1.0),
    (Unit::Millis, 1e11, 1e3),
    (Unit::Micros, 1e14, 1e6),
    (Unit::Nanos, 1e17, 1e9),
];
/// The years 2000 to 2099, in seconds since 1970.
const OUR_CENTURY: std::ops::Range<f64> = 946_684_800.0..4_102_444_800.0;

impl Unit {
    /// Returns the unit in which all numbers from `low` to `high` are points in time of the years 1973 to 2286.
    pub(in super::super) fn of(low: f64, high: f64) -> Option<Self> {
        let found = UNITS
            .iter()
            .find(|(_, first, _)| low >= *first && high < *first * 100.0);
        found.map(|(unit, ..)| *unit)
    }

    /// Returns how many of it a second has.
    pub(in super::super) fn per_second(self) -> f64 {
        let found = UNITS.iter().find(|(unit, ..)| *unit == self);
        // Every unit is in the list.
        found.map_or(1.0, |(.., per_second)| *per_second)
    }

    /// Returns whether these numbers lie in the years 2000 to 2099: a chance hit is unlikely.
    pub(in super::super) fn is_of_our_century(self, low: f64, high: f64) -> bool {
        let per_second = self.per_second();
        OUR_CENTURY.contains(&(low / per_second)) && OUR_CENTURY.contains(&(high / per_second))
    }

    /// Returns the dataset file's name of it.
    pub(in super::super) fn format(self) -> &'static str {
        match self {
            Self::Seconds => "unix_seconds",
            Self::Millis => "unix_millis",
            Self::Micros => "unix_micros",
            Self::Nanos => "unix_nanos",
        }
    }

    /// Names it.
    pub(in super::super) fn name(self) -> &'static str {
        match self {
            Self::Seconds => "seconds",
            Self::Millis => "milliseconds",
            Self::Micros => "microseconds",
            Self::Nanos => "nanoseconds",
        }
    }
}

/// Returns whether a time ends in an offset such as `+0000` or `+00`.
fn has_short_offset(text: &str) -> bool {
    let Some(at) = text.rfind(['+', '-']).filter(|at| *at > 10) else {
        return false;
    };
    let (time, offset) = text.split_at(at);
    let whole = match offset.len() {
        3 => format!("{text}:00"),
        5 if offset.is_char_boundary(3) => {
            let (hours, minutes) = offset.split_at(3);
            format!("{time}{hours}:{minutes}")
        }
        _ => return false,
    };
    parse_rfc3339(whole.as_bytes()).is_ok()
}

fn is_basic(text: &str) -> bool {
    let text = text.trim_end_matches('Z');
    let Some((day, time)) = text.split_once(['T', '_']) else {
        return false;
    };
    let digits = |text: &str, length| text.len() == length && is_digits(text);
    digits(day, 8) && (digits(time, 6) || digits(time, 4))
}

/// Returns whether a text begins with a day such as `02/06/2026` or `2.6.2026`.
fn has_slashes(text: &str) -> bool {
    let day = text.split([' ', 'T', ',']).next().unwrap_or(text);
    ['/', '.'].iter().any(|separator| {
        let parts: Vec<&str> = day.split(*separator).collect();
        let is_short = |part: &&str| (1..=2).contains(&part.len()) && is_digits(part);
        let is_year = |part: &&str| part.len() == 4 && is_digits(part);
        match parts.as_slice() {
            [first, second, third] => {
                (is_short(first) && is_short(second) && is_year(third))
                    || (is_year(first) && is_short(second) && is_short(third))
            }
            _ => false,
        }
    })
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_common_notations_of_time_are_told_apart() {
        for (text, expected) in [
            ("2026-06-02T14:09:10+02:00", Some(Notation::Rfc3339)),
            ("2026-06-02 12:09:13.123456789z", Some(Notation::Rfc3339)),
            ("2026-06-02 12:09:05", Some(Notation::NoZone)),
            ("2026-06-02T12:09:06.471001", Some(Notation::NoZone)),
            ("2026-06-02T12:09:08+0000", Some(Notation::NoColon)),
            ("2026-06-02 12:09:08.5-05", Some(Notation::NoColon)),
            ("2026-06-02T12:09Z", Some(Notation::NoSeconds)),
            ("2026-06-02 12:09", Some(Notation::NoSeconds)),
            ("2026-06-02T12:09+0200", Some(Notation::NoSeconds)),
            ("2026-06-02 12:09:05 UTC", Some(Notation::NamedZone)),
            ("2026-06-02", Some(Notation::DateOnly)),
            ("20260602T120905Z", Some(Notation::Basic)),
            ("Tue, 02 Jun 2026 12:09:05 +0000", Some(Notation::Rfc2822)),
            ("02/06/2026 12:09:05", Some(Notation::Slashes)),
            ("2.6.2026", Some(Notation::Slashes)),
            ("2026/06/02", Some(Notation::Slashes)),
            ("1.2.3", None),
            ("2026-06-31", None),
            ("yesterday", None),
            ("ünïcödé tëxt of söme lëngth", None),
            ("", None),
        ] {
            assert_eq!(Notation::of(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_tell_their_unit_by_their_size() {
        for (number, expected) in [
            (1_795_161_600.5, Some(Unit::Seconds)),
            (1_795_161_600_000.0, Some(Unit::Millis)),
            (1_795_161_600_000_000.0, Some(Unit::Micros)),
            (1_795_161_600_000_000_000.0, Some(Unit::Nanos)),
            (42.0, None),
            (5e10, None),
        ] {
            assert_eq!(Unit::of(number, number), expected, "{number}");
        }
        assert_eq!(Unit::of(1.7e9, 1.7e12), None, "two units");
        assert!(Unit::Millis.is_of_our_century(1.7e12, 1.8e12));
        assert!(!Unit::Seconds.is_of_our_century(1e8, 1.8e9));
    }
}
