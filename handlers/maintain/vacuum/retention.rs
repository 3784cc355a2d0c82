//! What may go, and when; pure.
//!
//! The facts are gathered in this order: the time, then a listing, then the log. So whatever the listing has and the
//! log does not name was there before, and is old enough by a time that is not later than any of this.

use std::collections::{BTreeMap, HashMap};

use crate::event::UnixMillis;
use crate::store::object::{ObjectInfo, ObjectPath};
use crate::table::TableId;
use crate::table::log::{Commit, CommitKind, Snapshot, Version};

const DAY_MILLIS: i64 = 24 * 60 * 60 * 1_000;
/// How long what nothing names is kept: far longer than a commit may take.
const UNNAMED_MILLIS: i64 = DAY_MILLIS;
/// How long what was replaced, and the log that says so, is kept for readers.
const REPLACED_MILLIS: i64 = 7 * DAY_MILLIS;

/// What is known of an object that was listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Naming {
    /// Nothing names it.
    Unnamed,
    /// It is live, or the log needs it.
    Named,
    /// A compaction replaced it.
    Replaced { at: UnixMillis, version: Version },
}

/// The Delta log, as listed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct DeltaListing {
    entries: BTreeMap<u64, UnixMillis>,
    checkpoints: BTreeMap<u64, UnixMillis>,
}

/// A listing, and what the log says about it.
#[derive(Debug)]
pub(super) struct RetentionPlan {
    now: UnixMillis,
    objects: HashMap<ObjectPath, (UnixMillis, Naming)>,
    delta: DeltaListing,
    /// Entries of our log below this one may go.
    clear_until: Option<Version>,
    is_prefix: bool,
}

impl RetentionPlan {
    /// Begins with the time and with what was listed after it.
    pub(super) fn new(now: UnixMillis, objects: Vec<ObjectInfo>, delta: &[ObjectInfo]) -> Self {
        let mut listing = DeltaListing::default();
        for object in delta {
            let Some(version) = TableId::delta_version(&object.path) else {
                continue;
            };
            let kind = match object.path.name().ends_with(".json") {
                true => &mut listing.entries,
                false => &mut listing.checkpoints,
            };
            kind.insert(version, object.created);
        }
        let objects = objects
            .into_iter()
            .map(|object| (object.path, (object.created, Naming::Unnamed)));
        Self {
            now,
            objects: objects.collect(),
            delta: listing,
            clear_until: None,
            is_prefix: true,
        }
    }

    /// Takes in commits of the log that are still there, oldest first. `snapshot` is the version of the snapshot that
    /// the head names, `manifest` the place of a commit's list of files.
    pub(super) fn take_in(
        &mut self,
        commits: &[Commit],
        snapshot: Option<Version>,
        manifest: impl Fn(&Commit) -> ObjectPath,
    ) {
        for commit in commits {
            for file in &commit.files {
                self.name(&file.path, Naming::Named);
            }
            self.name(&manifest(commit), Naming::Named);
            if let CommitKind::Compact { replaces } = &commit.kind {
                let (at, version) = (commit.committed, commit.version);
                for path in replaces {
                    self.name(path, Naming::Replaced { at, version });
                }
            }
            let may_go = Some(commit.version) < snapshot
                && self.is_published_long_ago(commit.version, commit.committed);
            self.is_prefix &= may_go;
            if self.is_prefix {
                self.clear_until = Some(commit.version.next());
            }
        }
    }

    /// Takes in what is live at the head, and the snapshot that it names.
    pub(super) fn take_in_live(&mut self, live: &Snapshot, named: Option<&ObjectPath>) {
        for path in live.files.keys().chain(named) {
            self.name(path, Naming::Named);
        }
    }

    fn name(&mut self, path: &ObjectPath, naming: Naming) {
        if let Some((_, known)) = self.objects.get_mut(path) {
            *known = naming;
        }
    }

    fn is_published_long_ago(&self, version: Version, committed: UnixMillis) -> bool {
        let published = self.delta.entries.get(&version.0);
        published.is_some_and(|published| self.age(committed.max(*published)) >= REPLACED_MILLIS)
    }

    /// Returns how long ago that was. A time ahead of now is never long ago: what is deleted is old for certain.
    fn age(&self, time: UnixMillis) -> i64 {
        self.now.0.saturating_sub(time.0)
    }

    /// Returns the replaced files that may go: 7 days after the later of the replacing commit and its publication.
    pub(super) fn replaced(&self) -> Vec<ObjectPath> {
        self.pick(|_, naming| match naming {
            Naming::Replaced { at, version } => self.is_published_long_ago(version, at),
            Naming::Unnamed | Naming::Named => false,
        })
    }

    /// Returns what nothing names, 24 hours after its creation.
    pub(super) fn unnamed(&self) -> Vec<ObjectPath> {
        self.pick(|created, naming| {
            naming == Naming::Unnamed && self.age(created) >= UNNAMED_MILLIS
        })
    }

    /// Returns the version below which entries of our log may go: older than 7 days, below the snapshot that the head
    /// names, and published.
    pub(super) fn clear_until(&self) -> Option<Version> {
        self.clear_until
    }

    /// Returns the versions whose entries, and those whose checkpoints, may go from the Delta log: below a checkpoint
    /// that is 7 days old itself, so that readers of any version since then find it, and below what is left of ours,
    /// `first`, because an entry tells when it was published.
    pub(super) fn delta(&self, first: Version, latest: Option<Version>) -> (Vec<u64>, Vec<u64>) {
        let is_base = |(version, created): &(&u64, &UnixMillis)| {
            **version <= first.0
                && Some(Version(**version)) <= latest
                && self.age(**created) >= REPLACED_MILLIS
        };
        let Some((base, _)) = self.delta.checkpoints.iter().rfind(is_base) else {
            return (Vec::new(), Vec::new());
        };
        let below = |listed: &BTreeMap<u64, UnixMillis>| -> Vec<u64> {
            let old = listed.range(..base);
            old.filter(|(_, created)| self.age(**created) >= REPLACED_MILLIS)
                .map(|(version, _)| *version)
                .collect()
        };
        (below(&self.delta.entries), below(&self.delta.checkpoints))
    }

    fn pick(&self, may_go: impl Fn(UnixMillis, Naming) -> bool) -> Vec<ObjectPath> {
        let objects = self.objects.iter();
        let mut picked: Vec<ObjectPath> = objects
            .filter(|(_, (created, naming))| may_go(*created, *naming))
            .map(|(path, _)| path.clone())
            .collect();
        picked.sort_unstable();
        picked
    }
}

#[cfg(test)]
mod tests;
