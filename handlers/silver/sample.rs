//! A few rows of silver, the newest ones, for people who want to see what it holds.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_json::LineDelimitedWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};
use arrow_select::concat::concat_batches;
use futures::TryStreamExt;
use thiserror::Error;

use crate::dataset::Dataset;
use crate::store::object::ObjectStore;
use crate::table::log::{DataFile, Snapshot};
use crate::table::parquet::{ReadFileError, read_columns};
use crate::table::schema::arrow_schema;

/// Rows that cannot be shown.
#[derive(Debug, Error)]
pub enum SampleError {
    /// A file cannot be read.
    #[error(transparent)]
    Read(#[from] ReadFileError),
    /// Rows cannot be laid out.
    #[error("lay out rows of silver")]
    LayOut(#[from] ArrowError),
}

/// Rows of silver with all of their columns.
#[derive(Clone, Debug)]
pub struct Sample(RecordBatch);

impl Sample {
    /// Reads up to `rows` rows: the last ones of the file with the newest event, then of the next, as few files as it takes.
    /// A file whose range overlaps may hold newer rows than the oldest of these.
    ///
    /// # Errors
    /// Fails if a file cannot be read.
    pub async fn newest(
        lake: &Arc<dyn ObjectStore>,
        dataset: &Dataset,
        snapshot: &Snapshot,
        rows: usize,
    ) -> Result<Self, SampleError> {
        let schema = arrow_schema(dataset);
        let columns: Vec<usize> = (0..schema.fields().len()).collect();
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
    #[must_use]
    pub fn columns(&self) -> Vec<String> {
        let fields = self.0.schema();
        let names = fields.fields().iter().map(|field| field.name().clone());
        names.collect()
    }

    /// Returns the values as text, row by row; a null is nothing.
    ///
    /// # Errors
    /// Fails if a column cannot be written as text.
    pub fn rows(&self) -> Result<Vec<Vec<Option<String>>>, SampleError> {
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
    pub fn json_lines(&self) -> Result<String, SampleError> {
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
