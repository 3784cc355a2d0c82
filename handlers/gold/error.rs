//! Why a run failed.

use thiserror::Error;

use super::increments::AggregateError;
use crate::error::Invariant;
use crate::table::log::{LogError, Version};
use crate::table::parquet::ReadFileError;
use crate::warehouse::{FailureKind, WarehouseError};

/// A run that failed. Every table still equals the aggregate of silver at its version.
#[derive(Debug, Error)]
pub enum Error {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// A file of silver could not be read.
    #[error(transparent)]
    File(#[from] ReadFileError),
    /// Rows could not be aggregated.
    #[error(transparent)]
    Aggregate(#[from] AggregateError),
    /// The warehouse failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// What a table needs to go on is no longer in silver.
    #[error(
        "rebuild gold: {} cannot go on from version {from}, because gold was away for longer than silver keeps what it replaced; run `sluice rebuild gold`, and the next runs make them from silver",
        tables.join(", ")
    )]
    Rebuild {
        /// The tables.
        tables: Vec<String>,
        /// The version that they stand at.
        from: Version,
        /// What is missing.
        source: Box<Error>,
    },
    /// Tables are ahead of silver's head.
    #[error(
        "rebuild gold: {} stand beyond silver's version {head}, so they were made from another log; run `sluice rebuild gold`, and the next runs make them from this one",
        tables.join(", ")
    )]
    Ahead {
        /// The tables.
        tables: Vec<String>,
        /// Silver's version.
        head: Version,
    },
    /// Tables follow the log of another pipeline.
    #[error(
        "rebuild gold: {} follow another pipeline, so nothing of this one is added to them; if they are to follow this one, run `sluice rebuild gold`, and the next runs make them from silver; if not, give one of the two datasets another name, or another database schema",
        tables.join(", ")
    )]
    OtherPipeline {
        /// The tables.
        tables: Vec<String>,
    },
    /// A defect of Sluice.
    #[error(transparent)]
    Invariant(#[from] Invariant),
    /// A run was at it when a table was asked for.
    #[error("a run of gold is changing its tables just now; ask again in a moment")]
    Busy,
    /// The books are those of an earlier build.
    #[error(
        "gold has not run with this version of Sluice yet: its first run makes the books that this needs"
    )]
    Unprepared,
    /// The database was paused, and this run does not wait for it.
    #[error("the database was paused and resumes: the run of gold's timer waits for it")]
    Asleep,
    /// There is no such table to rebuild.
    #[error("the dataset file has no gold table {0}")]
    NoSuchTable(String),
}

impl Error {
    /// Returns whether starting over may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Log(error) => error.is_transient(),
            Self::File(ReadFileError::Storage(error)) => error.is_transient(),
            Self::Warehouse(error) => error.kind() == FailureKind::Transient,
            Self::Asleep => true,
            Self::File(ReadFileError::Gone { .. } | ReadFileError::Decode { .. })
            | Self::Aggregate(_)
            | Self::Rebuild { .. }
            | Self::Ahead { .. }
            | Self::OtherPipeline { .. }
            | Self::Invariant(_)
            | Self::Busy
            | Self::Unprepared
            | Self::NoSuchTable(_) => false,
        }
    }

    /// Returns whether the next run would fail in the same way, however often.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        let is_ambiguous = |error: &WarehouseError| error.kind() == FailureKind::Ambiguous;
        let may_have_worked = matches!(self, Self::Warehouse(error) if is_ambiguous(error));
        !self.is_transient() && !may_have_worked
    }
}
