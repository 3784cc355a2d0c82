//! One run: every step in turn, each within its bounds.

use std::sync::Arc;

use super::limits::{Limits, Options};
use super::refine::Refine;
use super::report::{Report, Step};
use crate::context::Context;
use crate::pending::Scanner;
use crate::retry::Deadline;
use crate::store::queue::PoisonQueue;
use crate::table::TableId;
use crate::table::delta::Publisher;
use crate::table::log::CommitLog;

/// The maintenance of one dataset.
#[derive(Debug)]
pub struct Maintenance {
    pub(super) context: Context,
    pub(super) silver: Box<dyn Refine>,
    pub(super) log: CommitLog,
    pub(super) publisher: Publisher,
    pub(super) poison: Option<Arc<dyn PoisonQueue>>,
    pub(super) limits: Limits,
}

impl Maintenance {
    /// Makes the maintenance of what `silver` writes on the same context. Without a queue, poison messages stay.
    #[must_use]
    pub fn new(
        context: Context,
        silver: impl Refine + 'static,
        poison: Option<Arc<dyn PoisonQueue>>,
    ) -> Self {
        let log = CommitLog::new(
            Arc::clone(&context.state),
            Arc::clone(&context.lake),
            &context.dataset,
        );
        let table = TableId::of(&context.dataset);
        let publisher = Publisher::new(Arc::clone(&context.lake), log.clone(), table);
        Self {
            context,
            silver: Box::new(silver),
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
        let counted = self.count(options).await;
        let compacted = self.compact(options, deadline).await;
        let delta = self.publish(options, deadline).await;
        let snapshot = self.snapshot(options).await;
        let checkpoint = self.checkpoint(options).await;
        let vacuumed = self.vacuum(options, deadline).await;
        Report {
            dry_run: options.dry_run,
            reconcile: Step::of(reconciled),
            count: Step::of(counted),
            compact: Step::of(compacted),
            delta: Step::of(delta),
            snapshot: Step::of(snapshot),
            checkpoint: Step::of(checkpoint),
            vacuum: Step::of(vacuumed),
        }
    }

    /// Returns what looks for bronze objects that silver has not refined.
    pub(super) fn scanner(&self) -> Scanner {
        Scanner {
            dataset: Arc::clone(&self.context.dataset),
            lake: Arc::clone(&self.context.lake),
            log: self.log.clone(),
            clock: Arc::clone(&self.context.clock),
            unprocessed_after: self.limits.unprocessed_after,
            objects: self.limits.objects,
        }
    }

    pub(super) fn table(&self) -> TableId {
        TableId::of(&self.context.dataset)
    }
}
