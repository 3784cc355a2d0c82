//! Rows of silver as people and programs read them: text by column, or JSON.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::TimestampMicrosecondType;
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::display::{ArrayFormatter, FormatOptions};
use arrow_json::LineDelimitedWriter;
use arrow_schema::{ArrowError, DataType, Field, Schema, TimeUnit};

/// Rows with all of their columns.
#[derive(Clone, Debug)]
pub(crate) struct Rows(RecordBatch);

impl Rows {
    /// Takes rows.
    ///
    /// # Errors
    /// Fails if they are not of one schema.
    pub(crate) fn of(rows: &RecordBatch) -> Result<Self, ArrowError> {
        with_offset(rows).map(Self)
    }

    /// Returns how many there are.
    pub(crate) fn len(&self) -> usize {
        self.0.num_rows()
    }

    /// Returns the names of the columns.
    pub(crate) fn columns(&self) -> Vec<String> {
        let fields = self.0.schema();
        let names = fields.fields().iter().map(|field| field.name().clone());
        names.collect()
    }

    /// Returns the values as text, row by row; a null is nothing.
    ///
    /// # Errors
    /// Fails if a column cannot be written as text.
    pub(crate) fn texts(&self) -> Result<Vec<Vec<Option<String>>>, ArrowError> {
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
    pub(crate) fn json_lines(&self) -> Result<String, ArrowError> {
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
