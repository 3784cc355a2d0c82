//! Stores in memory and a file of gold, empty or as an earlier build left them.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow_array::RecordBatch;
use bytes::Bytes;
use futures::TryStreamExt;
use sluice::app::App;
use sluice::clock::{Clock, ManualClock};
use sluice::context::Context;
use sluice::dataset::Dataset;
use sluice::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use sluice::gold::Ended;
use sluice::maintain::{Limits, Maintenance, Options, Report};
use sluice::retry::Deadline;
use sluice::silver::{Refined, Silver};
use sluice::store::entity::{EntityStore, MemoryEntityStore};
use sluice::store::object::{MemoryObjectStore, ObjectStore, Source, paths};
use sluice::table::TableId;
use sluice::table::live::LiveFiles;
use sluice::table::log::{CommitLog, Counts};
use sluice::table::parquet::read_columns;
use sluice::warehouse::schema::{FRESHNESS, GoldSchema, PROGRESS};
use sluice::warehouse::{Warehouse, connect};
use tempfile::TempDir;

use super::stored::{GOLD, Row, STORES, Stores, entities, unpack};
use super::{LAKE, totals};
use crate::golden;
use sluice::table::schema::every_column;
use testkit::faulty::{Faulty, Script};

/// When the first hour of events begins: 2025-11-14T11:00:00Z.
const START: i64 = 1_763_118_000_000;
pub(super) const MINUTE: i64 = 60_000;
pub(super) const DAY: i64 = 24 * 60 * MINUTE;

/// One generation of the dataset.
pub(super) struct World {
    pub(super) clock: Arc<ManualClock>,
    pub(super) dataset: Arc<Dataset>,
    pub(super) lake: Arc<dyn ObjectStore>,
    pub(super) state: Arc<dyn EntityStore>,
    folder: Arc<TempDir>,
}

/// An event with every column and a field that no column names; `minute` minutes after the start.
pub(super) fn body(id: i64, minute: i64) -> Bytes {
    let at = START + minute * MINUTE + id;
    let (kind, born, flag) = (id % 3, 1 + id % 28, id % 2 == 0);
    let more = if id % 5 == 0 {
        "null".to_owned()
    } else {
        format!("{{\"n\": {id}}}")
    };
    let amount = if id % 7 == 0 {
        "null".to_owned()
    } else {
        format!("{id}.25")
    };
    Bytes::from(format!(
        r#"{{"id":{id},"at":{at},"name":"thing {id}","kind":"k{kind}","amount":{amount},"level":{id}.5,"flag":{flag},"born":"2025-01-{born:02}","seen":"2025-11-14T11:00:00.{id:03}Z","more":{more},"extra":{id}}}"#
    ))
}

/// Returns ids in order, so that a lake that is written again is the same.
fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    format!("{:032x}", NEXT.fetch_add(1, Ordering::SeqCst))
}

fn reasons(counts: &Counts) -> Vec<(&str, u64)> {
    let reasons = counts.quarantined.iter();
    reasons
        .map(|(reason, count)| (reason.as_str(), *count))
        .collect()
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/it/data")
        .join(LAKE)
}

fn dataset(generation: u32) -> Arc<Dataset> {
    let text = std::fs::read_to_string(folder().join("things.toml")).unwrap();
    let text = text.replace("generation = 2", &format!("generation = {generation}"));
    Arc::new(Dataset::parse(&text, "things.toml").unwrap())
}

impl World {
    /// Makes empty stores.
    pub(super) fn new(generation: u32) -> Self {
        let clock = Arc::new(ManualClock::at(UnixMillis(START)));
        Self {
            dataset: dataset(generation),
            lake: Arc::new(MemoryObjectStore::new(Arc::clone(&clock) as _)),
            state: Arc::new(MemoryEntityStore::new()),
            folder: Arc::new(TempDir::new().unwrap()),
            clock,
        }
    }

    /// Takes what the earlier build left.
    pub(super) async fn stored(generation: u32) -> Self {
        let world = Self::new(generation);
        let stores: Stores = serde_json::from_slice(&unpack(&folder().join(STORES))).unwrap();
        stores
            .restore(&*world.lake, &*world.state, &world.clock)
            .await;
        std::fs::write(world.gold_file(), unpack(&folder().join(GOLD))).unwrap();
        world
    }

    pub(super) fn with_generation(&self, generation: u32) -> Self {
        Self {
            clock: Arc::clone(&self.clock),
            dataset: dataset(generation),
            lake: Arc::clone(&self.lake),
            state: Arc::clone(&self.state),
            folder: Arc::clone(&self.folder),
        }
    }

    pub(super) fn gold_file(&self) -> PathBuf {
        self.folder.path().join("gold.db")
    }

    pub(super) fn deadline() -> Deadline {
        Deadline::after(Duration::from_secs(60))
    }

    fn edges(&self) -> Context {
        Context {
            dataset: Arc::clone(&self.dataset),
            lake: Arc::clone(&self.lake),
            state: Arc::clone(&self.state),
            clock: Arc::clone(&self.clock) as _,
            new_id,
            key_cache_bytes: 1 << 20,
        }
    }

    pub(super) fn warehouse(&self) -> Arc<dyn Warehouse> {
        let schema = GoldSchema::of(&self.dataset).unwrap();
        connect(&format!("sqlite:{}", self.gold_file().display()), schema).unwrap()
    }

    /// Starts a process. Its warehouse says that it may be paused, so that gold leaves its idle marker.
    pub(super) fn app(&self) -> App {
        App::builder(self.edges(), Faulty::new(&self.warehouse(), &Script::new())).build()
    }

    pub(super) fn app_without_hints(&self) -> App {
        App::builder(self.edges(), self.warehouse()).build()
    }

    pub(super) fn log(&self) -> CommitLog {
        CommitLog::new(
            Arc::clone(&self.state),
            Arc::clone(&self.lake),
            &self.dataset,
        )
    }

    pub(super) fn maintenance(&self, limits: Limits) -> Maintenance {
        let edges = self.edges();
        Maintenance::new(edges.clone(), Silver::new(edges), None).with_limits(limits)
    }

    /// Moves the clock on.
    pub(super) fn wait(&self, millis: i64) {
        self.clock.set(UnixMillis(self.clock.now().0 + millis));
    }

    /// Ingests events that were enqueued `minute` minutes after the start, and refines their object.
    pub(super) async fn refine(
        &self,
        partition: &str,
        first: i64,
        minute: i64,
        bodies: &[Bytes],
    ) -> Refined {
        let before = self.sources().await.len();
        let event = |(sequence, body): (i64, &Bytes)| {
            SourceEvent::plain(
                body.clone(),
                SequenceNumber(sequence),
                UnixMillis(START + minute * MINUTE),
            )
        };
        let events: Vec<_> = (first..).zip(bodies).map(event).collect();
        let partition = PartitionId(partition.to_owned());
        let path = paths::bronze_object(&self.dataset.name, &partition, &events[0]);
        let app = self.app();
        app.bronze
            .ingest(&partition, events, Self::deadline())
            .await
            .unwrap();
        let sources = self.sources().await;
        assert_eq!(sources.len(), before + 1);
        let mut sources = sources.into_iter();
        let source = sources.find(|source| source.name == path.name()).unwrap();
        let refined = app.silver.refine(source).await.unwrap();
        self.published().await;
        refined
    }

    /// Waits until the Delta log has the head, which committers write beside their work.
    pub(super) async fn published(&self) {
        let head = self.log().head().await.unwrap().unwrap();
        let generation = self.dataset.generation;
        let entry = TableId::new(&self.dataset.name, generation).delta_entry(head.version.0);
        while self.lake.head(&entry).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    }

    pub(super) async fn publish(&self) {
        let published = self.app().gold.publish(Self::deadline()).await.unwrap();
        assert_eq!(published.ended, Ended::UpToDate);
    }

    pub(super) async fn maintain(&self, limits: Limits) -> Report {
        let options = Options {
            full: true,
            ..Options::default()
        };
        let report = self
            .maintenance(limits)
            .run(options, Self::deadline())
            .await;
        assert_eq!(report.failures(), []);
        report
    }

    /// Returns all objects of bronze as their triggers deliver them.
    pub(super) async fn sources(&self) -> Vec<Source> {
        let prefix = paths::bronze_dataset(&self.dataset.name);
        let mut sources = Vec::new();
        for info in self.lake.list(&prefix).await.unwrap() {
            sources.push(Source::of_object(
                info.path.name().to_owned(),
                self.lake.get(&info.path).await.unwrap().unwrap(),
                &info.metadata,
                info.created,
            ));
        }
        sources
    }

    /// Returns the partitions of the state table that this dataset has had.
    pub(super) fn partitions(&self) -> Vec<String> {
        let name = |generation| format!("{}@{generation}", self.dataset.name);
        let generations = (1..=self.dataset.generation).map(name);
        let all = generations
            .flat_map(|name| ["", "|gold", "|maintain"].map(|end| format!("{name}{end}")));
        all.collect()
    }

    pub(super) async fn entities(&self) -> Vec<Row> {
        entities(&*self.state, &self.partitions()).await
    }

    pub(super) async fn ledger_total(&self) -> Counts {
        let mut total = Counts::default();
        for entry in self.log().ledger_prefix("").await.unwrap() {
            assert!(entry.counts.is_conserved(), "{entry:?} (S2)");
            total.add(&entry.counts);
        }
        total
    }

    /// Returns the rows of the live files as JSON, sorted by it.
    pub(super) async fn silver(&self) -> Vec<String> {
        let head = self.log().head().await.unwrap().unwrap();
        let live = LiveFiles::of(&self.log().load(&head).await.unwrap());
        let columns = every_column(&self.dataset);
        let mut rows = Vec::new();
        for file in live.iter() {
            let batches = read_columns(&self.lake, file, &self.dataset, &columns)
                .await
                .unwrap();
            let batches: Vec<RecordBatch> = batches.try_collect().await.unwrap();
            for batch in &batches {
                rows.extend(golden::rows(batch).lines().map(str::to_owned));
            }
        }
        rows.sort();
        rows
    }

    /// Writes down what the stores hold: silver, the ledger, quarantine and gold.
    pub(super) async fn describe(&self) -> String {
        let mut text = self.silver().await.join("\n");
        text.push('\n');
        for entry in self.log().ledger_prefix("").await.unwrap() {
            let range = entry.range.unwrap();
            let (name, version) = (&entry.source, entry.version);
            writeln!(
                text,
                "{name} in {version}, {} to {}",
                range.first, range.last
            )
            .unwrap();
            let counts = &entry.counts;
            writeln!(text, "{:?} {:?}", totals(counts), reasons(counts)).unwrap();
            if let Some(path) = entry.quarantine {
                let content = self.lake.get(&path).await.unwrap().unwrap();
                text.push_str(std::str::from_utf8(&content).unwrap());
            }
        }
        let warehouse = self.warehouse();
        let schema = warehouse.schema();
        let tables = schema
            .tables
            .iter()
            .flat_map(|table| [&table.name, &table.report]);
        let names = tables.chain(schema.views.iter().map(|view| &view.name));
        let names = names.map(String::as_str).chain([PROGRESS, FRESHNESS]);
        for name in names {
            let read = warehouse.read_table(name, None, 10_000).await.unwrap();
            // Of the books what that build had of them.
            let columns = match name {
                PROGRESS => 4,
                FRESHNESS => 5,
                _ => read.columns.len(),
            };
            writeln!(text, "{name} | {}", read.columns[..columns].join(" | ")).unwrap();
            let cell = |cell: Option<String>| cell.unwrap_or_else(|| "null".to_owned());
            let row = |row: Vec<_>| {
                let cells = row.into_iter().take(columns).map(cell);
                cells.collect::<Vec<_>>().join(" | ")
            };
            let mut rows: Vec<_> = read.rows.into_iter().map(row).collect();
            rows.sort();
            writeln!(text, "{}", rows.join("\n")).unwrap();
        }
        text
    }
}
