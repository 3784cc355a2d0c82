//! Objects that this process has just written, for those in it that read them next.
//!
//! An object is read from memory as often as was agreed, and the last reader takes it out; from then on, and if it was never
//! there, it is read from the store. It is only ever a saving: objects are immutable, so both give the same bytes.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;

use super::{Created, Metadata, ObjectInfo, ObjectPath, ObjectStore, Page};
use crate::store::StorageError;

/// Keeps objects in memory from those who write to those who read, up to so many bytes: the oldest go first.
#[derive(Debug)]
pub struct Handover {
    most_bytes: usize,
    readings: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    objects: VecDeque<Handed>,
    bytes: usize,
}

/// An object, and how often it is still to be read.
#[derive(Debug)]
struct Handed {
    path: ObjectPath,
    content: Bytes,
    readings: usize,
}

impl Handover {
    /// Keeps so many bytes at the most, and each object until it was read so often.
    #[must_use]
    pub fn new(most_bytes: usize, readings: usize) -> Arc<Self> {
        Arc::new(Self {
            most_bytes,
            readings,
            kept: Mutex::default(),
        })
    }

    /// Returns the store for those who write: objects of this container are kept.
    #[must_use]
    pub fn keeping(
        self: &Arc<Self>,
        store: Arc<dyn ObjectStore>,
        container: &'static str,
    ) -> Arc<dyn ObjectStore> {
        Arc::new(HandedOver {
            store,
            handover: Arc::clone(self),
            keeps: Some(container),
        })
    }

    /// Returns the store for those who read.
    #[must_use]
    pub fn taking(self: &Arc<Self>, store: Arc<dyn ObjectStore>) -> Arc<dyn ObjectStore> {
        Arc::new(HandedOver {
            store,
            handover: Arc::clone(self),
            keeps: None,
        })
    }

    /// Returns how many bytes are kept.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.kept().bytes
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn keep(&self, path: &ObjectPath, content: Bytes) {
        if content.len() > self.most_bytes {
            return;
        }
        let mut kept = self.kept();
        kept.bytes += content.len();
        kept.objects.push_back(Handed {
            path: path.clone(),
            content,
            readings: self.readings,
        });
        while kept.bytes > self.most_bytes {
            let Some(oldest) = kept.objects.pop_front() else {
                break;
            };
            kept.bytes -= oldest.content.len();
        }
    }

    fn read(&self, path: &ObjectPath) -> Option<Bytes> {
        let mut kept = self.kept();
        let place = kept.objects.iter().position(|kept| kept.path == *path)?;
        let handed = kept.objects.get_mut(place)?;
        if handed.readings > 1 {
            handed.readings -= 1;
            return Some(handed.content.clone());
        }
        let Handed { content, .. } = kept.objects.remove(place)?;
        kept.bytes -= content.len();
        Some(content)
    }

    fn part(&self, path: &ObjectPath, range: &Range<u64>) -> Option<Bytes> {
        let start = usize::try_from(range.start).ok()?;
        let end = usize::try_from(range.end).ok()?;
        let kept = self.kept();
        let handed = kept.objects.iter().find(|kept| kept.path == *path)?;
        let content = &handed.content;
        // What does not lie within is the store's to refuse.
        (start <= end && end <= content.len()).then(|| content.slice(start..end))
    }
}

/// A store whose users hand objects over.
#[derive(Debug)]
struct HandedOver {
    store: Arc<dyn ObjectStore>,
    handover: Arc<Handover>,
    /// The container whose objects are kept, for those who write; none for those who read.
    keeps: Option<&'static str>,
}

#[async_trait]
impl ObjectStore for HandedOver {
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError> {
        let created = self.store.create(path, content.clone(), metadata).await?;
        // A name that was taken may be of other bytes.
        if created == Created::New && self.keeps == Some(path.container()) {
            self.handover.keep(path, content);
        }
        Ok(created)
    }

    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError> {
        self.store.put(path, content).await
    }

    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError> {
        let taken = match self.keeps {
            Some(_) => None,
            None => self.handover.read(path),
        };
        match taken {
            Some(content) => Ok(Some(content)),
            None => self.store.get(path).await,
        }
    }

    async fn get_range(
        &self,
        path: &ObjectPath,
        range: Range<u64>,
    ) -> Result<Option<Bytes>, StorageError> {
        match self.handover.part(path, &range) {
            Some(content) => Ok(Some(content)),
            None => self.store.get_range(path, range).await,
        }
    }

    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError> {
        self.store.head(path).await
    }

    async fn list_page(
        &self,
        prefix: &ObjectPath,
        from: Option<String>,
    ) -> Result<Page, StorageError> {
        self.store.list_page(prefix, from).await
    }

    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError> {
        self.store.delete(path).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::SystemClock;
    use crate::store::object::MemoryObjectStore;

    fn path(name: &str) -> ObjectPath {
        ObjectPath::new("silver", name)
    }

    struct Parts {
        handover: Arc<Handover>,
        store: Arc<dyn ObjectStore>,
        writer: Arc<dyn ObjectStore>,
        reader: Arc<dyn ObjectStore>,
    }

    fn parts(most_bytes: usize, readings: usize) -> Parts {
        let handover = Handover::new(most_bytes, readings);
        let store: Arc<dyn ObjectStore> = Arc::new(MemoryObjectStore::new(Arc::new(SystemClock)));
        Parts {
            writer: handover.keeping(Arc::clone(&store), "silver"),
            reader: handover.taking(Arc::clone(&store)),
            handover,
            store,
        }
    }

    async fn write(store: &Arc<dyn ObjectStore>, path: &ObjectPath, text: &'static str) {
        let content = Bytes::from_static(text.as_bytes());
        store.create(path, content, &Metadata::new()).await.unwrap();
    }

    #[tokio::test]
    async fn what_was_just_written_is_read_once_without_the_store() {
        let parts = parts(10, 1);
        write(&parts.writer, &path("a"), "abc").await;
        // So that it can only come from memory.
        parts.store.delete(&path("a")).await.unwrap();
        let part = parts.reader.get_range(&path("a"), 1..3).await.unwrap();
        assert_eq!(part.as_deref(), Some(&b"bc"[..]));
        let read = parts.reader.get(&path("a")).await.unwrap();
        assert_eq!(read.as_deref(), Some(&b"abc"[..]));
        assert_eq!(parts.handover.bytes(), 0);
        assert_eq!(parts.reader.get(&path("a")).await.unwrap(), None);
    }

    #[tokio::test]
    async fn what_two_are_to_read_is_kept_for_the_second() {
        let parts = parts(10, 2);
        write(&parts.writer, &path("a"), "abc").await;
        parts.store.delete(&path("a")).await.unwrap();
        for left in [3, 0] {
            let read = parts.reader.get(&path("a")).await.unwrap();
            assert_eq!(read.as_deref(), Some(&b"abc"[..]));
            assert_eq!(parts.handover.bytes(), left);
        }
        assert_eq!(parts.reader.get(&path("a")).await.unwrap(), None);
    }

    #[tokio::test]
    async fn memory_is_bounded_and_the_store_has_the_rest() {
        let parts = parts(5, 1);
        write(&parts.writer, &path("a"), "abc").await;
        write(&parts.writer, &path("b"), "def").await;
        write(&parts.writer, &path("large"), "abcdef").await;
        assert_eq!(parts.handover.bytes(), 3);
        for (name, text) in [("a", "abc"), ("b", "def"), ("large", "abcdef")] {
            let read = parts.reader.get(&path(name)).await.unwrap();
            assert_eq!(read.as_deref(), Some(text.as_bytes()), "{name}");
        }
        assert_eq!(parts.handover.bytes(), 0);
    }

    #[tokio::test]
    async fn other_containers_and_names_that_were_taken_are_not_kept() {
        let parts = parts(100, 1);
        write(&parts.writer, &ObjectPath::new("bronze", "a"), "abc").await;
        write(&parts.store, &path("a"), "abc").await;
        write(&parts.writer, &path("a"), "another").await;
        assert_eq!(parts.handover.bytes(), 0);
        let read = parts.reader.get(&path("a")).await.unwrap();
        assert_eq!(read.as_deref(), Some(&b"abc"[..]));
    }
}
