//! Places in a hub partition.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Names a partition of the hub, never a directory of Parquet files.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PartitionId(pub String);

impl fmt::Display for PartitionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The number that the broker gave an event: strictly increasing in a partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SequenceNumber(pub i64);

impl SequenceNumber {
    /// Returns the number that follows.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The span of sequence numbers that an object covers in one partition, both ends inclusive.
///
/// - never empty: `first <= last`
/// - orders by `first`, then by `last`
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct SequenceRange {
    /// The lowest number.
    pub first: SequenceNumber,
    /// The highest number.
    pub last: SequenceNumber,
}

impl SequenceRange {
    /// Returns whether `number` lies in the span.
    #[must_use]
    pub fn contains(&self, number: SequenceNumber) -> bool {
        self.first <= number && number <= self.last
    }
}
