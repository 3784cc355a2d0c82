//! Gold from the log of silver, and the warehouses that hold it.

mod anew;
mod finals;
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
use testkit::faulty::{Faulty, Script};
use testkit::world::Committed;

/// Gold whose calls of the warehouse follow a script.
fn scripted(world: &Committed, script: &Arc<Script>) -> Gold {
    world
        .world
        .gold_with(Faulty::new(&world.world.warehouse(), script))
}
