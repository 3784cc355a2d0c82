//! Which files are rewritten into one; pure.

use std::collections::BTreeMap;

use crate::event::EventTime;
use crate::maintain::CompactLimits;
use crate::table::log::DataFile;
use crate::value::Period;

/// Files of one period that become one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Job {
    /// The start of the period.
    pub period: EventTime,
    /// The files, by event time; at least two.
    pub inputs: Vec<DataFile>,
}

/// Returns what to rewrite: periods with too many small files, open or not, and then closed periods, the oldest first.
///
/// A file of half the bounds or more stays as it is, so a period ends as few files with narrow ranges, none of which is
/// rewritten again, and memory is bounded whatever a period holds.
pub(super) fn jobs<'a>(
    files: impl IntoIterator<Item = &'a DataFile>,
    period: Period,
    closed_before: Option<EventTime>,
    limits: &CompactLimits,
) -> Vec<Job> {
    let mut small: BTreeMap<EventTime, Vec<&DataFile>> = BTreeMap::new();
    for file in files {
        if file.rows < limits.rows / 2 && file.bytes < limits.bytes / 2 {
            small.entry(file.period).or_default().push(file);
        }
    }
    let is_closed = |start: EventTime| closed_before.is_some_and(|time| start < period.start(time));
    let (crowded, rest): (Vec<_>, Vec<_>) = small
        .into_iter()
        .partition(|(_, files)| files.len() > limits.open_files);
    let closed = rest.into_iter().filter(|(start, _)| is_closed(*start));
    crowded
        .into_iter()
        .chain(closed)
        .flat_map(|(start, files)| split(start, files, limits))
        .collect()
}

/// Shares the files of a period out to rewrites within the bounds.
fn split(period: EventTime, mut files: Vec<&DataFile>, limits: &CompactLimits) -> Vec<Job> {
    files.sort_by_key(|file| (file.min, file.max, &file.path));
    let mut jobs: Vec<Job> = Vec::new();
    let (mut rows, mut bytes) = (0, 0);
    for file in files {
        rows += file.rows;
        bytes += file.bytes;
        match jobs.last_mut() {
            Some(job) if rows <= limits.rows && bytes <= limits.bytes => {
                job.inputs.push(file.clone());
            }
            _ => {
                (rows, bytes) = (file.rows, file.bytes);
                let inputs = vec![file.clone()];
                jobs.push(Job { period, inputs });
            }
        }
    }
    jobs.retain(|job| job.inputs.len() > 1);
    jobs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::object::ObjectPath;

    const HOUR: i64 = 3_600_000_000;

    fn file(hour: i64, number: i64, rows: u64) -> DataFile {
        DataFile {
            path: ObjectPath::new("silver", &format!("{hour}-{number}")),
            period: EventTime(hour * HOUR),
            rows,
            bytes: rows,
            min: EventTime(hour * HOUR + number),
            max: EventTime(hour * HOUR + number),
            stats: None,
        }
    }

    fn sizes(files: &[DataFile], closed_before: Option<i64>) -> Vec<(i64, usize)> {
        let limits = CompactLimits {
            open_files: 4,
            rows: 100,
            bytes: 1_000,
        };
        let closed = closed_before.map(EventTime);
        let jobs = jobs(files, Period::Hour, closed, &limits);
        jobs.iter()
            .map(|job| (job.period.0 / HOUR, job.inputs.len()))
            .collect()
    }

    #[test]
    fn an_open_period_is_rewritten_when_it_has_too_many_files() {
        let four: Vec<_> = (0..4).map(|number| file(7, number, 1)).collect();
        assert_eq!(sizes(&four, None), []);
        let five: Vec<_> = (0..5).map(|number| file(7, number, 1)).collect();
        assert_eq!(sizes(&five, None), [(7, 5)]);
    }

    #[test]
    fn a_closed_period_is_rewritten_once() {
        let files = [file(7, 0, 30), file(7, 1, 30), file(8, 0, 1), file(8, 1, 1)];
        assert_eq!(sizes(&files, Some(8 * HOUR + 5)), [(7, 2)]);
        assert_eq!(sizes(&[file(7, 0, 60)], Some(8 * HOUR + 5)), []);
    }

    #[test]
    fn rewrites_stay_within_their_bounds_and_large_files_as_they_are() {
        let mut files: Vec<_> = (0..10).map(|number| file(7, number, 30)).collect();
        files.push(file(7, 99, 50));
        assert_eq!(sizes(&files, Some(9 * HOUR)), [(7, 3), (7, 3), (7, 3)]);
    }
}
