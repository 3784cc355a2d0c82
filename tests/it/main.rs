//! What the parts do together, over the wires that they use.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

mod agreement;
mod architecture;
mod azurite;
mod bronze_protocol;
mod conformance;
mod crash_points;
mod delta;
mod delta_readers;
mod earlier_build;
mod gold_publish;
mod gold_warehouse;
mod golden;
mod host_protocol;
mod infra;
mod maintain;
mod pipeline;
mod poison_queue;
mod readers;
mod replay;
mod restart;
mod sample;
mod silver_protocol;
mod snapshot_races;
mod storage_faults;
mod support;
mod tsql;
mod upkeep_at_scale;
mod upkeep_races;
mod warehouse_conformance;
