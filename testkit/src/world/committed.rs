//! Silver without the silver layer: files and commits made by hand, whose sums are known.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use arrow_array::{
    Decimal128Array, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow_schema::DataType;
use sluice::event::EventTime;
use sluice::gold::{Gold, Limits, Published};
use sluice::store::object::{Created, Metadata, ObjectPath};
use sluice::table::live::LiveFiles;
use sluice::table::log::{
    CommitKind, CommitOutcome, Counts, DataFile, LedgerEntry, NewCommit, Version,
};
use sluice::table::parquet::encode;
use sluice::warehouse::Progress;

use super::process::deadline;
use super::stores::World;
use crate::database::{Database, SqliteFile};
use crate::datasets::{THINGS, replace, with_large_amounts};
use crate::read;
use sluice::dataset::ColumnIndex;

/// In microseconds.
const MINUTE: i64 = 60_000_000;

/// A row of silver, as a test wants it.
#[derive(Clone, Debug)]
pub struct Event {
    /// The first part of the key.
    pub id: i64,
    /// The second one: minutes since 1970.
    pub minute: i64,
    /// A dimension.
    pub who: Option<String>,
    /// Cents.
    pub amount: i128,
}

/// Makes a row of silver.
#[must_use]
pub fn event(id: i64, minute: i64, who: Option<i64>, amount: i64) -> Event {
    Event {
        id,
        minute,
        who: who.map(|number| format!("w{number}")),
        amount: amount.into(),
    }
}

/// Makes `count` rows of which some have the same hour, some no dimension, and some a negative amount.
#[must_use]
pub fn events(from: i64, count: i64) -> Vec<Event> {
    (from..from + count)
        .map(|id| event(id, id * 17, (id % 5 > 0).then_some(id % 3), id * 7 - 20))
        .collect()
}

/// Small bounds: a transaction takes a version at a time and merges every few rows.
pub const SMALL: Limits = Limits {
    versions: 3,
    files: 2,
    rows: 5,
    bytes: u64::MAX,
    held: 1,
};

/// A world of which each row of silver is known. Its amounts have up to 38 digits, and gold has their minimum too.
#[derive(Debug)]
pub struct Committed {
    /// The stores.
    pub world: World,
    text: String,
    names: AtomicU64,
    events: Mutex<Vec<Event>>,
}

impl Default for Committed {
    fn default() -> Self {
        Self::new()
    }
}

impl Committed {
    /// Makes one with gold in a file.
    #[must_use]
    pub fn new() -> Self {
        Self::on(Arc::new(SqliteFile::new()))
    }

    /// Makes one with gold in a database of the test's choice, and a log that has not begun.
    #[must_use]
    pub fn on(database: Arc<dyn Database>) -> Self {
        let high = "high = \"max(amount)\"";
        let text = replace(THINGS, high, &format!("low = \"min(amount)\", {high}"));
        let text = with_large_amounts(&text);
        let builder = World::builder().dataset(&text).database(database);
        Self {
            world: builder.build(),
            text,
            names: AtomicU64::new(0),
            events: Mutex::default(),
        }
    }

    /// Changes the dataset file.
    pub fn change(&mut self, from: &str, to: &str) {
        self.text = replace(&self.text, from, to);
        self.world = self.world.with_dataset(&self.text);
    }

    /// Returns the dataset file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns gold of a process of its own.
    #[must_use]
    pub fn gold(&self) -> Gold {
        self.world.gold_with(self.world.warehouse())
    }

    /// Runs gold, which must succeed.
    pub async fn publish(&self) -> Published {
        self.gold().publish(deadline()).await.unwrap()
    }

    /// Begins the log.
    pub async fn initialize(&self) {
        self.initialize_as("c0").await;
    }

    /// Begins a log with this id.
    pub async fn initialize_as(&self, id: &str) {
        let log = self.world.log();
        let outcome = log.initialize(id, "[]", self.world.now()).await.unwrap();
        assert_eq!(outcome, CommitOutcome::Committed(Version(0)));
    }

    /// Commits a file for each list of events.
    pub async fn append(&self, files: &[&[Event]]) {
        let mut written = Vec::new();
        for events in files {
            self.events.lock().unwrap().extend_from_slice(events);
            written.push(self.write(events).await);
        }
        self.commit(CommitKind::Append, written).await;
    }

    /// Replaces all live files by one.
    pub async fn compact(&self) {
        let live = self.live().await;
        let replaces = live.iter().map(|file| file.path.clone()).collect();
        let events = self.events.lock().unwrap().clone();
        let file = self.write(&events).await;
        self.commit(CommitKind::Compact { replaces }, vec![file])
            .await;
    }

    /// Deletes the files that are live no longer.
    pub async fn vacuum(&self) {
        let live = self.live().await;
        let lake = &self.world.lake;
        let silver = ObjectPath::new("silver", "");
        for object in lake.list(&silver).await.unwrap() {
            if !live.iter().any(|file| file.path == object.path) {
                lake.delete(&object.path).await.unwrap();
            }
        }
    }

    /// Deletes the files that are live.
    pub async fn delete_live_files(&self) {
        for file in self.live().await.iter() {
            self.world.lake.delete(&file.path).await.unwrap();
        }
    }

    async fn live(&self) -> LiveFiles {
        LiveFiles::replay(&self.world.commits().await)
    }

    async fn commit(&self, kind: CommitKind, files: Vec<DataFile>) {
        let log = self.world.log();
        let head = log.head().await.unwrap().unwrap();
        let version = head.version.next();
        let rows = files.iter().map(|file| file.rows).sum();
        let entry = LedgerEntry {
            source: format!("things/{version}"),
            counts: Counts {
                rows,
                ..Counts::of_lines(rows)
            },
            range: None,
            version,
            quarantine: None,
            redrive: None,
            taken_up: None,
        };
        let is_append = kind == CommitKind::Append;
        let new = NewCommit {
            id: format!("c{version}"),
            ledger: is_append.then_some(entry).into_iter().collect(),
            taken_up: Vec::new(),
            kind,
            committed: self.world.now(),
            watermark: files.iter().map(|file| file.max).max().max(head.watermark),
            files,
            clock: None,
            partitions: BTreeMap::new(),
        };
        let outcome = log.commit(&head, &new).await.unwrap();
        assert_eq!(outcome, CommitOutcome::Committed(version));
    }

    async fn write(&self, events: &[Event]) -> DataFile {
        let mut events = events.to_vec();
        events.sort_by_key(|event| event.minute);
        let content = encode(&batch(&events), ColumnIndex::new(1)).unwrap();
        let name = self.names.fetch_add(1, Ordering::SeqCst);
        let path = ObjectPath::new("silver", &format!("things/g1/{name}.parquet"));
        let bytes = content.len() as u64;
        let metadata = Metadata::new();
        let created = self.world.lake.create(&path, content, &metadata).await;
        assert_eq!(created.unwrap(), Created::New);
        let time = |event: Option<&Event>| EventTime(event.unwrap().minute * MINUTE);
        DataFile {
            path,
            period: EventTime(0),
            rows: events.len() as u64,
            bytes,
            min: time(events.first()),
            max: time(events.last()),
            stats: None,
        }
    }

    /// Returns the rows of a gold table; a null is `-`.
    pub async fn rows(&self, table: &str) -> Vec<Vec<String>> {
        let warehouse = self.world.warehouse();
        let missing = warehouse.look().await.unwrap().missing;
        if missing.iter().any(|missing| missing == table) {
            return Vec::new();
        }
        let rows = read::gold(&*warehouse, table).await.rows;
        let text = |cell: Option<String>| cell.unwrap_or_else(|| "-".into());
        let mut rows: Vec<Vec<String>> = rows
            .into_iter()
            .map(|row| row.into_iter().map(text).collect())
            .collect();
        rows.sort();
        rows
    }

    /// Returns everything that gold can change.
    pub async fn everything(&self) -> (BTreeMap<String, Progress>, Vec<Vec<Vec<String>>>) {
        let mut tables = Vec::new();
        for table in ["hourly", "by_who", "ever"] {
            tables.push(self.rows(table).await);
        }
        (self.world.warehouse().progress().await.unwrap(), tables)
    }

    /// Compares gold with sums made the slow way, all tables at the head (G1).
    pub async fn assert_tables_are_right(&self) {
        let head = self.world.version().await;
        let (progress, tables) = self.everything().await;
        assert_eq!(progress.len(), 3);
        let is_at_head = |progress: &Progress| progress.version == head;
        assert!(progress.values().all(is_at_head), "{progress:?}");
        let events = self.events.lock().unwrap().clone();
        assert_eq!(tables, expected(&events));
        self.world.check_balance().await;
    }
}

fn batch(events: &[Event]) -> RecordBatch {
    let ids = Int64Array::from_iter_values(events.iter().map(|event| event.id));
    let times = events.iter().map(|event| event.minute * MINUTE);
    let times = TimestampMicrosecondArray::from_iter_values(times).with_timezone("UTC");
    let amounts: Decimal128Array = events.iter().map(|event| Some(event.amount)).collect();
    let who: StringArray = events.iter().map(|event| event.who.clone()).collect();
    let amounts = amounts.with_data_type(DataType::Decimal128(38, 2));
    RecordBatch::try_from_iter_with_nullable([
        ("id", Arc::new(ids) as _, false),
        ("at", Arc::new(times) as _, false),
        ("amount", Arc::new(amounts) as _, true),
        ("who", Arc::new(who) as _, true),
    ])
    .unwrap()
}

/// Returns the rows of `hourly`, `by_who` and `ever`.
fn expected(events: &[Event]) -> Vec<Vec<Vec<String>>> {
    let mut groups: [BTreeMap<Vec<String>, Vec<i128>>; 3] = Default::default();
    for event in events {
        let time = chrono::DateTime::from_timestamp_micros(event.minute * MINUTE).unwrap();
        let hour = time.format("%Y-%m-%dT%H:00:00Z").to_string();
        let day = time.format("%Y-%m-%d").to_string();
        let who = event.who.clone().unwrap_or_else(|| "-".into());
        let keys = [vec![hour], vec![day, who], vec![]];
        for (table, key) in groups.iter_mut().zip(keys) {
            table.entry(key).or_default().push(event.amount);
        }
    }
    let has_extremes = [true, false, false];
    let tables = groups.into_iter().zip(has_extremes);
    tables
        .map(|(groups, has_extremes)| {
            let groups = groups.into_iter();
            let mut rows: Vec<_> = groups
                .map(|(key, amounts)| [key, measures(&amounts, has_extremes)].concat())
                .collect();
            rows.sort();
            rows
        })
        .collect()
}

/// Returns count and sum, and perhaps minimum and maximum.
fn measures(amounts: &[i128], has_extremes: bool) -> Vec<String> {
    let mut measures = vec![amounts.len().to_string(), decimal(amounts.iter().sum())];
    if has_extremes {
        let extremes = [amounts.iter().min(), amounts.iter().max()];
        measures.extend(extremes.map(|amount| decimal(*amount.unwrap())));
    }
    measures
}

fn decimal(cents: i128) -> String {
    let sign = if cents < 0 { "-" } else { "" };
    let cents = cents.unsigned_abs();
    format!("{sign}{}.{:02}", cents / 100, cents % 100)
}
