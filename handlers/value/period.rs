//! Steps of the calendar in UTC: the periods of silver's files and of gold's rows. Pure.

use crate::event::{EventTime, UnixMillis};

use super::time::{Date, MICROS_PER_DAY, MICROS_PER_HOUR};

/// The length of an hour in milliseconds.
pub const MILLIS_PER_HOUR: i64 = 3_600_000;

/// Silver's time partition; a longer one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// A directory an hour.
    Hour,
    /// A directory a day.
    Day,
    /// A directory a month.
    Month,
}

/// The time step of a gold table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Grain {
    /// A row an hour.
    Hour,
    /// A row a day.
    Day,
    /// A row a month.
    Month,
    /// One row for all time.
    All,
}

impl Period {
    /// Returns the name that the dataset file and the log use.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Month => "month",
        }
    }

    /// Returns the period that [`Self::as_str`] names so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let all = [Self::Hour, Self::Day, Self::Month];
        all.into_iter().find(|period| period.as_str() == name)
    }

    /// Returns the start (inclusive) and the end (exclusive) of the period that `time` lies in.
    ///
    /// ```
    /// use sluice::event::EventTime;
    /// use sluice::value::Period;
    ///
    /// let (start, end) = Period::Hour.bounds(EventTime(3_600_000_001));
    /// assert_eq!((start, end), (EventTime(3_600_000_000), EventTime(7_200_000_000)));
    /// ```
    #[must_use]
    pub fn bounds(self, time: EventTime) -> (EventTime, EventTime) {
        let (start, end) = match self {
            Self::Hour => steps_of(MICROS_PER_HOUR, time.0),
            Self::Day => steps_of(MICROS_PER_DAY, time.0),
            Self::Month => month(time.0),
        };
        (EventTime(start), EventTime(end))
    }

    /// Returns the start of the period that `time` lies in.
    #[must_use]
    pub fn start(self, time: EventTime) -> EventTime {
        self.bounds(time).0
    }
}

impl Grain {
    /// Returns the start (inclusive) and the end (exclusive) of the step around `time`, in microseconds since 1970.
    /// The one step of the grain `all` is known by the start 0, though earlier times belong to it too.
    #[must_use]
    pub fn bounds(self, time: i64) -> (i64, i64) {
        match self {
            Self::Hour => steps_of(MICROS_PER_HOUR, time),
            Self::Day => steps_of(MICROS_PER_DAY, time),
            Self::Month => month(time),
            Self::All => (0, i64::MAX),
        }
    }
}

/// Returns the start of the hour that `time` lies in.
#[must_use]
pub fn hour_of(time: UnixMillis) -> UnixMillis {
    UnixMillis(time.0 - time.0.rem_euclid(MILLIS_PER_HOUR))
}

/// Returns the start of the hour before the one that `time` lies in.
#[must_use]
pub fn hour_before(time: UnixMillis) -> UnixMillis {
    UnixMillis(hour_of(time).0 - MILLIS_PER_HOUR)
}

fn steps_of(length: i64, time: i64) -> (i64, i64) {
    let start = time.saturating_sub(time.rem_euclid(length));
    (start, start.saturating_add(length))
}

fn month(time: i64) -> (i64, i64) {
    let day = time.div_euclid(MICROS_PER_DAY);
    let date = Date::from_days(day);
    let start = (day - (date.day - 1)).saturating_mul(MICROS_PER_DAY);
    (
        start,
        start.saturating_add(date.days_in_month() * MICROS_PER_DAY),
    )
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;

    fn time(text: &str) -> EventTime {
        EventTime(text.parse::<DateTime<Utc>>().unwrap().timestamp_micros())
    }

    #[test]
    fn a_period_starts_on_the_hour_the_day_or_the_month_also_before_1970() {
        for (period, instant, start, end) in [
            (
                Period::Hour,
                "2025-11-14T11:44:34.343Z",
                "2025-11-14T11:00:00Z",
                "2025-11-14T12:00:00Z",
            ),
            (
                Period::Day,
                "2025-11-14T23:59:59.999999Z",
                "2025-11-14T00:00:00Z",
                "2025-11-15T00:00:00Z",
            ),
            (
                Period::Month,
                "2024-02-29T23:59:59Z",
                "2024-02-01T00:00:00Z",
                "2024-03-01T00:00:00Z",
            ),
            (
                Period::Month,
                "2023-12-31T23:59:59Z",
                "2023-12-01T00:00:00Z",
                "2024-01-01T00:00:00Z",
            ),
            (
                Period::Hour,
                "1969-12-31T23:30:00Z",
                "1969-12-31T23:00:00Z",
                "1970-01-01T00:00:00Z",
            ),
            (
                Period::Day,
                "1900-01-01T00:00:00Z",
                "1900-01-01T00:00:00Z",
                "1900-01-02T00:00:00Z",
            ),
            (
                Period::Month,
                "1969-12-31T23:30:00Z",
                "1969-12-01T00:00:00Z",
                "1970-01-01T00:00:00Z",
            ),
        ] {
            let bounds = period.bounds(time(instant));
            assert_eq!(bounds, (time(start), time(end)), "{period:?} {instant}");
        }
    }

    #[test]
    fn the_grain_all_is_one_step() {
        assert_eq!(Grain::All.bounds(-1), (0, i64::MAX));
    }

    #[test]
    fn months_agree_with_the_calendar_for_every_day_of_400_years() {
        let first = time("1900-01-01T00:00:00Z").0.div_euclid(MICROS_PER_DAY);
        for day in first..first + 146_097 {
            let now = DateTime::<Utc>::from_timestamp(day * 86_400, 0).unwrap();
            let start = now.format("%Y-%m-01T00:00:00Z").to_string();
            let next = now + chrono::Months::new(1);
            let end = next.format("%Y-%m-01T00:00:00Z").to_string();
            let bounds = Grain::Month.bounds(day * MICROS_PER_DAY);
            assert_eq!(bounds, (time(&start).0, time(&end).0), "{now}");
        }
    }

    #[test]
    fn no_time_is_too_far_away_for_a_step() {
        for grain in [Grain::Hour, Grain::Day, Grain::Month] {
            for time in [i64::MIN, i64::MAX] {
                let (start, end) = grain.bounds(time);
                assert!(start <= time && time <= end, "{grain:?} {time}");
            }
        }
    }

    #[test]
    fn hours_of_milliseconds_are_cut_towards_the_past() {
        assert_eq!(hour_of(UnixMillis(-1)), UnixMillis(-3_600_000));
        assert_eq!(hour_before(UnixMillis(3_600_000)), UnixMillis(0));
    }
}
