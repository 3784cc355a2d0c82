//! How fast deltas are applied to gold: 100,000 groups of an hourly table in one transaction, half of them new.
//!
//! SQLite always; a server too where `SLUICE_TEST_SQL` is the ADO connection string of a database. The tables that this
//! makes there lie in the schema `sluice_bench` and stay.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run has failed")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sluice::dataset::Dataset;
use sluice::event::{EventTime, UnixMillis};
use sluice::table::log::Version;
use sluice::warehouse::schema::{GoldSchema, TableIndex};
use sluice::warehouse::{
    Balance, Begun, Build, Datum, Options, Progress, Row, Rules, Run, Step, Warehouse, connect,
    connect_with,
};
use tokio::runtime::Runtime;

const GROUPS: u64 = 100_000;
const HOUR: i64 = 3_600_000_000;

fn schema() -> GoldSchema {
    let text = include_str!("orders.toml");
    GoldSchema::of(&Dataset::parse(text, "orders.toml").unwrap()).unwrap()
}

/// Rows of `gold_hourly_revenue`: orders, revenue, largest order.
fn rows(first_hour: i64) -> Vec<Row> {
    let row = |hour| Row {
        newest: 0,
        start: (first_hour + hour) * HOUR,
        key: [0; 16],
        dimensions: vec![],
        measures: vec![
            Datum::Int64(3),
            Datum::Decimal(123_450),
            Datum::Decimal(99_900),
        ],
    };
    (0..GROUPS as i64).map(row).collect()
}

/// Empties the table and fills one half of the groups, then takes the time of a run over all.
async fn apply(warehouse: &dyn Warehouse) -> Duration {
    warehouse.prepare(&Build::default()).await.unwrap();
    let (table, _) = warehouse.schema().table("gold_hourly_revenue").unwrap();
    let found = warehouse.progress().await.unwrap();
    let old = found.get("gold_hourly_revenue").cloned();
    commit(warehouse, table, (old, 1, true), rows(-(GROUPS as i64) / 2)).await;
    let found = warehouse.progress().await.unwrap();
    let from = found.get("gold_hourly_revenue").cloned();
    let deltas = rows(0);
    let started = Instant::now();
    commit(warehouse, table, (from, 2, false), deltas).await;
    started.elapsed()
}

async fn commit(
    warehouse: &dyn Warehouse,
    table: TableIndex,
    (from, to, replace): (Option<Progress>, u64, bool),
    rows: Vec<Row>,
) {
    let step = Step {
        table,
        from,
        to: Version(to),
        replace,
        layout: None,
    };
    let run = Run {
        steps: vec![step],
        log: None,
        build: Build::default(),
        watermark: Some(EventTime(0)),
        as_of: None,
        complete_to: Some(EventTime(0)),
        pending: None,
        balance: Balance::default(),
        rules: Rules::default(),
        at: UnixMillis(0),
    };
    let Begun::Open(mut transaction) = warehouse.begin(run).await.unwrap() else {
        return;
    };
    transaction.merge(table, rows).await.unwrap();
    transaction.commit().await.unwrap();
}

fn measure(criterion: &mut Criterion, name: &str, warehouse: &Arc<dyn Warehouse>) {
    let runtime = Runtime::new().unwrap();
    let mut group = criterion.benchmark_group("apply deltas");
    group.throughput(Throughput::Elements(GROUPS));
    group.sample_size(10);
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|times| {
            let all = (0..times).map(|_| runtime.block_on(apply(warehouse.as_ref())));
            all.sum()
        });
    });
    group.finish();
}

fn deltas(criterion: &mut Criterion) {
    let folder = tempfile::TempDir::new().unwrap();
    let file = format!("sqlite:{}", folder.path().join("gold.db").display());
    measure(criterion, "SQLite", &connect(&file, schema()).unwrap());

    let Ok(server) = std::env::var("SLUICE_TEST_SQL") else {
        eprintln!("skipped: SLUICE_TEST_SQL is not set, so only SQLite is measured");
        return;
    };
    let options = Options {
        schema: Some("sluice_bench".into()),
        ..Options::default()
    };
    let server = connect_with(&server, &options, schema()).unwrap();
    measure(criterion, "TDS", &server);
}

criterion_group!(gold, deltas);
criterion_main!(gold);
