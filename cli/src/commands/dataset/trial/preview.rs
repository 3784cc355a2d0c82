//! The gold tables that the rows of a trial would make: by gold's own code, in a database in memory.

use std::error::Error;

use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice::gold::increments::Aggregator;
use sluice::table::log::Version;
use sluice::warehouse::schema::{GoldSchema, TableIndex, TableSchema};
use sluice::warehouse::sqlite::SqliteWarehouse;
use sluice::warehouse::{Balance, Begun, Build, Rules, Run, Step, Warehouse};

use super::super::fates::Fates;
use crate::output::Table;
use crate::output::gold::{ShownTable, default_order, shown_name};

/// A database that is gone when it is closed.
const IN_MEMORY: &str = ":memory:";
/// How many rows of each table are shown.
const SHOWN: usize = 3;

/// Returns the first rows of each gold table.
///
/// # Errors
/// Fails if a sum is too large, or if the database does.
pub(super) async fn gold(
    dataset: &Dataset,
    fates: &Fates,
) -> Result<Vec<Table>, Box<dyn Error + Send + Sync>> {
    let schema = GoldSchema::of(dataset)?;
    let tables: Vec<(TableIndex, &TableSchema)> = schema.indexed_tables().collect();
    if tables.is_empty() {
        return Ok(Vec::new());
    }
    let mut aggregator = Aggregator::new(dataset, &tables)?;
    aggregator.add(&fates.kept(aggregator.columns())?)?;
    let warehouse = SqliteWarehouse::new(IN_MEMORY.into(), schema.clone());
    warehouse.prepare(&Build::default()).await?;
    let step = |(table, _)| Step {
        table,
        from: None,
        to: Version(1),
        replace: false,
        layout: None,
    };
    let run = Run {
        steps: tables.into_iter().map(step).collect(),
        log: None,
        build: Build::default(),
        watermark: None,
        as_of: None,
        complete_to: None,
        pending: None,
        balance: Balance::default(),
        rules: Rules::default(),
        at: SystemClock.now(),
    };
    let Begun::Open(mut transaction) = warehouse.begin(run).await? else {
        return Err("another process uses a database in memory".into());
    };
    for (table, rows) in aggregator.take() {
        transaction.merge(table, rows).await?;
    }
    transaction.commit().await?;
    let mut shown = Vec::new();
    for table in &schema.tables {
        shown.push(show(dataset, &schema, &warehouse, &table.name).await?);
    }
    Ok(shown)
}

async fn show(
    dataset: &Dataset,
    schema: &GoldSchema,
    warehouse: &SqliteWarehouse,
    name: &str,
) -> Result<Table, Box<dyn Error + Send + Sync>> {
    let shown = shown_name(schema, name);
    let order = default_order(dataset, &shown);
    let shown = ShownTable::read(warehouse, dataset, shown, order, SHOWN).await?;
    Ok(shown.table())
}
