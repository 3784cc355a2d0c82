//! The commit log of one dataset: numbered commits, the ledger of sources, and one lock.
//!
//! Everything that a commit touches lies in one partition and changes in one transaction, conditional on the state
//! of `head`. So versions are gapless and totally ordered (S5), a commit is all or nothing (S3), and every decision
//! was taken on a state that still held when it took effect.
//!
//! Whoever changes the log reads [`CommitLog::head`] **first**, then whatever it decides on, and then commits with
//! that head. A read of the log is whole or void: [`CommitLog::commits`] returns every version or fails.

mod clearing;
mod entities;
mod error;
mod head;
mod ledger;
mod model;
mod nulled;
mod progress;
mod snapshot;
#[cfg(test)]
mod tests;
mod totals;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};

use crate::dataset::Dataset;
use crate::event::UnixMillis;
use crate::retry::Deadline;
use crate::store::entity::{
    Entity, EntityStore, Operation, Outcome, PartitionKey, RowRange, Stored, TRANSACTION_SECONDS,
};
use crate::store::object::{Created, Metadata, ObjectPath, ObjectStore};
use crate::table::TableId;
pub use entities::MalformedEntity;
pub use error::LogError;
pub use model::{
    Commit, CommitKind, CommitOutcome, Counts, DataFile, Head, LedgerEntry, LiveFile, NewCommit,
    Redrive, Snapshot, SnapshotRef, Superseded, TakenUp, Totals, Version,
};
pub use nulled::{AMBIGUOUS_TIME, Nulled};
pub use progress::{Beyond, MAX_BEYOND, PartitionProgress, Times, bound};

/// The time from the start of the work in which a commit that names files may be sent; silver has it again after each
/// chunk of a large object. Vacuum waits far longer before it removes a file that nothing names.
pub const COMMIT_DEADLINE: Duration = Duration::from_secs(10 * 60);

/// Most sources that one commit may finish; with `head` and the log entry they fit one transaction.
pub const MAX_SOURCES: usize = 90;
/// Most entries whose rejected records one commit may take up: it finishes a source for each of them, and has one entry left
/// in hand for each.
pub const MAX_TAKEN_UP: usize = MAX_SOURCES / 2;
/// Longest list of files, in bytes of JSON, that is kept in the log entry itself.
const MAX_INLINE_FILES: usize = 28 * 1024;
/// How many point reads are in flight at once.
const PARALLEL_READS: usize = 16;

/// Reads and writes the commit log of one generation of a dataset.
#[derive(Clone, Debug)]
pub struct CommitLog {
    state: Arc<dyn EntityStore>,
    lake: Arc<dyn ObjectStore>,
    partition: PartitionKey,
    table: TableId,
}

impl CommitLog {
    /// Makes the log of a table.
    #[must_use]
    pub fn new(state: Arc<dyn EntityStore>, lake: Arc<dyn ObjectStore>, dataset: &Dataset) -> Self {
        let table = TableId::of(dataset);
        Self {
            state,
            lake,
            partition: table.log_partition(),
            table,
        }
    }

    /// Returns the head, or nothing before version 0.
    ///
    /// # Errors
    /// Fails if the store does, or if the entity is not a head.
    pub async fn head(&self) -> Result<Option<Head>, LogError> {
        let stored = self.state.get(&self.partition, head::HEAD).await?;
        stored
            .map(|stored| head::decode_head(stored).map_err(malformed(head::HEAD)))
            .transpose()
    }

    /// Writes version 0 with the schema. A conflict means that somebody else did.
    ///
    /// # Errors
    /// Fails if the store does; after a transient failure it may or may not have happened.
    pub async fn initialize(
        &self,
        id: &str,
        schema: &str,
        now: UnixMillis,
    ) -> Result<CommitOutcome, LogError> {
        let commit = Commit {
            version: Version(0),
            id: id.to_owned(),
            kind: CommitKind::Schema(schema.to_owned()),
            committed: now,
            files: Vec::new(),
            counts: Counts::default(),
            sources: 0,
            watermark: None,
            totals: Some(Totals::default()),
        };
        let operations = [
            Operation::Insert(head::encode_first_head(id).map_err(malformed(head::HEAD))?),
            Operation::Insert(self.encode_commit(&commit, None)?),
        ];
        let outcome = self.state.transact(&self.partition, &operations).await?;
        Ok(match outcome {
            Outcome::Committed => CommitOutcome::Committed(Version(0)),
            Outcome::Conflict => CommitOutcome::Conflict,
        })
    }

    /// Makes `new` the version after `head`, in one transaction, if the head has not moved, none of the sources
    /// is in the ledger, and no entry that it takes up has changed. A long list of files is written to a manifest first.
    ///
    /// # Errors
    /// Fails if the store does; after a transient failure it may or may not have happened, and the caller starts
    /// over at the head.
    pub async fn commit(&self, head: &Head, new: &NewCommit) -> Result<CommitOutcome, LogError> {
        self.send(head, new, None).await
    }

    /// Does what [`Self::commit`] does, unless the transaction could arrive after `deadline`: files that nothing names
    /// are removed one day, and a commit must not name them after that.
    ///
    /// # Errors
    /// As [`Self::commit`].
    pub async fn commit_until(
        &self,
        head: &Head,
        new: &NewCommit,
        deadline: Deadline,
    ) -> Result<CommitOutcome, LogError> {
        self.send(head, new, Some(deadline)).await
    }

    async fn send(
        &self,
        head: &Head,
        new: &NewCommit,
        deadline: Option<Deadline>,
    ) -> Result<CommitOutcome, LogError> {
        let files = self.write_files(new).await?;
        let commit = new.on(head);
        let version = commit.version;
        let next = Head {
            version,
            watermark: new.watermark.or(head.watermark),
            clock: new.clock.or(head.clock),
            partitions: new.partitions.clone(),
            totals: commit.totals.clone(),
            // A log that an earlier build began gets its id now.
            log: head.log.clone().or_else(|| Some(new.id.clone())),
            ..head.clone()
        };

        let mut operations = vec![
            Operation::Update {
                entity: head::encode_head(&next).map_err(malformed(head::HEAD))?,
                if_match: head.stored.etag.clone(),
            },
            Operation::Insert(self.encode_commit(&commit, Some(files))?),
        ];
        for entry in &new.ledger {
            let entity = entities::encode_ledger(entry, version);
            operations.push(Operation::Insert(entity.map_err(malformed(&entry.source))?));
        }
        operations.extend(new.taken_up.iter().map(|superseded| Operation::Update {
            entity: entities::encode_superseded(superseded),
            if_match: superseded.stored.etag.clone(),
        }));

        let longest = Duration::from_secs(TRANSACTION_SECONDS);
        if deadline.is_some_and(|deadline| !deadline.allows(longest)) {
            return Ok(CommitOutcome::TooLate);
        }
        let outcome = self.state.transact(&self.partition, &operations).await?;
        Ok(match outcome {
            Outcome::Committed => CommitOutcome::Committed(version),
            Outcome::Conflict => CommitOutcome::Conflict,
        })
    }

    /// Writes what a head says beside its version, unless the head has moved since it was read; returns whether it was
    /// written. For what is learnt without a commit; the version, and with it what silver consists of, stays.
    ///
    /// # Errors
    /// Fails if the store does; after a transient failure it may or may not have happened.
    pub async fn amend(&self, amended: &Head) -> Result<bool, LogError> {
        let update = Operation::Update {
            entity: head::encode_head(amended).map_err(malformed(head::HEAD))?,
            if_match: amended.stored.etag.clone(),
        };
        let outcome = self.state.transact(&self.partition, &[update]).await?;
        Ok(outcome == Outcome::Committed)
    }

    /// Returns the commits with versions in `(after, until]`, all of them.
    ///
    /// # Errors
    /// Fails with [`LogError::Gap`] if one of them is gone.
    pub async fn commits(&self, after: Version, until: Version) -> Result<Vec<Commit>, LogError> {
        self.read(after.next(), until).await
    }

    /// Returns all commits up to `until`, version 0 included.
    ///
    /// # Errors
    /// Fails with [`LogError::Gap`] if one of them is gone.
    pub async fn commits_from_start(&self, until: Version) -> Result<Vec<Commit>, LogError> {
        self.read(Version(0), until).await
    }

    async fn read(&self, first: Version, until: Version) -> Result<Vec<Commit>, LogError> {
        if first > until {
            return Ok(Vec::new());
        }
        let commits = self.entries(first, until).await?;
        let mut expected = first;
        for commit in &commits {
            if commit.version != expected {
                return Err(LogError::Gap { missing: expected });
            }
            expected = expected.next();
        }
        if expected != until.next() {
            return Err(LogError::Gap { missing: expected });
        }
        Ok(commits)
    }

    /// Returns those of the commits in `[first, until]` that are there.
    async fn entries(&self, first: Version, until: Version) -> Result<Vec<Commit>, LogError> {
        let rows = RowRange {
            from: entities::log_row(first),
            until: entities::log_row(until.next()),
        };
        let stored = self.state.range(&self.partition, &rows).await?;
        let decoded: Vec<_> = stored
            .into_iter()
            .map(|stored| self.decode_commit(stored))
            .collect();
        stream::iter(decoded)
            .buffered(PARALLEL_READS)
            .try_collect()
            .await
    }

    async fn decode_commit(&self, stored: Stored) -> Result<Commit, LogError> {
        let Entity { row, .. } = &stored.entity;
        let (mut commit, files) =
            entities::decode_commit(&stored.entity).map_err(malformed(row))?;
        let json = match files {
            entities::FileList::Inline(json) => Bytes::from(json),
            entities::FileList::Manifest(path) => {
                let content = self.lake.get(&path).await?;
                content.ok_or(LogError::ManifestGone {
                    path,
                    version: commit.version,
                })?
            }
        };
        let list = entities::decode_files(&json).map_err(malformed(row))?;
        commit.files = list.files;
        if let CommitKind::Compact { replaces } = &mut commit.kind {
            *replaces = list.replaces;
        }
        Ok(commit)
    }

    fn encode_commit(
        &self,
        commit: &Commit,
        files: Option<entities::FileList>,
    ) -> Result<Entity, LogError> {
        let entity = match files {
            Some(files) => entities::encode_commit(commit, &files),
            None => entities::FileList::inline(&commit.files)
                .and_then(|files| entities::encode_commit(commit, &files)),
        };
        entity.map_err(malformed(&entities::log_row(commit.version)))
    }

    async fn write_files(&self, new: &NewCommit) -> Result<entities::FileList, LogError> {
        let replaces: &[ObjectPath] = match &new.kind {
            CommitKind::Compact { replaces } => replaces,
            CommitKind::Append | CommitKind::Schema(_) => &[],
        };
        let json = entities::encode_files(&new.files, replaces).map_err(malformed(&new.id))?;
        if json.len() <= MAX_INLINE_FILES {
            return Ok(entities::FileList::Inline(json));
        }
        let path = self.table.manifest(&new.id);
        // The name is the commit's own, so finding it there means an earlier try of the same commit.
        let (Created::New | Created::AlreadyThere) = self
            .lake
            .create(&path, Bytes::from(json), &Metadata::new())
            .await?;
        Ok(entities::FileList::Manifest(path))
    }
}

fn malformed(row: &str) -> impl FnOnce(MalformedEntity) -> LogError {
    let row = row.to_owned();
    |source| LogError::Malformed { row, source }
}
