//! `sluice chaos`: the whole pipeline of this machine under every fault, and whether anything was lost.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;

use crate::chaos::{Kind, Trial};
use crate::duration;
use crate::number;
use crate::output::{print, print_prose_lines, say};
use crate::pipeline::{Project, StateDir, given_handler};
use crate::target::{DEFAULT_STATE_DIR, say_target};

/// The folder of its states, and the dataset that it runs.
const FOLDER: &str = "chaos";
const DATASET: &str = "orders";
/// A verdict is not broken further than its mark.
const INDENT: usize = 6;

/// Break everything that a pipeline stands on, and prove that nothing was lost
///
/// Runs two Functions hosts on one state, with Azurite, the event hub and SQLite, from nothing and under load, and breaks
/// them by a schedule that the seed makes: kills handlers and holds them still, restarts hosts, hub and storage, loses and
/// cuts answers of storage, throttles it, delivers events again in other batches, runs timers at once, locks gold, floods
/// the hub with hostile events, turns clocks. Nothing of yours is touched: the state is a folder of its own, and the dataset
/// is the built-in one of orders.
///
/// Then it lets the pipeline come to rest and judges it twice: by the audit, and by what the hub holds, read and added up by
/// rules that are written out for the orders and share no code with the layers. The exit code is 1 if anything is missing,
/// doubled or different, if a handler panicked, and if a kind of fault that the run was to have did not happen: a fault that
/// never comes proves nothing.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice chaos                                   five minutes with a seed that is drawn, and printed
  sluice chaos --minutes 60 --seed 7             an hour: more than a thousand kills
  sluice chaos --minutes 2 --json                for a program
  sluice chaos --without clock-turned            leave a kind out; it is said in the report
  sluice chaos --keep                            leave logs and state in .sluice/chaos

How to read it:
  times            how often a fault really happened: a kill that met no process is none
  not here         faults that this machine cannot have, and why
  the same seed    makes the same faults at the same times; which request, batch or commit they meet differs
  storage          is ended with its data saved: Azurite that is killed forgets what it acknowledged, as Azure does not")]
pub(crate) struct ChaosArguments {
    /// How long faults are made, at least 10s; a bare number is minutes
    #[arg(long, alias = "for", value_name = "TIME", default_value = "5m", value_parser = a_while)]
    minutes: Duration,
    /// Seed of the faults and of the events; without it one is drawn
    #[arg(long, value_name = "N", value_parser = number::from::<u64>(0))]
    seed: Option<u64>,
    /// Orders a second, beside the floods
    #[arg(short, long, value_name = "N", default_value_t = 200, value_parser = number::between::<u64>(1, 100_000))]
    rate: u64,
    /// Partitions of the event hub
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = number::between::<u16>(1, 32))]
    partitions: u16,
    /// A kind of fault that is not made; may be given several times
    #[arg(long, value_name = "KIND")]
    without: Vec<Kind>,
    /// Where state is kept while it runs; what is there is removed first. Without it .sluice/chaos
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Keep the state afterwards; after a failure it is kept anyway
    #[arg(long)]
    keep: bool,
    /// Print the result as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// Run this handler instead of building one
    #[arg(long, value_name = "FILE")]
    handler: Option<PathBuf>,
}

/// Reads how long faults are made.
fn a_while(text: &str) -> Result<Duration, String> {
    let time = duration::or_minutes(text)?;
    match time.as_secs() {
        0..10 => Err("in so little time not every fault can happen: at least 10s".to_owned()),
        _ => Ok(time),
    }
}

/// Breaks a pipeline; returns whether it survived.
pub(crate) async fn run(arguments: ChaosArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let project = Project::find(&std::env::current_dir()?)?;
    let handler = match &arguments.handler {
        Some(file) => given_handler(file)?.into(),
        None => project.handler(false).await?,
    };
    let default = || Path::new(DEFAULT_STATE_DIR).join(FOLDER);
    let folder = arguments.state_dir.clone().unwrap_or_else(default);
    let state = Arc::new(StateDir::take(&project.root().join(folder).join(DATASET))?);
    let dataset_file = state.path().join(format!("{DATASET}.toml"));
    say_target(&state.written(&dataset_file, None));
    state.clear()?;
    let seed = arguments.seed.unwrap_or_else(|| fastrand::u64(..1_000_000));
    let seconds = arguments.minutes.as_secs();
    say(&format!(
        "faults for {seconds} s by seed {seed}; `--minutes {seconds}s --seed {seed}` makes the same again"
    ));
    let trial = Trial {
        root: project.app(&state.path().join("app"))?,
        state: Arc::clone(&state),
        // A handler that somebody names may be of either kind, and says itself whether its clock was turned.
        obeys_clock: handler.argument.is_none() || cfg!(debug_assertions),
        handler,
        length: arguments.minutes,
        seed,
        rate: arguments.rate,
        partitions: usize::from(arguments.partitions),
        without: arguments.without.iter().copied().collect(),
    };
    let report = Box::pin(trial.run()).await.map_err(|error| {
        let log = state.path().join("host.log");
        format!(
            "{}; see {}, and `--seed {seed}` makes the same faults",
            crate::output::failure(error.as_ref()),
            log.display()
        )
    })?;
    let survived = report.failures().is_empty();
    match arguments.json {
        true => print(&format!("{:#}", report.json())),
        false => print_prose_lines(report.lines(), Some(INDENT)),
    }
    if survived && !arguments.keep {
        state.remove()?;
    }
    Ok(survived)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_minutes_or_has_a_unit_and_is_long_enough_for_every_fault() {
        assert_eq!(a_while("60"), Ok(Duration::from_secs(3_600)));
        assert_eq!(a_while("45s"), Ok(Duration::from_secs(45)));
        for short in ["0", "9s"] {
            assert!(a_while(short).unwrap_err().contains("at least 10s"));
        }
    }
}
