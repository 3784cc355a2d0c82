//! Everything at once, decided by a seed: two owners of each partition, three silvers, two golds, two maintenances and the
//! time that passes, while calls fail, crash, hang and take effect late. In the end everything heals and catches up, and the
//! stores must hold what was sent.
//!
//! `SLUICE_SEED=n` runs one seed, `SLUICE_SEEDS=n` so many. A seed that is repeated meets the same faults; among calls of one
//! moment the order may differ.

mod actors;
mod defects;
mod seen;
mod world;

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

use seen::Seen;
use testkit::world::World;

/// The seeds of a run of the tests.
const SEEDS: u64 = 40;

/// Reads a number from the environment.
fn number(name: &str) -> Option<u64> {
    let text = std::env::var(name).ok()?;
    Some(
        text.parse()
            .unwrap_or_else(|_| panic!("{name}={text} is no number")),
    )
}

/// Runs a seed; one that fails says how it is repeated.
fn run(seed: u64, world: impl FnOnce() -> World) -> Seen {
    let done = catch_unwind(AssertUnwindSafe(|| world::run(seed, world())));
    done.unwrap_or_else(|panic| {
        eprintln!("seed {seed} failed; to repeat it:");
        eprintln!(
            "SLUICE_SEED={seed} cargo test --workspace --test it -- simulation::whatever_happens"
        );
        resume_unwind(panic)
    })
}

#[test]
fn whatever_happens_to_all_of_them_the_end_is_what_was_sent() {
    if let Some(seed) = number("SLUICE_SEED") {
        eprintln!("{:#?}", run(seed, World::new));
        return;
    }
    let seeds = number("SLUICE_SEEDS").unwrap_or(SEEDS);
    let begun = std::time::Instant::now();
    let mut seen = Seen::default();
    for seed in 0..seeds {
        seen.add(run(seed, World::new));
    }
    eprintln!("{seeds} seeds in {:?}: {seen:#?}", begun.elapsed());
    // What never happens proves nothing.
    seen.assert_everything_happened();
}
