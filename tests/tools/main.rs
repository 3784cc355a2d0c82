//! Tests that need what Cargo does not bring: programs of others, and a database server.
//!
//! Where something is missing, its tests are ignored and say why; with `SLUICE_REQUIRE_TOOLS=1` they fail. See
//! docs/testing.md.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

mod infra;
mod server;
mod tool;
mod tsql;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    let arguments = Arguments::from_args();
    let trials = [infra::trials(), server::trials(), tsql::trials()];
    libtest_mimic::run(&arguments, trials.into_iter().flatten().collect()).exit_code()
}
