//! One suite for every warehouse: the same runs leave the same tables.

mod content;
mod transactions;

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice::dataset::Dataset;
use sluice::event::{EventTime, UnixMillis};
use sluice::table::log::Version;
use sluice::warehouse::schema::{FRESHNESS, GoldSchema};
use sluice::warehouse::{
    Begun, Datum, FailureKind, Order, Progress, Row, Run, Step, Warehouse, WarehouseError, connect,
};
use tempfile::TempDir;

use crate::support::things::COLUMNS;
use crate::warehouse_conformance::TestSchema;
use content::*;
use transactions::*;

/// A database that can be opened again and again.
enum Database {
    /// A file.
    Sqlite(TempDir),
    /// A schema on a server.
    Server(TestSchema),
}

impl Database {
    fn sqlite() -> Self {
        Self::Sqlite(TempDir::new().unwrap())
    }

    /// Takes a schema of its own on the server, if there is one.
    fn server() -> Option<Self> {
        TestSchema::new().map(Self::Server)
    }

    /// Opens it as another process would.
    fn open(&self, schema: &GoldSchema) -> Arc<dyn Warehouse> {
        match self {
            Self::Sqlite(folder) => {
                let path = folder.path().join("gold.db");
                connect(&format!("sqlite:{}", path.display()), schema.clone()).unwrap()
            }
            Self::Server(server) => server.open(schema),
        }
    }

    async fn ready(&self, schema: &GoldSchema) -> Arc<dyn Warehouse> {
        let warehouse = self.open(schema);
        warehouse.ensure().await.unwrap();
        warehouse
    }

    /// Returns a text as it is shown; its group is known by the exact one.
    fn shows(&self, text: &str) -> String {
        match self {
            Self::Sqlite(_) => text.to_owned(),
            Self::Server(_) => text.replace('\0', "\u{fffd}"),
        }
    }
}

/// Makes a test of each behaviour for each warehouse.
macro_rules! conform {
    ($($behaviour:ident),* $(,)?) => {
        mod sqlite {
            $(#[tokio::test] async fn $behaviour() {
                super::$behaviour(super::Database::sqlite()).await;
            })*
        }
        mod server {
            $(#[tokio::test] async fn $behaviour() {
                if let Some(database) = super::Database::server() {
                    super::$behaviour(database).await;
                }
            })*
        }
    };
}

conform!(
    rows_progress_and_freshness_become_visible_together,
    rows_of_one_group_are_merged_measure_by_measure,
    g2_a_run_applied_twice_changes_nothing,
    of_two_runs_at_once_one_is_first,
    a_dropped_transaction_changes_nothing,
    a_replaced_table_shows_its_old_rows_until_the_commit,
    a_rebuild_is_fenced_by_the_progress_that_it_saw,
    dimension_values_are_neither_merged_nor_refused,
    every_type_is_kept_exactly,
    a_sum_of_39_digits_is_an_overflow_and_nothing_is_written,
    a_table_that_does_not_fit_is_refused_with_its_columns,
    a_ranking_orders_numbers_as_numbers_and_ties_by_dimension,
    a_report_shows_averages_and_settled_periods,
    what_was_committed_is_there_after_reopening,
    a_run_may_merge_a_group_more_than_once,
    an_unknown_table_is_an_error,
);

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

const TABLES: &str = r#"
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
[[ranking]]
view = "top_who"
from = "by_who"
order_by = "total"
top = 5
"#;

pub(crate) const HOURLY: usize = 0;
const BY_WHO: usize = 1;
const TYPES: usize = 2;
pub(crate) const HOUR: i64 = 3_600_000_000;

fn schema_of(tables: &str) -> GoldSchema {
    let dataset =
        Dataset::parse(&format!("{COLUMNS}{MORE_COLUMNS}{tables}"), "things.toml").unwrap();
    GoldSchema::of(&dataset).unwrap()
}

pub(crate) fn schema() -> GoldSchema {
    schema_of(TABLES)
}

fn progress(schema: &GoldSchema, table: usize, version: u64) -> Progress {
    Progress {
        generation: schema.generation,
        definition: schema.tables[table].definition.clone(),
        version: Version(version),
    }
}

pub(crate) fn run(schema: &GoldSchema, table: usize, from: Option<u64>, to: u64) -> Run {
    let step = Step {
        table,
        from: from.map(|version| progress(schema, table, version)),
        to: Version(to),
        replace: false,
    };
    Run {
        steps: vec![step],
        watermark: Some(EventTime(5 * HOUR + 1)),
        at: UnixMillis(1_000),
    }
}

pub(crate) fn hourly(
    hour: i64,
    n: i64,
    amounts: Option<(i128, i128, i128)>,
    ids: Option<i128>,
) -> Row {
    let decimal = |value: Option<i128>| value.map_or(Datum::Null, Datum::Decimal);
    Row {
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

fn who(name: Option<&str>, total: i128) -> Row {
    let text = name.map_or(Datum::Null, |name| Datum::Text(name.to_owned()));
    Row {
        start: 0,
        key: xxhash_rust::xxh3::xxh3_128(format!("{name:?}").as_bytes()).to_be_bytes(),
        dimensions: vec![text],
        measures: vec![Datum::Decimal(total)],
    }
}

pub(crate) async fn apply(
    warehouse: &dyn Warehouse,
    run: Run,
    rows: Vec<Row>,
) -> Result<bool, WarehouseError> {
    let table = run.steps[0].table;
    match warehouse.begin(run).await? {
        Begun::Overtaken => Ok(false),
        Begun::Open(mut transaction) => {
            transaction.merge(table, rows).await?;
            transaction.commit().await?;
            Ok(true)
        }
    }
}

pub(crate) async fn read(warehouse: &dyn Warehouse, name: &str) -> Vec<Vec<String>> {
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
pub(crate) async fn everything(
    warehouse: &dyn Warehouse,
) -> (BTreeMap<String, Progress>, Vec<Vec<Vec<String>>>) {
    let mut tables = Vec::new();
    for name in ["hourly", "by_who", "types", FRESHNESS] {
        tables.push(read(warehouse, name).await);
    }
    (warehouse.progress().await.unwrap(), tables)
}

#[test]
fn a_setting_that_names_no_database_is_refused_with_what_is_allowed() {
    let ado = "Server=tcp:s.database.windows.net;Database=gold;Password=secret";
    let text = connect(ado, schema()).unwrap_err().to_string();
    assert!(
        text.contains("User Id") && !text.contains("secret"),
        "{text}"
    );
    for setting in ["", "sqlite:", "postgres://x"] {
        let text = connect(setting, schema()).unwrap_err().to_string();
        assert!(text.contains("sqlite:"), "{text}");
    }
}
