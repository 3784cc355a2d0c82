//! Rows that have been cast, and record batches of some of them.

use std::sync::Arc;

use arrow::array::{
    ArrayRef, DictionaryArray, Int32Array, Int64Array, StringArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{Int32Type, SchemaRef};
use arrow::error::ArrowError;
use arrow::record_batch::RecordBatch;

use super::key::{HashError, hash_keys};

/// Rows in the order in which their lines were pushed: a row's number is its index in every field.
#[derive(Debug)]
pub struct Cast {
    /// The dataset's columns, in the file's order.
    pub columns: Vec<ArrayRef>,
    /// The unknown fields, if the dataset rescues them.
    pub rescued: Option<ArrayRef>,
    /// The bronze object of each row, as [`super::cast::LineContext`] numbered it.
    pub sources: Vec<u32>,
    /// The line of each row.
    pub lines: Vec<u64>,
    /// The sequence number of each row.
    pub sequence_numbers: Vec<Option<i64>>,
    /// The enqueued time of each row, in microseconds since 1970.
    pub enqueued_times: Vec<i64>,
    event_time: usize,
}

/// What a [`Cast`] is made of.
pub(super) struct Parts {
    pub(super) columns: Vec<ArrayRef>,
    pub(super) rescued: Option<ArrayRef>,
    pub(super) event_time: usize,
    pub(super) sources: Vec<u32>,
    pub(super) lines: Vec<u64>,
    pub(super) sequence_numbers: Vec<Option<i64>>,
    pub(super) enqueued_times: Vec<i64>,
}

impl Cast {
    pub(super) fn new(parts: Parts) -> Self {
        Self {
            columns: parts.columns,
            rescued: parts.rescued,
            sources: parts.sources,
            lines: parts.lines,
            sequence_numbers: parts.sequence_numbers,
            enqueued_times: parts.enqueued_times,
            event_time: parts.event_time,
        }
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Tells whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the event time of each row, in microseconds since 1970.
    #[must_use]
    pub fn event_times(&self) -> &[i64] {
        let column = self.columns.get(self.event_time);
        let column =
            column.and_then(|column| column.as_any().downcast_ref::<TimestampMicrosecondArray>());
        column.map_or(&[], |column| column.values())
    }

    /// Returns the hash of each row's key, whose columns are `key`.
    ///
    /// # Errors
    /// As [`hash_keys`].
    pub fn key_hashes(&self, key: &[usize]) -> Result<Vec<u128>, HashError> {
        hash_keys(&self.columns, key)
    }

    /// Returns the rows of these numbers, in this order, as a batch of silver's schema; `sources` gives each source number its name.
    ///
    /// # Errors
    /// Fails if a number has no row or no name, or if `schema` is not that of the dataset.
    pub fn batch(
        &self,
        schema: &SchemaRef,
        sources: &[impl AsRef<str>],
        rows: &[u32],
    ) -> Result<RecordBatch, ArrowError> {
        // Numbers are checked before `take`, which panics.
        let sequence_numbers: Int64Array =
            pick(&self.sequence_numbers, rows)?.into_iter().collect();
        let enqueued_times = TimestampMicrosecondArray::from(pick(&self.enqueued_times, rows)?);
        let picked = UInt32Array::from(rows.to_vec());
        let mut columns = Vec::with_capacity(schema.fields().len());
        for column in &self.columns {
            columns.push(take(column, &picked, None)?);
        }
        columns.push(self.source_column(sources, rows)?);
        columns.push(Arc::new(sequence_numbers));
        columns.push(Arc::new(enqueued_times.with_timezone("UTC")));
        if let Some(rescued) = &self.rescued {
            columns.push(take(rescued, &picked, None)?);
        }
        RecordBatch::try_new(Arc::clone(schema), columns)
    }

    /// Builds a dictionary that holds the names of these rows' sources only.
    fn source_column(
        &self,
        names: &[impl AsRef<str>],
        rows: &[u32],
    ) -> Result<ArrayRef, ArrowError> {
        let mut entries: Vec<Option<i32>> = vec![None; names.len()];
        let mut used: Vec<&str> = Vec::new();
        let mut keys = Vec::with_capacity(rows.len());
        for source in pick(&self.sources, rows)? {
            let source = source as usize;
            let (Some(entry), Some(name)) = (entries.get_mut(source), names.get(source)) else {
                return Err(missing("source", source));
            };
            let key = match *entry {
                Some(key) => key,
                None => {
                    let key = i32::try_from(used.len()).map_err(|_| missing("source", source))?;
                    used.push(name.as_ref());
                    *entry = Some(key);
                    key
                }
            };
            keys.push(key);
        }
        let values = Arc::new(StringArray::from(used));
        let array = DictionaryArray::<Int32Type>::try_new(Int32Array::from(keys), values)?;
        Ok(Arc::new(array))
    }
}

fn pick<T: Copy>(values: &[T], rows: &[u32]) -> Result<Vec<T>, ArrowError> {
    let pick_one = |row: &u32| {
        let value = values.get(*row as usize).copied();
        value.ok_or_else(|| missing("row", *row as usize))
    };
    rows.iter().map(pick_one).collect()
}

fn missing(what: &str, number: usize) -> ArrowError {
    ArrowError::InvalidArgumentError(format!("no {what} has the number {number}"))
}
