//! Which group of a gold table each row belongs to. Pure.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::ops::Range;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_schema::{DataType, TimeUnit};

use super::AggregateError;
use crate::error::Invariant;
use crate::value::Steps;
use crate::value::hash::{HashHasher, RowHasher};
use crate::warehouse::schema::TableSchema;
use crate::warehouse::{Datum, Row, text};

/// Consecutive rows of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The group's number.
    pub(super) group: usize,
    /// The rows.
    pub(super) rows: Range<usize>,
}

/// What a measure is of, beside its own column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rows<'a> {
    /// The columns.
    pub(super) batch: &'a RecordBatch,
    /// The event times.
    pub(super) times: &'a [i64],
    /// The hashes that tell apart rows of one event time; none where no measure is of one row.
    pub(super) hashes: &'a [u128],
}

/// The groups seen so far, numbered.
#[derive(Debug)]
pub(super) struct Groups {
    steps: Steps,
    /// Where the dimensions are among the columns of a batch.
    dimensions: Vec<usize>,
    numbers: HashMap<(i64, u128), usize, BuildHasherDefault<HashHasher>>,
    rows: Vec<Row>,
    /// Bytes of the texts in `rows`.
    texts: usize,
    runs: Vec<Run>,
}

/// Bytes of a group's entry among the numbers.
const NUMBER_BYTES: usize = 48;

impl Groups {
    pub(super) fn new(steps: Steps, dimensions: Vec<usize>) -> Self {
        Self {
            steps,
            dimensions,
            numbers: HashMap::default(),
            rows: Vec::new(),
            texts: 0,
            runs: Vec::new(),
        }
    }

    /// Returns about how many bytes the groups take, without measures.
    pub(super) fn bytes(&self) -> usize {
        let values = self.dimensions.len() * size_of::<Datum>();
        self.rows.len() * (size_of::<Row>() + NUMBER_BYTES + values) + self.texts
    }

    /// Returns the number of groups.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Names a group by the values of its key, for a table that has these groups.
    pub(super) fn name(&self, group: usize, table: &TableSchema) -> Result<String, Invariant> {
        let row = self.rows.get(group);
        let row = row.ok_or(Invariant("a run is of a group that was seen"))?;
        Ok(text::group(table, row.start, &row.dimensions))
    }

    /// Returns the groups, without measures, in the order of their numbers, and forgets them.
    pub(super) fn take(&mut self) -> Vec<Row> {
        self.numbers.clear();
        self.texts = 0;
        std::mem::take(&mut self.rows)
    }

    /// Cuts the rows into runs of one group each.
    pub(super) fn assign(
        &mut self,
        times: &[i64],
        rows: &RecordBatch,
    ) -> Result<(), AggregateError> {
        self.cut(times, rows)?;
        for run in &self.runs {
            let of_run = times.get(run.rows.clone()).unwrap_or_default();
            if let (Some(row), Some(newest)) = (self.rows.get_mut(run.group), of_run.iter().max()) {
                row.newest = row.newest.max(*newest);
            }
        }
        Ok(())
    }

    fn cut(&mut self, times: &[i64], rows: &RecordBatch) -> Result<(), AggregateError> {
        self.runs.clear();
        let mut dimensions = Dimensions::of(rows, &self.dimensions)?;
        let mut from = 0;
        while let Some(time) = times.get(from) {
            let stretch = self.steps.stretch(*time);
            // There is a time at `from`, so this is not empty.
            let after = times.get(from..).unwrap_or_default();
            let length = after.iter().position(|time| !stretch.has(*time));
            let length = length.unwrap_or(after.len()).max(1);
            for start in stretch.starts() {
                self.split(start, from..from + length, &mut dimensions)?;
            }
            from += length;
        }
        Ok(())
    }

    /// Returns the runs of the rows assigned last.
    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Cuts rows of one period into runs of one group.
    fn split(
        &mut self,
        start: i64,
        rows: Range<usize>,
        dimensions: &mut Dimensions,
    ) -> Result<(), AggregateError> {
        if dimensions.columns.is_empty() {
            let hash = dimensions.hasher.hash(rows.start);
            let group = self.number(start, hash);
            if group == self.rows.len() {
                self.add(dimensions.group(start, hash, rows.start)?);
            }
            self.runs.push(Run { group, rows });
            return Ok(());
        }
        let mut last: Option<u128> = None;
        for row in rows {
            let hash = dimensions.hasher.hash(row);
            if last == Some(hash)
                && let Some(run) = self.runs.last_mut()
            {
                run.rows.end = row + 1;
                continue;
            }
            let group = self.number(start, hash);
            if group == self.rows.len() {
                self.add(dimensions.group(start, hash, row)?);
            }
            let rows = row..row + 1;
            self.runs.push(Run { group, rows });
            last = Some(hash);
        }
        Ok(())
    }

    fn add(&mut self, row: Row) {
        let bytes = |datum: &Datum| match datum {
            Datum::Text(text) => text.len(),
            _ => 0,
        };
        self.texts += row.dimensions.iter().map(bytes).sum::<usize>();
        self.rows.push(row);
    }

    /// Returns the number of a group: that of the next one, if it is new.
    fn number(&mut self, start: i64, hash: u128) -> usize {
        let next = self.rows.len();
        *self.numbers.entry((start, hash)).or_insert(next)
    }
}

/// The dimension columns of a batch.
struct Dimensions {
    columns: Vec<ArrayRef>,
    hasher: RowHasher,
}

impl Dimensions {
    fn of(rows: &RecordBatch, indices: &[usize]) -> Result<Self, AggregateError> {
        let column = |index: &usize| {
            let column = rows.columns().get(*index).map(Arc::clone);
            column.ok_or_else(|| AggregateError::Column {
                column: format!("number {index}"),
            })
        };
        let columns: Vec<ArrayRef> = indices.iter().map(column).collect::<Result<_, _>>()?;
        let hasher =
            RowHasher::new(&columns, rows.num_rows()).map_err(|error| AggregateError::Column {
                column: format!("of a dimension ({error})"),
            })?;
        Ok(Self { columns, hasher })
    }

    /// Makes the group of a row, without measures.
    fn group(&self, start: i64, hash: u128, row: usize) -> Result<Row, AggregateError> {
        Ok(Row {
            start,
            key: hash.to_be_bytes(),
            dimensions: self.data(row)?,
            measures: Vec::new(),
            newest: i64::MIN,
        })
    }

    fn data(&self, row: usize) -> Result<Vec<Datum>, AggregateError> {
        self.columns
            .iter()
            .map(|column| datum(column, row))
            .collect()
    }
}

/// Returns a value of a column.
pub(super) fn datum(column: &ArrayRef, row: usize) -> Result<Datum, AggregateError> {
    if column.is_null(row) {
        return Ok(Datum::Null);
    }
    Ok(match column.data_type() {
        DataType::Int64 => Datum::Int64(column.as_primitive::<Int64Type>().value(row)),
        DataType::Utf8 => Datum::Text(column.as_string::<i32>().value(row).to_owned()),
        DataType::Decimal128(..) => {
            Datum::Decimal(column.as_primitive::<Decimal128Type>().value(row))
        }
        DataType::Float64 => Datum::Double(plain(column.as_primitive::<Float64Type>().value(row))),
        DataType::Boolean => Datum::Bool(column.as_boolean().value(row)),
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Datum::Timestamp(column.as_primitive::<TimestampMicrosecondType>().value(row))
        }
        DataType::Date32 => Datum::Date(column.as_primitive::<Date32Type>().value(row)),
        other => {
            return Err(AggregateError::Column {
                column: format!("of type {other}"),
            });
        }
    })
}

/// Makes one zero of the two that floating-point numbers have.
pub(super) fn plain(number: f64) -> f64 {
    number + 0.0
}
