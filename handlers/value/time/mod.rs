//! Points in time and days in text, exactly: a point in time is a number of microseconds, a day a number of days, both since 1970. Pure.
//!
//! The years 1 to 9999 of the Gregorian calendar exist, as in SQL. What is finer than a microsecond is cut, towards the past.

pub mod notation;

use std::fmt;
use std::time::Duration;

use super::number::{Excess, Number, NumberProblem};

/// Why text is not a point in time or a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TimeProblem {
    /// It is not written in the expected format.
    Syntax,
    /// It lies outside the years 1 to 9999.
    Overflow,
}

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// The length of an hour in microseconds.
pub const MICROS_PER_HOUR: i64 = 3_600 * MICROS_PER_SECOND;
/// The length of a day in microseconds.
pub const MICROS_PER_DAY: i64 = SECONDS_PER_DAY * MICROS_PER_SECOND;

/// 0001-01-01, in days since 1970.
const FIRST_DAY: i64 = -719_162;
/// 9999-12-31, in days since 1970.
const LAST_DAY: i64 = 2_932_896;

/// 1900-01-01T00:00:00Z, the first event time allowed, in microseconds since 1970.
pub const FIRST_EVENT_TIME: i64 = -25_567 * MICROS_PER_DAY;
/// The last microsecond of the year 9999, the last event time allowed.
pub const LAST_EVENT_TIME: i64 = (LAST_DAY + 1) * MICROS_PER_DAY - 1;

/// Reads a number of seconds, if `scale` is 6, of milliseconds, if it is 3, or of microseconds, if it is 0, as microseconds
/// since 1970.
///
/// # Errors
/// Fails if it is no number or outside the years 1 to 9999.
#[inline]
pub fn from_unix(number: Number<'_>, scale: u8) -> Result<i64, TimeProblem> {
    micros_of(number.scaled(scale, Excess::Floor))
}

/// Reads a number of nanoseconds as microseconds since 1970, cut towards the past.
///
/// # Errors
/// As [`from_unix`].
pub fn from_unix_nanos(number: Number<'_>) -> Result<i64, TimeProblem> {
    let nanos = number.scaled(0, Excess::Floor);
    micros_of(nanos.map(|nanos| nanos.div_euclid(1_000)))
}

#[inline]
fn micros_of(number: Result<i128, NumberProblem>) -> Result<i64, TimeProblem> {
    let micros = number.map_err(|problem| match problem {
        NumberProblem::Syntax => TimeProblem::Syntax,
        NumberProblem::Overflow | NumberProblem::Inexact => TimeProblem::Overflow,
    })?;
    i64::try_from(micros)
        .map_err(|_| TimeProblem::Overflow)
        .and_then(check_range)
}

/// Returns a point in time, if it lies in the years 1 to 9999.
///
/// # Errors
/// Fails if it does not.
pub fn check_range(micros: i64) -> Result<i64, TimeProblem> {
    if (FIRST_DAY * MICROS_PER_DAY..=LAST_EVENT_TIME).contains(&micros) {
        return Ok(micros);
    }
    Err(TimeProblem::Overflow)
}

/// Reads an RFC 3339 date and time, whose offset from UTC is required.
///
/// A blank may stand for the `T`, as the standard allows. A leap second has no place on the axis and is refused.
///
/// # Errors
/// Fails if `text` is not in the format or outside the years 1 to 9999.
pub fn parse_rfc3339(text: &[u8]) -> Result<i64, TimeProblem> {
    let (micros, rest) = parse_date_time(text).ok_or(TimeProblem::Syntax)?;
    let offset = parse_offset(rest).ok_or(TimeProblem::Syntax)?;
    check_range(micros - offset * MICROS_PER_SECOND)
}

/// Reads a date and time of RFC 3339 that lies in UTC and may therefore lack its offset, as .NET writes it.
///
/// # Errors
/// As [`parse_rfc3339`].
pub fn parse_utc(text: &[u8]) -> Result<i64, TimeProblem> {
    let (micros, rest) = parse_date_time(text).ok_or(TimeProblem::Syntax)?;
    if !(rest.is_empty() || parse_offset(rest) == Some(0)) {
        return Err(TimeProblem::Syntax);
    }
    check_range(micros)
}

/// What clocks showed, in microseconds since 1970 as if they were those of UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockTime {
    /// The date and time.
    pub micros: i64,
    /// How many seconds they were east of UTC, if that was said.
    pub offset: Option<i64>,
}

/// Reads a date and time of RFC 3339 whose offset may be absent.
///
/// # Errors
/// Fails if `text` is not in the format. The years are not looked at.
pub fn parse_clock_time(text: &[u8]) -> Result<ClockTime, TimeProblem> {
    let (micros, rest) = parse_date_time(text).ok_or(TimeProblem::Syntax)?;
    let offset = match rest.is_empty() {
        true => None,
        false => Some(parse_offset(rest).ok_or(TimeProblem::Syntax)?),
    };
    Ok(ClockTime { micros, offset })
}

/// Reads all but the offset: microseconds since 1970, and what follows.
fn parse_date_time(text: &[u8]) -> Option<(i64, &[u8])> {
    let (date, time) = text.split_at_checked(10)?;
    let day = parse_day(date)?;
    let (second, rest) = parse_time_of_day(time)?;
    let (micros, rest) = parse_fraction(rest)?;
    let seconds = day * SECONDS_PER_DAY + second;
    Some((seconds * MICROS_PER_SECOND + micros, rest))
}

/// Reads `YYYY-MM-DD` as days since 1970.
///
/// # Errors
/// Fails if `text` is not in the format, no such day exists, or it lies outside the years 1 to 9999.
pub fn parse_date(text: &[u8]) -> Result<i32, TimeProblem> {
    check_day(parse_day(text).ok_or(TimeProblem::Syntax)?)
}

/// Returns a day, given in days since 1970, if it lies in the years 1 to 9999.
///
/// # Errors
/// Fails if it does not.
pub fn check_day(day: i64) -> Result<i32, TimeProblem> {
    if !(FIRST_DAY..=LAST_DAY).contains(&day) {
        return Err(TimeProblem::Overflow);
    }
    i32::try_from(day).map_err(|_| TimeProblem::Overflow)
}

#[inline]
fn digits(text: &[u8]) -> Option<i64> {
    text.iter().try_fold(0, |value, byte| {
        let digit = byte.wrapping_sub(b'0');
        (digit <= 9).then_some(value * 10 + i64::from(digit))
    })
}

fn parse_day(text: &[u8]) -> Option<i64> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let year = digits(&[y1, y2, y3, y4])?;
    let month = digits(&[m1, m2])?;
    let day = digits(&[d1, d2])?;
    day_of(year, month, day)
}

/// Returns the day of the Gregorian calendar, in days since 1970, if it exists.
#[must_use]
pub fn day_of(year: i64, month: i64, day: i64) -> Option<i64> {
    let exists = (1..=12).contains(&month) && (1..=days_in_month(year, month)).contains(&day);
    exists.then(|| days_from_civil(year, month, day))
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts the days from 1970-01-01 to a day of the Gregorian calendar; years begin in March, so that the leap day comes last.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

/// A day of the Gregorian calendar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Date {
    /// The year; the one before 1 is 0.
    pub year: i64,
    /// The month, from 1.
    pub month: i64,
    /// The day of the month, from 1.
    pub day: i64,
}

impl Date {
    /// Returns the day that is so many days after 1970-01-01.
    #[must_use]
    pub fn from_days(days: i64) -> Self {
        // The way back of `days_from_civil`.
        let days = days.saturating_add(719_468);
        let (era, day_of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let leaps = day_of_era / 1_460 - day_of_era / 36_524 + day_of_era / 146_096;
        let year_of_era = (day_of_era - leaps) / 365;
        let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * day_of_year + 2) / 153;
        let month = (month_from_march + 2) % 12 + 1;
        Self {
            year: era * 400 + year_of_era + i64::from(month <= 2),
            month,
            day: day_of_year - (153 * month_from_march + 2) / 5 + 1,
        }
    }

    /// Returns the length of the day's month.
    #[must_use]
    pub fn days_in_month(self) -> i64 {
        days_in_month(self.year, self.month)
    }
}

impl fmt::Display for Date {
    /// Writes `YYYY-MM-DD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

fn parse_time_of_day(text: &[u8]) -> Option<(i64, &[u8])> {
    let (&[b'T' | b't' | b' ', h1, h2, b':', m1, m2, b':', s1, s2], rest) =
        text.split_first_chunk::<9>()?
    else {
        return None;
    };
    let hour = digits(&[h1, h2])?;
    let minute = digits(&[m1, m2])?;
    let second = digits(&[s1, s2])?;
    let exists = hour < 24 && minute < 60 && second < 60;
    exists.then_some((hour * 3_600 + minute * 60 + second, rest))
}

fn parse_fraction(text: &[u8]) -> Option<(i64, &[u8])> {
    let Some((b'.', text)) = text.split_first() else {
        return Some((0, text));
    };
    let end = text
        .iter()
        .position(|byte| !byte.is_ascii_digit())
        .unwrap_or(text.len());
    let (fraction, rest) = text.split_at(end);
    if fraction.is_empty() {
        return None;
    }
    let kept = fraction.get(..6).unwrap_or(fraction);
    let micros = (kept.len()..6).fold(digits(kept)?, |micros, _| micros * 10);
    Some((micros, rest))
}

/// Returns seconds east of UTC.
fn parse_offset(text: &[u8]) -> Option<i64> {
    match *text {
        [b'Z' | b'z'] => Some(0),
        [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2] => {
            let hour = digits(&[h1, h2])?;
            let minute = digits(&[m1, m2])?;
            let seconds = hour * 3_600 + minute * 60;
            let exists = hour < 24 && minute < 60;
            exists.then_some(if sign == b'-' { -seconds } else { seconds })
        }
        _ => None,
    }
}

/// The longest duration of a dataset file, ten years: longer ones are slips.
const MAX_DURATION: u64 = 3_650 * 86_400;

/// Returns a duration in microseconds. Those of a dataset file are at most ten years; a longer one counts as endless.
#[must_use]
pub fn micros(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros()).unwrap_or(i64::MAX)
}

/// Returns a duration in milliseconds; one beyond 292 million years counts as endless.
#[must_use]
pub fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// Reads a duration such as `10s`, `90m`, `1h` or `1d`.
pub fn parse_duration(text: &str) -> Option<Duration> {
    let unit = text.chars().next_back()?;
    let number = text.strip_suffix(unit)?;
    let seconds_per_unit = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return None,
    };
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let seconds = number.parse::<u64>().ok()?.checked_mul(seconds_per_unit)?;
    (seconds <= MAX_DURATION).then(|| Duration::from_secs(seconds))
}

#[cfg(test)]
mod tests;
