//! The Azure side of Sluice on one machine, without Docker.
//!
//! - [`azurite`]: Microsoft's storage emulator, installed and run as a child process
//! - [`event_hubs`]: an Event Hubs namespace that any Event Hubs SDK can talk to
//! - [`faulty_proxy`]: a proxy that does to requests what networks and services do to them
//! - [`functions_host`]: a Functions host that runs the handler exactly as the real host does
//! - [`held_file`]: a file that one process has at a time
//! - [`hub_client`]: sends to and receives from an event hub, here or in Azure
//! - [`own_group`]: processes that only who started them ends
//!
//! Nothing of this is part of what is deployed.

pub mod azurite;
pub mod event_hubs;
pub mod faulty_proxy;
pub mod functions_host;
pub mod held_file;
pub mod hub_client;
pub mod own_group;
