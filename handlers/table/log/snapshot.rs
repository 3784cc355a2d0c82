//! Snapshots: what silver consists of at one version, so that a reader need not replay the log from its start.
//!
//! A snapshot is an object of its own; `head` names the latest one. Log entries below it may be gone.

use bytes::Bytes;

use super::{
    Commit, CommitKind, CommitLog, Head, LiveFile, LogError, Snapshot, SnapshotRef, Version,
    entities, malformed,
};
use crate::store::object::{Created, Metadata};

/// Versions that are read at a time, so that a long log needs little memory.
const CHUNK: u64 = 1_000;

impl Snapshot {
    /// Replays the commits that follow, in order.
    pub fn advance(&mut self, commits: &[Commit]) {
        for commit in commits {
            match &commit.kind {
                CommitKind::Schema(schema) => {
                    schema.clone_into(&mut self.schema);
                    self.schema_committed = commit.committed;
                }
                CommitKind::Append => {}
                CommitKind::Compact { replaces } => {
                    for path in replaces {
                        self.files.remove(path);
                    }
                }
            }
            for file in &commit.files {
                let (file, committed) = (file.clone(), commit.committed);
                self.files
                    .insert(file.path.clone(), LiveFile { file, committed });
            }
            self.version = commit.version;
        }
    }
}

impl CommitLog {
    /// Returns what silver consists of at `head`: the snapshot that it names, and the log after it.
    ///
    /// # Errors
    /// Fails if the store does. If the snapshot or a part of the log is gone, the head is out of date, and the reader
    /// starts over at a new one.
    pub async fn load(&self, head: &Head) -> Result<Snapshot, LogError> {
        let loaded = self.load_at(head, head.version).await?;
        loaded.ok_or(LogError::Gap {
            missing: head.version,
        })
    }

    /// Returns what silver consisted of at `version`, which lies before `head`; nothing if the snapshot that `head`
    /// names is later.
    ///
    /// # Errors
    /// As [`CommitLog::load`].
    pub async fn load_at(
        &self,
        head: &Head,
        version: Version,
    ) -> Result<Option<Snapshot>, LogError> {
        let mut snapshot = match &head.snapshot {
            Some(named) => self.read_snapshot(named).await?,
            None => {
                let mut snapshot = Snapshot::default();
                snapshot.advance(&self.commits_from_start(Version(0)).await?);
                snapshot
            }
        };
        if snapshot.version > version {
            return Ok(None);
        }
        while snapshot.version < version {
            let until = version.min(Version(snapshot.version.0 + CHUNK));
            snapshot.advance(&self.commits(snapshot.version, until).await?);
        }
        Ok(Some(snapshot))
    }

    /// Returns the snapshot of that name.
    ///
    /// # Errors
    /// Fails if the lake does, or if the snapshot is gone.
    pub async fn read_snapshot(&self, named: &SnapshotRef) -> Result<Snapshot, LogError> {
        let gone = || LogError::SnapshotGone {
            path: named.path.clone(),
            version: named.version,
        };
        let content = self.lake.get(&named.path).await?.ok_or_else(gone)?;
        serde_json::from_slice(&content).map_err(|source| LogError::Malformed {
            row: named.path.to_string(),
            source: entities::MalformedEntity::Json {
                property: "snapshot",
                source,
            },
        })
    }

    /// Writes a snapshot under a name of its own, which nothing refers to yet.
    ///
    /// # Errors
    /// Fails if the lake does.
    pub async fn write_snapshot(
        &self,
        snapshot: &Snapshot,
        id: &str,
    ) -> Result<SnapshotRef, LogError> {
        let path = self.table.snapshot(snapshot.version.0, id);
        let content = entities::to_json("snapshot", snapshot);
        let content = Bytes::from(content.map_err(malformed(path.as_str()))?);
        let (Created::New | Created::AlreadyThere) =
            self.lake.create(&path, content, &Metadata::new()).await?;
        Ok(SnapshotRef {
            version: snapshot.version,
            path,
        })
    }

    /// Makes `head` name the snapshot, as long as the one it names is older. Returns whether it does now.
    ///
    /// # Errors
    /// Fails if the store does; after a transient failure it may or may not have happened, and the next snapshot
    /// makes up for it.
    pub async fn attach_snapshot(&self, snapshot: &SnapshotRef) -> Result<bool, LogError> {
        while let Some(head) = self.head().await? {
            if head.snapshot.as_ref() == Some(snapshot) {
                return Ok(true);
            }
            let is_older = head
                .snapshot
                .as_ref()
                .is_none_or(|named| named.version < snapshot.version);
            if !is_older || head.version < snapshot.version {
                return Ok(false);
            }
            let attached = Head {
                snapshot: Some(snapshot.clone()),
                ..head
            };
            // A conflict means that a commit came between; the snapshot is as good for the new head.
            if self.amend(&attached).await? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
