//! The name of a table of silver, and every name that follows from it: objects and state partitions. Pure.
//!
//! ```text
//! silver/{dataset}/current.json                                                         the generation that gold shows
//! silver/{dataset}/g{generation}/event_date=2025-11-14/event_hour=11/{commit}.parquet    rows
//!                               /_delta_log/{version:020}.json                          Delta
//!                               /_sluice/manifests/{commit}.json                        long lists of files
//!                               /_sluice/snapshots/{version:012}-{id}.json              snapshots of the log
//! quarantine/{dataset}/g{generation}/{source}.{commit}.jsonl                            rejected lines
//!           /{dataset}/g{generation}/{source}.{commit}-part{n}.jsonl                    more of them, of a large source
//! ```
//!
//! Readers of Parquet files skip names that start with an underscore.

use crate::dataset::Dataset;
use crate::event::EventTime;
use crate::store::entity::PartitionKey;
use crate::store::object::ObjectPath;
use crate::store::object::paths::{QUARANTINE, SILVER};
use crate::value::Period;
use crate::value::time::{Date, MICROS_PER_DAY, MICROS_PER_HOUR};

/// What stands before the number of a part, in a name that has an id before it.
const PART: &str = "-part";

/// Names a table: one generation of a dataset.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TableId {
    /// The dataset.
    pub dataset: String,
    /// Its generation.
    pub generation: u32,
}

impl TableId {
    /// Names a table.
    #[must_use]
    pub fn new(dataset: &str, generation: u32) -> Self {
        Self {
            dataset: dataset.to_owned(),
            generation,
        }
    }

    /// Names the table of a dataset.
    #[must_use]
    pub fn of(dataset: &Dataset) -> Self {
        Self::new(&dataset.name, dataset.generation)
    }

    /// Returns the partition of the state table that the log is in.
    #[must_use]
    pub fn log_partition(&self) -> PartitionKey {
        PartitionKey(format!("{}@{}", self.dataset, self.generation))
    }

    /// Returns a partition beside the log's, for what `owner` notes without taking part in commits.
    #[must_use]
    pub fn side_partition(&self, owner: &str) -> PartitionKey {
        PartitionKey(format!("{}@{}|{owner}", self.dataset, self.generation))
    }

    /// Returns the table's root, slash included.
    ///
    /// ```
    /// use sluice::table::TableId;
    ///
    /// assert_eq!(TableId::new("orders", 1).root().as_str(), "silver/orders/g1/");
    /// ```
    #[must_use]
    pub fn root(&self) -> ObjectPath {
        self.below("")
    }

    /// Returns the object that says which generation of a dataset gold shows.
    #[must_use]
    pub fn current(dataset: &str) -> ObjectPath {
        ObjectPath::new(SILVER, &format!("{dataset}/current.json"))
    }

    /// Returns the prefix of the folders with rows.
    #[must_use]
    pub fn rows_folders(&self) -> ObjectPath {
        self.below("event_")
    }

    /// Returns the folder of what only the log names, manifests and snapshots, slash included.
    #[must_use]
    pub fn own_folder(&self) -> ObjectPath {
        self.below("_sluice/")
    }

    /// Returns the place of a file with rows of the period that starts at `start`. `part` tells the files apart that
    /// one commit writes into one period.
    #[must_use]
    pub fn file(&self, period: Period, start: EventTime, commit: &str, part: usize) -> ObjectPath {
        let (days, of_day) = (
            start.0.div_euclid(MICROS_PER_DAY),
            start.0.rem_euclid(MICROS_PER_DAY),
        );
        let date = Date::from_days(days);
        let folder = match period {
            Period::Hour => {
                let hour = of_day / MICROS_PER_HOUR;
                format!("event_date={date}/event_hour={hour:02}")
            }
            Period::Day => format!("event_date={date}"),
            Period::Month => format!("event_month={:04}-{:02}", date.year, date.month),
        };
        let part = match part {
            0 => String::new(),
            part => format!("-{part}"),
        };
        self.below(&format!("{folder}/{commit}{part}.parquet"))
    }

    /// Returns where a commit keeps a list of files that is too long for its entity.
    #[must_use]
    pub fn manifest(&self, commit: &str) -> ObjectPath {
        self.below(&format!("_sluice/manifests/{commit}.json"))
    }

    /// Returns where a snapshot of the log at `version` is kept. `id` is its own, so that no two writers meet.
    #[must_use]
    pub fn snapshot(&self, version: u64, id: &str) -> ObjectPath {
        self.below(&format!("_sluice/snapshots/{version:012}-{id}.json"))
    }

    /// Returns the folder of the Delta log, slash included.
    #[must_use]
    pub fn delta_log(&self) -> ObjectPath {
        self.below("_delta_log/")
    }

    /// Returns the place of a version's entry in the Delta log.
    #[must_use]
    pub fn delta_entry(&self, version: u64) -> ObjectPath {
        self.below(&format!("_delta_log/{version:020}.json"))
    }

    /// Returns the place of a version's checkpoint in the Delta log.
    #[must_use]
    pub fn delta_checkpoint(&self, version: u64) -> ObjectPath {
        self.below(&format!("_delta_log/{version:020}.checkpoint.parquet"))
    }

    /// Returns where the Delta log says what its latest checkpoint is.
    #[must_use]
    pub fn delta_pointer(&self) -> ObjectPath {
        self.below("_delta_log/_last_checkpoint")
    }

    /// Reads the version that an object of a Delta log, an entry or a checkpoint, belongs to.
    #[must_use]
    pub fn delta_version(path: &ObjectPath) -> Option<u64> {
        let (_, file) = path.name().rsplit_once('/')?;
        let (version, kind) = file.split_once('.')?;
        let is_known = matches!(kind, "json" | "checkpoint.parquet") && version.len() == 20;
        version.parse().ok().filter(|_| is_known)
    }

    /// Returns the place of the rejected lines of a source, a bronze object.
    #[must_use]
    pub fn quarantine(&self, source: &str, commit: &str) -> ObjectPath {
        let (dataset, generation) = (&self.dataset, self.generation);
        let source = source
            .strip_prefix(&format!("{dataset}/"))
            .unwrap_or(source);
        let source = source.strip_suffix(".jsonl").unwrap_or(source);
        let name = format!("{dataset}/g{generation}/{source}.{commit}.jsonl");
        ObjectPath::new(QUARANTINE, &name)
    }

    /// As [`Self::quarantine`], for what a commit that works its sources off in chunks keeps in several objects; the first
    /// is part 0.
    #[must_use]
    pub fn quarantine_part(&self, source: &str, commit: &str, part: usize) -> ObjectPath {
        match part {
            0 => self.quarantine(source, commit),
            part => self.quarantine(source, &format!("{commit}{PART}{part}")),
        }
    }

    /// Returns all objects with the rejected lines of a source, of which the ledger names the last.
    #[must_use]
    pub fn quarantine_parts(last: &ObjectPath) -> Vec<ObjectPath> {
        let parts = last
            .name()
            .strip_suffix(".jsonl")
            .and_then(|name| name.rsplit_once(PART));
        let parts = parts.and_then(|(name, part)| Some((name, part.parse::<usize>().ok()?)));
        let Some((name, part)) = parts else {
            return vec![last.clone()];
        };
        let first = ObjectPath::new(QUARANTINE, &format!("{name}.jsonl"));
        let others = (1..=part)
            .map(|part| ObjectPath::new(QUARANTINE, &format!("{name}{PART}{part}.jsonl")));
        std::iter::once(first).chain(others).collect()
    }

    fn below(&self, name: &str) -> ObjectPath {
        let (dataset, generation) = (&self.dataset, self.generation);
        ObjectPath::new(SILVER, &format!("{dataset}/g{generation}/{name}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_quarantine_follow_from_the_last() {
        let table = TableId::new("orders", 2);
        let source = "orders/0/2025/11/14/11/7-9.jsonl";
        let part = |part| table.quarantine_part(source, "c7", part);
        assert_eq!(part(0), table.quarantine(source, "c7"));
        let last = "quarantine/orders/g2/0/2025/11/14/11/7-9.c7-part2.jsonl";
        assert_eq!(part(2).as_str(), last);
        assert_eq!(TableId::quarantine_parts(&part(0)), [part(0)]);
        assert_eq!(TableId::quarantine_parts(&part(2)), [0, 1, 2].map(part));
        let other = table.quarantine("elsewhere/x-part.jsonl", "c7");
        assert_eq!(
            TableId::quarantine_parts(&other),
            std::slice::from_ref(&other)
        );
    }
}
