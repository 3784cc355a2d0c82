//! What can go wrong with the log.

use thiserror::Error;

use super::{MalformedEntity, Version};
use crate::store::StorageError;
use crate::store::object::ObjectPath;

/// A failure to read or write the log.
#[derive(Debug, Error)]
pub enum LogError {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// An entity, a manifest or a snapshot does not hold what it should.
    #[error("log entity {row}")]
    Malformed {
        /// Its row key.
        row: String,
        /// What is wrong.
        source: MalformedEntity,
    },
    /// Versions are missing; a reader starts over from the latest snapshot.
    #[error("version {missing} of the commit log is gone")]
    Gap {
        /// The first version missing.
        missing: Version,
    },
    /// The snapshot that a head names is gone; a reader starts over at a new head.
    #[error("snapshot {path} of version {version} is gone")]
    SnapshotGone {
        /// Where it was.
        path: ObjectPath,
        /// Its version.
        version: Version,
    },
    /// A manifest that a commit names is gone.
    #[error("manifest {path} of version {version} is gone")]
    ManifestGone {
        /// Where it was.
        path: ObjectPath,
        /// The commit that names it.
        version: Version,
    },
}

impl LogError {
    /// Returns whether starting over may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_transient(),
            Self::Malformed { .. }
            | Self::Gap { .. }
            | Self::SnapshotGone { .. }
            | Self::ManifestGone { .. } => false,
        }
    }

    /// Returns whether something is missing that maintenance may have removed since the head was read, so that a reader
    /// starts over at a new head.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        match self {
            Self::Gap { .. } | Self::SnapshotGone { .. } | Self::ManifestGone { .. } => true,
            Self::Storage(_) | Self::Malformed { .. } => false,
        }
    }
}
