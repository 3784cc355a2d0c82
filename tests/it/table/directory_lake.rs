//! A lake in a directory, for readers of other languages. Creation times come from a clock that tests set.

use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::Bytes;
use sluice::clock::Clock;
use sluice::store::StorageError;
use sluice::store::object::{
    Created, MemoryObjectStore, Metadata, ObjectInfo, ObjectPath, ObjectStore, Page,
};

/// Objects in memory, and the same objects as files below a directory.
#[derive(Debug)]
pub(crate) struct DirectoryLake {
    memory: MemoryObjectStore,
    root: PathBuf,
    /// Files are written beside their place first.
    next: Mutex<u64>,
}

impl DirectoryLake {
    pub(crate) fn new(root: &Path, clock: Arc<dyn Clock>) -> Self {
        Self {
            memory: MemoryObjectStore::new(clock),
            root: root.to_owned(),
            next: Mutex::default(),
        }
    }

    fn write(&self, path: &ObjectPath, content: &[u8]) {
        let place = self.root.join(path.as_str());
        std::fs::create_dir_all(place.parent().unwrap()).unwrap();
        let number = {
            let mut next = self.next.lock().unwrap();
            *next += 1;
            *next
        };
        let draft = self.root.join(format!("draft-{number}"));
        std::fs::write(&draft, content).unwrap();
        std::fs::rename(draft, place).unwrap();
    }
}

#[async_trait]
impl ObjectStore for DirectoryLake {
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError> {
        let created = self.memory.create(path, content.clone(), metadata).await?;
        if created == Created::New {
            self.write(path, &content);
        }
        Ok(created)
    }

    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError> {
        self.memory.put(path, content.clone()).await?;
        self.write(path, &content);
        Ok(())
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError> {
        self.memory.get(path).await
    }

    async fn get_range(
        &self,
        path: &ObjectPath,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        self.memory.get_range(path, range).await
    }

    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError> {
        self.memory.head(path).await
    }

    async fn list_page(
        &self,
        prefix: &ObjectPath,
        from: Option<String>,
    ) -> Result<Page, StorageError> {
        self.memory.list_page(prefix, from).await
    }

    async fn list(&self, prefix: &ObjectPath) -> Result<Vec<ObjectInfo>, StorageError> {
        self.memory.list(prefix).await
    }

    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError> {
        self.memory.delete(path).await?;
        let _ = std::fs::remove_file(self.root.join(path.as_str()));
        Ok(())
    }
}
