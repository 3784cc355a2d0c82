//! Which rows share a file; pure.

use std::ops::Range;

use super::cast::keyed_rows::KeyedRow;
use crate::event::EventTime;
use crate::value::Period;

/// How many parts a segment is split into at the most: the bulk, and what is far older.
pub(super) const MOST_PARTS: usize = 2;

/// One row in this many may be far older than the others.
const OUTLIERS: usize = 20;

/// Rows of one period, as a range of a list that is sorted by event time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) period: EventTime,
    pub(super) rows: Range<usize>,
    pub(super) min: EventTime,
    pub(super) max: EventTime,
}

/// Splits rows, sorted by event time, into periods.
pub(super) fn segments(period: Period, rows: &[KeyedRow]) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    let (mut rest, mut from) = (rows, 0);
    while let Some(first) = rest.first() {
        let (start, end) = period.bounds(EventTime(first.time));
        let count = rest.partition_point(|row| row.time < end.0).max(1);
        let (segment, after) = rest.split_at(count);
        segments.push(Segment {
            period: start,
            rows: from..from + count,
            min: EventTime(first.time),
            max: EventTime(segment.last().unwrap_or(first).time),
        });
        (rest, from) = (after, from + count);
    }
    segments
}

/// Splits a segment where its first rows are far older than the bulk, so that one old row does not make every later
/// commit read the whole file: the oldest twentieth goes into a file of its own if it starts earlier than the bulk by
/// more than the bulk's own length.
pub(super) fn split_outliers(
    segment: &Segment,
    rows: &[KeyedRow],
) -> [Option<Segment>; MOST_PARTS] {
    match parts(segment, rows) {
        Some(parts) => parts.map(Some),
        None => [Some(segment.clone()), None],
    }
}

/// Returns what is far older than the bulk, if anything is, and the bulk.
fn parts(segment: &Segment, rows: &[KeyedRow]) -> Option<[Segment; MOST_PARTS]> {
    let rows = rows.get(segment.rows.clone())?;
    let bulk = rows.len() / OUTLIERS;
    let (first, start, last) = (rows.first()?, rows.get(bulk)?, rows.last()?);
    let cutoff = start.time - (last.time - start.time).max(1);
    if first.time >= cutoff {
        return None;
    }
    let count = rows.partition_point(|row| row.time < cutoff);
    let (old, others) = rows.split_at(count);
    let (last_old, first_other) = (old.last()?, others.first()?);
    let middle = segment.rows.start + count;
    let part = |rows: Range<usize>, min: &KeyedRow, max: &KeyedRow| Segment {
        period: segment.period,
        rows,
        min: EventTime(min.time),
        max: EventTime(max.time),
    };
    Some([
        part(segment.rows.start..middle, first, last_old),
        part(middle..segment.rows.end, first_other, last),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(times: impl IntoIterator<Item = i64>) -> Vec<KeyedRow> {
        let rows = (0..).zip(times);
        let row = |(row, time)| KeyedRow {
            time,
            row,
            source: 0,
            key: 0,
        };
        rows.map(row).collect()
    }

    #[test]
    fn sorted_rows_fall_into_periods_without_gaps() {
        let hour = 3_600_000_000;
        let found = segments(Period::Hour, &at([0, 5, hour, hour + 1, 3 * hour]));
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
        let times = at(times);
        let whole = &segments(Period::Hour, &times)[0];
        let parts = split_outliers(whole, &times).map(Option::unwrap);
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
            let times = at(times);
            let whole = &segments(Period::Hour, &times)[0];
            let parts = split_outliers(whole, &times);
            assert_eq!(parts, [Some(whole.clone()), None], "{times:?}");
        }
    }
}
