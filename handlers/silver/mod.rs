//! Silver holds one row per key, typed, whatever arrives how often and in which order.
//!
//! The commit point is one entity-group transaction that moves the log's head: with it the rows of a group of sources
//! become visible, and the sources are finished. Everything written before it has names of its own that nothing
//! refers to. Any conflict and any unknown outcome means to start over at the head; the ledger then tells what is
//! done.

mod accounts;
mod builder;
pub mod cast;
mod dedup;
mod escape;
mod files;
mod group;
mod json;
pub mod key;
pub mod keys;
pub mod live;
pub mod parquet;
mod parse;
mod period;
mod prepare;
mod queue;
pub mod reject;
pub mod rows;
pub mod sample;
pub mod schema;
pub(crate) mod schema_change;
mod source;
mod watermark;

use std::sync::Arc;

use arrow::error::ArrowError;
use thiserror::Error;

use crate::dataset::Dataset;
use crate::lake::{BlobStore, ObjectPath};
use crate::state::commit_log::LogError;
use crate::storage::StorageError;
pub(crate) use group::COMMIT_DEADLINE;
pub use queue::{COMMIT_PACE, Silver};
pub use source::{Refined, Source};

/// What silver needs from outside.
#[derive(Clone)]
pub struct Edges {
    /// What the events look like.
    pub dataset: Arc<Dataset>,
    /// The object store.
    pub lake: Arc<dyn BlobStore>,
    /// The table store.
    pub state: Arc<dyn crate::state::StateStore>,
    /// The time of day.
    pub clock: Arc<dyn crate::clock::Clock>,
    /// Makes ids that no other commit has.
    pub new_id: fn() -> String,
    /// Most bytes of key sets to keep in memory.
    pub key_cache_bytes: usize,
}

impl std::fmt::Debug for Edges {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Edges")
            .field("dataset", &self.dataset.name)
            .finish_non_exhaustive()
    }
}

/// Why sources could not be refined. Their trigger tries again.
#[derive(Debug, Error)]
pub enum RefineError {
    /// The lake failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file that the log names is gone.
    #[error(
        "silver file {path} is in the log of commits and not in the lake; restore it, or raise the dataset's generation to rebuild silver from bronze"
    )]
    FileLost {
        /// Where it was.
        path: ObjectPath,
    },
    /// A live file cannot be read.
    #[error(transparent)]
    Read(parquet::ReadFileError),
    /// Rows do not fit the columns of silver.
    #[error("assemble rows")]
    Assemble(#[from] ArrowError),
    /// Keys cannot be hashed.
    #[error(transparent)]
    Hash(#[from] key::HashError),
    /// Rows cannot be encoded.
    #[error(transparent)]
    Encode(#[from] parquet::EncodeError),
    /// Bad lines cannot be written out.
    #[error("write out bad lines")]
    Quarantine(#[source] serde_json::Error),
    /// The dataset file does not go with what silver holds.
    #[error("the dataset file no longer fits silver: {}; undo the change, or raise the generation to rebuild silver from bronze", .0.join("; "))]
    Incompatible(Vec<String>),
    /// A part of the work ended early.
    #[error("refine in the background")]
    Interrupted(#[source] tokio::task::JoinError),
    /// The task that was to refine it ended without a word: a defect, whose traces are in the output of the process.
    #[error("the group that the object was in ended without an outcome")]
    Abandoned,
    /// There was no time left to commit.
    #[error("the commit did not come through in the time that an invocation has")]
    OutOfTime,
}

impl RefineError {
    /// Tells whether starting over may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) | Self::Read(parquet::ReadFileError::Storage(error)) => {
                error.is_transient()
            }
            Self::Log(error) => error.is_transient(),
            Self::Read(_)
            | Self::FileLost { .. }
            | Self::Assemble(_)
            | Self::Hash(_)
            | Self::Encode(_)
            | Self::Quarantine(_)
            | Self::Incompatible(_)
            | Self::Interrupted(_)
            | Self::Abandoned
            | Self::OutOfTime => false,
        }
    }

    /// Tells whether each source of the group would fail like this alone: then none of them is tried alone.
    pub(crate) fn is_of_all(&self) -> bool {
        self.is_transient() || matches!(self, Self::OutOfTime | Self::Incompatible(_))
    }
}
