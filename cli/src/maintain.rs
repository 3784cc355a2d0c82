//! `sluice maintain`: one run of maintenance, now.

use std::error::Error;
use std::time::Duration;

use clap::Args;
use serde_json::Value;
use sluice::maintain::{Options, Report};
use sluice::retry::Deadline;

use crate::settings::{AppSettings, SettingsArguments};
use crate::stores::Stores;
use crate::text::print;

/// Reconcile, compact, publish, snapshot and vacuum silver now, and say what was done and what is left
///
/// The function `maintain` does the same by its timer; running both at once is safe.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice maintain --dry-run      what there is to do
  sluice maintain                a run as the timer's
  sluice maintain --full         look at all of bronze, and vacuum whenever the last time was")]
pub(crate) struct MaintainArguments {
    /// Say what would be done, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Look at all of bronze, and vacuum whenever the last time was
    #[arg(long)]
    full: bool,
    /// Begin no more work after this many minutes
    #[arg(long, value_name = "N", default_value_t = 10)]
    minutes: u64,
    /// Print the report as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Runs.
pub(crate) async fn run(
    arguments: MaintainArguments,
) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings)?;
    let stores = Stores::open(&settings)?;
    let options = Options {
        dry_run: arguments.dry_run,
        full: arguments.full,
    };
    let deadline = Deadline::after(Duration::from_secs(arguments.minutes.saturating_mul(60)));
    let report = stores.maintenance().run(options, deadline).await;
    let is_whole = report.failures().is_empty();
    match arguments.json {
        true => print(&serde_json::to_string(&report)?),
        false => print(&lines(&report)?.join("\n")),
    }
    Ok(is_whole)
}

/// Lays a report out, a line for each step: what is not zero.
fn lines(report: &Report) -> Result<Vec<String>, serde_json::Error> {
    let report = serde_json::to_value(report)?;
    let steps = [
        "reconcile",
        "compact",
        "delta",
        "snapshot",
        "checkpoint",
        "vacuum",
    ];
    let line = |step: &&str| {
        let text = match (&report[step]["done"], &report[step]["failed"]) {
            (Value::Object(done), _) => {
                let facts = done.iter().filter(|(_, value)| is_worth_telling(value));
                let facts: Vec<String> = facts
                    .map(|(name, value)| format!("{} {value}", name.replace('_', " ")))
                    .collect();
                match facts.is_empty() {
                    true => "nothing to do".to_owned(),
                    false => facts.join(", "),
                }
            }
            (_, failed) => format!("failed: {}", failed.as_str().unwrap_or_default()),
        };
        format!("{step:<11} {text}")
    };
    let mut lines: Vec<String> = steps.iter().map(line).collect();
    if report["dry_run"] == true {
        lines.insert(0, "a dry run: nothing was changed".to_owned());
    }
    Ok(lines)
}

fn is_worth_telling(value: &Value) -> bool {
    !matches!(value, Value::Null | Value::Bool(false)) && value.as_u64() != Some(0)
}

#[cfg(test)]
mod tests {
    use sluice::maintain::{Compacted, Delta, Reconciled, Snapshotted, Step, Vacuumed};

    use super::*;

    #[test]
    fn a_report_tells_what_was_done_and_what_failed() {
        let report = Report {
            dry_run: false,
            reconcile: Step::Done(Reconciled {
                refined: 3,
                ..Reconciled::default()
            }),
            compact: Step::Done(Compacted::default()),
            delta: Step::Done(Delta {
                published: Some(7),
                ..Delta::default()
            }),
            snapshot: Step::Done(Snapshotted::default()),
            checkpoint: Step::Failed("write blob x: refused".into()),
            vacuum: Step::Done(Vacuumed::default()),
        };
        let expected = [
            "reconcile   refined 3",
            "compact     nothing to do",
            "delta       published 7",
            "snapshot    nothing to do",
            "checkpoint  failed: write blob x: refused",
            "vacuum      nothing to do",
        ];
        assert_eq!(lines(&report).unwrap(), expected);
    }
}
