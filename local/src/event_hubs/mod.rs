//! An Event Hubs namespace on loopback that any Event Hubs SDK can talk to.

pub mod client;
