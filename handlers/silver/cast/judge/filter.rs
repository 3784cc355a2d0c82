//! Which records are kept, by the dataset's condition; pure.
//!
//! A record that the condition leaves out is left out whatever is wrong with it. So of a dataset with a condition every
//! record is cast to its end, null where it cannot be, and what is wrong with it waits until the condition is judged. A
//! value that the condition needs, through computed columns too, and that is there but invalid, is no null: the record is
//! rejected then, unless the condition does not look at it.

use std::collections::BTreeMap;

use arrow_array::{Array, ArrayRef};
use arrow_buffer::BooleanBuffer;

use super::computed::{Computed, ComputedColumn};
use super::verdicts::Verdicts;
use crate::dataset::{ColumnIndex, Dataset};
use crate::error::Invariant;
use crate::event::RejectReason;
use crate::expr::{Condition, EvaluateError, Input, Reason, Verdict};
use crate::silver::cast::reject::Reject;

/// The condition, and what it has to know of records beside their values.
#[derive(Debug)]
pub(in crate::silver::cast) struct Filter {
    condition: Condition,
    /// Whether the condition needs the column of each place.
    needed: Vec<bool>,
    /// The rows in which a column that is needed has an invalid value, by its place.
    invalid: BTreeMap<usize, Vec<usize>>,
    /// What is wrong with the first of them, by row.
    causes: BTreeMap<usize, Reject>,
}

impl Filter {
    /// Returns that of a dataset, if it has a condition.
    pub(in crate::silver::cast) fn of(dataset: &Dataset) -> Option<Self> {
        let condition = dataset.condition.clone()?;
        Some(Self {
            condition,
            needed: dataset.needed_by_condition(),
            invalid: BTreeMap::new(),
            causes: BTreeMap::new(),
        })
    }

    /// Takes in that a column, which is then null, does not take the value of a row; `reject` says what is wrong with it.
    pub(in crate::silver::cast) fn note(
        &mut self,
        row: usize,
        column: usize,
        reason: RejectReason,
        reject: impl FnOnce() -> Reject,
    ) {
        // What is absent is null for the condition, whether or not it is required.
        if self.needs(column) && reason != RejectReason::MissingField {
            self.invalid.entry(column).or_default().push(row);
            self.causes.entry(row).or_insert_with(reject);
        }
    }

    fn needs(&self, column: usize) -> bool {
        self.needed.get(column) == Some(&true)
    }

    /// Takes in a computed column if it is needed: of which rows its value is invalid, if what it is computed `from` is.
    pub(super) fn look_at(
        &mut self,
        column: &ComputedColumn,
        from: &[ArrayRef],
        computed: &Computed,
        rows: usize,
    ) -> Result<(), EvaluateError> {
        if !self.needs(column.place) {
            return Ok(());
        }
        let is_invalid = |place: &usize| self.invalid.contains_key(place);
        let invalid = match column.inputs().iter().any(is_invalid) {
            false => computed.invalid.clone(),
            true => {
                let masks = self.masks(rows);
                column.compute(&inputs(from, &masks), rows)?.invalid
            }
        };
        for (row, why) in invalid {
            self.invalid.entry(column.place).or_default().push(row);
            self.causes.entry(row).or_insert_with(|| Reject {
                reason: RejectReason::Expression,
                column: Some(ColumnIndex::new(column.place)),
                position: 0,
                detail: column.explain(why),
            });
        }
        Ok(())
    }

    /// Marks the rows that are invalid, for each column that has some.
    fn masks(&self, rows: usize) -> BTreeMap<usize, BooleanBuffer> {
        let columns = self.invalid.iter();
        let masks = columns.map(|(place, invalid)| {
            let mut marks = vec![false; rows];
            for row in invalid {
                if let Some(mark) = marks.get_mut(*row) {
                    *mark = true;
                }
            }
            (*place, BooleanBuffer::from(marks))
        });
        masks.collect()
    }

    /// Judges the condition of each row.
    pub(super) fn judge(
        mut self,
        columns: &[ArrayRef],
        rows: usize,
        verdicts: &mut Verdicts,
    ) -> Result<(), EvaluateError> {
        let masks = self.masks(rows);
        let found = self.condition.judge(&inputs(columns, &masks), rows)?;
        for (row, verdict) in found.into_iter().enumerate() {
            let number = u32::try_from(row);
            let number = number.map_err(|_| Invariant("rows are counted in 32 bits"))?;
            match verdict {
                Verdict::Holds => {}
                Verdict::Fails => verdicts.filter(number),
                Verdict::Invalid(reason) => verdicts.overrule(number, self.refusal(row, reason)),
            }
        }
        Ok(())
    }

    /// Says why the condition cannot be judged.
    fn refusal(&mut self, row: usize, reason: Reason) -> Reject {
        let cause = self.causes.remove(&row).filter(|_| reason == Reason::Input);
        let (column, position, detail) = match cause {
            Some(cause) => (cause.column, cause.position, cause.detail),
            None => (None, 0, reason.to_string()),
        };
        Reject {
            reason: RejectReason::Expression,
            column,
            position,
            detail: format!("the condition of `where` cannot be judged: {detail}"),
        }
    }
}

fn inputs<'a>(
    columns: &'a [ArrayRef],
    masks: &'a BTreeMap<usize, BooleanBuffer>,
) -> Vec<Input<'a>> {
    let columns = columns.iter().enumerate();
    let inputs = columns.map(|(place, values)| Input {
        values: values as &dyn Array,
        invalid: masks.get(&place),
    });
    inputs.collect()
}
