//! `sluice history`: the log of silver, with what each commit did.

use std::error::Error;

use clap::Args;
use serde_json::json;
use sluice::table::log::{Commit, CommitKind, LogError, Version};
use sluice::warehouse::schema::ValueType;

use crate::number;
use crate::output::{Column, Format, FormatArguments, Table, count, print, say, size, thousands};
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
  sluice history -n 0            all that are left
  sluice history --format csv > commits.csv
  sluice history --json -n 0 | jq 'select(.did == \"compact\")'")]
pub(crate) struct HistoryArguments {
    /// Most commits to print; 0 is all
    #[arg(short = 'n', long, value_name = "N", default_value_t = 20, value_parser = number::from::<u64>(0))]
    limit: u64,
    #[command(flatten)]
    format: FormatArguments,
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
        if arguments.format.is_for_people() {
            print("silver has no log yet");
        }
        return Ok(true);
    };
    let oldest = stores.log.first_version(head.version).await?;
    let span = Span::of(oldest, head.version, arguments.limit);
    let format = arguments.format.format();
    let mut shown = Vec::new();
    let take = |commit: &Commit| match format {
        // Each as it is read: an old lake has many.
        Format::Json => print(&as_json(commit).to_string()),
        Format::Table => shown.push(cells(commit, size)),
        Format::Csv => shown.push(cells(commit, |bytes| bytes.to_string())),
    };
    read_backwards(&stores, &span, take).await?;
    let title = span.title(&stores.dataset.name);
    match format {
        Format::Json => {}
        Format::Table => without_empty(&title, shown).show(format),
        Format::Csv => Table::new(&title, columns(|_| true), shown).show(format),
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

/// A commit in words and numbers, a text for each of [`COLUMNS`].
type Cells = Vec<Option<String>>;

/// Where people are shown a column; programs are always.
#[derive(Clone, Copy, Debug)]
enum Shown {
    Always,
    /// Where the terminal is wide enough.
    IfWide,
    /// Where some commit has anything in it.
    IfAny,
    /// Where both are so.
    IfWideAndAny,
}

/// The columns with what they hold, and where people are shown them.
const COLUMNS: [(&str, ValueType, Shown); 18] = [
    ("version", ValueType::Int64, Shown::Always),
    ("committed", ValueType::Timestamp, Shown::Always),
    ("did", ValueType::Text, Shown::Always),
    ("sources", ValueType::Int64, Shown::IfWide),
    ("lines", ValueType::Int64, Shown::Always),
    ("empty", ValueType::Int64, Shown::IfAny),
    ("records", ValueType::Int64, Shown::IfAny),
    ("rows", ValueType::Int64, Shown::Always),
    ("duplicates", ValueType::Int64, Shown::IfAny),
    ("conflicts", ValueType::Int64, Shown::IfAny),
    ("late", ValueType::Int64, Shown::IfWideAndAny),
    ("filtered", ValueType::Int64, Shown::IfAny),
    ("quarantined", ValueType::Int64, Shown::IfAny),
    ("nulled", ValueType::Int64, Shown::IfAny),
    ("files", ValueType::Int64, Shown::IfWide),
    ("replaced", ValueType::Int64, Shown::IfAny),
    ("bytes", ValueType::Int64, Shown::IfWide),
    ("watermark", ValueType::Timestamp, Shown::IfWide),
];

fn cells(commit: &Commit, size: impl Fn(u64) -> String) -> Cells {
    let (kind, replaced) = kind(commit);
    let counts = &commit.counts;
    let number = |number: u64| Some(number.to_string());
    let rows: u64 = commit.files.iter().map(|file| file.rows).sum();
    vec![
        number(commit.version.0),
        Some(commit.committed.to_string()),
        Some(kind.to_owned()),
        number(commit.sources),
        number(counts.lines),
        number(counts.empty),
        number(counts.records),
        number(rows),
        number(counts.duplicates),
        number(counts.conflicts),
        number(counts.late),
        number(counts.filtered),
        number(counts.quarantined_total()),
        number(counts.nulled.total()),
        number(commit.files.len() as u64),
        number(replaced),
        Some(size(commit.files.iter().map(|file| file.bytes).sum())),
        commit.watermark.map(|time| time.to_string()),
    ]
}

fn columns(is_shown: impl Fn(usize) -> bool) -> Vec<Column> {
    let columns = COLUMNS.iter().enumerate();
    let columns = columns.filter(|(at, _)| is_shown(*at));
    let columns = columns.map(|(_, (name, kind, shown))| match shown {
        Shown::IfWide | Shown::IfWideAndAny => Column::new(name, *kind).spare(),
        Shown::Always | Shown::IfAny => Column::new(name, *kind),
    });
    columns.collect()
}

/// Makes the table for people: what no commit has is left out, and records where they are the lines.
fn without_empty(title: &str, commits: Vec<Cells>) -> Table {
    let at = |name: &str| COLUMNS.iter().position(|(column, ..)| *column == name);
    let (records, lines) = (at("records"), at("lines"));
    let text = |commit: &Cells, at: Option<usize>| commit.get(at?).cloned().flatten();
    let is_shown = |column: usize| {
        let is_rare = COLUMNS
            .get(column)
            .is_some_and(|(_, _, shown)| matches!(shown, Shown::IfAny | Shown::IfWideAndAny));
        let says_more = |commit: &Cells| {
            let value = text(commit, Some(column));
            let says_nothing = match records == Some(column) {
                true => text(commit, lines),
                false => Some("0".to_owned()),
            };
            value != says_nothing
        };
        !is_rare || commits.iter().any(says_more)
    };
    let shown: Vec<usize> = (0..COLUMNS.len()).filter(|at| is_shown(*at)).collect();
    let rows = commits.iter().map(|commit| {
        let cells = shown.iter().map(|at| text(commit, Some(*at)));
        cells.collect()
    });
    Table::new(title, columns(|at| shown.contains(&at)), rows.collect())
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
