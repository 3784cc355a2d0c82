//! Which generation of silver gold shows, for readers of silver: an object that is written after the swap.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use crate::store::StorageError;
use crate::store::object::ObjectStore;
use crate::table::TableId;

/// What the object says.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Said {
    generation: u32,
    /// The folder with its table, slash included.
    path: String,
}

/// Whether this process has seen that the object says what it should: a saving only.
#[derive(Debug, Default)]
pub(in crate::gold) struct Current(AtomicBool);

impl Current {
    /// Writes the object, unless it says so already. Where that fails, the next run does it.
    pub(in crate::gold) async fn say(&self, lake: &Arc<dyn ObjectStore>, table: &TableId) {
        if self.0.load(Ordering::Relaxed) {
            return;
        }
        match write(lake, table).await {
            Ok(()) => self.0.store(true, Ordering::Relaxed),
            Err(error) => {
                tracing::warn!(%error, "the generation that gold shows could not be written");
            }
        }
    }
}

async fn write(lake: &Arc<dyn ObjectStore>, table: &TableId) -> Result<(), StorageError> {
    let path = TableId::current(&table.dataset);
    let said = Said {
        generation: table.generation,
        path: table.root().as_str().to_owned(),
    };
    let found = lake.get(&path).await?;
    let found: Option<Said> = found.and_then(|content| serde_json::from_slice(&content).ok());
    if found.as_ref() == Some(&said) {
        return Ok(());
    }
    // A number and a text, which JSON always takes.
    let content = serde_json::to_vec(&said).unwrap_or_default();
    lake.put(&path, Bytes::from(content)).await
}
