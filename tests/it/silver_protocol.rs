//! Silver's rules, word for word: conflicts, unknown outcomes, groups, lost files, late events and schemas.

mod conflicts;
mod groups;
mod lines;
mod log;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;
use sluice::event::{EventTime, RejectReason};
use sluice::silver::{RefineError, Refined};
use sluice::store::entity::{Operation, PartitionKey};
use sluice::store::object::{Metadata, ObjectPath, Source};
use sluice::table::log::{CommitKind, CommitOutcome, LogError, NewCommit, Version};

use super::support::faulty::{Gate, How, Script, When};
use super::support::world::{MINUTE, Process, START, THINGS, World, files, thing, watermarks};

type Answer = Result<Refined, Arc<RefineError>>;

/// Refines all at once.
async fn refine_all(process: &Process, sources: &[Source]) -> Vec<Answer> {
    let silver = &process.app.silver;
    join_all(sources.iter().map(|source| silver.refine(source.clone()))).await
}

async fn refine(process: &Process, source: &Source) -> Refined {
    process.app.silver.refine(source.clone()).await.unwrap()
}

/// Refines in the background, until the process stands at a gate.
async fn refine_until(
    process: &Process,
    source: &Source,
    gate: &Gate,
) -> tokio::task::JoinHandle<Answer> {
    let (app, source) = (Arc::clone(&process.app), source.clone());
    let task = tokio::spawn(async move { app.silver.refine(source).await });
    gate.reached().await;
    task
}

/// The Parquet files that the process has written.
fn written(process: &Process) -> Vec<String> {
    process.script.calls("create silver/things/g1/event_date")
}

fn sent(process: &Process) -> usize {
    let calls = process.script.calls("transact log|");
    calls
        .iter()
        .filter(|call| !call.ends_with("000000000000"))
        .count()
}

async fn delete_row(world: &World, row: &str) {
    let delete = Operation::Delete {
        row: row.to_owned(),
        if_match: None,
    };
    let partition = PartitionKey("things@1".to_owned());
    world.state.transact(&partition, &[delete]).await.unwrap();
}
