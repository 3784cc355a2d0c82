//! Why maintenance could not be finished.

use thiserror::Error;

use crate::error::Invariant;
use crate::store::StorageError;
use crate::table::delta::DeltaError;
use crate::table::log::LogError;
use crate::table::parquet::{EncodeError, ReadFileError};

/// Why a step could not be finished. The next run goes on.
#[derive(Debug, Error)]
pub enum Error {
    /// A store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log failed.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The Delta log failed.
    #[error(transparent)]
    Delta(#[from] DeltaError),
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] ReadFileError),
    /// Rows of several files do not fit together.
    #[error("merge files of silver")]
    Merge(#[from] arrow_schema::ArrowError),
    /// Rows could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A defect.
    #[error(transparent)]
    Invariant(#[from] Invariant),
    /// A part of the work ended early.
    #[error("maintain in the background")]
    Interrupted(#[source] tokio::task::JoinError),
}
