//! Since when silver is made as a dataset file defines it; pure.

use super::error::CompareError;
use super::record::SchemaRecord;
use crate::dataset::Dataset;
use crate::table::log::{Commit, CommitKind, Snapshot, Version};

/// Returns the first version from which on all commits were made under the definition of this dataset file: how events
/// are opened, and what becomes of a record. Nothing where the log does not record that definition as its latest.
///
/// `commits` are those that are left of the log up to the version of `snapshot`, the oldest first. Of what was cleared
/// it is only known that the definition never changed, or that it may have.
///
/// # Errors
/// Fails if the log records columns that cannot be read.
pub fn defined_since(
    snapshot: &Snapshot,
    commits: &[Commit],
    dataset: &Dataset,
) -> Result<Option<Version>, CompareError> {
    // The first builds recorded no columns, and no definition.
    if snapshot.schema.is_empty() {
        return Ok(None);
    }
    let now = SchemaRecord::of(dataset)?;
    let mut earliest: SchemaRecord = serde_json::from_str(&snapshot.schema)?;
    if !earliest.is_defined_as(&now) {
        return Ok(None);
    }
    let mut since = commits
        .first()
        .map_or(snapshot.version, |first| first.version);
    for commit in commits.iter().rev() {
        let CommitKind::Schema(schema) = &commit.kind else {
            continue;
        };
        let record: SchemaRecord = serde_json::from_str(schema)?;
        if !record.is_defined_as(&now) {
            return Ok(Some(since));
        }
        since = commit.version;
        earliest = record;
    }
    Ok(Some(match earliest.is_first() {
        true => Version(0),
        false => since,
    }))
}
