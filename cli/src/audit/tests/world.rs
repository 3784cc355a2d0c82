//! A small pipeline in memory: real bronze, silver and gold, and ways to spoil what they made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sluice::bronze::Bronze;
use sluice::clock::{Clock, ManualClock};
use sluice::context::Context;
use sluice::dataset::Dataset;
use sluice::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use sluice::gold::Gold;
use sluice::maintain::{CompactLimits, Limits, Maintenance, Options as Upkeep};
use sluice::retry::Deadline;
use sluice::silver::Silver;
use sluice::store::entity::{
    Entity, EntityStore, MemoryEntityStore, Operation, PartitionKey, Value,
};
use sluice::store::object::{
    MemoryObjectStore, Metadata, ObjectInfo, ObjectPath, ObjectRange, ObjectStore, Source, paths,
};
use sluice::table::log::{Commit, CommitLog, DataFile, Version};
use sluice::warehouse::Warehouse;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::sqlite::SqliteWarehouse;

use crate::audit::{Options, Report, Silent, Subject, audit};

const DATASET: &str = r#"
name = "shop"
key = ["id", "at"]
event_time = "at"

[[column]]
name = "id"
type = "int64"
required = true

[[column]]
name = "at"
type = "timestamp"
format = "unix_seconds"
required = true

[[column]]
name = "amount"
type = "decimal(18,2)"

[[column]]
name = "weight"
type = "double"

[[column]]
name = "who"
type = "string"

[[gold]]
table = "gold_hourly"
grain = "hour"
by = ["who"]
measures = { orders = "count", total = "sum(amount)", mean = "avg(amount)", lightest = "min(weight)", ids = "sum(id)" }

[[gold]]
table = "gold_monthly"
grain = "month"
measures = { orders = "count", largest = "max(amount)" }

[[gold]]
table = "gold_all"
grain = "all"
measures = { orders = "count", first = "min(at)", last = "max(at)" }
"#;

/// 2025-11-14T11:44:34Z.
pub(super) const START: i64 = 1_763_120_674;
const NOW: UnixMillis = UnixMillis((START + 3_600) * 1_000);

pub(super) struct World {
    pub(super) subject: Subject,
    pub(super) options: Options,
    pub(super) folder: tempfile::TempDir,
    clock: Arc<ManualClock>,
    upkeep: Maintenance,
    bronze: Bronze,
    silver: Silver,
    gold: Gold,
}

/// Ids that no other commit has.
fn new_id() -> String {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    format!("c{}", NEXT.fetch_add(1, Ordering::SeqCst))
}

impl World {
    pub(super) fn empty() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let dataset = Arc::new(Dataset::parse(DATASET, "shop.toml").unwrap());
        let manual = Arc::new(ManualClock::at(NOW));
        let clock: Arc<dyn Clock> = Arc::clone(&manual) as _;
        let lake: Arc<dyn ObjectStore> = Arc::new(MemoryObjectStore::new(Arc::clone(&clock)));
        let state: Arc<dyn EntityStore> = Arc::new(MemoryEntityStore::new());
        let schema = GoldSchema::of(&dataset).unwrap();
        let warehouse: Arc<dyn Warehouse> =
            Arc::new(SqliteWarehouse::new(folder.path().join("gold.db"), schema));
        let subject = Subject {
            dataset: Arc::clone(&dataset),
            lake: Arc::clone(&lake),
            state: Arc::clone(&state),
            warehouse: Arc::clone(&warehouse),
        };
        let options = Options {
            grace: Duration::ZERO,
            ..Options::at(NOW)
        };
        let edges = Context {
            dataset: Arc::clone(&dataset),
            lake: Arc::clone(&lake),
            state: Arc::clone(&state),
            clock: Arc::clone(&clock),
            new_id,
            key_cache_bytes: 1 << 20,
        };
        let silver = Silver::new(edges.clone());
        Self {
            options,
            clock: manual,
            upkeep: Maintenance::new(edges, silver.clone(), None).with_limits(eager()),
            bronze: Bronze::new(Arc::clone(&lake), &dataset.name),
            gold: Gold::new(
                Arc::clone(&dataset),
                Arc::clone(&lake),
                Arc::clone(&state),
                warehouse,
                Arc::clone(&clock),
            ),
            silver,
            subject,
            folder,
        }
    }

    /// Two partitions, 60 rows over three hours, 4 duplicates, 3 broken lines, refined in two commits and published.
    pub(super) async fn good() -> Self {
        let world = Self::empty();
        world
            .ingest(
                "0",
                0,
                (0..30)
                    .map(event)
                    .chain([b"broken".to_vec(), event(3)])
                    .collect(),
            )
            .await;
        world
            .ingest("1", 0, (30..45).map(event).chain([event(31)]).collect())
            .await;
        world.refine().await;
        world
            .ingest(
                "0",
                32,
                (45..60)
                    .map(event)
                    .chain([b"[]".to_vec(), b"{}".to_vec()])
                    .collect(),
            )
            .await;
        world.ingest("1", 16, vec![event(40), event(50)]).await;
        world.refine().await;
        world.publish().await;
        world
    }

    /// Puts events into a partition, from a sequence number on.
    pub(super) async fn ingest(&self, partition: &str, first: i64, bodies: Vec<Vec<u8>>) {
        let events = bodies
            .into_iter()
            .zip(first..)
            .map(|(body, sequence)| SourceEvent {
                body: Bytes::from(body),
                sequence_number: SequenceNumber(sequence),
                enqueued_time: UnixMillis(START * 1_000 + sequence),
            });
        let partition = PartitionId(partition.to_owned());
        let ingested = self
            .bronze
            .ingest(&partition, events.collect(), deadline())
            .await;
        ingested.unwrap();
    }

    /// Refines every object that is not in the ledger.
    pub(super) async fn refine(&self) {
        for object in self.objects().await {
            let range = ObjectRange::from_metadata(&object.metadata);
            let content = self.subject.lake.get(&object.path).await.unwrap().unwrap();
            let source = Source {
                name: object.path.name().to_owned(),
                content,
                partition: object.metadata.get("partition").cloned().map(PartitionId),
                range: range.map(|range| range.sequence),
                enqueued_time: range.map_or(NOW, |range| range.last_enqueued),
            };
            self.silver.refine(source).await.unwrap();
        }
    }

    /// Runs maintenance, which compacts whatever it can and writes a snapshot.
    pub(super) async fn upkeep(&self) {
        let report = self.upkeep.run(Upkeep::default(), deadline()).await;
        assert_eq!(report.failures(), []);
    }

    /// Lets days pass.
    pub(super) fn wait(&mut self, days: i64) {
        self.options.now.0 += days * 86_400_000;
        self.clock.set(self.options.now);
    }

    /// Returns the first version that is left in the log, and the latest.
    pub(super) async fn log_span(&self) -> (u64, u64) {
        let commits = self.commits().await;
        let version = |commit: Option<&Commit>| commit.unwrap().version.0;
        (version(commits.first()), version(commits.last()))
    }

    pub(super) async fn publish(&self) {
        self.gold.publish(deadline()).await.unwrap();
    }

    pub(super) async fn audit(&self) -> Report {
        audit(&self.subject, &self.options, &Silent).await.unwrap()
    }

    /// The objects of bronze, by name.
    pub(super) async fn objects(&self) -> Vec<ObjectInfo> {
        let prefix = paths::bronze_dataset(&self.subject.dataset.name);
        self.subject.lake.list(&prefix).await.unwrap()
    }

    /// The commits that are left, the oldest first.
    pub(super) async fn commits(&self) -> Vec<Commit> {
        let Subject {
            dataset,
            lake,
            state,
            ..
        } = &self.subject;
        let log = CommitLog::new(Arc::clone(state), Arc::clone(lake), dataset);
        let head = log.head().await.unwrap().unwrap();
        log.remaining(Version(0), head.version).await.unwrap()
    }

    /// The files of the last commit that has some.
    pub(super) async fn files(&self) -> Vec<DataFile> {
        let mut commits = self.commits().await;
        commits.retain(|commit| !commit.files.is_empty());
        commits.pop().unwrap().files
    }

    /// One of them.
    pub(super) async fn file(&self) -> DataFile {
        self.files().await.remove(0)
    }

    /// Puts other content in an object's place.
    pub(super) async fn replace(&self, path: &ObjectPath, content: Bytes, metadata: &Metadata) {
        self.subject.lake.delete(path).await.unwrap();
        self.subject
            .lake
            .create(path, content, metadata)
            .await
            .unwrap();
    }

    /// Changes an entity of the log.
    pub(super) async fn change(&self, row: &str, change: impl FnOnce(&mut Entity)) {
        let partition = self.partition();
        let mut entity = self
            .subject
            .state
            .get(&partition, row)
            .await
            .unwrap()
            .unwrap()
            .entity;
        change(&mut entity);
        let operations = [Operation::Upsert(entity)];
        self.subject
            .state
            .transact(&partition, &operations)
            .await
            .unwrap();
    }

    /// Removes an entity of the log.
    pub(super) async fn remove(&self, row: &str) {
        let operations = [Operation::Delete {
            row: row.to_owned(),
            if_match: None,
        }];
        self.subject
            .state
            .transact(&self.partition(), &operations)
            .await
            .unwrap();
    }

    fn partition(&self) -> PartitionKey {
        PartitionKey(format!("{}@1", self.subject.dataset.name))
    }

    /// Writes a file of silver anew with other rows, under the size and the number of rows that it has then.
    pub(super) async fn rewrite(
        &self,
        file: &DataFile,
        change: impl FnOnce(RecordBatch) -> RecordBatch,
    ) {
        let content = self.subject.lake.get(&file.path).await.unwrap().unwrap();
        let reader = ParquetRecordBatchReaderBuilder::try_new(content)
            .unwrap()
            .build()
            .unwrap();
        let batches: Vec<RecordBatch> = reader.map(Result::unwrap).collect();
        let rows = concat_batches(&batches[0].schema(), &batches).unwrap();
        let rows = change(rows);
        let content = sluice::table::parquet::encode(&rows, 1).unwrap();
        let (bytes, count) = (content.len(), rows.num_rows());
        self.replace(&file.path, content, &Metadata::new()).await;
        for commit in self.commits().await {
            if !commit.files.contains(file) {
                continue;
            }
            let row = format!("log|{:012}", commit.version.0);
            self.change(&row, |entity| {
                let Some(Value::String(files)) = entity.properties.get_mut("files") else {
                    panic!("the list of files is in the entity");
                };
                let mut list: serde_json::Value = serde_json::from_str(files).unwrap();
                for entry in list["files"].as_array_mut().unwrap() {
                    if entry["path"] == file.path.as_str() {
                        entry["bytes"] = bytes.into();
                        entry["rows"] = count.into();
                    }
                }
                *files = list.to_string();
            })
            .await;
        }
    }

    /// Changes gold behind the warehouse's back.
    pub(super) fn sql(&self, statement: &str) {
        let connection = rusqlite::Connection::open(self.folder.path().join("gold.db")).unwrap();
        assert!(
            connection.execute(statement, []).unwrap() > 0,
            "{statement}"
        );
    }
}

/// An order; some are of nobody, some weigh nothing, and a third lies in each of three hours.
pub(super) fn event(id: i64) -> Vec<u8> {
    let at = START - (id % 3) * 3_600;
    let who = ["\"ann\"", "\"bob\"", "null", "\"\""][usize::try_from(id % 4).unwrap()];
    let weight = if id % 5 == 0 {
        "null".to_owned()
    } else {
        format!("{}.5", 100 - id)
    };
    format!(
        r#"{{"id": {id}, "at": {at}.{id:06}, "amount": {id}.10, "weight": {weight}, "who": {who}}}"#
    )
    .into_bytes()
}

/// Everything is due at once.
fn eager() -> Limits {
    Limits {
        compact: CompactLimits {
            open_files: 1,
            ..CompactLimits::default()
        },
        snapshot_every: 2,
        checkpoint_every: 2,
        vacuum_every: Duration::ZERO,
        ..Limits::default()
    }
}

fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(60))
}
