//! The meaning of a storage failure.

use thiserror::Error;

/// What a caller can do about a storage failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// Worth repeating: transport, timeout, throttling, 5xx. Whether a write happened is unknown.
    Transient,
    /// The credential was refused or lacks a role.
    Denied,
    /// The container or table is not there.
    NotFound,
    /// Repeating it changes nothing.
    Permanent,
}

/// A storage operation that failed.
#[derive(Debug, Error)]
#[error("{operation} {object}")]
pub struct StorageError {
    /// What was tried: a verb phrase such as "create blob".
    pub operation: &'static str,
    /// What it was tried on, without account keys or signatures.
    pub object: String,
    /// What a caller can do about it.
    pub kind: ErrorKind,
    /// The cause.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

impl StorageError {
    /// Tells whether repeating the operation may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        self.kind == ErrorKind::Transient
    }
}
