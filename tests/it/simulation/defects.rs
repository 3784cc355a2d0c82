//! That the simulation finds what is wrong: stores that break a rule which the layers rely on are found out.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use sluice::store::StorageError;
use sluice::store::entity::{
    EntityStore, MemoryEntityStore, Operation, Outcome, PartitionKey, RowRange, Stored,
};
use sluice::store::object::{
    Created, MemoryObjectStore, Metadata, ObjectInfo, ObjectPath, ObjectStore, Page,
};
use testkit::world::World;

use super::world;

/// Runs seeds until one fails; so many find each defect here at the latest.
fn assert_found(make: impl Fn() -> World) {
    let fails = |seed: &u64| catch_unwind(AssertUnwindSafe(|| world::run(*seed, make()))).is_err();
    let found = (0..20).find(fails);
    assert!(found.is_some(), "nothing was found");
}

/// A state table that writes an entity whatever has become of it.
#[derive(Debug)]
struct Unconditional(MemoryEntityStore);

#[async_trait]
impl EntityStore for Unconditional {
    async fn transact(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Outcome, StorageError> {
        let lax = |operation: &Operation| match operation {
            Operation::Update { entity, .. } | Operation::Insert(entity) => {
                Operation::Upsert(entity.clone())
            }
            other => other.clone(),
        };
        let operations: Vec<_> = operations.iter().map(lax).collect();
        self.0.transact(partition, &operations).await
    }

    async fn get(
        &self,
        partition: &PartitionKey,
        row: &str,
    ) -> Result<Option<Stored>, StorageError> {
        self.0.get(partition, row).await
    }

    async fn range(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        self.0.range(partition, rows).await
    }
}

/// A lake that creates an object whatever is there.
#[derive(Debug)]
struct Overwriting(MemoryObjectStore);

#[async_trait]
impl ObjectStore for Overwriting {
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError> {
        self.0.delete(path).await?;
        self.0.create(path, content, metadata).await
    }

    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError> {
        self.0.put(path, content).await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError> {
        self.0.get(path).await
    }

    async fn get_range(
        &self,
        path: &ObjectPath,
        range: std::ops::Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        self.0.get_range(path, range).await
    }

    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError> {
        self.0.head(path).await
    }

    async fn list_page(
        &self,
        prefix: &ObjectPath,
        from: Option<String>,
    ) -> Result<Page, StorageError> {
        self.0.list_page(prefix, from).await
    }

    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError> {
        self.0.delete(path).await
    }
}

#[test]
fn a_state_table_that_ignores_conditions_is_found_out() {
    assert_found(|| {
        let state = Arc::new(Unconditional(MemoryEntityStore::new()));
        World::builder().state(state).build()
    });
}

#[test]
fn a_lake_that_creates_what_is_there_is_found_out() {
    assert_found(|| {
        let world = World::builder();
        world
            .lake(|clock| Arc::new(Overwriting(MemoryObjectStore::new(clock))))
            .build()
    });
}
