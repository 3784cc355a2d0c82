//! Which rows share a file; pure.

use std::ops::Range;

use chrono::{DateTime, Datelike, TimeZone, Utc};

use crate::dataset::Period;
use crate::event::EventTime;

const HOUR_MICROS: i64 = 3_600_000_000;
const DAY_MICROS: i64 = 24 * HOUR_MICROS;
/// One row in this many may be far older than the others.
const OUTLIERS: usize = 20;

impl Period {
    /// Returns the start of the period that `time` lies in.
    #[must_use]
    pub fn start(self, time: EventTime) -> EventTime {
        let floor = |step: i64| EventTime(time.0.div_euclid(step) * step);
        match self {
            Self::Hour => floor(HOUR_MICROS),
            Self::Day => floor(DAY_MICROS),
            Self::Month => {
                let Some(instant) = DateTime::<Utc>::from_timestamp_micros(time.0) else {
                    return floor(DAY_MICROS);
                };
                let first = Utc.with_ymd_and_hms(instant.year(), instant.month(), 1, 0, 0, 0);
                first.single().map_or_else(
                    || floor(DAY_MICROS),
                    |first| EventTime(first.timestamp_micros()),
                )
            }
        }
    }
}

impl Period {
    /// Returns the end of the period that starts at `start`: the start of the next one.
    fn end(self, start: EventTime) -> EventTime {
        match self {
            Self::Hour => EventTime(start.0 + HOUR_MICROS),
            Self::Day => EventTime(start.0 + DAY_MICROS),
            // No month is longer.
            Self::Month => self.start(EventTime(start.0 + 31 * DAY_MICROS)),
        }
    }
}

/// Rows of one period, as a range of a list that is sorted by event time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) period: EventTime,
    pub(super) rows: Range<usize>,
    pub(super) min: EventTime,
    pub(super) max: EventTime,
}

/// Splits event times, sorted, into periods.
pub(super) fn segments(period: Period, times: &[i64]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let mut from = 0;
    while let Some(first) = times.get(from) {
        let start = period.start(EventTime(*first));
        let end = period.end(start);
        let rest = times.get(from..).unwrap_or_default();
        let count = rest.partition_point(|time| *time < end.0).max(1);
        segments.push(Segment {
            period: start,
            rows: from..from + count,
            min: EventTime(*first),
            max: EventTime(rest.get(count - 1).copied().unwrap_or(*first)),
        });
        from += count;
    }
    segments
}

/// Splits a segment where its first rows are far older than the bulk, so that one old row does not make every later
/// commit read the whole file: the oldest twentieth goes into a file of its own if it starts earlier than the bulk by
/// more than the bulk's own length.
pub(super) fn split_outliers(segment: &Segment, times: &[i64]) -> Vec<Segment> {
    let rows = times.get(segment.rows.clone()).unwrap_or_default();
    let bulk = rows.len() / OUTLIERS;
    let (Some(first), Some(start), Some(last)) = (rows.first(), rows.get(bulk), rows.last()) else {
        return vec![segment.clone()];
    };
    let cutoff = start - (last - start).max(1);
    if *first >= cutoff {
        return vec![segment.clone()];
    }
    let count = rows.partition_point(|time| *time < cutoff);
    let part = |range: Range<usize>| {
        let part = rows.get(range.clone()).unwrap_or_default();
        Segment {
            period: segment.period,
            rows: segment.rows.start + range.start..segment.rows.start + range.end,
            min: EventTime(part.first().copied().unwrap_or_default()),
            max: EventTime(part.last().copied().unwrap_or_default()),
        }
    };
    vec![part(0..count), part(count..rows.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn time(text: &str) -> EventTime {
        EventTime(text.parse::<DateTime<Utc>>().unwrap().timestamp_micros())
    }

    #[test]
    fn a_period_starts_on_the_hour_the_day_or_the_month_also_before_1970() {
        let cases = [
            (
                Period::Hour,
                "2025-11-14T11:44:34.343Z",
                "2025-11-14T11:00:00Z",
            ),
            (
                Period::Day,
                "2025-11-14T23:59:59.999999Z",
                "2025-11-14T00:00:00Z",
            ),
            (
                Period::Month,
                "2024-02-29T23:59:59Z",
                "2024-02-01T00:00:00Z",
            ),
            (Period::Hour, "1969-12-31T23:30:00Z", "1969-12-31T23:00:00Z"),
            (Period::Day, "1900-01-01T00:00:00Z", "1900-01-01T00:00:00Z"),
            (
                Period::Month,
                "1969-12-31T23:30:00Z",
                "1969-12-01T00:00:00Z",
            ),
        ];
        for (period, instant, start) in cases {
            assert_eq!(
                period.start(time(instant)),
                time(start),
                "{period:?} {instant}"
            );
        }
    }

    #[test]
    fn sorted_rows_fall_into_periods_without_gaps() {
        let hour = HOUR_MICROS;
        let found = segments(Period::Hour, &[0, 5, hour, hour + 1, 3 * hour]);
        let rows: Vec<_> = found.iter().map(|segment| segment.rows.clone()).collect();
        assert_eq!(rows, [0..2, 2..4, 4..5]);
        assert_eq!(
            (found[1].min, found[1].max),
            (EventTime(hour), EventTime(hour + 1))
        );
        assert_eq!(segments(Period::Hour, &[]), []);
    }

    #[test]
    fn rows_far_older_than_the_bulk_get_a_file_of_their_own() {
        let mut times: Vec<i64> = (1_000..1_100).collect();
        times.insert(0, 3);
        let whole = &segments(Period::Hour, &times)[0];
        let parts = split_outliers(whole, &times);
        let rows: Vec<_> = parts.iter().map(|part| part.rows.clone()).collect();
        assert_eq!(rows, [0..1, 1..101]);
        assert_eq!(
            (parts[0].max, parts[1].min),
            (EventTime(3), EventTime(1_000))
        );
    }

    #[test]
    fn rows_spread_evenly_or_few_or_equal_stay_together() {
        for times in [
            (0..100).collect::<Vec<i64>>(),
            vec![5],
            vec![0, 0, 0],
            vec![7; 50],
        ] {
            let whole = &segments(Period::Hour, &times)[0];
            assert_eq!(split_outliers(whole, &times).len(), 1, "{times:?}");
        }
    }
}
