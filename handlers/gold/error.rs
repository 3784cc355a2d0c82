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
        "rebuild gold: {} cannot go on from version {from}, because gold was away for longer than silver keeps what it replaced; drop {}, and the next run makes them from silver",
        tables.join(", "),
        rows.join(", ")
    )]
    Rebuild {
        /// The tables.
        tables: Vec<String>,
        /// The tables with their rows.
        rows: Vec<String>,
        /// The version that they stand at.
        from: Version,
        /// What is missing.
        source: Box<Error>,
    },
    /// Tables are ahead of silver's head.
    #[error(
        "rebuild gold: {} stand beyond silver's version {head}, so they were made from another log; drop {}, and the next run makes them from silver",
        tables.join(", "),
        rows.join(", ")
    )]
    Ahead {
        /// The tables.
        tables: Vec<String>,
        /// The tables with their rows.
        rows: Vec<String>,
        /// Silver's version.
        head: Version,
    },
    /// Tables follow the log of another pipeline.
    #[error(
        "rebuild gold: {} follow another pipeline, so nothing of this one is added to them; if they are to follow this one, drop {}, and the next run makes them from silver",
        tables.join(", "),
        rows.join(", ")
    )]
    OtherPipeline {
        /// The tables.
        tables: Vec<String>,
        /// The tables with their rows.
        rows: Vec<String>,
    },
    /// A defect of Sluice.
    #[error(transparent)]
    Invariant(#[from] Invariant),
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
            Self::File(ReadFileError::Gone { .. } | ReadFileError::Decode { .. })
            | Self::Aggregate(_)
            | Self::Rebuild { .. }
            | Self::Ahead { .. }
            | Self::OtherPipeline { .. }
            | Self::Invariant(_)
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
