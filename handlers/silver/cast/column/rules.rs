//! The rules of a column that has some: what counts as null, its default, notations of time, what is allowed, masks. Pure.

use super::mask::MaskCaster;
use super::value::{ValueCaster, bare};
use crate::dataset::{Bound, Column, Literal, Rules, Value};
use crate::event::EventTime;
use crate::silver::cast::columns::{Builder, Values};
use crate::silver::cast::reject::RejectCause;
use crate::value::json::token::{Kind, Token};
use crate::value::mask::Salt;
use crate::value::time::notation::{Notation, Point};

/// Whether a value can only mean what it was taken for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::silver::cast) enum Certainty {
    Certain,
    /// Clocks showed this twice; it counts as the first time.
    Ambiguous,
}

/// Casts the values of a column with rules.
#[derive(Debug)]
pub(super) struct RuleCaster {
    value: ValueCaster,
    rules: Rules,
    required: bool,
    mask: Option<MaskCaster>,
}

impl RuleCaster {
    /// Makes the caster of a column, if it has rules.
    pub(super) fn of(
        column: &Column,
        value: &ValueCaster,
        salt: Option<&Salt>,
    ) -> Option<Box<Self>> {
        let rules = &column.rules;
        (!rules.is_empty()).then(|| {
            Box::new(Self {
                value: value.clone(),
                rules: rules.clone(),
                required: column.required,
                mask: rules.mask.map(|mask| MaskCaster::new(mask, salt)),
            })
        })
    }

    pub(super) fn is_masked(&self) -> bool {
        self.mask.is_some()
    }

    /// Returns whether there is no value, or one that counts as null.
    pub(super) fn is_null(&self, line: &[u8], token: &Token, scratch: &mut Vec<u8>) -> bool {
        let nulls = &self.rules.nulls;
        match token.kind {
            Kind::Absent | Kind::Null => true,
            Kind::String | Kind::EscapedString if !nulls.is_empty() => {
                let text = bare(token, line, scratch);
                text.is_ok_and(|text| nulls.iter().any(|null| null.as_bytes() == text))
            }
            _ => false,
        }
    }

    /// Appends a value, or what stands for it, or fails and appends nothing.
    pub(super) fn push(
        &mut self,
        builder: &mut Builder,
        line: &[u8],
        token: &Token,
        latest: EventTime,
        scratch: &mut Vec<u8>,
    ) -> Result<Certainty, RejectCause> {
        let is_null = self.is_null(line, token, scratch);
        if is_null && self.rules.default.is_none() {
            if self.required {
                return Err(RejectCause::Missing);
            }
            builder.push_null();
            return Ok(Certainty::Certain);
        }
        let target = match &mut self.mask {
            Some(mask) => mask.unmasked(),
            None => &mut *builder,
        };
        let rows = target.len();
        let certainty = match &self.rules.default {
            Some(default) if is_null => {
                push_literal(default, target)?;
                Certainty::Certain
            }
            _ => {
                let rules = &self.rules;
                let certainty = match &rules.notation {
                    None => {
                        self.value.push(target, line, token, latest, scratch)?;
                        Certainty::Certain
                    }
                    Some(notation) => {
                        let text = bare(token, line, scratch)?;
                        push_time(notation, &self.value, target, text, latest)?
                    }
                };
                if let Err(cause) = check(rules, target) {
                    target.truncate(rows);
                    return Err(cause);
                }
                certainty
            }
        };
        if let Some(mask) = &mut self.mask {
            mask.push(builder);
        }
        Ok(certainty)
    }
}

/// Appends a time or a day in a notation of the column's own.
fn push_time(
    notation: &Notation,
    value: &ValueCaster,
    builder: &mut Builder,
    text: &[u8],
    latest: EventTime,
) -> Result<Certainty, RejectCause> {
    let certainty = match &mut builder.values {
        Values::Timestamp(values) => {
            let point = notation.point(text);
            let is_ambiguous = matches!(
                point,
                Ok(Some(Point {
                    is_ambiguous: true,
                    ..
                }))
            );
            let time = match point {
                Ok(None) => return Err(RejectCause::NeverShown),
                Ok(Some(point)) => Ok(point.micros),
                Err(problem) => Err(problem),
            };
            values.push(value.check_time(time, latest)?);
            match is_ambiguous {
                true => Certainty::Ambiguous,
                false => Certainty::Certain,
            }
        }
        Values::Date(values) => {
            values.push(value.check_day(notation.day(text)?)?);
            Certainty::Certain
        }
        _ => return Err(RejectCause::WrongKind),
    };
    builder.mark_valid();
    Ok(certainty)
}

/// Refuses the last value if it is not allowed, or not of the pattern.
fn check(rules: &Rules, builder: &Builder) -> Result<(), RejectCause> {
    let Some(value) = builder.last() else {
        return Ok(());
    };
    if !rules.allows(value) {
        return Err(RejectCause::NotAllowed);
    }
    match value {
        Value::Text(text) if !rules.fits_pattern(text) => Err(RejectCause::Pattern),
        _ => Ok(()),
    }
}

/// Appends a value of the file, which has the column's type.
fn push_literal(literal: &Literal, builder: &mut Builder) -> Result<(), RejectCause> {
    match (&mut builder.values, literal) {
        (Values::Int64(values), Literal::Bound(Bound::Int64(value))) => values.push(*value),
        (Values::Double(values), Literal::Bound(Bound::Double(value))) => values.push(*value + 0.0),
        (Values::Decimal { values, .. }, Literal::Bound(Bound::Decimal(value))) => {
            values.push(*value);
        }
        (Values::Timestamp(values), Literal::Bound(Bound::Timestamp(time))) => values.push(time.0),
        (Values::Date(values), Literal::Bound(Bound::Date(day))) => values.push(*day),
        (Values::Bool(values), Literal::Bool(value)) => values.push(*value),
        (Values::Text(text), Literal::Text(value)) => text.push(value.as_bytes()),
        _ => return Err(RejectCause::WrongKind),
    }
    builder.mark_valid();
    Ok(())
}
