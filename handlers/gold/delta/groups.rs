//! Which group of a gold table each row belongs to.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::ops::Range;

use arrow::array::{
    Array, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray,
};
use xxhash_rust::xxh3::xxh3_128;

use super::AggregateError;
use crate::dataset::Grain;
use crate::warehouse::schema::grain_bounds;
use crate::warehouse::{Datum, Row};

/// Consecutive rows of one group.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// The group's number.
    pub(super) group: usize,
    /// The rows.
    pub(super) rows: Range<usize>,
}

/// The groups seen so far, numbered.
#[derive(Debug)]
pub(super) struct Groups {
    grain: Grain,
    /// Where the dimensions are among the columns of a batch.
    dimensions: Vec<usize>,
    numbers: HashMap<(i64, u128), usize, BuildHasherDefault<HashHasher>>,
    rows: Vec<Row>,
    runs: Vec<Run>,
    /// A row's dimension values, encoded.
    encoded: Vec<u8>,
}

impl Groups {
    pub(super) fn new(grain: Grain, dimensions: Vec<usize>) -> Self {
        Self {
            grain,
            dimensions,
            numbers: HashMap::default(),
            rows: Vec::new(),
            runs: Vec::new(),
            encoded: Vec::new(),
        }
    }

    /// Returns the number of groups.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the groups, without measures, in the order of their numbers, and forgets them.
    pub(super) fn take(&mut self) -> Vec<Row> {
        self.numbers.clear();
        std::mem::take(&mut self.rows)
    }

    /// Cuts the rows into runs of one group each.
    pub(super) fn assign(
        &mut self,
        times: &[i64],
        rows: &RecordBatch,
    ) -> Result<(), AggregateError> {
        self.runs.clear();
        let mut dimensions = Vec::with_capacity(self.dimensions.len());
        for index in &self.dimensions {
            dimensions.push(Dimension::of(rows, *index)?);
        }

        if self.grain == Grain::All && !times.is_empty() {
            self.split(0, 0..times.len(), &dimensions);
            return Ok(());
        }
        let mut from = 0;
        while let Some(time) = times.get(from) {
            let period = grain_bounds(self.grain, *time);
            let after = times.get(from..).unwrap_or_default();
            let length = after
                .iter()
                .position(|time| *time < period.0 || *time >= period.1)
                .unwrap_or(after.len());
            self.split(period.0, from..from + length, &dimensions);
            from += length.max(1);
        }
        Ok(())
    }

    /// Returns the runs of the rows assigned last.
    pub(super) fn runs(&self) -> &[Run] {
        &self.runs
    }

    /// Cuts rows of one period into runs of one group.
    fn split(&mut self, start: i64, rows: Range<usize>, dimensions: &[Dimension<'_>]) {
        if dimensions.is_empty() {
            let group = self.number(start, xxh3_128(&[]), rows.start, dimensions);
            self.runs.push(Run { group, rows });
            return;
        }
        let mut last: Option<u128> = None;
        for row in rows {
            self.encoded.clear();
            for dimension in dimensions {
                dimension.encode(row, &mut self.encoded);
            }
            let hash = xxh3_128(&self.encoded);
            if last == Some(hash)
                && let Some(run) = self.runs.last_mut()
            {
                run.rows.end = row + 1;
                continue;
            }
            let group = self.number(start, hash, row, dimensions);
            let rows = row..row + 1;
            self.runs.push(Run { group, rows });
            last = Some(hash);
        }
    }

    fn number(
        &mut self,
        start: i64,
        hash: u128,
        row: usize,
        dimensions: &[Dimension<'_>],
    ) -> usize {
        let next = self.rows.len();
        let number = *self.numbers.entry((start, hash)).or_insert(next);
        if number == next {
            self.rows.push(Row {
                start,
                key: hash.to_be_bytes(),
                dimensions: dimensions.iter().map(|d| d.datum(row)).collect(),
                measures: Vec::new(),
            });
        }
        number
    }
}

/// A dimension column of a batch.
#[derive(Clone, Copy, Debug)]
enum Dimension<'a> {
    Int64(&'a Int64Array),
    Double(&'a Float64Array),
    Decimal(&'a Decimal128Array),
    Text(&'a StringArray),
    Bool(&'a BooleanArray),
    Timestamp(&'a TimestampMicrosecondArray),
    Date(&'a Date32Array),
}

impl<'a> Dimension<'a> {
    fn of(rows: &'a RecordBatch, index: usize) -> Result<Self, AggregateError> {
        let column = rows.columns().get(index).map(|column| column.as_any());
        let found = column.and_then(|column| {
            let int64 = column.downcast_ref().map(Self::Int64);
            int64
                .or_else(|| column.downcast_ref().map(Self::Text))
                .or_else(|| column.downcast_ref().map(Self::Decimal))
                .or_else(|| column.downcast_ref().map(Self::Double))
                .or_else(|| column.downcast_ref().map(Self::Bool))
                .or_else(|| column.downcast_ref().map(Self::Timestamp))
                .or_else(|| column.downcast_ref().map(Self::Date))
        });
        found.ok_or_else(|| AggregateError::Column {
            column: rows
                .schema()
                .fields()
                .get(index)
                .map_or_else(|| format!("number {index}"), |field| field.name().clone()),
        })
    }

    fn datum(&self, row: usize) -> Datum {
        match self {
            Self::Int64(array) if array.is_valid(row) => Datum::Int64(array.value(row)),
            Self::Double(array) if array.is_valid(row) => Datum::Double(plain(array.value(row))),
            Self::Decimal(array) if array.is_valid(row) => Datum::Decimal(array.value(row)),
            Self::Text(array) if array.is_valid(row) => Datum::Text(array.value(row).to_owned()),
            Self::Bool(array) if array.is_valid(row) => Datum::Bool(array.value(row)),
            Self::Timestamp(array) if array.is_valid(row) => Datum::Timestamp(array.value(row)),
            Self::Date(array) if array.is_valid(row) => Datum::Date(array.value(row)),
            _ => Datum::Null,
        }
    }

    /// Appends the value such that different rows differ. The bytes are hashed into a key that is kept in the
    /// warehouse: they must never change for a value.
    fn encode(&self, row: usize, bytes: &mut Vec<u8>) {
        let mut put = |tag: u8, value: &[u8]| {
            bytes.push(tag);
            bytes.extend_from_slice(value);
        };
        match self {
            Self::Int64(array) if array.is_valid(row) => put(1, &array.value(row).to_le_bytes()),
            Self::Double(array) if array.is_valid(row) => {
                put(2, &plain(array.value(row)).to_bits().to_le_bytes());
            }
            Self::Decimal(array) if array.is_valid(row) => put(3, &array.value(row).to_le_bytes()),
            Self::Text(array) if array.is_valid(row) => {
                let text = array.value(row);
                put(4, &(text.len() as u64).to_le_bytes());
                bytes.extend_from_slice(text.as_bytes());
            }
            Self::Bool(array) if array.is_valid(row) => put(5, &[u8::from(array.value(row))]),
            Self::Timestamp(array) if array.is_valid(row) => {
                put(6, &array.value(row).to_le_bytes());
            }
            Self::Date(array) if array.is_valid(row) => put(7, &array.value(row).to_le_bytes()),
            _ => put(0, &[]),
        }
    }
}

/// Makes one zero of the two that floating-point numbers have.
pub(super) fn plain(number: f64) -> f64 {
    number + 0.0
}

/// Passes on what is a hash already, mixed with the period.
#[derive(Debug, Default)]
struct HashHasher(u64);

impl Hasher for HashHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[expect(
        clippy::cast_sign_loss,
        reason = "only the bits of the period's start matter"
    )]
    fn write_i64(&mut self, start: i64) {
        // Starts are multiples of large numbers, so they are spread over all bits first.
        self.0 ^= (start as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(29);
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "half of a good hash is a good hash"
    )]
    fn write_u128(&mut self, hash: u128) {
        self.0 ^= hash as u64;
    }
}
