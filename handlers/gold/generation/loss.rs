//! What a generation that was raised has lost: sources of the ledgers before it that are neither in its own nor in bronze.
//!
//! The swap waits until somebody accepts just that much: what is lost later is no part of it.

use std::collections::HashSet;
use std::pin::pin;
use std::sync::Arc;

use futures::TryStreamExt;

use super::bronze::in_bronze;
use crate::dataset::Dataset;
use crate::store::object::{ObjectStore, paths};
use crate::table::log::{CommitLog, LedgerEntry, LogError};

/// What bronze no longer has of the generations that are shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Loss {
    /// The generations that are shown.
    pub shown: Vec<u32>,
    /// Bronze objects.
    pub objects: u64,
    /// The events that they held.
    pub events: u64,
    /// The rows that were made of these.
    pub rows: u64,
}

/// What a further generation would be made of, and what it would lack.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remade {
    /// The objects of bronze.
    pub objects: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What of today's generation bronze no longer has.
    pub loss: Loss,
}

impl Loss {
    fn add(&mut self, entry: &LedgerEntry) {
        self.objects += u64::from(entry.redrive.is_none());
        self.events += entry.counts.lines;
        self.rows += entry.counts.rows;
    }
}

/// Where it is looked for.
#[derive(Clone, Copy)]
pub(in crate::gold) struct Stores<'a> {
    pub(in crate::gold) dataset: &'a Dataset,
    pub(in crate::gold) lake: &'a Arc<dyn ObjectStore>,
    /// The log of the generation that is made, or would be.
    pub(in crate::gold) log: &'a CommitLog,
}

impl Stores<'_> {
    /// Counts the sources of the generations that are shown, by their logs, that neither the new one nor bronze has.
    pub(in crate::gold) async fn loss(self, older: &[(u32, CommitLog)]) -> Result<Loss, LogError> {
        let prefix = paths::bronze_dataset(&self.dataset.name);
        let listed = self.lake.list(&prefix).await?;
        let listed: HashSet<&str> = listed.iter().map(|object| object.path.name()).collect();
        let mut loss = Loss {
            shown: older.iter().map(|(generation, _)| *generation).collect(),
            ..Loss::default()
        };
        for (_, log) in older {
            self.count(log, &listed, &mut loss).await?;
        }
        Ok(loss)
    }

    /// Counts what a further generation would be made of, and what of this one, by its log, bronze no longer has.
    pub(in crate::gold) async fn remade(self, today: (u32, CommitLog)) -> Result<Remade, LogError> {
        let prefix = paths::bronze_dataset(&self.dataset.name);
        let listed = self.lake.list(&prefix).await?;
        Ok(Remade {
            objects: listed.len() as u64,
            bytes: listed.iter().map(|object| object.size).sum(),
            loss: self.loss(&[today]).await?,
        })
    }

    async fn count(
        self,
        old: &CommitLog,
        listed: &HashSet<&str>,
        loss: &mut Loss,
    ) -> Result<(), LogError> {
        let mut after: Option<String> = None;
        loop {
            let page = old.ledger_after(after.as_deref()).await?;
            let Some(last) = page.last() else {
                return Ok(());
            };
            after = Some(last.source.clone());
            let is_listed = |entry: &&LedgerEntry| listed.contains(entry.bronze());
            let mut gone: Vec<&LedgerEntry> = page.iter().filter(|e| !is_listed(e)).collect();
            let names: Vec<&str> = gone.iter().map(|entry| entry.bronze()).collect();
            let found = self.log.ledger(&names).await?;
            gone.retain(|entry| !found.contains_key(entry.bronze()));
            // It may have come since the listing, or lie elsewhere.
            let mut looks = pin!(in_bronze(self.lake, &gone));
            while let Some((entry, is_there)) = looks.try_next().await? {
                if !is_there {
                    loss.add(entry);
                }
            }
        }
    }
}
