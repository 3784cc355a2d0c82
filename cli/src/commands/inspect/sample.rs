//! A few rows of silver, the newest ones, for people who want to see what it holds.

use sluice::table::schema::every_column;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_json::LineDelimitedWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use arrow_select::concat::concat_batches;
use futures::TryStreamExt;
use sluice::dataset::Dataset;
use sluice::store::object::ObjectStore;
use sluice::table::log::{DataFile, Snapshot};
use sluice::table::parquet::{ReadFileError, read_columns};
use sluice::table::schema::arrow_schema;
use thiserror::Error;

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

/// Rows of silver with all of their columns.
#[derive(Clone, Debug)]
pub(super) struct Sample(RecordBatch);

impl Sample {
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
    ) -> Result<Self, SampleError> {
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
        Ok(Self(with_offset(&rows)?))
    }

    /// Returns the names of the columns.
    pub(super) fn columns(&self) -> Vec<String> {
        let fields = self.0.schema();
        let names = fields.fields().iter().map(|field| field.name().clone());
        names.collect()
    }

    /// Returns the values as text, row by row; a null is nothing.
    ///
    /// # Errors
    /// Fails if a column cannot be written as text.
    pub(super) fn rows(&self) -> Result<Vec<Vec<Option<String>>>, SampleError> {
        let options = FormatOptions::default();
        let columns: Vec<_> = self
            .0
            .columns()
            .iter()
            .map(|column| Ok((column, ArrayFormatter::try_new(column, &options)?)))
            .collect::<Result<_, ArrowError>>()?;
        let row = |index: usize| {
            let values = columns.iter().map(|(column, formatter)| {
                (!column.is_null(index)).then(|| formatter.value(index).to_string())
            });
            values.collect()
        };
        Ok((0..self.0.num_rows()).map(row).collect())
    }

    /// Returns a JSON object for each row, a line each. Nulls are left out.
    ///
    /// # Errors
    /// Fails if a column cannot be written as JSON.
    pub(super) fn json_lines(&self) -> Result<String, SampleError> {
        let mut text = Vec::new();
        let mut writer = LineDelimitedWriter::new(&mut text);
        writer.write(&self.0)?;
        writer.finish()?;
        Ok(String::from_utf8_lossy(&text).into_owned())
    }
}

/// Names UTC by its offset: a zone's name takes a database of time zones to lay out, an offset does not.
fn with_offset(rows: &RecordBatch) -> Result<RecordBatch, ArrowError> {
    let schema = rows.schema();
    let columns = schema.fields().iter().zip(rows.columns());
    let columns = columns.map(|(field, column)| {
        let column: ArrayRef = match column.data_type() {
            DataType::Timestamp(TimeUnit::Microsecond, Some(_)) => {
                let times = column.as_primitive::<TimestampMicrosecondType>().clone();
                Arc::new(times.with_timezone("+00:00"))
            }
            _ => Arc::clone(column),
        };
        let field = Field::new(
            field.name(),
            column.data_type().clone(),
            field.is_nullable(),
        );
        (field, column)
    });
    let (fields, columns): (Vec<Field>, Vec<ArrayRef>) = columns.unzip();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), columns)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::target::in_memory::Pipeline;

    async fn newest(pipeline: &Pipeline, rows: usize) -> Sample {
        let stores = &pipeline.stores;
        let head = stores.log.head().await.unwrap().unwrap();
        let snapshot = stores.log.load(&head).await.unwrap();
        let sample = Sample::newest(&stores.lake, &stores.dataset, &snapshot, rows);
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
        let sample = newest(&two_files().await, 3).await;
        let names = sample.columns();
        let rows = sample.rows().unwrap();
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
        let lines = newest(&two_files().await, 2).await.json_lines().unwrap();
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
        assert_eq!(newest(&pipeline, 100).await.rows().unwrap().len(), 7);
        assert!(newest(&pipeline, 0).await.rows().unwrap().is_empty());
    }
}
