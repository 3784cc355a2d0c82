//! The vocabulary of events: where one came from, when it happened, and why one was rejected. Pure.
//!
//! Nothing here reads a store or a clock.

mod position;
mod quarantine;
mod time;

use bytes::Bytes;

pub use position::{PartitionId, SequenceNumber, SequenceRange};
pub use quarantine::{KeptReason, RejectReason};
pub use time::{EventTime, UnixMillis};

/// An event as the hub delivered it: its bytes, what came with them, and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceEvent {
    /// The body, exactly as received.
    pub body: Bytes,
    /// What the hub and its gateways say of it, and AMQP's own properties: the text of a JSON object that the strict
    /// scanner takes, or nothing.
    pub system: Bytes,
    /// What the producer says of it, likewise.
    pub properties: Bytes,
    /// The place in its partition.
    pub sequence_number: SequenceNumber,
    /// When the hub took it.
    pub enqueued_time: UnixMillis,
}

impl SourceEvent {
    /// Makes an event that nothing came with.
    #[must_use]
    pub fn plain(body: Bytes, sequence_number: SequenceNumber, enqueued_time: UnixMillis) -> Self {
        Self {
            body,
            system: Bytes::new(),
            properties: Bytes::new(),
            sequence_number,
            enqueued_time,
        }
    }
}
