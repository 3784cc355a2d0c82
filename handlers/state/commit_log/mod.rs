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
mod snapshot;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream::{self, StreamExt, TryStreamExt};
use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{
    Entity, Operation, Outcome, PartitionKey, RowRange, StateStore, Stored, TRANSACTION_SECONDS,
};
use crate::dataset::Dataset;
use crate::event::{EventTime, PartitionId, RejectReason, SequenceRange, UnixMillis};
use crate::lake::{BlobStore, Created, Metadata, ObjectPath, paths};
use crate::retry::Deadline;
use crate::storage::StorageError;
pub use entities::MalformedEntity;
pub use snapshot::{LiveFile, Snapshot, SnapshotRef};

/// Most sources that one commit may finish; with `head` and the log entry they fit one transaction.
pub const MAX_SOURCES: usize = 90;
/// Longest list of files, in bytes of JSON, that is kept in the log entry itself.
const MAX_INLINE_FILES: usize = 28 * 1024;
/// How many point reads are in flight at once.
const PARALLEL_READS: usize = 16;

/// Numbers the commits of a dataset; 0 carries the schema.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Version(pub u64);

impl Version {
    /// Returns the version that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// How far one hub partition has been seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PartitionProgress {
    /// The highest event time committed.
    pub event_time: EventTime,
    /// The highest enqueued time committed.
    pub enqueued_time: UnixMillis,
}

/// The state of the whole log at one moment. Holding it is what a commit needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The latest version.
    pub version: Version,
    /// No earlier event time is expected; absent until the first row.
    pub watermark: Option<EventTime>,
    /// What the watermark is made of.
    pub partitions: BTreeMap<PartitionId, PartitionProgress>,
    /// The latest snapshot, once there is one.
    pub snapshot: Option<SnapshotRef>,
    /// The entity as read, with its ETag and with properties that others keep in it.
    stored: Stored,
}

/// One file of silver.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// Where it is.
    pub path: ObjectPath,
    /// The start of its period.
    pub period: EventTime,
    /// Rows.
    pub rows: u64,
    /// Size in bytes.
    pub bytes: u64,
    /// The lowest event time in it.
    pub min: EventTime,
    /// The highest event time in it.
    pub max: EventTime,
    /// What its columns hold, as the text that Delta wants; nothing for files of the time before it was recorded, and
    /// where it is not needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stats: Option<String>,
}

/// What a commit is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CommitKind {
    /// The columns of silver, from this version on, as JSON.
    Schema(String),
    /// New rows.
    Append,
    /// The same rows in other files.
    Compact {
        /// The files that are live no longer.
        replaces: Vec<ObjectPath>,
    },
}

/// What became of the lines of one or more sources. `lines = rows + duplicates + quarantined` (S2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines read.
    pub lines: u64,
    /// Rows written.
    pub rows: u64,
    /// Lines whose key was there already.
    pub duplicates: u64,
    /// Rows below the watermark minus the allowed lateness.
    pub late: u64,
    /// Lines set aside, by reason.
    pub quarantined: BTreeMap<RejectReason, u64>,
}

impl Counts {
    /// Returns the number of lines set aside for any reason.
    #[must_use]
    pub fn quarantined_total(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// Adds what became of another source.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.rows += other.rows;
        self.duplicates += other.duplicates;
        self.late += other.late;
        for (reason, count) in &other.quarantined {
            *self.quarantined.entry(*reason).or_default() += count;
        }
    }

    /// Tells whether every line is accounted for (S2).
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        self.lines == self.rows + self.duplicates + self.quarantined_total()
    }
}

/// One numbered change of silver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its number.
    pub version: Version,
    /// Its unique id, which is also in the names of what it wrote.
    pub id: String,
    /// What it is.
    pub kind: CommitKind,
    /// When it was sent.
    pub committed: UnixMillis,
    /// The files it adds.
    pub files: Vec<DataFile>,
    /// What became of its sources' lines.
    pub counts: Counts,
    /// The sources it finished.
    pub sources: u64,
    /// The watermark after it.
    pub watermark: Option<EventTime>,
}

/// A source that has been refined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LedgerEntry {
    /// The bronze object's name in its container.
    pub source: String,
    /// What became of its lines.
    pub counts: Counts,
    /// The sequence numbers it holds, where its metadata tells.
    pub range: Option<SequenceRange>,
    /// The commit that finished it.
    pub version: Version,
    /// The object with its bad lines, if it had any.
    pub quarantine: Option<ObjectPath>,
}

/// A commit to be made on a [`Head`].
#[derive(Clone, Debug)]
pub struct NewCommit {
    /// Its unique id.
    pub id: String,
    /// What it is.
    pub kind: CommitKind,
    /// Now.
    pub committed: UnixMillis,
    /// The files it adds, all of them durable.
    pub files: Vec<DataFile>,
    /// The sources it finishes; their `version` is filled in.
    pub ledger: Vec<LedgerEntry>,
    /// The watermark after it.
    pub watermark: Option<EventTime>,
    /// What the watermark is made of, after it.
    pub partitions: BTreeMap<PartitionId, PartitionProgress>,
}

impl NewCommit {
    /// Returns what became of the lines of all of its sources.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for entry in &self.ledger {
            counts.add(&entry.counts);
        }
        counts
    }

    /// Returns the commit that this is once it has come through as `version`.
    #[must_use]
    pub fn as_version(&self, version: Version) -> Commit {
        Commit {
            version,
            id: self.id.clone(),
            kind: self.kind.clone(),
            committed: self.committed,
            files: self.files.clone(),
            counts: self.counts(),
            sources: self.ledger.len() as u64,
            watermark: self.watermark,
        }
    }
}

/// What became of a commit whose outcome is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitOutcome {
    /// It is in the log under this number.
    Committed(Version),
    /// The head had moved or a source was finished already: start over at the head.
    Conflict,
    /// It might have come after its deadline, so it was not sent.
    TooLate,
}

/// A failure to read or write the log.
#[derive(Debug, Error)]
pub enum LogError {
    /// The store failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// An entity does not hold what it should.
    #[error("read log entity {row}")]
    Malformed {
        /// Its row key.
        row: String,
        /// What is wrong.
        source: MalformedEntity,
    },
    /// Versions are missing; a reader starts over from the latest snapshot.
    #[error("version {missing} of the commit log is gone")]
    Gap {
        /// The first version missing.
        missing: Version,
    },
    /// The snapshot that a head names is gone; a reader starts over at a new head.
    #[error("snapshot {path} of version {version} is gone")]
    SnapshotGone {
        /// Where it was.
        path: ObjectPath,
        /// Its version.
        version: Version,
    },
    /// A manifest that a commit names is gone.
    #[error("manifest {path} of version {version} is gone")]
    ManifestGone {
        /// Where it was.
        path: ObjectPath,
        /// The commit that names it.
        version: Version,
    },
}

impl LogError {
    /// Tells whether starting over may succeed.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        match self {
            Self::Storage(error) => error.is_transient(),
            Self::Malformed { .. }
            | Self::Gap { .. }
            | Self::SnapshotGone { .. }
            | Self::ManifestGone { .. } => false,
        }
    }

    /// Tells whether something is missing that maintenance may have removed since the head was read, so that a reader
    /// starts over at a new head.
    #[must_use]
    pub fn is_outdated(&self) -> bool {
        match self {
            Self::Gap { .. } | Self::SnapshotGone { .. } | Self::ManifestGone { .. } => true,
            Self::Storage(_) | Self::Malformed { .. } => false,
        }
    }
}

/// Reads and writes the commit log of one generation of a dataset.
#[derive(Clone, Debug)]
pub struct CommitLog {
    state: Arc<dyn StateStore>,
    lake: Arc<dyn BlobStore>,
    partition: PartitionKey,
    dataset: String,
    generation: u32,
}

impl CommitLog {
    /// Makes the log of `dataset`'s generation.
    #[must_use]
    pub fn new(state: Arc<dyn StateStore>, lake: Arc<dyn BlobStore>, dataset: &Dataset) -> Self {
        Self {
            state,
            lake,
            partition: PartitionKey(format!("{}@{}", dataset.name, dataset.generation)),
            dataset: dataset.name.clone(),
            generation: dataset.generation,
        }
    }

    /// Returns the head, or nothing before version 0.
    ///
    /// # Errors
    /// Fails if the store does, or if the entity is not a head.
    pub async fn head(&self) -> Result<Option<Head>, LogError> {
        let stored = self.state.get(&self.partition, entities::HEAD).await?;
        stored
            .map(|stored| entities::decode_head(stored).map_err(malformed(entities::HEAD)))
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
        };
        let operations = [
            Operation::Insert(entities::encode_first_head()),
            Operation::Insert(entities::encode_commit(
                &commit,
                &entities::FileList::inline(&[]),
            )),
        ];
        let outcome = self.state.transact(&self.partition, &operations).await?;
        Ok(match outcome {
            Outcome::Committed => CommitOutcome::Committed(Version(0)),
            Outcome::Conflict => CommitOutcome::Conflict,
        })
    }

    /// Makes `new` the version after `head`, in one transaction, if the head has not moved and none of the sources
    /// is in the ledger. A long list of files is written to a manifest first.
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
        let version = head.version.next();
        let files = self.write_files(new).await?;
        let commit = new.as_version(version);

        let mut operations = vec![
            Operation::Update {
                entity: entities::encode_head(head, version, new),
                if_match: head.stored.etag.clone(),
            },
            Operation::Insert(entities::encode_commit(&commit, &files)),
        ];
        for entry in &new.ledger {
            operations.push(Operation::Insert(entities::encode_ledger(entry, version)));
        }

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

    /// Returns those of the sources that are in the ledger.
    ///
    /// Sources of one folder are neighbours in the ledger, with hardly anything else between the first and the last of
    /// a group: they are read in one request.
    ///
    /// # Errors
    /// Fails if the store does, or if an entity is not a ledger entry.
    pub async fn ledger(
        &self,
        sources: &[String],
    ) -> Result<BTreeMap<String, LedgerEntry>, LogError> {
        let mut folders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for name in sources {
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

    /// Returns the ledger entries of all sources whose names start with `prefix`.
    ///
    /// # Errors
    /// Fails if the store does, or if an entity is not a ledger entry.
    pub async fn ledger_prefix(&self, prefix: &str) -> Result<Vec<LedgerEntry>, LogError> {
        let rows = RowRange::prefix(&entities::ledger_row(prefix));
        let stored = self.state.range(&self.partition, &rows).await?;
        stored.iter().map(decode_ledger_entry).collect()
    }

    async fn read(&self, first: Version, until: Version) -> Result<Vec<Commit>, LogError> {
        if first > until {
            return Ok(Vec::new());
        }
        let rows = RowRange {
            from: entities::log_row(first),
            until: entities::log_row(until.next()),
        };
        let stored = self.state.range(&self.partition, &rows).await?;
        let decoded: Vec<_> = stored
            .into_iter()
            .map(|stored| self.decode_commit(stored))
            .collect();
        let commits: Vec<Commit> = stream::iter(decoded)
            .buffered(PARALLEL_READS)
            .try_collect()
            .await?;

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

    async fn write_files(&self, new: &NewCommit) -> Result<entities::FileList, LogError> {
        let replaces: &[ObjectPath] = match &new.kind {
            CommitKind::Compact { replaces } => replaces,
            CommitKind::Append | CommitKind::Schema(_) => &[],
        };
        let json = entities::encode_files(&new.files, replaces);
        if json.len() <= MAX_INLINE_FILES {
            return Ok(entities::FileList::Inline(json));
        }
        let path = paths::manifest(&self.dataset, self.generation, &new.id);
        // The name is the commit's own, so finding it there means an earlier try of the same commit.
        let (Created::New | Created::AlreadyThere) = self
            .lake
            .create(&path, Bytes::from(json), &Metadata::new())
            .await?;
        Ok(entities::FileList::Manifest(path))
    }
}

/// Returns what a source has in common with its neighbours in the ledger: its folder. A name that bronze would not give
/// stands alone, because it may be escaped, which moves it.
fn neighbours(source: &str) -> &str {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.');
    match source.rsplit_once('/') {
        Some((folder, name)) if name.bytes().all(is_plain) => folder,
        _ => source,
    }
}

fn decode_ledger_entry(stored: &Stored) -> Result<LedgerEntry, LogError> {
    entities::decode_ledger(&stored.entity).map_err(malformed(&stored.entity.row))
}

fn malformed(row: &str) -> impl FnOnce(MalformedEntity) -> LogError {
    let row = row.to_owned();
    |source| LogError::Malformed { row, source }
}
