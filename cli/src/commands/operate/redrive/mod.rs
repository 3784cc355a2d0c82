//! `sluice redrive`: takes rejected records up again.

mod told;

use std::collections::BTreeMap;
use std::error::Error;

use clap::Args;
use sluice::clock::{Clock, SystemClock};
use sluice::silver::redrive::{Candidate, Filter, Outcome, Plan, Redrives};

use crate::commands::inspect::moment::Moment;
use crate::commands::inspect::quarantine::reasons;
use crate::output::{About, bar};
use crate::target::{AppSettings, SettingsArguments, Stores, say_target};
use told::Told;

/// Take rejected records up again, by today's dataset file
///
/// They are read from bronze once more, all of those of an object together: what is good now becomes rows, what is not is
/// rejected again, and nothing is there twice. Without options all that wait are taken up; --reason, --column, --source,
/// --from and --to choose the objects that have such a record. Gold follows in its next run.
///
/// --dry-run tells what would become of them, and a token; with --expect and that token just that happens, or nothing of what
/// is left. It is safe beside running functions, and may be killed and run again.
///
/// Exit code 0: done, or nothing waits. 1: an object is refused, because bronze no longer has it for example, or it stopped.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice redrive --dry-run                     what would become of all that wait
  sluice redrive                               take them up
  sluice redrive --reason invalid_value --column amount --dry-run
  sluice redrive --expect 5f0c2a91-0c1d7e3b9a4f5d6e8b7c0a1f2e3d4c5b  just what was announced, or nothing")]
pub(crate) struct RedriveArguments {
    /// Only objects with a record that was rejected for this reason
    #[arg(long, value_name = "REASON", value_parser = reasons())]
    reason: Option<String>,
    /// Only objects with a record that was rejected for this column
    #[arg(long, value_name = "COLUMN")]
    column: Option<String>,
    /// Only bronze objects whose name begins like this: orders/0/2026/11
    #[arg(long, value_name = "PREFIX")]
    source: Option<String>,
    /// Only objects with a record that came at this time or later: a time, a day, or how long ago, such as 2h
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    from: Option<Moment>,
    /// Only objects with a record that came before this time
    #[arg(long, value_name = "TIME", value_parser = Moment::parse)]
    to: Option<Moment>,
    /// Tell what would become of them, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Do it only if just what --dry-run announced with this token would happen
    #[arg(long, value_name = "TOKEN", conflicts_with = "dry_run")]
    expect: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Takes up, or tells what would be.
pub(crate) async fn run(arguments: RedriveArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings).await?;
    let stores = Stores::open(&settings)?;
    if !arguments.dry_run {
        say_target(&settings.written());
    }
    let told = arguments.redrive(&stores).await?;
    let about = About {
        target: settings.target(),
        result: told.json(),
    };
    about.tell(arguments.json, &told.text())?;
    Ok(told.is_well())
}

impl RedriveArguments {
    fn filter(&self) -> Filter {
        let now = SystemClock.now();
        Filter {
            reason: self.reason.clone(),
            column: self.column.clone(),
            source: self.source.clone(),
            from: self.from.map(|from| from.at(now)),
            until: self.to.map(|to| to.at(now)),
        }
    }

    async fn redrive(&self, stores: &Stores) -> Result<Told, Box<dyn Error + Send + Sync>> {
        let dataset = stores.dataset.name.clone();
        let mut redrives = stores.redrives();
        let mut candidates = redrives.candidates(&self.filter()).await?;
        let done = match &self.expect {
            Some(token) => redrives.done_under(token).await?,
            None => BTreeMap::new(),
        };
        if let Some(token) = &self.expect {
            // What that run rejected again is no part of what was announced.
            candidates.retain(|candidate| !candidate.is_left_by(token));
        }
        if candidates.is_empty() && done.is_empty() {
            return Ok(Told::nothing(dataset));
        }
        let plan = match self.dry_run || self.expect.is_some() {
            true => Some(redrives.plan(&candidates).await?),
            false => None,
        };
        let token = plan.as_ref().map(|plan| plan.token(&done));
        if self.dry_run {
            return Ok(Told::announced(dataset, plan, token));
        }
        if self.expect.is_some() && self.expect != token {
            return Ok(Told::differs(
                dataset,
                plan,
                self.expect.clone(),
                done.len(),
            ));
        }
        let announced = plan.as_ref().zip(token.as_deref());
        let outcome = take_up(&mut redrives, &candidates, announced).await;
        let waiting = candidates.len() - outcome.done.len() - outcome.refused.len();
        Ok(Told::done(dataset, outcome, waiting, done.len()))
    }
}

async fn take_up(
    redrives: &mut Redrives,
    candidates: &[Candidate],
    announced: Option<(&Plan, &str)>,
) -> Outcome {
    let records = candidates.iter().map(Candidate::records).sum();
    let bar = bar("rejected records", Some(records));
    let outcome = redrives
        .run(candidates, announced, |entry| {
            bar.inc(entry.counts.redriven);
        })
        .await;
    bar.finish_and_clear();
    outcome
}

#[cfg(test)]
mod tests;
