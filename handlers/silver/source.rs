//! A bronze object to be refined, and what became of it.

use bytes::Bytes;

use crate::event::{PartitionId, SequenceRange, UnixMillis};
use crate::state::commit_log::{LedgerEntry, Version};

/// A bronze object as the trigger delivered it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Its name in the container.
    pub name: String,
    /// Its lines.
    pub content: Bytes,
    /// The hub partition, unless the object was put there by hand.
    pub partition: Option<PartitionId>,
    /// The sequence numbers of its lines, likewise.
    pub range: Option<SequenceRange>,
    /// The highest enqueued time in it; when it was created, if it was put there by hand.
    pub enqueued_time: UnixMillis,
}

/// What became of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refined {
    /// Its entry in the ledger.
    pub entry: LedgerEntry,
    /// Whether this call finished it; otherwise it had been finished before.
    pub now: bool,
    /// How many sources shared the commit.
    pub group: usize,
    /// The version that the log stood at afterwards.
    pub head: Version,
}
