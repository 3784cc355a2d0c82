//! `sluice up`: the whole pipeline on this machine, on the production code path.

mod conclude;
mod reasons;
mod screen;
mod view;

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use clap::Args;
use sluice::dataset::Dataset;
use sluice_local::hub_client::Destination;

use crate::audit::misfit;
use crate::feed::{Feed, FeedPlan, OrderArguments, Request};
use crate::interrupt::Interrupts;
use crate::number;
use crate::output::{Usage, count, failure, say, shell_word, thousands};
use crate::pipeline::{
    Found, HandlerProgram, Part, Plan, Project, Snapshot, Stack, StateDir, Told, Watch,
    given_handler,
};
use crate::target::{self, DEFAULT_STATE_DIR, STATE_DIR};
use conclude::{Arrived, Concluding};
use screen::Screen;
use view::{Again, Seen, View};

/// How often the stores are looked at.
const TICK: Duration = Duration::from_millis(500);

/// Run the whole pipeline on this machine
///
/// Starts Azurite, a local Event Hubs namespace and a local Functions host with the handler, feeds events in and shows
/// what becomes of them. Node.js is needed, and in a checkout Rust; Azurite is installed the first time. State is kept in
/// .sluice/DATASET, so the next `up` goes on where this one stopped, however it ended. While it runs, the other commands
/// find it there.
///
/// A line of --input is the body of an event, or a line as bronze has it ({"$sluice":"event",…}): that is sent with its
/// properties and its annotations, for which the local hub stands in for whoever adds them, such as an IoT hub.
///
/// With --input or --limit it ends by itself: with the tables, the audit, and exit code 0 if everything adds up. Exit
/// code 1 also if a layer cannot go on, or if none of the events became a row; the reasons are printed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  cargo sluice up                                   made-up orders until Ctrl-C
  cargo sluice up --rate 2000 --broken 0.1          faster, and a tenth of them broken
  cargo sluice up -n 100000                         a hundred thousand, then the tables
  cargo sluice up --dataset datasets/orders-history.toml --input orders.jsonl.gz
                                                    a file, each line an event, then the tables
  cargo sluice up --gold 'Server=tcp:…;Database=…'  gold in Azure SQL instead of a file
  cargo sluice up --no-producer                     wait for producers of your own
  cargo sluice up --no-handler                      storage and event hub alone, for `audit`, `status` and `maintain`")]
pub(crate) struct UpArguments {
    /// The dataset file; otherwise the setting DATASET of local.settings.json, or datasets/orders.toml
    #[arg(short, long, value_name = "FILE")]
    dataset: Option<PathBuf>,
    /// Send the lines of a file (.jsonl or .gz), wait until all has arrived, print the tables and end
    #[arg(short, long, value_name = "FILE", conflicts_with_all = ["events", "no_producer"])]
    input: Option<PathBuf>,
    /// Send this many made-up orders, wait until all has arrived, print the tables and end
    #[arg(
        short = 'n',
        long = "limit",
        alias = "events",
        value_name = "N",
        conflicts_with = "no_producer",
        value_parser = number::from::<u64>(0)
    )]
    events: Option<u64>,
    /// Events a second; without it 200 made-up orders, and files and --limit as fast as they go
    #[arg(short, long, value_name = "N", value_parser = number::from::<u64>(1))]
    rate: Option<u64>,
    /// Send nothing: wait for events from other producers
    #[arg(long)]
    no_producer: bool,
    /// Start storage and event hub without the handler, so that the other commands can look at a state that `up` refuses
    #[arg(long, conflicts_with_all = ["input", "events", "rate", "clean", "handler", "release", "json"])]
    no_handler: bool,
    #[command(flatten)]
    orders: OrderArguments,
    /// Partitions of the event hub, when it is created
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = number::between::<u16>(1, 32))]
    partitions: u16,
    /// Where state is kept
    #[arg(long, value_name = "DIR", env = STATE_DIR, default_value = DEFAULT_STATE_DIR)]
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
    /// Print the result of --input or --limit as JSON, and nothing else on standard output
    #[arg(long)]
    json: bool,
    /// Run this handler instead of building one
    #[arg(long, value_name = "FILE", conflicts_with = "release")]
    handler: Option<PathBuf>,
}

/// Runs the pipeline; returns whether everything adds up.
pub(crate) async fn run(arguments: UpArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let project = Project::find(&std::env::current_dir()?)?;
    let dataset_file = match &arguments.dataset {
        Some(file) => file.clone(),
        None => target::default_dataset(project.root())?,
    };
    let dataset = Arc::new(Dataset::load(&dataset_file)?);
    let feed_plan = FeedPlan::of(arguments.request(), Some(&dataset))?;
    if arguments.json && !feed_plan.ends() {
        let text = "--json prints a result, which only --input and --limit have; for a running pipeline use `sluice status --json`";
        return Err(Usage(text.to_owned()).into());
    }
    // Before anything is opened, removed or started.
    let state_dir = project.root().join(&arguments.state_dir);
    let state = StateDir::take(&state_dir.join(&dataset.name))?;
    if arguments.clean {
        state.clear()?;
    }

    let dataset_file = std::fs::canonicalize(dataset_file)?;
    target::say_target(&state.written(&dataset_file, arguments.gold.as_deref()));
    // From now on there are other processes, which have to end with this one.
    let mut interrupts = Interrupts::listen()?;
    let handler = match arguments.handler(&project, &mut interrupts).await? {
        Some(handler) => handler,
        None => return Ok(interrupted_early()),
    };
    let again = arguments.again();
    let view = View::new(&dataset.name, feed_plan.ends(), arguments.parts());
    let screen = Screen::open(view, arguments.json);
    let start = Stack::start(Plan {
        root: project.app(&state.path().join("app"))?,
        state: Arc::new(state),
        handler,
        dataset_file,
        partitions: usize::from(arguments.partitions),
        gold: arguments.gold,
        settings: BTreeMap::new(),
        listener: None,
        tell: screen.teller(),
    });
    let started = unless_interrupted(screen.beside(start), &mut interrupts).await;
    let Some(mut stack) = started.transpose()? else {
        drop(screen);
        return Ok(interrupted_early());
    };
    let outcome = match arguments.no_handler {
        true => look_only(&stack, &mut interrupts, &screen).await,
        false => {
            let run = Run {
                dataset,
                plan: feed_plan,
                json: arguments.json,
            };
            let work = run.supervise(&mut stack, &mut interrupts, &screen);
            Box::pin(screen.beside(work)).await
        }
    };
    end(stack, &screen, outcome, &again).await
}

/// Stops the pipeline, and shows meanwhile and afterwards how the run ended; returns whether everything adds up.
async fn end(
    stack: Stack,
    screen: &Screen,
    outcome: Result<Ended, Box<dyn Error + Send + Sync>>,
    again: &Again,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    if let Err(error) = &outcome {
        screen.fail(&failure(error.as_ref()));
    }
    let stopped = screen.beside(stack.shutdown()).await;
    if let Ok(Ended::Interrupted) = &outcome {
        screen.sum_up(again);
    }
    let ended = outcome?;
    stopped?;
    Ok(match ended {
        Ended::Concluded(is_fine) => is_fine,
        Ended::Interrupted => true,
    })
}

/// How a run ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Ended {
    /// By itself; whether everything adds up.
    Concluded(bool),
    /// By its user.
    Interrupted,
}

/// Lets other commands look at what is there, until it is interrupted.
async fn look_only(
    stack: &Stack,
    interrupts: &mut Interrupts,
    screen: &Screen,
) -> Result<Ended, Box<dyn Error + Send + Sync>> {
    screen.finish("storage and event hub run, and no handler; `sluice status`, `audit` and `maintain` find them, Ctrl-C stops");
    tokio::select! {
        () = interrupts.next() => Ok(Ended::Concluded(true)),
        failure = stack.failure() => Err(failure.into()),
    }
}

/// Does some work; nothing at all if the user has enough of it. What is dropped ends what it has begun.
async fn unless_interrupted<T>(
    work: impl Future<Output = T>,
    interrupts: &mut Interrupts,
) -> Option<T> {
    tokio::select! {
        done = work => Some(done),
        () = interrupts.next() => None,
    }
}

/// Says that a run was ended by its user before it had begun; nothing is wrong with that.
fn interrupted_early() -> bool {
    say("stopped before everything had started; nothing runs");
    true
}

impl UpArguments {
    /// Returns the handler that is to run, if one is; nothing at all if the user has enough of its build.
    async fn handler(
        &self,
        project: &Project,
        interrupts: &mut Interrupts,
    ) -> Result<Option<Option<HandlerProgram>>, Box<dyn Error + Send + Sync>> {
        Ok(match (&self.handler, self.no_handler) {
            (_, true) => Some(None),
            (Some(handler), false) => Some(Some(given_handler(handler)?.into())),
            (None, false) => {
                let built = unless_interrupted(project.handler(self.release), interrupts).await;
                built.transpose()?.map(Some)
            }
        })
    }

    /// The parts that are started.
    fn parts(&self) -> &'static [Part] {
        match self.no_handler {
            true => &[Part::Storage, Part::Hub],
            false => &Part::ALL,
        }
    }

    /// The command line that goes on from here.
    fn again(&self) -> Again {
        let mut pipeline = String::from("sluice up");
        if let Some(file) = &self.dataset {
            pipeline.push_str(&format!(
                " --dataset {}",
                shell_word(&file.display().to_string())
            ));
        }
        if self.state_dir != Path::new(DEFAULT_STATE_DIR) {
            let folder = self.state_dir.display().to_string();
            pipeline.push_str(&format!(" --state-dir {}", shell_word(&folder)));
        }
        if self.gold.is_some() {
            // It may hold a password.
            pipeline.push_str(" --gold '…'");
        }
        let mut feed = String::new();
        if self.no_producer {
            feed.push_str(" --no-producer");
        }
        if let (Some(rate), None) = (self.rate, &self.input) {
            feed.push_str(&format!(" --rate {rate}"));
        }
        Again { pipeline, feed }
    }

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

/// What a run is about.
struct Run {
    dataset: Arc<Dataset>,
    plan: FeedPlan,
    json: bool,
}

impl Run {
    /// Looks at what an earlier run left, and starts the handler on it.
    async fn begin(
        &self,
        stack: &mut Stack,
        screen: &Screen,
    ) -> Result<(Watch, Found), Box<dyn Error + Send + Sync>> {
        let tell = screen.teller();
        tell(Part::State, Told::Begins);
        let watch = Watch::open(stack, Arc::clone(&self.dataset)).await?;
        let mut found = watch.inspect(stack.gold()).await?;
        let stands = match found.counts.lines {
            0 => "new".to_owned(),
            lines => format!(
                "{}, at version {}",
                count(lines, "event"),
                thousands(found.version.0)
            ),
        };
        tell(Part::State, Told::Stands(stands));
        if !found.misfits.is_empty() {
            let text = misfit(&found.misfits);
            if self.plan.ends() {
                return Err(format!("{text}; nothing was sent").into());
            }
            screen.warn(&text);
        }
        // Nothing runs yet that could be at work on them.
        stack.deliver_again(std::mem::take(&mut found.unrefined));
        stack.start_host().await?;
        screen.stands(stack);
        Ok((watch, found))
    }

    /// Feeds, watches and shows until the end or an interrupt.
    async fn supervise(
        self,
        stack: &mut Stack,
        interrupts: &mut Interrupts,
        screen: &Screen,
    ) -> Result<Ended, Box<dyn Error + Send + Sync>> {
        let ends = self.plan.ends();
        let begun = unless_interrupted(self.begin(stack, screen), interrupts).await;
        let Some((watch, found)) = begun.transpose()? else {
            screen.interrupted();
            return Ok(Ended::Interrupted);
        };
        let feed = Feed::start(
            self.plan,
            stack.connection()?,
            Destination::Any,
            stack.hub_events(),
        )
        .await?;
        let outcome = tokio::select! {
            outcome = follow(stack, watch, &feed, ends, screen) => Some(outcome?),
            () = interrupts.next() => None,
            failure = stack.failure() => return Err(failure.into()),
        };
        let Some(arrived) = outcome else {
            screen.interrupted();
            feed.stop().await;
            return Ok(Ended::Interrupted);
        };
        let end = Concluding {
            arrived,
            found,
            sent: feed.sent().events,
        };
        tokio::select! {
            outcome = end.conclude(self.json) => Ok(Ended::Concluded(outcome?)),
            () = interrupts.next() => Err("interrupted before the audit had come to its end".into()),
            failure = stack.failure() => Err(failure.into()),
        }
    }
}

/// Watches and shows; returns once everything that was sent has arrived, if there is an end to what is sent.
async fn follow(
    stack: &Stack,
    mut watch: Watch,
    feed: &Feed,
    ends: bool,
    screen: &Screen,
) -> Result<Arrived, Box<dyn Error + Send + Sync>> {
    let started = Instant::now();
    let mut ticks = tokio::time::interval(TICK);
    loop {
        ticks.tick().await;
        let looked = Instant::now();
        let is_all_sent = || ends && feed.is_done();
        let (is_all_sent, snapshot) = ask(is_all_sent, async || {
            feed.check()?;
            watch.look(stack).await
        })
        .await?;
        screen.see(Seen {
            snapshot: snapshot.clone(),
            sent: feed.sent(),
            last_event: stack.last_event(),
        });
        if let Some(reason) = reasons::hopeless(is_all_sent, &snapshot)
            && ends
        {
            screen.finish("it does not come to its end");
            return Err(format!("{reason}; the log is {}", stack.log_file().display()).into());
        }
        match next(is_all_sent, &snapshot) {
            Next::GoOn => {}
            Next::Publish => stack.publish_now().await,
            Next::End => {
                let seconds = started.elapsed().as_secs_f64();
                screen.finish(&format!("everything has arrived after {seconds:.1} s"));
                return Ok(Arrived {
                    watch,
                    snapshot,
                    seconds,
                    looked,
                });
            }
        }
    }
}

/// Asks whether all is sent and **then** looks at how far everything is: what is sent after the look is not in it.
async fn ask<E>(
    is_all_sent: impl Fn() -> bool,
    look: impl AsyncFnOnce() -> Result<Snapshot, E>,
) -> Result<(bool, Snapshot), E> {
    let is_all_sent = is_all_sent();
    Ok((is_all_sent, look().await?))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::convert::Infallible;

    use clap::Parser;
    use sluice::table::log::{Counts, Version};

    use super::*;

    fn snapshot(lines: u64, published: Option<u64>) -> Snapshot {
        Snapshot {
            hub_events: 100,
            counts: Counts {
                rows: lines,
                ..Counts::of_lines(lines)
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

    /// A hub, silver and a feed, of which each look sees one moment: the feed sends all and ends while the stores are
    /// being looked at.
    #[derive(Default)]
    struct Scripted {
        hub: Cell<u64>,
        is_done: Cell<bool>,
    }

    impl Scripted {
        async fn look(&self, sends: u64) -> Result<Snapshot, Infallible> {
            let hub_events = self.hub.get();
            self.hub.set(hub_events + sends);
            self.is_done.set(true);
            Ok(Snapshot {
                hub_events,
                counts: Counts {
                    rows: hub_events,
                    ..Counts::of_lines(hub_events)
                },
                published: Some(Version(0)),
                ..Snapshot::default()
            })
        }
    }

    #[tokio::test]
    async fn what_is_sent_during_a_look_is_waited_for() {
        let world = Scripted::default();
        let step = async |sends| {
            let asked = ask(|| world.is_done.get(), async || world.look(sends).await).await;
            let (is_all_sent, snapshot) = asked.unwrap();
            next(is_all_sent, &snapshot)
        };
        assert_eq!(step(3).await, Next::GoOn, "it saw nothing of the three");
        assert_eq!(step(0).await, Next::End);
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
    fn the_command_line_that_goes_on_names_the_pipeline_and_its_events() {
        let again = |line: &str| {
            let words = std::iter::once("up").chain(line.split_whitespace());
            Line::try_parse_from(words).unwrap().up.again()
        };
        let plain = again("--state-dir .sluice -n 5");
        assert_eq!(
            (plain.pipeline.as_str(), plain.feed.as_str()),
            ("sluice up", "")
        );
        let own = again("-d it's.toml --state-dir /s --gold Password=p --no-producer");
        let expected = r"sluice up --dataset 'it'\''s.toml' --state-dir /s --gold '…'";
        assert_eq!(own.pipeline, expected, "a password is not repeated");
        assert_eq!(own.feed, " --no-producer");
        assert_eq!(again("--rate 5").feed, " --rate 5");
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
