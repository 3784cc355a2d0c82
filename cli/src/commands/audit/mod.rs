//! `sluice audit`: proves that everything adds up.

use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use clap::Args;
use indicatif::ProgressBar;
use serde::Serialize;
use serde_json::{Value, json};
use sluice::clock::{Clock, SystemClock};
use sluice::event::{PartitionId, UnixMillis};
use sluice::table::log::{CommitLog, LogError};
use sluice_local::hub_client::PartitionState;

use crate::audit::{
    AuditError, Check, Hub, HubPartition, Options, Progress, Report, Subject, Sums, audit,
};
use crate::duration;
use crate::output::{
    About, Balance, Line, Tone, bar, count, print, print_prose, print_prose_lines,
};
use crate::status::nulls::{self, NullColumn};
use crate::target::{self, AppSettings, HubArguments, Stores, read_partitions};

/// Prove that every event is accounted for and gold is right
///
/// Compares bronze, ledger, commit log, silver and gold with one another and names the first difference of each check:
/// no event missing in bronze and none stored twice; every line in the ledger; every record of them a row, a duplicate,
/// filtered or quarantined; the files of silver hold what the log says; no key twice; each gold table equals an aggregate of
/// silver that is computed here, independently of gold. Where the event hub can be read, bronze is compared with it
/// too. With --deep every event of bronze is opened again, with code of the audit's own, and compared with what the ledger
/// says of its object: events that are empty and opened, their records, and how many of them `where` leaves out. Reads only, and may run beside a pipeline at work, however old it is.
///
/// Exit code 0: everything adds up. 1: it does not, or a store failed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice audit                     the pipeline that `sluice up` runs, or that of local.settings.json
  sluice audit --grace 0s          also count bronze objects of the last ten minutes
  sluice audit --deep              also open every event again, as silver once did
  sluice audit --json | jq '.checks[] | select(.difference)'
  LakeStorage='…' AzureWebJobsStorage='…' GoldDatabase='…' sluice audit --dataset datasets/orders.toml
                                   a deployment in Azure")]
pub(super) struct AuditArguments {
    /// Bronze objects younger than this may still be in flight, and those of the last ten seconds always
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration::or_seconds)]
    grace: Duration,
    /// Open every event of bronze again and compare what is in it with the ledger
    #[arg(long)]
    deep: bool,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Do not ask the event hub what it holds
    #[arg(long)]
    no_hub: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Bronze objects younger than this are in silver's hands where a pipeline runs, and say nothing of it.
const IN_HAND: Duration = Duration::from_secs(10);

/// Audits; returns whether everything adds up.
pub(super) async fn run(arguments: AuditArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = arguments.hub.find_settings().await?;
    let stores = Stores::open(&settings)?;
    // The hub first: what is in bronze by the time it is listed may be more, never less.
    let hub = match arguments.no_hub {
        true => Hub::NotAsked,
        false => ask(&arguments.hub, &settings).await,
    };
    let warehouse = target::warehouse(&settings, &stores.dataset)?;
    let target = settings.target();
    if !arguments.json {
        print_prose(&format!("from {target}"));
    }
    let options = Options {
        grace: arguments.grace.max(IN_HAND),
        hub,
        is_deep: arguments.deep,
        ..Options::at(SystemClock.now())
    };
    let subject = stores.subject(warehouse);
    let report = examine(&subject, &options).await?;
    let nulls = null_columns(&subject).await?;
    match arguments.json {
        true => print(&serde_json::to_string_pretty(&About {
            target,
            result: json(&report, &nulls),
        })?),
        false => show(&report, &nulls),
    }
    Ok(report.adds_up())
}

async fn ask(hub: &HubArguments, settings: &AppSettings) -> Hub {
    let hub = match hub.connect(settings) {
        Ok(hub) => hub,
        Err(error) => return Hub::Unreadable(sluice::error::chain(error.as_ref())),
    };
    match read_partitions(&hub).await {
        Ok(partitions) => Hub::Read(partitions.into_iter().map(hub_partition).collect()),
        Err(reason) => Hub::Unreadable(reason),
    }
}

fn hub_partition((id, state): (String, PartitionState)) -> HubPartition {
    HubPartition {
        id: PartitionId(id),
        first: match state.is_empty {
            true => state.last_sequence + 1,
            false => state.begin_sequence,
        },
        last: state.last_sequence,
        last_enqueued: state.last_enqueued_ms.map(UnixMillis),
    }
}

/// Audits with progress bars.
///
/// # Errors
/// Fails if a store does; a difference is part of the report.
pub(super) async fn examine(subject: &Subject, options: &Options) -> Result<Report, AuditError> {
    let bars = Bars::default();
    let report = audit(subject, options, &bars).await;
    bars.finish();
    report
}

/// Finds the columns that are null in every row. That is no difference, and may be a mistake of the dataset file.
///
/// # Errors
/// Fails if a store does.
pub(super) async fn null_columns(subject: &Subject) -> Result<Vec<NullColumn>, LogError> {
    let (state, lake) = (Arc::clone(&subject.state), Arc::clone(&subject.lake));
    let log = CommitLog::new(state, lake, &subject.dataset);
    match nulls::of_all(&subject.dataset, &log).await {
        // A log of another build, which the audit has named.
        Err(error) if error.is_outdated() => Ok(Vec::new()),
        found => found,
    }
}

/// Where what a check found begins.
const INDENT: usize = 7;

/// A bar for each step of an audit, one after the other.
#[derive(Debug, Default)]
struct Bars(Mutex<Option<ProgressBar>>);

impl Bars {
    /// Clears the bar that is shown.
    fn finish(&self) {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(bar) = bar {
            bar.finish_and_clear();
        }
    }
}

impl Progress for Bars {
    fn start(&self, step: &str, total: u64) {
        self.finish();
        let bar = bar(step, Some(total).filter(|total| *total > 0));
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(bar);
    }

    fn advance(&self, more: u64) {
        let bar = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(bar) = bar.as_ref() {
            bar.inc(more);
        }
    }
}

/// A report with its verdict.
#[derive(Serialize)]
struct WithVerdict<'a> {
    #[serde(flatten)]
    report: &'a Report,
    adds_up: bool,
    /// Columns without a single value.
    null_columns: &'a [NullColumn],
}

/// The report for programs: its fields, and whether everything adds up.
pub(super) fn json(report: &Report, null_columns: &[NullColumn]) -> Value {
    json!(WithVerdict {
        report,
        adds_up: report.adds_up(),
        null_columns,
    })
}

/// Prints the report for people.
pub(super) fn show(report: &Report, nulls: &[NullColumn]) {
    print_prose_lines(lines(report, nulls), Some(INDENT));
}

/// The report for people: a line for each check, the totals and the verdict.
fn lines(report: &Report, nulls: &[NullColumn]) -> Vec<Line> {
    let version = report.version.map_or_else(
        || "no version yet".to_owned(),
        |version| format!("version {version}"),
    );
    let title = format!(
        "audit of {}, generation {}, {version}",
        report.dataset, report.generation
    );
    let mut lines = vec![Line::of(Tone::Strong, &title)];
    lines.extend(report.checks.iter().flat_map(check_lines));
    let doubts = nulls.iter().map(ToString::to_string);
    lines.extend(doubts.map(|text| Line::of(Tone::Doubtful, "  !    ").and(Tone::Plain, &text)));
    let sums = &report.sums;
    let events = count(sums.lines, "line");
    lines.push(Line::from(balance(sums).text(&events)));
    lines.push(match report.first_difference() {
        None => Line::of(Tone::Good, "everything adds up"),
        // What differs stands above, below its check.
        Some((name, _)) => {
            Line::of(Tone::Bad, "DOES NOT ADD UP").and(Tone::Plain, &format!(": {name}"))
        }
    });
    lines
}

fn balance(sums: &Sums) -> Balance {
    Balance {
        lines: sums.lines,
        empty: sums.empty,
        records: sums.records,
        rows: sums.rows,
        duplicates: sums.duplicates,
        conflicts: sums.conflicts,
        filtered: sums.filtered,
        quarantined: sums.quarantined,
        nulled: sums.nulled,
    }
}

fn check_lines(check: &Check) -> impl Iterator<Item = Line> {
    let mark = match (&check.difference, check.skipped) {
        (Some(_), _) => Line::plain("  ").and(Tone::Bad, "FAIL"),
        (None, true) => Line::plain("  ").and(Tone::Doubtful, "skip"),
        (None, false) => Line::plain("  ").and(Tone::Good, "ok  "),
    };
    let text = format!(" {:<52} {}", check.name, check.examined);
    let line = mark.and(Tone::Plain, &text);
    let difference = check.difference.as_ref();
    let difference = difference.map(|difference| Line::from(format!("       {difference}")));
    std::iter::once(line).chain(difference)
}

#[cfg(test)]
mod tests;
