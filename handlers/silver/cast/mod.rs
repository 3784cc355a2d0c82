//! Lines to typed columns: a value is cast without loss, or its line is refused with a reason. Pure.
//!
//! - A string that holds exactly a JSON number, or `true` or `false`, counts as that value.
//! - Decimals with more digits than the scale round half away from zero; time below a microsecond is cut; a double's -0.0
//!   is 0.0. Nothing else changes.
//! - An optional column that cannot take its value is null, unless the dataset says otherwise; the value is rescued.
//! - A refused line leaves nothing behind.

mod columns;
pub(super) mod judge;
pub(super) mod keyed_rows;
pub mod reject;
mod rescue;
pub mod rows;

use arrow_schema::ArrowError;
use thiserror::Error;

use super::line::{Beside, LineParser};
use crate::dataset::{
    Bound, ColumnIndex, ColumnType, Dataset, OnInvalid, Origin, TimestampFormat, UnknownFields,
};
use crate::event::EventTime;
use crate::expr::EvaluateError;
use crate::value::json::escape::decode;
use crate::value::json::token::{Kind, Token};
use crate::value::number::{Excess, Number};
use crate::value::path::FieldPath;
use crate::value::time::{
    FIRST_EVENT_TIME, LAST_EVENT_TIME, TimeProblem, from_unix, micros, parse_date, parse_rfc3339,
};
use columns::{Builder, Text, Values};
use judge::computed::ComputedColumn;
use judge::filter::Filter;
use judge::judge;
use reject::{Reject, RejectCause};
use rescue::{Nulled, rescue};
pub use rows::LineContext;
use rows::{Cast, Lineage, Parts};

/// Casts lines and gathers the rows.
#[derive(Debug)]
pub struct Caster {
    parser: LineParser,
    /// What is read beside the record, if anything is.
    beside: Option<Beside>,
    columns: Vec<ColumnCaster>,
    computed: Vec<ComputedColumn>,
    /// Which records are kept, if not all are.
    filter: Option<Filter>,
    /// What became null in the line that was read last.
    nulled: Vec<Nulled>,
    rescued: Option<Builder>,
    lineage: Lineage,
    event_time: ColumnIndex,
    max_clock_skew: i64,
    scratch: Vec<u8>,
}

/// A column, and the places it is read from.
#[derive(Debug)]
struct ColumnCaster {
    /// Its place among the columns of the dataset.
    place: usize,
    name: String,
    from: Vec<FieldPath>,
    /// Where these places lie.
    origin: Origin,
    /// The number of the first place, and of those that count if nothing is there.
    first: usize,
    others: Vec<usize>,
    kind: ColumnType,
    required: bool,
    on_invalid: OnInvalid,
    min: Option<Bound>,
    max: Option<Bound>,
    /// Whether this is the event time, whose range is narrower.
    is_event_time: bool,
    builder: Builder,
}

impl Caster {
    /// Makes a caster for a dataset's lines.
    #[must_use]
    pub fn new(dataset: &Dataset) -> Self {
        let rescue = dataset.unknown_fields == UnknownFields::Rescue;
        let of_record = dataset.columns.iter();
        let of_record = of_record.filter(|column| column.origin == Origin::Record);
        let paths: Vec<&FieldPath> = of_record.flat_map(|column| &column.from).collect();
        let (parser, numbers) = LineParser::of(&paths, dataset.payload.ignore_case, rescue);
        let (beside, [properties, system]) = Beside::of(dataset);
        let mut numbers = [numbers, properties, system].map(Vec::into_iter);
        let filter = Filter::of(dataset);
        let mut columns = Vec::with_capacity(dataset.columns.len());
        for (i, column) in dataset.columns.iter().enumerate() {
            if column.expr.is_some() {
                continue;
            }
            let [of_record, of_properties, of_system] = &mut numbers;
            let numbers = match column.origin {
                Origin::Record => of_record,
                Origin::Properties => of_properties,
                Origin::System => of_system,
            };
            let mut numbers = numbers.take(column.from.len());
            columns.push(ColumnCaster {
                place: i,
                name: column.name.clone(),
                from: column.from.clone(),
                origin: column.origin,
                // A column without a place, of which a dataset has none, would be one that no line has.
                first: numbers.next().unwrap_or(usize::MAX),
                others: numbers.collect(),
                kind: column.kind,
                required: column.required,
                on_invalid: column.on_invalid,
                min: column.min,
                max: column.max,
                is_event_time: ColumnIndex::new(i) == dataset.event_time,
                // A record that is filtered may lack what is required.
                builder: Builder::new(column.kind, !column.required || filter.is_some()),
            });
        }
        Self {
            parser,
            beside,
            columns,
            computed: ComputedColumn::all(dataset),
            filter,
            nulled: Vec::new(),
            rescued: rescue.then(|| Builder::new(ColumnType::Json, true)),
            lineage: Lineage::default(),
            event_time: dataset.event_time,
            max_clock_skew: micros(dataset.max_clock_skew),
            scratch: Vec::new(),
        }
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
        let columns = self.columns.iter().map(|column| &column.builder);
        let builders = columns.chain(&self.rescued).map(Builder::bytes);
        builders.sum::<usize>() + self.lineage.bytes()
    }

    /// Casts a line, which must be one JSON object, and appends it as a row.
    ///
    /// # Errors
    /// Fails if the line is not an object or a value does not fit its column; the rows are then as before.
    pub fn push(&mut self, line: &[u8], at: LineContext<'_>) -> Result<(), Reject> {
        self.push_checked(line, false, at)
    }

    /// As [`Self::push`]; `is_utf8` tells that the line is known to be UTF-8.
    pub(super) fn push_checked(
        &mut self,
        line: &[u8],
        is_utf8: bool,
        at: LineContext<'_>,
    ) -> Result<(), Reject> {
        self.nulled.clear();
        self.parser.read(line, is_utf8).map_err(Reject::from)?;
        let came = at.came();
        if let Some(beside) = &mut self.beside {
            beside.read(came).map_err(Reject::beside)?;
        }
        let latest = at.enqueued_time.as_event_time().0;
        let latest = EventTime(latest.saturating_add(self.max_clock_skew));
        for (i, column) in self.columns.iter_mut().enumerate() {
            let (parser, text) = match &self.beside {
                Some(beside) if column.origin != Origin::Record => {
                    beside.place(column.origin, came)
                }
                _ => (&self.parser, line),
            };
            let token = column.token(parser);
            if let Err(cause) = column.push(text, token, latest, &mut self.scratch) {
                if let Some(filter) = &mut self.filter {
                    // What becomes of the record is decided when all of it is cast.
                    let reject = column.reject(cause, token, line, &self.parser);
                    filter.defer(self.lineage.len(), column.place, column.on_invalid, reject);
                }
                match (column.on_invalid, &self.filter) {
                    // Of an optional column nothing is missing.
                    (OnInvalid::Null, _) => self.nulled.push(Nulled {
                        column: column.place,
                        reason: cause.reason(),
                        origin: column.origin,
                        token,
                    }),
                    (OnInvalid::Quarantine, Some(_)) => {}
                    (OnInvalid::Quarantine, None) => {
                        let reject = column.reject(cause, token, line, &self.parser);
                        self.take_back(i);
                        return Err(reject);
                    }
                }
                column.builder.push_null();
            }
        }

        if let Some(rescued) = &mut self.rescued {
            let columns = &self.columns;
            let name = |place: usize| {
                let column = columns.iter().find(|column| column.place == place);
                column.map_or("", |column| &column.name)
            };
            let beside = &self.beside;
            let text = |origin| match beside {
                Some(beside) if origin != Origin::Record => beside.place(origin, came).1,
                _ => line,
            };
            rescue(&self.parser, &self.nulled, name, text, rescued);
        }
        self.lineage.push(at);
        Ok(())
    }

    /// Returns what became null in the line that was pushed last, unless it is still open whether its record is kept.
    pub(super) fn nulled(&self) -> &[Nulled] {
        match self.filter {
            None => &self.nulled,
            Some(_) => &[],
        }
    }

    /// Takes the row back from the columns before the one that failed.
    #[cold]
    fn take_back(&mut self, failed: usize) {
        let rows = self.len();
        for column in self.columns.iter_mut().take(failed) {
            column.builder.truncate(rows);
        }
    }

    /// Computes the columns that are computed, and returns the rows of the records that are kept.
    ///
    /// # Errors
    /// Fails if a string column is larger than 2 GiB, which a caller prevents by watching [`Self::bytes`].
    pub fn finish(self) -> Result<Cast, FinishError> {
        let rows = self.lineage.len();
        let columns = self
            .columns
            .into_iter()
            .map(|column| column.builder.finish());
        let mut columns = columns.collect::<Result<Vec<_>, _>>()?;
        let verdicts = judge(&self.computed, self.filter, &mut columns, rows)?;
        let cast = Cast::new(Parts {
            columns,
            computed: self.computed.iter().map(|column| column.place).collect(),
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
}

impl ColumnCaster {
    /// Returns the first value that is there and not null; it counts even if the column cannot take it.
    #[inline]
    fn token(&self, parser: &LineParser) -> Token {
        let token = parser.token(self.first);
        match token.is_nothing() && !self.others.is_empty() {
            true => self.other_token(parser, token),
            false => token,
        }
    }

    #[cold]
    fn other_token(&self, parser: &LineParser, first: Token) -> Token {
        let others = || self.others.iter().map(|number| parser.token(*number));
        let value = others().find(|token| !token.is_nothing());
        // Where there is no value, a null has a place in the line.
        let all = || std::iter::once(first).chain(others());
        let null = || all().find(|token| token.kind == Kind::Null);
        value.or_else(null).unwrap_or(first)
    }

    /// Says why the column takes no value from a line.
    #[cold]
    fn reject(&self, cause: RejectCause, token: Token, line: &[u8], parser: &LineParser) -> Reject {
        Reject {
            reason: cause.reason(),
            column: Some(ColumnIndex::new(self.place)),
            position: match (self.origin, token.kind) {
                // It is nowhere in the record.
                (Origin::Properties | Origin::System, _) => 0,
                (Origin::Record, Kind::Absent) => parser.end(),
                (Origin::Record, _) => token.start(),
            },
            detail: cause.explain(&self.from, self.origin, self.kind, token.raw(line)),
        }
    }

    /// Appends a value, or fails and appends nothing.
    #[inline]
    fn push(
        &mut self,
        line: &[u8],
        token: Token,
        latest: EventTime,
        scratch: &mut Vec<u8>,
    ) -> Result<(), RejectCause> {
        if token.is_nothing() {
            if self.required {
                return Err(RejectCause::Missing);
            }
            self.builder.push_null();
            return Ok(());
        }

        let (min, max) = (self.min, self.max);
        match (&mut self.builder.values, self.kind) {
            (Values::Int64(values), _) => {
                let value = number(token, line, scratch)?.int64()?;
                within(Bound::Int64(value), min, max)?;
                values.push(value);
            }
            (Values::Double(values), _) => {
                // Readers differ about -0.0 being 0.0, so that there is one zero only.
                let value = number(token, line, scratch)?.double()? + 0.0;
                within(Bound::Double(value), min, max)?;
                values.push(value);
            }
            (
                Values::Decimal {
                    values,
                    precision,
                    scale,
                },
                _,
            ) => {
                let number = number(token, line, scratch)?;
                let value = number.decimal(*precision, *scale, Excess::Round)?;
                within(Bound::Decimal(value), min, max)?;
                values.push(value);
            }
            (Values::Timestamp(values), ColumnType::Timestamp(format)) => {
                let time = match format {
                    TimestampFormat::UnixSeconds => from_unix(number(token, line, scratch)?, 6),
                    TimestampFormat::UnixMillis => from_unix(number(token, line, scratch)?, 3),
                    TimestampFormat::Rfc3339 => parse_rfc3339(bare(token, line, scratch)?),
                };
                let time = if self.is_event_time {
                    check_event_time(time, latest)?
                } else {
                    time?
                };
                within(Bound::Timestamp(EventTime(time)), min, max)?;
                values.push(time);
            }
            (Values::Date(values), _) => {
                let value = parse_date(bare(token, line, scratch)?)?;
                within(Bound::Date(value), min, max)?;
                values.push(value);
            }
            (Values::Bool(values), _) => values.push(boolean(token, line, scratch)?),
            (Values::Text(text), ColumnType::Json) => text.push(token.raw(line)),
            (Values::Text(text), _) => push_text(token, line, text)?,
            (Values::Timestamp(_), _) => return Err(RejectCause::WrongKind),
        }
        self.builder.mark_valid();
        Ok(())
    }
}

/// Returns a number, or what a string holds, which may be one.
#[inline]
fn number<'l>(
    token: Token,
    line: &'l [u8],
    scratch: &'l mut Vec<u8>,
) -> Result<Number<'l>, RejectCause> {
    match token.kind {
        Kind::Number => Ok(token.number(line)),
        _ => bare(token, line, scratch).map(Number::new),
    }
}

/// Returns a number as it was written, or the text of a string.
#[inline]
fn bare<'l>(
    token: Token,
    line: &'l [u8],
    scratch: &'l mut Vec<u8>,
) -> Result<&'l [u8], RejectCause> {
    match token.kind {
        Kind::Number => Ok(token.raw(line)),
        Kind::String => Ok(token.quoted(line)),
        Kind::EscapedString => {
            scratch.clear();
            decode(token.quoted(line), scratch);
            Ok(scratch)
        }
        _ => Err(RejectCause::WrongKind),
    }
}

#[inline]
fn within(value: Bound, min: Option<Bound>, max: Option<Bound>) -> Result<(), RejectCause> {
    let too_low = min.is_some_and(|min| value < min);
    let too_high = max.is_some_and(|max| value > max);
    if too_low || too_high {
        return Err(RejectCause::Bounds);
    }
    Ok(())
}

#[inline]
fn check_event_time(time: Result<i64, TimeProblem>, latest: EventTime) -> Result<i64, RejectCause> {
    let time = match time {
        Err(TimeProblem::Overflow) => return Err(RejectCause::EventTime),
        other => other?,
    };
    if !(FIRST_EVENT_TIME..=LAST_EVENT_TIME).contains(&time) {
        return Err(RejectCause::EventTime);
    }
    if time > latest.0 {
        return Err(RejectCause::Future { latest });
    }
    Ok(time)
}

fn boolean(token: Token, line: &[u8], scratch: &mut Vec<u8>) -> Result<bool, RejectCause> {
    match token.kind {
        Kind::True => Ok(true),
        Kind::False => Ok(false),
        _ => match bare(token, line, scratch)? {
            b"true" => Ok(true),
            b"false" => Ok(false),
            _ => Err(RejectCause::WrongKind),
        },
    }
}

#[inline]
fn push_text(token: Token, line: &[u8], text: &mut Text) -> Result<(), RejectCause> {
    match token.kind {
        Kind::String => text.push(token.quoted(line)),
        Kind::EscapedString => {
            decode(token.quoted(line), &mut text.bytes);
            text.end();
        }
        Kind::Number | Kind::True | Kind::False => text.push(token.raw(line)),
        Kind::Absent | Kind::Null | Kind::Container => return Err(RejectCause::WrongKind),
    }
    Ok(())
}

#[cfg(test)]
mod tests;
