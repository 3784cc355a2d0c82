//! The four functions of one dataset, put together.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use thiserror::Error;

use crate::bronze::Bronze;
use crate::clock::{Clock, SystemClock};
use crate::context::Context;
use crate::dataset::{Dataset, Latency, LoadDatasetError, MissingSalt, TargetKind, Watched};
use crate::eager::Eager;
use crate::gold::Gold;
use crate::maintain::{Maintenance, Refine, RefineFailure};
use crate::outbox::{Courier, EventHubError, EventHubs, Webhooks};
use crate::settings::{Lookup, Settings};
use crate::silver::{Silver, commit_interval};
use crate::store::account::{AccountError, Calls};
use crate::store::entity::{AzureEntityStore, STATE_TABLE};
use crate::store::object::paths::SILVER;
use crate::store::object::{AzureObjectStore, Handover, Source};
use crate::store::queue::{AzurePoisonQueue, AzureQueues, PoisonQueue};
use crate::warehouse::schema::{GoldSchema, SchemaError};
use crate::warehouse::{self, Build, Warehouse, WarehouseError};

/// Most bytes of files that silver hands over to gold.
const HANDED_OVER: usize = 32 * 1024 * 1024;

/// Why the app cannot start.
#[derive(Debug, Error)]
pub enum StartError {
    /// The dataset file is not valid.
    #[error(transparent)]
    Dataset(#[from] LoadDatasetError),
    /// The dataset file cannot be read a second time.
    #[error("read the dataset file {}", .0.display())]
    Reread(PathBuf, #[source] std::io::Error),
    /// The dataset masks columns with a salt, and there is none.
    #[error(transparent)]
    Salt(#[from] MissingSalt),
    /// A storage account cannot be reached with these settings.
    #[error(transparent)]
    Account(#[from] AccountError),
    /// Gold cannot look as the dataset file says.
    #[error(transparent)]
    Schema(#[from] SchemaError),
    /// Nothing can be made that sends to webhooks.
    #[error("make a client for webhooks")]
    Client(#[source] reqwest::Error),
    /// No event hub can be told of alerts with these settings.
    #[error(transparent)]
    EventHub(#[from] EventHubError),
    /// The warehouse cannot be reached with these settings.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// The layers and their maintenance.
#[derive(Debug)]
pub struct App {
    /// What the events look like.
    pub dataset: Arc<Dataset>,
    /// Keeps events.
    pub bronze: Bronze,
    /// Makes rows of them.
    pub silver: Silver,
    /// Adds them up.
    pub gold: Arc<Gold>,
    /// Keeps silver complete and fast.
    pub maintain: Maintenance,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// What each layer asks of storage.
    pub calls: LayerCalls,
    /// Makes ids that nothing else has.
    new_id: fn() -> String,
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

/// The context of each layer: one dataset and one clock, on stores that may count requests apart.
#[derive(Clone, Debug)]
pub struct Contexts {
    /// For bronze.
    pub bronze: Context,
    /// For silver.
    pub silver: Context,
    /// For gold.
    pub gold: Context,
    /// For maintenance.
    pub maintain: Context,
}

impl From<Context> for Contexts {
    fn from(context: Context) -> Self {
        Self {
            bronze: context.clone(),
            silver: context.clone(),
            gold: context.clone(),
            maintain: context,
        }
    }
}

/// Puts an app together.
#[derive(Debug)]
#[must_use]
pub struct AppBuilder {
    contexts: Contexts,
    warehouse: Arc<dyn Warehouse>,
    calls: LayerCalls,
    commit_interval: Duration,
    poison: Option<Arc<dyn PoisonQueue>>,
    package: Build,
    courier: Courier,
}

impl AppBuilder {
    /// Says which package this is; without it, gold takes it for earlier than every one that was stamped.
    pub fn package(mut self, build: Build) -> Self {
        self.package = build;
        self
    }

    /// Counts requests with these counters, which the contexts' stores were made with.
    pub fn calls(mut self, calls: LayerCalls) -> Self {
        self.calls = calls;
        self
    }

    /// Starts silver's commits no more often than this, but for full groups; without it, one follows the other.
    pub fn commit_interval(mut self, interval: Duration) -> Self {
        self.commit_interval = interval;
        self
    }

    /// Sends alerts by this; without it they wait in the books.
    pub fn courier(mut self, courier: Courier) -> Self {
        self.courier = courier;
        self
    }

    /// Clears this poison queue of sources that have been refined after all; without it, its messages stay.
    pub fn poison(mut self, queue: Arc<dyn PoisonQueue>) -> Self {
        self.poison = Some(queue);
        self
    }

    /// Makes the app. Nothing is read or written yet.
    #[must_use]
    pub fn build(self) -> App {
        let Contexts {
            bronze,
            silver,
            gold,
            maintain,
        } = self.contexts;
        let dataset = Arc::clone(&silver.dataset);
        let (clock, new_id) = (Arc::clone(&silver.clock), silver.new_id);
        let (silver, gold) = match dataset.latency {
            Latency::Timer => (silver, gold),
            Latency::Low => handing_over(silver, gold),
        };
        let silver = Silver::with_commit_interval(silver, self.commit_interval);
        App {
            bronze: Bronze::new(bronze.lake, &dataset.name),
            gold: Arc::new(
                Gold::new(
                    gold.dataset,
                    gold.lake,
                    gold.state,
                    self.warehouse,
                    gold.clock,
                )
                .with_build(self.package)
                .with_courier(self.courier),
            ),
            maintain: Maintenance::new(maintain, silver.clone(), self.poison),
            silver,
            dataset,
            clock,
            calls: self.calls,
            new_id,
        }
    }
}

/// Hands the files that silver has just written over to gold in memory.
fn handing_over(mut silver: Context, mut gold: Context) -> (Context, Context) {
    let mut rules = gold.dataset.alerts.iter();
    let on_rows = rules.any(|alert| alert.on == Watched::Rows);
    // Tables read each file once, and rules on rows once more.
    let handover = Handover::new(HANDED_OVER, 1 + usize::from(on_rows));
    silver.lake = handover.keeping(silver.lake, SILVER);
    gold.lake = handover.taking(gold.lake);
    (silver, gold)
}

impl App {
    /// Returns the loop by which gold follows silver's commits, where the dataset asks for it.
    #[must_use]
    pub fn eager(&self) -> Option<Eager> {
        let gold = Arc::clone(&self.gold);
        let (committed, calls) = (self.silver.committed(), self.calls.gold.clone());
        match self.dataset.latency {
            Latency::Timer => None,
            Latency::Low => Some(Eager::new(gold, committed, (self.new_id)(), calls)),
        }
    }

    /// Begins an app on these contexts; `warehouse` has the schema of the same dataset.
    pub fn builder(contexts: impl Into<Contexts>, warehouse: Arc<dyn Warehouse>) -> AppBuilder {
        AppBuilder {
            contexts: contexts.into(),
            warehouse,
            calls: LayerCalls::default(),
            commit_interval: Duration::ZERO,
            poison: None,
            package: Build::default(),
            courier: Courier::default(),
        }
    }

    /// Connects the layers as the settings say. Nothing is read or written yet.
    ///
    /// # Errors
    /// Fails if the dataset file is not valid, or a setting is invalid or missing. A webhook whose setting is missing fails
    /// when it is told, and not here.
    pub fn connect(settings: &Settings, lookup: Lookup<'_>) -> Result<Self, StartError> {
        let dataset = Dataset::load(&settings.dataset)?;
        let dataset = Arc::new(dataset.salted(settings.mask_salt.clone())?);
        let file = std::fs::read(&settings.dataset)
            .map_err(|error| StartError::Reread(settings.dataset.clone(), error))?;
        // What nobody packaged is as new as its start.
        let stamp = settings.stamp.unwrap_or_else(|| SystemClock.now());
        let package = Build::of(stamp, &file);
        let warehouse = warehouse::connect_with(
            &settings.gold,
            &settings.gold_options,
            GoldSchema::of(&dataset)?,
        )?;
        let calls = LayerCalls::default();
        let context = |calls: &Calls| {
            let lake = AzureObjectStore::new(&settings.lake.counted_by(calls))?;
            let state = AzureEntityStore::new(&settings.state.counted_by(calls), STATE_TABLE)?;
            Ok::<_, AccountError>(Context::new(
                Arc::clone(&dataset),
                Arc::new(lake),
                Arc::new(state),
                settings.key_cache_bytes,
            ))
        };
        let contexts = Contexts {
            bronze: context(&calls.bronze)?,
            silver: context(&calls.silver)?,
            gold: context(&calls.gold)?,
            maintain: context(&calls.maintain)?,
        };
        let courier = courier(&dataset, settings, (lookup, &calls.gold))?;
        let lake = settings.lake.counted_by(&calls.maintain);
        let builder = Self::builder(contexts, warehouse)
            .calls(calls)
            .package(package)
            .courier(courier)
            .commit_interval(commit_interval(dataset.latency));
        // An account without queues has no poison messages either.
        let builder = match AzurePoisonQueue::new(&lake) {
            Ok(queue) => builder.poison(Arc::new(queue)),
            Err(_) => builder,
        };
        Ok(builder.build())
    }
}

/// Makes what sends the alerts of a dataset.
fn courier(
    dataset: &Dataset,
    settings: &Settings,
    (lookup, calls): (Lookup<'_>, &Calls),
) -> Result<Courier, StartError> {
    let targets = dataset.alerts.iter().flat_map(|alert| &alert.notify);
    let named = |kind: TargetKind| {
        let targets = targets.clone().filter(move |target| target.kind == kind);
        targets.map(|target| target.name.as_str())
    };
    let mut courier = Courier::default();
    if named(TargetKind::Webhook).next().is_some() {
        let webhooks = Webhooks::new(named(TargetKind::Webhook), lookup);
        courier = courier.webhooks(Arc::new(webhooks.map_err(StartError::Client)?));
    }
    if named(TargetKind::Queue).next().is_some() {
        let queues = AzureQueues::new(&settings.lake.counted_by(calls))?;
        courier = courier.queues(Arc::new(queues));
    }
    if named(TargetKind::EventHub).next().is_some() {
        let hubs = EventHubs::new(named(TargetKind::EventHub), lookup)?;
        courier = courier.event_hubs(Arc::new(hubs));
    }
    Ok(courier)
}

#[async_trait]
impl Refine for Silver {
    async fn refine(&self, source: Source) -> Result<(), RefineFailure> {
        match Silver::refine(self, source).await {
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
