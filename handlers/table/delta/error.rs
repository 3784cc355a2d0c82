//! Why a Delta log could not be written.

use thiserror::Error;

use crate::store::StorageError;
use crate::store::object::ObjectPath;
use crate::table::log::LogError;

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
    #[error("invalid column definition in the commit log: {0}")]
    Schema(String),
    /// A file lies outside the table.
    #[error("file {0} lies outside its table")]
    ForeignFile(ObjectPath),
    /// A checkpoint could not be encoded.
    #[error("encode Delta checkpoint")]
    Encode(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl DeltaError {
    /// Returns whether starting over may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_transient(),
            Self::Log(error) => error.is_transient(),
            Self::Schema(_) | Self::ForeignFile(_) | Self::Encode(_) => false,
        }
    }
}
