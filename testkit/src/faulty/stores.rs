//! The lake and the state table that follow a script.

use std::ops::Range;
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use sluice::store::entity::{EntityStore, Operation, Outcome, PartitionKey, RowRange, Stored};
use sluice::store::object::{Created, Metadata, ObjectInfo, ObjectPath, ObjectStore, Page};
use sluice::store::{ErrorKind, StorageError};

use super::fault::How;
use super::script::Script;

/// An edge, and the script that its calls follow.
#[derive(Debug)]
pub struct Faulty<T: ?Sized> {
    pub(super) inner: Arc<T>,
    pub(super) script: Arc<Script>,
}

impl<T: ?Sized> Faulty<T> {
    /// Wraps an edge.
    #[must_use]
    pub fn new(inner: &Arc<T>, script: &Arc<Script>) -> Arc<Self> {
        Arc::new(Self {
            inner: Arc::clone(inner),
            script: Arc::clone(script),
        })
    }
}

fn storage_error(call: &str, how: How) -> StorageError {
    StorageError {
        operation: "make call",
        object: call.to_owned(),
        kind: match how {
            How::Transient | How::Unknown => ErrorKind::Transient,
            How::Permanent | How::Outage | How::Panic | How::Crash => ErrorKind::Permanent,
        },
        source: "injected".into(),
    }
}

#[async_trait]
impl ObjectStore for Faulty<dyn ObjectStore> {
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError> {
        let act = self.inner.create(path, content, metadata);
        let call = format!("create {path}");
        self.script.around(call, storage_error, act).await
    }

    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError> {
        let call = format!("put {path}");
        let act = self.inner.put(path, content);
        self.script.around(call, storage_error, act).await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError> {
        let call = format!("get {path}");
        let act = self.inner.get(path);
        self.script.around(call, storage_error, act).await
    }

    async fn get_range(
        &self,
        path: &ObjectPath,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        let call = format!("get {path} {range:?}");
        let act = self.inner.get_range(path, range);
        self.script.around(call, storage_error, act).await
    }

    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError> {
        let call = format!("head {path}");
        let act = self.inner.head(path);
        self.script.around(call, storage_error, act).await
    }

    async fn list(&self, prefix: &ObjectPath) -> Result<Vec<ObjectInfo>, StorageError> {
        let call = format!("list {prefix}");
        let act = self.inner.list(prefix);
        self.script.around(call, storage_error, act).await
    }

    async fn list_page(
        &self,
        prefix: &ObjectPath,
        from: Option<String>,
    ) -> Result<Page, StorageError> {
        let from = from.map_or(0, |from| from.parse().unwrap());
        let size = self.script.page().unwrap_or(usize::MAX);
        let mut objects = self.list(prefix).await?;
        let answered = self.inner.list_page(prefix, None).await?.answered;
        let mut objects = objects.split_off(from.min(objects.len()));
        let rest = objects.split_off(size.min(objects.len()));
        let next = (!rest.is_empty()).then(|| (from + size).to_string());
        Ok(Page {
            objects,
            next,
            answered,
        })
    }

    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError> {
        let call = format!("delete {path}");
        let act = self.inner.delete(path);
        self.script.around(call, storage_error, act).await
    }
}

#[async_trait]
impl EntityStore for Faulty<dyn EntityStore> {
    async fn transact(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Outcome, StorageError> {
        let rows: Vec<&str> = operations.iter().map(Operation::row).collect();
        // The row that says most about a transaction comes last in it, or is its entry in the log.
        let log = rows.iter().find(|row| row.starts_with("log|"));
        let call = format!("transact {}", log.copied().unwrap_or("other"));
        if let Some(lag) = self.script.lateness(&call) {
            let inner = Arc::clone(&self.inner);
            let (partition, operations) = (partition.clone(), operations.to_vec());
            tokio::spawn(async move {
                tokio::time::sleep(lag).await;
                inner.transact(&partition, &operations).await.unwrap()
            });
            return Err(StorageError::timed_out("send", "it", lag));
        }
        let act = self.inner.transact(partition, operations);
        self.script.around(call, storage_error, act).await
    }

    async fn get(
        &self,
        partition: &PartitionKey,
        row: &str,
    ) -> Result<Option<Stored>, StorageError> {
        let call = format!("read {row}");
        let act = self.inner.get(partition, row);
        self.script.around(call, storage_error, act).await
    }

    async fn range(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        let call = format!("range {}", rows.from);
        let act = self.inner.range(partition, rows);
        self.script.around(call, storage_error, act).await
    }
}
