//! Maintenance: what silver needs so that it stays complete and fast however long it runs.
//!
//! One run reconciles bronze with the ledger, publishes Delta versions that are missing, compacts, writes a snapshot
//! and a checkpoint, and removes what nobody needs any more. Every step is idempotent and bounded, and safe beside
//! live silver and gold and beside another run. A step that fails does not keep the next ones from their work.

mod compact;
mod facts;
mod hours;
mod look;
mod memo;
mod plan;
mod poison;
mod publish;
mod reconcile;
mod report;
mod retention;
mod vacuum;

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::delta::{DeltaError, Publisher, TableId};
use crate::retry::Deadline;
use crate::silver::parquet::{EncodeError, ReadFileError};
use crate::silver::{Edges, RefineError, Silver};
use crate::state::commit_log::{CommitLog, LogError};
use crate::storage::StorageError;
pub use facts::{Facts, SMALL_FILE_BYTES, Waiting};
pub use memo::Memo;
pub use plan::{CompactLimits, Job};
pub use poison::{AzurePoison, PoisonMessage, PoisonQueue};
pub use report::{Checkpointed, Compacted, Delta, Reconciled, Report, Snapshotted, Step, Vacuumed};

/// The upkeep of one dataset.
#[derive(Debug)]
pub struct Maintenance {
    edges: Edges,
    silver: Silver,
    log: CommitLog,
    publisher: Publisher,
    poison: Option<Arc<dyn PoisonQueue>>,
    limits: Limits,
}

/// Bounds of one run, and when things are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How old a bronze object without a ledger entry is before it counts as forgotten.
    pub forgotten_after: Duration,
    /// Bronze objects that are refined, and that are kept in memory, about a kilobyte each. A run's time ends earlier.
    pub objects: usize,
    /// Bytes of bronze that are in memory at once.
    pub bytes: u64,
    /// What is compacted together.
    pub compact: CompactLimits,
    /// Commits of compaction.
    pub compactions: usize,
    /// Versions from one snapshot to the next.
    pub snapshot_every: u64,
    /// Versions from one Delta checkpoint to the next.
    pub checkpoint_every: u64,
    /// Time from one vacuum to the next.
    pub vacuum_every: Duration,
    /// Objects that a vacuum deletes.
    pub deletes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            forgotten_after: Duration::from_secs(5 * 60),
            objects: 30_000,
            bytes: 96 * 1024 * 1024,
            compact: CompactLimits::default(),
            compactions: 64,
            snapshot_every: 1_000,
            checkpoint_every: 100,
            vacuum_every: Duration::from_secs(6 * 60 * 60),
            deletes: 25_000,
        }
    }
}

/// How to run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Say what would be done, and change nothing.
    pub dry_run: bool,
    /// Look at all of bronze whatever earlier runs found, and vacuum whenever the last time was.
    pub full: bool,
}

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
    /// Sources could not be refined.
    #[error(transparent)]
    Refine(#[from] Arc<RefineError>),
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] ReadFileError),
    /// Rows of several files do not fit together.
    #[error("merge files of silver")]
    Merge(#[from] arrow::error::ArrowError),
    /// Rows could not be encoded.
    #[error(transparent)]
    Encode(#[from] EncodeError),
    /// A part of the work ended early.
    #[error("maintain in the background")]
    Interrupted(#[source] tokio::task::JoinError),
}

impl Maintenance {
    /// Makes the upkeep of what `silver` writes on the same edges. Without a queue, poison messages stay.
    #[must_use]
    pub fn new(edges: Edges, silver: Silver, poison: Option<Arc<dyn PoisonQueue>>) -> Self {
        let log = CommitLog::new(
            Arc::clone(&edges.state),
            Arc::clone(&edges.lake),
            &edges.dataset,
        );
        let table = TableId::of(&edges.dataset);
        let publisher = Publisher::new(Arc::clone(&edges.lake), log.clone(), table);
        Self {
            edges,
            silver,
            log,
            publisher,
            poison,
            limits: Limits::default(),
        }
    }

    /// Sets other bounds.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Does what is due, until the deadline; a compaction that is under way may take longer.
    pub async fn run(&self, options: Options, deadline: Deadline) -> Report {
        let reconciled = self.reconcile(options, deadline).await;
        let compacted = self.compact(options, deadline).await;
        let delta = self.publish(options, deadline).await;
        let snapshot = self.snapshot(options).await;
        let checkpoint = self.checkpoint(options).await;
        let vacuumed = self.vacuum(options, deadline).await;
        Report {
            dry_run: options.dry_run,
            reconcile: Step::of(reconciled),
            compact: Step::of(compacted),
            delta: Step::of(delta),
            snapshot: Step::of(snapshot),
            checkpoint: Step::of(checkpoint),
            vacuum: Step::of(vacuumed),
        }
    }

    fn table(&self) -> TableId {
        TableId::of(&self.edges.dataset)
    }
}
