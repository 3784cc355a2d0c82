//! Reads the ledger: what became of each source.

use std::collections::{BTreeMap, BTreeSet};

use futures::stream::{self, StreamExt, TryStreamExt};

use super::{CommitLog, Head, LedgerEntry, LogError, PARALLEL_READS, Totals, entities, malformed};
use crate::store::entity::{RowRange, Stored};

impl CommitLog {
    /// Returns those of the sources that are in the ledger.
    ///
    /// Sources of one folder are neighbours in the ledger, with hardly anything else between the first and the last of
    /// a group: they are read in one request.
    ///
    /// # Errors
    /// Fails if the store does, or if an entity is not a ledger entry.
    pub async fn ledger(
        &self,
        sources: &[impl AsRef<str>],
    ) -> Result<BTreeMap<String, LedgerEntry>, LogError> {
        let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for name in sources.iter().map(AsRef::as_ref) {
            folders.entry(neighbours(name)).or_default().insert(name);
        }
        let reads: Vec<_> = folders
            .into_values()
            .map(|names| self.ledger_of_folder(names))
            .collect();
        let found: Vec<Vec<LedgerEntry>> = stream::iter(reads)
            .buffer_unordered(PARALLEL_READS)
            .try_collect()
            .await?;
        let entries = found.into_iter().flatten();
        Ok(entries.map(|entry| (entry.source.clone(), entry)).collect())
    }

    /// Returns those of the sources, which are neighbours, that are in the ledger.
    async fn ledger_of_folder(&self, names: BTreeSet<&str>) -> Result<Vec<LedgerEntry>, LogError> {
        let (Some(first), Some(last)) = (names.first(), names.last()) else {
            return Ok(Vec::new());
        };
        let (first, last) = (entities::ledger_row(first), entities::ledger_row(last));
        let stored = match first == last {
            true => {
                let stored = self.state.get(&self.partition, &first).await?;
                stored.into_iter().collect()
            }
            false => {
                let rows = RowRange::inclusive(&first, &last);
                self.state.range(&self.partition, &rows).await?
            }
        };
        let entries: Vec<LedgerEntry> = stored
            .iter()
            .map(decode_ledger_entry)
            .collect::<Result<_, _>>()?;
        let wanted = |entry: &LedgerEntry| names.contains(entry.source.as_str());
        Ok(entries.into_iter().filter(wanted).collect())
    }

    /// Returns those of the sources that are in the ledger as they were read, with their ETags: for a commit that takes up
    /// their rejected records.
    ///
    /// # Errors
    /// Fails if the store does, or if an entity is not a ledger entry.
    pub async fn ledger_stored(
        &self,
        sources: &[impl AsRef<str>],
    ) -> Result<BTreeMap<String, (LedgerEntry, Stored)>, LogError> {
        let rows = sources
            .iter()
            .map(|source| entities::ledger_row(source.as_ref()));
        let reads: Vec<_> = rows
            .map(|row| async move { self.state.get(&self.partition, &row).await })
            .collect();
        let found: Vec<Option<Stored>> = stream::iter(reads)
            .buffered(PARALLEL_READS)
            .try_collect()
            .await?;
        let found = found.into_iter().flatten().map(|stored| {
            let entry = decode_ledger_entry(&stored)?;
            Ok((entry.source.clone(), (entry, stored)))
        });
        found.collect()
    }

    /// Returns the ledger entries of all sources whose names start with `prefix`.
    ///
    /// # Errors
    /// Fails if the store does, or if an entity is not a ledger entry.
    pub async fn ledger_prefix(&self, prefix: &str) -> Result<Vec<LedgerEntry>, LogError> {
        let rows = RowRange::prefix(&entities::ledger_row(prefix));
        let stored = self.state.range(&self.partition, &rows).await?;
        stored.iter().map(decode_ledger_entry).collect()
    }

    /// Returns the first ledger entries of the sources whose names start with `prefix`, as many as one request returns.
    ///
    /// # Errors
    /// Fails if the store does, or if an entity is not a ledger entry.
    pub async fn ledger_page(&self, prefix: &str) -> Result<Vec<LedgerEntry>, LogError> {
        let rows = RowRange::prefix(&entities::ledger_row(prefix));
        let page = self.state.page(&self.partition, &rows).await?;
        page.iter().map(decode_ledger_entry).collect()
    }

    /// Returns the ledger entries of all sources whose names lie between two, the first of these included.
    ///
    /// # Errors
    /// Fails if the store does, or if an entity is not a ledger entry.
    pub async fn ledger_between(
        &self,
        from: &str,
        until: &str,
    ) -> Result<Vec<LedgerEntry>, LogError> {
        let rows = RowRange {
            from: entities::ledger_row(from),
            until: entities::ledger_row(until),
        };
        let stored = self.state.range(&self.partition, &rows).await?;
        stored.iter().map(decode_ledger_entry).collect()
    }

    /// Returns the first ledger entries after a source, as many as one request returns, in their order; none only where
    /// there are none.
    ///
    /// # Errors
    /// Fails if the store does, or if an entity is not a ledger entry.
    pub async fn ledger_after(&self, source: Option<&str>) -> Result<Vec<LedgerEntry>, LogError> {
        let mut rows = RowRange::prefix(&entities::ledger_row(""));
        if let Some(source) = source {
            rows = rows.after(&entities::ledger_row(source));
        }
        let page = self.state.page(&self.partition, &rows).await?;
        page.iter().map(decode_ledger_entry).collect()
    }

    /// Adds up what became of everything up to the version of `head`, for a log whose head does not say: from the ledger,
    /// which is read page by page, and the live files. Where the head says what it was at an earlier version, and the
    /// commits since then are there, only these are added.
    ///
    /// # Errors
    /// Fails if the store does, or if maintenance has cleared the log up to a snapshot that only a newer head names.
    pub async fn count(&self, head: &Head) -> Result<Totals, LogError> {
        let mut totals = Totals {
            files: self.load(head).await?.files.len() as u64,
            ..Totals::default()
        };
        let mut rows = RowRange::prefix(&entities::ledger_row(""));
        loop {
            let page = self.state.page(&self.partition, &rows).await?;
            for stored in &page {
                let entry = decode_ledger_entry(stored)?;
                // What has come since then is counted with its commit.
                if entry.version <= head.version {
                    totals.sources += 1;
                    totals.counts.add(&entry.counts);
                    totals.counts.nulled = totals.counts.nulled.folded();
                }
            }
            let Some(last) = page.last() else {
                return Ok(totals);
            };
            rows = rows.after(&last.entity.row);
        }
    }
}

/// Returns what a source has in common with its neighbours in the ledger: the folder of its hour. A name that bronze
/// would not give stands alone: it may be escaped, which moves it, and a folder above that of an hour holds everything.
fn neighbours(source: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    match source.rsplit_once('/') {
        Some((folder, name)) if is_hour(folder) && name.bytes().all(is_plain) => folder,
        _ => source,
    }
}

/// Returns whether a folder ends in a year, a month, a day and an hour.
fn is_hour(folder: &str) -> bool {
    let mut levels = folder.rsplit('/');
    [2, 2, 2, 4].into_iter().all(|digits| {
        let is_number = |level: &str| level.bytes().all(|byte| byte.is_ascii_digit());
        levels
            .next()
            .is_some_and(|level| level.len() == digits && is_number(level))
    })
}

fn decode_ledger_entry(stored: &Stored) -> Result<LedgerEntry, LogError> {
    entities::decode_ledger(&stored.entity).map_err(malformed(&stored.entity.row))
}
