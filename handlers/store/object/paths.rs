//! Places of objects: containers, and the names of bronze. Pure.
//!
//! ```text
//! bronze/{dataset}/load/{hash of what is in it}.jsonl                                   put there by `sluice load`
//! bronze/{dataset}/{partition}/{yyyy}/{MM}/{dd}/{HH}/{first_sequence:020}-{first_enqueued_ms}.jsonl
//! ```
//!
//! The names of silver and quarantine follow from the table's: `table::TableId`.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::event::{PartitionId, SourceEvent, UnixMillis};
use crate::value::period::MILLIS_PER_HOUR;
use crate::value::time::Date;

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
/// The container of rejected lines.
pub const QUARANTINE: &str = "quarantine";

/// Returns the folder of the events of a partition that were enqueued in the hour of `time`, slash included.
#[must_use]
pub fn bronze_hour(dataset: &str, partition: &PartitionId, time: UnixMillis) -> ObjectPath {
    let hours = time.0.div_euclid(MILLIS_PER_HOUR);
    let date = Date::from_days(hours.div_euclid(24));
    let (year, month, day, hour) = (date.year, date.month, date.day, hours.rem_euclid(24));
    let folder = format!("{year:04}/{month:02}/{day:02}/{hour:02}");
    ObjectPath::new(BRONZE, &format!("{dataset}/{partition}/{folder}/"))
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

/// Returns the name of an object of events that came from a file, by the hash of what is in it.
#[must_use]
pub fn loaded_object(dataset: &str, hash: &str) -> ObjectPath {
    ObjectPath::new(BRONZE, &format!("{}{hash}.jsonl", loaded(dataset)))
}

/// Returns what the names of all objects begin with whose events came from files.
#[must_use]
pub fn loaded(dataset: &str) -> String {
    format!("{dataset}/load/")
}

/// Returns the prefix of all bronze objects of a dataset.
#[must_use]
pub fn bronze_dataset(dataset: &str) -> ObjectPath {
    ObjectPath::new(BRONZE, &format!("{dataset}/"))
}

/// Returns the prefix of the bronze objects of a partition, slash included.
#[must_use]
pub fn bronze_partition(dataset: &str, partition: &PartitionId) -> ObjectPath {
    ObjectPath::new(BRONZE, &format!("{dataset}/{partition}/"))
}
