//! What is audited, how, and what can go wrong.

use std::sync::Arc;
use std::time::Duration;

use sluice::dataset::Dataset;
use sluice::event::UnixMillis;
use sluice::silver::cast::FinishError;
use sluice::store::StorageError;
use sluice::store::entity::EntityStore;
use sluice::store::object::ObjectStore;
use sluice::table::log::LogError;
use sluice::warehouse::{Warehouse, WarehouseError};
use thiserror::Error;

use super::hub_state::Hub;
use sluice::error::Invariant;

/// What is audited.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What the events look like.
    pub dataset: Arc<Dataset>,
    /// Bronze, silver and quarantine.
    pub lake: Arc<dyn ObjectStore>,
    /// The commit log and the ledger.
    pub state: Arc<dyn EntityStore>,
    /// Gold.
    pub warehouse: Arc<dyn Warehouse>,
}

/// How it is audited.
#[derive(Clone, Debug)]
pub struct Options {
    /// Now.
    pub now: UnixMillis,
    /// Bronze objects younger than this may still be in flight.
    pub grace: Duration,
    /// Most key hashes in memory, 16 bytes each.
    pub max_keys: u64,
    /// Most groups of a gold table in memory.
    pub max_groups: u64,
    /// What the hub said of itself before.
    pub hub: Hub,
    /// Whether the events of bronze are opened again.
    pub is_deep: bool,
}

impl Options {
    /// Makes the usual options: ten minutes, within which silver commits what bronze stored, and less than 256 MiB.
    #[must_use]
    pub fn at(now: UnixMillis) -> Self {
        Self {
            now,
            grace: Duration::from_secs(600),
            max_keys: 8_000_000,
            max_groups: 200_000,
            hub: Hub::NotAsked,
            is_deep: false,
        }
    }
}

/// Is told how far the audit is.
pub trait Progress: Send + Sync {
    /// A step starts that counts up to `total`.
    fn start(&self, step: &str, total: u64);
    /// The step has come `more` further.
    fn advance(&self, more: u64);
}

/// Shows nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _step: &str, _total: u64) {}
    fn advance(&self, _more: u64) {}
}

/// An audit that could not come to a verdict.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The lake or the state table failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The warehouse failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
    /// Records could not be judged by the dataset's condition.
    #[error("judge the records of bronze by the condition of the dataset")]
    Judge(#[from] FinishError),
    /// A defect.
    #[error(transparent)]
    Invariant(#[from] Invariant),
}
