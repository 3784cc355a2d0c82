//! What makes functions run: triggers, their retries, and what they keep in storage.
//!
//! [`start`] makes the triggers of all functions; each runs in tasks of its own until [`stop`] is signalled.

mod blob;
pub(super) mod event_hub;
pub(crate) mod retry;
pub(crate) mod start;
pub(crate) mod stop;
mod storage;
pub(crate) mod timer;
