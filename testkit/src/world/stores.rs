//! The stores of one dataset.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use sluice::clock::{Clock, ManualClock};
use sluice::context::Context;
use sluice::dataset::Dataset;
use sluice::event::UnixMillis;
use sluice::gold::Gold;
use sluice::silver::redrive::Redrives;
use sluice::silver::{Silver, commit_interval};
use sluice::store::entity::{EntityStore, MemoryEntityStore};
use sluice::store::object::{MemoryObjectStore, ObjectStore};
use sluice::table::log::{Commit, CommitLog, LedgerEntry, Snapshot, Version};
use sluice::value::mask::Salt;
use sluice::warehouse::Warehouse;
use sluice::warehouse::schema::GoldSchema;

use super::process::Process;
use crate::database::{Database, SqliteFile};
use crate::datasets::THINGS;
use crate::events::{MIDNIGHT, START};
use crate::faulty::{Faulty, Script};

/// One dataset's stores and clock. A clone is the same stores; their fields may be replaced by wrappers.
#[derive(Clone, Debug)]
pub struct World {
    /// Stands still until it is set.
    pub clock: Arc<ManualClock>,
    /// What the events look like.
    pub dataset: Arc<Dataset>,
    /// The objects.
    pub lake: Arc<dyn ObjectStore>,
    /// The state table.
    pub state: Arc<dyn EntityStore>,
    /// Where gold's tables are.
    pub database: Arc<dyn Database>,
    /// The sequence number of the next order.
    pub(super) next_order: Arc<AtomicI64>,
}

/// What a world is made of, unless it is the usual: [`THINGS`] in memory and gold in a file, at [`START`].
#[derive(Debug)]
pub struct Builder {
    dataset: Dataset,
    clock: Arc<ManualClock>,
    lake: Option<Arc<dyn ObjectStore>>,
    state: Option<Arc<dyn EntityStore>>,
    database: Option<Arc<dyn Database>>,
}

impl Builder {
    /// Takes the text of another dataset file.
    #[must_use]
    pub fn dataset(mut self, text: &str) -> Self {
        self.dataset = parse(text);
        self
    }

    /// Takes another dataset.
    #[must_use]
    pub fn of(mut self, dataset: Dataset) -> Self {
        self.dataset = dataset;
        self
    }

    /// Takes `datasets/orders.toml` of the repository, and [`MIDNIGHT`].
    #[must_use]
    pub fn orders(mut self) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../datasets/orders.toml");
        self.dataset = Dataset::load(&file).unwrap();
        self.at(UnixMillis(MIDNIGHT))
    }

    /// Starts the clock at another time.
    #[must_use]
    pub fn at(self, now: UnixMillis) -> Self {
        self.clock.set(now);
        self
    }

    /// Takes another lake, made with the world's clock.
    #[must_use]
    pub fn lake(mut self, make: impl FnOnce(Arc<dyn Clock>) -> Arc<dyn ObjectStore>) -> Self {
        self.lake = Some(make(Arc::clone(&self.clock) as _));
        self
    }

    /// Takes another state table.
    #[must_use]
    pub fn state(mut self, state: Arc<dyn EntityStore>) -> Self {
        self.state = Some(state);
        self
    }

    /// Takes another database for gold.
    #[must_use]
    pub fn database(mut self, database: Arc<dyn Database>) -> Self {
        self.database = Some(database);
        self
    }

    /// Makes what is missing.
    #[must_use]
    pub fn build(self) -> World {
        let clock = self.clock;
        World {
            dataset: Arc::new(self.dataset),
            lake: self
                .lake
                .unwrap_or_else(|| Arc::new(MemoryObjectStore::new(Arc::clone(&clock) as _))),
            state: self
                .state
                .unwrap_or_else(|| Arc::new(MemoryEntityStore::new())),
            database: self.database.unwrap_or_else(|| Arc::new(SqliteFile::new())),
            next_order: Arc::default(),
            clock,
        }
    }
}

/// The salt of masks.
const SALT: &str = "a salt of the tests";

fn parse(text: &str) -> Dataset {
    let dataset = Dataset::parse(text, "test.toml").unwrap();
    dataset.salted(Some(Salt::new(SALT).unwrap())).unwrap()
}

impl Default for World {
    fn default() -> Self {
        Self::new()
    }
}

impl World {
    /// Makes the usual world.
    #[must_use]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// Makes a world of `datasets/orders.toml`, at [`MIDNIGHT`].
    #[must_use]
    pub fn of_orders() -> Self {
        Self::builder().orders().build()
    }

    /// Begins with what is usual.
    #[must_use]
    pub fn builder() -> Builder {
        Builder {
            dataset: parse(THINGS),
            clock: Arc::new(ManualClock::at(UnixMillis(START))),
            lake: None,
            state: None,
            database: None,
        }
    }

    /// Returns the same stores with another dataset file.
    #[must_use]
    pub fn with_dataset(&self, text: &str) -> Self {
        let dataset = Arc::new(parse(text));
        Self {
            dataset,
            ..self.clone()
        }
    }

    /// Returns what the clock shows.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// Moves the clock on.
    pub fn wait(&self, millis: i64) {
        self.clock.set(UnixMillis(self.now().0 + millis));
    }

    /// Starts a process that nothing happens to, yet.
    #[must_use]
    pub fn process(&self) -> Process {
        self.process_with(Script::new())
    }

    /// Starts a process whose calls follow a script.
    #[must_use]
    pub fn process_with(&self, script: Arc<Script>) -> Process {
        let warehouse = Faulty::new(&self.warehouse(), &script);
        Process::new(self.edges(&script), warehouse, script)
    }

    fn edges(&self, script: &Arc<Script>) -> Context {
        Context {
            dataset: Arc::clone(&self.dataset),
            lake: Faulty::new(&self.lake, script),
            state: Faulty::new(&self.state, script),
            clock: Arc::clone(&self.clock) as _,
            new_id: crate::ids::next,
            key_cache_bytes: 16 << 20,
        }
    }

    /// Returns a silver layer that commits as often as a handler does.
    #[must_use]
    pub fn silver_with_commit_interval(&self) -> Silver {
        let interval = commit_interval(self.dataset.latency);
        Silver::with_commit_interval(self.edges(&Script::new()), interval)
    }

    /// Returns what takes up rejected records, with calls that follow a script.
    #[must_use]
    pub fn redrives(&self, script: &Arc<Script>) -> Redrives {
        Redrives::new(self.edges(script))
    }

    /// Returns gold that writes to a warehouse of the test's choice.
    #[must_use]
    pub fn gold_with(&self, warehouse: Arc<dyn Warehouse>) -> Gold {
        Gold::new(
            Arc::clone(&self.dataset),
            Arc::clone(&self.lake),
            Arc::clone(&self.state),
            warehouse,
            Arc::clone(&self.clock) as _,
        )
    }

    /// Opens gold's tables.
    #[must_use]
    pub fn warehouse(&self) -> Arc<dyn Warehouse> {
        self.database.open(&GoldSchema::of(&self.dataset).unwrap())
    }

    /// Returns a reader of the log that remembers nothing.
    #[must_use]
    pub fn log(&self) -> CommitLog {
        let (state, lake) = (Arc::clone(&self.state), Arc::clone(&self.lake));
        CommitLog::new(state, lake, &self.dataset)
    }

    /// Returns the whole log; a gap fails the test (S5).
    pub async fn commits(&self) -> Vec<Commit> {
        match self.log().head().await.unwrap() {
            Some(head) => self.log().commits_from_start(head.version).await.unwrap(),
            None => Vec::new(),
        }
    }

    /// Returns the version of the head, which must be there.
    pub async fn version(&self) -> Version {
        self.log().head().await.unwrap().unwrap().version
    }

    /// Returns what silver consists of.
    pub async fn snapshot(&self) -> Snapshot {
        let head = self.log().head().await.unwrap().unwrap();
        self.log().load(&head).await.unwrap()
    }

    /// Returns the whole ledger.
    pub async fn ledger(&self) -> Vec<LedgerEntry> {
        self.log().ledger_prefix("").await.unwrap()
    }
}
