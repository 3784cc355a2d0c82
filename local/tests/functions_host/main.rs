//! The local Functions host through the wire: a real handler process, Azurite, and the namespace.

#![expect(clippy::expect_used, reason = "a test stops at what it did not expect")]

mod blobs;
mod hubs;
mod processes;
#[path = "../support/raw.rs"]
mod raw;
mod support;
mod timers;
