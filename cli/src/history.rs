//! `sluice history`: the log of silver, with what each commit did.

use std::error::Error;

use clap::Args;
use serde_json::json;
use sluice::state::commit_log::{Commit, CommitKind, Version};
use sluice::warehouse::TableRows;

use crate::settings::{AppSettings, SettingsArguments};
use crate::stores::Stores;
use crate::tables;
use crate::text::print;

/// Print the log of silver: every commit with what it did, the latest first
///
/// Version n of the log is version n of the Delta table. Entries older than a week may be gone.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice history                 the last 20 commits
  sluice history --limit 0       all that are left
  sluice history --json          an object a line")]
pub(crate) struct HistoryArguments {
    /// Most commits to print; 0 is all
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: u64,
    /// Print JSON, an object a line
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    settings: SettingsArguments,
}

/// Prints.
pub(crate) async fn run(arguments: HistoryArguments) -> Result<bool, Box<dyn Error + Send + Sync>> {
    let settings = AppSettings::find(&arguments.settings)?;
    let stores = Stores::open(&settings)?;
    let Some(head) = stores.log.head().await? else {
        print("silver has no log yet");
        return Ok(true);
    };
    let oldest = stores.log.first_version(head.version).await?;
    let first = match arguments.limit {
        0 => oldest,
        limit => oldest.max(Version((head.version.0 + 1).saturating_sub(limit))),
    };
    let mut commits = stores.log.remaining(first, head.version).await?;
    commits.reverse();
    match arguments.json {
        true => commits
            .iter()
            .for_each(|commit| print(&as_json(commit).to_string())),
        false => {
            let title = format!("{} at version {}", stores.dataset.name, head.version);
            print(&tables::render(&title, &as_table(&commits)));
        }
    }
    Ok(true)
}

fn as_table(commits: &[Commit]) -> TableRows {
    let columns = [
        "version",
        "committed",
        "did",
        "sources",
        "lines",
        "rows",
        "duplicates",
        "late",
        "quarantined",
        "files",
        "replaced",
        "watermark",
    ];
    let rows = commits.iter().map(|commit| {
        let (kind, replaced) = kind(commit);
        let counts = &commit.counts;
        let number = |number: u64| Some(number.to_string());
        vec![
            number(commit.version.0),
            Some(commit.committed.to_string()),
            Some(kind.to_owned()),
            number(commit.sources),
            number(counts.lines),
            number(counts.rows),
            number(counts.duplicates),
            number(counts.late),
            number(counts.quarantined_total()),
            number(commit.files.len() as u64),
            number(replaced),
            commit.watermark.map(|time| time.to_string()),
        ]
    });
    TableRows {
        columns: columns.map(str::to_owned).to_vec(),
        rows: rows.collect(),
    }
}

fn as_json(commit: &Commit) -> serde_json::Value {
    let (kind, replaced) = kind(commit);
    let counts = &commit.counts;
    json!({
        "version": commit.version.0,
        "id": commit.id,
        "committed": commit.committed.to_string(),
        "did": kind,
        "sources": commit.sources,
        "lines": counts.lines,
        "rows": counts.rows,
        "duplicates": counts.duplicates,
        "late": counts.late,
        "quarantined": counts.quarantined_total(),
        "files": commit.files.len(),
        "replaced": replaced,
        "watermark": commit.watermark.map(|time| time.to_string()),
    })
}

fn kind(commit: &Commit) -> (&'static str, u64) {
    match &commit.kind {
        CommitKind::Schema(_) => ("schema", 0),
        CommitKind::Append => ("append", 0),
        CommitKind::Compact { replaces } => ("compact", replaces.len() as u64),
    }
}
