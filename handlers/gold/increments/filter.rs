//! Which rows a table or a measure is of; pure.

use arrow_array::{Array, BooleanArray, NullArray, RecordBatch};
use arrow_select::filter::filter_record_batch;

use super::AggregateError;
use super::groups::Run;
use crate::dataset::ColumnIndex;
use crate::error::Invariant;
use crate::expr::{Condition, Input, Verdict};

/// A condition, and where the columns that it names are in a batch.
#[derive(Debug)]
pub(super) struct Filter {
    condition: Condition,
    /// By the place of each column of the dataset.
    places: Vec<Option<usize>>,
}

impl Filter {
    /// Makes a filter of batches with these of the dataset's `all` columns.
    pub(super) fn new(
        condition: &Condition,
        columns: &[ColumnIndex],
        all: usize,
    ) -> Result<Self, Invariant> {
        let position = |place: usize| columns.iter().position(|c| c.position() == place);
        let places: Vec<Option<usize>> = (0..all).map(position).collect();
        let is_read = |place: &usize| places.get(*place).is_some_and(Option::is_some);
        if !condition.columns().iter().all(is_read) {
            return Err(Invariant("every column of a condition is read"));
        }
        Ok(Self {
            condition: condition.clone(),
            places,
        })
    }

    /// Returns the rows of which the condition is true, and their times.
    pub(super) fn rows(
        &self,
        times: &[i64],
        rows: &RecordBatch,
    ) -> Result<(Vec<i64>, RecordBatch), AggregateError> {
        let holds = self.judge(rows)?;
        let kept = times.iter().zip(&holds).filter(|(_, holds)| **holds);
        let times = kept.map(|(time, _)| *time).collect();
        let rows = filter_record_batch(rows, &BooleanArray::from(holds)).map_err(|error| {
            AggregateError::Column {
                column: format!("of a condition ({error})"),
            }
        })?;
        Ok((times, rows))
    }

    /// Returns the parts of runs of which the condition is true.
    pub(super) fn runs(
        &self,
        rows: &RecordBatch,
        runs: &[Run],
    ) -> Result<Vec<Run>, AggregateError> {
        let holds = self.judge(rows)?;
        let mut parts: Vec<Run> = Vec::new();
        for run in runs {
            let mut open = false;
            for row in run.rows.clone() {
                if holds.get(row) != Some(&true) {
                    open = false;
                    continue;
                }
                match parts.last_mut().filter(|_| open) {
                    Some(part) => part.rows.end = row + 1,
                    None => parts.push(Run {
                        group: run.group,
                        rows: row..row + 1,
                    }),
                }
                open = true;
            }
        }
        Ok(parts)
    }

    /// Returns of which rows the condition is true; where it cannot be computed it is not.
    pub(super) fn judge(&self, rows: &RecordBatch) -> Result<Vec<bool>, AggregateError> {
        let verdicts = self.verdicts(rows)?.into_iter();
        Ok(verdicts.map(|verdict| verdict == Verdict::Holds).collect())
    }

    /// Judges rows.
    pub(super) fn verdicts(&self, rows: &RecordBatch) -> Result<Vec<Verdict>, AggregateError> {
        // What the condition does not name is not looked at.
        let none = NullArray::new(0);
        let inputs = self.places.iter().map(|place| {
            let column = place.and_then(|place| rows.columns().get(place));
            Input {
                values: column.map_or(&none as &dyn Array, |column| column.as_ref()),
                invalid: None,
            }
        });
        let inputs: Vec<Input<'_>> = inputs.collect();
        let verdicts = self.condition.judge(&inputs, rows.num_rows());
        verdicts.map_err(|error| AggregateError::Column {
            column: format!("of a condition ({error})"),
        })
    }
}
