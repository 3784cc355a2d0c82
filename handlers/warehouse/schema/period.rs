//! The periods of a gold table.

use chrono::{DateTime, Datelike, Months, NaiveDate, NaiveTime};

use crate::dataset::Grain;

const MICROS_PER_HOUR: i64 = 3_600_000_000;
const MICROS_PER_DAY: i64 = 24 * MICROS_PER_HOUR;

/// Returns the start (inclusive) and end (exclusive) of the period around `time`, in microseconds since 1970. The
/// one period of the grain `all` is known by the start 0, though earlier times belong to it too.
#[must_use]
pub fn grain_bounds(grain: Grain, time: i64) -> (i64, i64) {
    let step = match grain {
        Grain::Hour => MICROS_PER_HOUR,
        Grain::Day => MICROS_PER_DAY,
        Grain::Month => return month_bounds(time),
        Grain::All => return (0, i64::MAX),
    };
    let start = time.saturating_sub(time.rem_euclid(step));
    (start, start.saturating_add(step))
}

fn month_bounds(time: i64) -> (i64, i64) {
    let bounds = DateTime::from_timestamp_micros(time).and_then(|instant| {
        let first = instant.date_naive().with_day(1)?;
        let next = first.checked_add_months(Months::new(1))?;
        Some((midnight(first), midnight(next)))
    });
    // Event times lie in the years 1900 to 9999, so the calendar covers them.
    bounds.unwrap_or((time, time.saturating_add(1)))
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}
