//! The vocabulary of events: where one came from, when it happened, and why one was rejected. Pure.
//!
//! Nothing here reads a store or a clock.

pub mod line;
mod position;
mod quarantine;
mod time;

use bytes::Bytes;

pub use position::{PartitionId, SequenceNumber, SequenceRange};
pub use quarantine::{KeptReason, RejectReason};
pub use time::{EventTime, UnixMillis};

/// An event as the hub delivered it: its bytes and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEvent {
    /// The body, exactly as received.
    pub body: Bytes,
    /// The place in its partition.
    pub sequence_number: SequenceNumber,
    /// When the hub took it.
    pub enqueued_time: UnixMillis,
}
