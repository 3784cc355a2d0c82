//! A simulation: what is sent, who works on it, and what must be there in the end.

use std::cell::RefCell;
use std::time::Duration;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use sluice::event::PartitionId;
use sluice::gold::{Ended, Rebuild};
use sluice::table::TableId;
use sluice::table::delta::log_entry;
use testkit::events::DAY;
use testkit::faulty::{Dice, LATEST};
use testkit::ids;
use testkit::read::watermarks;
use testkit::world::{Process, World, deadline};

use super::actors::{Actor, limits, pass};
use super::seen::Seen;
use crate::pipeline::replay::check;
use crate::pipeline::strategies::{Partition, partition};

/// What each partition of the hub holds.
pub(super) type Hub = Vec<Partition>;

/// Runs a simulation in `world`, in time that is paused, and checks its end.
pub(super) fn run(seed: u64, world: World) -> Seen {
    ids::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(simulate(seed, &world))
}

fn hub(seed: u64) -> Hub {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let hub = proptest::collection::vec(partition(), 1..4);
    hub.new_tree(&mut runner).unwrap().current()
}

async fn simulate(seed: u64, world: &World) -> Seen {
    let hub = hub(seed);
    let mut dice = Dice::of(seed);
    let seen = RefCell::new(Seen::default());
    let mut actor = || Actor::start(world, &seen, dice.any());
    tokio::join!(
        actor().own(&hub),
        actor().own(&hub),
        actor().refine(),
        actor().refine(),
        actor().refine(),
        actor().publish(),
        actor().publish(),
        actor().maintain(),
        actor().maintain(),
        pass(world, seed),
    );
    // What is late arrives.
    tokio::time::sleep(LATEST).await;
    heal(world, &hub).await;
    verify(world, &hub).await;
    let mut seen = seen.into_inner();
    let ledger = world.end_state().await.ledger;
    seen.note("rows", ledger.rows);
    seen.note("duplicates", ledger.duplicates);
    seen.note("quarantined", ledger.quarantined_total());
    seen
}

/// Everything is delivered once more, to processes that nothing happens to.
async fn heal(world: &World, hub: &Hub) {
    let process = world.process().limited(limits());
    for (index, events) in hub.iter().enumerate() {
        let partition = PartitionId(index.to_string());
        for batch in events.chunks(5) {
            let done = process
                .app
                .bronze
                .ingest(&partition, batch.to_vec(), deadline());
            done.await.unwrap();
        }
    }
    for source in world.sources().await {
        process.refine(&source).await;
    }
    publish(&process).await;
    world.wait(DAY);
    process.maintain(true).await;
    publish(&process).await;
}

/// Publishes until there is nothing left. What gold needed may be gone, if it was away for more than a week: then its tables
/// are made anew.
async fn publish(process: &Process) {
    let gold = &process.app.gold;
    for round in 0..50 {
        match gold.publish(deadline()).await {
            Ok(done) if matches!(done.ended, Ended::UpToDate | Ended::Unchanged) => return,
            Ok(_) => {}
            Err(_) if round == 0 => drop(gold.ask(&Rebuild::All).await.unwrap()),
            Err(error) => panic!("{}", sluice::error::chain(&error)),
        }
    }
    panic!("gold comes to no end");
}

async fn verify(world: &World, hub: &Hub) {
    let end = world.end_state().await;
    let sent: Vec<_> = hub
        .iter()
        .cloned()
        .map(|events| (events, Default::default()))
        .collect();
    check(&sent, &end);
    end.check_gold();
    let commits = world.commits().await;
    assert!(
        watermarks(&commits).is_sorted(),
        "the watermark never regresses (T1)"
    );
    let last = commits.last().map(|commit| commit.version);
    assert_eq!(world.published().await, last);
    // The Delta log says what the log says (S7).
    let table = TableId::of(&world.dataset);
    for commit in commits {
        let path = table.delta_entry(commit.version.0);
        let content = world.lake.get(&path).await.unwrap().unwrap();
        assert_eq!(content, log_entry(&table, &commit).unwrap());
    }

    // Everything again, elsewhere, changes nothing (S4, G2).
    let cold = world.process().limited(limits());
    for source in world.sources().await {
        cold.refine(&source).await;
    }
    world.wait(8 * DAY);
    tokio::time::advance(Duration::from_secs(8 * 86_400)).await;
    cold.maintain(true).await;
    publish(&cold).await;
    let again = world.end_state().await;
    assert_eq!(again, end);
}
