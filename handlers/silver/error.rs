//! Why sources could not be refined.

use arrow_schema::ArrowError;
use thiserror::Error;

use crate::dataset::MissingSalt;
use crate::error::Invariant;
use crate::event::UnixMillis;
use crate::expr::EvaluateError;
use crate::silver::cast::FinishError;
use crate::store::StorageError;
use crate::store::object::ObjectPath;
use crate::table::log::LogError;
use crate::table::parquet::{EncodeError, ReadFileError};
use crate::value::hash::HashError;

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
    Read(ReadFileError),
    /// Rows do not fit the columns of silver.
    #[error("assemble rows")]
    Assemble(#[from] ArrowError),
    /// Columns cannot be computed.
    #[error("compute columns")]
    Compute(#[from] EvaluateError),
    /// There is no salt for masks.
    #[error(transparent)]
    Salt(#[from] MissingSalt),
    /// Keys cannot be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// Rows cannot be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// Rejected lines cannot be written out.
    #[error("write out rejected lines")]
    Quarantine(#[source] serde_json::Error),
    /// The dataset file does not go with what silver holds.
    #[error("the dataset file no longer fits silver: {}; undo the change, or raise the generation to rebuild silver from bronze", .0.join("; "))]
    Incompatible(Vec<String>),
    /// Silver goes by a later dataset file than that of this process, since lately.
    #[error(
        "the dataset file of this process was replaced by a later one at {at}, by which silver goes now: a process that is left of the deployment before ends with it, and its objects are refined by the others; a deployment that goes back to this file is taken up at {until}"
    )]
    Replaced {
        /// Since when.
        at: UnixMillis,
        /// When this file is taken up again, if it is still there.
        until: UnixMillis,
    },
    /// The log records columns that cannot be read, or cannot be written.
    #[error("the columns that the commit log records")]
    Schema(#[source] serde_json::Error),
    /// A later build wrote the object.
    #[error(
        "bronze object {source_name} has format {format}, and this build reads formats 1 and 2: a later release wrote it; deploy that release (or a later one), which then refines it"
    )]
    Format {
        /// Its name.
        source_name: String,
        /// Its format, as its metadata says.
        format: String,
    },
    /// The object does not end as bronze wrote it.
    #[error(
        "bronze object {source_name} does not end with the enqueued time of each of its lines, as its format says: it was changed after it was stored; restore it as it was"
    )]
    Times {
        /// Its name.
        source_name: String,
    },
    /// A quarantine object that the ledger names is gone.
    #[error("quarantine object {path} is in the ledger and not in the lake: restore it")]
    QuarantineGone {
        /// Where it was.
        path: ObjectPath,
    },
    /// A line of quarantine is none.
    #[error("line {line} of {path} is not a rejected record")]
    QuarantineLine {
        /// The object.
        path: ObjectPath,
        /// The line, from 1.
        line: usize,
        /// What the parser says.
        source: serde_json::Error,
    },
    /// Quarantine has not what the ledger says.
    #[error(
        "quarantine has {found} rejected records of {source_name}, and the ledger says {expected}: restore its objects"
    )]
    QuarantineCount {
        /// The source.
        source_name: String,
        /// The lines that are there.
        found: u64,
        /// The records that were rejected.
        expected: u64,
    },
    /// Rejected records are taken up by the dataset file that silver goes by, and by no other.
    #[error(
        "silver goes by another dataset file than this one, and rejected records are taken up by its own: deploy this file first, which silver records with the next object that it refines"
    )]
    NotDeployed,
    /// What would become of a source's rejected records is not what was announced.
    #[error(
        "{source_name}: announced was {announced}, and now it would be {found}; nothing of it was changed"
    )]
    Unannounced {
        /// The bronze object.
        source_name: String,
        /// What was announced.
        announced: String,
        /// What it would be.
        found: String,
    },
    /// A defect.
    #[error(transparent)]
    Invariant(#[from] Invariant),
    /// A part of the work ended early.
    #[error("refine in the background")]
    Interrupted(#[source] tokio::task::JoinError),
    /// The task that was to refine it ended without a word: a defect, whose traces are in the output of the process.
    #[error("the group that the object was in ended without an outcome")]
    Abandoned,
    /// There was no time left to commit.
    #[error(
        "the commit did not come through in time, which is ten minutes from the start of the work, or from the last part of a large object, and an hour in all"
    )]
    OutOfTime,
}

impl From<FinishError> for RefineError {
    fn from(error: FinishError) -> Self {
        match error {
            FinishError::Arrays(error) => Self::Assemble(error),
            FinishError::Compute(error) => Self::Compute(error),
            FinishError::Salt(missing) => Self::Salt(missing),
        }
    }
}

impl RefineError {
    /// Returns whether starting over may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) | Self::Read(ReadFileError::Storage(error)) => {
                error.is_transient()
            }
            Self::Log(error) => error.is_transient(),
            Self::Read(_)
            | Self::FileLost { .. }
            | Self::Assemble(_)
            | Self::Compute(_)
            | Self::Salt(_)
            | Self::Hash(_)
            | Self::Encode(_)
            | Self::Quarantine(_)
            | Self::Incompatible(_)
            | Self::Replaced { .. }
            | Self::Schema(_)
            | Self::Format { .. }
            | Self::Times { .. }
            | Self::QuarantineGone { .. }
            | Self::QuarantineLine { .. }
            | Self::QuarantineCount { .. }
            | Self::NotDeployed
            | Self::Unannounced { .. }
            | Self::Invariant(_)
            | Self::Interrupted(_)
            | Self::Abandoned
            | Self::OutOfTime => false,
        }
    }

    /// Returns whether trying the same again would fail in the same way, however often.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        let may_pass = matches!(
            self,
            Self::OutOfTime | Self::Replaced { .. } | Self::Abandoned | Self::Interrupted(_)
        );
        !self.is_transient() && !may_pass
    }

    /// Returns whether each source of the group would fail like this alone: then none of them is tried alone.
    pub(crate) fn is_of_all(&self) -> bool {
        self.is_transient()
            || matches!(
                self,
                Self::OutOfTime | Self::Incompatible(_) | Self::Replaced { .. } | Self::Salt(_)
            )
    }
}
