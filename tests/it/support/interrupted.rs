//! Stores that die with their process: from the k-th call on, everything fails.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use bytes::Bytes;
use sluice::store::entity::{EntityStore, Operation, Outcome, PartitionKey, RowRange, Stored};
use sluice::store::object::{Created, Metadata, ObjectInfo, ObjectPath, ObjectStore, Page};
use sluice::store::{ErrorKind, StorageError};

/// When the process dies.
#[derive(Debug)]
pub(crate) struct Death {
    calls: AtomicU64,
    at: u64,
    /// Whether the last call still takes effect.
    after_effect: bool,
    kind: ErrorKind,
    /// Whether only this call fails.
    once: bool,
}

impl Death {
    pub(crate) fn at(call: u64, after_effect: bool) -> Arc<Self> {
        Arc::new(Self {
            calls: AtomicU64::new(0),
            at: call,
            after_effect,
            kind: ErrorKind::Permanent,
            once: false,
        })
    }

    /// One call whose outcome is not known.
    pub(crate) fn hiccup(call: u64, after_effect: bool) -> Arc<Self> {
        Arc::new(Self {
            calls: AtomicU64::new(0),
            at: call,
            after_effect,
            kind: ErrorKind::Transient,
            once: true,
        })
    }

    /// Never: counts calls.
    pub(crate) fn never() -> Arc<Self> {
        Self::at(u64::MAX, false)
    }

    pub(crate) fn calls(&self) -> u64 {
        self.calls.load(Ordering::SeqCst)
    }

    async fn call<T>(
        &self,
        work: impl Future<Output = Result<T, StorageError>>,
    ) -> Result<T, StorageError> {
        let number = self.calls.fetch_add(1, Ordering::SeqCst);
        let is_dead = if self.once {
            number == self.at
        } else {
            number >= self.at
        };
        if !is_dead {
            return work.await;
        }
        if number == self.at && self.after_effect {
            work.await?;
        }
        Err(StorageError {
            operation: "call",
            object: number.to_string(),
            kind: self.kind,
            source: "the process has died".into(),
        })
    }
}

/// A lake of a process that dies.
#[derive(Debug)]
pub(crate) struct MortalLake(pub(crate) Arc<dyn ObjectStore>, pub(crate) Arc<Death>);

/// A state table of a process that dies.
#[derive(Debug)]
pub(crate) struct MortalState(pub(crate) Arc<dyn EntityStore>, pub(crate) Arc<Death>);

#[async_trait]
impl ObjectStore for MortalLake {
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError> {
        self.1.call(self.0.create(path, content, metadata)).await
    }

    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError> {
        self.1.call(self.0.put(path, content)).await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError> {
        self.1.call(self.0.get(path)).await
    }

    async fn get_range(
        &self,
        path: &ObjectPath,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        self.1.call(self.0.get_range(path, range)).await
    }

    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError> {
        self.1.call(self.0.head(path)).await
    }

    async fn list_page(
        &self,
        prefix: &ObjectPath,
        from: Option<String>,
    ) -> Result<Page, StorageError> {
        self.1.call(self.0.list_page(prefix, from)).await
    }

    async fn list(&self, prefix: &ObjectPath) -> Result<Vec<ObjectInfo>, StorageError> {
        self.1.call(self.0.list(prefix)).await
    }

    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError> {
        self.1.call(self.0.delete(path)).await
    }
}

#[async_trait]
impl EntityStore for MortalState {
    async fn transact(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Outcome, StorageError> {
        self.1.call(self.0.transact(partition, operations)).await
    }

    async fn get(
        &self,
        partition: &PartitionKey,
        row: &str,
    ) -> Result<Option<Stored>, StorageError> {
        self.1.call(self.0.get(partition, row)).await
    }

    async fn range(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        self.1.call(self.0.range(partition, rows)).await
    }
}
