//! What the parts do together, over the wires that they use.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

mod azurite;
mod conformance;
mod delta;
mod delta_readers;
mod gold_publish;
mod gold_warehouse;
mod maintain;
mod pipeline;
mod readers;
mod storage_faults;
mod support;
mod upkeep_at_scale;
