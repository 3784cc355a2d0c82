//! `sluice up`: the whole pipeline on this machine, on the production code path.

mod allowed;
mod arguments;
mod conclude;
mod follow;
mod reasons;
mod screen;
mod view;

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;

use sluice::dataset::Dataset;
use sluice_local::hub_client::Destination;

use crate::audit::misfit;
use crate::dashboard::Dashboard;
use crate::feed::{Feed, FeedPlan};
use crate::interrupt::Interrupts;
use crate::output::{count, failure, say, thousands};
use crate::pipeline::{
    Found, HandlerProgram, Part, Plan, Project, Stack, StateDir, Told, Watch, given_handler,
};
use crate::target::{self, SettingsArguments};
use allowed::MaxQuarantined;
pub(crate) use arguments::UpArguments;
use conclude::Concluding;
use follow::follow;
use screen::Screen;
use view::{Again, View};

/// Runs the pipeline; returns whether everything adds up.
pub(crate) async fn run(arguments: UpArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let project = Project::find(&std::env::current_dir()?)?;
    let dataset_file = match &arguments.dataset {
        Some(file) => file.clone(),
        None => target::default_dataset(project.root())?,
    };
    let dataset = Arc::new(Dataset::load(&dataset_file)?);
    let state_dir = project.root().join(&arguments.state_dir);
    // What already runs needs no better options.
    StateDir::refuse_in_use(&state_dir.join(&dataset.name))?;
    let feed_plan = feed_plan(&arguments, &dataset)?;
    // Before anything is opened, removed or started.
    let state = StateDir::take(&state_dir.join(&dataset.name))?;
    if arguments.clean {
        state.clear()?;
    }

    let dataset_file = std::fs::canonicalize(dataset_file)?;
    target::say_target(&state.written(&dataset_file, arguments.gold.as_deref()));
    // From now on there are other processes, which have to end with this one.
    let mut interrupts = Interrupts::listen()?;
    let Some(handler) = handler(&arguments, &project, &mut interrupts).await? else {
        return Ok(interrupted_early());
    };
    let again = arguments.again();
    let view = View::new(&dataset.name, feed_plan.ends(), arguments.parts());
    let screen = Screen::open(view, arguments.json, arguments.options());
    let own_gold = state.gold();
    let start = Stack::start(Plan {
        root: project.app(&state.path().join("app"))?,
        state: Arc::new(state),
        handler,
        dataset_file: dataset_file.clone(),
        partitions: usize::from(arguments.partitions),
        settings: arguments.settings(),
        gold: arguments.gold,
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
                page: (!feed_plan.ends()).then(|| page(dataset_file, state_dir)),
                plan: feed_plan,
                json: arguments.json,
                max_quarantined: arguments.max_quarantined,
                own_gold,
            };
            let work = run.supervise(&mut stack, &mut interrupts, &screen);
            Box::pin(screen.beside(work)).await
        }
    };
    if let (Ok(Ended::Concluded(true)), false) = (&outcome, arguments.no_handler) {
        screen.propose(&again);
    }
    end(stack, &screen, outcome, &again).await
}

/// Returns what is sent, where the options fit it.
fn feed_plan(
    arguments: &UpArguments,
    dataset: &Arc<Dataset>,
) -> Result<FeedPlan, Box<dyn Error + Send + Sync>> {
    let plan = FeedPlan::of(arguments.request(), Some(dataset))?;
    arguments.check_end(plan.ends())?;
    Ok(plan)
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

/// Returns the handler that is to run, if one is; nothing at all if the user has enough of its build.
async fn handler(
    arguments: &UpArguments,
    project: &Project,
    interrupts: &mut Interrupts,
) -> Result<Option<Option<HandlerProgram>>, Box<dyn Error + Send + Sync>> {
    Ok(match (&arguments.handler, arguments.no_handler) {
        (_, true) => Some(None),
        (Some(handler), false) => Some(Some(given_handler(handler)?.into())),
        (None, false) => {
            let built = unless_interrupted(project.handler(arguments.release), interrupts).await;
            built.transpose()?.map(Some)
        }
    })
}

/// What names a run to those that look at it from outside.
fn page(dataset_file: PathBuf, state_dir: PathBuf) -> SettingsArguments {
    SettingsArguments {
        dataset: Some(dataset_file),
        state_dir: Some(state_dir),
    }
}

/// Serves the page of the run; nothing depends on it, so that a failure is only said.
async fn dashboard(page: Option<SettingsArguments>, screen: &Screen) -> Option<Dashboard> {
    match Dashboard::serve(&page?, 0).await {
        Ok(dashboard) => Some(dashboard),
        Err(error) => {
            let reason = failure(error.as_ref());
            screen.warn(&format!("there is no dashboard: {reason}"));
            None
        }
    }
}

/// What a run is about.
struct Run {
    dataset: Arc<Dataset>,
    /// What names the run to those that look at it from outside; nothing where it ends by itself.
    page: Option<SettingsArguments>,
    plan: FeedPlan,
    json: bool,
    max_quarantined: Option<MaxQuarantined>,
    /// The setting of gold where it is the file beside the rest of the state.
    own_gold: String,
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
        let (mut found, mended) = watch.inspect_and_mend(stack.gold(), &self.own_gold).await?;
        if let Some(mended) = mended {
            screen.warn(&mended);
        }
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
        // It goes on until the run ends.
        let dashboard = dashboard(self.page, screen).await;
        screen.stands(stack, dashboard.as_ref().map(Dashboard::address));
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
            max_quarantined: self.max_quarantined,
        };
        tokio::select! {
            outcome = end.conclude(self.json) => Ok(Ended::Concluded(outcome?)),
            () = interrupts.next() => Err("interrupted before the audit had come to its end".into()),
            failure = stack.failure() => Err(failure.into()),
        }
    }
}
