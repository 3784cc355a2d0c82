//! A state table in memory that keeps every promise of [`EntityStore`] and refuses what Table storage refuses.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;

use super::{
    ETag, Entity, EntityStore, Operation, Outcome, PartitionKey, RowRange, Stored, limits,
};
use crate::store::StorageError;

type Rows = BTreeMap<String, Stored>;

/// Entities in memory, gone with the process.
#[derive(Debug, Default)]
pub struct MemoryEntityStore(Mutex<Tables>);

#[derive(Debug, Default)]
struct Tables {
    partitions: HashMap<PartitionKey, Rows>,
    writes: u64,
}

impl MemoryEntityStore {
    /// Makes an empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn lock(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl EntityStore for MemoryEntityStore {
    async fn transact(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Outcome, StorageError> {
        limits::check(partition, operations).map_err(|refusal| refusal.of(partition))?;

        let mut tables = self.lock();
        let Tables { partitions, writes } = &mut *tables;
        let rows = partitions.entry(partition.clone()).or_default();
        // No row occurs twice, so the conditions can all be checked before the first write.
        if !operations.iter().all(|operation| holds(rows, operation)) {
            return Ok(Outcome::Conflict);
        }
        for operation in operations {
            *writes += 1;
            apply(rows, operation, *writes);
        }
        Ok(Outcome::Committed)
    }

    async fn get(
        &self,
        partition: &PartitionKey,
        row: &str,
    ) -> Result<Option<Stored>, StorageError> {
        let tables = self.lock();
        let rows = tables.partitions.get(partition);
        Ok(rows.and_then(|rows| rows.get(row).cloned()))
    }

    async fn range(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        if rows.from >= rows.until {
            return Ok(Vec::new());
        }
        let tables = self.lock();
        let Some(stored) = tables.partitions.get(partition) else {
            return Ok(Vec::new());
        };
        let found = stored.range(rows.from.clone()..rows.until.clone());
        Ok(found.map(|(_, stored)| stored.clone()).collect())
    }
}

fn holds(rows: &Rows, operation: &Operation) -> bool {
    let stored = rows.get(operation.row());
    match operation {
        Operation::Insert(_) => stored.is_none(),
        Operation::Upsert(_) => true,
        Operation::Update { if_match, .. } => stored.is_some_and(|stored| stored.etag == *if_match),
        Operation::Delete { if_match, .. } => stored.is_some_and(|stored| {
            if_match
                .as_ref()
                .is_none_or(|if_match| stored.etag == *if_match)
        }),
    }
}

fn apply(rows: &mut Rows, operation: &Operation, write: u64) {
    match operation {
        Operation::Insert(entity)
        | Operation::Upsert(entity)
        | Operation::Update { entity, .. } => {
            rows.insert(entity.row.clone(), stored(entity, write));
        }
        Operation::Delete { row, .. } => {
            rows.remove(row);
        }
    }
}

fn stored(entity: &Entity, write: u64) -> Stored {
    Stored {
        entity: entity.clone(),
        etag: ETag(format!("W/\"memory'{write}'\"")),
    }
}
