//! A small pipeline in memory: real bronze, silver and gold, and ways to spoil what they made.

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_select::concat::concat_batches;
use bytes::Bytes;
use sluice::event::{PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use sluice::gold::Rebuild;
use sluice::maintain::Limits;
use sluice::store::entity::Value;
use sluice::store::object::{Metadata, ObjectInfo, ObjectPath, Source, paths};
use sluice::table::log::{Commit, DataFile, Version};
use sluice::table::parquet::encode;
use testkit::database::SqliteFile;
use testkit::datasets::{COLUMNS, replace};
use testkit::events::DAY;
use testkit::read;
use testkit::world::{Process, World, deadline, eager};

use crate::audit::{Options, Report, Silent, Subject, audit};
use sluice::dataset::ColumnIndex;

const TABLES: &str = r#"[[gold]]
table = "gold_hourly"
grain = "hour"
by = ["who"]
measures = { orders = "count", total = "sum(amount)", mean = "avg(amount)", lightest = "min(weight)", ids = "sum(id)" }

[[gold]]
table = "gold_windows"
grain = "20m"
measures = { orders = "count", total = "sum(amount)" }

[[gold]]
table = "gold_weekly"
grain = "week"
by = ["who"]
measures = { orders = "count", mean = "avg(amount)", opened = "first(amount)", closed = "last(weight)", kinds = "count_distinct(id)" }

[[gold]]
table = "gold_heavy"
grain = "5m"
by = ["who"]
where = "weight > 1e0 OR id > 2"
measures = { orders = "count", named = "count where who IS NOT NULL", mean = "avg(amount) where amount > 1" }

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

pub(super) struct Pipeline {
    pub(super) world: World,
    pub(super) subject: Subject,
    pub(super) options: Options,
    process: Process,
    database: Arc<SqliteFile>,
}

/// Returns the usual columns and a weight, under another name, with tables of their own.
fn dataset() -> String {
    let who = "[[column]]\nname = \"who\"";
    let weight = "[[column]]\nname = \"weight\"\ntype = \"double\"\n";
    let text = replace(COLUMNS, who, &format!("{weight}{who}"));
    let text = replace(&text, "\"things\"", "\"shop\"");
    let text = replace(&text, "unix_millis", "unix_seconds");
    format!("{text}{TABLES}")
}

/// Returns the dataset file with these keys and tables before its columns.
fn saying(more: &str) -> String {
    let first = "[[column]]\nname = \"id\"";
    replace(&dataset(), first, &format!("{more}\n{first}"))
}

/// Everything is due at once.
fn limits() -> Limits {
    Limits {
        snapshot_every: 2,
        checkpoint_every: 2,
        ..eager(1)
    }
}

impl Pipeline {
    pub(super) fn empty() -> Self {
        Self::known_by("key = [\"id\", \"at\"]")
    }

    /// An empty pipeline whose rows are known by something else than the usual key.
    pub(super) fn known_by(key: &str) -> Self {
        Self::of(&replace(&dataset(), "key = [\"id\", \"at\"]", key))
    }

    /// An empty pipeline whose dataset file has these keys and tables before its columns.
    pub(super) fn saying(more: &str) -> Self {
        Self::of(&saying(more))
    }

    fn of(dataset: &str) -> Self {
        let database = Arc::new(SqliteFile::new());
        let builder = World::builder().dataset(dataset).at(NOW);
        let world = builder.database(Arc::clone(&database) as _).build();
        let subject = Subject {
            dataset: Arc::clone(&world.dataset),
            lake: Arc::clone(&world.lake),
            state: Arc::clone(&world.state),
            warehouse: world.warehouse(),
        };
        let options = Options {
            grace: Duration::ZERO,
            ..Options::at(NOW)
        };
        Self {
            process: world.process().limited(limits()),
            world,
            subject,
            options,
            database,
        }
    }

    /// Goes on with a dataset file that says something else, as another deployment does.
    pub(super) fn redefined(&mut self, more: &str) {
        let world = self.world.with_dataset(&saying(more));
        self.subject.dataset = Arc::clone(&world.dataset);
        self.subject.warehouse = world.warehouse();
        self.process = world.process().limited(limits());
        self.world = world;
    }

    /// Goes on with another dataset file, in which `to` stands in place of `from`.
    pub(super) fn changed(&mut self, from: &str, to: &str) {
        let world = self.world.with_dataset(&replace(&dataset(), from, to));
        self.subject.dataset = Arc::clone(&world.dataset);
        self.subject.warehouse = world.warehouse();
        self.process = world.process().limited(limits());
        self.world = world;
    }

    /// Asks for all tables to be made anew.
    pub(super) async fn ask(&self) {
        self.process.app.gold.ask(&Rebuild::All).await.unwrap();
    }

    /// Two partitions, 60 rows over three hours, 4 duplicates, 3 broken lines, refined in two commits and published.
    pub(super) async fn good() -> Self {
        let pipeline = Self::empty();
        pipeline
            .ingest(
                "0",
                0,
                (0..30)
                    .map(event)
                    .chain([b"broken".to_vec(), event(3)])
                    .collect(),
            )
            .await;
        pipeline
            .ingest("1", 0, (30..45).map(event).chain([event(31)]).collect())
            .await;
        pipeline.refine().await;
        pipeline
            .ingest(
                "0",
                32,
                (45..60)
                    .map(event)
                    .chain([b"[]".to_vec(), b"{}".to_vec()])
                    .collect(),
            )
            .await;
        pipeline.ingest("1", 16, vec![event(40), event(50)]).await;
        pipeline.refine().await;
        pipeline.publish().await;
        pipeline
    }

    /// Puts events into a partition, from a sequence number on.
    pub(super) async fn ingest(&self, partition: &str, first: i64, bodies: Vec<Vec<u8>>) {
        let events = (first..).zip(bodies).map(|(sequence, body)| {
            SourceEvent::plain(
                Bytes::from(body),
                SequenceNumber(sequence),
                UnixMillis(START * 1_000 + sequence),
            )
        });
        let (partition, events) = (PartitionId(partition.to_owned()), events.collect());
        let ingested = self
            .process
            .app
            .bronze
            .ingest(&partition, events, deadline());
        ingested.await.unwrap();
    }

    /// Refines every object that is not in the ledger.
    pub(super) async fn refine(&self) {
        for source in self.world.sources().await {
            self.process.refine(&source).await;
        }
    }

    /// Puts an object into bronze that bronze did not write, and refines it.
    pub(super) async fn put_by_hand(&self, path: &ObjectPath, content: String) {
        let (content, metadata) = (Bytes::from(content), Metadata::new());
        let created = self.world.lake.create(path, content.clone(), &metadata);
        created.await.unwrap();
        let source = Source::of_object(path.name().to_owned(), content, &metadata, NOW);
        self.process.refine(&source).await;
    }

    /// Runs maintenance, which compacts whatever it can and writes a snapshot.
    pub(super) async fn maintain(&self) {
        self.process.maintain(false).await;
    }

    /// Lets days pass.
    pub(super) fn wait(&mut self, days: i64) {
        self.world.wait(days * DAY);
        self.options.now = self.world.now();
    }

    /// Returns the first version that is left in the log, and the latest.
    pub(super) async fn log_span(&self) -> (u64, u64) {
        let commits = self.commits().await;
        let version = |commit: Option<&Commit>| commit.unwrap().version.0;
        (version(commits.first()), version(commits.last()))
    }

    pub(super) async fn publish(&self) {
        self.process.app.gold.publish(deadline()).await.unwrap();
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
    async fn commits(&self) -> Vec<Commit> {
        let head = self.world.version().await;
        let log = self.world.log();
        log.remaining(Version(0), head).await.unwrap()
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

    /// Writes a file of silver anew with other rows, under the size and the number of rows that it has then.
    pub(super) async fn rewrite(
        &self,
        file: &DataFile,
        change: impl FnOnce(RecordBatch) -> RecordBatch,
    ) {
        let batches = read::silver_file(&self.world.lake, file).await;
        let rows = change(concat_batches(&batches[0].schema(), &batches).unwrap());
        let content = encode(&rows, ColumnIndex::new(1)).unwrap();
        let (bytes, count) = (content.len(), rows.num_rows());
        let metadata = Metadata::new();
        let replaced = self.world.replace_object(&file.path, content, &metadata);
        replaced.await;
        let commits = self.commits().await;
        for commit in commits.iter().filter(|commit| commit.files.contains(file)) {
            let row = format!("log|{:012}", commit.version.0);
            let change = self.world.change_row(&row, |entity| {
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
            });
            change.await;
        }
    }

    /// Changes gold behind the warehouse's back.
    pub(super) fn sql(&self, statement: &str) {
        let connection = rusqlite::Connection::open(self.database.path()).unwrap();
        let changed = connection.execute(statement, []).unwrap();
        assert!(changed > 0, "{statement}");
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
