//! Timer schedules: six- and five-field NCRONTAB expressions and time spans.
//!
//! NCRONTAB differs from other crons: a day has to match day of month *and* day of week, Sunday is
//! 0 and never 7, names may be abbreviated to any length, a step of 0 is 1, and a range given
//! backwards is turned round. Times are UTC, as in the hosting plans this runs on.

use std::time::Duration;

use chrono::{
    DateTime, Datelike, Days, Months, NaiveDateTime, NaiveTime, TimeDelta, Timelike, Utc,
};

use crate::functions_host::time_span::parse_time_span;

const MONTHS: &[&str] = &[
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];
const WEEKDAYS: &[&str] = &[
    "sunday",
    "monday",
    "tuesday",
    "wednesday",
    "thursday",
    "friday",
    "saturday",
];
/// A leap day on a given weekday comes at least once in 40 years; what does not come by then never does.
const HORIZON_YEARS: i32 = 50;

/// When a timer runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// At the times an expression names.
    Cron(Box<Cron>),
    /// So long after the previous run.
    Every(Duration),
}

/// A parsed NCRONTAB expression: one bit per allowed value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cron {
    seconds: u64,
    minutes: u64,
    hours: u64,
    days: u64,
    months: u64,
    weekdays: u64,
}

impl Schedule {
    /// Parses an expression or a time span.
    ///
    /// # Errors
    /// Fails with the real host's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let cron = Cron::parse(text).map(|cron| Self::Cron(Box::new(cron)));
        let span = || {
            parse_time_span(text)
                .filter(|span| !span.is_zero())
                .map(Self::Every)
        };
        cron.or_else(span).ok_or_else(|| {
            format!(
                "The schedule expression '{text}' was not recognized as a valid cron expression or timespan string."
            )
        })
    }

    /// The first time after `now`, if there is one.
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Every(span) => now.checked_add_signed(TimeDelta::from_std(*span).ok()?),
            Self::Cron(cron) => cron.next_after(now.naive_utc()).map(|time| time.and_utc()),
        }
    }

    /// Whether runs are at least a minute apart, which is what the host keeps a status for.
    ///
    /// Like the host, looks at the next five occurrences only.
    pub fn is_monitored(&self, now: DateTime<Utc>) -> bool {
        let mut previous = None;
        let mut time = now;
        for _ in 0..5 {
            let Some(next) = self.next_after(time) else {
                break;
            };
            if previous.is_some_and(|previous| next - previous < TimeDelta::minutes(1)) {
                return false;
            }
            previous = Some(next);
            time = next;
        }
        true
    }
}

impl Cron {
    fn parse(text: &str) -> Option<Self> {
        let fields: Vec<&str> = text.split(' ').filter(|field| !field.is_empty()).collect();
        let (seconds, rest) = match fields.len() {
            5 => (1, fields.as_slice()),
            6 => (field(fields.first()?, 0, 59, &[])?, fields.get(1..)?),
            _ => return None,
        };
        let [minutes, hours, days, months, weekdays] = rest else {
            return None;
        };
        Some(Self {
            seconds,
            minutes: field(minutes, 0, 59, &[])?,
            hours: field(hours, 0, 23, &[])?,
            days: field(days, 1, 31, &[])?,
            months: field(months, 1, 12, MONTHS)?,
            weekdays: field(weekdays, 0, 6, WEEKDAYS)?,
        })
    }

    fn next_after(&self, now: NaiveDateTime) -> Option<NaiveDateTime> {
        let mut time = now
            .with_nanosecond(0)?
            .checked_add_signed(TimeDelta::seconds(1))?;
        let last_year = time.year() + HORIZON_YEARS;
        while time.year() <= last_year {
            if !has(self.months, time.month()) {
                let first = time
                    .date()
                    .with_day(1)?
                    .checked_add_months(Months::new(1))?;
                time = first.and_time(NaiveTime::MIN);
            } else if !has(self.days, time.day())
                || !has(self.weekdays, time.weekday().num_days_from_sunday())
            {
                time = time
                    .date()
                    .checked_add_days(Days::new(1))?
                    .and_time(NaiveTime::MIN);
            } else if !has(self.hours, time.hour()) {
                time = time.with_minute(0)?.with_second(0)? + TimeDelta::hours(1);
            } else if !has(self.minutes, time.minute()) {
                time = time.with_second(0)? + TimeDelta::minutes(1);
            } else if !has(self.seconds, time.second()) {
                time += TimeDelta::seconds(1);
            } else {
                return Some(time);
            }
        }
        None
    }
}

fn has(bits: u64, value: u32) -> bool {
    bits >> value & 1 == 1
}

fn field(text: &str, min: u32, max: u32, names: &[&str]) -> Option<u64> {
    if text.is_empty() || text.starts_with(',') {
        return None;
    }
    text.split(',')
        .try_fold(0, |bits, item| Some(bits | range(item, min, max, names)?))
}

fn range(item: &str, min: u32, max: u32, names: &[&str]) -> Option<u64> {
    let (base, step) = match item.split_once('/') {
        Some((base, step)) => (base, Some(number(step)?.max(1))),
        None => (item, None),
    };
    let (first, last) = if base == "*" {
        (min, max)
    } else if let Some((first, last)) = base.split_once('-') {
        (value(first, min, names)?, value(last, min, names)?)
    } else {
        let first = value(base, min, names)?;
        // `5/10` runs on to the end of the field; a lone `5` is just that.
        (first, if step.is_some() { max } else { first })
    };
    let (first, last) = (first.min(last), first.max(last));
    if first < min || last > max {
        return None;
    }
    let step = usize::try_from(step.unwrap_or(1)).ok()?;
    Some(
        (first..=last)
            .step_by(step)
            .fold(0, |bits, value| bits | 1 << value),
    )
}

fn value(text: &str, min: u32, names: &[&str]) -> Option<u32> {
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return number(text);
    }
    let lower = text.to_ascii_lowercase();
    let at = names
        .iter()
        .position(|name| !lower.is_empty() && name.starts_with(&lower))?;
    Some(min + u32::try_from(at).ok()?)
}

fn number(text: &str) -> Option<u32> {
    let plain = (1..=4).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "one table")]
    fn next_occurrences_are_ncrontabs() {
        // 2026-11-22 is a Sunday.
        let cases = [
            (
                "*/5 * * * * *",
                "2026-11-22T15:12:10.08Z",
                Some("2026-11-22T15:12:15Z"),
            ),
            (
                "*/5 * * * * *",
                "2026-11-22T15:12:15Z",
                Some("2026-11-22T15:12:20Z"),
            ),
            (
                "0 * * * * *",
                "2026-11-22T15:12:10Z",
                Some("2026-11-22T15:13:00Z"),
            ),
            (
                "*/15 * * * *",
                "2026-11-22T15:12:10Z",
                Some("2026-11-22T15:15:00Z"),
            ),
            (
                "0 0 3 * * *",
                "2026-12-31T03:00:00Z",
                Some("2027-01-01T03:00:00Z"),
            ),
            (
                "0 30 9 * * MON-FRI",
                "2026-11-20T09:30:00Z",
                Some("2026-11-23T09:30:00Z"),
            ),
            (
                "0 0 0 * * Sunday",
                "2026-11-22T00:00:00Z",
                Some("2026-11-29T00:00:00Z"),
            ),
            (
                "0 0 0 * jan *",
                "2026-11-22T00:00:00Z",
                Some("2027-01-01T00:00:00Z"),
            ),
            (
                "0 0 0 29 2 *",
                "2026-11-22T00:00:00Z",
                Some("2028-02-29T00:00:00Z"),
            ),
            (
                "0 0 0 13 * 5",
                "2026-11-22T00:00:00Z",
                Some("2027-08-13T00:00:00Z"),
            ),
            ("0 0 0 30 2 *", "2026-11-22T00:00:00Z", None),
            (
                "10/20 * * * * *",
                "2026-11-22T15:12:11Z",
                Some("2026-11-22T15:12:30Z"),
            ),
            (
                "0 0 8-18/5 * * *",
                "2026-11-22T08:00:00Z",
                Some("2026-11-22T13:00:00Z"),
            ),
            (
                "0 0 18-8 * * *",
                "2026-11-22T00:00:00Z",
                Some("2026-11-22T08:00:00Z"),
            ),
            (
                "0,30 */0 * * * *",
                "2026-11-22T15:12:00Z",
                Some("2026-11-22T15:12:30Z"),
            ),
            (
                "00:00:30",
                "2026-11-22T15:12:10Z",
                Some("2026-11-22T15:12:40Z"),
            ),
        ];
        for (text, now, expected) in cases {
            let schedule = Schedule::parse(text).expect(text);
            assert_eq!(
                schedule.next_after(time(now)),
                expected.map(time),
                "{text} after {now}"
            );
        }
    }

    #[test]
    fn what_is_not_a_schedule_is_refused_in_the_hosts_words() {
        for text in [
            "",
            "* * * *",
            "60 * * * * *",
            "0 0 0 0 * *",
            "0 0 0 * * 7",
            "0 0 0 * * x",
            "* * * * * * *",
            "24:00:00",
        ] {
            let expected = format!(
                "The schedule expression '{text}' was not recognized as a valid cron expression or timespan string."
            );
            assert_eq!(Schedule::parse(text), Err(expected));
        }
    }

    #[test]
    fn only_runs_a_minute_or_more_apart_are_monitored() {
        let now = time("2026-11-22T15:12:10Z");
        let cases = [
            ("*/5 * * * * *", false),
            ("0 * * * * *", true),
            ("00:00:30", false),
            ("01:00", true),
        ];
        for (text, expected) in cases {
            assert_eq!(
                Schedule::parse(text).expect(text).is_monitored(now),
                expected,
                "{text}"
            );
        }
    }
}
