//! A column that is computed from those before it, once all records of a group are cast; pure.
//!
//! A row whose value is invalid is null there, or its record is refused, as the column says.

use std::collections::BTreeSet;

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};

use super::verdicts::Verdicts;
use crate::dataset::{Bound, Column, ColumnIndex, Dataset, OnInvalid};
use crate::error::Invariant;
use crate::event::{EventTime, RejectReason};
use crate::expr::{EvaluateError, Expression, Input, Reason};
use crate::silver::cast::reject::Reject;

/// A column that is computed, by its place in the dataset.
#[derive(Clone, Debug)]
pub(in crate::silver::cast) struct ComputedColumn {
    pub(in crate::silver::cast) place: usize,
    column: Column,
    expression: Expression,
}

/// The values of a computed column.
pub(super) struct Computed {
    values: ArrayRef,
    /// The rows whose value is invalid, and why; nothing more is said of one that lies outside of the bounds.
    pub(super) invalid: Vec<(usize, Option<Reason>)>,
}

impl ComputedColumn {
    /// Returns those of a dataset, in its order.
    pub(in crate::silver::cast) fn all(dataset: &Dataset) -> Vec<Self> {
        let columns = dataset.columns.iter().enumerate();
        let computed = columns.filter_map(|(place, column)| {
            let expression = column.expr.clone()?;
            let column = column.clone();
            Some(Self {
                place,
                column,
                expression,
            })
        });
        computed.collect()
    }

    /// Returns the columns that it is computed from, by their place.
    pub(super) fn inputs(&self) -> BTreeSet<usize> {
        self.expression.columns()
    }

    /// Returns whether a row without a value that the column takes is refused.
    pub(super) fn may_refuse(&self) -> bool {
        self.column.on_invalid == OnInvalid::Quarantine
    }

    /// Computes the value of each row.
    pub(super) fn compute(
        &self,
        inputs: &[Input<'_>],
        rows: usize,
    ) -> Result<Computed, EvaluateError> {
        let outcome = self.expression.evaluate(inputs, rows)?;
        let outside = outside_bounds(&self.column, &outcome.values)?;
        let invalid = outcome.invalid.into_iter();
        let invalid = invalid.map(|(row, reason)| (row, Some(reason)));
        let outside = outside.into_iter().map(|row| (row, None));
        Ok(Computed {
            invalid: invalid.chain(outside).collect(),
            values: outcome.values,
        })
    }

    /// Says what is wrong with a value.
    pub(super) fn explain(&self, reason: Option<Reason>) -> String {
        let name = &self.column.name;
        match reason {
            Some(reason) => format!("the value of \"{name}\" is invalid: {reason}"),
            None => format!("the value of \"{name}\" lies outside the column's min and max"),
        }
    }

    /// Decides what becomes of the rows without a value that the column takes; returns its values.
    pub(super) fn settle(
        &self,
        computed: Computed,
        verdicts: &mut Verdicts,
    ) -> Result<ArrayRef, Invariant> {
        let Computed { values, invalid } = computed;
        for (row, why) in &invalid {
            let reason = match why {
                Some(_) => RejectReason::Expression,
                None => RejectReason::OutOfRange,
            };
            self.refuse(*row, reason, || self.explain(*why), verdicts)?;
        }
        if self.column.required {
            for row in (0..values.len()).filter(|row| values.is_null(*row)) {
                let detail = || format!("the value of \"{}\" is null", self.column.name);
                self.refuse(row, RejectReason::MissingField, detail, verdicts)?;
            }
            return Ok(values);
        }
        let outside = invalid.iter().filter(|(_, why)| why.is_none());
        let outside: Vec<usize> = outside.map(|(row, _)| *row).collect();
        match outside.is_empty() {
            true => Ok(values),
            false => without(&values, &outside),
        }
    }

    fn refuse(
        &self,
        row: usize,
        reason: RejectReason,
        detail: impl FnOnce() -> String,
        verdicts: &mut Verdicts,
    ) -> Result<(), Invariant> {
        let row = u32::try_from(row);
        let row = row.map_err(|_| Invariant("rows are counted in 32 bits"))?;
        match self.column.on_invalid {
            OnInvalid::Null => verdicts.count(row, self.place, reason.as_str()),
            OnInvalid::Quarantine => verdicts.reject(row, || Reject {
                reason,
                column: Some(ColumnIndex::new(self.place)),
                position: 0,
                detail: detail(),
            }),
        }
        Ok(())
    }
}

/// Returns the rows whose value lies outside the column's bounds.
fn outside_bounds(column: &Column, values: &ArrayRef) -> Result<Vec<usize>, Invariant> {
    if column.min.is_none() && column.max.is_none() {
        return Ok(Vec::new());
    }
    let mut outside = Vec::new();
    for row in (0..values.len()).filter(|row| values.is_valid(*row)) {
        let value = bound(values, row)?;
        let is_low = column.min.is_some_and(|min| value < min);
        if is_low || column.max.is_some_and(|max| value > max) {
            outside.push(row);
        }
    }
    Ok(outside)
}

/// Returns a value as bounds are written.
fn bound(values: &ArrayRef, row: usize) -> Result<Bound, Invariant> {
    if let Some(values) = values.as_primitive_opt::<Int64Type>() {
        return Ok(Bound::Int64(values.value(row)));
    }
    if let Some(values) = values.as_primitive_opt::<Float64Type>() {
        return Ok(Bound::Double(values.value(row)));
    }
    if let Some(values) = values.as_primitive_opt::<Decimal128Type>() {
        return Ok(Bound::Decimal(values.value(row)));
    }
    if let Some(values) = values.as_primitive_opt::<TimestampMicrosecondType>() {
        return Ok(Bound::Timestamp(EventTime(values.value(row))));
    }
    let values = values.as_primitive_opt::<Date32Type>();
    let values = values.ok_or(Invariant("a column with bounds has values in an order"))?;
    Ok(Bound::Date(values.value(row)))
}

/// Makes rows null.
fn without(values: &ArrayRef, rows: &[usize]) -> Result<ArrayRef, Invariant> {
    let mut is_out = vec![false; values.len()];
    for row in rows {
        if let Some(is_out) = is_out.get_mut(*row) {
            *is_out = true;
        }
    }
    let is_out = arrow_array::BooleanArray::from(is_out);
    let values = arrow_select::nullif::nullif(values, &is_out);
    values.map_err(|_| Invariant("there is a mark for each row"))
}
