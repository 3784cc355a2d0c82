//! A pipeline in memory, for tests of what commands read: the real layers over stores that forget.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use sluice::app::App;
use sluice::clock::SystemClock;
use sluice::dataset::Dataset;
use sluice::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use sluice::retry::Deadline;
use sluice::store::entity::{Entity, MemoryEntityStore, Operation};
use sluice::store::object::{MemoryObjectStore, Source, paths};
use sluice::table::TableId;
use sluice::table::log::Counts;
use sluice::warehouse::Warehouse;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::sqlite::SqliteWarehouse;
use testkit::faulty::{Faulty, Script};

use super::Stores;

/// When the first event was enqueued: 2025-11-14T11:44:34Z.
const START_MS: i64 = 1_763_120_674_000;

/// Bronze, silver and gold of `datasets/orders.toml`.
pub(crate) struct Pipeline {
    pub(crate) stores: Stores,
    pub(crate) warehouse: Arc<dyn Warehouse>,
    app: App,
    folder: tempfile::TempDir,
}

impl Pipeline {
    /// An empty one.
    pub(crate) fn new() -> Self {
        let dataset = Dataset::load(&repository().join("datasets/orders.toml")).unwrap();
        let dataset = Arc::new(dataset);
        let lake = Arc::new(MemoryObjectStore::new(Arc::new(SystemClock)));
        let stores = Stores::over(dataset, lake, Arc::new(MemoryEntityStore::new()), None);
        Self::over(stores)
    }

    fn over(stores: Stores) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let schema = GoldSchema::of(&stores.dataset).unwrap();
        let file = folder.path().join("gold.db");
        let warehouse: Arc<dyn Warehouse> = Arc::new(SqliteWarehouse::new(file, schema));
        let edges = sluice::context::Context::new(
            Arc::clone(&stores.dataset),
            Arc::clone(&stores.lake),
            Arc::clone(&stores.state),
            1 << 20,
        );
        Self {
            app: App::builder(edges, Arc::clone(&warehouse)).build(),
            stores,
            warehouse,
            folder,
        }
    }

    /// The same stores, opened anew.
    pub(crate) fn stores(&self) -> Stores {
        let Stores {
            dataset,
            lake,
            state,
            ..
        } = &self.stores;
        Stores::over(
            Arc::clone(dataset),
            Arc::clone(lake),
            Arc::clone(state),
            None,
        )
    }

    /// The same stores, whose calls follow a script.
    pub(crate) fn stores_by(&self, script: &Arc<Script>) -> Stores {
        let Stores {
            dataset,
            lake,
            state,
            ..
        } = &self.stores;
        let (lake, state) = (Faulty::new(lake, script), Faulty::new(state, script));
        Stores::over(Arc::clone(dataset), lake, state, None)
    }

    /// The same stores under another dataset file.
    pub(crate) fn stores_of(&self, dataset: Dataset) -> Stores {
        let Stores { lake, state, .. } = &self.stores;
        Stores::over(Arc::new(dataset), Arc::clone(lake), Arc::clone(state), None)
    }

    /// The same gold under another dataset file.
    pub(crate) fn warehouse_of(&self, dataset: &Dataset) -> Arc<dyn Warehouse> {
        let schema = GoldSchema::of(dataset).unwrap();
        Arc::new(SqliteWarehouse::new(self.gold_file(), schema))
    }

    /// The same stores under a dataset file that no longer fits: every order must have its customer.
    pub(crate) fn stores_that_do_not_fit(&self) -> Stores {
        let text = std::fs::read_to_string(repository().join("datasets/orders.toml")).unwrap();
        let column = "name = \"customer_id\"";
        assert!(text.contains(column));
        let text = text.replace(column, &format!("required = true\n{column}"));
        self.stores_of(Dataset::parse(&text, "orders.toml").unwrap())
    }

    /// Another silver of the same dataset, which is empty, beside the same gold.
    pub(crate) fn stores_of_another_silver(&self) -> Stores {
        let lake = Arc::new(MemoryObjectStore::new(Arc::new(SystemClock)));
        let state = Arc::new(MemoryEntityStore::new());
        Stores::over(Arc::clone(&self.stores.dataset), lake, state, None)
    }

    /// The head of the log, as it is stored.
    pub(crate) async fn head(&self) -> Entity {
        let Stores { dataset, state, .. } = &self.stores;
        let partition = TableId::of(dataset).log_partition();
        let stored = state.get(&partition, "head").await.unwrap();
        stored.unwrap().entity
    }

    /// Writes the head of the log behind every layer's back.
    pub(crate) async fn write_head(&self, head: Entity) {
        let Stores { dataset, state, .. } = &self.stores;
        let partition = TableId::of(dataset).log_partition();
        let write = [Operation::Upsert(head)];
        state.transact(&partition, &write).await.unwrap();
    }

    /// The file of gold.
    pub(crate) fn gold_file(&self) -> PathBuf {
        self.folder.path().join("gold.db")
    }

    /// Changes gold behind the warehouse's back.
    pub(crate) fn change_gold(&self, statement: &str) {
        let connection = rusqlite::Connection::open(self.gold_file()).unwrap();
        connection.execute(statement, []).unwrap();
    }

    /// Puts orders with these ids into partition 0, from sequence number `first` on; id 0 is a broken event.
    pub(crate) async fn ingest(&self, first: i64, ids: &[u64]) {
        let bodies = ids.iter().map(|id| order(*id)).collect();
        self.ingest_bodies(first, bodies).await;
    }

    /// Puts events into partition 0, from sequence number `first` on.
    pub(crate) async fn ingest_bodies(&self, first: i64, bodies: Vec<Bytes>) {
        let events = bodies.into_iter().zip(first..).map(|(body, sequence)| {
            let enqueued = UnixMillis(START_MS + sequence);
            SourceEvent::plain(body, SequenceNumber(sequence), enqueued)
        });
        let partition = PartitionId("0".to_owned());
        let ingested = self
            .app
            .bronze
            .ingest(&partition, events.collect(), deadline());
        ingested.await.unwrap();
    }

    /// Refines every object of bronze; what is in the ledger already changes nothing.
    pub(crate) async fn refine(&self) {
        let prefix = paths::bronze_dataset(&self.stores.dataset.name);
        for object in self.stores.lake.list(&prefix).await.unwrap() {
            let source = Source::of_object(
                object.path.name().to_owned(),
                self.stores.lake.get(&object.path).await.unwrap().unwrap(),
                &object.metadata,
                object.created,
            );
            self.app.silver.refine(source).await.unwrap();
        }
    }

    /// What became of every line so far.
    pub(crate) async fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in self.stores.log.ledger_prefix("").await.unwrap() {
            counts.add(&entry.counts);
        }
        counts
    }

    /// Runs gold.
    pub(crate) async fn publish(&self) {
        self.app.gold.publish(deadline()).await.unwrap();
    }

    /// Ingests, refines and publishes orders with these ids.
    pub(crate) async fn run(&self, first: i64, ids: &[u64]) {
        self.ingest(first, ids).await;
        self.refine().await;
        self.publish().await;
    }
}

/// An order over 10.50 by customer 7; order 11 is by nobody.
fn order(id: u64) -> Bytes {
    if id == 0 {
        return Bytes::from_static(b"broken");
    }
    let seconds = START_MS / 1_000;
    let customer = match id {
        11 => "",
        _ => r#", "customer_id": "00007""#,
    };
    let text = format!(
        r#"{{"order_id": {id}, "amount": 10.50, "timestamp": {seconds}.{id:06}{customer}}}"#
    );
    Bytes::from(text)
}

/// The checkout that the tests run in.
pub(crate) fn repository() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}
