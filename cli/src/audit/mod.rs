//! Proves that nothing was lost, nothing counted twice and nothing added up wrongly.
//!
//! The audit reads what the layers left behind and compares: bronze with itself (no gap, no overlap), bronze with the
//! ledger, the ledger with the commit log, the log with the files of silver, silver with itself (no key twice), and
//! gold with an aggregate of silver that is computed here and shares no code with gold's own. Each check names the
//! first difference that it finds.
//!
//! It may run beside a pipeline at work: everything is compared as of the versions that were read. And it may run
//! however old the pipeline is: what it needs is the ledger, the snapshot and as much of the log as is left.
//!
//! Memory is bounded by the number of objects and files (some hundred bytes each), never by events: silver streams by
//! batches; the keys of a period are held as 128-bit hashes, and those of a period with more rows than
//! [`Options::max_keys`] in several passes, each over the hashes of one residue class; gold tables likewise, each pass
//! over the groups of one residue class, [`Options::max_groups`] or so of them.

mod bronze;
mod cells;
mod file;
mod gold;
mod history;
mod hub;
mod keys;
mod ledger;
mod report;
mod silver;
#[cfg(test)]
mod tests;
mod totals;

use std::sync::Arc;
use std::time::Duration;

use sluice::dataset::Dataset;
use sluice::event::UnixMillis;
use sluice::store::StorageError;
use sluice::store::entity::EntityStore;
use sluice::store::object::ObjectStore;
use sluice::table::log::{LogError, Version};
use sluice::warehouse::{Warehouse, WarehouseError};
use thiserror::Error;

use history::History;
pub use hub::{Hub, HubPartition};
pub use report::{Check, Report, Sums};

/// What is audited.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What the events look like.
    pub dataset: Arc<Dataset>,
    /// Bronze, silver and quarantine.
    pub lake: Arc<dyn ObjectStore>,
    /// The commit log and the ledger.
    pub state: Arc<dyn EntityStore>,
    /// Gold.
    pub warehouse: Arc<dyn Warehouse>,
}

/// How it is audited.
#[derive(Clone, Debug)]
pub struct Options {
    /// Now.
    pub now: UnixMillis,
    /// Bronze objects younger than this may still be in work.
    pub grace: Duration,
    /// Most key hashes in memory, 16 bytes each.
    pub max_keys: u64,
    /// Most groups of a gold table in memory.
    pub max_groups: u64,
    /// What the hub said of itself before.
    pub hub: Hub,
}

impl Options {
    /// Makes the usual options: ten minutes, within which silver's commits are settled, and less than 256 MiB.
    #[must_use]
    pub fn at(now: UnixMillis) -> Self {
        Self {
            now,
            grace: Duration::from_secs(600),
            max_keys: 8_000_000,
            max_groups: 200_000,
            hub: Hub::NotAsked,
        }
    }
}

/// Hears how far the audit is.
pub trait Progress: Send + Sync {
    /// A step starts that counts up to `total`.
    fn start(&self, step: &str, total: u64);
    /// The step has come `more` further.
    fn advance(&self, more: u64);
}

/// Tells nobody.
#[derive(Clone, Copy, Debug, Default)]
pub struct Silent;

impl Progress for Silent {
    fn start(&self, _step: &str, _total: u64) {}
    fn advance(&self, _more: u64) {}
}

/// An audit that could not come to a verdict.
#[derive(Debug, Error)]
pub enum AuditError {
    /// The lake or the state table failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The warehouse failed.
    #[error(transparent)]
    Warehouse(#[from] WarehouseError),
}

/// Audits everything and returns what was found.
///
/// # Errors
/// Fails if a store does; a difference is no failure, but part of the report.
pub async fn audit(
    subject: &Subject,
    options: &Options,
    progress: &dyn Progress,
) -> Result<Report, AuditError> {
    // Bronze first: whatever silver has finished by the time its ledger is read was in bronze before.
    progress.start("list bronze", 0);
    let objects = bronze::list(subject).await?;
    let mut checks = vec![bronze::check_ranges(&objects)];
    checks.extend(hub::check(&options.hub, &objects));
    progress.start("read the log", 0);
    let history = match History::read(subject).await {
        Ok(history) => history,
        Err(error) if error.is_outdated() => {
            let difference = sluice::error::chain(&error);
            checks.push(Check::new(
                ledger::LOG,
                "nothing".to_owned(),
                Some(difference),
            ));
            return Ok(report(subject, None, Sums::default(), checks));
        }
        Err(error) => return Err(error.into()),
    };

    checks.push(bronze::check_lines(subject, options, &objects, &history, progress).await?);
    checks.push(ledger::check_balance(&history));
    checks.push(ledger::check_quarantine(subject, &history, progress).await?);
    checks.push(ledger::check_log(&history));
    checks.extend(silver::scan(subject, options, &history, progress).await?);
    checks.extend(gold::check(subject, options, &history, progress).await?);
    let sums = Sums::of(&objects, &history);
    Ok(report(subject, history.version(), sums, checks))
}

fn report(subject: &Subject, version: Option<Version>, sums: Sums, checks: Vec<Check>) -> Report {
    Report {
        dataset: subject.dataset.name.clone(),
        generation: subject.dataset.generation,
        version: version.map(|version| version.0),
        sums,
        checks,
    }
}
