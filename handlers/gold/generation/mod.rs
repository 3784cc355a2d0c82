//! Whether a generation of silver has everything that the one before it had, so that gold may show it.
//!
//! A generation that was raised is made from bronze, which takes hours for a large lake. Until it is whole, tables go on
//! showing the one before. It is whole when (a) it has every source of the old ledger, (b) a look at bronze that began
//! after that found nothing unrefined that is older than five minutes, and (c) its head, read after that, is where its
//! tables stand. What bronze no longer has is lost to the rebuild: it is counted, and waits for somebody to accept that.

mod bronze;
mod loss;

use std::collections::BTreeMap;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::TryStreamExt;

use super::error::Error;
use super::notes::partition;
use crate::dataset::Dataset;
use crate::event::UnixMillis;
use crate::pending::{Extent, MaintenanceState, Scanner};
use crate::retry::Deadline;
use crate::store::StorageError;
use crate::store::entity::{Entity, EntityStore, Operation, Properties, Value};
use crate::store::object::ObjectStore;
use crate::table::log::{CommitLog, Head, LedgerEntry, LogError, Version};
use bronze::in_bronze;
pub(in crate::gold) use loss::Stores;
pub use loss::{Loss, Remade};

/// How old an object is that should have been refined.
const REFINED_AFTER: Duration = Duration::from_secs(5 * 60);
/// The row that says that what is lost to a rebuild is accepted.
const ACCEPTED: &str = "accept-loss";
/// How many sources of it.
const SOURCES: &str = "sources";

/// What a new generation lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gold) enum Lack {
    /// Objects of bronze that are to be refined, at least so many.
    Pending(usize),
    /// Sources that bronze no longer has, with their rows in the generation before.
    Lost(Lost),
}

/// Sources that bronze no longer has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::gold) struct Lost {
    /// How many.
    pub(in crate::gold) sources: usize,
    /// How many rows they had.
    pub(in crate::gold) rows: u64,
}

/// How far the ledgers of the generations before were found in the new one, by generation: what is there stays there.
#[derive(Debug, Default)]
pub(in crate::gold) struct Looked(Mutex<BTreeMap<u32, Pass>>);

/// One pass through the ledger of a generation as it was at one version.
#[derive(Clone, Debug, Default)]
struct Pass {
    log: Option<String>,
    version: Version,
    /// The last source that was looked at.
    after: Option<String>,
    lost: Lost,
    is_over: bool,
}

/// A generation that is being made.
#[derive(Clone, Copy)]
pub(in crate::gold) struct Successor<'a> {
    pub(in crate::gold) dataset: &'a Dataset,
    pub(in crate::gold) lake: &'a Arc<dyn ObjectStore>,
    pub(in crate::gold) state: &'a Arc<dyn EntityStore>,
    /// Its log.
    pub(in crate::gold) log: &'a CommitLog,
    /// What looks at bronze.
    pub(in crate::gold) scanner: &'a Scanner,
    pub(in crate::gold) deadline: Deadline,
}

impl Successor<'_> {
    /// Returns what it lacks of older generations, if anything, but for what is lost and accepted.
    pub(in crate::gold) async fn lacks(
        self,
        older: &[(u32, CommitLog)],
        looked: &Looked,
    ) -> Result<Option<Lack>, Error> {
        let mut lost = Lost::default();
        for (generation, log) in older {
            match self.missing((*generation, log), looked).await? {
                Some(lack @ Lack::Pending(_)) => return Ok(Some(lack)),
                Some(Lack::Lost(more)) => {
                    lost.sources += more.sources;
                    lost.rows += more.rows;
                }
                None => {}
            }
        }
        if let Some(lack) = self.pending().await? {
            return Ok(Some(lack));
        }
        if lost.sources == 0 {
            return Ok(None);
        }
        let accepted = accepted(self.state, self.dataset).await?;
        let is_accepted = accepted.is_some_and(|accepted| accepted.covers(lost));
        Ok((!is_accepted).then_some(Lack::Lost(lost)))
    }

    /// Looks at bronze for what is old enough to be refined.
    async fn pending(self) -> Result<Option<Lack>, Error> {
        let state = MaintenanceState::read(self.state, self.dataset).await;
        let state = state.map_err(LogError::from)?;
        let head = self.log.head().await?;
        let scanner = Scanner {
            unprocessed_after: REFINED_AFTER,
            ..self.scanner.clone()
        };
        let scan = scanner.scan(head.as_ref(), &state, Extent::New, self.deadline);
        let scan = scan.await?;
        let is_seen = scan.unprocessed == 0 && scan.is_whole;
        let objects = scan.unprocessed.max(1);
        Ok((!is_seen).then(|| Lack::Pending(usize::try_from(objects).unwrap_or(usize::MAX))))
    }

    /// Looks for the sources of a generation before, from where an earlier look has come to. A ledger that has grown since
    /// is looked through again: an entry may be anywhere in it.
    async fn missing(
        self,
        (generation, old): (u32, &CommitLog),
        looked: &Looked,
    ) -> Result<Option<Lack>, Error> {
        let Some(Head { log, version, .. }) = old.head().await? else {
            return Ok(None);
        };
        let known = looked.get(generation);
        let is_same = (&known.log, known.version) == (&log, version);
        let mut pass = match is_same {
            true => known,
            false => Pass {
                log,
                version,
                ..Pass::default()
            },
        };
        while !pass.is_over {
            let page = old.ledger_after(pass.after.as_deref()).await?;
            let names: Vec<&str> = page.iter().map(LedgerEntry::bronze).collect();
            let found = self.log.ledger(&names).await?;
            // What a redrive took up is refined anew with the rest of its object.
            let is_missing = |entry: &&LedgerEntry| !found.contains_key(entry.bronze());
            let missing: Vec<&LedgerEntry> = page.iter().filter(is_missing).collect();
            if self.has_any(&missing).await? {
                return Ok(Some(Lack::Pending(missing.len())));
            }
            let objects = missing.iter().filter(|entry| entry.redrive.is_none());
            pass.lost.sources += objects.count();
            pass.lost.rows += missing.iter().map(|entry| entry.counts.rows).sum::<u64>();
            pass.is_over = page.is_empty();
            pass.after = page.last().map(|last| last.source.clone()).or(pass.after);
            looked.put(generation, &pass);
            if !self.deadline.allows(Duration::ZERO) {
                return Ok(Some(Lack::Pending(1)));
            }
        }
        Ok((pass.lost.sources > 0).then_some(Lack::Lost(pass.lost)))
    }

    /// Returns whether bronze has any of the sources.
    async fn has_any(self, entries: &[&LedgerEntry]) -> Result<bool, LogError> {
        let mut looks = pin!(in_bronze(self.lake, entries));
        while let Some((_, is_there)) = looks.try_next().await? {
            if is_there {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

impl Looked {
    fn get(&self, generation: u32) -> Pass {
        // It is whole after every call.
        let passes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        passes.get(&generation).cloned().unwrap_or_default()
    }

    fn put(&self, generation: u32, pass: &Pass) {
        let mut passes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        passes.insert(generation, pass.clone());
    }
}

/// How much of what is lost is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Accepted {
    /// All of it: an earlier build did not say how much.
    All,
    /// So many sources.
    Sources(i64),
}

impl Accepted {
    fn covers(self, lost: Lost) -> bool {
        match self {
            Self::All => true,
            Self::Sources(most) => i64::try_from(lost.sources).is_ok_and(|lost| lost <= most),
        }
    }
}

/// Returns how much of what a rebuild of this generation has lost is accepted, if anything is.
async fn accepted(
    state: &Arc<dyn EntityStore>,
    dataset: &Dataset,
) -> Result<Option<Accepted>, LogError> {
    let stored = state.get(&partition(dataset), ACCEPTED).await?;
    Ok(
        stored.map(|stored| match stored.entity.properties.get(SOURCES) {
            Some(Value::Int64(sources)) => Accepted::Sources(*sources),
            _ => Accepted::All,
        }),
    )
}

/// Notes that so much of what bronze no longer has may be missing in this generation.
pub(in crate::gold) async fn accept(
    state: &Arc<dyn EntityStore>,
    dataset: &Dataset,
    loss: &Loss,
    now: UnixMillis,
) -> Result<(), StorageError> {
    let sources = i64::try_from(loss.objects).unwrap_or(i64::MAX);
    let entity = Entity {
        row: ACCEPTED.to_owned(),
        properties: Properties::from([
            ("at".into(), Value::Int64(now.0)),
            (SOURCES.into(), Value::Int64(sources)),
        ]),
    };
    let operations = [Operation::Upsert(entity)];
    state.transact(&partition(dataset), &operations).await?;
    Ok(())
}
