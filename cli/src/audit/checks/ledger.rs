//! The ledger and the log: every record is a row, a duplicate, filtered or quarantined, and the log says the same.

use std::collections::{BTreeMap, HashSet};

use futures::{StreamExt, TryStreamExt, stream};
use sluice::store::StorageError;
use sluice::store::object::{ObjectPath, ObjectStore};
use sluice::table::TableId;
use sluice::table::log::{Commit, CommitKind, Counts, DataFile, LedgerEntry, Nulled, Version};

use super::bronze::count_lines;
use crate::audit::history::History;
use crate::audit::report::Check;
use crate::audit::subject::{AuditError, Progress, Subject};
use crate::output::{count, thousands};

const PARALLEL_READS: usize = 8;

/// The name of the check of the balance.
const BALANCE: &str = "ledger: every line and record is accounted for";

/// Checks that lines = empty + opened and records = rows + duplicates + filtered + quarantined for every source.
pub(crate) fn check_balance(history: &History) -> Check {
    let mut sources = 0;
    let mut difference = None;
    for entry in history.ledger() {
        sources += 1;
        let counts = &entry.counts;
        if difference.is_none() && !counts.is_conserved() {
            difference = Some(format!(
                "{}: {}, but {} empty + {} opened; {}, but {}",
                entry.source,
                count(counts.lines, "line"),
                thousands(counts.empty),
                thousands(counts.opened),
                count(counts.records, "record"),
                fates(counts)
            ));
        }
    }
    Check::new(BALANCE, count(sources, "source"), difference)
}

fn fates(counts: &Counts) -> String {
    format!(
        "{} + {} + {} filtered + {} quarantined",
        count(counts.rows, "row"),
        count(counts.duplicates, "duplicate"),
        thousands(counts.filtered),
        thousands(counts.quarantined_total())
    )
}

/// Checks that what took up rejected records again is there, took up all of those of one source, and no other did.
pub(crate) fn check_redrives(history: &History) -> Option<Check> {
    let mut redrives: BTreeMap<&str, &LedgerEntry> = history
        .ledger()
        .filter(|entry| entry.redrive.is_some())
        .map(|entry| (entry.source.as_str(), entry))
        .collect();
    let (all, mut difference) = (redrives.len() as u64, None);
    for entry in history.ledger() {
        let Some(taken_up) = &entry.taken_up else {
            continue;
        };
        let by = redrives.remove(taken_up.by.as_str());
        let rejected = entry.counts.quarantined_total();
        let is_right = by.is_some_and(|by| {
            by.bronze() == entry.bronze()
                && by.counts.redriven == rejected
                && taken_up.records == rejected
        });
        if difference.is_none() && !is_right {
            difference = Some(format!(
                "{}: its {} were taken up by {}, which {}",
                entry.source,
                count(rejected, "rejected record"),
                taken_up.by,
                by.map_or_else(
                    || "is not there, or took up those of another source".to_owned(),
                    |by| format!("took up {}", thousands(by.counts.redriven))
                )
            ));
        }
    }
    if let Some((name, _)) = redrives.pop_first() {
        let text = format!("{name} took up records, and no source says that its own were");
        difference = difference.or(Some(text));
    }
    let has_some = all > 0 || difference.is_some();
    has_some.then(|| Check::new(REDRIVES, count(all, "source"), difference))
}

/// The name of the check of what was taken up again.
const REDRIVES: &str = "ledger: what was taken up again is there once";

/// Checks that each source's quarantine object has as many lines as the ledger says were rejected.
pub(crate) async fn check_quarantine(
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
            Some(path) => count_quarantined(subject.lake.as_ref(), path).await?,
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
                "{}: {} rejected, and {found}",
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
        "quarantine: every rejected line is kept",
        examined,
        difference,
    ))
}

/// Counts the lines of all objects of which the ledger names the last; nothing if one is not there.
async fn count_quarantined(
    lake: &dyn ObjectStore,
    last: &ObjectPath,
) -> Result<Option<u64>, StorageError> {
    let mut lines = 0;
    for part in TableId::quarantine_parts(last) {
        match count_lines(lake, &part).await? {
            Some(of_part) => lines += of_part,
            None => return Ok(None),
        }
    }
    Ok(Some(lines))
}

/// The name of the check of the log.
pub(crate) const LOG: &str = "log: commits = ledger = files";

/// Checks that every commit that is left adds up with the ledger entries that it made, and its rows with its files;
/// that no version is missing among them; and that the live files are what they say, and have as many rows as the
/// whole ledger.
pub(crate) fn check_log(history: &History) -> Check {
    let commits = history.commits();
    let difference = commits_difference(history)
        .or_else(|| live_difference(history))
        .or_else(|| total_difference(history));
    let mut examined = count(commits.len() as u64, "version");
    if history.first() > Version(0) {
        let cleared = thousands(history.first().0);
        examined.push_str(&format!(", {cleared} older ones cleared"));
    }
    Check::new(LOG, examined, difference)
}

fn commits_difference(history: &History) -> Option<String> {
    let mut sums: BTreeMap<Version, (u64, Counts)> = BTreeMap::new();
    let first = history.first();
    for entry in history.ledger().filter(|entry| entry.version >= first) {
        let (sources, counts) = sums.entry(entry.version).or_default();
        *sources += 1;
        counts.add(&entry.counts);
    }
    let mut files: BTreeMap<&str, u64> = BTreeMap::new();
    let mut expected = first;
    for commit in history.commits() {
        if commit.version != expected {
            return Some(format!(
                "version {expected} is gone, although version {first} is there"
            ));
        }
        expected = expected.next();
        // Commits that change the schema or compact have no ledger entries.
        let (sources, counts) = sums.remove(&commit.version).unwrap_or_default();
        let difference = counts_difference(commit, sources, &counts);
        let difference = difference.or_else(|| rows_difference(commit, &files, first));
        if difference.is_some() {
            return difference;
        }
        for file in &commit.files {
            files.insert(file.path.as_str(), file.rows);
        }
    }
    let (version, _) = sums.pop_first()?;
    Some(format!(
        "the ledger names version {version}, which the log does not have"
    ))
}

/// Compares what the commits that are left added and replaced with what is live.
fn live_difference(history: &History) -> Option<String> {
    let live: HashSet<&str> = history
        .live()
        .iter()
        .map(|file| file.path.as_str())
        .collect();
    let mut added: BTreeMap<&str, Version> = BTreeMap::new();
    for commit in history.commits() {
        if let CommitKind::Compact { replaces } = &commit.kind {
            for path in replaces.iter().map(ObjectPath::as_str) {
                added.remove(path);
                if live.contains(path) {
                    let version = commit.version;
                    return Some(format!(
                        "version {version} replaced {path}, which is among the live files"
                    ));
                }
            }
        }
        let files = commit.files.iter();
        added.extend(files.map(|file| (file.path.as_str(), commit.version)));
    }
    let lost = added.into_iter().find(|(path, _)| !live.contains(path));
    lost.map(|(path, version)| {
        format!("version {version} added {path}, which is not among the live files")
    })
}

/// Compares the rows of all live files with those of all sources.
fn total_difference(history: &History) -> Option<String> {
    let live: u64 = history.live().iter().map(|file| file.rows).sum();
    let ledger: u64 = history.ledger().map(|entry| entry.counts.rows).sum();
    (live != ledger).then(|| {
        format!(
            "the live files have {} and the ledger says {}",
            count(live, "row"),
            thousands(ledger)
        )
    })
}

fn counts_difference(commit: &Commit, sources: u64, counts: &Counts) -> Option<String> {
    let version = commit.version;
    if commit.sources != sources {
        return Some(format!(
            "version {version} committed {}, the ledger has {} of it",
            count(commit.sources, "source"),
            thousands(sources)
        ));
    }
    if !agree(&commit.counts, counts) {
        return Some(format!(
            "version {version} counts {}; its ledger entries {}",
            words(&commit.counts),
            words(counts)
        ));
    }
    None
}

fn words(counts: &Counts) -> String {
    format!(
        "{} ({} empty), {}: {}",
        count(counts.lines, "line"),
        thousands(counts.empty),
        count(counts.records, "record"),
        fates(counts)
    )
}

/// Compares what a commit counts with the sum of its ledger entries. Of the values that became null only their number
/// is compared: each entry names as many columns as it has room for.
fn agree(commit: &Counts, ledger: &Counts) -> bool {
    let without_columns = |counts: &Counts| Counts {
        nulled: Nulled::default(),
        ..counts.clone()
    };
    without_columns(commit) == without_columns(ledger)
        && commit.nulled.total() == ledger.nulled.total()
}

fn rows_difference(commit: &Commit, files: &BTreeMap<&str, u64>, first: Version) -> Option<String> {
    let version = commit.version;
    let rows: u64 = commit.files.iter().map(|file: &DataFile| file.rows).sum();
    let expected = match &commit.kind {
        CommitKind::Schema(_) => 0,
        CommitKind::Append => commit.counts.rows,
        CommitKind::Compact { replaces } => {
            let replaced = replaces.iter().map(|path| files.get(path.as_str()));
            match replaced.sum::<Option<u64>>() {
                Some(rows) => rows,
                // The version that added it is no longer in the log; the rows of all live files are compared all the same.
                None if first > Version(0) => return None,
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
