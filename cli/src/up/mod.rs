//! `sluice up`: the whole pipeline on this machine, on the production code path.

pub(crate) mod build;
mod conclude;
mod screen;
pub(crate) mod stack;
pub(crate) mod watch;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use sluice::dataset::Dataset;
use sluice_local::hub_client::Destination;

use crate::feed::{Feed, FeedPlan, Wish};
use crate::orders::Shares;
use crate::usage::Usage;
use screen::Screen;
use stack::Stack;
use watch::Watch;

/// How often the summary is renewed.
const TICK: Duration = Duration::from_millis(500);

/// Run the whole pipeline on this machine
///
/// Starts Azurite, a local Event Hubs namespace and a local Functions host with the handler, feeds events in and shows
/// what becomes of them. Nothing but Node.js is needed; Azurite is installed the first time. State is kept in
/// .sluice/<dataset>, so the next `up` goes on where this one stopped. While it runs, the other commands find it there.
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
    /// Send nothing: wait for events of others
    #[arg(long)]
    no_producer: bool,
    #[command(flatten)]
    shares: Shares,
    /// Seed of the made-up orders
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
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
    let feed_plan = FeedPlan::of(arguments.wish(), Some(&dataset))?;
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
        None => build::handler(&root, arguments.release).await?,
    };
    let dataset_file = std::fs::canonicalize(&arguments.dataset)?;
    let stack = Stack::start(stack::Plan {
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
    fn wish(&self) -> Wish {
        Wish {
            input: self.input.clone(),
            count: self.events,
            rate: self.rate,
            shares: self.shares.clone(),
            seed: self.seed,
            nothing: self.no_producer,
        }
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
            () = stack.stopped() => {
                let log = stack.log_file().display();
                return Err(format!("the handler failed three times and the host stopped; see {log}").into());
            }
        }
        feed.check()?;
        let snapshot = watch.look(stack).await?;
        screen.draw(&snapshot, feed.sent());
        if ends && feed.is_done() && snapshot.has_arrived() {
            if snapshot.is_published() {
                let seconds = started.elapsed().as_secs_f64();
                screen.finish(&format!("everything has arrived after {seconds:.1} s"));
                return conclude::conclude(&watch, &snapshot, seconds, json).await;
            }
            stack.publish_now().await;
        }
    }
}

/// Finds the folder with host.json, here or above.
pub(crate) fn app_root(from: &Path) -> Result<PathBuf, String> {
    let root = from
        .ancestors()
        .find(|folder| folder.join("host.json").is_file());
    root.map(Path::to_owned).ok_or_else(|| {
        format!(
            "there is no host.json in {} or above; run this in the repository",
            from.display()
        )
    })
}
