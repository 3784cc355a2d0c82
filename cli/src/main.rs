//! The `sluice` command.
//!
//! Exit codes: 0 everything is as it should be, 1 something failed or does not add up, 2 the command line is wrong.

mod bench;
mod consume;
mod dataset;
mod feed;
mod gold;
mod head;
mod history;
mod hub;
mod input;
mod maintain;
mod orders;
mod package;
mod produce;
mod progress;
mod schema;
mod settings;
mod sql_grant;
mod status;
mod stores;
mod tables;
mod text;
mod up;
mod usage;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use usage::Usage;

/// Real-time medallion ELT on Azure Functions: Event Hubs -> bronze -> silver -> gold
///
/// `up` runs a whole pipeline on this machine. All other commands work on a pipeline anywhere: on the one that `up`
/// runs, and otherwise on the one that the app settings name (the environment, then local.settings.json).
///
/// Exit codes: 0 all is well, 1 something failed or does not add up, 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "sluice", version)]
#[command(after_help = "Examples:
  sluice up                        a pipeline on this machine, with made-up orders
  sluice status                    how far every layer is
  sluice gold gold_daily_orders    a table
  sluice bench                     how fast a pipeline on this machine is
  sluice audit                     the proof that everything adds up
  sluice COMMAND --help            more examples")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Up(up::UpArguments),
    Bench(bench::BenchArguments),
    Produce(produce::ProduceArguments),
    Consume(consume::ConsumeArguments),
    Status(status::StatusArguments),
    Gold(gold::GoldArguments),
    Audit(verify::AuditArguments),
    Head(head::HeadArguments),
    History(history::HistoryArguments),
    Maintain(maintain::MaintainArguments),
    Dataset(dataset::DatasetArguments),
    Schema(schema::SchemaArguments),
    Package(package::PackageArguments),
    SqlGrant(sql_grant::SqlGrantArguments),
}

#[tokio::main]
async fn main() -> ExitCode {
    let arguments = Arguments::parse();
    // Boxed: some of the commands' futures are large.
    let outcome = match arguments.command {
        Command::Maintain(arguments) => Box::pin(maintain::run(arguments)).await,
        Command::History(arguments) => Box::pin(history::run(arguments)).await,
        Command::Head(arguments) => Box::pin(head::run(arguments)).await,
        Command::Up(arguments) => Box::pin(up::run(arguments)).await,
        Command::Bench(arguments) => Box::pin(bench::run(arguments)).await,
        Command::Produce(arguments) => Box::pin(produce::run(arguments)).await,
        Command::Consume(arguments) => Box::pin(consume::run(arguments)).await,
        Command::Status(arguments) => Box::pin(status::run(arguments)).await,
        Command::Gold(arguments) => Box::pin(gold::run(arguments)).await,
        Command::Audit(arguments) => Box::pin(verify::run(arguments)).await,
        Command::Dataset(arguments) => dataset::run(arguments),
        Command::Schema(arguments) => schema::run(&arguments),
        Command::Package(arguments) => Box::pin(package::run(arguments)).await,
        Command::SqlGrant(arguments) => Box::pin(sql_grant::run(&arguments)).await,
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("sluice: {}", sluice::error::chain(error.as_ref()));
            match error.is::<Usage>() {
                true => ExitCode::from(2),
                false => ExitCode::FAILURE,
            }
        }
    }
}
