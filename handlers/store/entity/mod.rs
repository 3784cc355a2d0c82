//! Small entities that change together, in Table storage or in memory.
//!
//! One table; entities of one partition change in atomic transactions with conditions. The commit log is built on
//! this and nothing else.

mod azure;
mod keys;
mod limits;
mod memory;

use std::collections::BTreeMap;
use std::fmt::{self, Debug};

use async_trait::async_trait;

use super::StorageError;
pub use azure::{AzureEntityStore, TRANSACTION_SECONDS};
pub use limits::{MAX_ENTITY_BYTES, MAX_KEY_UNITS, MAX_PROPERTIES, transaction_bytes};
pub use memory::MemoryEntityStore;

/// The table that holds the state of all datasets of an account.
pub const STATE_TABLE: &str = "sluice";
/// Most entities that one transaction may hold.
pub const MAX_TRANSACTION_ENTITIES: usize = 100;
/// Most bytes that one transaction may hold.
pub const MAX_TRANSACTION_BYTES: usize = 4 * 1024 * 1024;
/// Most bytes that one property may hold; text counts two bytes a UTF-16 unit.
pub const MAX_PROPERTY_BYTES: usize = 64 * 1024;

/// The state of an entity at one moment, as the service names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ETag(pub String);

/// A property's value.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Text of at most 32 Ki UTF-16 units.
    String(String),
    /// A 64-bit integer.
    Int64(i64),
    /// Yes or no.
    Bool(bool),
}

impl Value {
    /// Returns the text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::String(text) => Some(text),
            Self::Int64(_) | Self::Bool(_) => None,
        }
    }

    /// Returns the integer, if it is one.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Int64(number) => Some(*number),
            Self::String(_) | Self::Bool(_) => None,
        }
    }
}

/// Properties by name.
pub type Properties = BTreeMap<String, Value>;

/// An entity to write: its row key and all of its properties.
#[derive(Clone, Debug, PartialEq)]
pub struct Entity {
    /// The row key, in our own characters: stores escape what they do not take (`/ \ # ? %` and control characters),
    /// such that the order of keys stays that of their bytes wherever a range is read.
    pub row: String,
    /// All properties; a write replaces the entity.
    pub properties: Properties,
}

/// An entity as read.
#[derive(Clone, Debug, PartialEq)]
pub struct Stored {
    /// The entity.
    pub entity: Entity,
    /// Its state when it was read.
    pub etag: ETag,
}

/// One step of a transaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Operation {
    /// Writes an entity that is not there yet.
    Insert(Entity),
    /// Replaces an entity that is still in the state `if_match`.
    Update {
        /// The new entity.
        entity: Entity,
        /// The state it must still be in.
        if_match: ETag,
    },
    /// Writes an entity whatever is there.
    Upsert(Entity),
    /// Deletes an entity, in the state `if_match` or in any.
    Delete {
        /// Its row key.
        row: String,
        /// The state it must still be in, if any.
        if_match: Option<ETag>,
    },
}

impl Operation {
    /// Returns the row key that the step writes.
    #[must_use]
    pub fn row(&self) -> &str {
        match self {
            Self::Insert(entity) | Self::Upsert(entity) | Self::Update { entity, .. } => {
                &entity.row
            }
            Self::Delete { row, .. } => row,
        }
    }
}

/// What became of a transaction whose outcome is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Every step took effect.
    Committed,
    /// No step took effect, because a condition did not hold (409 or 412, or 404 for an entity that has gone).
    Conflict,
}

/// An inclusive start and an exclusive end of row keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowRange {
    /// The first row key that counts.
    pub from: String,
    /// The first row key that no longer counts.
    pub until: String,
}

impl RowRange {
    /// Returns the range from one row key to another, both included.
    #[must_use]
    pub fn inclusive(from: &str, last: &str) -> Self {
        // No character of a row key sorts before a blank, so nothing lies between.
        Self {
            from: from.to_owned(),
            until: format!("{last} "),
        }
    }

    /// Returns what of the range comes after a row key in it.
    #[must_use]
    pub fn after(&self, row: &str) -> Self {
        Self {
            from: format!("{row} "),
            until: self.until.clone(),
        }
    }

    /// Returns the range of the row keys that start with `prefix`.
    #[must_use]
    pub fn prefix(prefix: &str) -> Self {
        // What follows the prefix may be any character, so the end is the prefix with its last one moved on.
        let mut until = prefix.to_owned();
        let next = until
            .pop()
            .and_then(|last| char::from_u32(u32::from(last) + 1));
        match next {
            Some(next) => until.push(next),
            None => until = format!("{prefix}{}", char::MAX),
        }
        Self {
            from: prefix.to_owned(),
            until,
        }
    }
}

/// Names the partition that a transaction happens in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PartitionKey(pub String);

impl fmt::Display for PartitionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Stores entities of one table.
///
/// - a transaction is atomic and durable once it is answered
/// - reads are strongly consistent entity by entity, but a range is read page by page (1,000 rows) and is no snapshot
/// - reads are tried again inside on transient failures; a transaction is sent **once**: with an unknown outcome only
///   the caller can tell what repeating it means
#[async_trait]
pub trait EntityStore: Debug + Send + Sync {
    /// Applies all steps or none.
    ///
    /// # Errors
    /// A transient error means that the outcome is unknown: the transaction may still take effect.
    async fn transact(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Outcome, StorageError>;

    /// Returns one entity, or nothing where there is none.
    async fn get(
        &self,
        partition: &PartitionKey,
        row: &str,
    ) -> Result<Option<Stored>, StorageError>;

    /// Returns the entities in the range, in the order of their row keys, all pages.
    async fn range(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError>;

    /// Returns the first entities in the range, in the order of their row keys: as many as one request returns, and none
    /// only where there are none. What a range may hold more of than fits memory is read with this.
    async fn page(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        self.range(partition, rows).await
    }
}
