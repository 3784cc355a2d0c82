//! The local Event Hubs namespace through the wire, with the official SDK for Rust and with messages as bytes.

mod forms;
mod refusals;
mod sdk;
#[path = "../support/mod.rs"]
mod support;
