//! Lines to typed columns: a value is cast without loss, or its line is refused with a reason. Pure.
//!
//! - A string that holds exactly a JSON number, or `true` or `false`, counts as that value.
//! - Decimals with more digits than the scale round half away from zero; time below a microsecond is cut; a double's -0.0
//!   is 0.0. Nothing else changes.
//! - An optional column that cannot take its value is null, unless the dataset says otherwise; the value is rescued.
//! - What a mask hides is in no row, no rescued field and no refusal.
//! - A refused line leaves nothing behind.

mod column;
mod columns;
pub(super) mod hide;
pub(super) mod judge;
pub(super) mod keyed_rows;
pub mod reject;
mod rescue;
pub mod rows;

use arrow_schema::ArrowError;
use thiserror::Error;

use super::line::members::Members;
use super::line::unopened::Unopened;
use super::line::{At, Beside, LineParser, Outside, Texts};
use crate::dataset::{
    ColumnIndex, ColumnType, Dataset, MissingSalt, OnInvalid, Origin, UnknownFields,
};
use crate::event::EventTime;
use crate::expr::EvaluateError;
use crate::table::log::AMBIGUOUS_TIME;
use crate::value::path::FieldPath;
use crate::value::time::micros;
use column::{Certainty, ColumnCaster};
use columns::Builder;
use judge::computed::ComputedColumn;
use judge::filter::Filter;
use judge::{Verdicts, decides, judge};
use reject::Reject;
use rescue::{Nulled, rescue};
pub use rows::LineContext;
use rows::{Cast, Lineage, Parts};

/// Casts lines and gathers the rows.
#[derive(Debug)]
pub struct Caster {
    parser: LineParser,
    /// What is read beside the record, if anything is.
    beside: Option<Beside>,
    /// The members that are opened, and those of the record that comes next which could not be.
    members: Members,
    unopened: Unopened,
    columns: Vec<ColumnCaster>,
    computed: Vec<ComputedColumn>,
    /// Which records are kept, if not all are.
    filter: Option<Filter>,
    /// What is known so far of records whose fate is decided when all of them are cast; nothing where none is.
    so_far: Option<Verdicts>,
    /// What became null in the line that was read last.
    nulled: Vec<Nulled>,
    /// The columns whose clocks showed twice what the line that was read last says.
    ambiguous: Vec<usize>,
    /// Why masks cannot be made, if so: then nothing is returned.
    missing_salt: Option<MissingSalt>,
    rescued: Option<Builder>,
    lineage: Lineage,
    event_time: ColumnIndex,
    max_clock_skew: i64,
    scratch: Vec<u8>,
}

impl Caster {
    /// Makes a caster for a dataset's lines.
    #[must_use]
    pub fn new(dataset: &Dataset) -> Self {
        let rescue = dataset.unknown_fields == UnknownFields::Rescue;
        let of_record = dataset.columns.iter();
        let of_record = of_record.flat_map(|column| column.paths(Origin::Record));
        let from: Vec<&FieldPath> = of_record.collect();
        // Where records are the elements of an array, members stand beside them.
        let open = match dataset.payload.records {
            None => dataset.payload.open.as_slice(),
            Some(_) => &[],
        };
        let (members, at) = Members::of(open, dataset.payload.ignore_case, &from);
        let paths: Vec<&FieldPath> = from.into_iter().chain(&at).collect();
        let (mut parser, numbers) = LineParser::of(&paths, dataset.payload.ignore_case, rescue);
        let members = members.numbered(&numbers);
        if dataset.payload.is_opened() {
            parser = parser.of_opened();
        }
        let (beside, [properties, system]) = Beside::of(dataset);
        let mut numbers = [numbers, properties, system].map(Vec::into_iter);
        let mut outside = 0..;
        let filter = Filter::of(dataset);
        let computed = ComputedColumn::all(dataset);
        let so_far = decides(&computed, filter.as_ref()).then(Verdicts::default);
        let mut columns = Vec::with_capacity(dataset.columns.len());
        for (i, column) in dataset.columns.iter().enumerate() {
            if column.expr.is_some() {
                continue;
            }
            let [of_record, of_properties, of_system] = &mut numbers;
            let places = column.from.iter().filter_map(|place| {
                let number = match place.origin {
                    Origin::Record => of_record.next(),
                    Origin::Event => outside.next(),
                    Origin::Properties => of_properties.next(),
                    Origin::System => of_system.next(),
                };
                let origin = place.origin;
                number.map(|number| At { origin, number })
            });
            columns.push(ColumnCaster::of(dataset, i, column, places));
        }
        Self {
            parser,
            beside,
            members,
            unopened: Unopened::default(),
            columns,
            computed,
            filter,
            so_far,
            nulled: Vec::new(),
            ambiguous: Vec::new(),
            missing_salt: dataset.check_salt().err(),
            rescued: rescue.then(|| Builder::new(ColumnType::Json, true)),
            lineage: Lineage::default(),
            event_time: dataset.event_time,
            max_clock_skew: micros(dataset.max_clock_skew),
            scratch: Vec::new(),
        }
    }

    /// Makes room for so many more rows; more or fewer may come.
    pub(super) fn reserve(&mut self, rows: usize) {
        for column in &mut self.columns {
            column.reserve(rows);
        }
        self.lineage.reserve(rows);
    }

    /// Returns the number of rows gathered.
    #[must_use]
    pub fn len(&self) -> usize {
        self.lineage.len()
    }

    /// Returns whether no row has been gathered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Estimates the memory that the rows take.
    #[must_use]
    pub fn bytes(&self) -> usize {
        let columns = self.columns.iter().map(ColumnCaster::builder);
        let builders = columns.chain(&self.rescued).map(Builder::bytes);
        builders.sum::<usize>() + self.lineage.bytes()
    }

    /// Casts a line, which must be one JSON object, and appends it as a row.
    ///
    /// # Errors
    /// Fails if the line is not an object or a value does not fit its column; the rows are then as before.
    pub fn push(&mut self, line: &[u8], at: LineContext<'_>) -> Result<(), Reject> {
        self.begin_event();
        self.push_checked(line, false, &at, Outside::default())
    }

    /// Says that the records that follow are of another event.
    pub(super) fn begin_event(&mut self) {
        if let Some(beside) = &mut self.beside {
            beside.begin_event();
        }
    }

    /// As [`Self::push`], of the event that was begun last; `is_utf8` tells that the line is known to be UTF-8, and
    /// `outside` is what stands in the event beside it.
    pub(super) fn push_checked(
        &mut self,
        line: &[u8],
        is_utf8: bool,
        at: &LineContext<'_>,
        outside: Outside<'_>,
    ) -> Result<(), Reject> {
        self.nulled.clear();
        self.ambiguous.clear();
        self.parser.read(line, is_utf8).map_err(Reject::from)?;
        if !self.unopened.is_none() {
            self.members.mark(self.unopened, line, &mut self.parser);
        }
        if let Some(beside) = &mut self.beside {
            beside.read(at.came()).map_err(Reject::beside)?;
        }
        let latest = at.enqueued_time.as_event_time().0;
        let latest = EventTime(latest.saturating_add(self.max_clock_skew));
        let texts = Texts {
            parser: &self.parser,
            line,
            outside,
            beside: self.beside.as_ref(),
            properties: at.properties,
        };
        for (i, column) in self.columns.iter_mut().enumerate() {
            let found = column.find(&texts, &mut self.scratch);
            let text = texts.text(found.origin);
            let cause = match column.push(text, found.token, latest, &mut self.scratch) {
                Ok(Certainty::Certain) => continue,
                Ok(Certainty::Ambiguous) => {
                    self.ambiguous.push(column.place);
                    continue;
                }
                Err(cause) => cause.of(*found.token),
            };
            let reject = || column.reject(cause, found, &texts);
            if let Some(filter) = &mut self.filter {
                filter.note(self.lineage.len(), column.place, cause.reason(), reject);
            }
            match (column.on_invalid, &self.filter, &mut self.so_far) {
                // Of an optional column nothing is missing.
                (OnInvalid::Null, ..) => self.nulled.push(column.push_nulled(found, cause)),
                // What becomes of the record is decided when all of it is cast.
                (OnInvalid::Quarantine, Some(_), Some(so_far)) => {
                    so_far.reject(self.lineage.next(), reject);
                    column.push_null();
                }
                (OnInvalid::Quarantine, ..) => {
                    let reject = reject();
                    self.take_back(i);
                    return Err(reject);
                }
            }
        }

        if let Some(rescued) = &mut self.rescued {
            let columns = &self.columns;
            let name = |place: usize| {
                let column = columns.iter().find(|column| column.place == place);
                column.map_or("", |column| &column.name)
            };
            rescue(&texts, &self.nulled, name, rescued);
        }
        self.count_so_far();
        self.lineage.push(at);
        Ok(())
    }

    /// Takes in what became null in the line that is pushed, if it is still open what becomes of its record.
    fn count_so_far(&mut self) {
        let Some(so_far) = &mut self.so_far else {
            return;
        };
        let row = self.lineage.next();
        for null in &self.nulled {
            so_far.count(row, null.column, null.reason.as_str());
        }
        for column in &self.ambiguous {
            so_far.count(row, *column, AMBIGUOUS_TIME);
        }
    }

    /// Says which members of the record that is pushed next could not be opened.
    pub(super) fn set_unopened(&mut self, unopened: Unopened) {
        self.unopened = unopened;
    }

    /// Says which of the members that the dataset opens, by their places in its file, could not be opened for the record
    /// that is pushed next; for whoever opens events by means of their own.
    pub fn mark_unopened(&mut self, members: impl IntoIterator<Item = usize>) {
        self.unopened = Unopened::default();
        members
            .into_iter()
            .for_each(|member| self.unopened.add(member));
    }

    /// Returns what became null in the line that was pushed last, unless it is still open what becomes of its record.
    pub(super) fn nulled(&self) -> &[Nulled] {
        match self.so_far {
            None => &self.nulled,
            Some(_) => &[],
        }
    }

    /// Likewise, the columns whose clocks showed twice what the line says: they hold the first time.
    pub(super) fn ambiguous(&self) -> &[usize] {
        match self.so_far {
            None => &self.ambiguous,
            Some(_) => &[],
        }
    }

    /// Takes the row back from the columns before the one that failed.
    #[cold]
    fn take_back(&mut self, failed: usize) {
        let rows = self.len();
        for column in self.columns.iter_mut().take(failed) {
            column.truncate(rows);
        }
    }

    /// Computes the columns that are computed, and returns the rows of the records that are kept.
    ///
    /// # Errors
    /// Fails if a string column is larger than 2 GiB, which a caller prevents by watching [`Self::bytes`], or if the dataset
    /// lacks the salt of its masks.
    pub fn finish(self) -> Result<Cast, FinishError> {
        if let Some(missing) = self.missing_salt {
            return Err(missing.into());
        }
        let rows = self.lineage.len();
        let columns = self.columns.into_iter().map(ColumnCaster::finish);
        let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
        let so_far = self.so_far.unwrap_or_default();
        let verdicts = judge(&self.computed, self.filter, so_far, &mut columns, rows)?;
        let cast = Cast::new(Parts {
            columns,
            rescued: self.rescued.map(Builder::finish).transpose()?,
            event_time: self.event_time,
            lineage: self.lineage,
        })?;
        Ok(cast.judged(verdicts)?)
    }
}

/// Why lines that were cast make no rows.
#[derive(Debug, Error)]
pub enum FinishError {
    /// They do not fit into arrays.
    #[error(transparent)]
    Arrays(#[from] ArrowError),
    /// Columns cannot be computed.
    #[error(transparent)]
    Compute(#[from] EvaluateError),
    /// There is no salt for their masks.
    #[error(transparent)]
    Salt(#[from] MissingSalt),
}

#[cfg(test)]
mod tests;
