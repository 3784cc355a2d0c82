//! Which pipeline a command is about: its settings, its stores, its event hub.

mod announcement;
mod file;
mod hub;
mod owner;
mod reach;
mod running;
mod settings;
mod several;
mod stores;
mod written;

pub(crate) use announcement::{Announced, Marker, announce};
pub(crate) use hub::{HubArguments, events_ever, read_partitions};
pub(crate) use owner::own;
pub(crate) use running::is_not_there;
pub(crate) use settings::{
    AppSettings, DEFAULT_STATE_DIR, FindError, HOST_FILE, LOCAL_FILE, STATE_DIR, SettingsArguments,
    app_root, default_dataset,
};
#[cfg(test)]
pub(crate) use stores::in_memory;
pub(crate) use stores::{Stores, dataset, warehouse};
pub(crate) use written::{Written, database, say_target};
