//! The old end of the log: entries below the snapshot may go, oldest first.
//!
//! No lock is needed. What goes lies below the snapshot that `head` names, so a reader that misses it has an old head
//! and starts over.

use super::{Commit, CommitLog, LogError, Outcome, RowRange, Version, entities};
use crate::store::entity::{MAX_TRANSACTION_ENTITIES, Operation};

impl CommitLog {
    /// Returns the first version that is still in the log, which ends at `head`. Entries go oldest first, so it is
    /// found by a binary search.
    ///
    /// # Errors
    /// Fails if the store does.
    pub async fn first_version(&self, head: Version) -> Result<Version, LogError> {
        let (mut low, mut high) = (0, head.0);
        while low < high {
            let middle = low + (high - low) / 2;
            let row = entities::log_row(Version(middle));
            match self.state.get(&self.partition, &row).await? {
                Some(_) => high = middle,
                None => low = middle + 1,
            }
        }
        Ok(Version(low))
    }

    /// Returns those of the commits in `[first, until]` that are still there.
    ///
    /// # Errors
    /// Fails if the store does, or if a manifest of such a commit is gone.
    pub async fn remaining(&self, first: Version, until: Version) -> Result<Vec<Commit>, LogError> {
        self.entries(first, until).await
    }

    /// Removes the entries in `[first, until)`, oldest first; returns how many went. The caller has made sure that
    /// they lie below the snapshot of a head.
    ///
    /// # Errors
    /// Fails if the store does. What went by then is the oldest part.
    pub async fn clear(&self, first: Version, until: Version) -> Result<u64, LogError> {
        let mut cleared = 0;
        let step = MAX_TRANSACTION_ENTITIES as u64;
        let mut from = first;
        while from < until {
            let to = until.min(Version(from.0 + step));
            // Another run may be at it too, and an entry that is gone would fail the transaction.
            let rows = RowRange {
                from: entities::log_row(from),
                until: entities::log_row(to),
            };
            let present = self.state.range(&self.partition, &rows).await?;
            let deletes: Vec<Operation> = present
                .into_iter()
                .map(|stored| Operation::Delete {
                    row: stored.entity.row,
                    if_match: None,
                })
                .collect();
            if !deletes.is_empty() {
                if self.state.transact(&self.partition, &deletes).await? == Outcome::Conflict {
                    return Ok(cleared);
                }
                cleared += deletes.len() as u64;
            }
            from = to;
        }
        Ok(cleared)
    }
}
