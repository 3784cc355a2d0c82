//! Silver and its upkeep on stores in memory, with a clock that stands still.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow_array::cast::AsArray;
use arrow_array::types::Int64Type;
use bytes::Bytes;
use futures::TryStreamExt;
use sluice::clock::ManualClock;
use sluice::context::Context;
use sluice::dataset::Dataset;
use sluice::event::{PartitionId, SequenceNumber, SequenceRange, SourceEvent, UnixMillis};
use sluice::maintain::{Limits, Maintenance, Options, Report};
use sluice::retry::Deadline;
use sluice::silver::{Refined, Silver};
use sluice::store::entity::{EntityStore, MemoryEntityStore};
use sluice::store::object::{MemoryObjectStore, ObjectRange, ObjectStore, Source, paths};
use sluice::table::TableId;
use sluice::table::log::{CommitLog, Snapshot};
use sluice::table::parquet::read_columns;

/// 2025-11-14T00:00:00Z.
pub(crate) const START: i64 = 1_763_078_400_000;
pub(crate) const HOUR: i64 = 3_600_000;
pub(crate) const DAY: i64 = 24 * HOUR;

/// One dataset's silver.
pub(crate) struct World {
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) now: i64,
    pub(crate) edges: Context,
    pub(crate) silver: Silver,
    pub(crate) log: CommitLog,
    pub(crate) maintain: Maintenance,
    next_sequence: i64,
}

/// Returns an id that nothing else has.
fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

impl World {
    pub(crate) fn in_memory() -> Self {
        let clock = Arc::new(ManualClock::at(UnixMillis(START)));
        let lake = MemoryObjectStore::new(Arc::clone(&clock) as _);
        Self::on(clock, Arc::new(lake), Arc::new(MemoryEntityStore::new()))
    }

    pub(crate) fn on(
        clock: Arc<ManualClock>,
        lake: Arc<dyn ObjectStore>,
        state: Arc<dyn EntityStore>,
    ) -> Self {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("datasets/orders.toml");
        let edges = Context {
            dataset: Arc::new(Dataset::load(&file).unwrap()),
            lake,
            state,
            clock: Arc::clone(&clock) as _,
            new_id,
            key_cache_bytes: 16 * 1024 * 1024,
        };
        let silver = Silver::new(edges.clone());
        Self {
            clock,
            now: START,
            log: log(&edges),
            maintain: Maintenance::new(edges.clone(), silver.clone(), None),
            silver,
            edges,
            next_sequence: 0,
        }
    }

    /// Returns the same data in a process that has just started, by way of other stores.
    pub(crate) fn restarted(
        &self,
        lake: Arc<dyn ObjectStore>,
        state: Arc<dyn EntityStore>,
    ) -> Self {
        let mut world = Self::on(Arc::clone(&self.clock), lake, state);
        (world.now, world.next_sequence) = (self.now, self.next_sequence);
        world
    }

    /// Goes on where another process put its last object.
    pub(crate) fn follow(&mut self, other: &Self) {
        (self.now, self.next_sequence) = (other.now, other.next_sequence);
    }

    /// Leaves the next name in bronze to another process.
    pub(crate) fn next_object(&mut self) {
        self.next_sequence += 1_000;
    }

    pub(crate) fn limited(mut self, limits: Limits) -> Self {
        self.maintain =
            Maintenance::new(self.edges.clone(), self.silver.clone(), None).with_limits(limits);
        self
    }

    /// Moves the clock on.
    pub(crate) fn wait(&mut self, millis: i64) {
        self.now += millis;
        self.clock.set(UnixMillis(self.now));
    }

    /// Puts orders into bronze, which happened just now; returns the object as the trigger delivers it.
    pub(crate) async fn put(&mut self, ids: impl IntoIterator<Item = i64>) -> Source {
        let lines: Vec<String> = ids
            .into_iter()
            .map(|id| {
                let (seconds, millis) = (self.now.div_euclid(1_000), self.now.rem_euclid(1_000));
                let time = format!("{seconds}.{millis:03}{:03}", id % 1_000);
                format!("{{\"order_id\": {id}, \"amount\": {id}.5, \"timestamp\": {time}}}\n")
            })
            .collect();
        let (first, count) = (self.next_sequence, lines.len() as i64);
        self.next_sequence += count;
        let event = SourceEvent {
            body: Bytes::new(),
            sequence_number: SequenceNumber(first),
            enqueued_time: UnixMillis(self.now),
        };
        let partition = PartitionId("0".into());
        let path = paths::bronze_object(&self.edges.dataset.name, &partition, &event);
        let range = ObjectRange {
            sequence: SequenceRange {
                first: SequenceNumber(first),
                last: SequenceNumber(first + count - 1),
            },
            first_enqueued: UnixMillis(self.now),
            last_enqueued: UnixMillis(self.now),
        };
        let content = Bytes::from(lines.concat());
        let metadata = range.to_metadata(&partition, lines.len());
        let created = self.edges.lake.create(&path, content.clone(), &metadata);
        created.await.unwrap();
        Source {
            name: path.name().to_owned(),
            content,
            partition: Some(partition),
            range: Some(range.sequence),
            enqueued_time: range.last_enqueued,
        }
    }

    /// Puts orders into bronze and refines them.
    pub(crate) async fn refine(&mut self, ids: impl IntoIterator<Item = i64>) -> Refined {
        let source = self.put(ids).await;
        self.silver.refine(source).await.unwrap()
    }

    /// Runs maintenance.
    pub(crate) async fn upkeep(&self, full: bool) -> Report {
        let options = Options {
            full,
            dry_run: false,
        };
        let report = self.maintain.run(options, far()).await;
        assert_eq!(report.failures(), []);
        report
    }

    /// Returns what silver consists of.
    pub(crate) async fn snapshot(&self) -> Snapshot {
        let head = self.log.head().await.unwrap().unwrap();
        self.log.load(&head).await.unwrap()
    }

    /// Returns the ids of all rows at the head; each must be there once (S1).
    pub(crate) async fn ids(&self) -> BTreeSet<i64> {
        let snapshot = self.snapshot().await;
        self.ids_of(&snapshot).await
    }

    pub(crate) async fn ids_of(&self, snapshot: &Snapshot) -> BTreeSet<i64> {
        let mut ids = BTreeSet::new();
        for live in snapshot.files.values() {
            let batches = read_columns(&self.edges.lake, &live.file, &self.edges.dataset, &[0]);
            let batches: Vec<_> = batches.await.unwrap().try_collect().await.unwrap();
            for batch in batches {
                for id in batch.column(0).as_primitive::<Int64Type>().values() {
                    assert!(ids.insert(*id), "order {id} is there twice");
                }
            }
        }
        ids
    }

    /// Waits until the Delta log has the head, which committers write beside their work.
    pub(crate) async fn published(&self) {
        let head = self.log.head().await.unwrap().unwrap();
        let (dataset, generation) = (&self.edges.dataset.name, self.edges.dataset.generation);
        let entry = TableId::new(dataset, generation).delta_entry(head.version.0);
        while self.edges.lake.head(&entry).await.unwrap().is_none() {
            tokio::task::yield_now().await;
        }
    }
}

pub(crate) fn log(edges: &Context) -> CommitLog {
    CommitLog::new(
        Arc::clone(&edges.state),
        Arc::clone(&edges.lake),
        &edges.dataset,
    )
}

/// A deadline that no test meets.
pub(crate) fn far() -> Deadline {
    Deadline::after(Duration::from_secs(600))
}
