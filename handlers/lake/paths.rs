//! Every object name, built and parsed here only.

use std::fmt;

use chrono::{DateTime, Datelike, Timelike, Utc};
use serde::{Deserialize, Serialize};

use crate::dataset::{Dataset, Period};
use crate::event::{EventTime, PartitionId, SourceEvent, UnixMillis};

/// An object's place in the lake: `container/name`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ObjectPath(String);

impl ObjectPath {
    /// Makes the path of `name` in `container`.
    #[must_use]
    pub fn new(container: &str, name: &str) -> Self {
        Self(format!("{container}/{name}"))
    }

    /// Returns the container, the part before the first slash.
    #[must_use]
    pub fn container(&self) -> &str {
        self.0
            .split_once('/')
            .map_or(self.0.as_str(), |(container, _)| container)
    }

    /// Returns the name in the container, slashes included.
    #[must_use]
    pub fn name(&self) -> &str {
        self.0.split_once('/').map_or("", |(_, name)| name)
    }

    /// Returns the whole path.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The container of what arrived.
pub const BRONZE: &str = "bronze";
/// The container of typed rows.
pub const SILVER: &str = "silver";
/// The container of lines set aside.
pub const QUARANTINE: &str = "quarantine";

/// The folder, below a table's own, of what only the log names: manifests and snapshots.
pub const OWN_FOLDER: &str = "_sluice/";

/// Returns where a commit keeps a list of files that is too long for its entity. Readers of Parquet files skip names
/// that start with an underscore.
#[must_use]
pub fn manifest(dataset: &str, generation: u32, commit: &str) -> ObjectPath {
    ObjectPath::new(
        SILVER,
        &format!("{dataset}/g{generation}/_sluice/manifests/{commit}.json"),
    )
}

/// Returns the folder of the events of a partition that were enqueued in the hour of `time`, slash included.
#[must_use]
pub fn bronze_hour(dataset: &str, partition: &PartitionId, time: UnixMillis) -> ObjectPath {
    let folder = DateTime::<Utc>::from_timestamp_millis(time.0).unwrap_or_default();
    ObjectPath::new(
        BRONZE,
        &format!("{dataset}/{partition}/{}/", folder.format("%Y/%m/%d/%H")),
    )
}

/// Returns the place of the object that starts with `first`: a function of that event alone, so that everybody who
/// stores it meets there.
#[must_use]
pub fn bronze_object(dataset: &str, partition: &PartitionId, first: &SourceEvent) -> ObjectPath {
    let folder = bronze_hour(dataset, partition, first.enqueued_time);
    let (sequence, enqueued) = (first.sequence_number.0, first.enqueued_time.0);
    ObjectPath::new(
        BRONZE,
        &format!("{}{sequence:020}-{enqueued}.jsonl", folder.name()),
    )
}

/// Returns the prefix of all bronze objects of a dataset.
#[must_use]
pub fn bronze_dataset(dataset: &str) -> ObjectPath {
    ObjectPath::new(BRONZE, &format!("{dataset}/"))
}

/// Returns the place of a file of silver. `part` tells the files apart that one commit writes into one period.
#[must_use]
pub fn silver_file(dataset: &Dataset, period: EventTime, commit: &str, part: usize) -> ObjectPath {
    let time = DateTime::<Utc>::from_timestamp_micros(period.0).unwrap_or_default();
    let folder = match dataset.period {
        Period::Hour => {
            format!(
                "event_date={}/event_hour={:02}",
                time.format("%Y-%m-%d"),
                time.hour()
            )
        }
        Period::Day => format!("event_date={}", time.format("%Y-%m-%d")),
        Period::Month => format!("event_month={}-{:02}", time.year(), time.month()),
    };
    let part = if part == 0 {
        String::new()
    } else {
        format!("-{part}")
    };
    let (name, generation) = (&dataset.name, dataset.generation);
    ObjectPath::new(
        SILVER,
        &format!("{name}/g{generation}/{folder}/{commit}{part}.parquet"),
    )
}

/// Returns the place of the bad lines of a source.
#[must_use]
pub fn quarantine(dataset: &Dataset, source: &str, commit: &str) -> ObjectPath {
    let (name, generation) = (&dataset.name, dataset.generation);
    let source = source.strip_prefix(&format!("{name}/")).unwrap_or(source);
    let source = source.strip_suffix(".jsonl").unwrap_or(source);
    ObjectPath::new(
        QUARANTINE,
        &format!("{name}/g{generation}/{source}.{commit}.jsonl"),
    )
}

/// Returns the root of a table of silver, slash included.
#[must_use]
pub fn silver_table(dataset: &str, generation: u32) -> ObjectPath {
    ObjectPath::new(SILVER, &format!("{dataset}/g{generation}/"))
}

/// Returns where a snapshot of the log at `version` is kept. `id` is its own, so that no two writers meet.
#[must_use]
pub fn snapshot(dataset: &str, generation: u32, version: u64, id: &str) -> ObjectPath {
    let root = silver_table(dataset, generation);
    ObjectPath::new(
        SILVER,
        &format!("{}_sluice/snapshots/{version:012}-{id}.json", root.name()),
    )
}

/// Returns the folder of a table's Delta log, slash included.
#[must_use]
pub fn delta_log(dataset: &str, generation: u32) -> ObjectPath {
    let root = silver_table(dataset, generation);
    ObjectPath::new(SILVER, &format!("{}_delta_log/", root.name()))
}

/// Returns the place of a version's entry in the Delta log.
#[must_use]
pub fn delta_entry(dataset: &str, generation: u32, version: u64) -> ObjectPath {
    let folder = delta_log(dataset, generation);
    ObjectPath::new(SILVER, &format!("{}{version:020}.json", folder.name()))
}

/// Returns the place of a version's checkpoint in the Delta log.
#[must_use]
pub fn delta_checkpoint(dataset: &str, generation: u32, version: u64) -> ObjectPath {
    let folder = delta_log(dataset, generation);
    ObjectPath::new(
        SILVER,
        &format!("{}{version:020}.checkpoint.parquet", folder.name()),
    )
}

/// Returns where the Delta log says what its latest checkpoint is.
#[must_use]
pub fn delta_pointer(dataset: &str, generation: u32) -> ObjectPath {
    let folder = delta_log(dataset, generation);
    ObjectPath::new(SILVER, &format!("{}_last_checkpoint", folder.name()))
}

/// Reads the version that an object of the Delta log, an entry or a checkpoint, belongs to.
#[must_use]
pub fn delta_version(path: &ObjectPath) -> Option<u64> {
    let (_, file) = path.name().rsplit_once('/')?;
    let (version, kind) = file.split_once('.')?;
    let is_known = matches!(kind, "json" | "checkpoint.parquet") && version.len() == 20;
    version.parse().ok().filter(|_| is_known)
}

/// Returns the prefix of the bronze objects of a partition, slash included.
#[must_use]
pub fn bronze_partition(dataset: &str, partition: &PartitionId) -> ObjectPath {
    ObjectPath::new(BRONZE, &format!("{dataset}/{partition}/"))
}
