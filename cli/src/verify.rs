//! `sluice audit`: proves that everything adds up.

use std::error::Error;
use std::time::Duration;

use clap::Args;
use serde_json::{Value, json};
use sluice::clock::{Clock, SystemClock};
use sluice::event::{PartitionId, UnixMillis};
use sluice_cli::audit::{Hub, HubPartition, Options, Report, Subject, audit};

use crate::hub::{HubArguments, read_partitions};
use crate::progress::Bars;
use crate::settings::AppSettings;
use crate::stores::Stores;
use crate::text::{print, thousands};

/// Prove that every event is accounted for and gold is right
///
/// Compares bronze, ledger, commit log, silver and gold with one another and names the first difference of each check:
/// no event missing in bronze and none stored twice; every line in the ledger; lines = rows + duplicates +
/// quarantined; the files of silver hold what the log says; no key twice; each gold table equals an aggregate of
/// silver that is computed here, independently of gold. Where the event hub can be read, bronze is compared with it
/// too. Reads only, and may run beside a pipeline at work, however old it is.
///
/// Exit code 0: everything adds up. 1: it does not, or a store failed.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice audit                     the pipeline that `sluice up` runs, or that of local.settings.json
  sluice audit --grace 0           also count bronze objects that were written just now
  sluice audit --json | jq '.checks[] | select(.difference)'
  LakeStorage='…' AzureWebJobsStorage='…' GoldDatabase='…' sluice audit --dataset datasets/orders.toml
                                   a deployment in Azure")]
pub(crate) struct AuditArguments {
    /// Bronze objects younger than this many seconds may still be in work
    #[arg(long, value_name = "SECONDS", default_value_t = 600)]
    grace: u64,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    /// Do not ask the event hub what it holds
    #[arg(long)]
    no_hub: bool,
    #[command(flatten)]
    hub: HubArguments,
}

/// Audits; returns whether everything adds up.
pub(crate) async fn run(arguments: AuditArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = arguments.hub.find_settings()?;
    let stores = Stores::open(&settings)?;
    // The hub first: what is in bronze by the time it is listed may be more, never less.
    let hub = match arguments.no_hub {
        true => Hub::NotAsked,
        false => ask(&arguments.hub, &settings).await,
    };
    let grace = Duration::from_secs(arguments.grace);
    let warehouse = crate::stores::warehouse(&settings, &stores.dataset)?;
    let report = examine_with(&stores.subject(warehouse), grace, hub).await?;
    match arguments.json {
        true => print(&format!("{:#}", to_json(&report))),
        false => show(&report),
    }
    Ok(report.adds_up())
}

async fn ask(hub: &HubArguments, settings: &AppSettings) -> Hub {
    let hub = match hub.connect(settings) {
        Ok(hub) => hub,
        Err(error) => return Hub::Unreadable(sluice::error::chain(error.as_ref())),
    };
    match read_partitions(&hub).await {
        Ok(partitions) => Hub::Read(
            partitions
                .into_iter()
                .map(|(id, state)| HubPartition {
                    id: PartitionId(id),
                    first: match state.is_empty {
                        true => state.last_sequence + 1,
                        false => state.begin_sequence,
                    },
                    last: state.last_sequence,
                    last_enqueued: state.last_enqueued_ms.map(UnixMillis),
                })
                .collect(),
        ),
        Err(reason) => Hub::Unreadable(reason),
    }
}

/// Audits with progress bars, without the hub.
pub(crate) async fn examine(
    subject: &Subject,
    grace: Duration,
) -> Result<Report, sluice_cli::audit::AuditError> {
    examine_with(subject, grace, Hub::NotAsked).await
}

async fn examine_with(
    subject: &Subject,
    grace: Duration,
    hub: Hub,
) -> Result<Report, sluice_cli::audit::AuditError> {
    let bars = Bars::default();
    let options = Options {
        grace,
        hub,
        ..Options::at(SystemClock.now())
    };
    let report = audit(subject, &options, &bars).await;
    bars.finish();
    report
}

/// The report for programs.
pub(crate) fn to_json(report: &Report) -> Value {
    let mut value = serde_json::to_value(report).unwrap_or_default();
    if let Some(fields) = value.as_object_mut() {
        fields.insert("adds_up".to_owned(), json!(report.adds_up()));
    }
    value
}

/// The report for people.
pub(crate) fn show(report: &Report) {
    let version = report.version.map_or_else(
        || "no version yet".to_owned(),
        |version| format!("version {version}"),
    );
    print(&format!(
        "audit of {}, generation {}, {version}",
        report.dataset, report.generation
    ));
    for check in &report.checks {
        let mark = match (&check.difference, check.skipped) {
            (Some(_), _) => "FAIL",
            (None, true) => "skip",
            (None, false) => "ok  ",
        };
        print(&format!("  {mark} {:<52} {}", check.name, check.examined));
        if let Some(difference) = &check.difference {
            print(&format!("       {difference}"));
        }
    }
    let sums = &report.sums;
    print(&format!(
        "{} lines = {} rows + {} duplicates + {} quarantined",
        thousands(sums.lines),
        thousands(sums.rows),
        thousands(sums.duplicates),
        thousands(sums.quarantined)
    ));
    match report.first_difference() {
        None => print("everything adds up"),
        Some((name, difference)) => print(&format!("DOES NOT ADD UP: {name}: {difference}")),
    }
}
