//! The `sluice` command.
//!
//! Exit codes: 0 everything is as it should be, 1 something failed or does not add up, 2 the command line is wrong.

mod connect;
mod head;
mod history;
mod input;
mod maintain;
mod orders;
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
    Up(up::UpArguments),
    Maintain(maintain::MaintainArguments),
    History(history::HistoryArguments),
    Head(head::HeadArguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Up(arguments) => up::run(arguments).await,
        Command::Maintain(arguments) => Box::pin(maintain::run(arguments)).await,
        Command::History(arguments) => Box::pin(history::run(arguments)).await,
        Command::Head(arguments) => Box::pin(head::run(arguments)).await,
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
