//! Events in plain values, as they are received and sent.

mod outgoing;
mod received;

pub use outgoing::OutgoingEvent;
pub use received::ReceivedEvent;
