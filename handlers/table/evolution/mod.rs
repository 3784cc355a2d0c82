//! What a changed dataset file means for the silver that exists; pure.
//!
//! The log records the columns of silver and what decides what becomes of a record (`SchemaRecord`). Whoever appends
//! compares the record with its own file first, and appends only under a head whose record is its own; one function
//! decides what goes on and what is refused, for a running pipeline and for [`difference()`] beforehand.

mod change;
mod column;
mod definition;
mod difference;
mod error;
mod record;
mod since;
#[cfg(test)]
mod tests;

use crate::dataset::Dataset;
use crate::table::log::Snapshot;

pub(crate) use change::Change;
pub use difference::{Difference, difference};
pub use error::CompareError;
pub(crate) use record::{REPLACED_FOR, SchemaRecord, Standing};
pub use since::defined_since;

impl Snapshot {
    /// Returns why silver cannot go on with this dataset file, a text for each reason; none if it can.
    ///
    /// # Errors
    /// Fails if the log records columns that cannot be read.
    pub fn misfits(&self, dataset: &Dataset) -> Result<Vec<String>, CompareError> {
        if self.schema.is_empty() {
            return Ok(Vec::new());
        }
        let recorded: SchemaRecord = serde_json::from_str(&self.schema)?;
        Ok(match recorded.change_to(&SchemaRecord::of(dataset)?) {
            Change::None | Change::Evolve(_) => Vec::new(),
            Change::Refuse(problems) => problems,
        })
    }
}
