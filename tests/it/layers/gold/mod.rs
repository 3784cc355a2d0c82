//! Gold from the log of silver, and the warehouses that hold it.

mod anew;
mod finals;
mod first;
mod freshness;
mod generation;
mod history;
mod publish;
mod shadow;
mod swap;
mod warehouse;
mod whose;

use std::sync::Arc;

use sluice::gold::Gold;
use sluice::warehouse::Build;
use testkit::faulty::{Faulty, Script};
use testkit::world::Committed;

/// Another definition of `hourly`: what was its lowest is its highest.
const CHANGE: (&str, &str) = ("low = \"min(amount)\"", "low = \"max(amount)\"");

/// The package that was stamped then.
fn stamped(stamp: i64) -> Build {
    let hash = String::new();
    Build { stamp, hash }
}

/// Gold whose calls of the warehouse follow a script.
fn scripted(world: &Committed, script: &Arc<Script>) -> Gold {
    world
        .world
        .gold_with(Faulty::new(&world.world.warehouse(), script))
}
