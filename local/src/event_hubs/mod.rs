//! An Event Hubs namespace on loopback that any Event Hubs SDK can talk to.
//!
//! It speaks AMQP 1.0 without TLS, as the Event Hubs emulator does, so the SDKs connect with the
//! development-emulator connection string ([`Namespace::connection_string`]); the SDK for Rust
//! takes the custom endpoint [`Namespace::endpoint`]. Our own code goes through [`crate::hub_client`].
//!
//! ```text
//! Namespace::start(NamespaceConfig { listen, data_dir, hubs }).await? -> Namespace
//! namespace.local_addr() / .connection_string() / .endpoint()
//! namespace.stats() -> Vec<PartitionStats>
//! namespace.arrivals() -> Vec<PartitionArrivals>   // when every event was enqueued
//! namespace.each_event(hub, |event| ...).await?   // what was sent
//! namespace.events() -> watch::Receiver<u64>       // events stored in this run, awaitable
//! namespace.identify(text); ask_identity(host, port).await -> NamespaceIdentity   // whose it is
//! namespace.shutdown().await?
//! ```
//!
//! Whoever only sends may also do so as the service takes it by HTTPS, here without TLS and at the same port:
//! `POST http://{local_addr}/{hub}/messages`, an event with each request.
//!
//! What it promises:
//! - an event is acknowledged after it was handed to the operating system: it survives the end of
//!   the process, but is not forced to the disk, so a power failure can lose it
//! - sequence numbers of a partition are 0, 1, 2, ... and go on after a restart; offsets grow, but
//!   are not sequence numbers; enqueued times never decrease
//! - events are kept for ever; deleting the data directory starts afresh
//! - everybody is let in, from this machine only

mod address;
mod encoding;
mod filter;
mod links;
mod message;
mod namespace;
mod ownership;
mod requests;
mod server;
mod shim;
mod store;

/// The largest message taken, as in the service's standard tier.
const MAX_MESSAGE_BYTES: u64 = 1024 * 1024;

/// How the container id of a client begins that decodes simple property values only, as the standard has them. It gets
/// lists, maps and arrays, which Event Hubs takes all the same, as JSON text.
pub const PLAIN_PROPERTIES: &str = "sluice-plain-properties-";

pub use namespace::{
    Error, HeldEvent, Namespace, NamespaceConfig, PartitionArrivals, PartitionStats,
};
pub use server::{NamespaceIdentity, ask_identity};
pub use store::{HubConfig, StoreError};
