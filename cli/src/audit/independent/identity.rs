//! What a row of silver is known by: its key, in which the event time may count by its bucket, or where every record is a
//! row, the place that it came from.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef, RecordBatch};
use arrow_cast::cast;
use arrow_schema::DataType;
use chrono::{DateTime, Datelike, NaiveDate, NaiveTime, Timelike};
use sluice::dataset::Dataset;
use sluice::error::Invariant;
use sluice::table::log::DataFile;
use sluice::table::schema::{LINE, RECORD, SOURCE};
use sluice::value::Period;
use sluice::warehouse::schema::ValueType;

use super::cells::{Cell, Column};
use super::file::FileError;

/// The columns that tell rows apart.
pub(crate) struct Identity(Vec<Part>);

struct Part {
    name: String,
    kind: ValueType,
    /// What a time counts by, unless it counts as it is.
    bucket: Option<Period>,
}

/// The values of a batch that tell its rows apart.
pub(crate) struct Identities<'i> {
    parts: &'i [Part],
    arrays: Vec<ArrayRef>,
}

impl Identity {
    /// Finds the columns.
    pub(crate) fn of(dataset: &Dataset) -> Result<Self, Invariant> {
        let Some(key) = &dataset.key else {
            let place = [
                (SOURCE, ValueType::Text),
                (LINE, ValueType::Int64),
                (RECORD, ValueType::Int64),
            ];
            let parts = place.map(|(name, kind)| Part {
                name: name.to_owned(),
                kind,
                bucket: None,
            });
            return Ok(Self(parts.into()));
        };
        let parts = key.columns.iter().map(|index| {
            let column = dataset.column(*index)?;
            Ok(Part {
                name: column.name.clone(),
                kind: column.kind.into(),
                bucket: key.bucket.filter(|_| *index == dataset.event_time),
            })
        });
        parts.collect::<Result<_, _>>().map(Self)
    }

    /// Returns the names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|part| part.name.as_str())
    }

    /// Takes the columns of a batch, which all have values.
    pub(crate) fn read<'i>(
        &'i self,
        batch: &RecordBatch,
        file: &DataFile,
    ) -> Result<Identities<'i>, FileError> {
        let arrays = self.0.iter().map(|part| {
            let array = batch.column_by_name(&part.name).and_then(plain);
            let array = array.filter(|array| array.null_count() == 0);
            let array = array.filter(|array| Column::of(Some(array), part.kind).is_some());
            array.ok_or_else(|| {
                FileError::Broken(format!(
                    "{} has no usable key column {}",
                    file.path, part.name
                ))
            })
        });
        Ok(Identities {
            arrays: arrays.collect::<Result<_, _>>()?,
            parts: &self.0,
        })
    }
}

impl Identities<'_> {
    /// Appends what a row is known by, such that the encodings of different rows differ.
    pub(crate) fn encode(&self, row: usize, bytes: &mut Vec<u8>) {
        for (_, cell) in self.cells(row) {
            cell.encode(bytes);
        }
    }

    /// Writes what a row is known by for people.
    pub(crate) fn show(&self, row: usize) -> String {
        let cells = self.cells(row).map(|(part, cell)| {
            let scale = match part.kind {
                ValueType::Decimal { scale, .. } => scale,
                _ => 0,
            };
            let value = cell.show(scale);
            match part.bucket {
                Some(bucket) => format!("{}({}) = {value}", bucket.as_str(), part.name),
                None => format!("{} = {value}", part.name),
            }
        });
        cells.collect::<Vec<_>>().join(", ")
    }

    fn cells(&self, row: usize) -> impl Iterator<Item = (&Part, Cell<'_>)> {
        self.parts
            .iter()
            .zip(&self.arrays)
            .map(move |(part, array)| {
                // That it is of this type was seen when it was read.
                let column = Column::of(Some(array), part.kind).unwrap_or(Column::Absent);
                let cell = match (column.cell(row), part.bucket) {
                    (Cell::Timestamp(micros), Some(bucket)) => {
                        Cell::Timestamp(start(micros, bucket))
                    }
                    (cell, _) => cell,
                };
                (part, cell)
            })
    }
}

/// Unpacks a dictionary and widens a small integer.
fn plain(array: &ArrayRef) -> Option<ArrayRef> {
    match array.data_type() {
        DataType::Dictionary(..) => cast(array, &DataType::Utf8).ok(),
        DataType::Int32 => cast(array, &DataType::Int64).ok(),
        _ => Some(Arc::clone(array)),
    }
}

/// Returns the start of the bucket that a time lies in, by the calendar; a time that no calendar has is its own.
fn start(micros: i64, bucket: Period) -> i64 {
    let start = DateTime::from_timestamp_micros(micros).and_then(|time| {
        let day = match bucket {
            Period::Hour | Period::Day => time.date_naive(),
            Period::Month => NaiveDate::from_ymd_opt(time.year(), time.month(), 1)?,
        };
        let hour = match bucket {
            Period::Hour => time.hour(),
            Period::Day | Period::Month => 0,
        };
        Some(day.and_time(NaiveTime::from_hms_opt(hour, 0, 0)?).and_utc())
    });
    start.map_or(micros, |start| start.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_those_of_silver() {
        for micros in [-1, 0, 1, 1_763_118_000_000_001, -2_208_988_800_000_000] {
            for bucket in [Period::Hour, Period::Day, Period::Month] {
                let expected = bucket.start(sluice::event::EventTime(micros)).0;
                assert_eq!(start(micros, bucket), expected, "{micros} {bucket:?}");
            }
        }
    }
}
