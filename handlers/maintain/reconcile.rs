//! Finds bronze objects that nothing has refined (a lost event, a poison message, a crash) and refines them, oldest
//! first; then removes the poison messages of finished sources.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{FuturesUnordered, StreamExt};
use tokio::sync::Semaphore;

use super::poison::PoisonMessage;
use super::{Error, Maintenance, Memo, Options, Reconciled};
use crate::bronze::plan::ObjectRange;
use crate::error::chain;
use crate::event::PartitionId;
use crate::lake::{ObjectInfo, paths};
use crate::retry::Deadline;
use crate::silver::{RefineError, Source};
use crate::state::commit_log::MAX_SOURCES;

/// The part of a run's time that reconciling may take: a rebuild must leave some to compaction.
const SHARE: f64 = 0.75;
/// The share of that which goes to listing bronze, at the most.
const LOOK: f64 = 0.5;
/// How many objects are under way at once: while one group commits, the next one fills.
const PARALLEL: usize = 2 * MAX_SOURCES;
/// How often the poison queue is asked in a run.
const POISON_ROUNDS: usize = 20;

/// What became of an object.
enum Outcome {
    Refined,
    Gone,
    Failed(Arc<RefineError>),
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
        let mut memo = Memo::read(&self.edges.state, &self.edges.dataset).await?;
        let deadline = deadline.part(SHARE);
        // However much there is to list, time is left to refine what was found.
        let found = self.look(&memo, options.full, deadline.part(LOOK)).await?;
        if !options.dry_run && memo.complete_before != found.complete_before {
            memo.complete_before.clone_from(&found.complete_before);
            memo.write(&self.edges.state, &self.edges.dataset).await?;
        }

        let before = self.forgotten_before();
        let mut done = Reconciled {
            listed: found.listed,
            left: found.forgotten,
            ..Reconciled::default()
        };
        if !options.dry_run {
            let mut forgotten = found.oldest;
            forgotten.retain(|object| object.created <= before);
            self.refine(forgotten, deadline, &mut done).await?;
            self.clear_poison(deadline, &mut done).await?;
        }
        Ok(done)
    }

    /// Refines many at once, so that they share commits; no more of bronze is in memory than the limits say.
    async fn refine(
        &self,
        forgotten: Vec<ObjectInfo>,
        deadline: Deadline,
        done: &mut Reconciled,
    ) -> Result<(), Error> {
        let memory = Semaphore::new(units(self.limits.bytes) as usize);
        let mut rest = forgotten.iter();
        let mut under_way = FuturesUnordered::new();
        loop {
            while under_way.len() < PARALLEL && deadline.allows(Duration::ZERO) {
                let Some(object) = rest.next() else { break };
                under_way.push(self.refine_one(object, &memory));
            }
            let Some(outcome) = under_way.next().await else {
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
        let Some(content) = self.edges.lake.get(&object.path).await? else {
            return Ok(None);
        };
        let range = ObjectRange::from_metadata(&object.metadata);
        let partition = object.metadata.get("partition").cloned().map(PartitionId);
        Ok(Some(Source {
            name: object.path.name().to_owned(),
            content,
            partition: partition.filter(|_| range.is_some()),
            range: range.map(|range| range.sequence),
            enqueued_time: range.map_or(object.created, |range| range.last_enqueued),
        }))
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
            let finished = self.log.ledger(&names).await?;
            for message in &messages {
                let name = self.own_source(message);
                if name.is_some_and(|name| finished.contains_key(&name)) {
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
        let root = paths::bronze_dataset(&self.edges.dataset.name);
        let is_own = blob.container() == root.container() && blob.name().starts_with(root.name());
        is_own.then(|| blob.name().to_owned())
    }
}
