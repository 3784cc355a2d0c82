//! Runs of gold made by hand, and what a warehouse holds after them.

use std::collections::BTreeMap;

use sluice::dataset::Dataset;
use sluice::event::{EventTime, UnixMillis};
use sluice::table::log::Version;
use sluice::warehouse::schema::{FRESHNESS, GoldSchema, TableIndex};
use sluice::warehouse::{
    Balance, Begun, Build, Datum, Order, Progress, Row, Rules, Run, Step, Warehouse, WarehouseError,
};

use crate::datasets::{COLUMNS, with_large_amounts};

/// Columns of every type that a dimension or a measure can have and [`COLUMNS`] has not.
const MORE_COLUMNS: &str = r#"
[[column]]
name = "flag"
type = "bool"
[[column]]
name = "born"
type = "date"
[[column]]
name = "level"
type = "double"
"#;

pub(super) const TABLES: &str = r#"
[[gold]]
table = "hourly"
grain = "hour"
measures = { n = "count", total = "sum(amount)", low = "min(amount)", high = "max(amount)", mean = "avg(id)" }
[[gold]]
table = "by_who"
grain = "all"
by = ["who"]
measures = { total = "sum(amount)" }
[[gold]]
table = "types"
grain = "month"
by = ["id", "at", "who", "flag", "born", "amount"]
measures = { level = "min(level)", first = "min(at)", last_day = "max(born)", least = "min(id)", large = "max(amount)", ids = "sum(id)" }
[[gold]]
table = "windows"
grain = "20m"
measures = { n = "count", mean = "avg(id)" }
[[gold]]
table = "weekly"
grain = "week"
measures = { n = "count" }
[[ranking]]
view = "top_who"
from = "by_who"
order_by = "total"
top = 5
"#;

/// The table by hour among those of [`schema`].
pub const HOURLY: usize = 0;
pub(super) const BY_WHO: usize = 1;
pub(super) const TYPES: usize = 2;
pub(super) const WINDOWS: usize = 3;
pub(super) const WEEKLY: usize = 4;
/// The log that the runs follow.
pub(super) const LOG: &str = "log";
pub(super) const HOUR: i64 = 3_600_000_000;

pub(super) fn schema_of(tables: &str) -> GoldSchema {
    let text = format!("{}{MORE_COLUMNS}{tables}", with_large_amounts(COLUMNS));
    let dataset = Dataset::parse(&text, "things.toml").unwrap();
    GoldSchema::of(&dataset).unwrap()
}

/// Returns the tables that the suite fills.
#[must_use]
pub fn schema() -> GoldSchema {
    schema_of(TABLES)
}

pub(super) fn progress(schema: &GoldSchema, table: usize, version: u64) -> Progress {
    let rankings = schema.views_of(TableIndex::new(table));
    let table = &schema.tables[table];
    Progress {
        log: Some(LOG.to_owned()),
        generation: schema.generation,
        definition: table.definition.clone(),
        version: Version(version),
        physical: Some(table.physical(1)),
        made: 1,
        text: Some(table.text.clone()),
        rankings,
        kept_from: None,
    }
}

/// Returns a run that brings one table from a version to another.
#[must_use]
pub fn run(schema: &GoldSchema, table: usize, from: Option<u64>, to: u64) -> Run {
    let step = Step {
        table: TableIndex::new(table),
        from: from.map(|version| progress(schema, table, version)),
        to: Version(to),
        replace: false,
        layout: None,
    };
    Run {
        steps: vec![step],
        log: Some(LOG.to_owned()),
        build: Build::default(),
        watermark: Some(EventTime(5 * HOUR + 1)),
        as_of: None,
        complete_to: Some(EventTime(5 * HOUR + 1)),
        pending: None,
        balance: Balance::default(),
        rules: Rules::default(),
        at: UnixMillis(1_000),
    }
}

/// Returns a row of [`HOURLY`]: amounts are their sum, minimum and maximum.
#[must_use]
pub fn hourly(hour: i64, n: i64, amounts: Option<(i128, i128, i128)>, ids: Option<i128>) -> Row {
    let decimal = |value: Option<i128>| value.map_or(Datum::Null, Datum::Decimal);
    Row {
        newest: 0,
        start: hour * HOUR,
        key: [0; 16],
        dimensions: vec![],
        measures: vec![
            Datum::Int64(n),
            decimal(amounts.map(|(sum, _, _)| sum)),
            decimal(amounts.map(|(_, min, _)| min)),
            decimal(amounts.map(|(_, _, max)| max)),
            decimal(ids),
            Datum::Int64(if ids.is_some() { n } else { 0 }),
        ],
    }
}

pub(super) fn who(name: Option<&str>, total: i128) -> Row {
    let text = name.map_or(Datum::Null, |name| Datum::Text(name.to_owned()));
    Row {
        newest: 0,
        start: 0,
        key: xxhash_rust::xxh3::xxh3_128(format!("{name:?}").as_bytes()).to_be_bytes(),
        dimensions: vec![text],
        measures: vec![Datum::Decimal(total)],
    }
}

/// Makes a run with one merge; returns whether no other run was first.
///
/// # Errors
/// Fails as the warehouse does.
pub async fn apply(
    warehouse: &dyn Warehouse,
    run: Run,
    rows: Vec<Row>,
) -> Result<bool, WarehouseError> {
    let table = run.steps[0].table;
    match warehouse.begin(run).await? {
        Begun::Conflict => Ok(false),
        Begun::Replaced => panic!("no later build has run"),
        Begun::Open(mut transaction) => {
            transaction.merge(table, rows).await?;
            transaction.commit().await?;
            Ok(true)
        }
    }
}

/// Makes a run with one merge, which must meet no conflict.
pub async fn commit(warehouse: &dyn Warehouse, run: Run, rows: Vec<Row>) {
    let is_first = apply(warehouse, run, rows).await.unwrap();
    assert!(is_first, "nobody else is here");
}

pub(super) async fn read(warehouse: &dyn Warehouse, name: &str) -> Vec<Vec<String>> {
    let columns = warehouse.schema().columns_of(name).unwrap();
    let order = Order {
        column: columns[0].0.clone(),
        descending: false,
    };
    let read = warehouse.read_table(name, Some(order), 100_000).await;
    let text = |cell: Option<String>| cell.unwrap_or_else(|| "-".into());
    let rows = read.unwrap().rows.into_iter();
    rows.map(|row| row.into_iter().map(text).collect())
        .collect()
}

/// Everything that a run can change.
pub async fn everything(
    warehouse: &dyn Warehouse,
) -> (BTreeMap<String, Progress>, Vec<Vec<Vec<String>>>) {
    let standing = warehouse.look().await.unwrap();
    let mut tables = Vec::new();
    for name in ["hourly", "by_who", "types", FRESHNESS] {
        if !standing.missing.iter().any(|missing| missing == name) {
            tables.push(read(warehouse, name).await);
        }
    }
    (standing.progress, tables)
}
