//! Hashes of typed values: of a row's deduplication key, and of a gold row's dimensions. Pure.
//!
//! Two rows have one hash exactly if their values are equal (up to the chance of a collision in 128 bits). Hashes are kept in
//! SQL tables, so that the encoding is fixed for ever: XXH3-128 with seed 0 of the values' encodings, one after the other.
//!
//! | value | bytes |
//! |---|---|
//! | null of any type | `00` |
//! | int64 | `01`, 8 bytes |
//! | double | `02`, 8 bytes of its bits; -0 counts as 0, every NaN as one |
//! | decimal | `03`, 16 bytes of its value times ten to its scale |
//! | string, json | `04`, 8 bytes of its length, its UTF-8 bytes |
//! | bool | `05`, 1 byte: 0 or 1 |
//! | timestamp | `06`, 8 bytes of microseconds since 1970 |
//! | date | `07`, 4 bytes of days since 1970 |
//!
//! Numbers are little-endian and, but for the length, in two's complement. How an array holds its values (a string view or a
//! dictionary, for example) makes no difference.

pub mod sketch;

use std::hash::Hasher;
use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array,
    StringArray, TimestampMicrosecondArray,
};
use arrow_buffer::NullBuffer;
use arrow_cast::cast;
use arrow_schema::{ArrowError, DataType, TimeUnit};
use xxhash_rust::xxh3::xxh3_128;

/// Why values cannot be hashed.
#[derive(Debug, thiserror::Error)]
pub enum HashError {
    /// The values have a type that no column of silver has.
    #[error("hash a column of type {data_type}, which no column of silver has")]
    Type {
        /// The type.
        data_type: DataType,
    },
    /// There is no such column.
    #[error("hash column {index}, which does not exist")]
    Column {
        /// The index that was asked for.
        index: usize,
    },
    /// The columns differ in length.
    #[error("hash columns of {expected} and of {found} rows")]
    Length {
        /// Rows of the first column.
        expected: usize,
        /// Rows of another.
        found: usize,
    },
    /// The values could not be read as plain strings.
    #[error("unpack a column of type {data_type}")]
    Unpack {
        /// The type.
        data_type: DataType,
        /// Why.
        source: ArrowError,
    },
}

/// Writes bytes, such as those of a hash, in hexadecimal digits.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// How many rows are encoded before the first of them is hashed: a hash that reads what was written just before it, in
/// other pieces, waits until that has left the processor's store buffer.
const BLOCK: usize = 64;

/// Hashes rows of some columns.
#[derive(Debug)]
pub struct RowHasher {
    columns: Vec<Column>,
    rows: usize,
    buffer: Vec<u8>,
}

/// A column's values, and which of them are null, if any is.
#[derive(Debug)]
struct Column {
    nulls: Option<NullBuffer>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Int64(Int64Array),
    Double(Float64Array),
    Decimal(Decimal128Array),
    Text(StringArray),
    Bool(BooleanArray),
    Timestamp(TimestampMicrosecondArray),
    Date(Date32Array),
}

/// Returns the hash of the key of each row of `columns`; `key` says which columns it has, in this order.
///
/// # Errors
/// Fails if there is no such column or its type is unsupported.
pub fn hash_keys(columns: &[ArrayRef], key: &[usize]) -> Result<Vec<u128>, HashError> {
    let pick = |index: &usize| {
        let column = columns.get(*index).map(Arc::clone);
        column.ok_or(HashError::Column { index: *index })
    };
    let key: Vec<ArrayRef> = key.iter().map(pick).collect::<Result<_, _>>()?;
    let rows = columns.first().map_or(0, |column| column.len());
    Ok(RowHasher::new(&key, rows)?.hash_all())
}

impl RowHasher {
    /// Makes a hasher of the rows of `columns`, which have `rows` rows each; no column at all is a row of no values.
    ///
    /// # Errors
    /// Fails if a column has another length, or an unsupported type.
    pub fn new(columns: &[ArrayRef], rows: usize) -> Result<Self, HashError> {
        if let Some(column) = columns.iter().find(|column| column.len() != rows) {
            let found = column.len();
            let expected = rows;
            return Err(HashError::Length { expected, found });
        }
        Ok(Self {
            columns: columns.iter().map(Column::of).collect::<Result<_, _>>()?,
            rows,
            buffer: Vec::new(),
        })
    }

    /// Returns the hash of a row, which must exist.
    pub fn hash(&mut self, row: usize) -> u128 {
        debug_assert!(row < self.rows, "row {row} of {}", self.rows);
        self.buffer.clear();
        for column in &self.columns {
            column.encode(row, &mut self.buffer);
        }
        xxh3_128(&self.buffer)
    }

    /// Returns the hashes of all rows.
    pub fn hash_all(&mut self) -> Vec<u128> {
        let mut hashes = Vec::with_capacity(self.rows);
        let mut lengths = Vec::with_capacity(BLOCK);
        for start in (0..self.rows).step_by(BLOCK) {
            self.buffer.clear();
            lengths.clear();
            for row in start..self.rows.min(start + BLOCK) {
                let before = self.buffer.len();
                for column in &self.columns {
                    column.encode(row, &mut self.buffer);
                }
                lengths.push(self.buffer.len() - before);
            }
            let mut rest = self.buffer.as_slice();
            for length in &lengths {
                let (row, after) = rest.split_at(*length);
                hashes.push(xxh3_128(row));
                rest = after;
            }
        }
        hashes
    }
}

impl Column {
    fn of(array: &ArrayRef) -> Result<Self, HashError> {
        Ok(Self {
            nulls: array.logical_nulls().filter(|nulls| nulls.null_count() > 0),
            values: Values::of(array)?,
        })
    }

    #[inline]
    fn encode(&self, row: usize, out: &mut Vec<u8>) {
        match &self.nulls {
            Some(nulls) if nulls.is_null(row) => out.push(0),
            _ => self.values.encode(row, out),
        }
    }
}

impl Values {
    fn of(array: &ArrayRef) -> Result<Self, HashError> {
        let data_type = array.data_type().clone();
        Ok(match &data_type {
            DataType::Int64 => Self::Int64(array.as_primitive::<Int64Type>().clone()),
            DataType::Float64 => Self::Double(array.as_primitive::<Float64Type>().clone()),
            DataType::Decimal128(..) => {
                Self::Decimal(array.as_primitive::<Decimal128Type>().clone())
            }
            DataType::Utf8 => Self::Text(array.as_string::<i32>().clone()),
            DataType::Utf8View | DataType::LargeUtf8 | DataType::Dictionary(..) => {
                let unpacked = cast(array, &DataType::Utf8);
                let unpacked =
                    unpacked.map_err(|source| HashError::Unpack { data_type, source })?;
                Self::Text(unpacked.as_string::<i32>().clone())
            }
            DataType::Boolean => Self::Bool(array.as_boolean().clone()),
            DataType::Timestamp(TimeUnit::Microsecond, _) => {
                Self::Timestamp(array.as_primitive::<TimestampMicrosecondType>().clone())
            }
            DataType::Date32 => Self::Date(array.as_primitive::<Date32Type>().clone()),
            _ => return Err(HashError::Type { data_type }),
        })
    }

    #[inline]
    fn encode(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Int64(array) => put8(out, 1, array.value(row).to_le_bytes()),
            Self::Double(array) => put8(out, 2, canonical_bits(array.value(row)).to_le_bytes()),
            Self::Decimal(array) => {
                out.push(3);
                out.extend_from_slice(&array.value(row).to_le_bytes());
            }
            Self::Text(array) => {
                let text = array.value(row).as_bytes();
                put8(out, 4, (text.len() as u64).to_le_bytes());
                out.extend_from_slice(text);
            }
            Self::Bool(array) => out.extend_from_slice(&[5, u8::from(array.value(row))]),
            Self::Timestamp(array) => put8(out, 6, array.value(row).to_le_bytes()),
            Self::Date(array) => {
                let [a, b, c, d] = array.value(row).to_le_bytes();
                out.extend_from_slice(&[7, a, b, c, d]);
            }
        }
    }
}

/// Appends a tag and eight bytes, at once.
#[inline]
fn put8(out: &mut Vec<u8>, tag: u8, bytes: [u8; 8]) {
    let [a, b, c, d, e, f, g, h] = bytes;
    out.extend_from_slice(&[tag, a, b, c, d, e, f, g, h]);
}

fn canonical_bits(value: f64) -> u64 {
    if value.is_nan() {
        return f64::NAN.to_bits();
    }
    if value == 0.0 {
        return 0;
    }
    value.to_bits()
}

/// Passes on what is a hash already, mixed with the start of a period where there is one.
#[derive(Debug, Default)]
pub struct HashHasher(u64);

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

#[cfg(test)]
mod tests;
