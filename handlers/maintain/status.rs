//! How silver stands, for people who ask.

use std::time::Duration;

use serde::Serialize;

use super::publish::lag;
use super::{Error, Maintenance};
use crate::event::UnixMillis;
use crate::pending::{Extent, MaintenanceState};
use crate::retry::Deadline;

/// A live file below this size is a small one.
pub const SMALL_FILE_BYTES: u64 = 8 * 1024 * 1024;

/// How long bronze is scanned.
const SCAN: Duration = Duration::from_secs(3 * 60);

/// How silver and its log stand.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TableStatus {
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
    pub oldest_unreconciled: Option<PendingObject>,
}

/// A bronze object that waits to be refined.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct PendingObject {
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
    pub async fn status(&self) -> Result<TableStatus, Error> {
        let state = MaintenanceState::read(&self.context.state, &self.context.dataset).await?;
        let head = self.log.head().await?;
        let deadline = Deadline::after(SCAN);
        let scanner = self.scanner();
        let scan = scanner
            .scan(head.as_ref(), &state, Extent::New, deadline)
            .await?;
        let oldest = scan.oldest.first().map(|object| PendingObject {
            source: object.path.name().to_owned(),
            created: object.created,
        });
        let mut status = TableStatus {
            unreconciled: scan.pending,
            oldest_unreconciled: oldest,
            ..TableStatus::default()
        };
        let Some(head) = head else {
            return Ok(status);
        };
        let snapshot = self.log.load(&head).await?;
        for live in snapshot.files.values() {
            status.live_files += 1;
            status.small_files += u64::from(live.file.bytes < SMALL_FILE_BYTES);
            status.rows += live.file.rows;
            status.bytes += live.file.bytes;
        }
        let first = self.log.first_version(head.version).await?;
        let published = self.publisher.published(head.version).await?;
        status.version = Some(head.version.0);
        status.log_entries = head.version.0 + 1 - first.0;
        status.snapshot = head.snapshot.map(|named| named.version.0);
        status.delta_version = published.map(|version| version.0);
        status.delta_lag = lag(published, head.version);
        Ok(status)
    }
}
