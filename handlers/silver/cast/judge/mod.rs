//! What becomes of records once all records of a group are cast: columns are computed, the dataset's condition is judged,
//! and what is wrong with a record that is not left out is a reason to reject it. Pure.

pub(super) mod computed;
pub(super) mod filter;
mod verdicts;

use arrow_array::ArrayRef;

use crate::error::Invariant;
use crate::expr::{EvaluateError, Input};
use computed::ComputedColumn;
use filter::Filter;
pub(super) use verdicts::Verdicts;
pub(in crate::silver) use verdicts::{Judged, Place};

/// Returns whether a record that was cast may yet be left out or refused.
pub(super) fn decides(computed: &[ComputedColumn], filter: Option<&Filter>) -> bool {
    filter.is_some() || computed.iter().any(ComputedColumn::may_refuse)
}

/// Computes columns, puts them in their places among those that were cast, and judges the condition if there is one;
/// `verdicts` are those so far.
pub(super) fn judge(
    computed: &[ComputedColumn],
    filter: Option<Filter>,
    mut verdicts: Verdicts,
    columns: &mut Vec<ArrayRef>,
    rows: usize,
) -> Result<Verdicts, EvaluateError> {
    let mut filter = filter;
    for one in computed {
        let before = columns.get(..one.place);
        let before = before.ok_or(Invariant("the columns before a computed one are there"))?;
        let inputs = before.iter().map(|values| Input {
            values,
            invalid: None,
        });
        let computed = one.compute(&inputs.collect::<Vec<_>>(), rows)?;
        if let Some(filter) = &mut filter {
            filter.look_at(one, before, &computed, rows)?;
        }
        let values = one.settle(computed, &mut verdicts)?;
        columns.insert(one.place, values);
    }
    if let Some(filter) = filter {
        filter.judge(columns, rows, &mut verdicts)?;
    }
    Ok(verdicts)
}
