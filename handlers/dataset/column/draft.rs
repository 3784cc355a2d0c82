//! A column while the file is read.

use super::from::ENQUEUED_TIME;
use crate::dataset::rules::Rules;
use crate::dataset::types::{Bound, ColumnType};
use crate::dataset::{Column, ColumnPlace, OnInvalid, Origin};
use crate::expr::{self, Expression};

/// A column as far as it could be read: other parts of the file may refer to it even if something in it is wrong.
#[derive(Debug)]
pub(in crate::dataset) struct Draft {
    pub(in crate::dataset) name: String,
    /// Its type in silver; nothing if it could not be read, which has been reported.
    pub(in crate::dataset) kind: Option<ColumnType>,
    pub(in crate::dataset) required: bool,
    pub(super) on_invalid: OnInvalid,
    pub(super) from: Vec<ColumnPlace>,
    /// Whether the column is computed, even if it could not be read from what.
    pub(in crate::dataset) is_computed: bool,
    pub(super) expr: Option<Expression>,
    pub(super) min: Option<Bound>,
    pub(super) max: Option<Bound>,
    pub(in crate::dataset) rules: Rules,
    pub(super) description: Option<String>,
}

impl Draft {
    /// Returns the column as an expression names it, unless a problem with its type was reported.
    pub(in crate::dataset) fn as_named(&self) -> Option<expr::Column<'_>> {
        Some(expr::Column {
            name: &self.name,
            kind: self.kind?.into(),
            nullable: !self.required,
        })
    }

    /// Returns whether it says when the hub took the event.
    pub(in crate::dataset) fn is_enqueued_time(&self) -> bool {
        is_enqueued_time(&self.from)
    }

    /// Returns the column, unless a problem with it was reported.
    pub(in crate::dataset) fn finish(self) -> Option<Column> {
        if self.is_computed && self.expr.is_none() {
            return None;
        }
        Some(Column {
            name: self.name,
            from: self.from,
            expr: self.expr,
            kind: self.kind?,
            required: self.required,
            on_invalid: self.on_invalid,
            min: self.min,
            max: self.max,
            rules: self.rules,
            description: self.description,
        })
    }
}

/// Returns whether one of the places is that of the time at which the hub took the event.
pub(super) fn is_enqueued_time(from: &[ColumnPlace]) -> bool {
    let is_it =
        |place: &ColumnPlace| place.origin == Origin::System && place.path.is_field(ENQUEUED_TIME);
    from.iter().any(is_it)
}
