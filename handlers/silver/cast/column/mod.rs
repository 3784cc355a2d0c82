//! A column of a caster: where its values are read, and what becomes of each. Pure.
//!
//! Most columns have no rules but their type and bounds, and cost nothing for those of others.

mod mask;
mod rules;
mod value;

use arrow_array::ArrayRef;
use arrow_schema::ArrowError;

use super::columns::Builder;
use super::reject::{Reject, RejectCause};
use super::rescue::Nulled;
use crate::dataset::{Column, ColumnIndex, ColumnPlace, Dataset, OnInvalid, Origin};
use crate::event::EventTime;
use crate::silver::line::{At, Found, Texts};
use crate::value::json::token::{Kind, Token};
use crate::value::mask::HIDDEN;
pub(super) use rules::Certainty;
use rules::RuleCaster;
use value::ValueCaster;

/// A column, and the places it is read from.
#[derive(Debug)]
pub(super) struct ColumnCaster {
    /// Its place among the columns of the dataset.
    pub(super) place: usize,
    pub(super) name: String,
    from: Vec<ColumnPlace>,
    /// The first place, and those that count if nothing is there.
    first: At,
    others: Vec<At>,
    required: bool,
    pub(super) on_invalid: OnInvalid,
    value: ValueCaster,
    rules: Option<Box<RuleCaster>>,
    /// Whether what could not be opened may hold what a mask hides.
    hides_unopened: bool,
    builder: Builder,
}

impl ColumnCaster {
    /// Makes the caster of a column, which is at `place` in its dataset and is read at these places.
    pub(super) fn of(
        dataset: &Dataset,
        place: usize,
        column: &Column,
        mut places: impl Iterator<Item = At>,
    ) -> Self {
        let is_event_time = ColumnIndex::new(place) == dataset.event_time;
        let value = ValueCaster::of(column, is_event_time);
        Self {
            place,
            name: column.name.clone(),
            from: column.from.clone(),
            // A column without a place, of which a dataset has none, would be one that no line has.
            first: places.next().unwrap_or(At::NOWHERE),
            others: places.collect(),
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
    pub(super) fn find<'t>(&self, texts: &Texts<'t>, scratch: &mut Vec<u8>) -> Found<'t> {
        match self.others.is_empty() {
            true => texts.find(self.first),
            false => self.find_first(texts, scratch),
        }
    }

    #[inline(never)]
    fn find_first<'t>(&self, texts: &Texts<'t>, scratch: &mut Vec<u8>) -> Found<'t> {
        let first = texts.find(self.first);
        let all = || std::iter::once(first).chain(self.others.iter().map(|at| texts.find(*at)));
        let value = all().find(|found| match &self.rules {
            None => !found.token.is_nothing(),
            Some(rules) => !rules.is_null(texts.text(found.origin), found.token, scratch),
        });
        // Where there is no value, a null has a place in the line.
        let null = || all().find(|found| found.token.kind != Kind::Absent);
        value.or_else(null).unwrap_or(first)
    }

    /// Appends a value, or fails and appends nothing.
    #[inline]
    pub(super) fn push(
        &mut self,
        line: &[u8],
        token: &Token,
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
    pub(super) fn push_nulled(&mut self, found: Found<'_>, cause: RejectCause) -> Nulled {
        self.builder.push_null();
        Nulled {
            column: self.place,
            reason: cause.reason(),
            is_hidden: self.is_hidden(*found.token),
            origin: found.origin,
            token: *found.token,
        }
    }

    /// Appends a null for a value that is not there, of a record that will not stay.
    pub(super) fn push_null(&mut self) {
        self.builder.push_null();
    }

    /// Says why the column takes no value from a record.
    #[cold]
    pub(super) fn reject(&self, cause: RejectCause, found: Found<'_>, texts: &Texts<'_>) -> Reject {
        Reject {
            reason: cause.reason(),
            column: Some(ColumnIndex::new(self.place)),
            position: match (found.origin, found.token.kind) {
                (Origin::Record, Kind::Absent) => texts.parser.end(),
                (Origin::Record, _) => found.token.start(),
                // It is nowhere in the record.
                (Origin::Event | Origin::Properties | Origin::System, _) => 0,
            },
            detail: self.explain(cause, found, texts),
        }
    }

    /// Says for people what is wrong with a value, which is not shown if the column is masked.
    fn explain(&self, cause: RejectCause, found: Found<'_>, texts: &Texts<'_>) -> String {
        let raw = match self.is_hidden(*found.token) {
            true => HIDDEN,
            false => found.token.raw(texts.text(found.origin)),
        };
        cause.explain(&self.from, found.origin, self.value.kind, raw)
    }

    /// Returns whether a value is shown nowhere.
    fn is_hidden(&self, token: Token) -> bool {
        let is_masked = self.rules.as_ref().is_some_and(|rules| rules.is_masked());
        is_masked || (token.kind == Kind::Unopened && self.hides_unopened)
    }

    /// Makes room for more rows.
    pub(super) fn reserve(&mut self, rows: usize) {
        self.builder.reserve(rows);
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
