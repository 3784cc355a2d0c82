//! Drops the rows whose key a live file holds already.
//!
//! The key contains the event time or a bucket of it, so only files whose range overlaps the rows' (or their buckets) can
//! hold one of them. The rows' keys are in memory; a file's keys stream past them, or are looked up in the cache. What
//! else a file holds is read only where duplicates are compared with the rows that stay. Where every record is a row
//! nothing is read at all: a source is refined once, which the ledger sees to, and that is the whole proof.

pub(super) mod conflicts;
pub(super) mod file_keys;
pub(super) mod first_rows;
pub mod key_set;
pub(super) mod own;

use std::collections::HashSet;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::RefineError;
use crate::dataset::ColumnIndex;
use crate::dataset::{Dataset, Key};
use crate::error::Invariant;
use crate::event::EventTime;
use crate::silver::cast::keyed_rows::KeyedRow;
use crate::silver::segments::segments;
use crate::store::object::{ObjectPath, ObjectStore};
use crate::table::keys::{KeyHasher, reach};
use crate::table::log::DataFile;
use crate::table::parquet::read_columns;
use crate::value::Period;
use conflicts::{ContentHasher, Contents, compared};
use file_keys::{FileKeys, KeyCache};
use key_set::{KEY_BYTES, KeyBuilder, KeySet};
use own::OwnFiles;

/// How many files are read at once.
const PARALLEL_FILES: usize = 8;
/// A file with more than this share of the cache is streamed past without being kept.
const CACHE_SHARE: usize = 4;

/// Where live files and their keys are found.
pub(super) struct Known<'a> {
    pub(super) lake: &'a Arc<dyn ObjectStore>,
    pub(super) dataset: &'a Dataset,
    /// Files beside the live ones whose keys are at hand.
    pub(super) own: &'a OwnFiles,
    pub(super) cache: &'a mut KeyCache,
    pub(super) cache_bytes: usize,
}

/// What fell away.
#[derive(Debug, Default)]
pub(super) struct Dropped {
    /// The rows.
    pub(super) rows: Vec<KeyedRow>,
    /// The files that hold their keys.
    pub(super) holders: Vec<Holder>,
}

/// A file, and those of the rows' keys that it holds.
#[derive(Debug)]
pub(super) struct Holder {
    pub(super) file: DataFile,
    keys: Vec<u128>,
}

/// A file to compare with, and the rows that it may hold.
#[derive(Clone, Debug)]
struct Comparison<'a> {
    file: DataFile,
    rows: &'a [KeyedRow],
}

impl Known<'_> {
    /// Removes from `rows`, sorted by event time, those whose key one of the files of `overlapping` holds; returns these.
    ///
    /// # Errors
    /// Fails if a file cannot be read; `rows` is then unchanged.
    pub(super) async fn drop_known(
        &mut self,
        rows: &mut Vec<KeyedRow>,
        overlapping: impl Fn(EventTime, EventTime, EventTime) -> Vec<DataFile>,
    ) -> Result<Dropped, RefineError> {
        let Some(key) = &self.dataset.key else {
            return Ok(Dropped::default());
        };
        let steps = Steps {
            period: self.dataset.period,
            bucket: key.bucket,
        };
        let comparisons = compare(steps, rows, overlapping)?;
        if comparisons.is_empty() {
            return Ok(Dropped::default());
        }

        let mut holders = Vec::new();
        let mut unread = Vec::new();
        for Comparison { file, rows } in comparisons {
            match self.keys_at_hand(&file.path) {
                Some(keys) => {
                    let mut rows_left = rows.iter();
                    let mut known = Vec::new();
                    keys.set()
                        .look_up(rows.iter().map(|row| row.key), |is_known| {
                            let row = rows_left.next().filter(|_| is_known);
                            known.extend(row.map(|row| row.key));
                        });
                    holders.push(Holder { file, keys: known });
                }
                None => unread.push(file),
            }
        }
        if !unread.is_empty() {
            holders.extend(self.stream_past(key, rows, unread).await?);
        }

        holders.retain(|holder| !holder.keys.is_empty());
        let known: HashSet<u128, KeyBuilder> = keys_of(&holders).collect();
        let mut dropped = Vec::new();
        rows.retain(|row| {
            let is_new = !known.contains(&row.key);
            if !is_new {
                dropped.push(*row);
            }
            is_new
        });
        let rows = dropped;
        Ok(Dropped { rows, holders })
    }

    /// Returns whether one of the files of `overlapping` holds a key of files that no commit names yet.
    ///
    /// # Errors
    /// Fails if a file cannot be read.
    pub(super) async fn meet(
        &mut self,
        own: Vec<(&DataFile, &FileKeys)>,
        overlapping: impl Fn(EventTime, EventTime, EventTime) -> Vec<DataFile>,
    ) -> Result<bool, RefineError> {
        let Some(key) = &self.dataset.key else {
            return Ok(false);
        };
        for (file, keys) in own {
            let (min, max) = reach(key.bucket, file.min, file.max);
            for other in overlapping(file.period, min, max) {
                let others = self.keys_of(key, other).await?;
                if others.set().iter().any(|key| keys.set().contains(key)) {
                    return Ok(true);
                }
            }
        }
        Ok(false)
    }

    fn keys_at_hand(&mut self, path: &ObjectPath) -> Option<Arc<FileKeys>> {
        self.own.keys(path).or_else(|| self.cache.get(path))
    }

    /// Returns all keys of a file.
    async fn keys_of(&mut self, key: &Key, file: DataFile) -> Result<Arc<FileKeys>, RefineError> {
        if let Some(keys) = self.keys_at_hand(&file.path) {
            return Ok(keys);
        }
        let (nothing, all) = (HashSet::default(), usize::MAX);
        let read = stream_file(self.lake, self.dataset, key, file, (&nothing, all)).await?;
        let keys = read.keys.ok_or(Invariant("all keys are read"))?;
        let keys = Arc::new(FileKeys::from(keys));
        self.cache.put(read.file.path, Arc::clone(&keys));
        Ok(keys)
    }

    /// Reads the rows that files hold under these keys; returns the content of each, by its key.
    ///
    /// All columns of the dataset are read of each of the files, which is what a comparison with committed rows costs.
    ///
    /// # Errors
    /// Fails if a file cannot be read.
    pub(super) async fn contents(&self, holders: &[Holder]) -> Result<Contents, RefineError> {
        let Some(key) = &self.dataset.key else {
            return Ok(Contents::default());
        };
        let hasher = KeyHasher::of_rows(key, self.dataset.event_time);
        let wanted: HashSet<u128, KeyBuilder> = keys_of(holders).collect();
        let reads: Vec<_> = holders
            .iter()
            .map(|holder| contents_of(self.lake, self.dataset, &hasher, &holder.file, &wanted))
            .collect();
        let read: Vec<Contents> = stream::iter(reads)
            .buffer_unordered(PARALLEL_FILES)
            .try_collect()
            .await?;
        Ok(read.into_iter().flatten().collect())
    }

    /// Reads the key columns of files and returns those of the rows' keys that each of them holds.
    async fn stream_past(
        &mut self,
        key: &Key,
        rows: &[KeyedRow],
        files: Vec<DataFile>,
    ) -> Result<Vec<Holder>, RefineError> {
        let wanted: HashSet<u128, KeyBuilder> = rows.iter().map(|row| row.key).collect();
        let max_kept = self.cache_bytes / CACHE_SHARE / KEY_BYTES;
        let reads: Vec<_> = files
            .into_iter()
            .map(|file| stream_file(self.lake, self.dataset, key, file, (&wanted, max_kept)))
            .collect();
        let read: Vec<ReadKeys> = stream::iter(reads)
            .buffer_unordered(PARALLEL_FILES)
            .try_collect()
            .await?;

        let mut holders = Vec::new();
        for ReadKeys { file, found, keys } in read {
            if let Some(keys) = keys {
                self.cache.put(file.path.clone(), FileKeys::from(keys));
            }
            holders.push(Holder { file, keys: found });
        }
        Ok(holders)
    }
}

fn keys_of(holders: &[Holder]) -> impl Iterator<Item = u128> {
    holders
        .iter()
        .flat_map(|holder| holder.keys.iter().copied())
}

async fn contents_of(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Dataset,
    hasher: &KeyHasher,
    file: &DataFile,
    wanted: &HashSet<u128, KeyBuilder>,
) -> Result<Contents, RefineError> {
    let all: Vec<ColumnIndex> = (0..dataset.columns.len()).map(ColumnIndex::new).collect();
    let mut batches = read_columns(lake, file, dataset, &all)
        .await
        .map_err(RefineError::Read)?;
    let mut contents = Contents::default();
    while let Some(batch) = batches.try_next().await.map_err(RefineError::Read)? {
        let keys = hasher.hashes(batch.columns())?;
        let mut content = ContentHasher::new(&compared(dataset, batch.columns()))?;
        for (row, key) in (0..).zip(keys).filter(|(_, key)| wanted.contains(key)) {
            contents.insert(key, content.content(row));
        }
    }
    Ok(contents)
}

/// What a file's keys say.
struct ReadKeys {
    file: DataFile,
    /// Those of the rows' keys that it holds.
    found: Vec<u128>,
    /// All of its keys, unless they are too many to keep.
    keys: Option<KeySet>,
}

async fn stream_file(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Dataset,
    key: &Key,
    file: DataFile,
    (wanted, max_kept): (&HashSet<u128, KeyBuilder>, usize),
) -> Result<ReadKeys, RefineError> {
    // More rows than memory has addresses are too many to keep.
    let rows = usize::try_from(file.rows).unwrap_or(usize::MAX);
    let mut keys = (rows <= max_kept).then(|| KeySet::with_capacity(rows));
    let mut found = Vec::new();
    let mut batches = read_columns(lake, &file, dataset, &key.columns)
        .await
        .map_err(RefineError::Read)?;
    let hasher = KeyHasher::of_keys(key, dataset.event_time);
    while let Some(batch) = batches.try_next().await.map_err(RefineError::Read)? {
        for key in hasher.hashes(batch.columns())? {
            found.extend(wanted.get(&key));
            if let Some(keys) = &mut keys {
                keys.insert(key);
            }
        }
    }
    Ok(ReadKeys { file, found, keys })
}

/// What equal keys have in common beside them: a directory, and the bucket of a key that has one.
#[derive(Clone, Copy, Debug)]
struct Steps {
    period: Period,
    bucket: Option<Period>,
}

/// Pairs every file that may hold one of the rows' keys with the rows in its reach; pure.
fn compare(
    steps: Steps,
    rows: &[KeyedRow],
    overlapping: impl Fn(EventTime, EventTime, EventTime) -> Vec<DataFile>,
) -> Result<Vec<Comparison<'_>>, Invariant> {
    let mut comparisons = Vec::new();
    for segment in segments(steps.period, rows) {
        let of_segment = rows.get(segment.rows);
        let of_segment = of_segment.ok_or(Invariant("a segment lies within its rows"))?;
        let (min, max) = reach(steps.bucket, segment.min, segment.max);
        for file in overlapping(segment.period, min, max) {
            let (min, max) = reach(steps.bucket, file.min, file.max);
            let from = of_segment.partition_point(|row| row.time < min.0);
            let (_, rest) = of_segment.split_at(from);
            let until = rest.partition_point(|row| row.time <= max.0);
            let (inside, _) = rest.split_at(until);
            if !inside.is_empty() {
                comparisons.push(Comparison { file, rows: inside });
            }
        }
    }
    Ok(comparisons)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: i64 = 60_000_000;

    fn rows_at(minutes: &[i64]) -> Vec<KeyedRow> {
        (0..)
            .zip(minutes)
            .map(|(row, minute)| KeyedRow {
                time: minute * MINUTE,
                row,
                source: 0,
                key: 0,
            })
            .collect()
    }

    /// The minutes of the rows that are compared with a file of these minutes, as the live files would find it.
    fn compared_with(file: (i64, i64), steps: Steps, minutes: &[i64]) -> Vec<i64> {
        let (min, max) = (EventTime(file.0 * MINUTE), EventTime(file.1 * MINUTE));
        let file = DataFile {
            path: ObjectPath::new("silver", "a"),
            period: steps.period.start(min),
            rows: 1,
            bytes: 1,
            min,
            max,
            stats: None,
        };
        let find = |period, from, until| {
            let is_met = file.period == period && file.min <= until && from <= file.max;
            is_met.then(|| file.clone()).into_iter().collect()
        };
        let rows = rows_at(minutes);
        let found = compare(steps, &rows, find).unwrap();
        let rows = found.iter().flat_map(|found| found.rows);
        rows.map(|row| row.time / MINUTE).collect()
    }

    #[test]
    fn only_rows_inside_a_files_range_are_compared_with_it() {
        let exact = Steps {
            period: Period::Hour,
            bucket: None,
        };
        let found = compared_with((20, 30), exact, &[10, 20, 30, 40, 80]);
        assert_eq!(found, [20, 30]);
        assert_eq!(compared_with((20, 30), exact, &[10, 40]), [0; 0]);
    }

    #[test]
    fn a_file_is_compared_with_every_row_whose_bucket_it_meets() {
        let by_hour = Steps {
            period: Period::Day,
            bucket: Some(Period::Hour),
        };
        let minutes = [0, 59, 60, 61, 119, 120, 179, 180, 24 * 60 + 60];
        let found = compared_with((90, 125), by_hour, &minutes);
        assert_eq!(found, [60, 61, 119, 120, 179]);
        let found = compared_with((90, 90), by_hour, &[60]);
        assert_eq!(found, [60], "though neither range holds the other");
        assert_eq!(compared_with((90, 90), by_hour, &[59, 120]), [0; 0]);
    }
}
