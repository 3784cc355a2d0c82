//! What a run did, and what it left to the next.

use serde::Serialize;

use super::Error;
use crate::error::chain;

/// What a run did, step by step.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether this is what would be done.
    pub dry_run: bool,
    /// Bronze objects that nothing had refined.
    pub reconcile: Step<Reconciled>,
    /// Totals that the head lacked.
    pub count: Step<Counted>,
    /// Small files made into larger ones.
    pub compact: Step<Compacted>,
    /// Versions published to the Delta log.
    pub delta: Step<Delta>,
    /// The snapshot for cold starts.
    pub snapshot: Step<Snapshotted>,
    /// The checkpoint for readers of the Delta log.
    pub checkpoint: Step<Checkpointed>,
    /// What nobody needs any more.
    pub vacuum: Step<Vacuumed>,
}

/// How a step ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Step<T> {
    /// It did this.
    Done(T),
    /// It failed, with this chain of causes; the next run goes on.
    Failed(String),
}

impl<T> Step<T> {
    pub(super) fn of(outcome: Result<T, Error>) -> Self {
        match outcome {
            Ok(done) => Self::Done(done),
            Err(error) => Self::Failed(chain(&error)),
        }
    }

    /// Returns what was done, if the step did not fail.
    #[must_use]
    pub fn done(&self) -> Option<&T> {
        match self {
            Self::Done(done) => Some(done),
            Self::Failed(_) => None,
        }
    }

    fn failure(&self) -> Option<&str> {
        match self {
            Self::Done(_) => None,
            Self::Failed(failure) => Some(failure),
        }
    }
}

/// What became of bronze objects without a ledger entry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Reconciled {
    /// Objects that were listed.
    pub listed: u64,
    /// Objects that were refined.
    pub refined: u64,
    /// Objects that could not be refined; the next run tries again.
    pub failed: u64,
    /// The first of the failures.
    pub failure: Option<String>,
    /// Objects that are left, as far as bronze was looked at.
    pub left: u64,
    /// Poison messages that were removed, because their source is finished.
    pub poison_removed: u64,
    /// Poison messages that were seen and are left.
    pub poison_left: u64,
}

/// Whether the head lacked the totals of its log, which every commit of this build carries on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Counted {
    /// The sources that were counted, if they were.
    pub sources: Option<u64>,
    /// Whether they had to be counted, which a dry run leaves.
    pub is_due: bool,
}

/// What compaction did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compacted {
    /// Commits made.
    pub commits: u64,
    /// Files replaced.
    pub replaced: u64,
    /// Rows rewritten.
    pub rows: u64,
    /// Bytes written.
    pub bytes: u64,
    /// Rewrites that were given up, because others had replaced their inputs.
    pub given_up: u64,
    /// Rewrites that are left.
    pub left: u64,
}

/// How far the Delta log has come.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Delta {
    /// Entries that this run wrote.
    pub written: u64,
    /// The latest version published.
    pub published: Option<u64>,
    /// Versions that are not published yet.
    pub lag: u64,
}

/// The snapshot that a run wrote, if one was due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Snapshotted {
    /// Its version, if one was due.
    pub version: Option<u64>,
    /// Files that it names.
    pub files: u64,
    /// Versions since the latest snapshot.
    pub left: u64,
    /// Whether one is due, which a dry run leaves.
    pub is_due: bool,
}

/// The checkpoint that a run wrote, if one was due.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checkpointed {
    /// Its version, if one was due.
    pub version: Option<u64>,
    /// Its size.
    pub bytes: u64,
    /// Versions since the latest checkpoint.
    pub left: u64,
    /// Whether one is due, which a dry run leaves, and so does a run that could not publish.
    pub is_due: bool,
}

/// What was removed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Vacuumed {
    /// Whether it was due.
    pub was_due: bool,
    /// Files that compaction had replaced.
    pub replaced: u64,
    /// Files, manifests and snapshots that nothing names.
    pub unnamed: u64,
    /// Entries of our log.
    pub log_entries: u64,
    /// Entries and checkpoints of the Delta log.
    pub delta_entries: u64,
    /// Objects that may go and are left.
    pub left: u64,
}

impl Report {
    /// Returns the steps that failed, each with its causes.
    #[must_use]
    pub fn failures(&self) -> Vec<(&'static str, &str)> {
        let steps = [
            ("reconcile", self.reconcile.failure()),
            ("count", self.count.failure()),
            ("compact", self.compact.failure()),
            ("delta", self.delta.failure()),
            ("snapshot", self.snapshot.failure()),
            ("checkpoint", self.checkpoint.failure()),
            ("vacuum", self.vacuum.failure()),
        ];
        let failed = steps.into_iter();
        failed
            .filter_map(|(name, failure)| failure.map(|failure| (name, failure)))
            .collect()
    }
}
