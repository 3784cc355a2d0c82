//! `sluice history`: the log of silver, with what each commit did.

use std::error::Error;

use clap::Args;
use serde_json::json;
use sluice::table::log::{Commit, CommitKind, Version};
use sluice::warehouse::TableRows;

use crate::settings::{AppSettings, SettingsArguments};
use crate::stores::Stores;
use crate::tables;
use crate::text::{count, print, size, thousands};

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
    let settings = AppSettings::find(&arguments.settings)?;
    let stores = Stores::open(&settings)?;
    let Some(head) = stores.log.head().await? else {
        if !arguments.json {
            print("silver has no log yet");
        }
        return Ok(true);
    };
    let oldest = stores.log.first_version(head.version).await?;
    let first = match arguments.limit {
        0 => oldest,
        limit => oldest.max(Version((head.version.0 + 1).saturating_sub(limit))),
    };
    let mut shown = Vec::new();
    let mut until = Some(head.version);
    while let Some(last) = until.filter(|last| *last >= first) {
        let from = first.max(Version((last.0 + 1).saturating_sub(CHUNK)));
        for commit in stores.log.remaining(from, last).await?.iter().rev() {
            match arguments.json {
                true => print(&as_json(commit).to_string()),
                false => shown.push(Line::of(commit)),
            }
        }
        until = from.0.checked_sub(1).map(Version);
    }
    if !arguments.json {
        let left = count(head.version.0 + 1 - oldest.0, "version");
        let mut title = format!(
            "{} at version {}: {left}",
            stores.dataset.name,
            thousands(head.version.0)
        );
        if oldest > Version(0) {
            title.push_str(", older ones are gone");
        }
        if first > oldest {
            title.push_str(&format!(", the last {}", thousands(arguments.limit)));
        }
        print(&tables::render(&title, &as_table(&shown)));
    }
    Ok(true)
}

/// A commit in words and numbers; nothing where a number says nothing about it.
struct Line {
    cells: [Option<String>; COLUMNS.len()],
}

const COLUMNS: [&str; 12] = [
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
    "size",
    "watermark",
];
/// Columns that are left out where no commit has anything in them.
const RARE: [&str; 3] = ["duplicates", "late", "quarantined"];

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
                number(rows),
                number(counts.duplicates),
                number(counts.late),
                number(counts.quarantined_total()),
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
        "rows": files.iter().map(|file| file.rows).sum::<u64>(),
        "duplicates": counts.duplicates,
        "late": counts.late,
        "quarantined": counts.quarantined_total(),
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
mod tests {
    use sluice::event::{EventTime, UnixMillis};
    use sluice::store::object::ObjectPath;
    use sluice::table::log::{Counts, DataFile};

    use super::*;

    fn commit(version: u64, kind: CommitKind, lines: u64) -> Commit {
        let file = DataFile {
            path: ObjectPath::new("silver", "f"),
            period: EventTime(0),
            rows: 1_200,
            bytes: 4_000,
            min: EventTime(0),
            max: EventTime(0),
            stats: None,
        };
        let counts = Counts {
            lines,
            rows: lines,
            ..Counts::default()
        };
        Commit {
            version: Version(version),
            id: "c".into(),
            kind,
            committed: UnixMillis(0),
            files: vec![file],
            sources: lines.min(1),
            counts,
            watermark: None,
        }
    }

    #[test]
    fn a_compaction_says_what_it_made_of_what_and_empty_columns_are_left_out() {
        let replaces = vec![
            ObjectPath::new("silver", "a"),
            ObjectPath::new("silver", "b"),
        ];
        let lines = [
            commit(2, CommitKind::Compact { replaces }, 0),
            commit(1, CommitKind::Append, 1_200),
        ];
        let table = as_table(&lines.each_ref().map(Line::of));
        let names: Vec<&str> = table.columns.iter().map(String::as_str).collect();
        assert_eq!(
            names,
            [
                "version",
                "committed",
                "did",
                "sources",
                "lines",
                "rows",
                "files",
                "size",
                "watermark"
            ]
        );
        let row = |index: usize| -> Vec<&str> {
            let cells = table.rows[index].iter();
            cells.map(|cell| cell.as_deref().unwrap()).collect()
        };
        let time = "1970-01-01T00:00:00.000Z";
        assert_eq!(
            row(0),
            [
                "2", time, "compact", "", "", "1,200", "1 for 2", "4.0 kB", ""
            ]
        );
        assert_eq!(
            row(1),
            [
                "1", time, "append", "1", "1,200", "1,200", "1", "4.0 kB", ""
            ]
        );
    }
}
