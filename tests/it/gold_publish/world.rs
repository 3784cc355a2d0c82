//! Silver in memory, gold in a file or on a server, and what gold should hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use arrow_array::{
    Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;
use sluice::clock::ManualClock;
use sluice::dataset::Dataset;
use sluice::event::{EventTime, UnixMillis};
use sluice::gold::{Gold, Published};
use sluice::retry::Deadline;
use sluice::store::entity::{EntityStore, MemoryEntityStore, Operation, PartitionKey};
use sluice::store::object::{Created, MemoryObjectStore, Metadata, ObjectPath, ObjectStore};
use sluice::table::live::LiveFiles;
use sluice::table::log::{
    CommitKind, CommitLog, CommitOutcome, Counts, DataFile, LedgerEntry, NewCommit, Version,
};
use sluice::table::parquet::encode;
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Progress, Warehouse, connect};
use tempfile::TempDir;

use crate::support::things::COLUMNS;
use crate::warehouse_conformance::TestSchema;

/// What the clock shows at first.
pub(crate) const NOW: i64 = 1_764_000_000_000;
const MINUTE: i64 = 60_000_000;

const TABLES: &str = r#"
[[gold]]
table = "hourly"
grain = "hour"
measures = { n = "count", total = "sum(amount)", low = "min(amount)", high = "max(amount)" }
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

#[derive(Clone, Debug)]
pub(crate) struct Event {
    pub(crate) id: i64,
    pub(crate) minute: i64,
    pub(crate) who: Option<String>,
    pub(crate) amount: i128,
}

pub(crate) fn event(id: i64, minute: i64, who: Option<i64>, amount: i64) -> Event {
    Event {
        id,
        minute,
        who: who.map(|number| format!("w{number}")),
        amount: amount.into(),
    }
}

pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    dataset: Arc<Dataset>,
    text: String,
    lake: Arc<dyn ObjectStore>,
    state: Arc<dyn EntityStore>,
    folder: Arc<TempDir>,
    server: Option<TestSchema>,
    names: AtomicU64,
    events: std::sync::Mutex<Vec<Event>>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(UnixMillis(NOW)));
        let text = format!("{COLUMNS}{TABLES}");
        Self {
            dataset: Arc::new(Dataset::parse(&text, "things.toml").unwrap()),
            text,
            lake: Arc::new(MemoryObjectStore::new(Arc::clone(&clock) as _)),
            clock,
            state: Arc::new(MemoryEntityStore::new()),
            folder: Arc::new(TempDir::new().unwrap()),
            server: None,
            names: AtomicU64::new(0),
            events: std::sync::Mutex::default(),
        }
    }

    /// With gold on the server that the tests may use; nothing where there is none.
    pub(crate) fn on_server() -> Option<Self> {
        let server = Some(TestSchema::new()?);
        Some(Self {
            server,
            ..Self::new()
        })
    }

    /// The same gold over a log that has not begun.
    pub(crate) fn with_empty_log(&self) -> Self {
        let folder = Arc::clone(&self.folder);
        Self {
            folder,
            ..Self::new()
        }
    }

    /// Changes the dataset file.
    pub(crate) fn change(&mut self, from: &str, to: &str) {
        assert!(self.text.contains(from));
        self.text = self.text.replace(from, to);
        self.dataset = Arc::new(Dataset::parse(&self.text, "things.toml").unwrap());
    }

    pub(crate) fn deadline() -> Deadline {
        Deadline::after(Duration::from_secs(60))
    }

    pub(crate) fn warehouse(&self) -> Arc<dyn Warehouse> {
        let schema = GoldSchema::of(&self.dataset).unwrap();
        if let Some(server) = &self.server {
            return server.open(&schema);
        }
        let path = self.folder.path().join("gold.db");
        connect(&format!("sqlite:{}", path.display()), schema).unwrap()
    }

    pub(crate) fn gold(&self) -> Gold {
        self.gold_with(self.warehouse())
    }

    pub(crate) fn gold_with(&self, warehouse: Arc<dyn Warehouse>) -> Gold {
        Gold::new(
            Arc::clone(&self.dataset),
            Arc::clone(&self.lake),
            Arc::clone(&self.state),
            warehouse,
            Arc::clone(&self.clock) as _,
        )
    }

    pub(crate) async fn publish(&self) -> Published {
        self.gold().publish(Self::deadline()).await.unwrap()
    }

    fn log(&self) -> CommitLog {
        CommitLog::new(
            Arc::clone(&self.state),
            Arc::clone(&self.lake),
            &self.dataset,
        )
    }

    pub(crate) async fn initialize(&self) {
        let outcome = self
            .log()
            .initialize("c0", "[]", UnixMillis(NOW))
            .await
            .unwrap();
        assert_eq!(outcome, CommitOutcome::Committed(Version(0)));
    }

    /// Commits a file for each list of events.
    pub(crate) async fn append(&self, files: &[&[Event]]) {
        let mut written = Vec::new();
        for events in files {
            self.events.lock().unwrap().extend_from_slice(events);
            written.push(self.write(events).await);
        }
        self.commit(CommitKind::Append, written).await;
    }

    /// Replaces all live files by one.
    pub(crate) async fn compact(&self) {
        let replaces = self
            .live()
            .await
            .iter()
            .map(|file| file.path.clone())
            .collect();
        let events = self.events.lock().unwrap().clone();
        let file = self.write(&events).await;
        self.commit(CommitKind::Compact { replaces }, vec![file])
            .await;
    }

    /// Deletes the files that are live no longer.
    pub(crate) async fn vacuum(&self) {
        let live = self.live().await;
        for object in self
            .lake
            .list(&ObjectPath::new("silver", ""))
            .await
            .unwrap()
        {
            if !live.iter().any(|file| file.path == object.path) {
                self.lake.delete(&object.path).await.unwrap();
            }
        }
    }

    pub(crate) async fn delete_live_files(&self) {
        for file in self.live().await.iter() {
            self.lake.delete(&file.path).await.unwrap();
        }
    }

    pub(crate) async fn forget_version(&self, version: u64) {
        let row = format!("log|{version:012}");
        let partition = PartitionKey("things@1".into());
        assert!(self.state.get(&partition, &row).await.unwrap().is_some());
        let delete = [Operation::Delete {
            row,
            if_match: None,
        }];
        self.state.transact(&partition, &delete).await.unwrap();
    }

    async fn live(&self) -> LiveFiles {
        let head = self.log().head().await.unwrap().unwrap();
        LiveFiles::replay(&self.log().commits_from_start(head.version).await.unwrap())
    }

    async fn commit(&self, kind: CommitKind, files: Vec<DataFile>) {
        let head = self.log().head().await.unwrap().unwrap();
        let version = head.version.next();
        let rows = files.iter().map(|file| file.rows).sum();
        let entry = LedgerEntry {
            source: format!("things/{version}"),
            counts: Counts {
                lines: rows,
                rows,
                ..Counts::default()
            },
            range: None,
            version,
            quarantine: None,
        };
        let new = NewCommit {
            id: format!("c{version}"),
            ledger: if kind == CommitKind::Append {
                vec![entry]
            } else {
                vec![]
            },
            kind,
            committed: UnixMillis(NOW),
            watermark: files.iter().map(|file| file.max).max(),
            files,
            partitions: BTreeMap::new(),
        };
        let outcome = self.log().commit(&head, &new).await.unwrap();
        assert_eq!(outcome, CommitOutcome::Committed(version));
    }

    async fn write(&self, events: &[Event]) -> DataFile {
        let mut events = events.to_vec();
        events.sort_by_key(|event| event.minute);
        let times: Vec<i64> = events.iter().map(|event| event.minute * MINUTE).collect();
        let amounts: Decimal128Array = events.iter().map(|event| Some(event.amount)).collect();
        let batch = RecordBatch::try_from_iter_with_nullable([
            (
                "id",
                Arc::new(Int64Array::from_iter_values(events.iter().map(|e| e.id))) as _,
                false,
            ),
            (
                "at",
                Arc::new(TimestampMicrosecondArray::from(times.clone()).with_timezone("UTC")) as _,
                false,
            ),
            (
                "who",
                Arc::new(
                    events
                        .iter()
                        .map(|e| e.who.clone())
                        .collect::<StringArray>(),
                ) as _,
                true,
            ),
            (
                "amount",
                Arc::new(amounts.with_data_type(DataType::Decimal128(38, 2))) as _,
                true,
            ),
        ])
        .unwrap();
        let content = encode(&batch, 1).unwrap();
        let name = self.names.fetch_add(1, Ordering::SeqCst);
        let path = ObjectPath::new("silver", &format!("things/g1/{name}.parquet"));
        let bytes = content.len() as u64;
        let created = self
            .lake
            .create(&path, content, &Metadata::new())
            .await
            .unwrap();
        assert_eq!(created, Created::New);
        DataFile {
            path,
            period: EventTime(0),
            rows: events.len() as u64,
            bytes,
            min: EventTime(times[0]),
            max: EventTime(times[times.len() - 1]),
            stats: None,
        }
    }

    pub(crate) async fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let warehouse = self.warehouse();
        warehouse.ensure().await.unwrap();
        let rows = warehouse
            .read_table(table, None, 10_000)
            .await
            .unwrap()
            .rows;
        let text = |cell: Option<String>| cell.unwrap_or_else(|| "-".into());
        let mut rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| row.into_iter().map(text).collect())
            .collect();
        rows.sort();
        rows
    }

    pub(crate) async fn everything(&self) -> (BTreeMap<String, Progress>, Vec<Vec<Vec<String>>>) {
        let mut tables = Vec::new();
        for table in ["hourly", "by_who", "ever"] {
            tables.push(self.rows(table).await);
        }
        (self.warehouse().progress().await.unwrap(), tables)
    }

    /// Compares gold with sums made the slow way, all tables at the head.
    pub(crate) async fn assert_tables_are_right(&self) {
        let head = self.log().head().await.unwrap().unwrap();
        let (progress, tables) = self.everything().await;
        assert_eq!(progress.len(), 3);
        assert!(
            progress
                .values()
                .all(|progress| progress.version == head.version),
            "{progress:?}"
        );

        let events = self.events.lock().unwrap().clone();
        let mut expected: [BTreeMap<Vec<String>, Vec<i128>>; 3] = Default::default();
        for event in events {
            let time = chrono::DateTime::from_timestamp_micros(event.minute * MINUTE).unwrap();
            let hour = time.format("%Y-%m-%dT%H:00:00Z").to_string();
            let day = time.format("%Y-%m-%d").to_string();
            let who = event.who.unwrap_or_else(|| "-".into());
            let keys = [vec![hour], vec![day, who], vec![]];
            for (table, key) in expected.iter_mut().zip(keys) {
                table.entry(key).or_default().push(event.amount);
            }
        }
        for (i, (expected, found)) in expected.into_iter().zip(tables).enumerate() {
            let mut rows: Vec<Vec<String>> = expected
                .into_iter()
                .map(|(mut row, amounts)| {
                    let text = |amount: i128| format!("{}.{:02}", amount / 100, amount % 100);
                    let signed = |amount: i128| match amount < 0 {
                        true => format!("-{}", text(-amount)),
                        false => text(amount),
                    };
                    row.push(amounts.len().to_string());
                    row.push(signed(amounts.iter().sum()));
                    if i == 0 {
                        row.extend(
                            [amounts.iter().min(), amounts.iter().max()]
                                .map(|a| signed(*a.unwrap())),
                        );
                    }
                    row
                })
                .collect();
            rows.sort();
            assert_eq!(found, rows);
        }
    }
}
