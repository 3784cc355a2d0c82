//! Rows that have been cast, and record batches of some of them; pure.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{
    ArrayRef, BooleanArray, DictionaryArray, Int32Array, Int64Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, UInt32Array,
};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::filter::filter;
use arrow_select::take::take;

use super::computed::Verdicts;
use crate::dataset::ColumnIndex;
use crate::event::UnixMillis;

/// Where a line came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineContext {
    /// Its bronze object, as a number that the caller gives.
    pub source: u32,
    /// The event's sequence number, if it is known.
    pub sequence_number: Option<i64>,
    /// When the hub took the event.
    pub enqueued_time: UnixMillis,
}

/// Rows in the order in which their lines were pushed: a row's number is its index in every field.
#[derive(Debug)]
pub struct Cast {
    /// The dataset's columns, in the file's order.
    pub columns: Vec<ArrayRef>,
    /// The unknown fields, if the dataset rescues them.
    pub rescued: Option<ArrayRef>,
    /// What became of rows when they were.
    verdicts: Verdicts,
    lineage: Lineage,
    event_times: ScalarBuffer<i64>,
}

/// Where rows came from and when, in sixteen bytes a row.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    origins: Vec<Origin>,
    /// When the hub took the event of each row, in microseconds since 1970.
    enqueued_times: Vec<i64>,
    /// The origin of each row, and how far it is from the first sequence number there.
    rows: Vec<(u32, u32)>,
}

/// What rows from one source have in common.
#[derive(Clone, Copy, Debug)]
struct Origin {
    source: u32,
    first_sequence: Option<i64>,
}

impl Origin {
    fn of(line: LineContext) -> Self {
        Self {
            source: line.source,
            first_sequence: line.sequence_number,
        }
    }

    /// Returns how far a line is from the first one, if it is from here.
    #[inline]
    fn distance_to(&self, line: &Self) -> Option<u32> {
        if self.source != line.source {
            return None;
        }
        match (self.first_sequence, line.first_sequence) {
            (None, None) => Some(0),
            (Some(first), Some(number)) => u32::try_from(number.checked_sub(first)?).ok(),
            _ => None,
        }
    }
}

impl Lineage {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.len() * size_of::<(u32, u32)>() + self.enqueued_times.len() * size_of::<i64>()
    }

    /// Appends a row.
    #[inline]
    pub(super) fn push(&mut self, line: LineContext) {
        let enqueued_time = line.enqueued_time.as_event_time().0;
        self.enqueued_times.push(enqueued_time);
        let line = Origin::of(line);
        let distance = self.origins.last().and_then(|last| last.distance_to(&line));
        let distance = distance.unwrap_or_else(|| {
            self.origins.push(line);
            0
        });
        // There is no more than one origin a row, and rows are counted in 32 bits.
        let origin = u32::try_from(self.origins.len() - 1).unwrap_or(u32::MAX);
        self.rows.push((origin, distance));
    }

    fn origin(&self, number: u32) -> Option<&Origin> {
        self.origins.get(number as usize)
    }
}

/// What a [`Cast`] is made of.
pub(super) struct Parts {
    pub(super) columns: Vec<ArrayRef>,
    pub(super) rescued: Option<ArrayRef>,
    pub(super) event_time: ColumnIndex,
    pub(super) lineage: Lineage,
}

impl Cast {
    /// Puts rows together.
    ///
    /// # Errors
    /// Fails if the column of the event time holds none.
    pub(super) fn new(parts: Parts) -> Result<Self, ArrowError> {
        let times = parts.columns.get(parts.event_time.position());
        let times = times.and_then(|column| column.as_primitive_opt::<TimestampMicrosecondType>());
        let times = times.ok_or_else(|| {
            ArrowError::SchemaError("the event time is not a column of timestamps".to_owned())
        })?;
        Ok(Self {
            event_times: times.values().clone(),
            columns: parts.columns,
            verdicts: Verdicts::default(),
            rescued: parts.rescued,
            lineage: parts.lineage,
        })
    }

    /// Takes the rows away that are refused.
    pub(super) fn judged(mut self, mut verdicts: Verdicts) -> Result<Self, ArrowError> {
        verdicts.locate(self.sources());
        if !verdicts.is_empty() {
            let is_kept = verdicts.is_kept(self.len());
            let mut marks = is_kept.iter();
            // There is a mark for each row.
            self.lineage
                .rows
                .retain(|_| marks.next().copied().unwrap_or(true));
            let is_kept = BooleanArray::from(is_kept);
            for column in self.columns.iter_mut().chain(&mut self.rescued) {
                *column = filter(column, &is_kept)?;
            }
            let times = TimestampMicrosecondArray::new(self.event_times, None);
            let times = filter(&times, &is_kept)?;
            let times = times.as_primitive::<TimestampMicrosecondType>();
            self.event_times = times.values().clone();
        }
        self.verdicts = verdicts;
        Ok(self)
    }

    /// Returns what became of rows when their columns were computed.
    pub(in crate::silver) fn verdicts(&self) -> &Verdicts {
        &self.verdicts
    }

    /// Returns the number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lineage.len()
    }

    /// Returns whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the source of each row, as the caller numbered it.
    pub(in crate::silver) fn sources(&self) -> impl ExactSizeIterator<Item = u32> {
        let origins = &self.lineage.origins;
        let rows = self.lineage.rows.iter();
        // An origin is pushed before the first row that has it.
        rows.map(|(origin, _)| origins.get(*origin as usize).map_or(u32::MAX, |o| o.source))
    }

    /// Returns the event time of each row, in microseconds since 1970.
    #[must_use]
    pub fn event_times(&self) -> &[i64] {
        &self.event_times
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
        // Checks the numbers before `take`, which panics.
        let source = self.lineage.source_column(sources, rows)?;
        let picked = UInt32Array::from(rows.to_vec());
        let mut columns = Vec::with_capacity(schema.fields().len());
        for column in &self.columns {
            columns.push(take(column, &picked, None)?);
        }
        columns.push(source);
        columns.push(self.lineage.sequence_column(rows));
        columns.push(self.lineage.enqueued_time_column(rows));
        if let Some(rescued) = &self.rescued {
            columns.push(take(rescued, &picked, None)?);
        }
        RecordBatch::try_new(Arc::clone(schema), columns)
    }
}

impl Lineage {
    /// Returns where a row came from, and how far it is from the first sequence number there.
    #[inline]
    fn of(&self, row: u32) -> Option<(&Origin, u32)> {
        let (origin, distance) = self.rows.get(row as usize)?;
        Some((self.origin(*origin)?, *distance))
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
        for row in rows {
            let (origin, _) = self.of(*row).ok_or_else(|| missing("row", *row))?;
            let source = origin.source as usize;
            let (Some(entry), Some(name)) = (entries.get_mut(source), names.get(source)) else {
                return Err(missing("source", origin.source));
            };
            let key = match *entry {
                Some(key) => key,
                None => {
                    let key = i32::try_from(used.len());
                    let key = key.map_err(|_| missing("source", origin.source))?;
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

    fn sequence_column(&self, rows: &[u32]) -> ArrayRef {
        let number = |row: &u32| {
            let (origin, distance) = self.of(*row)?;
            Some(origin.first_sequence? + i64::from(distance))
        };
        let is_known = self.origins.iter().all(|o| o.first_sequence.is_some());
        Arc::new(match is_known {
            true => Int64Array::from_iter_values(rows.iter().filter_map(number)),
            false => rows.iter().map(number).collect(),
        })
    }

    fn enqueued_time_column(&self, rows: &[u32]) -> ArrayRef {
        let time = |row: &u32| self.enqueued_times.get(*row as usize).copied();
        let array = TimestampMicrosecondArray::from_iter_values(rows.iter().filter_map(time));
        Arc::new(array.with_timezone("UTC"))
    }
}

fn missing(what: &str, number: u32) -> ArrowError {
    ArrowError::InvalidArgumentError(format!("no {what} has the number {number}"))
}
