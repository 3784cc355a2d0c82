//! Which process follows silver's commits with gold. It saves work and is never relied upon: two that hold it at once do
//! no harm, since the transactions of the warehouse decide.
//!
//! A lease lasts 15 seconds. Whoever finds it goes by what it says, but never longer than that from when the process first
//! saw it as it is: so clocks that differ cost some work, or some seconds, and nothing else.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::partition::partition;
use crate::clock::Clock;
use crate::dataset::Dataset;
use crate::store::StorageError;
use crate::store::entity::{
    ETag, Entity, EntityStore, Operation, Outcome, PartitionKey, Properties, Stored, Value,
};
use crate::value::time::millis;

const ROW: &str = "lease";
/// How long a lease lasts that nobody renews.
pub const LASTS: Duration = Duration::from_secs(15);

/// Whose the lease is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// This process has it, for [`LASTS`] from now.
    Own,
    /// Another process has it until then, unless it renews it.
    Other(Instant),
}

/// The lease of one dataset, as one process takes it.
#[derive(Debug)]
pub struct Lease {
    state: Arc<dyn EntityStore>,
    partition: PartitionKey,
    clock: Arc<dyn Clock>,
    owner: String,
    /// The lease of another as it was last seen, and when that runs out.
    seen: Option<(ETag, Instant)>,
}

impl Lease {
    pub(in crate::gold) fn new(
        state: Arc<dyn EntityStore>,
        dataset: &Dataset,
        (clock, owner): (Arc<dyn Clock>, String),
    ) -> Self {
        Self {
            state,
            partition: partition(dataset),
            clock,
            owner,
            seen: None,
        }
    }

    /// Takes the lease if nobody has it, and renews it if this process does.
    ///
    /// # Errors
    /// Fails if the store does; the lease may be this process's then, as the next call finds.
    pub async fn take(&mut self) -> Result<Holder, StorageError> {
        let stored = self.state.get(&self.partition, ROW).await?;
        let lease = self.entity(self.clock.now().0.saturating_add(millis(LASTS)));
        let operation = match stored {
            None => Operation::Insert(lease),
            Some(stored) if self.is_own(&stored) => update(lease, stored),
            Some(stored) => {
                let until = self.runs_out(&stored);
                if Instant::now() < until {
                    return Ok(Holder::Other(until));
                }
                update(lease, stored)
            }
        };
        match self.state.transact(&self.partition, &[operation]).await? {
            Outcome::Committed => Ok(Holder::Own),
            // Another process was first.
            Outcome::Conflict => Ok(Holder::Other(Instant::now() + LASTS)),
        }
    }

    /// Gives the lease up, if this process has it.
    ///
    /// # Errors
    /// Fails if the store does; it runs out then.
    pub async fn give_up(&mut self) -> Result<(), StorageError> {
        let stored = self.state.get(&self.partition, ROW).await?;
        let Some(stored) = stored.filter(|stored| self.is_own(stored)) else {
            return Ok(());
        };
        let operation = update(self.entity(0), stored);
        // A conflict means that another has it.
        self.state.transact(&self.partition, &[operation]).await?;
        Ok(())
    }

    fn entity(&self, until: i64) -> Entity {
        let owner = Value::String(self.owner.clone());
        Entity {
            row: ROW.to_owned(),
            properties: Properties::from([
                ("owner".into(), owner),
                ("until".into(), Value::Int64(until)),
            ]),
        }
    }

    fn is_own(&self, stored: &Stored) -> bool {
        let owner = stored.entity.properties.get("owner");
        owner.and_then(Value::as_str) == Some(&self.owner)
    }

    /// Returns when the lease of another runs out.
    fn runs_out(&mut self, stored: &Stored) -> Instant {
        if let Some((etag, until)) = &self.seen
            && *etag == stored.etag
        {
            return *until;
        }
        let until = stored.entity.properties.get("until");
        // One that cannot be read is waited for as long as one lasts.
        let left = until
            .and_then(Value::as_i64)
            .map_or(millis(LASTS), |until| {
                until.saturating_sub(self.clock.now().0)
            });
        let left = left.clamp(0, millis(LASTS));
        let left = Duration::from_millis(u64::try_from(left).unwrap_or_default());
        let until = Instant::now() + left;
        self.seen = Some((stored.etag.clone(), until));
        until
    }
}

fn update(entity: Entity, stored: Stored) -> Operation {
    Operation::Update {
        entity,
        if_match: stored.etag,
    }
}
