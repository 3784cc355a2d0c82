//! Steps of the calendar in UTC: the periods of silver's files and of gold's rows. Pure.

use crate::event::{EventTime, UnixMillis};
use crate::value::time::{Date, MICROS_PER_DAY, MICROS_PER_HOUR};

const MICROS_PER_MINUTE: i64 = MICROS_PER_HOUR / 60;

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
    /// A row for each five minutes of an hour.
    FiveMinutes,
    /// A row for each ten minutes of an hour.
    TenMinutes,
    /// A row for each quarter of an hour.
    FifteenMinutes,
    /// A row for each third of an hour.
    TwentyMinutes,
    /// A row for each half of an hour.
    ThirtyMinutes,
    /// A row an hour.
    Hour,
    /// A row a day.
    Day,
    /// A row a week, from Monday to Sunday as ISO 8601 has it.
    Week,
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
    /// Returns whether its time is a date, and not a point in time.
    #[must_use]
    pub fn is_of_dates(self) -> bool {
        matches!(self, Self::Day | Self::Week | Self::Month | Self::All)
    }

    /// Every grain, the shortest first.
    pub const EACH: [Self; 10] = [
        Self::FiveMinutes,
        Self::TenMinutes,
        Self::FifteenMinutes,
        Self::TwentyMinutes,
        Self::ThirtyMinutes,
        Self::Hour,
        Self::Day,
        Self::Week,
        Self::Month,
        Self::All,
    ];

    /// Returns the name that the dataset file uses.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FiveMinutes => "5m",
            Self::TenMinutes => "10m",
            Self::FifteenMinutes => "15m",
            Self::TwentyMinutes => "20m",
            Self::ThirtyMinutes => "30m",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::All => "all",
        }
    }

    /// Returns the grain that [`Self::as_str`] names so.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::EACH.into_iter().find(|grain| grain.as_str() == name)
    }

    /// Returns how many minutes a window has: a step that is a part of an hour.
    #[must_use]
    pub fn window_minutes(self) -> Option<i64> {
        match self {
            Self::FiveMinutes => Some(5),
            Self::TenMinutes => Some(10),
            Self::FifteenMinutes => Some(15),
            Self::TwentyMinutes => Some(20),
            Self::ThirtyMinutes => Some(30),
            Self::Hour | Self::Day | Self::Week | Self::Month | Self::All => None,
        }
    }

    /// Returns the start (inclusive) and the end (exclusive) of the step around `time`, in microseconds since 1970.
    /// The one step of the grain `all` is known by the start 0, though earlier times belong to it too.
    #[must_use]
    pub fn bounds(self, time: i64) -> (i64, i64) {
        match self {
            Self::FiveMinutes => steps_of(5 * MICROS_PER_MINUTE, time),
            Self::TenMinutes => steps_of(10 * MICROS_PER_MINUTE, time),
            Self::FifteenMinutes => steps_of(15 * MICROS_PER_MINUTE, time),
            Self::TwentyMinutes => steps_of(20 * MICROS_PER_MINUTE, time),
            Self::ThirtyMinutes => steps_of(30 * MICROS_PER_MINUTE, time),
            Self::Hour => steps_of(MICROS_PER_HOUR, time),
            Self::Day => steps_of(MICROS_PER_DAY, time),
            Self::Week => week(time),
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

fn week(time: i64) -> (i64, i64) {
    let day = time.div_euclid(MICROS_PER_DAY);
    // 1970 began on a Thursday.
    let monday = day - (day + 3).rem_euclid(7);
    let start = monday.saturating_mul(MICROS_PER_DAY);
    (start, start.saturating_add(7 * MICROS_PER_DAY))
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
    fn weeks_begin_on_the_monday_of_the_calendar_for_every_day_of_400_years() {
        let first = time("1900-01-01T00:00:00Z").0.div_euclid(MICROS_PER_DAY);
        for day in first..first + 146_097 {
            let now = DateTime::<Utc>::from_timestamp(day * 86_400, 0).unwrap();
            let week = now.date_naive().week(chrono::Weekday::Mon);
            let monday = week.first_day().and_time(chrono::NaiveTime::MIN).and_utc();
            let start = monday.timestamp_micros();
            let whole = (start, start + 7 * MICROS_PER_DAY);
            for time in [day * MICROS_PER_DAY, (day + 1) * MICROS_PER_DAY - 1] {
                assert_eq!(Grain::Week.bounds(time), whole, "{now}");
            }
        }
    }

    #[test]
    fn windows_are_aligned_with_the_hour_and_never_cross_one_also_before_1970() {
        let of_hour = |text: &str| time(text).0;
        for (grain, instant, start, end) in [
            (
                "5m",
                "2025-11-14T11:44:59.999999Z",
                "11:40:00Z",
                "11:45:00Z",
            ),
            ("5m", "2025-11-14T11:45:00Z", "11:45:00Z", "11:50:00Z"),
            ("10m", "2025-11-14T11:44:34Z", "11:40:00Z", "11:50:00Z"),
            ("15m", "2025-11-14T11:44:34Z", "11:30:00Z", "11:45:00Z"),
            ("20m", "2025-11-14T11:44:34Z", "11:40:00Z", "12:00:00Z"),
            ("30m", "1969-12-31T23:44:34Z", "23:30:00Z", "24:00:00Z"),
        ] {
            let day = &instant[..11];
            let end = match end {
                "24:00:00Z" => of_hour("1970-01-01T00:00:00Z"),
                end => of_hour(&format!("{day}{end}")),
            };
            let bounds = Grain::named(grain).unwrap().bounds(of_hour(instant));
            assert_eq!(
                bounds,
                (of_hour(&format!("{day}{start}")), end),
                "{grain} {instant}"
            );
        }
        for grain in Grain::EACH {
            let Some(minutes) = grain.window_minutes() else {
                continue;
            };
            assert_eq!(60 % minutes, 0, "{grain:?}");
            let (start, end) = grain.bounds(-1);
            assert_eq!((start, end), (-minutes * MICROS_PER_MINUTE, 0), "{grain:?}");
        }
    }

    #[test]
    fn a_grain_is_found_by_its_name() {
        for grain in Grain::EACH {
            assert_eq!(Grain::named(grain.as_str()), Some(grain));
        }
        assert_eq!(Grain::named("60m"), None);
    }

    #[test]
    fn no_time_is_too_far_away_for_a_step() {
        for grain in Grain::EACH {
            if grain == Grain::All {
                continue;
            }
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
