//! What the layers themselves cost, with stores in memory: no network, no emulator.
//!
//! Run on one core: `taskset -c 0 cargo bench --bench layers`. With `SLUICE_BENCH_EVENTS` set to a path, the events of
//! silver's benchmark are written there, and what became of them to that path with `.facts`: beside_duckdb.py sets them
//! beside another engine.
#![expect(clippy::unwrap_used, reason = "a benchmark ends by panicking")]

use std::cell::LazyCell;
use std::hint::black_box;
use std::io::Read;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::Body;
use axum::http::Request;
use bytes::Bytes;
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use flate2::read::GzDecoder;
use sluice::app::App;
use sluice::clock::{Clock, SystemClock};
use sluice::context::Context;
use sluice::dataset::Dataset;
use sluice::event::{PartitionId, SequenceNumber, SequenceRange, UnixMillis};
use sluice::gold::increments::Aggregator;
use sluice::silver::Silver;
use sluice::silver::dedup::key_set::KeySet;
use sluice::store::entity::MemoryEntityStore;
use sluice::store::object::{MemoryObjectStore, ObjectFormat, Source};
use sluice::table::log::{CommitLog, DataFile};
use sluice::warehouse;
use sluice::warehouse::schema::{GoldSchema, TableIndex};
use tokio::runtime::{Builder, Runtime};
use tower::ServiceExt;

mod orders;

use orders::{EVENTS, START, fastrand_like};

/// Tables that are not measured.
const LATER_TABLES: [&str; 2] = ["gold_live_revenue", "gold_daily_customers"];
/// Events of one bronze object.
const OBJECT_EVENTS: usize = 80_000;

fn dataset() -> Arc<Dataset> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/orders.toml");
    let mut dataset = Dataset::load(std::path::Path::new(file)).unwrap();
    // Its figures are compared with those of builds before these tables.
    let is_measured = |name: &str| !LATER_TABLES.contains(&name);
    dataset.gold.retain(|table| is_measured(&table.table));
    Arc::new(dataset)
}

/// The orders' dataset with a path, a condition and a computed column.
fn described_dataset() -> Arc<Dataset> {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/orders.toml");
    let mut text = std::fs::read_to_string(file).unwrap();
    for (before, after) in [
        (
            "unknown_fields = \"rescue\"\n",
            "unknown_fields = \"rescue\"\nwhere = \"amount >= 10.00\"\n",
        ),
        (
            "name = \"customer_id\"",
            "name = \"customer_id\"\nfrom = \"$.customer.id\"",
        ),
        (
            "# Gold: ",
            "[[column]]\nname = \"fee\"\ntype = \"decimal(18,2)\"\nexpr = \"amount * 0.03 + 0.25\"\n\n# Gold: ",
        ),
    ] {
        assert!(text.contains(before), "{before}");
        text = text.replacen(before, after, 1);
    }
    Arc::new(Dataset::parse(&text, "orders.toml").unwrap())
}

fn edges() -> Context {
    edges_of(dataset())
}

fn edges_of(dataset: Arc<Dataset>) -> Context {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    Context {
        dataset,
        lake: Arc::new(MemoryObjectStore::new(Arc::clone(&clock))),
        state: Arc::new(MemoryEntityStore::new()),
        clock,
        new_id: || uuid::Uuid::new_v4().simple().to_string(),
        key_cache_bytes: 64 << 20,
    }
}

fn runtime() -> Runtime {
    Builder::new_current_thread().enable_all().build().unwrap()
}

/// The orders as bronze objects.
fn sources() -> Vec<Source> {
    objects(&orders::lines())
}

/// The same with the customer in an object of its own.
fn described_sources() -> Vec<Source> {
    let nested = |line: String| match line.split_once(", \"customer_id\": ") {
        Some((order, customer)) => format!("{order}, \"customer\": {{\"id\": {customer}}}"),
        None => line,
    };
    let lines: Vec<String> = orders::lines().into_iter().map(nested).collect();
    objects(&lines)
}

fn objects(lines: &[String]) -> Vec<Source> {
    let objects = lines.chunks(OBJECT_EVENTS).enumerate();
    let objects = objects.map(|(index, lines)| {
        let first = index * OBJECT_EVENTS;
        let sequence = |number: usize| SequenceNumber(i64::try_from(number).unwrap());
        Source {
            name: format!("orders/0/{index:03}.jsonl"),
            content: Bytes::from(lines.join("\n") + "\n"),
            format: ObjectFormat::Lines,
            partition: Some(PartitionId("0".to_owned())),
            range: Some(SequenceRange {
                first: sequence(first),
                last: sequence(first + lines.len() - 1),
            }),
            enqueued_time: UnixMillis(i64::try_from(START + EVENTS).unwrap() * 1_000),
            only: None,
        }
    });
    objects.collect()
}

/// Refines the sources in one group and returns the files of silver.
fn refine(runtime: &Runtime, edges: &Context, sources: Vec<Source>) -> Vec<DataFile> {
    let silver = Silver::new(edges.clone());
    let log = CommitLog::new(
        Arc::clone(&edges.state),
        Arc::clone(&edges.lake),
        &edges.dataset,
    );
    runtime.block_on(async {
        let all = sources.into_iter().map(|source| silver.refine(source));
        for refined in futures::future::join_all(all).await {
            refined.unwrap();
        }
        let head = log.head().await.unwrap().unwrap();
        let commits = log.commits_from_start(head.version).await.unwrap();
        commits
            .into_iter()
            .flat_map(|commit| commit.files)
            .collect()
    })
}

/// Writes the events, and what silver makes of them, for other engines.
fn write_events(path: &str, sources: &[Source]) {
    let lines: Vec<u8> = sources
        .iter()
        .flat_map(|s| s.content.iter().copied())
        .collect();
    let files = refine(&runtime(), &edges(), sources.to_vec());
    let facts = serde_json::json!({
        "events": EVENTS,
        "bytes": lines.len(),
        "rows": files.iter().map(|file| file.rows).sum::<u64>(),
        "parquet_bytes": files.iter().map(|file| file.bytes).sum::<u64>(),
    });
    std::fs::write(path, lines).unwrap();
    std::fs::write(format!("{path}.facts"), facts.to_string()).unwrap();
}

/// JSON lines to committed Parquet: cast, deduplicated within and across groups, compressed, logged.
fn silver(criterion: &mut Criterion) {
    let sources = sources();
    if let Ok(path) = std::env::var("SLUICE_BENCH_EVENTS") {
        write_events(&path, &sources);
    }
    let mut group = criterion.benchmark_group("silver");
    group
        .throughput(Throughput::Elements(EVENTS as u64))
        .sample_size(10);
    group.bench_function("refine_1M_orders", |bencher| {
        bencher.iter_custom(|rounds| refine_all(rounds, &dataset(), &sources));
    });
    drop(sources);
    let sources = LazyCell::new(described_sources);
    group.bench_function(
        "refine_1M_orders_by_path_condition_and_expression",
        |bencher| {
            bencher.iter_custom(|rounds| refine_all(rounds, &described_dataset(), &sources));
        },
    );
    group.finish();
}

/// Refines the sources so often, each time into stores of their own; returns how long that took.
fn refine_all(rounds: u64, dataset: &Arc<Dataset>, sources: &[Source]) -> Duration {
    let mut spent = Duration::ZERO;
    for _ in 0..rounds {
        let (runtime, sources) = (runtime(), sources.to_vec());
        let silver = Silver::new(edges_of(Arc::clone(dataset)));
        let started = Instant::now();
        runtime.block_on(async {
            let all = sources.into_iter().map(|source| silver.refine(source));
            for refined in futures::future::join_all(all).await {
                black_box(refined.unwrap());
            }
        });
        spent += started.elapsed();
    }
    spent
}

/// Lookups in the warm key set of files that hold 50 million keys.
fn dedup(criterion: &mut Criterion) {
    const KEYS: usize = 50_000_000;
    const LOOKUPS: usize = 1_000_000;
    let per_key = KeySet::with_capacity(KEYS).bytes() as f64 / KEYS as f64;
    let warm = LazyCell::new(|| warm_keys(KEYS, LOOKUPS));
    let mut group = criterion.benchmark_group("dedup");
    group
        .throughput(Throughput::Elements(LOOKUPS as u64))
        .sample_size(20);
    let name = format!("lookup_in_50M_keys_of_{per_key:.1}_bytes");
    group.bench_function(name, |bencher| {
        let (set, probes) = &*warm;
        bencher.iter(|| {
            let mut found = 0_usize;
            set.look_up(probes.iter().copied(), |is_known| {
                found += usize::from(is_known)
            });
            found
        });
    });
    group.finish();
}

/// A set of random keys, and probes of which every other one is in it.
fn warm_keys(keys: usize, lookups: usize) -> (KeySet, Vec<u128>) {
    let mut random = fastrand_like(11);
    let mut key = move || {
        u128::from(random()) << 95
            | u128::from(random()) << 64
            | u128::from(random()) << 33
            | u128::from(random()) << 2
            | 1
    };
    let mut set = KeySet::with_capacity(keys);
    let mut probes = Vec::with_capacity(lookups);
    for index in 0..keys {
        let key = key();
        set.insert(key);
        if index % (keys / lookups) == 0 {
            probes.push(if probes.len() % 2 == 0 { key } else { key ^ 2 });
        }
    }
    (set, probes)
}

/// The captured request with 1,000 events.
fn captured() -> String {
    let file = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/it/data/invocations/event-hub-1000-events.json.gz"
    );
    let mut text = String::new();
    GzDecoder::new(std::fs::File::open(file).unwrap())
        .read_to_string(&mut text)
        .unwrap();
    let capture: serde_json::Value = serde_json::from_str(&text).unwrap();
    capture["request"]["raw"].as_str().unwrap().to_owned()
}

/// The captured request, as if IoT Hub had taken its events from many devices: what each says, and what the gateway adds.
fn from_iot_hub(captured: &str) -> String {
    let mut request: serde_json::Value = serde_json::from_str(captured).unwrap();
    let metadata = &mut request["Metadata"];
    let system = metadata["SystemPropertiesArray"].as_str().unwrap();
    let device = concat!(
        "{\"content-type\":\"application/json\",\"content-encoding\":\"utf-8\",",
        "\"iothub-connection-device-id\":\"thermostat-DEVICE\",",
        "\"iothub-connection-auth-method\":\"{\\\"scope\\\":\\\"device\\\",\\\"type\\\":\\\"sas\\\",\\\"issuer\\\":\\\"iothub\\\",\\\"acceptingIpFilterRule\\\":null}\",",
        "\"iothub-connection-auth-generation-id\":\"63721938338423DEVICE\",",
        "\"iothub-enqueuedtime\":\"2026-11-22T10:00:0TIMEZ\",\"iothub-message-source\":\"Telemetry\","
    );
    let mut number = 0;
    let mut with_device = String::new();
    for (place, object) in system.split_inclusive('{').enumerate() {
        match object.strip_suffix('{').filter(|_| place < 1_000) {
            None => with_device += object,
            Some(before) => {
                number += 7;
                let device = device.replace("DEVICE", &format!("{:04}", number * 13 % 1_000));
                with_device += before;
                with_device += &device.replace("TIME", &format!("{:.3}", f64::from(number) / 1e3));
            }
        }
    }
    metadata["SystemPropertiesArray"] = with_device.into();
    let properties = metadata["PropertiesArray"].as_str().unwrap();
    let properties = properties.replace("{}", "{\"temperatureAlert\":\"false\"}");
    metadata["PropertiesArray"] = properties.into();
    request.to_string()
}

/// Requests with 1,000 events: JSON in strings, base64, lines, object.
fn bronze(criterion: &mut Criterion) {
    let captured = captured();
    let runtime = runtime();
    let mut group = criterion.benchmark_group("bronze");
    group
        .throughput(Throughput::Elements(1_000))
        .sample_size(50);
    for (name, body) in [
        ("ingest_captured_1000_events", captured.clone()),
        ("ingest_1000_events_of_iot_hub", from_iot_hub(&captured)),
    ] {
        let body = Bytes::from(body);
        group.bench_function(name, |bencher| {
            bencher.iter_custom(|rounds| {
                let mut spent = Duration::ZERO;
                for _ in 0..rounds {
                    let edges = edges();
                    let schema = GoldSchema::of(&edges.dataset).unwrap();
                    let warehouse = warehouse::connect("sqlite::memory:", schema).unwrap();
                    let app = Arc::new(App::builder(edges, warehouse).build());
                    let router = sluice::host::router(app);
                    let request = Request::post("/bronze")
                        .body(Body::from(body.clone()))
                        .unwrap();
                    let started = Instant::now();
                    let response = runtime.block_on(router.oneshot(request)).unwrap();
                    spent += started.elapsed();
                    assert!(response.status().is_success());
                }
                spent
            });
        });
    }
    group.finish();
}

/// New files of silver to deltas: read the columns, aggregate to the tables of the dataset.
fn gold(criterion: &mut Criterion) {
    let (runtime, edges) = (runtime(), edges());
    let schema = GoldSchema::of(&edges.dataset).unwrap();
    let files = refine(&runtime, &edges, sources());
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    let mut group = criterion.benchmark_group("gold");
    group.throughput(Throughput::Elements(rows)).sample_size(10);
    for (name, tables) in [
        ("time_grains", vec![0, 1, 2]),
        ("all_tables", vec![0, 1, 2, 3]),
    ] {
        group.bench_function(format!("aggregate_1M_rows_{name}"), |bencher| {
            bencher.iter(|| {
                runtime.block_on(async {
                    let tables = tables.iter().copied();
                    let tables: Vec<_> = tables
                        .map(|table| (TableIndex::new(table), &schema.tables[table]))
                        .collect();
                    let mut aggregator = Aggregator::new(&edges.dataset, &tables).unwrap();
                    for file in &files {
                        let columns = aggregator.columns().to_vec();
                        let mut batches = sluice::table::parquet::read_columns(
                            &edges.lake,
                            file,
                            &edges.dataset,
                            &columns,
                        )
                        .await
                        .unwrap();
                        while let Some(batch) = futures::StreamExt::next(&mut batches).await {
                            aggregator.add(&batch.unwrap()).unwrap();
                        }
                    }
                    black_box(aggregator.take())
                })
            });
        });
    }
    group.finish();
}

criterion_group!(benches, silver, dedup, bronze, gold);
criterion_main!(benches);
