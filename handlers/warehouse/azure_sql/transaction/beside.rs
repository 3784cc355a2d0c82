//! Tables beside the live ones: which there are, how they are filled, and how they take the place of the live ones.

use std::sync::Arc;

use async_trait::async_trait;

use super::rows::{Merges, merge};
use super::watch;
use crate::event::UnixMillis;
use crate::warehouse::azure_sql::connect::Session;
use crate::warehouse::azure_sql::errors::{failed, failed_commit, is_locked};
use crate::warehouse::azure_sql::held::Held;
use crate::warehouse::azure_sql::read;
use crate::warehouse::azure_sql::statements::dml::MergeStatements;
use crate::warehouse::azure_sql::statements::{SqlSchema, beside, swap as swapping};
use crate::warehouse::contract::{Filling, Opened};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::{MOVED, over};
use crate::warehouse::model::{Arrangement, Build, Changed, Fill, Filled, Remarks, Row, Swap};
use crate::warehouse::schema::{FRESHNESS, GoldSchema, NEXT, TableIndex};

/// Changes which shadows tables have.
pub(in crate::warehouse::azure_sql) async fn arrange(
    held: Held,
    (schema, sql_schema): (&GoldSchema, &SqlSchema),
    (changes, build, at): (&[Arrangement], &Build, UnixMillis),
) -> Result<Changed, WarehouseError> {
    let batch = beside::arrange(schema, sql_schema, (changes, build, at))?;
    // Whose table cannot be made is known where there is but one.
    let object = match changes {
        [change] => schema.table_at(change.table)?.name.clone(),
        _ => "gold's tables".to_owned(),
    };
    change(held, &batch, ("create tables beside", &object)).await
}

/// Puts shadows in the place of live tables.
pub(in crate::warehouse::azure_sql) async fn swap(
    held: Held,
    (schema, sql_schema): (&GoldSchema, &SqlSchema),
    swap: &Swap,
) -> Result<Changed, WarehouseError> {
    if swap.rules.steps.is_empty() {
        let batch = swapping::swap(schema, sql_schema, swap)?;
        return change(held, &batch, ("swap", "gold's tables")).await;
    }
    watched_swap(held, (schema, sql_schema), swap).await
}

/// As [`swap`], where rules compare the tables in between.
async fn watched_swap(
    mut held: Held,
    (schema, sql_schema): (&GoldSchema, &SqlSchema),
    swap: &Swap,
) -> Result<Changed, WarehouseError> {
    let failed = failed("swap", "gold's tables");
    let session = held.session()?;
    let books = swapping::books(schema, sql_schema, swap)?;
    match outcome(session, &books).await {
        Err(error) if is_locked(&error) => return Ok(Changed::Locked),
        moved => match moved.map_err(&failed)? {
            Changed::Done => {}
            refused => {
                held.give_back();
                return Ok(refused);
            }
        },
    }
    // What is dropped is undone by the server, and the session given up.
    if !watch::swap(session, (schema, sql_schema), swap).await? {
        return Ok(Changed::Conflict);
    }
    let views = swapping::views(schema, sql_schema, swap)?;
    match outcome(session, &views).await {
        Err(error) if is_locked(&error) => return Ok(Changed::Locked),
        shown => shown.map_err(&failed)?,
    };
    let committed = session.run(beside::COMMIT).await;
    committed.map_err(failed_commit)?;
    held.give_back();
    Ok(Changed::Done)
}

/// Writes what is said into the rows of freshness.
pub(in crate::warehouse::azure_sql) async fn remark(
    held: Held,
    (schema, sql_schema): (&GoldSchema, &SqlSchema),
    remarks: &Remarks,
) -> Result<Changed, WarehouseError> {
    let batch = beside::remark(sql_schema, &schema.dataset, remarks);
    change(held, &batch, ("write", FRESHNESS)).await
}

/// Runs a batch that changes books and schema, and commits it. A session whose batch has failed is given up, and with it
/// the short time that it waits for locks.
async fn change(
    mut held: Held,
    batch: &str,
    (purpose, object): (&'static str, &str),
) -> Result<Changed, WarehouseError> {
    let session = held.session()?;
    let outcome = match outcome(session, batch).await {
        Err(error) if is_locked(&error) => return Ok(Changed::Locked),
        outcome => outcome.map_err(failed(purpose, object))?,
    };
    if outcome == Changed::Done {
        let committed = session.run(beside::COMMIT).await;
        committed.map_err(failed_commit)?;
    }
    held.give_back();
    Ok(outcome)
}

/// Runs a batch whose row tells what became of it.
async fn outcome(session: &mut Session, batch: &str) -> Result<Changed, tiberius::error::Error> {
    let rows = session.run(batch).await?;
    Ok(match read::number(&rows) {
        Some(beside::DONE) => Changed::Done,
        Some(beside::REPLACED) => Changed::Replaced,
        Some(beside::LOCKED) => Changed::Locked,
        _ => Changed::Conflict,
    })
}

/// A part of the filling of shadows.
#[derive(Debug)]
struct AzureSqlFilling {
    /// The connection; gone once an operation has failed or was abandoned, which undoes the transaction.
    held: Option<Held>,
    schema: Arc<GoldSchema>,
    sql_schema: SqlSchema,
    merges: Merges,
}

/// Opens a transaction that fills shadows.
pub(in crate::warehouse::azure_sql) async fn fill(
    mut held: Held,
    (schema, sql_schema): (Arc<GoldSchema>, SqlSchema),
    fill: &Fill,
) -> Result<Opened, WarehouseError> {
    let mut merges = Merges::new();
    for (index, shadow) in &fill.shadows {
        let table = schema.table_at(*index)?;
        let physical = shadow.physical.as_deref().ok_or(MOVED)?;
        let merge = MergeStatements::of(&sql_schema, table, physical, false);
        merges.insert(*index, (table.clone(), merge));
    }
    let mut batch = beside::open(&schema, &sql_schema, fill)?;
    for (_, merge) in merges.values() {
        batch.push_str(&format!(";\n{}", merge.create));
    }
    let opened = match outcome(held.session()?, &batch).await {
        Err(error) if is_locked(&error) => return Ok(Opened::Conflict),
        opened => opened.map_err(failed("begin", "a part of a table beside the live one"))?,
    };
    match opened {
        Changed::Done => {}
        refused => {
            held.give_back();
            return Ok(match refused {
                Changed::Replaced => Opened::Replaced,
                _ => Opened::Conflict,
            });
        }
    }
    Ok(Opened::Open(Box::new(AzureSqlFilling {
        held: Some(held),
        schema,
        sql_schema,
        merges,
    })))
}

#[async_trait]
impl Filling for AzureSqlFilling {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        // Taken, so that a merge that fails or is abandoned leaves nothing to commit.
        let mut held = self.held.take().ok_or_else(over)?;
        let merges = self.merges.get(&table).ok_or(MOVED)?;
        merge(held.session()?, merges, rows, None).await?;
        self.held = Some(held);
        Ok(())
    }

    async fn commit(mut self: Box<Self>, filled: &[Filled]) -> Result<(), WarehouseError> {
        let mut held = self.held.take().ok_or_else(over)?;
        let note = beside::note(&self.schema, &self.sql_schema, filled)?;
        let noted = held.session()?.run(&note).await;
        noted.map_err(failed("write", NEXT))?;
        let committed = held.session()?.run(beside::COMMIT).await;
        committed.map_err(failed_commit)?;
        held.give_back();
        Ok(())
    }
}
