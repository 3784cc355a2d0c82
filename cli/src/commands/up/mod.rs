//! `sluice up`: the whole pipeline on this machine, on the production code path.

mod conclude;
mod screen;
mod summary;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use sluice::dataset::Dataset;
use sluice_local::hub_client::Destination;

use crate::feed::{Feed, FeedPlan, OrderArguments, Request};
use crate::output::Usage;
use crate::pipeline::{Plan, Snapshot, Stack, Watch, app_root, handler};
use screen::Screen;

/// How often the summary is renewed.
const TICK: Duration = Duration::from_millis(500);

/// Run the whole pipeline on this machine
///
/// Starts Azurite, a local Event Hubs namespace and a local Functions host with the handler, feeds events in and shows
/// what becomes of them. Nothing but Node.js is needed; Azurite is installed the first time. State is kept in
/// .sluice/DATASET, so the next `up` goes on where this one stopped. While it runs, the other commands find it there.
///
/// With --input or --events it ends by itself: with the tables, the audit, and the audit's verdict as exit code.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo sluice up                                   made-up orders until Ctrl-C
  cargo sluice up --rate 2000 --broken 0.1          faster, and a tenth of them broken
  cargo sluice up --events 100000                   a hundred thousand, then the tables
  cargo sluice up --dataset datasets/orders-history.toml --input orders.jsonl.gz
                                                    a file, each line an event, then the tables
  cargo sluice up --gold 'Server=tcp:…;Database=…'  gold in Azure SQL instead of a file
  cargo sluice up --no-producer                     wait for producers of your own")]
pub(crate) struct UpArguments {
    /// The dataset file
    #[arg(long, value_name = "FILE", default_value = "datasets/orders.toml")]
    dataset: PathBuf,
    /// Send the lines of a file (.jsonl or .gz), wait until all has arrived, print the tables and end
    #[arg(long, value_name = "FILE", conflicts_with_all = ["events", "no_producer"])]
    input: Option<PathBuf>,
    /// Send this many made-up orders, wait until all has arrived, print the tables and end
    #[arg(long, value_name = "N", conflicts_with = "no_producer")]
    events: Option<u64>,
    /// Events a second; without it 200 made-up orders, and files and --events as fast as they go
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rate: Option<u64>,
    /// Send nothing: wait for events from other producers
    #[arg(long)]
    no_producer: bool,
    #[command(flatten)]
    orders: OrderArguments,
    /// Partitions of the event hub, when it is created
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(1..=32))]
    partitions: u16,
    /// Where state is kept
    #[arg(long, value_name = "DIR", default_value = ".sluice")]
    state_dir: PathBuf,
    /// Keep gold in this database, an ADO connection string, instead of a file; GOLD_SCHEMA names its schema
    #[arg(long, value_name = "STRING")]
    gold: Option<String>,
    /// Start afresh: delete this dataset's state first (but nothing in a database of --gold)
    #[arg(long)]
    clean: bool,
    /// Build and run the handler optimised
    #[arg(long)]
    release: bool,
    /// Print the result of --input or --events as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// Run this handler instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    handler: Option<PathBuf>,
}

/// Runs the pipeline; returns whether everything adds up.
pub(crate) async fn run(arguments: UpArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let dataset = Arc::new(Dataset::load(&arguments.dataset)?);
    let feed_plan = FeedPlan::of(arguments.request(), Some(&dataset))?;
    if arguments.json && !feed_plan.ends() {
        let text = "--json prints a result, which only --input and --events have; for a running pipeline use `sluice status --json`";
        return Err(Usage(text.to_owned()).into());
    }
    let root = app_root(&std::env::current_dir()?)?;
    let state_dir = root.join(&arguments.state_dir).join(&dataset.name);
    if arguments.clean && state_dir.exists() {
        std::fs::remove_dir_all(&state_dir)?;
    }
    std::fs::create_dir_all(&state_dir)?;

    let handler = match &arguments.handler {
        Some(handler) => std::fs::canonicalize(handler)?,
        None => handler(&root, arguments.release).await?,
    };
    let dataset_file = std::fs::canonicalize(&arguments.dataset)?;
    let stack = Stack::start(Plan {
        root,
        state_dir,
        handler,
        dataset_file,
        partitions: usize::from(arguments.partitions),
        gold: arguments.gold,
        settings: BTreeMap::new(),
        listener: None,
    })
    .await?;

    let outcome = supervise(&stack, dataset, feed_plan, arguments.json).await;
    let stopped = stack.shutdown().await;
    let is_fine = outcome?;
    stopped?;
    Ok(is_fine)
}

impl UpArguments {
    fn request(&self) -> Request {
        Request {
            input: self.input.clone(),
            count: self.events,
            rate: self.rate,
            orders: self.orders.clone(),
            nothing: self.no_producer,
        }
    }
}

/// What a run does after it has looked at how far everything is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Look again.
    GoOn,
    /// Run gold now: silver has everything, and the timer would only delay the end.
    Publish,
    /// Everything has arrived.
    End,
}

/// Decides what comes next; `is_all_sent` says that no more events will come.
fn next(is_all_sent: bool, snapshot: &Snapshot) -> Next {
    match (is_all_sent, snapshot.has_arrived(), snapshot.is_published()) {
        (true, true, true) => Next::End,
        (true, true, false) => Next::Publish,
        _ => Next::GoOn,
    }
}

/// Feeds, watches and shows until the end or Ctrl-C.
async fn supervise(
    stack: &Stack,
    dataset: Arc<Dataset>,
    plan: FeedPlan,
    json: bool,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let mut watch = Watch::open(stack, Arc::clone(&dataset)).await?;
    let ends = plan.ends();
    let feed = Feed::start(
        plan,
        stack.connection()?,
        Destination::Any,
        stack.hub_events(),
    )
    .await?;
    let mut screen = Screen::new(&dataset.name, stack, ends, json);
    let mut ticks = tokio::time::interval(TICK);
    let interrupted = tokio::signal::ctrl_c();
    tokio::pin!(interrupted);
    let started = Instant::now();
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = &mut interrupted => {
                screen.finish("stopping; the next `up` goes on from here");
                feed.stop().await;
                return Ok(true);
            }
            failure = stack.failure() => return Err(failure.into()),
        }
        feed.check()?;
        let snapshot = watch.look(stack).await?;
        screen.draw(&snapshot, feed.sent());
        match next(ends && feed.is_done(), &snapshot) {
            Next::GoOn => {}
            Next::Publish => stack.publish_now().await,
            Next::End => {
                let seconds = started.elapsed().as_secs_f64();
                screen.finish(&format!("everything has arrived after {seconds:.1} s"));
                return conclude::conclude(&watch, &snapshot, seconds, json).await;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use sluice::table::log::{Counts, Version};

    use super::*;

    fn snapshot(lines: u64, published: Option<u64>) -> Snapshot {
        Snapshot {
            hub_events: 100,
            counts: Counts {
                lines,
                rows: lines,
                ..Counts::default()
            },
            version: Version(5),
            published: published.map(Version),
            ..Snapshot::default()
        }
    }

    #[test]
    fn a_run_without_end_goes_on_although_everything_has_arrived() {
        assert_eq!(next(false, &snapshot(100, Some(5))), Next::GoOn);
    }

    #[test]
    fn silver_that_lacks_events_is_waited_for() {
        assert_eq!(next(true, &snapshot(99, Some(5))), Next::GoOn);
    }

    #[test]
    fn gold_runs_at_once_when_it_is_all_that_is_missing() {
        assert_eq!(next(true, &snapshot(100, None)), Next::Publish);
        assert_eq!(next(true, &snapshot(100, Some(4))), Next::Publish);
    }

    #[test]
    fn a_run_ends_when_gold_stands_at_silver_s_version() {
        assert_eq!(next(true, &snapshot(100, Some(5))), Next::End);
        // Events of others may come beside those that were sent.
        assert_eq!(next(true, &snapshot(120, Some(5))), Next::End);
    }

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        up: UpArguments,
    }

    fn request(line: &str) -> Request {
        let words = std::iter::once("up").chain(line.split_whitespace());
        Line::try_parse_from(words).unwrap().up.request()
    }

    #[test]
    fn flags_say_what_is_fed_in() {
        let plain = request("");
        assert_eq!((&plain.input, plain.count, plain.rate), (&None, None, None));
        assert!(!plain.nothing);
        assert_eq!(plain.orders.shares.duplicates, 0.02);
        let counted = request("--events 9 --rate 3 --seed 7 --late 0.5");
        assert_eq!((counted.count, counted.rate), (Some(9), Some(3)));
        assert_eq!((counted.orders.seed, counted.orders.shares.late), (7, 0.5));
        assert!(request("--no-producer").nothing);
        let file = request("--input orders.jsonl.gz").input.unwrap();
        assert_eq!(file.to_str(), Some("orders.jsonl.gz"));
    }
}
