//! Why dataset files cannot be compared with what the log records.

use thiserror::Error;

use crate::error::Invariant;

/// Why it cannot be told whether a dataset file fits silver.
#[derive(Debug, Error)]
pub enum CompareError {
    /// The log records columns that cannot be read.
    #[error("read the columns that the commit log records")]
    Recorded(#[from] serde_json::Error),
    /// A defect.
    #[error(transparent)]
    Invariant(#[from] Invariant),
}
