//! The hash of a row's key, in which the event time may count by its bucket. Pure.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, TimestampMicrosecondArray};
use arrow_buffer::ScalarBuffer;

use crate::dataset::{ColumnIndex, Key};
use crate::event::EventTime;
use crate::value::Period;
use crate::value::hash::{HashError, hash_keys};

/// Hashes the keys of rows.
#[derive(Clone, Debug)]
pub(crate) struct KeyHasher {
    /// The places of the key's columns.
    places: Vec<usize>,
    /// The place of the event time and what it counts by, unless it counts as it is.
    bucket: Option<(usize, Period)>,
}

impl KeyHasher {
    /// Makes a hasher of rows that have all columns of the dataset, in its order.
    pub(crate) fn of_rows(key: &Key, event_time: ColumnIndex) -> Self {
        Self {
            places: key.columns.iter().map(|index| index.position()).collect(),
            bucket: key.bucket.map(|bucket| (event_time.position(), bucket)),
        }
    }

    /// Makes a hasher of rows that have the columns of the key alone, in its order.
    pub(crate) fn of_keys(key: &Key, event_time: ColumnIndex) -> Self {
        let place = key.columns.iter().position(|index| *index == event_time);
        Self {
            places: (0..key.columns.len()).collect(),
            bucket: place.zip(key.bucket),
        }
    }

    /// Makes a hasher of rows that are known by all of so many columns, and have no others.
    pub(crate) fn of_all(columns: usize) -> Self {
        Self {
            places: (0..columns).collect(),
            bucket: None,
        }
    }

    /// Returns the hash of each row's key.
    ///
    /// # Errors
    /// As [`hash_keys`].
    pub(crate) fn hashes(&self, columns: &[ArrayRef]) -> Result<Vec<u128>, HashError> {
        let Some((place, bucket)) = self.bucket else {
            return hash_keys(columns, &self.places);
        };
        let mut columns = columns.to_vec();
        let times = columns.get_mut(place);
        let times = times.ok_or(HashError::Column { index: place })?;
        *times = starts(times, bucket)?;
        hash_keys(&columns, &self.places)
    }
}

/// Returns the start of the bucket that each time lies in.
fn starts(times: &ArrayRef, bucket: Period) -> Result<ArrayRef, HashError> {
    let Some(times) = times.as_primitive_opt::<TimestampMicrosecondType>() else {
        let data_type = times.data_type().clone();
        return Err(HashError::Type { data_type });
    };
    // Rows that follow each other mostly lie in one bucket.
    let (mut start, mut end) = (EventTime(0), EventTime(0));
    let start_of = |time: &i64| {
        if !(start.0..end.0).contains(time) {
            (start, end) = bucket.bounds(EventTime(*time));
        }
        start.0
    };
    let starts: ScalarBuffer<i64> = times.values().iter().map(start_of).collect();
    let starts = TimestampMicrosecondArray::new(starts, times.nulls().cloned());
    Ok(Arc::new(starts))
}

/// Returns the times, first and last, at which a row may have the key of a row between `min` and `max`.
pub(crate) fn reach(
    bucket: Option<Period>,
    min: EventTime,
    max: EventTime,
) -> (EventTime, EventTime) {
    match bucket {
        None => (min, max),
        Some(bucket) => {
            let (_, end) = bucket.bounds(max);
            (bucket.start(min), EventTime(end.0.saturating_sub(1)))
        }
    }
}

#[cfg(test)]
mod tests {
    use arrow_array::Int64Array;

    use super::*;

    const HOUR: i64 = 3_600_000_000;

    fn rows(ids: &[i64], times: &[i64]) -> [ArrayRef; 2] {
        let times = TimestampMicrosecondArray::from(times.to_vec()).with_timezone("UTC");
        [Arc::new(Int64Array::from(ids.to_vec())), Arc::new(times)]
    }

    fn key(bucket: Option<Period>) -> Key {
        Key {
            columns: [1, 0].map(ColumnIndex::new).to_vec(),
            bucket,
        }
    }

    #[test]
    fn a_bucket_is_hashed_as_the_time_at_which_it_starts() {
        let event_time = ColumnIndex::new(1);
        let times = [HOUR - 1, HOUR, HOUR + 1, 2 * HOUR - 1, 2 * HOUR, -1, HOUR];
        let starts = [0, HOUR, HOUR, HOUR, 2 * HOUR, -HOUR, HOUR];
        let ids = [7, 7, 7, 7, 7, 7, 8];
        let exact = KeyHasher::of_rows(&key(None), event_time);
        let expected = exact.hashes(&rows(&ids, &starts)).unwrap();
        let by_hour = KeyHasher::of_rows(&key(Some(Period::Hour)), event_time);
        assert_eq!(by_hour.hashes(&rows(&ids, &times)).unwrap(), expected);

        let [ids, times] = rows(&ids, &times);
        let alone = KeyHasher::of_keys(&key(Some(Period::Hour)), event_time);
        assert_eq!(alone.hashes(&[times, ids]).unwrap(), expected);
    }

    #[test]
    fn a_row_reaches_as_far_as_its_bucket() {
        let (low, high) = (EventTime(HOUR + 5), EventTime(2 * HOUR));
        assert_eq!(reach(None, low, high), (low, high));
        let hours = (EventTime(HOUR), EventTime(3 * HOUR - 1));
        assert_eq!(reach(Some(Period::Hour), low, high), hours);
        let day = (EventTime(0), EventTime(24 * HOUR - 1));
        assert_eq!(reach(Some(Period::Day), low, high), day);
    }
}
