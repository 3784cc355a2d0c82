//! Bounds of a run, when things are due, and how to run.

use std::time::Duration;

use crate::event::UnixMillis;
use crate::pending::Extent;

/// Bounds of one run, and when things are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How old a bronze object without a ledger entry is before it counts as unprocessed.
    pub unprocessed_after: Duration,
    /// Bronze objects that are refined, and that are kept in memory, about a kilobyte each. A run's time ends earlier.
    pub objects: usize,
    /// How long after its time reconciling waits for objects that silver has in hand; the next run finds out about the
    /// others. A process that ends with the run, and silver's work with it, has patience.
    pub patience: Duration,
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
            unprocessed_after: Duration::from_secs(5 * 60),
            objects: 30_000,
            patience: Duration::ZERO,
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
    /// Look at the hours of bronze from a time up to another, whatever earlier runs found, in place of what is new. Events that
    /// were put elsewhere are not seen, and nothing is taken for complete.
    pub span: Option<(UnixMillis, UnixMillis)>,
}

impl Options {
    /// Returns where in bronze the run looks.
    pub(super) fn look(self) -> Extent {
        match (self.span, self.full) {
            (Some((from, until)), _) => Extent::Span { from, until },
            (None, true) => Extent::Everything,
            (None, false) => Extent::New,
        }
    }
}

/// Bounds of a rewrite, which is held in memory as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CompactLimits {
    /// Small files that a period may have while rows still arrive in it.
    pub open_files: usize,
    /// Rows of one rewrite.
    pub rows: u64,
    /// Bytes of Parquet of one rewrite.
    pub bytes: u64,
}

impl Default for CompactLimits {
    fn default() -> Self {
        Self {
            open_files: 64,
            rows: 1_000_000,
            bytes: 64 * 1024 * 1024,
        }
    }
}
