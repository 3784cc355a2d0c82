//! The layers of one dataset, connected to their edges.

use std::sync::Arc;
use std::time::Duration;

use thiserror::Error;

use crate::bronze::Bronze;
use crate::clock::{Clock, SystemClock};
use crate::dataset::{Dataset, LoadDatasetError};
use crate::gold::Gold;
use crate::host::Bodies;
use crate::lake::{AzureLake, BlobStore};
use crate::maintain::{AzurePoison, Maintenance, PoisonQueue};
use crate::settings::Settings;
use crate::silver::{COMMIT_PACE, Edges, Silver};
use crate::state::{STATE_TABLE, StateStore, TableState};
use crate::storage::{AccountError, Calls};
use crate::warehouse::schema::{GoldSchema, SchemaError};
use crate::warehouse::{self, Warehouse, WarehouseError};

/// Why the app cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The dataset file is not valid.
    #[error(transparent)]
    Dataset(#[from] LoadDatasetError),
    /// A storage account cannot be reached with these settings.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Gold cannot look as the dataset file says.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// The warehouse cannot be reached with these settings.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// The three layers and their upkeep.
#[derive(Debug)]
pub struct App {
    /// What the events look like.
    pub dataset: Arc<Dataset>,
    /// Keeps events.
    pub bronze: Bronze,
    /// Makes rows of them.
    pub silver: Silver,
    /// Adds them up.
    pub gold: Gold,
    /// Keeps silver complete and fast.
    pub maintain: Maintenance,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// Reads requests.
    pub bodies: Bodies,
    /// What each layer asks of storage.
    pub calls: LayerCalls,
}

/// Counts the storage requests of each layer since the start; they are what a deployment pays for beside compute.
#[derive(Clone, Debug, Default)]
pub struct LayerCalls {
    /// Of bronze.
    pub bronze: Calls,
    /// Of silver.
    pub silver: Calls,
    /// Of gold.
    pub gold: Calls,
    /// Of maintenance, but for what silver does for it.
    pub maintain: Calls,
}

impl App {
    /// Connects the layers as the settings say. Nothing is read or written yet.
    ///
    /// # Errors
    /// Fails if the dataset file is not valid, or a setting is of no use.
    pub fn connect(settings: &Settings) -> Result<Self, StartError> {
        let dataset = Arc::new(Dataset::load(&settings.dataset)?);
        let warehouse = warehouse::connect_with(
            &settings.gold,
            &settings.gold_options,
            GoldSchema::of(&dataset)?,
        )?;
        let calls = LayerCalls::default();
        let edges = |calls: &Calls| {
            let lake = AzureLake::new(&settings.lake.counted_by(calls))?;
            let state = TableState::new(&settings.state.counted_by(calls), STATE_TABLE)?;
            Ok::<_, AccountError>(edges(
                Arc::clone(&dataset),
                Arc::new(lake),
                Arc::new(state),
                settings.key_cache_bytes,
            ))
        };
        let bronze = edges(&calls.bronze)?;
        let silver = edges(&calls.silver)?;
        let gold = edges(&calls.gold)?;
        let maintain = edges(&calls.maintain)?;
        let lake = settings.lake.counted_by(&calls.maintain);
        let mut app = Self::of(bronze, silver, gold, warehouse, calls, COMMIT_PACE);
        // An account without queues has no poison messages either.
        let poison = AzurePoison::new(&lake).ok();
        let poison = poison.map(|queue| Arc::new(queue) as Arc<dyn PoisonQueue>);
        app.maintain = Maintenance::new(maintain, app.silver.clone(), poison);
        Ok(app)
    }

    /// Puts the layers together on the given edges.
    #[must_use]
    pub fn new(edges: Edges, warehouse: Arc<dyn Warehouse>) -> Self {
        Self::of(
            edges.clone(),
            edges.clone(),
            edges,
            warehouse,
            LayerCalls::default(),
            Duration::ZERO,
        )
    }

    fn of(
        bronze: Edges,
        silver: Edges,
        gold: Edges,
        warehouse: Arc<dyn Warehouse>,
        calls: LayerCalls,
        pace: Duration,
    ) -> Self {
        let upkeep = silver.clone();
        let refining = Silver::with_pace(silver.clone(), pace);
        Self {
            dataset: Arc::clone(&silver.dataset),
            bronze: Bronze::new(bronze.lake, &bronze.dataset.name),
            gold: Gold::new(gold.dataset, gold.lake, gold.state, warehouse, gold.clock),
            clock: Arc::clone(&silver.clock),
            bodies: Bodies::default(),
            maintain: Maintenance::new(upkeep, refining.clone(), None),
            silver: refining,
            calls,
        }
    }

    /// Tells whether an object of the bronze container belongs to this dataset.
    #[must_use]
    pub fn owns(&self, name: &str) -> bool {
        name.strip_prefix(self.dataset.name.as_str())
            .is_some_and(|rest| rest.starts_with('/'))
    }
}

/// Returns these stores with the machine's clock, for a process of its own.
#[must_use]
pub fn edges(
    dataset: Arc<Dataset>,
    lake: Arc<dyn BlobStore>,
    state: Arc<dyn StateStore>,
    key_cache_bytes: usize,
) -> Edges {
    Edges {
        dataset,
        lake,
        state,
        clock: Arc::new(SystemClock),
        new_id,
        key_cache_bytes,
    }
}

/// Makes an id that no other commit has.
fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}
