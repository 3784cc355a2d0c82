//! The ledger and the log: every line is a row, a duplicate or quarantined, and the log says the same.

use std::collections::BTreeMap;

use futures::{StreamExt, TryStreamExt, stream};
use sluice::state::commit_log::{Commit, CommitKind, Counts, DataFile, Version};
use sluice::storage::StorageError;

use super::bronze::count_lines;
use super::history::History;
use super::report::{Check, count, thousands};
use super::{AuditError, Progress, Subject};

const PARALLEL_READS: usize = 8;

/// Checks that lines = rows + duplicates + quarantined for every source.
pub(super) fn check_balance(history: &History) -> Check {
    let mut sources = 0;
    let mut difference = None;
    for entry in history.ledger() {
        sources += 1;
        let counts = &entry.counts;
        if difference.is_none() && !counts.is_conserved() {
            difference = Some(format!(
                "{}: {} lines, but {} rows + {} duplicates + {} quarantined",
                entry.source,
                thousands(counts.lines),
                thousands(counts.rows),
                thousands(counts.duplicates),
                thousands(counts.quarantined_total())
            ));
        }
    }
    Check::new(
        "ledger: lines = rows + duplicates + quarantined",
        count(sources, "source"),
        difference,
    )
}

/// Checks that each source's quarantine object has as many lines as the ledger set aside.
pub(super) async fn check_quarantine(
    subject: &Subject,
    history: &History,
    progress: &dyn Progress,
) -> Result<Check, AuditError> {
    let quarantined = |counts: &Counts| counts.quarantined_total();
    let entries: Vec<_> = history
        .ledger()
        .filter(|entry| quarantined(&entry.counts) > 0 || entry.quarantine.is_some())
        .collect();
    progress.start("count quarantined lines", entries.len() as u64);
    let counts = stream::iter(entries.iter().map(|entry| async move {
        let lines = match &entry.quarantine {
            Some(path) => count_lines(subject.lake.as_ref(), path).await?,
            None => None,
        };
        Ok::<_, StorageError>((entry, lines))
    }));
    let mut counts = counts.buffered(PARALLEL_READS);
    let (mut total, mut difference) = (0, None);
    while let Some((entry, lines)) = counts.try_next().await? {
        progress.advance(1);
        total += lines.unwrap_or(0);
        let expected = quarantined(&entry.counts);
        if difference.is_none() && lines != Some(expected) {
            let found = lines.map_or_else(
                || "its quarantine object is not there".to_owned(),
                |lines| format!("its quarantine object has {}", thousands(lines)),
            );
            difference = Some(format!(
                "{}: {} set aside, and {found}",
                entry.source,
                count(expected, "line")
            ));
        }
    }
    let examined = format!(
        "{} in {}",
        count(total, "line"),
        count(entries.len() as u64, "object")
    );
    Ok(Check::new(
        "quarantine: every line set aside is kept",
        examined,
        difference,
    ))
}

/// Checks that every commit adds up with the ledger entries that it made, and its rows with its files.
pub(super) fn check_log(history: &History) -> Check {
    let mut sums: BTreeMap<Version, (u64, Counts)> = BTreeMap::new();
    for entry in history.ledger() {
        let (sources, counts) = sums.entry(entry.version).or_default();
        *sources += 1;
        counts.add(&entry.counts);
    }
    let mut files: BTreeMap<String, u64> = BTreeMap::new();
    let mut difference = None;
    for commit in history.commits() {
        let (sources, counts) = sums.remove(&commit.version).unwrap_or_default();
        if difference.is_none() {
            difference = commit_difference(commit, sources, &counts, &files);
        }
        for file in &commit.files {
            files.insert(file.path.as_str().to_owned(), file.rows);
        }
    }
    if let Some((version, _)) = sums.pop_first().filter(|_| difference.is_none()) {
        difference = Some(format!(
            "the ledger names version {version}, which the log does not have"
        ));
    }
    let commits = history.commits().len() as u64;
    Check::new(
        "log: commits = ledger = files",
        count(commits, "version"),
        difference,
    )
}

fn commit_difference(
    commit: &Commit,
    sources: u64,
    counts: &Counts,
    files: &BTreeMap<String, u64>,
) -> Option<String> {
    let version = commit.version;
    if commit.sources != sources {
        return Some(format!(
            "version {version} finished {}, the ledger has {} of it",
            count(commit.sources, "source"),
            thousands(sources)
        ));
    }
    if commit.counts != *counts {
        return Some(format!(
            "version {version} counts {} lines, {} rows, {} duplicates and {} quarantined; its ledger entries {}, {}, {} and {}",
            thousands(commit.counts.lines),
            thousands(commit.counts.rows),
            thousands(commit.counts.duplicates),
            thousands(commit.counts.quarantined_total()),
            thousands(counts.lines),
            thousands(counts.rows),
            thousands(counts.duplicates),
            thousands(counts.quarantined_total()),
        ));
    }
    let rows: u64 = commit.files.iter().map(|file: &DataFile| file.rows).sum();
    let expected = match &commit.kind {
        CommitKind::Schema(_) => 0,
        CommitKind::Append => commit.counts.rows,
        CommitKind::Compact { replaces } => {
            let replaced = replaces.iter().map(|path| files.get(path.as_str()));
            match replaced.sum::<Option<u64>>() {
                Some(rows) => rows,
                None => {
                    return Some(format!(
                        "version {version} replaces a file that no version added"
                    ));
                }
            }
        }
    };
    (rows != expected).then(|| {
        format!(
            "version {version} has {} and its files {}",
            count(expected, "row"),
            thousands(rows)
        )
    })
}
