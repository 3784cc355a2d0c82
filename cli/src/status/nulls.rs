//! Columns that are null in every row: as a rule `from` names a place that the events do not have, and everything else adds up.
//!
//! What is asked is what the log says of each file for readers of the Delta table, so that no row is read. `status` looks at
//! the latest commits, in one read; an audit at all files that are live.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;
use sluice::dataset::{Column, Dataset};
use sluice::table::delta::stats;
use sluice::table::log::{CommitKind, CommitLog, DataFile, Head, LogError, Version};

use crate::output::{count, thousands};

/// How many rows have to be looked at before their nulls say anything.
const FEW: u64 = 100;
/// The commits that are looked at where not all files are.
const LATEST: u64 = 50;
/// How often the log may turn out to be cleared while it is read.
const ATTEMPTS: usize = 5;

/// A column without a single value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct NullColumn {
    pub(crate) column: String,
    /// In so many rows.
    pub(crate) rows: u64,
    /// Whether these are all rows, and not the latest ones only.
    pub(crate) is_all: bool,
    /// The places where the column is read; nothing where it is computed.
    pub(crate) from: Vec<String>,
}

impl fmt::Display for NullColumn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rows = match self.is_all {
            true => format!("all {}", count(self.rows, "row")),
            false => format!("all of the newest {} rows", thousands(self.rows)),
        };
        write!(f, "column {} is null in {rows}: ", self.column)?;
        match self.from.as_slice() {
            [] => f.write_str("is its expression what is meant?"),
            from => write!(
                f,
                "is {} where the events have it? `sluice dataset try FILE EVENTS` shows what they have",
                from.join(" or ")
            ),
        }
    }
}

/// Looks at the rows of the latest commits.
pub(crate) async fn of_latest(
    dataset: &Dataset,
    log: &CommitLog,
    head: &Head,
    rows: u64,
) -> Result<Vec<NullColumn>, LogError> {
    if rows < FEW {
        return Ok(Vec::new());
    }
    let first = Version(head.version.0.saturating_sub(LATEST - 1));
    // What maintenance has cleared is older than what is asked about.
    let commits = log.remaining(first, head.version).await?;
    let appended = commits
        .iter()
        .filter(|commit| commit.kind == CommitKind::Append);
    let files = appended.flat_map(|commit| &commit.files);
    Ok(without_values(dataset, files, rows))
}

/// Looks at all rows of silver as it is; starts over if maintenance clears the log meanwhile.
pub(crate) async fn of_all(
    dataset: &Dataset,
    log: &CommitLog,
) -> Result<Vec<NullColumn>, LogError> {
    let mut attempts = 1;
    loop {
        match of_head(dataset, log).await {
            Err(error) if error.is_outdated() && attempts < ATTEMPTS => attempts += 1,
            found => return found,
        }
    }
}

async fn of_head(dataset: &Dataset, log: &CommitLog) -> Result<Vec<NullColumn>, LogError> {
    let Some(head) = log.head().await? else {
        return Ok(Vec::new());
    };
    let snapshot = log.load(&head).await?;
    let files = || snapshot.files.values().map(|live| &live.file);
    let rows = files().map(|file| file.rows).sum();
    Ok(without_values(dataset, files(), rows))
}

/// Finds the columns that may be null and always are; `all` is how many rows silver has.
fn without_values<'f>(
    dataset: &Dataset,
    files: impl Iterator<Item = &'f DataFile>,
    all: u64,
) -> Vec<NullColumn> {
    // Rows and those of them without a value, of the files that say it of the column.
    let mut seen: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let texts = files.filter_map(|file| file.stats.as_deref());
    for found in texts.filter_map(stats::nulls) {
        for (column, nulls) in found.columns {
            let (rows, all_nulls) = seen.entry(column).or_default();
            *rows += found.rows;
            *all_nulls += nulls;
        }
    }
    let columns = dataset.columns.iter().filter(|column| !column.required);
    let found = columns.filter_map(|column| {
        let (rows, nulls) = *seen.get(&column.name)?;
        (rows >= FEW && rows == nulls).then(|| NullColumn {
            column: column.name.clone(),
            rows,
            is_all: rows == all,
            from: places(column),
        })
    });
    found.collect()
}

/// The places where a column is read, as the dataset file writes them.
fn places(column: &Column) -> Vec<String> {
    let places = column.from.iter();
    let places = places.map(|place| format!("{} = \"{}\"", place.origin.key(), place.path));
    places.collect()
}

#[cfg(test)]
mod tests {
    use sluice::event::EventTime;
    use sluice::store::object::ObjectPath;

    use super::*;

    const FILE: &str = r#"
name = "pumps"
key = ["id", "at"]
event_time = "at"
[[column]]
name = "id"
type = "int64"
required = true
[[column]]
name = "at"
type = "timestamp"
required = true
[[column]]
name = "temp"
from = "telemetry.temp"
type = "double"
[[column]]
name = "hot"
expr = "temp > 60"
type = "bool"
"#;

    fn file(rows: u64, nulls: &str) -> DataFile {
        DataFile {
            path: ObjectPath::new("silver", "f"),
            period: EventTime(0),
            rows,
            bytes: 1,
            min: EventTime(0),
            max: EventTime(0),
            stats: Some(format!(
                r#"{{"numRecords":{rows},"minValues":{{}},"maxValues":{{}},"nullCount":{{{nulls}}}}}"#
            )),
        }
    }

    fn found(files: &[DataFile], all: u64) -> Vec<String> {
        let dataset = Dataset::parse(FILE, "pumps.toml").unwrap();
        let found = without_values(&dataset, files.iter(), all);
        found.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_column_without_a_value_is_named_with_its_place() {
        let files = [
            file(1_500, r#""id":0,"temp":1500,"hot":1500"#),
            file(500, r#""id":0,"temp":500,"hot":500"#),
        ];
        assert_eq!(
            found(&files, 2_000),
            [
                r#"column temp is null in all 2,000 rows: is from = "telemetry.temp" where the events have it? `sluice dataset try FILE EVENTS` shows what they have"#,
                "column hot is null in all 2,000 rows: is its expression what is meant?",
            ]
        );
        let of_newest = found(&files[..1], 2_000);
        assert!(
            of_newest[0].contains("in all of the newest 1,500 rows: "),
            "{of_newest:?}"
        );
    }

    #[test]
    fn one_value_is_enough_and_few_rows_say_nothing() {
        let files = [file(2_000, r#""temp":1999,"hot":2000"#)];
        assert_eq!(found(&files, 2_000).len(), 1, "hot");
        assert_eq!(
            found(&[file(99, r#""temp":99"#)], 99),
            Vec::<String>::new(),
            "too few"
        );
    }

    #[test]
    fn rows_that_are_older_than_a_column_say_nothing_of_it() {
        let files = [file(5_000, r#""id":0"#), file(60, r#""id":0,"temp":60"#)];
        assert_eq!(found(&files, 5_060), Vec::<String>::new());
        let mut unrecorded = file(200, r#""temp":200"#);
        unrecorded.stats = None;
        assert_eq!(found(&[unrecorded], 200), Vec::<String>::new());
    }
}
