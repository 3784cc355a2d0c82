//! What stores hold in the end, read without the code that wrote it.

use std::sync::Arc;

use arrow_array::RecordBatch;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sluice::event::EventTime;
use sluice::store::object::{ObjectPath, ObjectStore, paths};
use sluice::table::live::LiveFiles;
use sluice::table::log::{Commit, CommitLog, DataFile};
use sluice::value::line::Line;
use sluice::value::line::times::Times;
use sluice::warehouse::{TableRows, Warehouse};

/// Returns the bodies that each object of bronze holds, by the object's name.
pub async fn bronze(lake: &Arc<dyn ObjectStore>, dataset: &str) -> Vec<(String, Vec<Vec<u8>>)> {
    let mut objects = Vec::new();
    for object in lake.list(&paths::bronze_dataset(dataset)).await.unwrap() {
        let content = lake.get(&object.path).await.unwrap().unwrap();
        objects.push((object.path.name().to_owned(), bodies(&content)));
    }
    objects
}

/// Returns the bodies that an object of bronze holds.
#[must_use]
pub fn bodies(content: &[u8]) -> Vec<Vec<u8>> {
    let (lines, _) = Times::split(content);
    let lines = lines.strip_suffix(b"\n").expect("the last line ends");
    let lines = lines.split(|byte| *byte == b'\n');
    lines
        .map(|line| Line::read(line).body.into_owned())
        .collect()
}

/// Returns the rows of the live files of silver at the head; the log must be whole.
pub async fn silver(lake: &Arc<dyn ObjectStore>, log: &CommitLog) -> Vec<RecordBatch> {
    let head = log.head().await.unwrap().unwrap();
    let commits = log.commits_from_start(head.version).await.unwrap();
    let mut batches = Vec::new();
    for file in LiveFiles::replay(&commits).iter() {
        batches.extend(silver_file(lake, file).await);
    }
    batches
}

/// Returns the rows of a file of silver, which must have the size and the number of rows that the log says.
pub async fn silver_file(lake: &Arc<dyn ObjectStore>, file: &DataFile) -> Vec<RecordBatch> {
    let content = lake.get(&file.path).await.unwrap();
    let content = content.unwrap_or_else(|| panic!("there is no {}", file.path));
    assert_eq!(content.len() as u64, file.bytes, "{}", file.path);
    let batches = parquet(content);
    let rows = batches.iter().map(|batch| batch.num_rows() as u64);
    assert_eq!(rows.sum::<u64>(), file.rows, "{}", file.path);
    batches
}

/// Returns the rows of a Parquet file.
#[must_use]
pub fn parquet(content: Bytes) -> Vec<RecordBatch> {
    let reader = ParquetRecordBatchReaderBuilder::try_new(content).unwrap();
    reader.build().unwrap().map(Result::unwrap).collect()
}

/// Returns a table of gold in the order of its rows' texts.
pub async fn gold(warehouse: &dyn Warehouse, table: &str) -> TableRows {
    let read = warehouse.read_table(table, None, 100_000);
    let mut read = read.await.unwrap();
    read.rows.sort();
    read
}

/// Returns the watermark after each commit that has one.
#[must_use]
pub fn watermarks(commits: &[Commit]) -> Vec<EventTime> {
    let watermarks = commits.iter().map(|commit| commit.watermark);
    watermarks.flatten().collect()
}

/// Returns the files that commits appended.
#[must_use]
pub fn files(commits: &[Commit]) -> Vec<ObjectPath> {
    let files = commits.iter().flat_map(|commit| &commit.files);
    files.map(|file| file.path.clone()).collect()
}
