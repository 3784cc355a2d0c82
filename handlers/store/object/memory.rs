//! A lake in memory that keeps every promise of [`ObjectStore`] and refuses what Blob storage refuses.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::limits::Refusal;
use super::{Created, Metadata, ObjectInfo, ObjectPath, ObjectStore, Page, limits};
use crate::clock::Clock;
use crate::store::StorageError;

/// Objects in memory, gone with the process.
#[derive(Debug)]
pub struct MemoryObjectStore {
    clock: Arc<dyn Clock>,
    objects: Mutex<BTreeMap<ObjectPath, Object>>,
}

#[derive(Clone, Debug)]
struct Object {
    info: ObjectInfo,
    content: Bytes,
}

impl MemoryObjectStore {
    /// Makes an empty lake whose objects get their creation time from `clock`.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            objects: Mutex::default(),
        }
    }

    fn with_objects<T>(&self, act: impl FnOnce(&mut BTreeMap<ObjectPath, Object>) -> T) -> T {
        act(&mut self.objects.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn find(&self, path: &ObjectPath) -> Option<Object> {
        self.with_objects(|objects| objects.get(path).cloned())
    }
}

#[async_trait]
impl ObjectStore for MemoryObjectStore {
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError> {
        limits::check(path, metadata).map_err(|refusal| refusal.of("create blob", path))?;
        let info = ObjectInfo {
            path: path.clone(),
            size: content.len() as u64,
            created: self.clock.now(),
            metadata: metadata.clone(),
        };

        Ok(self.with_objects(|objects| {
            if objects.contains_key(path) {
                return Created::AlreadyThere;
            }
            objects.insert(path.clone(), Object { info, content });
            Created::New
        }))
    }

    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError> {
        let metadata = Metadata::new();
        limits::check(path, &metadata).map_err(|refusal| refusal.of("write blob", path))?;
        let info = ObjectInfo {
            path: path.clone(),
            size: content.len() as u64,
            created: self.clock.now(),
            metadata,
        };
        self.with_objects(|objects| objects.insert(path.clone(), Object { info, content }));
        Ok(())
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError> {
        Ok(self.find(path).map(|object| object.content))
    }

    async fn get_range(
        &self,
        path: &ObjectPath,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        let Some(Object { info, content }) = self.find(path) else {
            return Ok(None);
        };
        if range.start > range.end || range.end > info.size {
            let refusal = Refusal::Range {
                start: range.start,
                end: range.end,
                size: info.size,
            };
            return Err(refusal.of("read part of blob", path));
        }
        // Both ends lie within a content that is in memory, so they fit.
        Ok(Some(
            content.slice(range.start as usize..range.end as usize),
        ))
    }

    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError> {
        Ok(self.find(path).map(|object| object.info))
    }

    async fn list_page(
        &self,
        prefix: &ObjectPath,
        _from: Option<String>,
    ) -> Result<Page, StorageError> {
        let objects = self.with_objects(|objects| {
            objects
                .range(prefix.clone()..)
                .take_while(|(path, _)| {
                    path.container() == prefix.container() && path.name().starts_with(prefix.name())
                })
                .map(|(_, object)| object.info.clone())
                .collect()
        });
        // The only page.
        Ok(Page {
            objects,
            next: None,
            answered: Some(self.clock.now()),
        })
    }

    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError> {
        self.with_objects(|objects| objects.remove(path));
        Ok(())
    }
}
