//! The files that silver consists of at one version; pure.

use std::collections::BTreeMap;

use super::log::{Commit, CommitKind, DataFile, Snapshot, Version};
use crate::event::EventTime;
use crate::store::object::ObjectPath;

/// The live files at a version, by period.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LiveFiles {
    version: Version,
    periods: BTreeMap<EventTime, BTreeMap<ObjectPath, DataFile>>,
}

impl LiveFiles {
    /// Replays a whole log.
    #[must_use]
    pub fn replay(commits: &[Commit]) -> Self {
        let mut live = Self::default();
        live.advance(commits);
        live
    }

    /// Returns the files that commits appended; a compaction only moves rows that were there before.
    #[must_use]
    pub fn appended(commits: &[Commit]) -> Self {
        let appends = commits
            .iter()
            .filter(|commit| commit.kind == CommitKind::Append);
        Self::replay(&appends.cloned().collect::<Vec<_>>())
    }

    /// Takes the files of a snapshot.
    #[must_use]
    pub fn of(snapshot: &Snapshot) -> Self {
        let mut live = Self {
            version: snapshot.version,
            ..Self::default()
        };
        for entry in snapshot.files.values() {
            live.insert(&entry.file);
        }
        live
    }

    /// Returns the version that the files are those of.
    #[must_use]
    pub fn version(&self) -> Version {
        self.version
    }

    /// Replays the commits that follow, in order.
    pub fn advance(&mut self, commits: &[Commit]) {
        for commit in commits {
            if let CommitKind::Compact { replaces } = &commit.kind {
                for path in replaces {
                    for files in self.periods.values_mut() {
                        files.remove(path);
                    }
                }
                self.periods.retain(|_, files| !files.is_empty());
            }
            for file in &commit.files {
                self.insert(file);
            }
            self.version = commit.version;
        }
    }

    /// Adds a file, without what only Delta wants to know of it.
    fn insert(&mut self, file: &DataFile) {
        let stats = None;
        let file = DataFile {
            path: file.path.clone(),
            stats,
            ..*file
        };
        let files = self.periods.entry(file.period).or_default();
        files.insert(file.path.clone(), file);
    }

    /// Returns the files of `period` that may hold an event time in `[min, max]`.
    pub fn overlapping(
        &self,
        period: EventTime,
        min: EventTime,
        max: EventTime,
    ) -> impl Iterator<Item = &DataFile> {
        let files = self
            .periods
            .get(&period)
            .into_iter()
            .flat_map(BTreeMap::values);
        files.filter(move |file| file.min <= max && min <= file.max)
    }

    /// Returns whether the file is live.
    #[must_use]
    pub fn contains(&self, file: &DataFile) -> bool {
        self.periods
            .get(&file.period)
            .is_some_and(|files| files.contains_key(&file.path))
    }

    /// Returns all files, by period.
    pub fn iter(&self) -> impl Iterator<Item = &DataFile> {
        self.periods.values().flat_map(BTreeMap::values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::UnixMillis;
    use crate::table::log::Counts;

    fn file(name: &str, min: i64, max: i64) -> DataFile {
        DataFile {
            path: ObjectPath::new("silver", name),
            period: EventTime(0),
            rows: 1,
            bytes: 1,
            min: EventTime(min),
            max: EventTime(max),
            stats: None,
        }
    }

    fn commit(version: u64, kind: CommitKind, files: Vec<DataFile>) -> Commit {
        Commit {
            version: Version(version),
            id: format!("c{version}"),
            kind,
            committed: UnixMillis(0),
            files,
            counts: Counts::default(),
            sources: 0,
            watermark: None,
            totals: None,
        }
    }

    #[test]
    fn only_files_whose_range_touches_can_hold_a_duplicate() {
        let live = LiveFiles::replay(&[
            commit(0, CommitKind::Schema(String::new()), vec![]),
            commit(
                1,
                CommitKind::Append,
                vec![file("a", 0, 10), file("b", 20, 30)],
            ),
        ]);
        let touching = |min, max| -> Vec<_> {
            let files = live.overlapping(EventTime(0), EventTime(min), EventTime(max));
            files.map(|file| file.path.name().to_owned()).collect()
        };
        assert_eq!(touching(10, 20), ["a", "b"]);
        assert_eq!(touching(11, 19), Vec::<String>::new());
        assert_eq!(touching(30, 99), ["b"]);
        assert_eq!(
            live.overlapping(EventTime(1), EventTime(0), EventTime(99))
                .count(),
            0
        );
    }

    #[test]
    fn compaction_replaces_files_and_moves_the_version() {
        let (a, b, c) = (file("a", 0, 10), file("b", 20, 30), file("c", 0, 30));
        let mut live =
            LiveFiles::replay(&[commit(0, CommitKind::Append, vec![a.clone(), b.clone()])]);
        let replaces = vec![a.path.clone(), b.path.clone()];
        live.advance(&[commit(1, CommitKind::Compact { replaces }, vec![c.clone()])]);
        assert_eq!(live.iter().collect::<Vec<_>>(), [&c]);
        assert!(live.contains(&c) && !live.contains(&a));
        assert_eq!(live.version(), Version(1));
    }
}
