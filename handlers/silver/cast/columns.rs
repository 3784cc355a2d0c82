//! Columns while they grow, one value a row, with a way back; pure.

use std::sync::Arc;

use arrow_array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, StringArray,
    TimestampMicrosecondArray,
};
use arrow_buffer::{BooleanBuffer, NullBuffer, NullBufferBuilder, OffsetBuffer, ScalarBuffer};
use arrow_schema::ArrowError;

use crate::dataset::{Bound, ColumnType, Value};
use crate::event::EventTime;

/// The values of a column. A row that is null holds a zero or nothing.
#[derive(Debug)]
pub(super) enum Values {
    Int64(Vec<i64>),
    Double(Vec<f64>),
    Decimal {
        values: Vec<i128>,
        precision: u8,
        scale: u8,
    },
    Bool(Vec<bool>),
    Timestamp(Vec<i64>),
    Date(Vec<i32>),
    Text(Text),
}

/// Strings, one after the other.
#[derive(Debug, Default)]
pub(super) struct Text {
    pub(super) bytes: Vec<u8>,
    /// Where each string ends; wrong beyond 2 GiB, which is refused in the end.
    ends: Vec<i32>,
}

impl Text {
    /// Ends a string whose text has been appended to `bytes`.
    #[inline]
    pub(super) fn end(&mut self) {
        self.ends
            .push(i32::try_from(self.bytes.len()).unwrap_or(i32::MAX));
    }

    /// Returns the last string.
    fn last(&self) -> Option<&[u8]> {
        let (end, before) = self.ends.split_last()?;
        let start = before.last().copied().unwrap_or(0);
        let (start, end) = (usize::try_from(start).ok()?, usize::try_from(*end).ok()?);
        self.bytes.get(start..end)
    }

    /// Appends a string.
    #[inline]
    pub(super) fn push(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.end();
    }

    fn truncate(&mut self, rows: usize) {
        let end = rows.checked_sub(1).and_then(|last| self.ends.get(last));
        let end = end.and_then(|end| usize::try_from(*end).ok());
        self.bytes.truncate(end.unwrap_or(0));
        self.ends.truncate(rows);
    }

    fn finish(self, nulls: Option<NullBuffer>) -> Result<ArrayRef, ArrowError> {
        if i32::try_from(self.bytes.len()).is_err() {
            let message = "a string column is larger than 2 GiB".to_owned();
            return Err(ArrowError::InvalidArgumentError(message));
        }
        let mut offsets = Vec::with_capacity(self.ends.len() + 1);
        offsets.push(0);
        offsets.extend(self.ends);
        let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
        let array = StringArray::try_new(offsets, self.bytes.into(), nulls)?;
        Ok(Arc::new(array))
    }
}

/// A column and which of its rows have a value.
#[derive(Debug)]
pub(super) struct Builder {
    pub(super) values: Values,
    /// Nothing for a column that never is null.
    valid: Option<NullBufferBuilder>,
}

impl Builder {
    pub(super) fn new(kind: ColumnType, nullable: bool) -> Self {
        let values = match kind {
            ColumnType::Int64 => Values::Int64(Vec::new()),
            ColumnType::Double => Values::Double(Vec::new()),
            ColumnType::Decimal { precision, scale } => Values::Decimal {
                values: Vec::new(),
                precision,
                scale,
            },
            ColumnType::String | ColumnType::Json => Values::Text(Text::default()),
            ColumnType::Bool => Values::Bool(Vec::new()),
            ColumnType::Timestamp(_) => Values::Timestamp(Vec::new()),
            ColumnType::Date => Values::Date(Vec::new()),
        };
        Self {
            values,
            valid: nullable.then(|| NullBufferBuilder::new(0)),
        }
    }

    /// Returns the number of rows.
    pub(super) fn len(&self) -> usize {
        match &self.values {
            Values::Int64(values) | Values::Timestamp(values) => values.len(),
            Values::Double(values) => values.len(),
            Values::Decimal { values, .. } => values.len(),
            Values::Bool(values) => values.len(),
            Values::Date(values) => values.len(),
            Values::Text(text) => text.ends.len(),
        }
    }

    /// Makes room for more rows, so that fixed-width values move no more.
    pub(super) fn reserve(&mut self, rows: usize) {
        match &mut self.values {
            Values::Int64(values) | Values::Timestamp(values) => values.reserve(rows),
            Values::Double(values) => values.reserve(rows),
            Values::Decimal { values, .. } => values.reserve(rows),
            Values::Bool(values) => values.reserve(rows),
            Values::Date(values) => values.reserve(rows),
            Values::Text(text) => text.ends.reserve(rows),
        }
    }

    /// Returns the last value, which is no null.
    pub(super) fn last(&self) -> Option<Value<'_>> {
        Some(match &self.values {
            Values::Int64(values) => Value::Bound(Bound::Int64(*values.last()?)),
            Values::Timestamp(values) => Value::Bound(Bound::Timestamp(EventTime(*values.last()?))),
            Values::Double(values) => Value::Bound(Bound::Double(*values.last()?)),
            Values::Decimal { values, .. } => Value::Bound(Bound::Decimal(*values.last()?)),
            Values::Bool(values) => Value::Bool(*values.last()?),
            Values::Date(values) => Value::Bound(Bound::Date(*values.last()?)),
            Values::Text(text) => Value::Text(text.last()?),
        })
    }

    /// Says that a value has been appended.
    #[inline]
    pub(super) fn mark_valid(&mut self) {
        if let Some(valid) = &mut self.valid {
            valid.append_non_null();
        }
    }

    /// Appends a null.
    #[inline]
    pub(super) fn push_null(&mut self) {
        match &mut self.values {
            Values::Int64(values) | Values::Timestamp(values) => values.push(0),
            Values::Double(values) => values.push(0.0),
            Values::Decimal { values, .. } => values.push(0),
            Values::Bool(values) => values.push(false),
            Values::Date(values) => values.push(0),
            Values::Text(text) => text.end(),
        }
        if let Some(valid) = &mut self.valid {
            valid.append_null();
        }
    }

    /// Forgets all but the first rows.
    pub(super) fn truncate(&mut self, rows: usize) {
        match &mut self.values {
            Values::Int64(values) | Values::Timestamp(values) => values.truncate(rows),
            Values::Double(values) => values.truncate(rows),
            Values::Decimal { values, .. } => values.truncate(rows),
            Values::Bool(values) => values.truncate(rows),
            Values::Date(values) => values.truncate(rows),
            Values::Text(text) => text.truncate(rows),
        }
        if let Some(valid) = &mut self.valid {
            valid.truncate(rows);
        }
    }

    /// Estimates the memory in use.
    pub(super) fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Int64(values) | Values::Timestamp(values) => values.len() * 8,
            Values::Double(values) => values.len() * 8,
            Values::Decimal { values, .. } => values.len() * 16,
            Values::Bool(values) => values.len(),
            Values::Date(values) => values.len() * 4,
            Values::Text(text) => text.bytes.len() + text.ends.len() * 4,
        };
        values + self.valid.as_ref().map_or(0, |valid| valid.len() / 8)
    }

    /// Returns the column as an array, without copying fixed-width values.
    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        let nulls = self.valid.and_then(NullBufferBuilder::build);
        Ok(match self.values {
            Values::Int64(values) => Arc::new(Int64Array::try_new(values.into(), nulls)?),
            Values::Double(values) => Arc::new(Float64Array::try_new(values.into(), nulls)?),
            Values::Decimal {
                values,
                precision,
                scale,
            } => {
                let array = Decimal128Array::try_new(values.into(), nulls)?;
                Arc::new(array.with_precision_and_scale(precision, scale as i8)?)
            }
            Values::Bool(values) => Arc::new(BooleanArray::new(BooleanBuffer::from(values), nulls)),
            Values::Timestamp(values) => {
                let array = TimestampMicrosecondArray::try_new(values.into(), nulls)?;
                Arc::new(array.with_timezone("UTC"))
            }
            Values::Date(values) => Arc::new(Date32Array::try_new(values.into(), nulls)?),
            Values::Text(text) => return text.finish(nulls),
        })
    }
}
