//! What the tests of all crates share: worlds of stores in memory, processes whose calls follow a script, and readers
//! of what the stores hold in the end.
//!
//! The unit tests of `sluice` cannot use it, because it depends on another build of that crate.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

pub mod database;
pub mod datasets;
pub mod events;
pub mod faulty;
pub mod ids;
pub mod install;
pub mod read;
pub mod tool;
pub mod warehouse_suite;
pub mod world;
