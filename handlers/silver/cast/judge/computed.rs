//! Columns that are computed from those before them, once all lines of a group are cast; pure.
//!
//! A row whose value is invalid is null there, or its line is refused, as the column says.

use arrow_array::cast::AsArray;
use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrayRef};

use super::Verdicts;
use crate::dataset::{Bound, Column, ColumnIndex, Dataset, OnInvalid};
use crate::error::Invariant;
use crate::event::{EventTime, RejectReason};
use crate::expr::{EvaluateError, Expression, Input, Outcome};
use crate::silver::cast::reject::Reject;

/// A column that is computed, by its place in the dataset.
#[derive(Clone, Debug)]
pub(in crate::silver::cast) struct ComputedColumn {
    pub(in crate::silver::cast) place: usize,
    column: Column,
    expression: Expression,
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
}

/// Computes columns and puts them in their places among those that were cast.
pub(in crate::silver::cast) fn compute(
    computed: &[ComputedColumn],
    columns: &mut Vec<ArrayRef>,
    rows: usize,
) -> Result<Verdicts, EvaluateError> {
    let mut verdicts = Verdicts::default();
    for one in computed {
        let before = columns.get(..one.place);
        let before = before.ok_or(Invariant("the columns before a computed one are there"))?;
        let inputs = before.iter().map(|values| Input {
            values,
            invalid: None,
        });
        let inputs: Vec<Input<'_>> = inputs.collect();
        let outcome = one.expression.evaluate(&inputs, rows)?;
        let values = verdicts.judge(one, outcome)?;
        columns.insert(one.place, values);
    }
    Ok(verdicts)
}

impl Verdicts {
    /// Decides what becomes of the rows without a value that the column takes; returns its values.
    fn judge(&mut self, of: &ComputedColumn, outcome: Outcome) -> Result<ArrayRef, Invariant> {
        let mut values = outcome.values;
        for (row, reason) in outcome.invalid {
            let detail = || format!("the value of \"{}\" is invalid: {reason}", of.column.name);
            self.refuse(of, row, RejectReason::Expression, detail)?;
        }
        let outside = outside_bounds(&of.column, &values)?;
        for row in &outside {
            let detail = || {
                format!(
                    "the value of \"{}\" lies outside the column's min and max",
                    of.column.name
                )
            };
            self.refuse(of, *row, RejectReason::OutOfRange, detail)?;
        }
        if of.column.required {
            for row in (0..values.len()).filter(|row| values.is_null(*row)) {
                let detail = || format!("the value of \"{}\" is null", of.column.name);
                self.refuse(of, row, RejectReason::MissingField, detail)?;
            }
        } else if !outside.is_empty() {
            values = without(&values, &outside)?;
        }
        Ok(values)
    }

    fn refuse(
        &mut self,
        of: &ComputedColumn,
        row: usize,
        reason: RejectReason,
        detail: impl FnOnce() -> String,
    ) -> Result<(), Invariant> {
        let row = u32::try_from(row);
        let row = row.map_err(|_| Invariant("rows are counted in 32 bits"))?;
        if of.column.on_invalid == OnInvalid::Null {
            self.null(row, of.place, reason);
            return Ok(());
        }
        self.reject(row, || Reject {
            reason,
            column: Some(ColumnIndex::new(of.place)),
            position: 0,
            detail: detail(),
        });
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
