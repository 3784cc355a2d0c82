//! How silver stands, for people who ask.

use std::time::Duration;

use serde::Serialize;

use super::publish::lag;
use super::{Error, Maintenance, Memo};
use crate::event::UnixMillis;
use crate::retry::Deadline;

/// A live file below this size is a small one.
pub const SMALL_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// How long bronze is looked at.
const LOOK: Duration = Duration::from_secs(3 * 60);

/// How silver and its log stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Facts {
    /// The latest version; none before the first commit.
    pub version: Option<u64>,
    /// The files that the table consists of.
    pub live_files: u64,
    /// Those of them that are small.
    pub small_files: u64,
    /// Rows of the table.
    pub rows: u64,
    /// Bytes of its files.
    pub bytes: u64,
    /// Entries of the log that are left.
    pub log_entries: u64,
    /// The version of the latest snapshot.
    pub snapshot: Option<u64>,
    /// The latest version in the Delta log.
    pub delta_version: Option<u64>,
    /// Versions that are not in the Delta log yet.
    pub delta_lag: u64,
    /// Bronze objects without a ledger entry, also those that arrived just now. In a partition with more than a run
    /// refines, only its beginning is counted.
    pub unreconciled: u64,
    /// The oldest of them.
    pub oldest_unreconciled: Option<Waiting>,
}

/// A bronze object that waits to be refined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Waiting {
    /// Its name in the container.
    pub source: String,
    /// When it was created.
    pub created: UnixMillis,
}

impl Maintenance {
    /// Returns how silver stands. Nothing is changed; bronze is listed as far as a run would.
    ///
    /// # Errors
    /// Fails if a store does.
    pub async fn facts(&self) -> Result<Facts, Error> {
        let memo = Memo::read(&self.edges.state, &self.edges.dataset).await?;
        let found = self.look(&memo, false, Deadline::after(LOOK)).await?;
        let oldest = found.oldest.first().map(|object| Waiting {
            source: object.path.name().to_owned(),
            created: object.created,
        });
        let mut facts = Facts {
            unreconciled: found.unfinished,
            oldest_unreconciled: oldest,
            ..Facts::default()
        };
        let Some(head) = self.log.head().await? else {
            return Ok(facts);
        };
        let snapshot = self.log.load(&head).await?;
        for live in snapshot.files.values() {
            facts.live_files += 1;
            facts.small_files += u64::from(live.file.bytes < SMALL_FILE_BYTES);
            facts.rows += live.file.rows;
            facts.bytes += live.file.bytes;
        }
        let first = self.log.first_version(head.version).await?;
        let published = self.publisher.published(head.version).await?;
        facts.version = Some(head.version.0);
        facts.log_entries = head.version.0 + 1 - first.0;
        facts.snapshot = head.snapshot.map(|named| named.version.0);
        facts.delta_version = published.map(|version| version.0);
        facts.delta_lag = lag(published, head.version);
        Ok(facts)
    }
}
