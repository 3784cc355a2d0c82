//! Who is at work in a simulation. Each does a number of rounds that its seed gives, and starts anew where it crashes.

use std::cell::RefCell;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use sluice::event::PartitionId;
use sluice::maintain::{Limits, Options};
use testkit::faulty::{Dice, Script};
use testkit::world::{Process, World, deadline, eager};

use super::seen::Seen;
use super::world::Hub;

/// One call in so many fails.
const RATE: u64 = 40;
/// The longest that anybody rests between two rounds.
const REST: u64 = 30_000;

/// Everything is compacted and vacuumed at once. The log stays, so that it can be checked.
pub(super) fn limits() -> Limits {
    Limits {
        snapshot_every: 1_000,
        checkpoint_every: 4,
        ..eager(1)
    }
}

/// A process that starts anew whenever it crashes.
pub(super) struct Actor<'a> {
    world: &'a World,
    seen: &'a RefCell<Seen>,
    dice: Dice,
    process: Process,
}

impl<'a> Actor<'a> {
    pub(super) fn start(world: &'a World, seen: &'a RefCell<Seen>, seed: u64) -> Self {
        let mut dice = Dice::of(seed);
        let process = start(world, &mut dice);
        Self {
            world,
            seen,
            dice,
            process,
        }
    }

    fn note(&self, what: &str) {
        self.seen.borrow_mut().note(what, 1);
    }

    /// Does work; nothing if the process crashed, and another has taken its place.
    async fn act<T>(&mut self, work: impl AsyncFnOnce(&Process) -> T) -> Option<T> {
        let script = Arc::clone(&self.process.script);
        let done = script.run(work(&self.process)).await;
        if done.is_none() {
            self.note("processes started anew");
            self.seen.borrow_mut().note_script(&script);
            self.process = start(self.world, &mut self.dice);
        }
        done
    }

    async fn rest(&mut self) {
        let rest = Duration::from_millis(self.dice.below(REST));
        tokio::time::sleep(rest).await;
    }

    fn rounds(&mut self) -> u64 {
        4 + self.dice.below(8)
    }

    fn end(self) {
        self.seen.borrow_mut().note_script(&self.process.script);
    }

    /// Delivers all events of the hub to bronze, in batches of its own, some of them again.
    pub(super) async fn own(mut self, hub: &Hub) {
        let mut next = vec![0; hub.len()];
        loop {
            let open: Vec<usize> = (0..hub.len())
                .filter(|at| next[*at] < hub[*at].len())
                .collect();
            if open.is_empty() {
                break;
            }
            let partition = open[self.dice.index(open.len())];
            let (events, from) = (&hub[partition], next[partition]);
            let until = events.len().min(from + 1 + self.dice.index(7));
            let batch = events[from..until].to_vec();
            let id = PartitionId(partition.to_string());
            let ingest = async |process: &Process| {
                let done = process.app.bronze.ingest(&id, batch, deadline());
                done.await.is_ok()
            };
            let is_stored = self.act(ingest).await;
            // Whoever takes over goes on at a checkpoint that lies behind.
            let back = match is_stored {
                Some(true) if self.dice.below(4) > 0 => 0,
                _ => self.dice.index(until - from + 1),
            };
            next[partition] = match is_stored {
                Some(true) => until - back.min(until - from - 1),
                _ => from.saturating_sub(back),
            };
            if back > 0 {
                self.note("batches delivered again");
            }
            self.rest().await;
        }
        self.end();
    }

    /// Refines objects as a trigger delivers them: some, in any order, some again.
    pub(super) async fn refine(mut self) {
        for _ in 0..self.rounds() {
            self.rest().await;
            let sources = self.world.sources().await;
            if sources.is_empty() {
                continue;
            }
            let count = 1 + self.dice.index(6);
            let picked: Vec<_> = (0..count)
                .map(|_| sources[self.dice.index(sources.len())].clone())
                .collect();
            self.act(async |process: &Process| {
                let silver = &process.app.silver;
                // What fails is delivered again.
                drop(join_all(picked.into_iter().map(|source| silver.refine(source))).await);
            })
            .await;
        }
        self.end();
    }

    /// Publishes what there is.
    pub(super) async fn publish(mut self) {
        for _ in 0..self.rounds() {
            self.rest().await;
            let publish = async |process: &Process| process.app.gold.publish(deadline()).await;
            if let Some(Ok(_)) = self.act(publish).await {
                self.note("gold runs that published");
            }
        }
        self.end();
    }

    /// Maintains silver.
    pub(super) async fn maintain(mut self) {
        for _ in 0..self.rounds() {
            self.rest().await;
            let options = Options {
                full: self.dice.below(2) == 0,
                ..Options::default()
            };
            let run = async |process: &Process| process.maintenance.run(options, deadline()).await;
            if let Some(report) = self.act(run).await {
                self.seen.borrow_mut().note_maintenance(&report);
            }
        }
        self.end();
    }
}

fn start(world: &World, dice: &mut Dice) -> Process {
    let script = Script::stormy(dice.any(), RATE);
    world.process_with(script).limited(limits())
}

/// Lets time pass, for everybody at once: minutes and hours, about a week in all. A step is shorter than the day
/// after which what nothing names is removed: no request takes longer than hours.
pub(super) async fn pass(world: &World, seed: u64) {
    let mut dice = Dice::of(seed);
    for _ in 0..60 {
        tokio::time::sleep(Duration::from_millis(1_000 + dice.below(5_000))).await;
        let most = [60, 3_600, 12 * 3_600, 12 * 3_600][dice.index(4)];
        let seconds = dice.below(most);
        world.wait(i64::try_from(seconds).unwrap() * 1_000);
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }
}
