//! Drops the rows whose key a live file holds already.
//!
//! The key contains the event time, so only files whose range overlaps the rows' can hold one of them. The rows' keys
//! are in memory; a file's keys stream past them, or are looked up in the cache. What else a file holds is read only
//! where duplicates are compared with the rows that stay.

pub(super) mod conflicts;
pub mod key_set;

use std::collections::HashSet;
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::RefineError;
use crate::dataset::ColumnIndex;
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::event::EventTime;
use crate::silver::cast::keyed_rows::KeyedRow;
use crate::silver::segments::segments;
use crate::store::object::ObjectStore;
use crate::table::log::DataFile;
use crate::table::parquet::read_columns;
use crate::value::Period;
use crate::value::hash::hash_keys;
use conflicts::{ContentHasher, Contents};
use key_set::{KEY_BYTES, KeyBuilder, KeyCache, KeySet};

/// How many files are read at once.
const PARALLEL_FILES: usize = 8;
/// A file with more than this share of the cache is streamed past without being kept.
const CACHE_SHARE: usize = 4;

/// Where live files and their keys are found.
pub(super) struct Known<'a> {
    pub(super) lake: &'a Arc<dyn ObjectStore>,
    pub(super) dataset: &'a Dataset,
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
    file: DataFile,
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
        let comparisons = compare(self.dataset.period, rows, overlapping)?;
        if comparisons.is_empty() {
            return Ok(Dropped::default());
        }

        let mut holders = Vec::new();
        let mut unread = Vec::new();
        for Comparison { file, rows } in comparisons {
            match self.cache.get(&file.path) {
                Some(keys) => {
                    let mut rows_left = rows.iter();
                    let mut known = Vec::new();
                    keys.look_up(rows.iter().map(|row| row.key), |is_known| {
                        let row = rows_left.next().filter(|_| is_known);
                        known.extend(row.map(|row| row.key));
                    });
                    holders.push(Holder { file, keys: known });
                }
                None => unread.push(file),
            }
        }
        if !unread.is_empty() {
            holders.extend(self.stream_past(rows, unread).await?);
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

    /// Reads the rows that files hold under these keys; returns the content of each, by its key.
    ///
    /// All columns of the dataset are read of each of the files, which is what a comparison with committed rows costs.
    ///
    /// # Errors
    /// Fails if a file cannot be read.
    pub(super) async fn contents(&self, holders: &[Holder]) -> Result<Contents, RefineError> {
        let wanted: HashSet<u128, KeyBuilder> = keys_of(holders).collect();
        let reads: Vec<_> = holders
            .iter()
            .map(|holder| contents_of(self.lake, self.dataset, &holder.file, &wanted))
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
        rows: &[KeyedRow],
        files: Vec<DataFile>,
    ) -> Result<Vec<Holder>, RefineError> {
        let wanted: HashSet<u128, KeyBuilder> = rows.iter().map(|row| row.key).collect();
        let max_kept = self.cache_bytes / CACHE_SHARE / KEY_BYTES;
        let reads: Vec<_> = files
            .into_iter()
            .map(|file| stream_file(self.lake, self.dataset, file, &wanted, max_kept))
            .collect();
        let read: Vec<FileKeys> = stream::iter(reads)
            .buffer_unordered(PARALLEL_FILES)
            .try_collect()
            .await?;

        let mut holders = Vec::new();
        for FileKeys { file, found, keys } in read {
            if let Some(keys) = keys {
                self.cache.put(file.path.clone(), keys);
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
    file: &DataFile,
    wanted: &HashSet<u128, KeyBuilder>,
) -> Result<Contents, RefineError> {
    let all: Vec<ColumnIndex> = (0..dataset.columns.len()).map(ColumnIndex::new).collect();
    let mut batches = read_columns(lake, file, dataset, &all)
        .await
        .map_err(RefineError::Read)?;
    let key: Vec<usize> = dataset.key.iter().map(|index| index.position()).collect();
    let mut contents = Contents::default();
    while let Some(batch) = batches.try_next().await.map_err(RefineError::Read)? {
        let keys = hash_keys(batch.columns(), &key)?;
        let columns = dataset.columns.iter().zip(batch.columns());
        let read = columns.filter(|(column, _)| column.expr.is_none());
        let read: Vec<_> = read.map(|(_, values)| Arc::clone(values)).collect();
        let mut hasher = ContentHasher::new(&read)?;
        for (row, key) in (0..).zip(keys).filter(|(_, key)| wanted.contains(key)) {
            contents.insert(key, hasher.content(row));
        }
    }
    Ok(contents)
}

/// What a file's keys say.
struct FileKeys {
    file: DataFile,
    /// Those of the rows' keys that it holds.
    found: Vec<u128>,
    /// All of its keys, unless they are too many to keep.
    keys: Option<KeySet>,
}

async fn stream_file(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Dataset,
    file: DataFile,
    wanted: &HashSet<u128, KeyBuilder>,
    max_kept: usize,
) -> Result<FileKeys, RefineError> {
    // More rows than memory has addresses are too many to keep.
    let rows = usize::try_from(file.rows).unwrap_or(usize::MAX);
    let mut keys = (rows <= max_kept).then(|| KeySet::with_capacity(rows));
    let mut found = Vec::new();
    let mut batches = read_columns(lake, &file, dataset, &dataset.key)
        .await
        .map_err(RefineError::Read)?;
    let all: Vec<usize> = (0..dataset.key.len()).collect();
    while let Some(batch) = batches.try_next().await.map_err(RefineError::Read)? {
        for key in hash_keys(batch.columns(), &all)? {
            found.extend(wanted.get(&key));
            if let Some(keys) = &mut keys {
                keys.insert(key);
            }
        }
    }
    Ok(FileKeys { file, found, keys })
}

/// Pairs every file that may hold one of the rows' keys with the rows inside its range; pure.
fn compare(
    period: Period,
    rows: &[KeyedRow],
    overlapping: impl Fn(EventTime, EventTime, EventTime) -> Vec<DataFile>,
) -> Result<Vec<Comparison<'_>>, Invariant> {
    let mut comparisons = Vec::new();
    for segment in segments(period, rows) {
        let of_segment = rows.get(segment.rows);
        let of_segment = of_segment.ok_or(Invariant("a segment lies within its rows"))?;
        for file in overlapping(segment.period, segment.min, segment.max) {
            let from = of_segment.partition_point(|row| row.time < file.min.0);
            let (_, rest) = of_segment.split_at(from);
            let until = rest.partition_point(|row| row.time <= file.max.0);
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
    use crate::store::object::ObjectPath;

    #[test]
    fn only_rows_inside_a_files_range_are_compared_with_it() {
        let file = DataFile {
            path: ObjectPath::new("silver", "a"),
            period: EventTime(0),
            rows: 1,
            bytes: 1,
            min: EventTime(20),
            max: EventTime(30),
            stats: None,
        };
        let rows: Vec<KeyedRow> = (0..)
            .zip([10, 20, 30, 40])
            .map(|(row, time)| KeyedRow {
                time,
                row,
                source: 0,
                key: 0,
            })
            .collect();
        let found = compare(Period::Hour, &rows, |_, _, _| vec![file.clone()]).unwrap();
        assert_eq!(found.first().map(|found| found.rows), rows.get(1..3));
    }
}
