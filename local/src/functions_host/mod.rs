//! A local Functions host: runs the handler as the real host does.
//!
//! It reads host.json, the function folders and local.settings.json, starts the handler process,
//! and sends it the values of Event Hub, blob and timer triggers, in the real host's wire shape
//! and under its rules for success, retries, checkpoints, poison messages and restarts. It talks to
//! the handler by HTTP only, and to Event Hubs and storage over their wire only; what it has to
//! remember over a restart is in the storage account, nowhere else.
//!
//! Deliberate differences: a function in error keeps the host from starting; schedules are in UTC;
//! the message of a running blob function is hidden for half a minute at a time, not for ten; names of
//! headers are in title case, which differs from the real host's in `HostVersion` and `InvocationId`.

pub mod config;
mod error;
pub mod events;
mod host;
mod invoke;
mod process;
pub mod stats;
mod time_span;
mod trigger;
mod wire;

pub use error::HostError;
pub use host::{Host, HostEnd, HostOptions, Signal};
pub use trigger::event_hub::checkpoint::set_back;
