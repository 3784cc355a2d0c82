//! The store: hubs, their partitions and every event.
//!
//! One directory per hub with `hub.json` and one append-only file per partition. A lock file
//! keeps a second process out.

mod error;
mod key;
mod partition;
mod record;

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use crate::held_file::hold;

pub use error::StoreError;
pub(super) use partition::{NewEvent, Partition, Tail};
pub(super) use record::Record;

/// One event hub.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HubConfig {
    /// Its name; not case-sensitive.
    pub name: String,
    /// The number of partitions; fixed once the hub is created.
    pub partitions: usize,
    /// Its consumer groups besides `$Default`.
    pub consumer_groups: Vec<String>,
}

/// All hubs of a namespace.
#[derive(Debug)]
pub(super) struct Store {
    /// By name in lower case: hub names are not case-sensitive.
    hubs: BTreeMap<String, Arc<Hub>>,
    /// Held for as long as the store is open.
    _lock: File,
}

/// One event hub.
#[derive(Debug)]
pub(super) struct Hub {
    pub(super) name: String,
    pub(super) created_ms: i64,
    pub(super) partitions: Vec<Arc<Partition>>,
    consumer_groups: Vec<String>,
    next: AtomicUsize,
}

#[derive(Debug, Serialize, Deserialize)]
struct Description {
    created_ms: i64,
    partitions: usize,
}

impl Store {
    /// Opens or creates the hubs in `directory`.
    ///
    /// # Errors
    /// Fails if another process has the directory open, a hub's configuration is not allowed or
    /// differs in partitions from what is there, or a file is damaged.
    pub(super) fn open(
        directory: &Path,
        hubs: &[HubConfig],
        now_ms: i64,
    ) -> Result<Self, StoreError> {
        let prepare = |source| StoreError::Prepare {
            path: directory.to_owned(),
            source,
        };
        fs::create_dir_all(directory).map_err(prepare)?;
        let Some(lock) = hold(&directory.join("lock")).map_err(prepare)? else {
            return Err(StoreError::InUse {
                path: directory.to_owned(),
            });
        };
        let hubs = hubs
            .iter()
            .map(|config| {
                let hub = Hub::open(directory, config, now_ms)?;
                Ok((config.name.to_ascii_lowercase(), Arc::new(hub)))
            })
            .collect::<Result<_, StoreError>>()?;
        Ok(Self { hubs, _lock: lock })
    }

    pub(super) fn hub(&self, name: &str) -> Option<&Arc<Hub>> {
        self.hubs.get(&name.to_ascii_lowercase())
    }

    pub(super) fn hubs(&self) -> impl Iterator<Item = &Arc<Hub>> {
        self.hubs.values()
    }

    /// Asks the operating system to write everything to the disk.
    ///
    /// # Errors
    /// Fails with the first partition that cannot be written.
    pub(super) fn sync(&self) -> Result<(), StoreError> {
        self.hubs()
            .flat_map(|hub| &hub.partitions)
            .try_for_each(|partition| partition.sync())
    }
}

impl Hub {
    fn open(directory: &Path, config: &HubConfig, now_ms: i64) -> Result<Self, StoreError> {
        if !is_allowed(config) {
            let HubConfig {
                name, partitions, ..
            } = config.clone();
            return Err(StoreError::Config { name, partitions });
        }
        let directory = directory.join(config.name.to_ascii_lowercase());
        let description = describe(&directory, config.partitions, now_ms)?;
        if description.partitions != config.partitions {
            return Err(StoreError::Partitions {
                hub: config.name.clone(),
                created: description.partitions,
                wanted: config.partitions,
                path: directory,
            });
        }
        let partitions = (0..config.partitions)
            .map(|id| Partition::open(directory.join(format!("{id}.log"))).map(Arc::new))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            name: config.name.clone(),
            created_ms: description.created_ms,
            partitions,
            consumer_groups: config.consumer_groups.clone(),
            next: AtomicUsize::new(0),
        })
    }

    /// The partition with this id.
    pub(super) fn partition(&self, id: &str) -> Option<&Arc<Partition>> {
        // "+1" and "01" parse as numbers, but are no ids.
        let is_plain =
            id.bytes().all(|byte| byte.is_ascii_digit()) && (id == "0" || !id.starts_with('0'));
        self.partitions
            .get(id.parse::<usize>().ok().filter(|_| is_plain)?)
    }

    /// The partition for events that name none: the key's, or the next one in turn.
    pub(super) fn choose(&self, partition_key: Option<&str>) -> Option<&Arc<Partition>> {
        let count = self.partitions.len();
        let number = match partition_key {
            Some(key) => key::partition_of(key, count),
            None => self.next.fetch_add(1, Ordering::Relaxed) % count,
        };
        self.partitions.get(number)
    }

    /// Returns whether there is a consumer group with this name; `$Default` always is.
    pub(super) fn has_group(&self, name: &str) -> bool {
        let mut groups = self
            .consumer_groups
            .iter()
            .map(String::as_str)
            .chain(["$Default"]);
        groups.any(|group| group.eq_ignore_ascii_case(name))
    }
}

/// The number of events stored since the start, in all hubs together.
#[derive(Debug, Clone, Default)]
pub(super) struct Total(Arc<watch::Sender<u64>>);

impl Total {
    pub(super) fn add(&self, events: u64) {
        self.0.send_modify(|total| *total += events);
    }

    /// Follows the count.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

fn is_allowed(config: &HubConfig) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=256).contains(&config.name.len())
        && config.name.bytes().all(is_inner)
        && config
            .name
            .bytes()
            .next()
            .is_some_and(|byte| byte.is_ascii_alphanumeric())
        && (1..=1024).contains(&config.partitions)
}

/// Reads the hub's description, or creates the hub.
fn describe(directory: &Path, partitions: usize, now_ms: i64) -> Result<Description, StoreError> {
    let path = directory.join("hub.json");
    let prepare = |source| StoreError::Prepare {
        path: path.clone(),
        source,
    };
    let describe = |source| StoreError::Describe {
        path: path.clone(),
        source,
    };
    match fs::read(&path) {
        Ok(bytes) => serde_json::from_slice(&bytes).map_err(describe),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            fs::create_dir_all(directory).map_err(prepare)?;
            let description = Description {
                created_ms: now_ms,
                partitions,
            };
            let bytes = serde_json::to_vec(&description).map_err(describe)?;
            // Renamed into place, so that a kill leaves no half description.
            let fresh = directory.join("hub.json.new");
            File::create(&fresh)
                .and_then(|mut file| file.write_all(&bytes))
                .and_then(|()| fs::rename(&fresh, &path))
                .map_err(prepare)?;
            Ok(description)
        }
        Err(error) => Err(prepare(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(name: &str, partitions: usize) -> HubConfig {
        HubConfig {
            name: name.into(),
            partitions,
            consumer_groups: vec!["audit".into()],
        }
    }

    #[test]
    fn creation_time_and_partitions_are_kept() {
        let directory = tempfile::tempdir().unwrap();
        drop(Store::open(directory.path(), &[config("Orders", 2)], 7).unwrap());
        let store = Store::open(directory.path(), &[config("Orders", 2)], 9).unwrap();
        let hub = store.hub("orders").unwrap();
        assert_eq!((hub.created_ms, hub.partitions.len()), (7, 2));
        drop(store);
        let other = Store::open(directory.path(), &[config("orders", 3)], 9).unwrap_err();
        assert!(
            matches!(
                other,
                StoreError::Partitions {
                    created: 2,
                    wanted: 3,
                    ..
                }
            ),
            "{other}"
        );
    }

    #[test]
    fn second_process_is_kept_out() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), &[config("a", 1)], 0).unwrap();
        let second = Store::open(directory.path(), &[config("a", 1)], 0).unwrap_err();
        assert!(matches!(second, StoreError::InUse { .. }));
        drop(store);
        Store::open(directory.path(), &[config("a", 1)], 0).unwrap();
    }

    #[test]
    fn names_that_are_not_allowed_are_refused() {
        let directory = tempfile::tempdir().unwrap();
        for (name, partitions) in [("", 1), ("../a", 1), (".a", 1), ("a b", 1), ("a", 0)] {
            let refused = Store::open(directory.path(), &[config(name, partitions)], 0);
            assert!(matches!(refused, Err(StoreError::Config { .. })), "{name}");
        }
    }

    #[test]
    fn partitions_and_groups_are_found() {
        let directory = tempfile::tempdir().unwrap();
        let store = Store::open(directory.path(), &[config("a", 2)], 0).unwrap();
        let hub = store.hub("A").unwrap();
        for (id, is_there) in [
            ("0", true),
            ("1", true),
            ("2", false),
            ("", false),
            ("01", false),
            ("+1", false),
        ] {
            assert_eq!(hub.partition(id).is_some(), is_there, "{id:?}");
        }
        for (group, is_there) in [
            ("$Default", true),
            ("$default", true),
            ("AUDIT", true),
            ("x", false),
        ] {
            assert_eq!(hub.has_group(group), is_there, "{group}");
        }
    }
}
