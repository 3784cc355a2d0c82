//! Drops the rows whose key a live file holds already.
//!
//! The key contains the event time, so only files whose range overlaps the rows' can hold one of them. The rows' keys
//! are in memory; a file's keys stream past them, or are looked up in the cache.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::RefineError;
use super::key::hash_keys;
use super::keys::{KEY_BYTES, KeyCache, KeySet};
use super::parquet::read_columns;
use super::period::Segment;
use super::prepare::Rows;
use crate::dataset::Dataset;
use crate::event::EventTime;
use crate::lake::BlobStore;
use crate::state::commit_log::DataFile;

/// How many files are read at once.
const PARALLEL_FILES: usize = 8;
/// A file with more than this share of the cache is streamed past without being kept.
const CACHE_SHARE: usize = 4;

/// Where live files and their keys are found.
pub(super) struct Known<'a> {
    pub(super) lake: &'a Arc<dyn BlobStore>,
    pub(super) dataset: &'a Dataset,
    pub(super) cache: &'a mut KeyCache,
    pub(super) cache_bytes: usize,
}

/// A file to compare with, and the rows that it may hold.
#[derive(Clone, Debug)]
struct Comparison {
    file: DataFile,
    rows: std::ops::Range<usize>,
}

impl Known<'_> {
    /// Removes from `rows_by_time`, sorted by event time, the rows whose key one of the files of `overlapping` holds.
    ///
    /// # Errors
    /// Fails if a file cannot be read; `rows_by_time` is then unchanged.
    pub(super) async fn drop_known(
        &mut self,
        rows: &Rows,
        rows_by_time: &mut Vec<u32>,
        overlapping: impl Fn(EventTime, EventTime, EventTime) -> Vec<DataFile>,
    ) -> Result<usize, RefineError> {
        let times = rows.event_times(rows_by_time);
        let segments = super::period::segments(self.dataset.period, &times);
        let comparisons = compare(&segments, &times, overlapping);
        if comparisons.is_empty() {
            return Ok(0);
        }

        let mut known: HashSet<u32> = HashSet::new();
        let mut unread = Vec::new();
        for comparison in comparisons {
            let candidates = rows_by_time
                .get(comparison.rows.clone())
                .unwrap_or_default();
            match self.cache.get(&comparison.file.path) {
                Some(keys) => {
                    let mut rows_left = candidates.iter();
                    let wanted = candidates.iter().map(|row| rows.key(*row));
                    keys.look_up(wanted, |is_known| {
                        known.extend(rows_left.next().filter(|_| is_known));
                    });
                }
                None => unread.push(comparison.file),
            }
        }
        if !unread.is_empty() {
            known.extend(self.stream_past(rows, rows_by_time, unread).await?);
        }

        let before = rows_by_time.len();
        rows_by_time.retain(|row| !known.contains(row));
        Ok(before - rows_by_time.len())
    }

    /// Reads the key columns of files and returns the rows whose keys they hold.
    async fn stream_past(
        &mut self,
        rows: &Rows,
        candidates: &[u32],
        files: Vec<DataFile>,
    ) -> Result<Vec<u32>, RefineError> {
        let index: KeyIndex = candidates
            .iter()
            .map(|row| (rows.key(*row), *row))
            .collect();
        let max_kept = self.cache_bytes / CACHE_SHARE / KEY_BYTES;
        let reads: Vec<_> = files
            .into_iter()
            .map(|file| stream_file(self.lake, self.dataset, file, &index, max_kept))
            .collect();
        let read: Vec<FileKeys> = stream::iter(reads)
            .buffer_unordered(PARALLEL_FILES)
            .try_collect()
            .await?;

        let mut known = Vec::new();
        for FileKeys { file, found, keys } in read {
            known.extend(found);
            if let Some(keys) = keys {
                self.cache.put(file.path, keys);
            }
        }
        Ok(known)
    }
}

/// What a file's keys say.
struct FileKeys {
    file: DataFile,
    /// The rows whose keys it holds.
    found: Vec<u32>,
    /// All of its keys, unless they are too many to keep.
    keys: Option<KeySet>,
}

async fn stream_file(
    lake: &Arc<dyn BlobStore>,
    dataset: &Dataset,
    file: DataFile,
    index: &KeyIndex,
    max_kept: usize,
) -> Result<FileKeys, RefineError> {
    let rows = usize::try_from(file.rows).unwrap_or(usize::MAX);
    let mut keys = (rows <= max_kept).then(|| KeySet::with_capacity(rows));
    let mut found = Vec::new();
    let mut batches = read_columns(lake, &file, dataset, &dataset.key)
        .await
        .map_err(RefineError::Read)?;
    let all: Vec<usize> = (0..dataset.key.len()).collect();
    while let Some(batch) = batches.try_next().await.map_err(RefineError::Read)? {
        for key in hash_keys(batch.columns(), &all)? {
            found.extend(index.get(&key));
            if let Some(keys) = &mut keys {
                keys.insert(key);
            }
        }
    }
    Ok(FileKeys { file, found, keys })
}

/// Pairs every segment with the files that may hold its keys; pure.
fn compare(
    segments: &[Segment],
    times: &[i64],
    overlapping: impl Fn(EventTime, EventTime, EventTime) -> Vec<DataFile>,
) -> Vec<Comparison> {
    let mut comparisons = Vec::new();
    for segment in segments {
        let range = times.get(segment.rows.clone()).unwrap_or_default();
        for file in overlapping(segment.period, segment.min, segment.max) {
            let from = range.partition_point(|time| *time < file.min.0);
            let until = range.partition_point(|time| *time <= file.max.0);
            if from < until {
                let rows = segment.rows.start + from..segment.rows.start + until;
                comparisons.push(Comparison { file, rows });
            }
        }
    }
    comparisons
}

type KeyIndex = HashMap<u128, u32, BuildHasherDefault<KeyHasher>>;

/// Keys are hashes already.
#[derive(Default)]
struct KeyHasher(u64);

impl Hasher for KeyHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "either half of a hash is one"
    )]
    fn write_u128(&mut self, key: u128) {
        self.0 = key as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lake::ObjectPath;

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
        let segment = Segment {
            period: EventTime(0),
            rows: 0..4,
            min: EventTime(10),
            max: EventTime(40),
        };
        let found = compare(&[segment], &[10, 20, 30, 40], |_, _, _| vec![file.clone()]);
        assert_eq!(
            found.first().map(|comparison| comparison.rows.clone()),
            Some(1..3)
        );
    }
}
