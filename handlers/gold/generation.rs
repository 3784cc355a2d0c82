//! Whether a generation of silver has everything that the one before it had, so that gold may show it.
//!
//! A generation that was raised is made from bronze, which takes hours for a large lake. Until it is whole, tables go on
//! showing the one before. It is whole when (a) it has every source of the old ledger, (b) a look at bronze that began
//! after that found nothing unrefined that is older than five minutes, and (c) its head was read after that.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::error::Error;
use crate::dataset::Dataset;
use crate::event::UnixMillis;
use crate::store::object::paths::{BRONZE, bronze_dataset};
use crate::store::object::{ObjectPath, ObjectStore};
use crate::table::log::{CommitLog, LedgerEntry, LogError};
use crate::value::time::millis;

/// How old an object is that should have been refined.
const REFINED_AFTER: Duration = Duration::from_secs(5 * 60);
/// How many sources are looked up at once.
const LOOKED_UP: usize = 1_000;
/// How many missing sources are looked for in bronze one by one.
const MOST_MISSING: usize = 100;

/// What a new generation lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lack {
    /// Objects of bronze that are to be refined, at least so many.
    Pending(usize),
    /// Sources that bronze no longer has, with their rows in the generation before.
    Lost {
        /// How many.
        sources: usize,
        /// How many rows they had.
        rows: u64,
    },
}

/// Where in bronze an earlier look of this process has found nothing to be refined.
#[derive(Debug, Default)]
pub(super) struct Looked(Mutex<Option<String>>);

/// A generation that is being made.
#[derive(Clone, Copy)]
pub(super) struct Successor<'a> {
    pub(super) dataset: &'a Dataset,
    pub(super) lake: &'a Arc<dyn ObjectStore>,
    /// Its log.
    pub(super) log: &'a CommitLog,
    pub(super) now: UnixMillis,
}

impl Successor<'_> {
    /// Returns what it lacks of the generation with the log `old`, if anything.
    pub(super) async fn lacks(
        self,
        old: &CommitLog,
        looked: &Looked,
    ) -> Result<Option<Lack>, Error> {
        // Most looks end here, at the first page with something to do.
        let from = looked
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(lack) = self.pending(from, Some(looked)).await? {
            return Ok(Some(lack));
        }
        if let Some(lack) = self.missing(old).await? {
            return Ok(Some(lack));
        }
        self.pending(None, None).await
    }

    /// Looks at bronze, page by page, until something is to be refined; notes the pages before it.
    async fn pending(
        self,
        mut from: Option<String>,
        looked: Option<&Looked>,
    ) -> Result<Option<Lack>, Error> {
        let prefix = bronze_dataset(&self.dataset.name);
        loop {
            let page = self
                .lake
                .list_page(&prefix, from)
                .await
                .map_err(LogError::from)?;
            let objects = page.objects.iter();
            let objects = objects.filter(|object| self.dataset.owns(object.path.name()));
            let names: Vec<&str> = objects
                .filter(|object| !object.created.is_young(self.now, millis(REFINED_AFTER)))
                .map(|object| object.path.name())
                .collect();
            let refined = self.log.ledger(&names).await?;
            if refined.len() < names.len() {
                return Ok(Some(Lack::Pending(names.len() - refined.len())));
            }
            let Some(next) = page.next else {
                return Ok(None);
            };
            if let Some(Looked(looked)) = looked {
                let mut looked = looked.lock().unwrap_or_else(PoisonError::into_inner);
                *looked = Some(next.clone());
            }
            from = Some(next);
        }
    }

    /// Looks for the sources of the generation before.
    async fn missing(self, old: &CommitLog) -> Result<Option<Lack>, Error> {
        let mut missing: Vec<LedgerEntry> = Vec::new();
        let entries = old.ledger_prefix("").await?;
        for entries in entries.chunks(LOOKED_UP) {
            let names: Vec<&str> = entries.iter().map(|entry| entry.source.as_str()).collect();
            let found = self.log.ledger(&names).await?;
            let is_missing = |entry: &&LedgerEntry| !found.contains_key(&entry.source);
            missing.extend(entries.iter().filter(is_missing).cloned());
        }
        for entry in missing.iter().take(MOST_MISSING) {
            let path = ObjectPath::new(BRONZE, &entry.source);
            let found = self.lake.head(&path).await.map_err(LogError::from)?;
            if found.is_some() {
                return Ok(Some(Lack::Pending(missing.len())));
            }
        }
        let rows = missing.iter().map(|entry| entry.counts.rows).sum();
        Ok((!missing.is_empty()).then_some(Lack::Lost {
            sources: missing.len(),
            rows,
        }))
    }
}
