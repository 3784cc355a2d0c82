//! A pipeline with a rule that was too strict, and has been loosened.

use std::collections::BTreeMap;
use std::sync::Arc;

use bytes::Bytes;
use sluice::silver::redrive::{Candidate, Filter, Outcome, Plan};
use sluice::table::log::{LedgerEntry, Version};
use testkit::datasets::{THINGS, replace};
use testkit::events::thing;
use testkit::faulty::Script;
use testkit::world::World;

const RULE: &str = "name = \"id\"\ntype = \"int64\"\nrequired = true\n";

/// The file whose rule rejects ids above 50.
pub(super) fn strict() -> String {
    replace(THINGS, RULE, &format!("{RULE}max = 50\n"))
}

/// A good event, one that only the strict file rejects, or one that every file does.
pub(super) fn body(number: i64) -> Bytes {
    match number {
        900.. => Bytes::from_static(b"broken"),
        number => thing(number, number % 90, 100 + number),
    }
}

pub(super) fn bodies(numbers: &[i64]) -> Vec<Bytes> {
    numbers.iter().map(|number| body(*number)).collect()
}

/// Refines objects of these events with the strict file, and then one good event with that of `THINGS`, which silver goes by from
/// then on.
pub(super) async fn loosened(objects: &[&[i64]]) -> World {
    let strict = World::builder().dataset(&strict()).build();
    let process = strict.process();
    let mut next = 0;
    for numbers in objects {
        let source = strict.put("0", next, &bodies(numbers)).await;
        next += numbers.len() as i64;
        process.refine(&source).await;
    }
    let world = strict.with_dataset(THINGS);
    deployed(&world).await;
    world
}

/// Has silver go by the file of a world.
pub(super) async fn deployed(world: &World) {
    let source = world.put("9", 0, &bodies(&[1])).await;
    world.process().refine(&source).await;
}

/// All that wait.
pub(super) async fn waiting(world: &World) -> Vec<Candidate> {
    let redrives = world.redrives(&Script::new());
    redrives.candidates(&Filter::default()).await.unwrap()
}

/// Tells what would become of all that wait.
pub(super) async fn plan(world: &World) -> Plan {
    let candidates = waiting(world).await;
    let mut redrives = world.redrives(&Script::new());
    redrives.plan(&candidates).await.unwrap()
}

/// Takes up all that wait.
pub(super) async fn redrive(world: &World) -> Outcome {
    let candidates = waiting(world).await;
    let mut redrives = world.redrives(&Script::new());
    redrives.run(&candidates, None, |_| {}).await
}

/// Takes up what was announced under a token, as the command does, by a process that follows a script; nothing if what would
/// happen is something else, or if the process crashes.
pub(super) async fn redrive_as_announced(
    world: &World,
    token: &str,
    script: &Arc<Script>,
) -> Option<Outcome> {
    let work = async {
        let mut redrives = world.redrives(script);
        let mut candidates = redrives.candidates(&Filter::default()).await.ok()?;
        let done = redrives.done_under(token).await.ok()?;
        candidates.retain(|candidate| !candidate.is_left_by(token));
        let plan = redrives.plan(&candidates).await.ok()?;
        if plan.token(&done) != token {
            return None;
        }
        Some(
            redrives
                .run(&candidates, Some((&plan, token)), |_| {})
                .await,
        )
    };
    script.run(work).await.flatten()
}

/// Checks what holds at any time: each rejected record is at the end of one chain, and everything adds up.
pub(super) async fn check(world: &World) {
    let ledger = world.ledger().await;
    let entries: BTreeMap<&str, &LedgerEntry> = ledger
        .iter()
        .map(|entry| (entry.source.as_str(), entry))
        .collect();
    let mut taken_up = Vec::new();
    for entry in &ledger {
        let Some(by) = &entry.taken_up else { continue };
        let next = entries[by.by.as_str()];
        assert_eq!(next.bronze(), entry.bronze());
        assert_eq!(next.counts.redriven, entry.counts.quarantined_total());
        assert!(next.version > entry.version);
        taken_up.push(by.by.as_str());
    }
    taken_up.sort_unstable();
    let redrives = ledger.iter().filter(|entry| entry.redrive.is_some());
    let mut redrives: Vec<&str> = redrives.map(|entry| entry.source.as_str()).collect();
    redrives.sort_unstable();
    assert_eq!(taken_up, redrives, "each redrive took up one source");

    let counts = world.log().head().await.unwrap().unwrap();
    let counts = counts.totals.unwrap().counts;
    let fates = counts.rows + counts.duplicates + counts.filtered + counts.quarantined_still();
    assert_eq!(counts.records_once(), fates, "S2 over the whole log");
    world.end_state().await;
}

/// The ids of silver's rows.
pub(super) async fn ids(world: &World) -> Vec<i64> {
    world.silver().await.iter().map(|row| row.id).collect()
}

pub(super) async fn version(world: &World) -> Version {
    world.version().await
}
