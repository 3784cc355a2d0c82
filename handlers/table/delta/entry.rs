//! One version of the Delta log. Pure.

use bytes::Bytes;

use super::{DeltaError, actions};
use crate::table::TableId;
use crate::table::log::{Commit, CommitKind};

/// Returns the content of the Delta log's entry for a commit: JSON lines, always the same for the same commit.
///
/// # Errors
/// Fails if the commit is not of a kind that silver writes.
pub fn log_entry(table: &TableId, commit: &Commit) -> Result<Bytes, DeltaError> {
    let mut lines = vec![actions::commit_info(commit)];
    if commit.version.0 == 0 {
        lines.push(actions::protocol());
    }
    match &commit.kind {
        CommitKind::Schema(recorded) => {
            let recorded = actions::recorded(recorded)?;
            // Readers of a stream stop at a description, so that it is not repeated where nothing of it has changed.
            if recorded.described.is_none() {
                lines.push(actions::metadata(table, &recorded, commit.committed)?);
            }
        }
        CommitKind::Append => {}
        CommitKind::Compact { replaces } => {
            for path in replaces {
                lines.push(actions::remove(table, path, commit.committed)?);
            }
        }
    }
    let is_change = commit.kind == CommitKind::Append;
    for file in &commit.files {
        lines.push(actions::add(table, file, commit.committed, is_change)?);
    }

    let mut content = Vec::new();
    for line in lines {
        content.extend_from_slice(line.to_string().as_bytes());
        content.push(b'\n');
    }
    Ok(Bytes::from(content))
}
