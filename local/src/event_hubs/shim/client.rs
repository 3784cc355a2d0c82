//! What the two ends of a pipe know of the client.

use std::sync::atomic::AtomicBool;

/// What is known of the client at the other end of a connection.
#[derive(Debug, Default)]
pub(in crate::event_hubs) struct Client {
    /// Set once it is seen to need repeated outcomes.
    pub(in crate::event_hubs) repeat_outcomes: AtomicBool,
    /// Set if it says that it decodes simple property values only; see [`crate::event_hubs::PLAIN_PROPERTIES`].
    pub(in crate::event_hubs) plain_properties: AtomicBool,
}
