//! What tests of silver do, and what they look at.

use std::sync::Arc;

use futures::future::join_all;
use sluice::silver::{RefineError, Refined};
use sluice::store::object::Source;
use testkit::faulty::{Gate, When};
use testkit::world::{Process, World};

pub(super) type Answer = Result<Refined, Arc<RefineError>>;

/// Refines all at once.
pub(super) async fn refine_all(process: &Process, sources: &[Source]) -> Vec<Answer> {
    let silver = &process.app.silver;
    join_all(sources.iter().map(|source| silver.refine(source.clone()))).await
}

/// Refines in the background, until the process stands at a gate.
pub(super) async fn refine_until(
    process: &Process,
    source: &Source,
    gate: &Gate,
) -> tokio::task::JoinHandle<Answer> {
    let (app, source) = (Arc::clone(&process.app), source.clone());
    let task = tokio::spawn(async move { app.silver.refine(source).await });
    gate.reached().await;
    task
}

/// Refines `mine`, and lets another process commit `theirs` just before the first transaction is sent.
pub(super) async fn overtaken(
    world: &World,
    process: &Process,
    mine: &Source,
    theirs: &Source,
) -> Answer {
    let first = "transact log|000000000001";
    let gate = process.script.stop_at(first, When::Before);
    let task = refine_until(process, mine, &gate).await;
    world.process().refine(theirs).await;
    gate.open();
    task.await.unwrap()
}

/// The Parquet files that the process has written.
pub(super) fn written(process: &Process) -> Vec<String> {
    process.script.calls("create silver/things/g1/event_date")
}

pub(super) fn sent(process: &Process) -> usize {
    let calls = process.script.calls("transact log|");
    calls
        .iter()
        .filter(|call| !call.ends_with("000000000000"))
        .count()
}
