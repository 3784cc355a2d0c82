//! Which pipeline a command is about: its settings, its stores, its event hub.

mod hub;
mod settings;
mod stores;

pub(crate) use hub::{HubArguments, events_ever, read_partitions};
pub(crate) use settings::{AppSettings, SettingsArguments, announce};
#[cfg(test)]
pub(crate) use stores::in_memory;
pub(crate) use stores::{Stores, dataset, warehouse};
