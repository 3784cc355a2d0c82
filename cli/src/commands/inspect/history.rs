//! `sluice history`: the log of silver, with what each commit did.

use std::error::Error;

use clap::Args;
use serde_json::json;
use sluice::table::log::{Commit, CommitKind, LogError, Version};
use sluice::warehouse::TableRows;

use crate::output::{count, print, say, size, table, thousands};
use crate::target::{AppSettings, SettingsArguments, Stores};

/// Versions that are read at a time.
const CHUNK: u64 = 1_000;

/// Print the log of silver: every commit with what it did, the latest first
///
/// Version n of the log is version n of the Delta table. A commit appends rows, compacts files (the same rows in fewer
/// files) or changes the schema. Entries older than a week may be gone; what they did is still in `sluice status`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  sluice history                 the last 20 commits
  sluice history --limit 0       all that are left
  sluice history --json --limit 0 | jq 'select(.did == \"compact\")'")]
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
    let settings = AppSettings::find(&arguments.settings).await?;
    let stores = Stores::open(&settings)?;
    if let Some(misfit) = stores.misfit().await? {
        say(&format!("warning: {misfit}"));
    }
    let Some(head) = stores.log.head().await? else {
        if !arguments.json {
            print("silver has no log yet");
        }
        return Ok(true);
    };
    let oldest = stores.log.first_version(head.version).await?;
    let span = Span::of(oldest, head.version, arguments.limit);
    let mut shown = Vec::new();
    let take = |commit: &Commit| match arguments.json {
        true => print(&as_json(commit).to_string()),
        false => shown.push(Line::of(commit)),
    };
    read_backwards(&stores, &span, take).await?;
    if !arguments.json {
        print(&table(&span.title(&stores.dataset.name), &as_table(&shown)));
    }
    Ok(true)
}

/// Which versions are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    /// The oldest that is left.
    oldest: Version,
    /// The oldest that is printed.
    first: Version,
    head: Version,
}

impl Span {
    /// The last `limit` of the versions that are left; 0 is all of them.
    fn of(oldest: Version, head: Version, limit: u64) -> Self {
        let first = match limit {
            0 => oldest,
            limit => oldest.max(Version((head.0 + 1).saturating_sub(limit))),
        };
        Self {
            oldest,
            first,
            head,
        }
    }

    fn title(&self, dataset: &str) -> String {
        let left = count(self.head.0 + 1 - self.oldest.0, "version");
        let mut title = format!("{dataset} at version {}: {left}", thousands(self.head.0));
        if self.oldest > Version(0) {
            title.push_str(", older ones are gone");
        }
        if self.first > self.oldest {
            let shown = self.head.0 + 1 - self.first.0;
            title.push_str(&format!(", the last {}", thousands(shown)));
        }
        title
    }
}

/// Hands every commit of the span to `take`, the latest first. Those that maintenance clears meanwhile are left out.
async fn read_backwards(
    stores: &Stores,
    span: &Span,
    mut take: impl FnMut(&Commit),
) -> Result<(), LogError> {
    let mut until = Some(span.head);
    while let Some(last) = until.filter(|last| *last >= span.first) {
        let from = span.first.max(Version((last.0 + 1).saturating_sub(CHUNK)));
        let commits = stores.log.remaining(from, last).await?;
        commits.iter().rev().for_each(&mut take);
        until = from.0.checked_sub(1).map(Version);
    }
    Ok(())
}

/// A commit in words and numbers; blank where a number says nothing about it.
struct Line {
    cells: [Option<String>; COLUMNS.len()],
}

const COLUMNS: [&str; 17] = [
    "version",
    "committed",
    "did",
    "sources",
    "lines",
    "empty",
    "records",
    "rows",
    "duplicates",
    "conflicts",
    "late",
    "filtered",
    "quarantined",
    "nulled",
    "files",
    "size",
    "watermark",
];
/// Columns that are left out where no commit has anything in them.
const RARE: [&str; 8] = [
    "empty",
    "records",
    "duplicates",
    "conflicts",
    "late",
    "filtered",
    "quarantined",
    "nulled",
];

impl Line {
    fn of(commit: &Commit) -> Self {
        let (kind, replaced) = kind(commit);
        let counts = &commit.counts;
        let number = |number: u64| (number > 0).then(|| thousands(number));
        let files = commit.files.len() as u64;
        let rows: u64 = commit.files.iter().map(|file| file.rows).sum();
        Self {
            cells: [
                Some(thousands(commit.version.0)),
                Some(commit.committed.to_string()),
                Some(kind.to_owned()),
                number(commit.sources),
                number(counts.lines),
                number(counts.empty),
                // Said where it says more than the lines.
                number(counts.records).filter(|_| counts.records != counts.lines),
                number(rows),
                number(counts.duplicates),
                number(counts.conflicts),
                number(counts.late),
                number(counts.filtered),
                number(counts.quarantined_total()),
                number(counts.nulled.total()),
                match replaced {
                    0 => number(files),
                    replaced => Some(format!("{} for {}", thousands(files), thousands(replaced))),
                },
                (files > 0).then(|| size(commit.files.iter().map(|file| file.bytes).sum())),
                commit.watermark.map(|time| time.to_string()),
            ],
        }
    }
}

fn as_table(lines: &[Line]) -> TableRows {
    let is_shown = |index: &usize| {
        let is_rare = COLUMNS.get(*index).is_some_and(|name| RARE.contains(name));
        let is_empty = |line: &Line| line.cells.get(*index).is_none_or(Option::is_none);
        !is_rare || !lines.iter().all(is_empty)
    };
    let shown: Vec<usize> = (0..COLUMNS.len()).filter(is_shown).collect();
    let rows = lines.iter().map(|line| {
        let cells = shown.iter().filter_map(|index| line.cells.get(*index));
        cells
            .map(|cell| Some(cell.clone().unwrap_or_default()))
            .collect()
    });
    let columns = shown.iter().filter_map(|index| COLUMNS.get(*index));
    TableRows {
        columns: columns.map(|name| (*name).to_owned()).collect(),
        rows: rows.collect(),
    }
}

fn as_json(commit: &Commit) -> serde_json::Value {
    let (kind, replaced) = kind(commit);
    let counts = &commit.counts;
    let files = &commit.files;
    json!({
        "version": commit.version.0,
        "id": commit.id,
        "committed": commit.committed.to_string(),
        "did": kind,
        "sources": commit.sources,
        "lines": counts.lines,
        "empty": counts.empty,
        "opened": counts.opened,
        "records": counts.records,
        "rows": files.iter().map(|file| file.rows).sum::<u64>(),
        "duplicates": counts.duplicates,
        "conflicts": counts.conflicts,
        "late": counts.late,
        "filtered": counts.filtered,
        "quarantined": counts.quarantined_total(),
        "nulled": counts.nulled,
        "files": files.len(),
        "bytes": files.iter().map(|file| file.bytes).sum::<u64>(),
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

#[cfg(test)]
mod tests;
