//! Finds bronze objects that nothing has refined (a lost event, a poison message, a crash) and refines them, oldest
//! first; then removes the poison messages of committed sources. What it does not find closes gaps of the head.

mod gaps;

use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;

use super::{Error, Maintenance, Options, Reconciled, RefineFailure};
use crate::error::chain;
use crate::pending::MaintenanceState;
use crate::retry::Deadline;
use crate::store::object::{ObjectInfo, Source, paths};
use crate::store::queue::PoisonMessage;
use crate::table::log::MAX_SOURCES;

/// The part of a run's time that reconciling may take: a rebuild must leave some to compaction.
const SHARE: f64 = 0.75;
/// The share of that which goes to listing bronze, at the most.
const SCAN: f64 = 0.5;
/// How many objects are under way at once: while one group commits, the next one fills.
const PARALLEL: usize = 2 * MAX_SOURCES;
/// How often the poison queue is asked in a run.
const POISON_ROUNDS: usize = 20;

/// What became of an object.
enum Outcome {
    Refined,
    Gone,
    Failed(RefineFailure),
}

/// Returns how many KiB of memory so many bytes take, at least one.
fn units(bytes: u64) -> u32 {
    u32::try_from(bytes / 1024 + 1).unwrap_or(u32::MAX)
}

impl Maintenance {
    pub(super) async fn reconcile(
        &self,
        options: Options,
        deadline: Deadline,
    ) -> Result<Reconciled, Error> {
        let mut state = MaintenanceState::read(&self.context.state, &self.context.dataset).await?;
        let deadline = deadline.part(SHARE);
        // However much there is to list, time is left to refine what was scan.
        let head = self.log.head().await?;
        let (scanner, time) = (self.scanner(), deadline.part(SCAN));
        let scan = scanner.scan(head.as_ref(), &state, options.look(), time);
        let scan = scan.await?;
        let closed = match (head, options.dry_run) {
            (Some(head), false) => self.close_gaps(&head, &scan).await,
            _ => Ok(()),
        };
        if !options.dry_run && state.complete_before != scan.complete_before {
            state.complete_before.clone_from(&scan.complete_before);
            state
                .write(&self.context.state, &self.context.dataset)
                .await?;
        }

        let age = scanner.age();
        let mut done = Reconciled {
            listed: scan.listed,
            left: scan.unprocessed,
            ..Reconciled::default()
        };
        if !options.dry_run {
            let mut unprocessed = scan.oldest;
            unprocessed.retain(|object| age.is_unprocessed(object));
            self.refine(unprocessed, deadline, &mut done).await?;
            self.clear_poison(deadline, &mut done).await?;
            // Gold asks it whether something waits of which no commit will tell.
            if options.span.is_none() && state.left != done.left {
                state.left = done.left;
                state
                    .write(&self.context.state, &self.context.dataset)
                    .await?;
            }
        }
        // Whatever became of that, what waited has been refined.
        closed?;
        Ok(done)
    }

    /// Refines many at once, so that they share commits; no more of bronze is in memory than the limits say. What silver
    /// has in hand after that goes on without this run.
    async fn refine(
        &self,
        unprocessed: Vec<ObjectInfo>,
        deadline: Deadline,
        done: &mut Reconciled,
    ) -> Result<(), Error> {
        let memory = Semaphore::new(units(self.limits.bytes) as usize);
        let patient = deadline.later(self.limits.patience);
        let mut rest = unprocessed.iter();
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < PARALLEL && deadline.allows(Duration::ZERO) {
                let Some(object) = rest.next() else { break };
                under_way.push(self.refine_one(object, &memory));
            }
            let outcome = patient.within(under_way.next()).await.flatten();
            let Some(outcome) = outcome else {
                return Ok(());
            };
            match outcome? {
                Outcome::Refined => {
                    done.refined += 1;
                    done.left = done.left.saturating_sub(1);
                }
                Outcome::Gone => done.left = done.left.saturating_sub(1),
                Outcome::Failed(error) => {
                    done.failed += 1;
                    done.failure.get_or_insert(chain(error.as_ref()));
                }
            }
        }
    }

    async fn refine_one(&self, object: &ObjectInfo, memory: &Semaphore) -> Result<Outcome, Error> {
        // The semaphore is fair and is never closed: each object has its turn, also one that takes all of the memory.
        let wanted = units(object.size.min(self.limits.bytes));
        let _memory = memory.acquire_many(wanted).await.ok();
        let Some(source) = self.read(object).await? else {
            return Ok(Outcome::Gone);
        };
        Ok(match self.silver.refine(source).await {
            Ok(_) => Outcome::Refined,
            Err(error) => Outcome::Failed(error),
        })
    }

    /// Reads an object as the trigger would have delivered it; none if it is gone.
    async fn read(&self, object: &ObjectInfo) -> Result<Option<Source>, Error> {
        let Some(content) = self.context.lake.get(&object.path).await? else {
            return Ok(None);
        };
        Ok(Some(Source::of_object(
            object.path.name().to_owned(),
            content,
            &object.metadata,
            object.created,
        )))
    }

    async fn clear_poison(&self, deadline: Deadline, done: &mut Reconciled) -> Result<(), Error> {
        let Some(queue) = &self.poison else {
            return Ok(());
        };
        for _ in 0..POISON_ROUNDS {
            let messages = queue.receive().await?;
            if messages.is_empty() || !deadline.allows(Duration::ZERO) {
                break;
            }
            let names: Vec<String> = messages
                .iter()
                .filter_map(|message| self.own_source(message))
                .collect();
            let committed = self.log.ledger(&names).await?;
            for message in &messages {
                let name = self.own_source(message);
                if name.is_some_and(|name| committed.contains_key(&name)) {
                    queue.delete(message).await?;
                    done.poison_removed += 1;
                } else {
                    done.poison_left += 1;
                }
            }
        }
        Ok(())
    }

    /// Returns the source that the message is about, if it is one of this dataset.
    fn own_source(&self, message: &PoisonMessage) -> Option<String> {
        let blob = message.blob()?;
        let is_own = blob.container() == paths::BRONZE && self.context.dataset.owns(blob.name());
        is_own.then(|| blob.name().to_owned())
    }
}
