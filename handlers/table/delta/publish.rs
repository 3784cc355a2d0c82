//! Writes the Delta log, in ascending order: a version only when the one before it is there.
//!
//! So the published versions are a prefix of ours, and finding its end is a binary search. Two publishers write the
//! same bytes, and the second finds the name taken.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use serde::Deserialize;
use tokio::sync::Mutex;

use super::{Checkpoint, DeltaError, checkpoint, log_entry};
use crate::retry::Deadline;
use crate::store::object::{Metadata, ObjectStore};
use crate::table::TableId;
use crate::table::log::{Commit, CommitLog, Version};

/// Most versions that a committer publishes besides its own; more are left to maintenance.
const MAX_BEHIND: u64 = 64;
/// Versions that are read from the log at a time.
const CHUNK: u64 = 500;

/// Publishes one table.
#[derive(Debug)]
pub struct Publisher {
    lake: Arc<dyn ObjectStore>,
    log: CommitLog,
    table: TableId,
    /// A version that is published, as are all before it.
    known: Mutex<Option<Version>>,
    /// The latest version that this process committed.
    latest: AtomicU64,
}

/// How far catching up came.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CaughtUp {
    /// The entries written.
    pub written: u64,
    /// The latest version published.
    pub published: Option<Version>,
}

#[derive(Deserialize)]
struct Pointer {
    version: u64,
}

impl Publisher {
    /// Makes a publisher of `table`, whose log is `log`.
    #[must_use]
    pub fn new(lake: Arc<dyn ObjectStore>, log: CommitLog, table: TableId) -> Self {
        Self {
            lake,
            log,
            table,
            known: Mutex::default(),
            latest: AtomicU64::new(0),
        }
    }

    /// Publishes a commit that has come through: one small put, if the version before was published here. Some missing
    /// versions before it are published first; many are left to [`Publisher::catch_up`]. A concurrent call only
    /// records the new version; the running call picks it up.
    ///
    /// # Errors
    /// Fails if the lake or the log does. Nothing is lost: the next commit or maintenance goes on.
    pub async fn publish(&self, commit: &Commit) -> Result<(), DeltaError> {
        self.latest.fetch_max(commit.version.0, Ordering::SeqCst);
        loop {
            let Ok(mut known) = self.known.try_lock() else {
                return Ok(());
            };
            let until = self.latest.load(Ordering::SeqCst);
            self.advance(&mut known, Version(until), commit).await?;
            drop(known);
            if self.latest.load(Ordering::SeqCst) <= until {
                return Ok(());
            }
        }
    }

    /// Publishes every version up to `until`, or as many as there is time for.
    ///
    /// # Errors
    /// Fails if the lake or the log does; what is published by then is.
    pub async fn catch_up(
        &self,
        until: Version,
        deadline: Deadline,
    ) -> Result<CaughtUp, DeltaError> {
        let mut known = self.known.lock().await;
        *known = self.find(*known, until).await?;
        let mut written = 0;
        while *known < Some(until) && deadline.allows(std::time::Duration::ZERO) {
            let first = next(*known);
            let last = until.min(Version(first.0 + CHUNK - 1));
            for commit in self.missing(*known, last).await? {
                if !deadline.allows(std::time::Duration::ZERO) {
                    break;
                }
                self.put(&commit).await?;
                *known = Some(commit.version);
                written += 1;
            }
        }
        Ok(CaughtUp {
            written,
            published: *known,
        })
    }

    /// Returns the latest version published, of those up to `head`.
    ///
    /// # Errors
    /// Fails if the lake does.
    pub async fn published(&self, head: Version) -> Result<Option<Version>, DeltaError> {
        let mut known = self.known.lock().await;
        *known = self.find(*known, head).await?;
        Ok(*known)
    }

    /// Writes a checkpoint of a published version, and then the pointer to it.
    ///
    /// # Errors
    /// Fails if the lake does.
    pub async fn checkpoint(&self, made: &Checkpoint) -> Result<(), DeltaError> {
        let path = self.table.delta_checkpoint(made.version.0);
        self.lake
            .create(&path, made.content.clone(), &Metadata::new())
            .await?;
        // An older pointer that is written later only makes readers look for the newer checkpoint themselves.
        let path = self.table.delta_pointer();
        self.lake.put(&path, checkpoint::pointer(made)).await?;
        Ok(())
    }

    /// Returns the version of the latest checkpoint that the Delta log points to.
    ///
    /// # Errors
    /// Fails if the lake does.
    pub async fn latest_checkpoint(&self) -> Result<Option<Version>, DeltaError> {
        let path = self.table.delta_pointer();
        let content = self.lake.get(&path).await?;
        let pointer = content.and_then(|text| serde_json::from_slice::<Pointer>(&text).ok());
        Ok(pointer.map(|pointer| Version(pointer.version)))
    }

    async fn advance(
        &self,
        known: &mut Option<Version>,
        until: Version,
        in_hand: &Commit,
    ) -> Result<(), DeltaError> {
        if *known >= Some(until) {
            return Ok(());
        }
        let before = until.0.checked_sub(1).map(Version);
        if let Some(before) = before.filter(|before| *known != Some(*before)) {
            *known = self.find(*known, before).await?;
        }
        if *known == before && in_hand.version == until {
            self.put(in_hand).await?;
            *known = Some(until);
            return Ok(());
        }
        if until.0 - next(*known).0 > MAX_BEHIND {
            return Ok(());
        }
        for commit in self.missing(*known, until).await? {
            self.put(&commit).await?;
            *known = Some(commit.version);
        }
        Ok(())
    }

    async fn missing(
        &self,
        published: Option<Version>,
        until: Version,
    ) -> Result<Vec<Commit>, DeltaError> {
        Ok(match published {
            Some(published) => self.log.commits(published, until).await?,
            None => self.log.commits_from_start(until).await?,
        })
    }

    async fn put(&self, commit: &Commit) -> Result<(), DeltaError> {
        let content = log_entry(&self.table, commit)?;
        let path = self.entry(commit.version);
        self.lake.create(&path, content, &Metadata::new()).await?;
        Ok(())
    }

    /// Finds the end of what is published, between a version that is (if any) and one that may be. Entries below a
    /// checkpoint may have been removed, so the search starts at the latest one.
    async fn find(
        &self,
        known: Option<Version>,
        last: Version,
    ) -> Result<Option<Version>, DeltaError> {
        if known >= Some(last) {
            return Ok(known);
        }
        if self.is_published(last).await? {
            return Ok(Some(last));
        }
        let mut low = match known {
            Some(known) => Some(known),
            None => self.latest_checkpoint().await?,
        };
        let mut high = last;
        while next(low) < high {
            let middle = Version(next(low).0 + (high.0 - next(low).0) / 2);
            match self.is_published(middle).await? {
                true => low = Some(middle),
                false => high = middle,
            }
        }
        Ok(low)
    }

    async fn is_published(&self, version: Version) -> Result<bool, DeltaError> {
        Ok(self.lake.head(&self.entry(version)).await?.is_some())
    }

    fn entry(&self, version: Version) -> crate::store::object::ObjectPath {
        self.table.delta_entry(version.0)
    }
}

fn next(published: Option<Version>) -> Version {
    published.map_or(Version(0), Version::next)
}
