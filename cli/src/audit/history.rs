//! Silver's ledger, its live files, and as much of the log as is left.
//!
//! Maintenance clears the log up to a snapshot once its entries are a week old. So nothing here needs the log's
//! start: what was counted is in the ledger, which is never deleted, and what is live follows from the snapshot. Which
//! rows were there at an earlier version follows from the rows themselves: each names its source, and the ledger
//! names the version that committed the source. That holds however compaction has mixed the files since.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use sluice::dataset::Dataset;
use sluice::store::object::ObjectPath;
use sluice::table::evolution::defined_since;
use sluice::table::live::LiveFiles;
use sluice::table::log::{
    Commit, CommitKind, CommitLog, Counts, DataFile, Head, LedgerEntry, LogError, Totals, Version,
};

use super::subject::Subject;

/// Versions that are read at a time.
const CHUNK: u64 = 1_000;
/// How often the log may turn out to be cleared while it is read.
const ATTEMPTS: usize = 5;

/// Silver as of one version.
pub(crate) struct History {
    log: CommitLog,
    dataset: Arc<Dataset>,
    head: Option<Version>,
    log_id: Option<String>,
    totals: Option<Totals>,
    misfits: Vec<String>,
    defined_since: Option<Version>,
    live: LiveFiles,
    commits: Vec<Commit>,
    ledger: BTreeMap<String, LedgerEntry>,
}

/// A file with rows of a version.
pub(crate) struct Portion {
    pub(crate) file: DataFile,
    /// Whether a compaction has put rows of later versions into it too.
    pub(crate) is_mixed: bool,
}

impl History {
    /// Reads the latest version; starts over if maintenance clears the log meanwhile.
    pub(crate) async fn read(subject: &Subject) -> Result<Self, LogError> {
        let (state, lake) = (Arc::clone(&subject.state), Arc::clone(&subject.lake));
        let log = CommitLog::new(state, lake, &subject.dataset);
        let mut history = Self {
            log,
            dataset: Arc::clone(&subject.dataset),
            head: None,
            log_id: None,
            totals: None,
            misfits: Vec::new(),
            defined_since: None,
            live: LiveFiles::default(),
            commits: Vec::new(),
            ledger: BTreeMap::new(),
        };
        let mut attempts = 1;
        while let Err(error) = history.read_log().await {
            if !error.is_outdated() || attempts == ATTEMPTS {
                return Err(error);
            }
            attempts += 1;
        }
        if let Some(head) = history.head {
            let mut entries = history.log.ledger_prefix("").await?;
            // What was committed since the head was read belongs to later versions.
            let later = entries.iter().filter(|entry| entry.version > head);
            let later: HashSet<String> = later.map(|entry| entry.source.clone()).collect();
            entries.retain(|entry| entry.version <= head);
            for entry in &mut entries {
                entry
                    .taken_up
                    .take_if(|taken_up| later.contains(&taken_up.by));
            }
            let entries = entries.into_iter();
            history.ledger = entries.map(|entry| (entry.source.clone(), entry)).collect();
        }
        Ok(history)
    }

    async fn read_log(&mut self) -> Result<(), LogError> {
        let Some(head) = self.log.head().await? else {
            return Ok(());
        };
        let snapshot = self.log.load(&head).await?;
        self.live = LiveFiles::of(&snapshot);
        self.misfits = snapshot
            .misfits(&self.dataset)
            .unwrap_or_else(|error| vec![sluice::error::chain(&error)]);
        self.commits = self.left(&head).await?;
        // A record that cannot be read is a misfit, and nothing is defined by it.
        let since = defined_since(&snapshot, &self.commits, &self.dataset);
        self.defined_since = since.ok().flatten();
        self.head = Some(head.version);
        self.log_id = head.log;
        self.totals = head.totals;
        Ok(())
    }

    /// Reads the commits that are left, without what only Delta wants to know of their files.
    async fn left(&self, head: &Head) -> Result<Vec<Commit>, LogError> {
        let mut commits = Vec::new();
        let first = self.log.first_version(head.version).await?;
        // Nothing, unless an entry was lost that is not the oldest.
        if first > Version(0) {
            commits = self.log.remaining(Version(0), Version(first.0 - 1)).await?;
        }
        let mut from = first;
        while from <= head.version {
            let until = head.version.min(Version(from.0 + CHUNK - 1));
            let mut read = self.log.remaining(from, until).await?;
            for file in read.iter_mut().flat_map(|commit| &mut commit.files) {
                file.stats = None;
            }
            commits.extend(read);
            from = until.next();
        }
        Ok(commits)
    }

    /// The id of the log, if it has one.
    pub(crate) fn log_id(&self) -> Option<&str> {
        self.log_id.as_deref()
    }

    /// The version that everything is compared at.
    pub(crate) fn version(&self) -> Option<Version> {
        self.head
    }

    /// What the head says became of everything; nothing where an earlier build began the log and nobody has counted yet.
    pub(crate) fn totals(&self) -> Option<&Totals> {
        self.totals.as_ref()
    }

    /// Why silver cannot go on with the dataset file; nothing if it can.
    pub(crate) fn misfits(&self) -> &[String] {
        &self.misfits
    }

    /// The first version since which the dataset file defines what becomes of a record; nothing if the log has another
    /// definition than its.
    pub(crate) fn defined_since(&self) -> Option<Version> {
        self.defined_since
    }

    /// The first version that is left in the log.
    pub(crate) fn first(&self) -> Version {
        self.commits
            .first()
            .map_or(Version(0), |commit| commit.version)
    }

    /// The commits that are left, up to the version.
    pub(crate) fn commits(&self) -> &[Commit] {
        &self.commits
    }

    /// The files that are live at the version.
    pub(crate) fn live(&self) -> &LiveFiles {
        &self.live
    }

    pub(crate) fn ledger(&self) -> impl Iterator<Item = &LedgerEntry> {
        self.ledger.values()
    }

    /// What became of everything up to a version.
    pub(crate) fn counts_at(&self, version: Version) -> Counts {
        let mut counts = Counts::default();
        let entries = self.ledger().filter(|entry| entry.version <= version);
        entries.for_each(|entry| counts.add(&entry.counts));
        counts
    }

    pub(crate) fn entry(&self, source: &str) -> Option<&LedgerEntry> {
        self.ledger.get(source)
    }

    /// Returns whether the rows of a source were there at `version`. A source that the ledger does not have is reported by
    /// another check; here its rows count.
    pub(crate) fn had(&self, source: &str, version: Version) -> bool {
        self.entry(source)
            .is_none_or(|entry| entry.version <= version)
    }

    /// Whether the rows of `version` can be told from later ones. A row names its bronze object, and the ledger the version that
    /// refined it; where records of it were taken up again since, and a compaction has put their rows into one file with the
    /// others, nothing tells them apart.
    pub(crate) fn tells_apart(&self, version: Version) -> bool {
        let mut redrives = self.ledger().filter(|entry| entry.redrive.is_some());
        let is_since = redrives.any(|entry| entry.version > version);
        let is_past = self.head.is_some_and(|head| version < head);
        !is_since || !is_past || !self.before(version).iter().any(|portion| portion.is_mixed)
    }

    /// The files that hold the rows of `version`, which may be later than the one that everything else is compared at.
    pub(crate) async fn at(&self, version: Version) -> Result<Vec<Portion>, LogError> {
        let whole = |file: &DataFile| Portion {
            file: file.clone(),
            is_mixed: false,
        };
        let Some(head) = self.head else {
            // Silver has no rows before its first commit.
            return Ok(Vec::new());
        };
        if version < head {
            return Ok(self.before(version));
        }
        let mut portions: Vec<Portion> = self.live.iter().map(whole).collect();
        for commit in self.log.commits(head, version).await? {
            if commit.kind == CommitKind::Append {
                portions.extend(commit.files.iter().map(whole));
            }
        }
        Ok(portions)
    }

    fn before(&self, version: Version) -> Vec<Portion> {
        let mut added: HashMap<&ObjectPath, (Version, bool)> = HashMap::new();
        for commit in &self.commits {
            let is_compaction = matches!(commit.kind, CommitKind::Compact { .. });
            for file in &commit.files {
                added.insert(&file.path, (commit.version, is_compaction));
            }
        }
        let is_mixed = |file: &&DataFile| match added.get(&file.path) {
            Some((since, _)) if *since <= version => Some(false),
            Some((_, is_compaction)) => is_compaction.then_some(true),
            // Older than what is left of the log.
            None => Some(self.first() > version.next()),
        };
        let portions = self.live.iter().filter_map(|file| {
            Some(Portion {
                file: file.clone(),
                is_mixed: is_mixed(&file)?,
            })
        });
        portions.collect()
    }
}
