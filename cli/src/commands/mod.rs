//! The commands, a module for each, and their exit codes.
//!
//! A command returns whether everything is as it should be: exit code 0 if so, 1 if not or if it fails, 2 if the command
//! line asks for what cannot be.

mod audit;
mod bench;
mod dataset;
mod deploy;
mod events;
mod help;
mod inspect;
mod maintain;
mod operate;
mod project;
mod up;

use std::error::Error;
use std::process::ExitCode;

use clap::{CommandFactory, FromArgMatches, Parser, Subcommand};

use crate::output::{Usage, failure, say};
use crate::target::{FindError, is_not_there};

/// Real-time medallion ELT on Azure Functions: Event Hubs -> bronze -> silver -> gold
///
/// `up` runs a whole pipeline on this machine. All other commands work on a pipeline anywhere: on the one that `up`
/// runs, and otherwise on the one that the app settings name (the environment, then local.settings.json).
///
/// Exit codes: 0 all is well, 1 something failed or does not add up, 2 wrong usage.
#[derive(Debug, Parser)]
#[command(name = "sluice", version)]
#[command(after_help = "Examples:
  sluice init shop                 a project of your own
  sluice up                        a pipeline on this machine, with made-up orders
  sluice status                    the status of every layer
  sluice dashboard                 the same as a page that is left open
  sluice gold gold_daily_orders    a table
  sluice bench                     how fast a pipeline on this machine is
  sluice chaos                     what is left of it under every fault
  sluice audit                     the proof that everything adds up
  sluice COMMAND --help            more examples")]
pub struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Init(project::InitArguments),
    Doctor(project::DoctorArguments),
    Up(up::UpArguments),
    Bench(bench::BenchArguments),
    Chaos(operate::ChaosArguments),
    Produce(events::ProduceArguments),
    Consume(events::ConsumeArguments),
    Alerts(events::AlertsArguments),
    Status(inspect::StatusArguments),
    Dashboard(operate::DashboardArguments),
    Gold(inspect::GoldArguments),
    Audit(audit::AuditArguments),
    Head(inspect::HeadArguments),
    Quarantine(inspect::QuarantineArguments),
    Query(inspect::QueryArguments),
    Connect(inspect::ConnectArguments),
    History(inspect::HistoryArguments),
    Maintain(maintain::MaintainArguments),
    Load(operate::LoadArguments),
    Redrive(operate::RedriveArguments),
    Rebuild(operate::RebuildArguments),
    Dataset(dataset::DatasetArguments),
    Schema(deploy::SchemaArguments),
    Package(deploy::PackageArguments),
    SqlGrant(deploy::SqlGrantArguments),
    Completions(project::CompletionsArguments),
}

impl CommandLine {
    /// Reads the command line of this process. Where it cannot be read, or asks for help, the process ends with the answer.
    #[must_use]
    pub fn of_process() -> Self {
        let matches = help::laid_out(Self::command()).get_matches();
        Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit())
    }

    /// Runs the command and reports an error on standard error.
    pub async fn run(self) -> ExitCode {
        let outcome = self.command.run().await;
        if let Err(error) = &outcome {
            say(&format!("sluice: {}", failure(error.as_ref())));
        }
        ExitCode::from(exit_code(&outcome))
    }
}

impl Command {
    async fn run(self) -> Result<bool, Box<dyn Error + Send + Sync>> {
        // Boxed: some of the commands' futures are large.
        match self {
            Self::Init(arguments) => project::init(&arguments),
            Self::Doctor(arguments) => Box::pin(project::doctor(arguments)).await,
            Self::Up(arguments) => Box::pin(up::run(arguments)).await,
            Self::Bench(arguments) => Box::pin(bench::run(arguments)).await,
            Self::Chaos(arguments) => Box::pin(operate::chaos(arguments)).await,
            Self::Produce(arguments) => Box::pin(events::produce(arguments)).await,
            Self::Consume(arguments) => Box::pin(events::consume(arguments)).await,
            Self::Alerts(arguments) => Box::pin(events::alerts(arguments)).await,
            Self::Status(arguments) => Box::pin(inspect::status(arguments)).await,
            Self::Dashboard(arguments) => Box::pin(operate::dashboard(arguments)).await,
            Self::Gold(arguments) => Box::pin(inspect::gold(arguments)).await,
            Self::Audit(arguments) => Box::pin(audit::run(arguments)).await,
            Self::Quarantine(arguments) => Box::pin(inspect::quarantine(arguments)).await,
            Self::Query(arguments) => Box::pin(inspect::query(arguments)).await,
            Self::Connect(arguments) => Box::pin(inspect::connect(arguments)).await,
            Self::Head(arguments) => Box::pin(inspect::head(arguments)).await,
            Self::History(arguments) => Box::pin(inspect::history(arguments)).await,
            Self::Maintain(arguments) => Box::pin(maintain::run(arguments)).await,
            Self::Load(arguments) => Box::pin(operate::load(arguments)).await,
            Self::Redrive(arguments) => Box::pin(operate::redrive(arguments)).await,
            Self::Rebuild(arguments) => Box::pin(operate::rebuild(arguments)).await,
            Self::Dataset(arguments) => Box::pin(dataset::run(arguments)).await,
            Self::Schema(arguments) => Box::pin(deploy::schema(&arguments)).await,
            Self::Package(arguments) => Box::pin(deploy::package(arguments)).await,
            Self::SqlGrant(arguments) => Box::pin(deploy::sql_grant(&arguments)).await,
            Self::Completions(arguments) => {
                project::completions(arguments, &mut CommandLine::command());
                Ok(true)
            }
        }
    }
}

fn exit_code(outcome: &Result<bool, Box<dyn Error + Send + Sync>>) -> u8 {
    match outcome {
        Ok(true) => 0,
        Ok(false) => 1,
        Err(error) if error.is::<Usage>() => 2,
        Err(error) if error.downcast_ref().is_some_and(FindError::is_usage) => 2,
        Err(error) if error.downcast_ref().is_some_and(is_not_there) => 2,
        Err(_) => 1,
    }
}

#[cfg(test)]
mod tests {
    use sluice::dataset::{Dataset, LoadDatasetError};

    use super::*;

    #[test]
    fn exit_codes_tell_doubt_failure_and_wrong_usage_apart() {
        assert_eq!(exit_code(&Ok(true)), 0);
        assert_eq!(exit_code(&Ok(false)), 1, "something does not add up");
        assert_eq!(exit_code(&Err("a store failed".into())), 1);
        assert_eq!(exit_code(&Err(Usage("no such table".into()).into())), 2);
        let missing = Dataset::load("no/such.toml".as_ref()).unwrap_err();
        assert_eq!(exit_code(&Err(missing.into())), 2, "as other files");
        let wrong = Dataset::parse("", "x.toml").unwrap_err();
        assert_eq!(exit_code(&Err(LoadDatasetError::from(wrong).into())), 1);
    }

    #[test]
    fn every_command_says_what_it_does_and_gives_no_flag_twice() {
        let command = CommandLine::command();
        // Also checks for flags that clash and for conflicts with flags that do not exist.
        command.clone().debug_assert();
        assert_eq!(command.get_subcommands().count(), 26);
        for subcommand in command.get_subcommands() {
            assert!(subcommand.get_about().is_some(), "{subcommand}");
        }
    }

    #[test]
    fn every_command_has_examples_and_a_dataset_is_named_in_one_way() {
        for (words, command) in all(&CommandLine::command(), &["sluice".to_owned()]) {
            let help = command.get_after_help().map(ToString::to_string);
            let help = help.unwrap_or_default();
            assert!(help.starts_with("Examples:\n  "), "{words:?}");
            let name = words.join(" ");
            let mut lines = help.lines();
            let is_named = lines.any(|line| line.trim().starts_with(&name));
            assert!(is_named, "{words:?}: {help}");
            let dataset = command
                .get_arguments()
                .find(|it| it.get_long() == Some("dataset"));
            assert!(
                dataset.is_none_or(|it| it.get_short() == Some('d')),
                "{words:?}"
            );
        }
    }

    #[test]
    fn how_many_is_asked_in_one_way_and_in_those_of_before() {
        for line in [
            "up -n 5",
            "up --events 5",
            "bench -n 5",
            "bench --events 5",
            "produce -n 5",
            "produce --limit 5",
            "produce --count 5",
            "consume -n 5",
            "consume --count 5",
            "head -n 5",
            "head --rows 5",
            "gold -n 5",
            "history --limit 5",
            "dataset infer -n 5",
            "dataset infer --sample 5",
            "audit --grace 10m",
            "audit --grace 600",
            "maintain --for 10m",
            "maintain --minutes 10",
            "bench --for 1m --gold-every 2s",
            "bench --seconds 60 --gold-seconds 2",
        ] {
            let words = std::iter::once("sluice").chain(line.split(' '));
            let taken = CommandLine::try_parse_from(words);
            assert!(taken.is_ok(), "{line}: {:?}", taken.err());
        }
    }

    /// The command lines of all commands below one, as words, each with its arguments.
    fn all(command: &clap::Command, words: &[String]) -> Vec<(Vec<String>, clap::Command)> {
        let below = command.get_subcommands().flat_map(|subcommand| {
            let mut words = words.to_vec();
            words.push(subcommand.get_name().to_owned());
            all(subcommand, &words)
        });
        let own = (words.to_vec(), command.clone());
        std::iter::once(own).chain(below).collect()
    }

    #[test]
    fn a_number_that_is_none_is_refused_with_those_that_are_accepted() {
        let mut options = 0;
        for (words, command) in all(&CommandLine::command(), &["sluice".to_owned()]) {
            let is_number = |argument: &&clap::Arg| {
                let names = argument.get_value_names().unwrap_or_default();
                argument.get_long().is_some() && names.iter().any(|name| name == "N")
            };
            for argument in command.get_arguments().filter(is_number) {
                let option = argument.get_long().unwrap();
                for wrong in ["x", "-1", "1.5", "99999999999999999999"] {
                    let mut line = words.clone();
                    line.push(format!("--{option}={wrong}"));
                    let error = CommandLine::try_parse_from(&line).unwrap_err().to_string();
                    assert!(error.contains("it is a whole number"), "{line:?}: {error}");
                }
                options += 1;
            }
        }
        assert!(options >= 16, "{options}");
        let error = CommandLine::try_parse_from(["sluice", "head", "x"]).unwrap_err();
        assert!(
            error.to_string().contains("'[N]': it is a whole number"),
            "{error}"
        );
        let error = CommandLine::try_parse_from(["sluice", "gold", "-n", "x"]).unwrap_err();
        let expected = "invalid value 'x' for '--limit <N>': it is a whole number of 0 or more";
        assert!(error.to_string().contains(expected), "{error}");
    }

    #[test]
    fn a_command_line_is_refused_where_its_flags_contradict_one_another() {
        for line in [
            "up --input a.jsonl --events 5",
            "up --no-producer --events 5",
            "up --release --handler h",
            "up --rate 0",
            "bench --events 0",
            "bench --for 0",
            "bench --gold-every 0",
            "bench --gold-seconds 31",
            "produce --input a.jsonl --count 5",
            "produce --connection c --namespace n",
            "gold --order day",
            "quarantine --all --from 2h",
            "quarantine --reason no_such",
            "query x --from 2h",
            "connect excel",
            "schema --pbids",
            "schema --swap",
            "schema --swap --sqlite --gold x",
            "alerts resend",
            "alerts resend id --failed",
            "redrive --dry-run --expect x",
            "redrive --reason no_such",
            "rebuild",
            "rebuild silver",
            "rebuild silver --expect 3",
            "rebuild silver --accept-loss --expect 0",
            "sql-grant --server s --identity i --client-id no-guid",
        ] {
            let words = std::iter::once("sluice").chain(line.split(' '));
            assert!(CommandLine::try_parse_from(words).is_err(), "{line}");
        }
    }
}
