//! The Arrow schema of silver: the dataset's columns, then the lineage of each row. Pure.
//!
//! Files and the Delta table have the same columns in the order in which they came to be, which the log records.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow_array::RecordBatch;
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef, TimeUnit};

use crate::dataset::ColumnIndex;
use crate::dataset::{Column, ColumnType, Dataset, UnknownFields};

/// The bronze object that a row came from.
pub const SOURCE: &str = "_source";
/// The line of the object, from 0, and the record of the line, from 0: what tells rows apart where no key does.
pub const LINE: &str = "_line";
/// As [`LINE`] says.
pub const RECORD: &str = "_record";
/// The event's sequence number, where bronze tells it.
pub const SEQUENCE_NUMBER: &str = "_sequence_number";
/// When the hub took the last event of the row's bronze object.
pub const ENQUEUED_TIME: &str = "_enqueued_time";
/// The fields that no column names, as JSON text; null if there are none.
pub const RESCUED: &str = "_rescued";

/// Returns silver's schema.
///
/// A column is nullable unless it is required; its description is in the field's metadata under `description`.
#[must_use]
pub fn arrow_schema(dataset: &Dataset) -> SchemaRef {
    let mut fields: Vec<Field> = dataset.columns.iter().map(field).collect();
    fields.push(Field::new(SOURCE, source_type(), false));
    if dataset.key.is_none() {
        fields.push(Field::new(LINE, DataType::Int32, false));
        fields.push(Field::new(RECORD, DataType::Int32, false));
    }
    fields.push(Field::new(SEQUENCE_NUMBER, DataType::Int64, true));
    fields.push(Field::new(ENQUEUED_TIME, timestamp_type(), false));
    if dataset.unknown_fields == UnknownFields::Rescue {
        fields.push(Field::new(RESCUED, DataType::Utf8, true));
    }
    Arc::new(Schema::new(fields))
}

/// Puts all columns of a batch in the order of their `names`.
///
/// # Errors
/// Fails unless the names are those of the columns, each once.
pub fn arranged(batch: &RecordBatch, names: &[impl AsRef<str>]) -> Result<RecordBatch, ArrowError> {
    let schema = batch.schema();
    let places = names.iter().map(|name| schema.index_of(name.as_ref()));
    let places: Vec<usize> = places.collect::<Result<_, _>>()?;
    let distinct: HashSet<&usize> = places.iter().collect();
    if distinct.len() != schema.fields().len() || places.len() != distinct.len() {
        let message = "the columns of silver are not those that the log records";
        return Err(ArrowError::SchemaError(message.to_owned()));
    }
    batch.project(&places)
}

/// Returns the place of a column in a batch.
///
/// # Errors
/// Fails if it has no such column.
pub fn place_of(batch: &RecordBatch, name: &str) -> Result<ColumnIndex, ArrowError> {
    Ok(ColumnIndex::new(batch.schema().index_of(name)?))
}

/// Returns all of silver's columns: the dataset's, then those of a row's origin.
#[must_use]
pub fn every_column(dataset: &Dataset) -> Vec<ColumnIndex> {
    let columns = arrow_schema(dataset).fields().len();
    (0..columns).map(ColumnIndex::new).collect()
}

/// Returns the Arrow type of a column of type `kind`.
#[must_use]
pub fn arrow_type(kind: ColumnType) -> DataType {
    match kind {
        ColumnType::Int64 => DataType::Int64,
        ColumnType::Double => DataType::Float64,
        ColumnType::Decimal { precision, scale } => DataType::Decimal128(precision, scale as i8),
        ColumnType::String | ColumnType::Json => DataType::Utf8,
        ColumnType::Bool => DataType::Boolean,
        ColumnType::Timestamp(_) => timestamp_type(),
        ColumnType::Date => DataType::Date32,
    }
}

fn field(column: &Column) -> Field {
    let field = Field::new(&column.name, arrow_type(column.kind), !column.required);
    match &column.description {
        Some(text) => {
            field.with_metadata(HashMap::from([("description".to_owned(), text.clone())]))
        }
        None => field,
    }
}

fn timestamp_type() -> DataType {
    DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()))
}

fn source_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8))
}

#[cfg(test)]
mod tests;
