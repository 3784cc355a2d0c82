//! The `sluice` command. All of it is in the library.

use std::process::ExitCode;

use clap::Parser;
use sluice_cli::CommandLine;

#[tokio::main]
async fn main() -> ExitCode {
    CommandLine::parse().run().await
}
