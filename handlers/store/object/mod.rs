//! Immutable objects by name, in Blob storage or in memory.
//!
//! A name is taken or free; whoever creates it first owns it. Everything the layers put into the lake
//! goes through [`ObjectStore`], and every name is built and parsed in [`paths`].

mod azure;
mod handed_over;
mod limits;
mod memory;
pub mod paths;
mod range;
mod source;

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;
use bytes::Bytes;

use super::StorageError;
use crate::event::UnixMillis;
pub use azure::{AzureObjectStore, OPERATION_SECONDS};
pub use handed_over::Handover;
pub use limits::{MAX_METADATA_BYTES, MAX_NAME_UNITS};
pub use memory::MemoryObjectStore;
pub use paths::ObjectPath;
pub use range::{ObjectFormat, ObjectRange};
pub use source::{Pick, Selection, Source};

/// User metadata of an object. Names are lower case; stores may change the case, so readers get them lowered.
pub type Metadata = BTreeMap<String, String>;

/// What became of a conditional create.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Created {
    /// The object is new and is ours.
    New,
    /// The name was taken. This may also be the answer to a repeated request of our own whose first answer was lost.
    AlreadyThere,
}

/// An object's description, without its content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ObjectInfo {
    /// Where it is.
    pub path: ObjectPath,
    /// Size in bytes.
    pub size: u64,
    /// When it was created (objects are immutable, so also when it was last changed).
    pub created: UnixMillis,
    /// User metadata, names in lower case.
    pub metadata: Metadata,
}

/// A part of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The objects.
    pub objects: Vec<ObjectInfo>,
    /// What asks for the next page, if there may be one.
    pub next: Option<String>,
    /// When the store answered, by its own clock, if it says.
    pub answered: Option<UnixMillis>,
}

/// Stores immutable objects.
///
/// - a create is atomic: a reader sees the whole object or none
/// - a create of a name that exists never changes the object
/// - listing after a create shows the object
/// - each method is tried again inside on transient failures, within a bounded time
#[async_trait]
pub trait ObjectStore: Debug + Send + Sync {
    /// Creates the object in a single request, unless the name is taken.
    ///
    /// Azure answers 409 or 412 and the emulator 409 when the name is taken; all mean [`Created::AlreadyThere`].
    ///
    /// # Errors
    /// Fails if it is unknown whether the object was created, or if it was refused.
    async fn create(
        &self,
        path: &ObjectPath,
        content: Bytes,
        metadata: &Metadata,
    ) -> Result<Created, StorageError>;

    /// Writes the object whatever is there: for the one kind of object that is not immutable, a pointer that readers
    /// can do without for a moment.
    ///
    /// # Errors
    /// Fails if it is unknown whether the object was written, or if it was refused.
    async fn put(&self, path: &ObjectPath, content: Bytes) -> Result<(), StorageError>;

    /// Returns the whole content, or nothing where there is no such object.
    async fn get(&self, path: &ObjectPath) -> Result<Option<Bytes>, StorageError>;

    /// Returns the bytes `range` (half-open), or nothing where there is no such object.
    ///
    /// # Errors
    /// Fails also if the object ends before the range does.
    async fn get_range(
        &self,
        path: &ObjectPath,
        range: std::ops::Range<u64>,
    ) -> Result<Option<Bytes>, StorageError>;

    /// Returns the description, or nothing where there is no such object.
    async fn head(&self, path: &ObjectPath) -> Result<Option<ObjectInfo>, StorageError>;

    /// Returns a part of the descriptions of all objects whose path starts with `prefix`, metadata included, and where
    /// to go on. A missing container is an empty one. Each object that is there all the time is in exactly one page.
    /// Pages are in the order of names, or, with a hierarchical namespace, folder by folder in that order; so both
    /// where all names have the same depth.
    async fn list_page(
        &self,
        prefix: &ObjectPath,
        from: Option<String>,
    ) -> Result<Page, StorageError>;

    /// Returns what all pages hold, in the order of names.
    async fn list(&self, prefix: &ObjectPath) -> Result<Vec<ObjectInfo>, StorageError> {
        let mut page = self.list_page(prefix, None).await?;
        let mut found = page.objects;
        while let Some(next) = page.next {
            page = self.list_page(prefix, Some(next)).await?;
            found.append(&mut page.objects);
        }
        // An account with a hierarchical namespace lists folder by folder.
        found.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(found)
    }

    /// Deletes the object; one that is not there is fine.
    async fn delete(&self, path: &ObjectPath) -> Result<(), StorageError>;
}
