//! What the event hub says of itself.

use sluice::event::{PartitionId, UnixMillis};

/// What the hub says of itself.
#[derive(Clone, Debug, Default)]
pub enum Hub {
    /// It was not asked.
    #[default]
    NotAsked,
    /// It does not answer, for this reason.
    Unreadable(String),
    /// Its partitions, read before the audit began.
    Read(Vec<HubPartition>),
}

/// What a partition of the hub holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HubPartition {
    /// The partition.
    pub id: PartitionId,
    /// The oldest sequence number that can still be read.
    pub first: i64,
    /// The newest sequence number; below `first` if there is no event.
    pub last: i64,
    /// When the newest event was enqueued, if there ever was one.
    pub last_enqueued: Option<UnixMillis>,
}
