//! A few rows of silver, the newest ones, for people who want to see what it holds.

use sluice::table::schema::every_column;
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::ArrowError;
use arrow_select::concat::concat_batches;
use futures::TryStreamExt;
use sluice::dataset::Dataset;
use sluice::store::object::ObjectStore;
use sluice::table::log::{DataFile, Snapshot};
use sluice::table::parquet::{ReadFileError, read_columns};
use sluice::table::schema::arrow_schema;
use thiserror::Error;

use crate::output::Rows;

/// Rows that cannot be shown.
#[derive(Debug, Error)]
pub(super) enum SampleError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadFileError),
    /// Rows cannot be laid out.
    #[error("lay out rows of silver")]
    LayOut(#[from] ArrowError),
}

/// Reads up to `rows` rows: the last ones of the file with the newest event, then of the next, as few files as it takes.
/// A file whose range overlaps may hold newer rows than the oldest of these.
///
/// # Errors
/// Fails if a file cannot be read.
pub(super) async fn newest(
    lake: &Arc<dyn ObjectStore>,
    dataset: &Dataset,
    snapshot: &Snapshot,
    rows: usize,
) -> Result<Rows, SampleError> {
    let schema = arrow_schema(dataset);
    let columns = every_column(dataset);
    let mut files: Vec<&DataFile> = snapshot.files.values().map(|live| &live.file).collect();
    files.sort_by_key(|file| std::cmp::Reverse((file.max, &file.path)));
    let mut found: Vec<RecordBatch> = Vec::new();
    let mut count = 0;
    for file in files {
        if count >= rows {
            break;
        }
        let mut of_file = Vec::new();
        let mut batches = read_columns(lake, file, dataset, &columns).await?;
        while let Some(batch) = batches.try_next().await? {
            of_file.push(RecordBatch::try_new(
                Arc::clone(&schema),
                batch.columns().to_vec(),
            )?);
        }
        // A file is sorted by event time, so its last rows are its newest.
        let whole = concat_batches(&schema, &of_file)?;
        let take = whole.num_rows().min(rows - count);
        found.push(whole.slice(whole.num_rows() - take, take));
        count += take;
    }
    found.reverse();
    let rows = concat_batches(&schema, &found)?;
    Ok(Rows::of(&rows)?)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::target::in_memory::Pipeline;

    async fn newest_of(pipeline: &Pipeline, rows: usize) -> Rows {
        let stores = &pipeline.stores;
        let head = stores.log.head().await.unwrap().unwrap();
        let snapshot = stores.log.load(&head).await.unwrap();
        let sample = newest(&stores.lake, &stores.dataset, &snapshot, rows);
        sample.await.unwrap()
    }

    /// Two files of one period: orders 1 to 5, then 10 and 11, which is by nobody.
    async fn two_files() -> Pipeline {
        let pipeline = Pipeline::new();
        pipeline.ingest(0, &[1, 2, 3, 4, 5]).await;
        pipeline.refine().await;
        pipeline.ingest(5, &[10, 11]).await;
        pipeline.refine().await;
        pipeline
    }

    #[tokio::test]
    async fn the_newest_rows_come_from_as_few_files_as_it_takes() {
        let sample = newest_of(&two_files().await, 3).await;
        let names = sample.columns();
        let rows = sample.texts().unwrap();
        let column = |name: &str| names.iter().position(|found| found == name).unwrap();
        let ids: Vec<_> = rows
            .iter()
            .map(|row| row[column("order_id")].as_deref().unwrap())
            .collect();
        assert_eq!(ids, ["5", "10", "11"]);
        assert_eq!(rows[1][column("amount")].as_deref(), Some("10.50"));
        assert_eq!(rows[1][column("customer_id")].as_deref(), Some("00007"));
        assert_eq!(rows[2][column("customer_id")], None, "it is by nobody");
        let time = rows[1][column("event_time")].as_deref();
        assert_eq!(time, Some("2025-11-14T11:44:34.000010Z"));
        assert!(names.iter().any(|name| name == "_source"), "{names:?}");
    }

    #[tokio::test]
    async fn json_has_times_in_utc_and_leaves_nulls_out() {
        let lines = newest_of(&two_files().await, 2).await.json_lines().unwrap();
        let lines: Vec<Value> = lines
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), 2);
        assert_eq!(lines[1]["order_id"], 11);
        let time = json!("2025-11-14T11:44:34.000011Z");
        assert_eq!(lines[1]["event_time"], time);
        assert_eq!(lines[0]["customer_id"], "00007");
        assert_eq!(lines[1].get("customer_id"), None);
    }

    #[tokio::test]
    async fn more_rows_than_there_are_are_all_rows() {
        let pipeline = two_files().await;
        assert_eq!(newest_of(&pipeline, 100).await.texts().unwrap().len(), 7);
        assert!(newest_of(&pipeline, 0).await.texts().unwrap().is_empty());
    }
}
