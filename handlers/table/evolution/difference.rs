//! What silver does where one dataset file takes the place of another; pure.

use super::change::Change;
use super::record::SchemaRecord;
use crate::dataset::Dataset;
use crate::error::Invariant;

/// What differs between two dataset files, for silver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Difference {
    /// Nothing that silver records.
    None,
    /// What goes on, a text for each change.
    GoesOn(Vec<String>),
    /// What needs a new generation, a text for each reason.
    NeedsGeneration(Vec<String>),
}

/// Compares two dataset files of one dataset as the log's record of the old one is compared with the new one. Where the log
/// has no more than a hash of a long definition, this says more than it.
///
/// # Errors
/// Fails if one of them is no valid dataset, which cannot be.
pub fn difference(old: &Dataset, new: &Dataset) -> Result<Difference, Invariant> {
    let change = SchemaRecord::whole(old)?.change_to(&SchemaRecord::whole(new)?);
    Ok(match change {
        Change::None => Difference::None,
        Change::Evolve(changes) => Difference::GoesOn(changes),
        Change::Refuse(reasons) => Difference::NeedsGeneration(reasons),
    })
}
