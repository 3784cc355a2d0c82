//! What time does to a table: measurements that take minutes, run by hand with `--ignored --nocapture`. Their figures
//! are in docs/performance.md.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use async_trait::async_trait;
use sluice::store::StorageError;
use sluice::store::entity::{
    Entity, EntityStore, MemoryEntityStore, Operation, Outcome, PartitionKey, RowRange, Stored,
    Value,
};
use sluice::table::TableId;
use sluice::table::live::LiveFiles;
use sluice::table::log::{Snapshot, Version};
use testkit::events::DAY;
use testkit::faulty::{Faulty, Script};
use testkit::world::{Process, World};

/// Rows in one answer of Table storage.
const PAGE: u64 = 1_000;

/// A state table whose log has a million versions, each made when it is read: 63 appends to an hour of its own, and
/// then the compaction of them.
#[derive(Debug)]
struct GeneratedState {
    memory: MemoryEntityStore,
    template: Stored,
    versions: u64,
    calls: AtomicU64,
    bytes: AtomicU64,
}

impl GeneratedState {
    fn entry(&self, version: u64) -> Stored {
        let mut stored = self.template.clone();
        let Entity { row, properties } = &mut stored.entity;
        *row = row_of(version);
        let file = |version: u64| {
            let hour = version / 64;
            let (day, hour) = (hour / 24, hour % 24);
            format!(
                "silver/orders/g1/event_date=D{day}/event_hour={hour:02}/{version:032x}.parquet"
            )
        };
        let period = (version / 64) as i64 * 3_600_000_000;
        let list = |path: &str, rows: u64| {
            format!(
                r#"{{"path":"{path}","period":{period},"rows":{rows},"bytes":{},"min":{period},"max":{},"stats":"{{\"numRecords\":{rows},\"minValues\":{{\"order_id\":1,\"amount\":0.50,\"event_time\":\"2025-11-14T00:00:00.000Z\"}},\"maxValues\":{{\"order_id\":999,\"amount\":999.50,\"event_time\":\"2025-11-14T00:59:59.999Z\"}},\"nullCount\":{{\"order_id\":0,\"amount\":0,\"event_time\":0,\"customer_id\":3,\"_source\":0}}}}"}}"#,
                rows * 20,
                period + 3_599_000_000
            )
        };
        let is_compaction = version % 64 == 63;
        let files = match is_compaction {
            false => format!(r#"{{"files":[{}]}}"#, list(&file(version), 1_000)),
            true => {
                let first = (version - 63).max(1);
                let replaced: Vec<_> = (first..version)
                    .map(|old| format!("\"{}\"", file(old)))
                    .collect();
                let replaced = replaced.join(",");
                format!(
                    r#"{{"files":[{}],"replaces":[{replaced}]}}"#,
                    list(&file(version), 63_000)
                )
            }
        };
        let kind = if is_compaction { "compact" } else { "append" };
        properties.insert("version".into(), Value::Int64(version as i64));
        properties.insert("kind".into(), Value::String(kind.into()));
        properties.insert("files".into(), Value::String(files));
        stored
    }

    fn count(&self, answer: &[Stored]) {
        let pages = (answer.len() as u64).div_ceil(PAGE).max(1);
        self.calls.fetch_add(pages, Ordering::SeqCst);
        let size = |stored: &Stored| -> u64 {
            let properties = stored.entity.properties.iter();
            let text = properties
                .map(|(name, value)| name.len() + value.as_str().map_or(20, str::len) + 8);
            300 + text.sum::<usize>() as u64
        };
        self.bytes
            .fetch_add(answer.iter().map(size).sum(), Ordering::SeqCst);
    }

    fn take(&self) -> (u64, u64) {
        (
            self.calls.swap(0, Ordering::SeqCst),
            self.bytes.swap(0, Ordering::SeqCst),
        )
    }
}

fn row_of(version: u64) -> String {
    format!("log|{version:012}")
}

#[async_trait]
impl EntityStore for GeneratedState {
    async fn transact(
        &self,
        partition: &PartitionKey,
        operations: &[Operation],
    ) -> Result<Outcome, StorageError> {
        self.memory.transact(partition, operations).await
    }

    async fn get(
        &self,
        partition: &PartitionKey,
        row: &str,
    ) -> Result<Option<Stored>, StorageError> {
        let found = self.memory.get(partition, row).await?;
        self.count(found.as_slice());
        Ok(found)
    }

    async fn range(
        &self,
        partition: &PartitionKey,
        rows: &RowRange,
    ) -> Result<Vec<Stored>, StorageError> {
        let mut found = self.memory.range(partition, rows).await?;
        let number = |row: &str| {
            row.strip_prefix("log|")
                .and_then(|number| number.parse().ok())
        };
        if let (Some(from), Some(until)) = (number(&rows.from), number(&rows.until)) {
            let generated = u64::max(1, from)..until.min(self.versions + 1);
            found.extend(generated.map(|version| self.entry(version)));
            found.sort_by(|a, b| a.entity.row.cmp(&b.entity.row));
        }
        self.count(&found);
        Ok(found)
    }
}

/// Makes a log of `versions` versions; only the head and version 0 are stored.
async fn generated(versions: u64) -> (World, Arc<GeneratedState>) {
    let seed = World::of_orders();
    seed.process().refine(&seed.put_orders(0..10).await).await;
    let mut head = seed.row("head").await;
    head.properties
        .insert("version".into(), Value::Int64(versions as i64));
    let memory = MemoryEntityStore::new();
    let rows = [head, seed.row(&row_of(0)).await];
    let inserts = rows.map(Operation::Insert);
    let log = seed.log_partition();
    memory.transact(&log, &inserts).await.unwrap();
    let template = seed.state.get(&log, &row_of(1)).await.unwrap();
    let state = Arc::new(GeneratedState {
        memory,
        template: template.unwrap(),
        versions,
        calls: AtomicU64::new(0),
        bytes: AtomicU64::new(0),
    });
    let world = World::builder().orders().state(Arc::clone(&state) as _);
    (world.build(), state)
}

#[tokio::test]
#[ignore = "measures; takes minutes"]
async fn a_cold_start_reads_the_snapshot_and_a_short_tail() {
    const VERSIONS: u64 = 1_000_000;
    let (world, state) = generated(VERSIONS).await;
    let head = world.log().head().await.unwrap().unwrap();
    let measure = |what: &'static str, snapshot: &Snapshot, started: Instant, snapshot_bytes| {
        let (calls, bytes) = state.take();
        eprintln!(
            "{what}: {} live files; {calls} table calls with {:.1} MB, snapshot {:.1} MB, {} ms",
            snapshot.files.len(),
            bytes as f64 / 1e6,
            snapshot_bytes as f64 / 1e6,
            started.elapsed().as_millis()
        );
    };
    state.take();
    let started = Instant::now();
    let snapshot = world.log().load(&head).await.unwrap();
    measure("without a snapshot", &snapshot, started, 0_u64);

    // A snapshot as old as it gets: another one is due.
    let old = world.log().load_at(&head, Version(VERSIONS - 1_100)).await;
    let old = old.unwrap().unwrap();
    let named = world.log().write_snapshot(&old, "s").await.unwrap();
    assert!(world.log().attach_snapshot(&named).await.unwrap());
    let size = world.lake.head(&named.path).await.unwrap().unwrap().size;

    let log = world.log();
    state.take();
    let started = Instant::now();
    let head = log.head().await.unwrap().unwrap();
    let again = log.load(&head).await.unwrap();
    let live = LiveFiles::of(&again);
    measure("with the snapshot", &again, started, size);
    assert_eq!(again, snapshot);
    assert_eq!(live.iter().count(), snapshot.files.len());
}

/// A bronze object a second, of which five are refined together, in time that is set: the rows are few, everything
/// else is as at 1,000 events a second.
#[tokio::test]
#[ignore = "measures; takes minutes"]
async fn a_day_of_events_ends_with_few_files_and_the_log_of_a_week() {
    let world = World::of_orders();
    let process = world.process();
    let script = Script::new();
    let mut counted = world.clone();
    counted.lake = Faulty::new(&world.lake, &script);
    let maintenance = counted.process();
    let started = Instant::now();
    let (mut calls, mut most_files, mut longest) = (0, 0, 0);
    let mut next = 0;
    for minute in 0..24 * 60 {
        for _ in 0..12 {
            let silver = process.app.silver.clone();
            let mut waiting = Vec::new();
            for _ in 0..5 {
                let source = world.put_orders(next..next + 2).await;
                next += 2;
                waiting.push(silver.refine(source));
                world.wait(1_000);
            }
            for refined in futures::future::join_all(waiting).await {
                refined.unwrap();
            }
        }
        if minute % 5 == 4 {
            let (before, began) = (script.count(), Instant::now());
            maintenance.maintain(false).await;
            calls += script.count() - before;
            longest = longest.max(began.elapsed().as_millis());
            most_files = most_files.max(world.snapshot().await.files.len());
        }
    }
    report(&world, &process, "after the day", started).await;
    eprintln!(
        "{} lake calls of 288 runs, the longest {longest} ms; at most {most_files} live files after a run",
        calls
    );
    for _ in 0..9 * 4 {
        world.wait(DAY / 4);
        maintenance.maintain(false).await;
    }
    report(&world, &process, "9 days later", started).await;
    let facts = process.maintenance.status().await.unwrap();
    assert!(facts.live_files < 100, "{facts:?}");
    assert!(facts.log_entries < 1_100, "{facts:?}");
    assert_eq!(facts.delta_lag, 0);
    assert_eq!(world.ids().await.len() as i64, next);
    let ledger = world.log().ledger_prefix("").await.unwrap();
    assert_eq!(ledger.len(), 24 * 3_600);
}

async fn report(world: &World, process: &Process, when: &str, started: Instant) {
    let facts = process.maintenance.status().await.unwrap();
    let objects = world
        .lake
        .list(&TableId::new("orders", 1).root())
        .await
        .unwrap();
    let delta = objects
        .iter()
        .filter(|object| object.path.as_str().contains("_delta_log"));
    eprintln!(
        "{when}: {} objects in silver, {} of them in _delta_log; {} s so far; {facts:?}",
        objects.len(),
        delta.count(),
        started.elapsed().as_secs()
    );
}
