//! The `sluice` command.
//!
//! Exit codes: 0 everything is as it should be, 1 something failed or does not add up, 2 the command line is wrong.

mod input;
mod orders;
mod package;
mod schema;
mod sql_grant;
mod tables;
mod up;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Real-time medallion ELT on Azure Functions: Event Hubs -> bronze -> silver -> gold.
#[derive(Debug, Parser)]
#[command(name = "sluice", version, about)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Package(package::PackageArguments),
    Schema(schema::SchemaArguments),
    SqlGrant(sql_grant::SqlGrantArguments),
    Up(up::UpArguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Package(arguments) => package::run(arguments).await,
        Command::Schema(arguments) => schema::run(&arguments),
        Command::SqlGrant(arguments) => sql_grant::run(&arguments).await,
        Command::Up(arguments) => up::run(arguments).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sluice: {}", sluice::error::chain(error.as_ref()));
            ExitCode::FAILURE
        }
    }
}
