//! Silver as a Delta table: version n of the log is version n of the table at `silver/{dataset}/g{generation}`.
//!
//! An entry of the Delta log is a pure function of the entry of our own ([`log_entry`]), so whoever publishes it, and
//! however often, the bytes are the same. Entries are published in ascending order and never changed ([`Publisher`]);
//! a reader therefore sees a version of silver, each row exactly once (S7). Our own log stays the truth: nothing in
//! the pipeline reads the Delta log.

mod actions;
mod checkpoint;
mod publish;
mod schema;
pub mod stats;

use bytes::Bytes;
use thiserror::Error;

use crate::dataset::Dataset;
use crate::state::commit_log::{Commit, CommitKind, DataFile, LogError};
use crate::storage::StorageError;
pub use checkpoint::{Checkpoint, encode as encode_checkpoint, pointer as checkpoint_pointer};
pub use publish::{CaughtUp, Publisher};

/// Names a table: one generation of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableId {
    /// The dataset.
    pub dataset: String,
    /// Its generation.
    pub generation: u32,
}

impl TableId {
    /// Names the table of a dataset.
    #[must_use]
    pub fn of(dataset: &Dataset) -> Self {
        Self {
            dataset: dataset.name.clone(),
            generation: dataset.generation,
        }
    }
}

/// Why the table could not be written.
#[derive(Debug, Error)]
pub enum DeltaError {
    /// The lake failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The log records columns that cannot be understood.
    #[error("the log records columns that are none: {0}")]
    Schema(String),
    /// A file lies outside the table.
    #[error("file {0} lies outside its table")]
    ForeignFile(crate::lake::ObjectPath),
    /// A checkpoint could not be encoded.
    #[error("encode Delta checkpoint")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl DeltaError {
    /// Tells whether starting over may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_transient(),
            Self::Log(error) => error.is_transient(),
            Self::Schema(_) | Self::ForeignFile(_) | Self::Encode(_) => false,
        }
    }
}

/// Returns the content of the Delta log's entry for a commit: JSON lines, always the same for the same commit.
///
/// # Errors
/// Fails if the commit is none that silver writes.
pub fn log_entry(table: &TableId, commit: &Commit) -> Result<Bytes, DeltaError> {
    let mut lines = vec![actions::commit_info(commit)];
    if commit.version.0 == 0 {
        lines.push(actions::protocol());
    }
    match &commit.kind {
        CommitKind::Schema(recorded) => {
            lines.push(actions::metadata(table, recorded, commit.committed)?);
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

/// Returns how many rows the files have.
#[must_use]
pub fn rows<'a>(files: impl IntoIterator<Item = &'a DataFile>) -> u64 {
    files.into_iter().map(|file| file.rows).sum()
}
