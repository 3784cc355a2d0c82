//! The sets of the values of every group, as far as their numbers are told by them; pure.

use std::sync::Arc;

use arrow_array::{Array, ArrayRef};

use super::AggregateError;
use super::groups::Run;
use crate::value::hash::RowHasher;
use crate::value::hash::sketch::Sketch;
use crate::warehouse::Datum;

/// The sketches, by group.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    sketches: Vec<Sketch>,
    /// Bytes that they hold.
    held: usize,
}

impl Distinct {
    pub(super) fn grow(&mut self, groups: usize) {
        self.sketches.resize(groups, Sketch::default());
    }

    pub(super) fn bytes(&self) -> usize {
        self.sketches.len() * size_of::<Sketch>() + self.held
    }

    /// Adds the values of the runs that are not null.
    pub(super) fn add(&mut self, column: &ArrayRef, runs: &[Run]) -> Result<(), AggregateError> {
        let hasher = RowHasher::new(&[Arc::clone(column)], column.len());
        let mut hasher = hasher.map_err(|error| AggregateError::Column {
            column: format!("of a count of different values ({error})"),
        })?;
        for run in runs {
            let Some(sketch) = self.sketches.get_mut(run.group) else {
                continue;
            };
            let before = sketch.held();
            for row in run.rows.clone().filter(|row| column.is_valid(*row)) {
                sketch.add(hasher.hash(row));
            }
            self.held = (self.held + sketch.held()).saturating_sub(before);
        }
        Ok(())
    }

    pub(super) fn take(&mut self) -> Vec<Datum> {
        self.held = 0;
        let sketches = self.sketches.drain(..);
        sketches
            .map(|sketch| Datum::Sketch(Box::new(sketch)))
            .collect()
    }
}
