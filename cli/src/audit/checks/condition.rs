//! The records that the dataset's condition leaves out.
//!
//! Which records are judged, and that they are judged a thousand at a time instead of by the groups in which silver
//! committed them, is the audit's own. How a value is cast and what the condition is of it is silver's: an evaluator and a
//! caster of the audit's own would be the language and all types a second time. So this finds records that were counted
//! wrongly, judged by other records beside them, or by another condition; not a condition that is computed wrongly, which
//! the tests of the language are for.

use sluice::dataset::{Dataset, Masking, Origin};
use sluice::silver::cast::rows::LineContext;
use sluice::silver::cast::{Caster, FinishError};
use sluice::value::mask::Salt;

use crate::audit::independent::Record;

/// Records that are judged at a time, and how many bytes of memory they take at most.
const RECORDS: usize = 1_000;
const BYTES: usize = 64 * 1024 * 1024;

/// What masks are made with where there is no salt, and nothing looks at them.
const SALT: &str = "the salt of all audits";

/// Counts the records that a condition leaves out.
pub(super) struct Filtered {
    dataset: Dataset,
    caster: Caster,
    count: u64,
}

impl Filtered {
    /// Takes the condition of a dataset; nothing where there is none.
    ///
    /// # Errors
    /// Fails with the reason where it cannot be judged here.
    pub(super) fn of(dataset: &Dataset) -> Result<Option<Self>, &'static str> {
        if dataset.condition.is_none() {
            return Ok(None);
        }
        let columns = dataset.columns.iter().zip(dataset.needed_by_condition());
        let mut needed = columns.filter_map(|(column, is_needed)| is_needed.then_some(column));
        // Records are pushed one by one here, without the event that they stand in.
        if needed.any(|column| column.paths(Origin::Event).next().is_some()) {
            return Err("`where` looks at a column that is read from_event");
        }
        let mut dataset = dataset.clone();
        if dataset.check_salt().is_err() {
            let mut columns = dataset.columns.iter().zip(dataset.needed_by_condition());
            let looks_at_hash = columns.any(|(column, is_needed)| {
                let mask = column.rules.mask;
                is_needed && mask.is_some_and(|mask| mask.how == Masking::Sha256)
            });
            if looks_at_hash {
                return Err("`where` looks at a mask, which takes SLUICE_MASK_SALT");
            }
            dataset.salt = Salt::new(SALT).ok();
        }
        Ok(Some(Self {
            caster: Caster::new(&dataset),
            dataset,
            count: 0,
        }))
    }

    /// Takes a record.
    pub(super) fn add(
        &mut self,
        record: &Record<'_>,
        at: LineContext<'_>,
    ) -> Result<(), FinishError> {
        self.caster.mark_unopened(record.unopened.iter().copied());
        // What is no object is rejected at once, whatever the condition is.
        if self.caster.push(&record.text, at).is_err() {
            return Ok(());
        }
        if self.caster.len() >= RECORDS || self.caster.bytes() >= BYTES {
            self.judge()?;
        }
        Ok(())
    }

    /// Returns how many records were left out since the last call.
    pub(super) fn take(&mut self) -> Result<u64, FinishError> {
        self.judge()?;
        Ok(std::mem::take(&mut self.count))
    }

    fn judge(&mut self) -> Result<(), FinishError> {
        if !self.caster.is_empty() {
            let caster = std::mem::replace(&mut self.caster, Caster::new(&self.dataset));
            self.count += caster.finish()?.filtered();
        }
        Ok(())
    }
}
