//! Rows that have been cast, and record batches of some of them; pure.

use std::sync::Arc;

use arrow_array::cast::AsArray;
use arrow_array::types::{Int32Type, TimestampMicrosecondType};
use arrow_array::{
    Array, ArrayRef, BooleanArray, DictionaryArray, Int32Array, Int64Array, RecordBatch,
    StringArray, TimestampMicrosecondArray, UInt32Array,
};
use arrow_buffer::{NullBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, SchemaRef};
use arrow_select::filter::filter;
use arrow_select::take::take;

use super::judge::{Judged, Place, Verdicts};
use crate::dataset::ColumnIndex;
use crate::event::{EventTime, PartitionId, UnixMillis};
use crate::silver::line::Came;
use crate::table::log::Times;
use crate::table::schema::LINE;

/// Where a record came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineContext<'a> {
    /// Its bronze object, as a number that the caller gives.
    pub source: u32,
    /// The hub partition of that object, if it is known.
    pub partition: Option<&'a PartitionId>,
    /// The line of its event in that object, from 0.
    pub line: u32,
    /// Its number among the records of that event, from 0.
    pub record: u32,
    /// The event's sequence number, if it is known.
    pub sequence_number: Option<i64>,
    /// When the hub took the event.
    pub enqueued_time: UnixMillis,
    /// The JSON object of what the hub said of the event; nothing where it said nothing.
    pub system: &'a [u8],
    /// The JSON object of what its producer said of it; nothing where it said nothing.
    pub properties: &'a [u8],
}

impl<'a> LineContext<'a> {
    /// Returns what is known of the event beside its body.
    pub(super) fn came(&self) -> Came<'a> {
        Came {
            system: self.system,
            properties: self.properties,
            partition: self.partition,
            sequence_number: self.sequence_number,
            enqueued_time: self.enqueued_time,
        }
    }
}

/// Rows in the order in which their records were pushed: a row's number is its index in every field.
#[derive(Debug)]
pub struct Cast {
    /// The dataset's columns, in the file's order.
    pub columns: Vec<ArrayRef>,
    /// The unknown fields, if the dataset rescues them.
    pub rescued: Option<ArrayRef>,
    /// What became of records when they were.
    judged: Judged,
    lineage: Lineage,
    event_times: ScalarBuffer<i64>,
    /// Which records say when they happened, if not all do: those that do not are no rows.
    is_timed: Option<NullBuffer>,
}

/// Where rows came from and when, in sixteen bytes a row as long as events have one record each.
#[derive(Debug, Default)]
pub(super) struct Lineage {
    origins: Vec<Origin>,
    /// When the hub took the event of each row, in microseconds since 1970.
    enqueued_times: Vec<i64>,
    /// The origin of each row, and how many lines it is from the first one there.
    rows: Vec<(u32, u32)>,
    /// The number of each row's record in its event; nothing as long as it is 0 for all.
    records: Vec<u32>,
}

/// What rows from one source have in common.
#[derive(Clone, Copy, Debug)]
struct Origin {
    source: u32,
    first_line: u32,
    first_sequence: Option<i64>,
}

impl Origin {
    fn of(record: &LineContext<'_>) -> Self {
        Self {
            source: record.source,
            first_line: record.line,
            first_sequence: record.sequence_number,
        }
    }

    /// Returns how many lines a record is from the first one, if it is from here.
    #[inline]
    fn distance_to(&self, record: &Self) -> Option<u32> {
        if self.source != record.source {
            return None;
        }
        let distance = record.first_line.checked_sub(self.first_line)?;
        let is_from_here = match (self.first_sequence, record.first_sequence) {
            (None, None) => true,
            (Some(first), Some(number)) => number.checked_sub(first) == Some(i64::from(distance)),
            _ => false,
        };
        is_from_here.then_some(distance)
    }
}

impl Lineage {
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// Returns the number of the row that is pushed next.
    pub(super) fn next(&self) -> u32 {
        // Rows are counted in 32 bits, and nothing is kept of a row beyond.
        u32::try_from(self.len()).unwrap_or(u32::MAX)
    }

    pub(super) fn reserve(&mut self, rows: usize) {
        self.rows.reserve(rows);
        self.enqueued_times.reserve(rows);
    }

    pub(super) fn bytes(&self) -> usize {
        self.rows.len() * size_of::<(u32, u32)>()
            + self.records.len() * size_of::<u32>()
            + self.enqueued_times.len() * size_of::<i64>()
    }

    /// Appends a row.
    #[inline]
    pub(super) fn push(&mut self, at: &LineContext<'_>) {
        let enqueued_time = at.enqueued_time.as_event_time().0;
        self.enqueued_times.push(enqueued_time);
        if at.record > 0 || !self.records.is_empty() {
            self.records.resize(self.rows.len(), 0);
            self.records.push(at.record);
        }
        let origin = Origin::of(at);
        let distance = self
            .origins
            .last()
            .and_then(|last| last.distance_to(&origin));
        let distance = distance.unwrap_or_else(|| {
            self.origins.push(origin);
            0
        });
        // There is no more than one origin a row, and rows are counted in 32 bits.
        let origin = u32::try_from(self.origins.len() - 1).unwrap_or(u32::MAX);
        self.rows.push((origin, distance));
    }

    fn origin(&self, number: u32) -> Option<&Origin> {
        self.origins.get(number as usize)
    }

    /// Returns where a row came from.
    fn place(&self, row: u32) -> Option<Place> {
        let (origin, distance) = self.of(row)?;
        Some(Place {
            source: origin.source,
            line: origin.first_line + distance,
            record: self.records.get(row as usize).copied().unwrap_or(0),
        })
    }

    /// Keeps the rows with a mark.
    fn retain(&mut self, is_kept: &[bool]) {
        retain(&mut self.rows, is_kept);
        retain(&mut self.records, is_kept);
        retain(&mut self.enqueued_times, is_kept);
    }
}

/// Keeps the values with a mark; there is one for each.
fn retain<T>(values: &mut Vec<T>, is_kept: &[bool]) {
    let mut marks = is_kept.iter();
    values.retain(|_| marks.next().copied().unwrap_or(true));
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
            is_timed: times.nulls().cloned(),
            columns: parts.columns,
            judged: Judged::default(),
            rescued: parts.rescued,
            lineage: parts.lineage,
        })
    }

    /// Takes the rows away that are refused.
    pub(super) fn judged(mut self, verdicts: Verdicts) -> Result<Self, ArrowError> {
        let is_kept = verdicts.is_kept(self.len());
        let places = |row| self.lineage.place(row);
        self.judged = verdicts.located(places, |row| self.highest_times(std::iter::once(row)));
        if let Some(is_kept) = is_kept {
            self.lineage.retain(&is_kept);
            let is_kept = BooleanArray::from(is_kept);
            for column in self.columns.iter_mut().chain(&mut self.rescued) {
                *column = filter(column, &is_kept)?;
            }
            let times = TimestampMicrosecondArray::new(self.event_times, None);
            let times = filter(&times, &is_kept)?;
            let times = times.as_primitive::<TimestampMicrosecondType>();
            self.event_times = times.values().clone();
            self.is_timed = None;
        }
        Ok(self)
    }

    /// Returns the highest times of rows, if one of them says when it happened.
    pub(in crate::silver) fn highest_times(
        &self,
        rows: impl Iterator<Item = u32>,
    ) -> Option<Times> {
        let times = rows.filter_map(|row| {
            let row = row as usize;
            let is_known = self
                .is_timed
                .as_ref()
                .is_none_or(|known| row < known.len() && known.is_valid(row));
            let event_time = self.event_times.get(row).filter(|_| is_known)?;
            Some((*event_time, *self.lineage.enqueued_times.get(row)?))
        });
        let highest = times.reduce(|own, other| (own.0.max(other.0), own.1.max(other.1)));
        highest.map(|(event_time, enqueued_time)| Times {
            event_time: EventTime(event_time),
            enqueued_time: UnixMillis(enqueued_time.div_euclid(1_000)),
        })
    }

    /// Returns how many records the dataset's condition left out.
    #[must_use]
    pub fn filtered(&self) -> u64 {
        let sources = self.judged.filtered.values();
        sources.map(|filtered| filtered.records).sum()
    }

    /// Returns what became of records after they were cast.
    pub(in crate::silver) fn verdicts(&self) -> &Judged {
        &self.judged
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

    /// Returns where the record of each row stands.
    pub(in crate::silver) fn places(&self) -> impl Iterator<Item = Option<Place>> {
        (0..).take(self.len()).map(|row| self.lineage.place(row))
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
        if schema.field_with_name(LINE).is_ok() {
            columns.push(self.lineage.place_column(rows, |place| place.line)?);
            columns.push(self.lineage.place_column(rows, |place| place.record)?);
        }
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

    /// Builds a column of where in their sources these rows stand.
    fn place_column(
        &self,
        rows: &[u32],
        number: impl Fn(Place) -> u32,
    ) -> Result<ArrayRef, ArrowError> {
        let numbers = rows.iter().map(|row| {
            let place = self.place(*row).ok_or_else(|| missing("row", *row))?;
            let number = number(place);
            // A source has fewer lines than bytes, and far less than 2 GiB.
            i32::try_from(number).map_err(|_| missing("line", number))
        });
        let numbers = numbers.collect::<Result<Vec<i32>, _>>()?;
        Ok(Arc::new(Int32Array::from(numbers)))
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
