//! A column of a caster: where its values are read, and what becomes of each. Pure.
//!
//! Most columns have no rules but their type and bounds, and cost nothing for those of others.

mod mask;
mod rules;
pub(super) mod unopened;
mod value;

use arrow_array::ArrayRef;
use arrow_schema::ArrowError;

use super::columns::Builder;
use super::reject::{Reject, RejectCause};
use super::rescue::Nulled;
use crate::dataset::{Column, ColumnIndex, Dataset, OnInvalid, Origin};
use crate::event::EventTime;
use crate::silver::line::LineParser;
use crate::value::json::token::{Kind, Token};
use crate::value::mask::HIDDEN;
use crate::value::path::FieldPath;
pub(super) use rules::Certainty;
use rules::RuleCaster;
use value::ValueCaster;

/// A column, and the places it is read from.
#[derive(Debug)]
pub(super) struct ColumnCaster {
    /// Its place among the columns of the dataset.
    pub(super) place: usize,
    pub(super) name: String,
    from: Vec<FieldPath>,
    /// Where these places lie.
    pub(super) origin: Origin,
    /// The number of the first place, and of those that count if nothing is there.
    first: usize,
    others: Vec<usize>,
    required: bool,
    pub(super) on_invalid: OnInvalid,
    value: ValueCaster,
    rules: Option<Box<RuleCaster>>,
    /// Whether what could not be opened may hold what a mask hides.
    hides_unopened: bool,
    builder: Builder,
}

impl ColumnCaster {
    /// Makes the caster of a column, which is at `place` in its dataset and reads the values with these numbers.
    pub(super) fn of(
        dataset: &Dataset,
        place: usize,
        column: &Column,
        mut numbers: impl Iterator<Item = usize>,
    ) -> Self {
        let is_event_time = ColumnIndex::new(place) == dataset.event_time;
        let value = ValueCaster::of(column, is_event_time);
        Self {
            place,
            name: column.name.clone(),
            from: column.from.clone(),
            origin: column.origin,
            // A column without a place, of which a dataset has none, would be one that no line has.
            first: numbers.next().unwrap_or(usize::MAX),
            others: numbers.collect(),
            required: column.required,
            on_invalid: column.on_invalid,
            rules: RuleCaster::of(column, &value, dataset.salt.as_ref()),
            value,
            hides_unopened: dataset
                .columns
                .iter()
                .any(|other| other.rules.mask.is_some()),
            // A record that is filtered may lack what is required.
            builder: Builder::new(column.kind, !column.required || dataset.condition.is_some()),
        }
    }

    /// Returns the first value that is there and not null; it counts even if the column cannot take it.
    #[inline]
    pub(super) fn token(&self, line: &[u8], parser: &LineParser, scratch: &mut Vec<u8>) -> Token {
        let token = parser.token(self.first);
        let is_null = match &self.rules {
            None => token.is_nothing(),
            Some(rules) => rules.is_null(line, token, scratch),
        };
        match is_null && !self.others.is_empty() {
            true => self.other_token(line, parser, token, scratch),
            false => token,
        }
    }

    #[cold]
    fn other_token(
        &self,
        line: &[u8],
        parser: &LineParser,
        first: Token,
        scratch: &mut Vec<u8>,
    ) -> Token {
        let others = || self.others.iter().map(|number| parser.token(*number));
        let value = others().find(|token| match &self.rules {
            None => !token.is_nothing(),
            Some(rules) => !rules.is_null(line, *token, scratch),
        });
        // Where there is no value, a null has a place in the line.
        let mut all = std::iter::once(first).chain(others());
        let null = || all.find(|token| token.kind != Kind::Absent);
        value.or_else(null).unwrap_or(first)
    }

    /// Appends a value, or fails and appends nothing.
    #[inline]
    pub(super) fn push(
        &mut self,
        line: &[u8],
        token: Token,
        latest: EventTime,
        scratch: &mut Vec<u8>,
    ) -> Result<Certainty, RejectCause> {
        if let Some(rules) = &mut self.rules {
            return rules.push(&mut self.builder, line, token, latest, scratch);
        }
        if token.is_nothing() {
            if self.required {
                return Err(RejectCause::Missing);
            }
            self.builder.push_null();
            return Ok(Certainty::Certain);
        }
        self.value
            .push(&mut self.builder, line, token, latest, scratch)?;
        Ok(Certainty::Certain)
    }

    /// Appends a null for a value that the column cannot take.
    pub(super) fn push_nulled(&mut self, token: Token, cause: RejectCause) -> Nulled {
        self.builder.push_null();
        Nulled {
            column: self.place,
            reason: cause.reason(),
            is_hidden: self.is_hidden(token),
            origin: self.origin,
            token,
        }
    }

    /// Appends a null for a value that is not there, of a record that will not stay.
    pub(super) fn push_null(&mut self) {
        self.builder.push_null();
    }

    /// Says why the column takes no value from a line.
    #[cold]
    pub(super) fn reject(
        &self,
        cause: RejectCause,
        token: Token,
        line: &[u8],
        parser: &LineParser,
    ) -> Reject {
        Reject {
            reason: cause.reason(),
            column: Some(ColumnIndex::new(self.place)),
            position: match (self.origin, token.kind) {
                // It is nowhere in the record.
                (Origin::Properties | Origin::System, _) => 0,
                (Origin::Record, Kind::Absent) => parser.end(),
                (Origin::Record, _) => token.start(),
            },
            detail: self.explain(cause, token, line),
        }
    }

    /// Says for people what is wrong with a value, which is not shown if the column is masked.
    fn explain(&self, cause: RejectCause, token: Token, line: &[u8]) -> String {
        let raw = match self.is_hidden(token) {
            true => HIDDEN,
            false => token.raw(line),
        };
        cause.explain(&self.from, self.origin, self.value.kind, raw)
    }

    /// Returns whether a value is shown nowhere.
    fn is_hidden(&self, token: Token) -> bool {
        let is_masked = self.rules.as_ref().is_some_and(|rules| rules.is_masked());
        is_masked || (token.kind == Kind::Unopened && self.hides_unopened)
    }

    /// Forgets all but the first rows.
    pub(super) fn truncate(&mut self, rows: usize) {
        self.builder.truncate(rows);
    }

    pub(super) fn builder(&self) -> &Builder {
        &self.builder
    }

    /// Returns the column as an array.
    pub(super) fn finish(self) -> Result<ArrayRef, ArrowError> {
        self.builder.finish()
    }
}
