//! `sluice maintain`: one run of maintenance, now.

use std::error::Error;
use std::time::Duration;

use clap::Args;
use sluice::clock::{Clock, SystemClock};
use sluice::event::UnixMillis;
use sluice::maintain::{
    Checkpointed, Compacted, Counted, Delta, Limits, Options, Reconciled, Report, Snapshotted,
    Step, Vacuumed,
};
use sluice::retry::Deadline;
use sluice::value::period::MILLIS_PER_HOUR;
use sluice::warehouse::WarehouseError;

use super::inspect::Moment;
use crate::duration;
use crate::output::{About, count, say, size, thousands};
use crate::target::{self, AppSettings, SettingsArguments, Stores, say_target};

/// Reconcile, compact, publish, snapshot and vacuum silver now, and say what was done and what is left
///
/// Refines unprocessed bronze objects, merges small files, publishes missing Delta versions, writes the snapshot and the
/// Delta checkpoint that are due, and removes what is no longer referenced. The function `maintain` does the same on its
/// timer; running both at once is safe. Each step is bounded; the next run does what is left. In JSON each step has what it
/// did, and as `left` what there is to do after it: after a dry run all of it.
///
/// Exit code 0: every step succeeded. 1: a step failed, or the dataset file no longer fits silver; the other steps did
/// their work all the same.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice maintain --dry-run      what there is to do
  sluice maintain                a run like the timer's
  sluice maintain --for 2h       with more time than the timer gives
  sluice maintain --full         look at all of bronze, and vacuum even if it is not due
  sluice maintain --from 2d      look at two days of bronze, whatever earlier runs found")]
pub(super) struct MaintainArguments {
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Look at all of bronze, and vacuum even if it is not due
    #[arg(long)]
    full: bool,
    /// Look at bronze from this time on, whatever earlier runs found: a time, a day, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = Moment::parse, conflicts_with = "full")]
    from: Option<Moment>,
    /// Look at bronze only up to this time
    #[arg(long, value_name = "TIME", value_parser = Moment::parse, requires = "from")]
    to: Option<Moment>,
    /// Begin no more work after this long
    #[arg(long = "for", value_name = "TIME", alias = "minutes", default_value = "10m", value_parser = duration::or_minutes)]
    time: Duration,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

impl MaintainArguments {
    /// The hours of bronze that are asked for.
    fn span(&self, now: UnixMillis) -> Option<(UnixMillis, UnixMillis)> {
        let from = self.from?.at(now);
        // The hub's clock may be ahead of this one.
        let until = self
            .to
            .map_or(UnixMillis(now.0 + MILLIS_PER_HOUR), |to| to.at(now));
        Some((from, until))
    }
}

/// How long after its time a run waits for objects that are in hand: as long as silver gives the work on one.
const PATIENCE: Duration = Duration::from_secs(60 * 60);

/// Runs.
pub(super) async fn run(
    arguments: MaintainArguments,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let stores = Stores::open(&settings)?;
    let target = settings.target();
    say_target(&settings.written());
    let fits = warn_of_misfits(&settings, &stores).await;
    let options = Options {
        dry_run: arguments.dry_run,
        full: arguments.full,
        span: arguments.span(SystemClock.now()),
    };
    let deadline = Deadline::after(arguments.time);
    // What is under way at the end would end with this process.
    let limits = Limits {
        patience: PATIENCE,
        ..Limits::default()
    };
    let maintenance = stores.maintenance().with_limits(limits);
    let report = maintenance.run(options, deadline).await;
    let is_whole = report.failures().is_empty() && fits;
    let words = lines(&stores.dataset.name, &report).join("\n");
    let about = About {
        target,
        result: report,
    };
    about.tell(arguments.json, &words)?;
    Ok(is_whole)
}

/// Names a dataset file or a gold table that no longer fits; returns whether the dataset file fits silver.
async fn warn_of_misfits(settings: &AppSettings, stores: &Stores) -> bool {
    let gold = target::warehouse(settings, &stores.dataset).ok();
    // A database that pauses is not woken up for a word.
    if let Some(gold) = gold.filter(|gold| !gold.may_be_paused())
        && let Err(
            error @ (WarehouseError::Mismatch { .. }
            | WarehouseError::Taken { .. }
            | WarehouseError::ViewTaken { .. }),
        ) = gold.missing().await
    {
        say(&format!("warning: {error}"));
    }
    match stores.misfit().await {
        Ok(None) => true,
        Ok(Some(misfit)) => {
            say(&format!("warning: {misfit}"));
            false
        }
        // The steps say what they cannot read.
        Err(_) => true,
    }
}

/// Lays a report out, a line for each step.
fn lines(dataset: &str, report: &Report) -> Vec<String> {
    let is_dry = report.dry_run;
    let title = match is_dry {
        true => format!("{dataset}, a dry run: nothing was changed"),
        false => format!("{dataset}, maintained"),
    };
    let counted = match &report.count {
        // Once for a log that an earlier build began: of no interest ever after.
        Step::Done(done) if !done.is_due => None,
        count => Some(("count", step(count, counted))),
    };
    let steps = [
        (
            "compact",
            step(&report.compact, |done| compacted(done, is_dry)),
        ),
        ("delta", step(&report.delta, delta)),
        ("snapshot", step(&report.snapshot, snapshotted)),
        ("checkpoint", step(&report.checkpoint, checkpointed)),
        (
            "vacuum",
            step(&report.vacuum, |done| vacuumed(done, is_dry)),
        ),
    ];
    let reconciled = ("reconcile", step(&report.reconcile, reconciled));
    let steps = [reconciled].into_iter().chain(counted).chain(steps);
    let steps = steps.map(|(name, text)| format!("  {name:<11} {text}"));
    std::iter::once(title).chain(steps).collect()
}

fn step<T>(step: &Step<T>, text: impl FnOnce(&T) -> String) -> String {
    match step {
        Step::Done(done) => text(done),
        Step::Failed(reason) => format!("failed: {reason}"),
    }
}

fn reconciled(done: &Reconciled) -> String {
    let mut parts = vec![format!("{} of bronze listed", count(done.listed, "object"))];
    if done.refined > 0 {
        parts.push(format!("{} refined", thousands(done.refined)));
    }
    if done.failed > 0 {
        let reason = done.failure.as_deref().unwrap_or("for an unknown reason");
        parts.push(format!(
            "{} failed, the first: {reason}",
            thousands(done.failed)
        ));
    }
    parts.push(match done.left {
        0 => "none left to refine".to_owned(),
        left => format!("{} left to refine", thousands(left)),
    });
    if done.poison_removed + done.poison_left > 0 {
        parts.push(format!(
            "{} removed and {} left",
            count(done.poison_removed, "poison message"),
            thousands(done.poison_left)
        ));
    }
    parts.join(", ")
}

fn counted(done: &Counted) -> String {
    match done.sources {
        Some(sources) => format!("{} counted up", count(sources, "source")),
        None => "the log is to be counted up, once".to_owned(),
    }
}

fn compacted(done: &Compacted, is_dry: bool) -> String {
    let mut parts = Vec::new();
    if done.commits > 0 {
        parts.push(format!(
            "{} replaced by {}, with {} in {}",
            count(done.replaced, "file"),
            thousands(done.commits),
            count(done.rows, "row"),
            size(done.bytes)
        ));
    }
    if done.given_up > 0 {
        let rewrites = count(done.given_up, "rewrite");
        parts.push(format!("{rewrites} abandoned after a conflict"));
    }
    match (done.left, is_dry) {
        (0, _) => {}
        (left, true) => parts.push(format!("{} to do", count(left, "rewrite"))),
        (left, false) => parts.push(format!("{} left", count(left, "rewrite"))),
    }
    or_nothing(parts)
}

fn delta(done: &Delta) -> String {
    let mut parts = Vec::new();
    if done.written > 0 {
        parts.push(format!("{} published", count(done.written, "version")));
    }
    parts.push(match (done.published, done.lag) {
        (None, 0) => "nothing to publish".to_owned(),
        (None, lag) => format!("{} to publish", count(lag, "version")),
        (Some(version), 0) => format!("at version {}, up to date", thousands(version)),
        (Some(version), lag) => format!(
            "at version {}, {} to publish",
            thousands(version),
            count(lag, "version")
        ),
    });
    parts.join(", ")
}

fn snapshotted(done: &Snapshotted) -> String {
    match done.version {
        Some(version) => format!(
            "of version {} with {}",
            thousands(version),
            count(done.files, "file")
        ),
        None => not_made(done.is_due, done.left),
    }
}

fn checkpointed(done: &Checkpointed) -> String {
    match done.version {
        Some(version) => format!("of version {}, {}", thousands(version), size(done.bytes)),
        None => not_made(done.is_due, done.left),
    }
}

fn not_made(is_due: bool, since: u64) -> String {
    let due = if is_due { "due" } else { "not due" };
    format!("{due}, {} without one", count(since, "version"))
}

fn vacuumed(done: &Vacuumed, is_dry: bool) -> String {
    if !done.was_due {
        return "not due".to_owned();
    }
    let removed = [
        (done.replaced, "replaced file"),
        (done.unnamed, "unnamed object"),
        (done.log_entries, "log version"),
        (done.delta_entries, "Delta log object"),
    ];
    let removed = removed.into_iter().filter(|(number, _)| *number > 0);
    let removed: Vec<String> = removed
        .map(|(number, thing)| count(number, thing))
        .collect();
    let mut parts = Vec::new();
    if !removed.is_empty() {
        let verb = if is_dry { "to remove" } else { "removed" };
        parts.push(format!("{} {verb}", removed.join(", ")));
    }
    if done.left > 0 {
        parts.push(format!("{} left", thousands(done.left)));
    }
    or_nothing(parts)
}

fn or_nothing(parts: Vec<String>) -> String {
    match parts.is_empty() {
        true => "nothing to do".to_owned(),
        false => parts.join(", "),
    }
}

#[cfg(test)]
mod tests;
