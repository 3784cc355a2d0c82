//! What the log holds: commits, the ledger of sources, and the head that orders them. Pure.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::nulled::Nulled;
use super::progress::PartitionProgress;
use crate::event::{EventTime, KeptReason, PartitionId, SequenceRange, UnixMillis};
use crate::store::entity::Stored;
use crate::store::object::ObjectPath;

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

    /// Returns the number as stores keep it. Versions count from 0, so none comes near the limit: at a thousand a
    /// second it takes 292 million years.
    #[must_use]
    pub fn as_i64(self) -> i64 {
        i64::try_from(self.0).unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The state of the whole log at one moment. Holding it is what a commit needs.
#[derive(Clone, Debug, PartialEq)]
pub struct Head {
    /// The latest version.
    pub version: Version,
    /// No earlier event time is expected; absent until the first row.
    pub watermark: Option<EventTime>,
    /// The highest enqueued time of any object that was refined.
    pub clock: Option<UnixMillis>,
    /// What the watermark is made of.
    pub partitions: BTreeMap<PartitionId, PartitionProgress>,
    /// The latest snapshot, once there is one.
    pub snapshot: Option<SnapshotRef>,
    /// What became of everything up to the version; nothing where a build that does not count moved the head on, until
    /// maintenance has counted.
    pub totals: Option<Totals>,
    /// The id of the log: that of its first commit, for ever. A log that an earlier build began gets one with its next
    /// commit, and has none until then.
    pub log: Option<String>,
    /// The entity as read, with its ETag and with properties that others keep in it.
    pub(super) stored: Stored,
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

/// What became of the lines of one or more sources. `lines = empty + opened`, and
/// `records = rows + duplicates + filtered + quarantined` (S2).
///
/// A redrive's source has no lines: its records are those of an earlier source that were rejected and are taken up again.
/// They count there as quarantined, and here as what they have become, so that a sum of both has them twice: `redriven` says
/// how many these are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Lines read, each of them an event.
    pub lines: u64,
    /// Events that hold no record.
    pub empty: u64,
    /// Events that hold a record or more, or were rejected whole.
    pub opened: u64,
    /// The records of the events; an event that was rejected whole is one.
    pub records: u64,
    /// Rejected records of earlier sources that were taken up again. An event that was rejected whole is one, however many
    /// records are found in it now.
    pub redriven: u64,
    /// Rows written.
    pub rows: u64,
    /// Records whose key was there already.
    pub duplicates: u64,
    /// Those of the duplicates that differ from the row that stays, as far as they were compared.
    pub conflicts: u64,
    /// Rows below the watermark minus the allowed lateness.
    pub late: u64,
    /// Records that the dataset's condition leaves out.
    pub filtered: u64,
    /// Records rejected, by reason.
    pub quarantined: BTreeMap<KeptReason, u64>,
    /// Values of rows and duplicates that became null because their column could not take them. They are part of no
    /// balance.
    pub nulled: Nulled,
}

impl Counts {
    /// Returns the counts of so many events of one record each, of which none has met its fate yet.
    #[must_use]
    pub fn of_lines(lines: u64) -> Self {
        Self {
            lines,
            opened: lines,
            records: lines,
            ..Self::default()
        }
    }

    /// Returns the number of records rejected for any reason.
    #[must_use]
    pub fn quarantined_total(&self) -> u64 {
        self.quarantined.values().sum()
    }

    /// Adds what became of another source.
    pub fn add(&mut self, other: &Self) {
        self.lines += other.lines;
        self.empty += other.empty;
        self.opened += other.opened;
        self.records += other.records;
        self.redriven += other.redriven;
        self.rows += other.rows;
        self.duplicates += other.duplicates;
        self.conflicts += other.conflicts;
        self.late += other.late;
        self.filtered += other.filtered;
        for (reason, count) in &other.quarantined {
            *self.quarantined.entry(reason.clone()).or_default() += count;
        }
        self.nulled.add(&other.nulled);
    }

    /// Returns the number of records in bronze: those that were taken up again count once.
    #[must_use]
    pub fn records_once(&self) -> u64 {
        self.records.saturating_sub(self.redriven)
    }

    /// Returns the number of records that were rejected and not taken up again.
    #[must_use]
    pub fn quarantined_still(&self) -> u64 {
        self.quarantined_total().saturating_sub(self.redriven)
    }

    /// Returns whether every line and every record is accounted for (S2).
    #[must_use]
    pub fn is_conserved(&self) -> bool {
        let fates = self.rows + self.duplicates + self.filtered + self.quarantined_total();
        self.lines == self.empty + self.opened && self.records == fates
    }
}

/// What became of everything up to a version, carried from commit to commit: whoever wants to know it reads the head and
/// adds nothing up.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// What became of all lines.
    pub counts: Counts,
    /// The sources that are refined.
    pub sources: u64,
    /// The files that are live.
    pub files: u64,
}

impl Totals {
    /// Returns what they are after the commit that follows.
    #[must_use]
    pub fn after(&self, commit: &Commit) -> Self {
        let replaced = match &commit.kind {
            CommitKind::Compact { replaces } => replaces.len() as u64,
            CommitKind::Append | CommitKind::Schema(_) => 0,
        };
        let mut counts = self.counts.clone();
        counts.add(&commit.counts);
        // They are written with every commit, so they must not grow with the number of columns.
        counts.nulled = counts.nulled.folded();
        Self {
            counts,
            sources: self.sources + commit.sources,
            files: (self.files + commit.files.len() as u64).saturating_sub(replaced),
        }
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
    /// What became of everything up to it; nothing where the head before it did not say.
    pub totals: Option<Totals>,
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
    /// The quarantine object with its rejected lines, if it had any.
    pub quarantine: Option<ObjectPath>,
    /// Where its records come from, if they were taken up again.
    pub redrive: Option<Redrive>,
    /// What took up its own rejected records, if anything did.
    pub taken_up: Option<TakenUp>,
}

impl LedgerEntry {
    /// Returns the bronze object that its records are in.
    #[must_use]
    pub fn bronze(&self) -> &str {
        self.redrive
            .as_ref()
            .map_or(&self.source, |redrive| &redrive.origin)
    }

    /// Returns whether rejected records of it wait for somebody to take them up.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.quarantine.is_some() && self.taken_up.is_none()
    }
}

/// Where the records of a redrive's source come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The bronze object.
    pub origin: String,
    /// What was to become of them, as a hash.
    pub plan: String,
    /// By which announcement this was done, if by one.
    pub token: Option<String>,
}

/// That the rejected records of a source were taken up again, all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TakenUp {
    /// The source that they are now, by its name in the ledger.
    pub by: String,
    /// How many they were.
    pub records: u64,
}

/// A ledger entry whose rejected records a commit takes up.
#[derive(Clone, Debug)]
pub struct Superseded {
    /// The entity as it was read, with its ETag: the commit is made only if nobody has changed it since.
    pub stored: Stored,
    /// What takes them up.
    pub taken_up: TakenUp,
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
    /// The entries whose rejected records it takes up.
    pub taken_up: Vec<Superseded>,
    /// The watermark after it.
    pub watermark: Option<EventTime>,
    /// The highest enqueued time of any object that was refined, after it.
    pub clock: Option<UnixMillis>,
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

    /// Returns the commit that this is once it has come through on `head`.
    #[must_use]
    pub fn on(&self, head: &Head) -> Commit {
        let commit = Commit {
            version: head.version.next(),
            id: self.id.clone(),
            kind: self.kind.clone(),
            committed: self.committed,
            files: self.files.clone(),
            counts: self.counts(),
            sources: self.ledger.len() as u64,
            watermark: self.watermark,
            totals: None,
        };
        let totals = head.totals.as_ref().map(|totals| totals.after(&commit));
        Commit { totals, ..commit }
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

/// What silver consists of at one version.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// The version.
    pub version: Version,
    /// The columns of silver, as the last schema commit has them.
    pub schema: String,
    /// When that commit was sent.
    pub schema_committed: UnixMillis,
    /// The live files, by their place.
    pub files: BTreeMap<ObjectPath, LiveFile>,
}

/// A file that is live, and since when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveFile {
    /// The file.
    pub file: DataFile,
    /// When the commit was sent that added it.
    pub committed: UnixMillis,
}

/// Names a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRef {
    /// Its version.
    pub version: Version,
    /// Where it is.
    pub path: ObjectPath,
}
