//! What the parts do together, over the wires that they use.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

mod agreement;
mod alerts;
mod architecture;
mod eager;
mod earlier_build;
mod expr;
mod fuzz;
mod golden;
mod identity;
mod layers;
mod maintenance;
mod pipeline;
mod redrive;
mod simulation;
mod stores;
mod support;
mod table;
