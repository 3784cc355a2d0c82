//! What the layers need from outside: the dataset, the stores, the clock.

use std::fmt;
use std::sync::Arc;

use crate::clock::{Clock, SystemClock};
use crate::dataset::Dataset;
use crate::store::entity::EntityStore;
use crate::store::object::ObjectStore;

/// A dataset, and the stores and sources of time and chance that the layers work on.
#[derive(Clone)]
pub struct Context {
    /// What the events look like.
    pub dataset: Arc<Dataset>,
    /// The object store.
    pub lake: Arc<dyn ObjectStore>,
    /// The table store.
    pub state: Arc<dyn EntityStore>,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Makes ids that no other commit has.
    pub new_id: fn() -> String,
    /// Most bytes of key sets to keep in memory.
    pub key_cache_bytes: usize,
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context")
            .field("dataset", &self.dataset.name)
            .finish_non_exhaustive()
    }
}

impl Context {
    /// Makes the context of a process on these stores: with the machine's clock, and ids that no other commit has.
    #[must_use]
    pub fn new(
        dataset: Arc<Dataset>,
        lake: Arc<dyn ObjectStore>,
        state: Arc<dyn EntityStore>,
        key_cache_bytes: usize,
    ) -> Self {
        Self {
            dataset,
            lake,
            state,
            clock: Arc::new(SystemClock),
            new_id: || uuid::Uuid::new_v4().simple().to_string(),
            key_cache_bytes,
        }
    }
}
