//! `sluice bench`: how fast the whole pipeline is on this machine, on the production code path.
//!
//! It runs what `up` runs, with the batch sizes of production, listens to what the handler says, and computes the rest
//! when all has arrived: nothing is polled while it is measured.

mod bars;
mod facts;
mod latency;
mod optimised;
mod processes;
mod record;
mod report;
mod settings;
mod trial;

use std::error::Error;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::Args;
use serde_json::json;
use sluice::dataset::Dataset;

use crate::duration;
use crate::feed::OrderArguments;
use crate::number;
use crate::output::print;
use crate::pipeline::{StateDir, app_root, given_handler, handler};
use crate::target::{DEFAULT_STATE_DIR, STATE_DIR, say_target};
use facts::Pace;
use trial::Trial;

/// Measure the whole pipeline on this machine
///
/// Producer, event hub (AMQP), Functions host, handler, Azurite and SQLite, from an empty state and with full batches, as
/// in production. Reports events a second, the time from enqueued to row in silver and to row in gold, the handler's
/// memory, its storage calls for 1,000 events, and the CPU time of each process, beside the bars that Sluice sets itself.
/// Ends with the audit, whose verdict is the exit code; a missed bar does not change it.
///
/// The handler is built as for a deployment, and a development build of this command is replaced by an optimised one:
/// the first run builds for some minutes.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice bench                            a million orders, as fast as they go
  sluice bench -n 100000 --json           a tenth of that, for a program
  sluice bench --rate 5000                5,000 a second for a minute: what latency is when nothing queues
  sluice bench --rate max --rate 5000     both, one after the other, each from an empty state
  sluice bench --keep                     leave logs and state in .sluice/bench

How to read it:
  events a second    from the first event sent until the last row is in silver, or in gold
  latency            of each event; as fast as they go, it is mostly the time in the hub's queue: use --rate
  latency to gold    contains the wait for gold's timer (--gold-every), unless the dataset has latency = \"low\" or alerts
  calls              requests of the handler to blob and table storage; the host's own are not the handler's
  CPU time           divided by the elapsed time, how many cores each process kept busy")]
pub(crate) struct BenchArguments {
    /// The dataset file; it must take orders
    #[arg(
        short,
        long,
        value_name = "FILE",
        default_value = "benches/orders.toml"
    )]
    dataset: PathBuf,
    /// How many events, where the rate is `max`
    #[arg(short = 'n', long = "limit", alias = "events", value_name = "N", default_value_t = 1_000_000, value_parser = number::from::<u64>(1))]
    events: u64,
    /// Events a second, or `max` for as fast as they go; may be given several times
    #[arg(short, long, value_name = "N|max", default_value = "max")]
    rate: Vec<Pace>,
    /// How long a steady rate is sent, at least 1s
    #[arg(long = "for", value_name = "TIME", alias = "seconds", default_value = "60s", value_parser = a_while)]
    time: Duration,
    /// How often gold runs, 1s to 30s
    #[arg(long, value_name = "TIME", alias = "gold-seconds", default_value = "2s", value_parser = gold_every)]
    gold_every: u8,
    #[command(flatten)]
    orders: OrderArguments,
    /// Partitions of the event hub
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = number::between::<u16>(1, 32))]
    partitions: u16,
    /// Where state is kept while it runs; what is there is removed first. Without it .sluice/bench, or the folder bench in
    /// that of the variable SLUICE_STATE_DIR
    #[arg(long, value_name = "DIR")]
    state_dir: Option<PathBuf>,
    /// Keep the state afterwards
    #[arg(long)]
    keep: bool,
    /// Print the result as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// Run this handler instead of building one
    #[arg(long, value_name = "FILE")]
    handler: Option<PathBuf>,
    /// Measure with this build of the command, optimised or not
    #[arg(long)]
    as_is: bool,
}

/// Returns the folder of the states: never one that `up` has its own in, since what is there is removed.
fn state_folder(given: Option<&Path>, of_up: Option<&OsStr>) -> PathBuf {
    let of_up = of_up.filter(|folder| !folder.is_empty());
    match (given, of_up) {
        (Some(given), _) => given.to_owned(),
        (None, Some(of_up)) => Path::new(of_up).join("bench"),
        (None, None) => Path::new(DEFAULT_STATE_DIR).join("bench"),
    }
}

/// Reads for how long events are sent.
fn a_while(text: &str) -> Result<Duration, String> {
    let time = duration::or_seconds(text)?;
    match time.as_secs() {
        0 => Err("in no time nothing is sent: at least 1s".to_owned()),
        _ => Ok(time),
    }
}

/// Reads how often gold runs, in whole seconds of a minute.
fn gold_every(text: &str) -> Result<u8, String> {
    let seconds = duration::or_seconds(text)?.as_secs();
    let wrong = || format!("gold runs every 1s to 30s, and not every {seconds}s");
    let seconds_of_a_minute = u8::try_from(seconds).ok();
    let found = seconds_of_a_minute.filter(|seconds| (1..=30).contains(seconds));
    found.ok_or_else(wrong)
}

/// Measures; returns whether everything adds up.
pub(crate) async fn run(arguments: BenchArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let dataset = Arc::new(Dataset::load(&arguments.dataset)?);
    let root = app_root(&std::env::current_dir()?)?;
    if !optimised::IS && !arguments.as_is {
        return optimised::run_instead(&root).await;
    }
    let handler = match &arguments.handler {
        Some(file) => given_handler(file)?,
        None => handler(&root, true).await?,
    };
    let dataset_file = std::fs::canonicalize(&arguments.dataset)
        .map_err(|error| format!("find {}: {error}", arguments.dataset.display()))?;
    // In a folder of its own: other commands look for pipelines one level above.
    let of_up = std::env::var_os(STATE_DIR);
    let folder = state_folder(arguments.state_dir.as_deref(), of_up.as_deref());
    let state_dir = root.join(folder).join(&dataset.name);
    let state = Arc::new(StateDir::take(&state_dir)?);
    say_target(&state.written(&dataset_file, None));
    let mut reports = Vec::new();
    for pace in &arguments.rate {
        let trial = Trial {
            root: root.clone(),
            state: Arc::clone(&state),
            handler: handler.clone(),
            dataset: Arc::clone(&dataset),
            dataset_file: dataset_file.clone(),
            partitions: usize::from(arguments.partitions),
            pace: *pace,
            events: pace.events(arguments.events, arguments.time.as_secs()),
            gold_seconds: arguments.gold_every,
            orders: arguments.orders.clone(),
        };
        state.clear()?;
        let report = Box::pin(trial.run()).await?;
        if !arguments.json {
            report::show(&report);
        }
        reports.push(report);
    }
    if !arguments.keep {
        state.remove()?;
    }
    if arguments.json {
        print(&format!("{:#}", json!({ "runs": reports })));
    }
    Ok(reports.iter().all(|report| report.adds_up))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_is_beside_that_of_up_and_never_the_same() {
        let folder = |given: Option<&str>, of_up: Option<&str>| {
            state_folder(given.map(Path::new), of_up.map(OsStr::new))
        };
        assert_eq!(folder(None, None), Path::new(".sluice/bench"));
        assert_eq!(folder(None, Some("/s")), Path::new("/s/bench"));
        assert_eq!(folder(None, Some("")), Path::new(".sluice/bench"));
        assert_eq!(folder(Some("mine"), Some("/s")), Path::new("mine"));
    }
}
