//! Silver's log and ledger, read once.

use std::collections::BTreeMap;

use sluice::silver::live::LiveFiles;
use sluice::state::commit_log::{Commit, CommitLog, LedgerEntry, LogError, Version};
use std::sync::Arc;

use super::{AuditError, Subject};

/// The log up to a version, and the ledger of the sources that it had finished by then.
pub(super) struct History {
    log: CommitLog,
    head: Option<Version>,
    commits: Vec<Commit>,
    ledger: BTreeMap<String, LedgerEntry>,
}

impl History {
    pub(super) async fn read(subject: &Subject) -> Result<Self, AuditError> {
        let (state, lake) = (Arc::clone(&subject.state), Arc::clone(&subject.lake));
        let log = CommitLog::new(state, lake, &subject.dataset);
        let head = log.head().await?.map(|head| head.version);
        let mut history = Self {
            log,
            head,
            commits: Vec::new(),
            ledger: BTreeMap::new(),
        };
        let Some(head) = head else {
            return Ok(history);
        };
        history.commits = history.log.commits_from_start(head).await?;
        let entries = history.log.ledger_prefix("").await?;
        // What was finished since the head was read belongs to later versions.
        let entries = entries.into_iter().filter(|entry| entry.version <= head);
        history.ledger = entries.map(|entry| (entry.source.clone(), entry)).collect();
        Ok(history)
    }

    /// The version that everything is compared at.
    pub(super) fn version(&self) -> Option<Version> {
        self.head
    }

    /// The commits up to the version.
    pub(super) fn commits(&self) -> &[Commit] {
        match self.head {
            Some(head) => {
                let end = self
                    .commits
                    .partition_point(|commit| commit.version <= head);
                self.commits.get(..end).unwrap_or_default()
            }
            None => &[],
        }
    }

    pub(super) fn ledger(&self) -> impl Iterator<Item = &LedgerEntry> {
        self.ledger.values()
    }

    pub(super) fn entry(&self, source: &str) -> Option<&LedgerEntry> {
        self.ledger.get(source)
    }

    /// The files that are live at `version`, which may be later than the one that everything else is compared at.
    pub(super) async fn live_at(&mut self, version: Version) -> Result<LiveFiles, LogError> {
        let known = self.commits.last().map(|commit| commit.version);
        match known {
            Some(known) if known < version => {
                self.commits.extend(self.log.commits(known, version).await?);
            }
            None => self.commits = self.log.commits_from_start(version).await?,
            Some(_) => {}
        }
        let end = self
            .commits
            .partition_point(|commit| commit.version <= version);
        Ok(LiveFiles::replay(
            self.commits.get(..end).unwrap_or_default(),
        ))
    }
}
