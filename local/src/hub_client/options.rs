//! What a receiver is to read.

/// The position at which a receiver starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At the oldest event.
    Earliest,
    /// After what is there when the receiver opens.
    Latest,
    /// After the event with this offset.
    AfterOffset(String),
    /// After the event with this sequence number; -1 is the oldest event.
    AfterSequence(i64),
    /// At the first event that was enqueued after this time, in milliseconds since 1970.
    EnqueuedAfter(i64),
}

/// Options of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverOptions {
    /// The consumer group, `$Default` if nothing else is said.
    pub consumer_group: String,
    /// The partition.
    pub partition: String,
    /// The position to start at.
    pub start: Start,
    /// The number of events that may wait here unread.
    pub prefetch: u32,
}

impl ReceiverOptions {
    /// Everything in `partition`, for the group `$Default`.
    pub fn new(partition: impl Into<String>) -> Self {
        Self {
            consumer_group: "$Default".to_owned(),
            partition: partition.into(),
            start: Start::Earliest,
            prefetch: 2_000,
        }
    }
}
