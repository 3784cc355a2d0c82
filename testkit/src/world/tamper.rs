//! Changes behind the back of every layer.

use bytes::Bytes;
use sluice::store::entity::{Entity, Operation, PartitionKey};
use sluice::store::object::{Metadata, ObjectPath};

use super::stores::World;

impl World {
    /// Returns the partition of the state table that holds the log and the ledger.
    #[must_use]
    pub fn log_partition(&self) -> PartitionKey {
        let (dataset, generation) = (&self.dataset.name, self.dataset.generation);
        PartitionKey(format!("{dataset}@{generation}"))
    }

    /// Returns a row of the log or the ledger, which must be there.
    pub async fn row(&self, row: &str) -> Entity {
        let stored = self.state.get(&self.log_partition(), row).await.unwrap();
        stored.unwrap_or_else(|| panic!("there is no {row}")).entity
    }

    /// Writes a row of the log or the ledger.
    pub async fn write_row(&self, entity: Entity) {
        self.transact(Operation::Upsert(entity)).await;
    }

    /// Changes a row of the log or the ledger.
    pub async fn change_row(&self, row: &str, change: impl FnOnce(&mut Entity)) {
        let mut entity = self.row(row).await;
        change(&mut entity);
        self.write_row(entity).await;
    }

    /// Removes a row of the log or the ledger, which must be there.
    pub async fn remove_row(&self, row: &str) {
        let row = self.row(row).await.row;
        let if_match = None;
        self.transact(Operation::Delete { row, if_match }).await;
    }

    async fn transact(&self, operation: Operation) {
        let partition = self.log_partition();
        self.state.transact(&partition, &[operation]).await.unwrap();
    }

    /// Puts other content in an object's place, or where there was none.
    pub async fn replace_object(&self, path: &ObjectPath, content: Bytes, metadata: &Metadata) {
        self.lake.delete(path).await.unwrap();
        self.lake.create(path, content, metadata).await.unwrap();
    }
}
