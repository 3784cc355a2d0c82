//! The value of the first or last row of every group that has one; pure.

use arrow_array::{Array, ArrayRef};

use super::AggregateError;
use super::groups::{Rows, Run, datum};
use crate::error::Invariant;
use crate::warehouse::schema::Merge;
use crate::warehouse::{Datum, Picked};

/// The values, by group, with what their rows are compared by.
#[derive(Debug)]
pub(super) struct OfOneRow {
    is_last: bool,
    values: Vec<Option<Picked>>,
    /// Bytes of the texts in `values`.
    texts: usize,
}

impl OfOneRow {
    pub(super) fn new(merge: Merge) -> Self {
        Self {
            is_last: merge == Merge::Last,
            values: Vec::new(),
            texts: 0,
        }
    }

    pub(super) fn grow(&mut self, groups: usize) {
        self.values.resize(groups, None);
    }

    pub(super) fn bytes(&self) -> usize {
        // A picked value is held beside its datum.
        self.texts + self.values.len() * size_of::<Picked>()
    }

    /// Adds the rows of the runs; those without a value count nothing.
    pub(super) fn add(
        &mut self,
        rows: Rows<'_>,
        column: &ArrayRef,
        runs: &[Run],
    ) -> Result<(), AggregateError> {
        let has_value = |row: &usize| column.is_valid(*row);
        for run in runs {
            let mut best: Option<(i64, [u8; 16], usize)> = None;
            for row in run.rows.clone().filter(has_value) {
                let place = rows.times.get(row).zip(rows.hashes.get(row));
                let (at, hash) = place.ok_or(Invariant(
                    "every row has a time, and a hash where one is asked for",
                ))?;
                let (at, key) = (*at, hash.to_be_bytes());
                if best.is_none_or(|(time, other, _)| self.wins((at, key), (time, other))) {
                    best = Some((at, key, row));
                }
            }
            let Some(((at, key, row), own)) = best.zip(self.values.get(run.group)) else {
                continue;
            };
            if own
                .as_ref()
                .is_none_or(|own| self.wins((at, key), own.place()))
            {
                let value = datum(column, row)?;
                self.put(run.group, Picked { value, at, key });
            }
        }
        Ok(())
    }

    pub(super) fn take(&mut self) -> Vec<Datum> {
        self.texts = 0;
        let values = self.values.drain(..);
        let datum = |picked| Datum::Picked(Box::new(picked));
        values
            .map(|picked| picked.map_or(Datum::Null, datum))
            .collect()
    }

    fn wins(&self, place: (i64, [u8; 16]), other: (i64, [u8; 16])) -> bool {
        match self.is_last {
            true => place > other,
            false => place < other,
        }
    }

    fn put(&mut self, group: usize, picked: Picked) {
        let length = |picked: &Picked| match &picked.value {
            Datum::Text(text) => text.len(),
            _ => 0,
        };
        if let Some(own) = self.values.get_mut(group) {
            self.texts += length(&picked);
            self.texts -= own.as_ref().map_or(0, length);
            *own = Some(picked);
        }
    }
}
