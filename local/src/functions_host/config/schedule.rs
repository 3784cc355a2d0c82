//! Timer schedules: six- and five-field NCRONTAB expressions and time spans.
//!
//! NCRONTAB differs from other crons: a day has to match day of month *and* day of week, Sunday is
//! 0 and never 7, names may be abbreviated to any length, a step of 0 is 1, and a range given
//! backwards is turned round. What only other crons know (`L`, `W`, `#`, `?`, `@daily`) is refused.
//! So every field is rewritten in plain numbers, and croner finds the times. Times are UTC, as in
//! the hosting plans this runs on.

use std::ops::RangeInclusive;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};

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
/// When a timer runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Schedule {
    /// At the times an expression names.
    Cron(Box<Cron>),
    /// So long after the previous run.
    Every(Duration),
}

impl Schedule {
    /// Parses an expression or a time span.
    ///
    /// # Errors
    /// Fails with the real host's words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let cron = parse_cron(text).map(|cron| Self::Cron(Box::new(cron)));
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

    /// Returns the first time after `now`, if there is one.
    pub fn next_after(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        match self {
            Self::Every(span) => now.checked_add_signed(TimeDelta::from_std(*span).ok()?),
            // Fails only where the calendar ends: a 30 February never comes.
            Self::Cron(cron) => cron.find_next_occurrence(&now, false).ok(),
        }
    }

    /// Returns whether runs are at least a minute apart, which is what the host keeps a status for.
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

fn parse_cron(text: &str) -> Option<Cron> {
    let mut fields: Vec<&str> = text.split(' ').filter(|field| !field.is_empty()).collect();
    if fields.len() == 5 {
        fields.insert(0, "0");
    }
    let [seconds, minutes, hours, days, months, weekdays] = fields.as_slice() else {
        return None;
    };
    let plain = [
        plain_field(seconds, 0..=59, &[])?,
        plain_field(minutes, 0..=59, &[])?,
        plain_field(hours, 0..=23, &[])?,
        plain_field(days, 1..=31, &[])?,
        plain_field(months, 1..=12, MONTHS)?,
        plain_field(weekdays, 0..=6, WEEKDAYS)?,
    ];
    let parser = CronParser::builder()
        .seconds(Seconds::Required)
        .year(Year::Disallowed)
        .dom_and_dow(true)
        .build();
    parser.parse(&plain.join(" ")).ok()
}

/// Rewrites a field as ranges that every cron understands the same way.
fn plain_field(text: &str, allowed: RangeInclusive<u32>, names: &[&str]) -> Option<String> {
    let ranges = text
        .split(',')
        .map(|item| plain_range(item, &allowed, names));
    Some(ranges.collect::<Option<Vec<_>>>()?.join(","))
}

fn plain_range(item: &str, allowed: &RangeInclusive<u32>, names: &[&str]) -> Option<String> {
    let (range, step) = match item.split_once('/') {
        Some((range, step)) => (range, Some(number(step)?.max(1))),
        None => (item, None),
    };
    let value = |text: &str| value(text, *allowed.start(), names);
    let (first, last) = if range == "*" {
        (*allowed.start(), *allowed.end())
    } else if let Some((first, last)) = range.split_once('-') {
        (value(first)?, value(last)?)
    } else {
        let first = value(range)?;
        // `5/10` runs on to the end of the field; a lone `5` is just that.
        (first, step.map_or(first, |_| *allowed.end()))
    };
    let (first, last) = (first.min(last), first.max(last));
    let is_allowed = allowed.contains(&first) && allowed.contains(&last);
    is_allowed.then(|| format!("{first}-{last}/{}", step.unwrap_or(1)))
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
                "0 0 0 29 2 1",
                "2026-11-22T00:00:00Z",
                Some("2044-02-29T00:00:00Z"),
            ),
            (
                "0 0 0 1 FEB,m tu",
                "2026-11-22T00:00:00Z",
                Some("2028-02-01T00:00:00Z"),
            ),
            (
                "0 0 0 * * 5-5,6/3",
                "2026-11-22T00:00:00Z",
                Some("2026-11-27T00:00:00Z"),
            ),
            (
                "0 0  0 * * */7",
                "2026-11-22T00:00:00Z",
                Some("2026-11-29T00:00:00Z"),
            ),
            (
                "59 59 23 31 12 *",
                "2026-12-31T23:59:59Z",
                Some("2027-12-31T23:59:59Z"),
            ),
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
            // Quartz, cron and croner know these; NCRONTAB does not.
            "@daily",
            "0 0 0 L * *",
            "0 0 0 15W * *",
            "0 0 0 * * 5#2",
            "0 0 0 * * 5L",
            "0 0 0 ? * *",
            "0 0 0 1 1 +1",
            "0 0 0 1 1 * 2027",
            "0 0 0 * * 1-7",
            "/5 * * * * *",
            "0 5, * * * *",
            "0 ,5 * * * *",
            "0 +5 * * * *",
            "0 1-2-3 * * * *",
            "0 */5/5 * * * *",
            "0 * 24 * * *",
            "0 * * 32 * *",
            "0 * * * 13 *",
            "0 * * * 0 *",
            "-00:00:05",
            "00:00:00",
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
