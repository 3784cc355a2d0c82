//! Stores that outlive processes, processes on them, and what the stores hold in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use arrow_array::Array;
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type, TimestampMicrosecondType};
use bytes::Bytes;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use sluice::app::App;
use sluice::clock::ManualClock;
use sluice::context::Context;
use sluice::dataset::Dataset;
use sluice::event::line::{append_line, restore_body};
use sluice::event::{EventTime, PartitionId, SequenceNumber, SourceEvent, UnixMillis};
use sluice::maintain::{Limits, Maintenance};
use sluice::retry::Deadline;
use sluice::silver::{COMMIT_INTERVAL, Silver};
use sluice::store::entity::{EntityStore, MemoryEntityStore};
use sluice::store::object::{
    MemoryObjectStore, Metadata, ObjectPath, ObjectRange, ObjectStore, Source, paths,
};
use sluice::table::live::LiveFiles;
use sluice::table::log::{Commit, CommitLog, Counts, LedgerEntry, Version};
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Warehouse, connect};

use super::faulty::{Faulty, Script};

/// What the clock shows, and when the first hour of events begins: 2025-11-14T11:00:00Z.
pub(crate) const START: i64 = 1_763_118_000_000;
pub(crate) const MINUTE: i64 = 60_000;

/// A small dataset with every kind of measure.
pub(crate) const THINGS: &str = r#"
name = "things"
key = ["id", "at"]
event_time = "at"
period = "hour"
allowed_lateness = "1h"
max_clock_skew = "48h"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
format = "unix_millis"
required = true
[[column]]
name = "amount"
type = "decimal(18,2)"
min = 0
[[column]]
name = "who"
type = "string"
[[gold]]
table = "hourly"
grain = "hour"
measures = { n = "count", total = "sum(amount)", high = "max(amount)" }
[[gold]]
table = "by_who"
grain = "day"
by = ["who"]
measures = { n = "count", total = "sum(amount)" }
[[gold]]
table = "ever"
grain = "all"
measures = { n = "count", total = "sum(amount)" }
"#;

/// Stores in memory, a warehouse in a file.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) dataset: Arc<Dataset>,
    pub(crate) lake: Arc<dyn ObjectStore>,
    pub(crate) state: Arc<dyn EntityStore>,
    folder: Arc<tempfile::TempDir>,
}

/// A process on the stores of a world, and the script that its calls follow.
pub(crate) struct Process {
    pub(crate) app: Arc<App>,
    pub(crate) script: Arc<Script>,
}

/// A row of silver.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct SilverRow {
    pub(crate) id: i64,
    /// Microseconds since 1970.
    pub(crate) at: i64,
    pub(crate) amount: Option<i128>,
    pub(crate) who: Option<String>,
    pub(crate) rescued: Option<String>,
}

/// What the stores hold, without what differs from run to run: ids, files, versions and times of processing.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EndState {
    /// Partition, sequence number and body of each line of bronze.
    pub(crate) bronze: Vec<(String, i64, Vec<u8>)>,
    pub(crate) silver: Vec<SilverRow>,
    /// The sum of the ledger; late ones depend on the order of commits and are left out.
    pub(crate) ledger: Counts,
    /// The records of quarantine, without the objects that they came from.
    pub(crate) quarantine: Vec<String>,
    /// The rows of each gold table.
    pub(crate) gold: BTreeMap<String, Vec<BTreeMap<String, Option<String>>>>,
}

/// An event of [`THINGS`], `minute` minutes after the start.
pub(crate) fn thing(id: i64, minute: i64, cents: i64) -> Bytes {
    let at = START + minute * MINUTE;
    let (whole, rest, who) = (cents / 100, cents % 100, id % 3);
    Bytes::from(format!(
        r#"{{"id":{id},"at":{at},"amount":{whole}.{rest:02},"who":"w{who}","extra":{id}}}"#
    ))
}

/// An event as the hub delivers it, enqueued `minute` minutes after the start.
pub(crate) fn event(sequence: i64, minute: i64, body: Bytes) -> SourceEvent {
    SourceEvent {
        body,
        sequence_number: SequenceNumber(sequence),
        enqueued_time: UnixMillis(START + minute * MINUTE),
    }
}

pub(crate) fn deadline() -> Deadline {
    Deadline::after(Duration::from_secs(5 * 60))
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(UnixMillis(START)));
        Self {
            dataset: Arc::new(Dataset::parse(THINGS, "things.toml").unwrap()),
            lake: Arc::new(MemoryObjectStore::new(Arc::clone(&clock) as _)),
            state: Arc::new(MemoryEntityStore::new()),
            folder: Arc::new(tempfile::tempdir().unwrap()),
            clock,
        }
    }

    /// Returns the same stores with another dataset file.
    pub(crate) fn with_dataset(&self, text: &str) -> Self {
        Self {
            clock: Arc::clone(&self.clock),
            dataset: Arc::new(Dataset::parse(text, "things.toml").unwrap()),
            lake: Arc::clone(&self.lake),
            state: Arc::clone(&self.state),
            folder: Arc::clone(&self.folder),
        }
    }

    /// Starts a process that nothing happens to, yet.
    pub(crate) fn process(&self) -> Process {
        self.process_with(Script::new())
    }

    /// Starts a process.
    pub(crate) fn process_with(&self, script: Arc<Script>) -> Process {
        let warehouse = Faulty::new(&self.warehouse(), &script);
        Process {
            app: Arc::new(App::builder(self.edges(&script), warehouse).build()),
            script,
        }
    }

    fn edges(&self, script: &Arc<Script>) -> Context {
        Context {
            dataset: Arc::clone(&self.dataset),
            lake: Faulty::new(&self.lake, script),
            state: Faulty::new(&self.state, script),
            clock: Arc::clone(&self.clock) as _,
            new_id: || uuid::Uuid::new_v4().simple().to_string(),
            key_cache_bytes: 1 << 20,
        }
    }

    /// Returns a silver layer that commits as often as a handler does.
    pub(crate) fn silver_with_commit_interval(&self) -> Silver {
        Silver::with_commit_interval(self.edges(&Script::new()), COMMIT_INTERVAL)
    }

    /// Returns maintenance that follows a script.
    pub(crate) fn upkeep(&self, script: &Arc<Script>, limits: Limits) -> Maintenance {
        let edges = self.edges(script);
        Maintenance::new(edges.clone(), Silver::new(edges), None).with_limits(limits)
    }

    pub(crate) fn warehouse(&self) -> Arc<dyn Warehouse> {
        let path = self.folder.path().join("gold.db");
        let schema = GoldSchema::of(&self.dataset).unwrap();
        connect(&format!("sqlite:{}", path.display()), schema).unwrap()
    }

    pub(crate) fn log(&self) -> CommitLog {
        let (state, lake) = (Arc::clone(&self.state), Arc::clone(&self.lake));
        CommitLog::new(state, lake, &self.dataset)
    }

    /// Puts an object as bronze does, and returns it as its trigger delivers it.
    pub(crate) async fn put(&self, partition: &str, first: i64, bodies: &[Bytes]) -> Source {
        let events: Vec<SourceEvent> = (first..)
            .zip(bodies)
            .map(|(sequence, body)| event(sequence, 0, body.clone()))
            .collect();
        let mut content = Vec::new();
        bodies
            .iter()
            .for_each(|body| append_line(body, &mut content));
        let partition = PartitionId(partition.to_owned());
        let path = paths::bronze_object(&self.dataset.name, &partition, &events[0]);
        let metadata = ObjectRange::of(&events)
            .unwrap()
            .to_metadata(&partition, events.len());
        let content = Bytes::from(content);
        self.lake
            .create(&path, content.clone(), &metadata)
            .await
            .unwrap();
        source(path.name(), content, &metadata)
    }

    /// Returns all objects of bronze as their triggers deliver them.
    pub(crate) async fn sources(&self) -> Vec<Source> {
        let prefix = paths::bronze_dataset(&self.dataset.name);
        let mut sources = Vec::new();
        for info in self.lake.list(&prefix).await.unwrap() {
            let content = self.lake.get(&info.path).await.unwrap().unwrap();
            sources.push(source(info.path.name(), content, &info.metadata));
        }
        sources
    }

    /// Returns the whole log; a gap fails the test (S5).
    pub(crate) async fn commits(&self) -> Vec<Commit> {
        match self.log().head().await.unwrap() {
            Some(head) => self.log().commits_from_start(head.version).await.unwrap(),
            None => Vec::new(),
        }
    }

    pub(crate) async fn ledger(&self) -> Vec<LedgerEntry> {
        self.log().ledger_prefix("").await.unwrap()
    }

    /// Returns the rows of the live files, sorted.
    pub(crate) async fn silver(&self) -> Vec<SilverRow> {
        let live = LiveFiles::replay(&self.commits().await);
        let mut rows = Vec::new();
        for file in live.iter() {
            let content = self.lake.get(&file.path).await.unwrap().unwrap();
            assert_eq!(content.len() as u64, file.bytes);
            let before = rows.len();
            read_rows(content, &mut rows);
            assert_eq!((rows.len() - before) as u64, file.rows);
        }
        rows.sort();
        rows
    }

    /// Returns what the stores hold, and checks what holds at any time: S1, S2, S5 and G1.
    pub(crate) async fn end_state(&self) -> EndState {
        let silver = self.silver().await;
        let keys: BTreeSet<_> = silver.iter().map(|row| (row.id, row.at)).collect();
        assert_eq!(keys.len(), silver.len(), "no key twice in silver (S1)");

        let mut ledger = Counts::default();
        let mut quarantine = Vec::new();
        for entry in self.ledger().await {
            assert!(entry.counts.is_conserved(), "{entry:?} (S2)");
            ledger.add(&entry.counts);
            if let Some(path) = &entry.quarantine {
                let content = self.lake.get(path).await.unwrap().unwrap();
                let text = String::from_utf8(content.to_vec()).unwrap();
                quarantine.extend(text.lines().map(bad_line));
            }
        }
        quarantine.sort();
        ledger.late = 0;
        let mut logged = Counts::default();
        let commits = self.commits().await;
        commits.iter().for_each(|commit| logged.add(&commit.counts));
        logged.late = 0;
        assert_eq!(logged, ledger, "the log and the ledger agree");
        assert_eq!(ledger.rows, silver.len() as u64);

        let gold = self.gold().await;
        EndState {
            bronze: self.bronze().await,
            silver,
            ledger,
            quarantine,
            gold,
        }
    }

    async fn bronze(&self) -> Vec<(String, i64, Vec<u8>)> {
        let mut lines = Vec::new();
        for source in self.sources().await {
            let content = source.content.strip_suffix(b"\n").unwrap();
            let partition = source.partition.unwrap().0;
            let first = source.range.unwrap().first.0;
            for (sequence, line) in (first..).zip(content.split(|byte| *byte == b'\n')) {
                lines.push((partition.clone(), sequence, restore_body(line).into_owned()));
            }
        }
        lines.sort();
        lines
    }

    async fn gold(&self) -> BTreeMap<String, Vec<BTreeMap<String, Option<String>>>> {
        let warehouse = self.warehouse();
        warehouse.ensure().await.unwrap();
        let mut gold = BTreeMap::new();
        for table in &self.dataset.gold {
            let read = warehouse.read_table(&table.table, None, 10_000);
            let read = read.await.unwrap();
            let row = |row: Vec<_>| read.columns.iter().cloned().zip(row).collect();
            let mut rows: Vec<_> = read.rows.into_iter().map(row).collect();
            rows.sort();
            gold.insert(table.table.clone(), rows);
        }
        gold
    }
}

/// Returns how far every gold table has come, if they all stand at one version.
pub(crate) async fn published(world: &World) -> Option<Version> {
    let progress = world.warehouse().progress().await.unwrap();
    let versions: BTreeSet<Version> = progress.values().map(|at| at.version).collect();
    assert!(versions.len() <= 1, "{versions:?}");
    versions.into_iter().next()
}

/// A gold table, a period and a dimension.
type Group<'a> = (&'static str, i64, Option<&'a str>);

/// Adds silver up anew, in the words of the gold tables.
pub(crate) fn aggregate(silver: &[SilverRow]) -> BTreeMap<String, Vec<(String, String)>> {
    let mut groups: BTreeMap<Group<'_>, (u64, Option<i128>)> = BTreeMap::new();
    for row in silver {
        let hour = row.at.div_euclid(3_600_000_000);
        let places = [
            ("hourly", hour, None),
            ("by_who", hour.div_euclid(24), row.who.as_deref()),
            ("ever", 0, None),
        ];
        for place in places {
            let (count, total) = groups.entry(place).or_default();
            *count += 1;
            if let Some(amount) = row.amount {
                *total = Some(total.unwrap_or(0) + amount);
            }
        }
    }
    let mut tables: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for ((table, _, _), (count, total)) in groups {
        let total = total.map_or("null".to_owned(), |cents| {
            format!("{}.{:02}", cents / 100, cents % 100)
        });
        let rows = tables.entry(table.to_owned()).or_default();
        rows.push((count.to_string(), total));
    }
    tables.values_mut().for_each(|rows| rows.sort());
    tables
}

impl EndState {
    /// Checks that gold is the aggregate of silver (G1).
    pub(crate) fn check_gold(&self) {
        let text = |value: &Option<String>| value.clone().unwrap_or_else(|| "null".to_owned());
        let expected = aggregate(&self.silver);
        for (table, rows) in &self.gold {
            let mut found: Vec<_> = rows
                .iter()
                .map(|row| (text(&row["n"]), text(&row["total"])))
                .collect();
            found.sort();
            let expected = expected.get(table).cloned().unwrap_or_default();
            assert_eq!(found, expected, "{table} is the aggregate of silver (G1)");
        }
    }
}

/// A record of quarantine without the object that its line came from: which events share one may differ.
fn bad_line(record: &str) -> String {
    let mut record: serde_json::Value = serde_json::from_str(record).unwrap();
    let fields = record.as_object_mut().unwrap();
    for name in ["source", "line", "enqueued_time"] {
        assert!(fields.remove(name).is_some(), "{name}");
    }
    record.to_string()
}

/// Makes a source of an object, as the blob trigger does.
fn source(name: &str, content: Bytes, metadata: &Metadata) -> Source {
    let range = ObjectRange::from_metadata(metadata).unwrap();
    Source {
        name: name.to_owned(),
        content,
        partition: metadata.get("partition").cloned().map(PartitionId),
        range: Some(range.sequence),
        enqueued_time: range.last_enqueued,
    }
}

fn read_rows(content: Bytes, rows: &mut Vec<SilverRow>) {
    let reader = ParquetRecordBatchReaderBuilder::try_new(content).unwrap();
    for batch in reader.build().unwrap().map(Result::unwrap) {
        let column = |name: &str| batch.column_by_name(name).unwrap();
        let ids = column("id").as_primitive::<Int64Type>();
        let times = column("at").as_primitive::<TimestampMicrosecondType>();
        let amounts = column("amount").as_primitive::<Decimal128Type>();
        let who = column("who").as_string::<i32>();
        let rescued = column("_rescued").as_string::<i32>();
        rows.extend((0..batch.num_rows()).map(|row| SilverRow {
            id: ids.value(row),
            at: times.value(row),
            amount: amounts.is_valid(row).then(|| amounts.value(row)),
            who: who.is_valid(row).then(|| who.value(row).to_owned()),
            rescued: rescued.is_valid(row).then(|| rescued.value(row).to_owned()),
        }));
    }
}

/// Returns the watermark after each commit.
pub(crate) fn watermarks(commits: &[Commit]) -> Vec<EventTime> {
    commits
        .iter()
        .filter_map(|commit| commit.watermark)
        .collect()
}

/// Returns the files that commits appended.
pub(crate) fn files(commits: &[Commit]) -> Vec<ObjectPath> {
    let files = commits.iter().flat_map(|commit| &commit.files);
    files.map(|file| file.path.clone()).collect()
}
