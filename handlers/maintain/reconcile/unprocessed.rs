//! Finds bronze objects that are not in the ledger.
//!
//! An object without a ledger entry is *pending*; one that is older than an object takes to be refined is
//! *unprocessed*: its event was lost, its message is poison, or a crash came between.
//!
//! The strategy, which keeps listings short and memory bounded whatever bronze holds:
//!
//! 1. A full scan, and the first one of all, list everything, objects put there by hand too. A first scan stops after
//!    [`FIRST_PAGES`] pages: a larger lake is scanned by partition, as in 2.
//! 2. Later scans list, of each partition, only the hour folders from the one on that an earlier scan found complete
//!    (`complete_before`). Partitions are those of the log's head, those that were scanned before, and the first
//!    [`USUAL_PARTITIONS`] numbers, in case nothing of a partition was ever refined.
//! 3. Names of a partition are in the order of time. So a scan that ends early, because it has found as many objects as
//!    one run refines or its time is over, has seen all that is older, and no more than these objects are kept.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::ready;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::bronze_folders::{complete_before, folder_hour, folders};
use crate::event::{PartitionId, UnixMillis};
use crate::maintain::{Error, Maintenance, MaintenanceState};
use crate::retry::Deadline;
use crate::store::StorageError;
use crate::store::object::{ObjectInfo, ObjectPath, paths};
use crate::value::period::{hour_before, hour_of};
use crate::value::time::millis;

/// Partitions that are page at although nothing of them was ever refined: those that most hubs have.
const USUAL_PARTITIONS: u32 = 32;
/// How many folders are read at once.
const PARALLEL: usize = 8;
/// How many pages a first scan at all of bronze takes: a larger one is page at partition by partition.
const FIRST_PAGES: usize = 20;

/// Which page of a listing comes next.
enum Next {
    First,
    After(String),
    End,
}

/// What one page holds.
struct PageScan {
    listed: u64,
    newest: BTreeMap<PartitionId, UnixMillis>,
    pending: Vec<ObjectInfo>,
}

/// What a scan of bronze found.
#[derive(Debug, Default)]
pub(in crate::maintain) struct Scan {
    pub(in crate::maintain) listed: u64,
    /// How many objects have no ledger entry, whatever their age, as far as the scan went.
    pub(in crate::maintain) pending: u64,
    /// How many of them are old enough to count as unprocessed.
    pub(in crate::maintain) unprocessed: u64,
    /// The oldest of them, as many as one run refines, oldest first.
    pub(in crate::maintain) oldest: Vec<ObjectInfo>,
    /// How far each partition is complete now.
    pub(in crate::maintain) complete_before: BTreeMap<PartitionId, UnixMillis>,
}

/// How the age of an object is told at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Age {
    now: UnixMillis,
    unprocessed_after: i64,
}

impl Age {
    /// Returns whether an object without a ledger entry should have one by now.
    pub(super) fn is_unprocessed(self, object: &ObjectInfo) -> bool {
        !object.created.is_young(self.now, self.unprocessed_after)
    }
}

impl Scan {
    fn take_in(&mut self, pending: Vec<ObjectInfo>, age: Age, most: usize) {
        self.pending += pending.len() as u64;
        let unprocessed = pending.iter().filter(|object| age.is_unprocessed(object));
        self.unprocessed += unprocessed.count() as u64;
        self.oldest.extend(pending);
        if self.oldest.len() > most.saturating_add(most / 4) {
            self.keep_oldest(most);
        }
    }

    fn keep_oldest(&mut self, most: usize) {
        self.oldest
            .sort_by_key(|object| (object.created, object.path.clone()));
        self.oldest.truncate(most);
    }
}

impl Maintenance {
    /// Lists bronze where something may be pending, and compares with the ledger.
    pub(in crate::maintain) async fn scan(
        &self,
        state: &MaintenanceState,
        full: bool,
        deadline: Deadline,
    ) -> Result<Scan, Error> {
        // Without a state this is the first run, which sees everything.
        if full || state.complete_before.is_empty() {
            let everything = vec![paths::bronze_dataset(&self.context.dataset.name)];
            let pages = if full { usize::MAX } else { FIRST_PAGES };
            let scan = self.scan_below(everything, usize::MAX, deadline);
            let mut read = 0;
            let scan = scan.inspect(|_| read += 1).take(pages);
            let found = self.gather(scan, state).await?;
            if read < pages {
                return Ok(found);
            }
        }
        let known = match self.log.head().await? {
            Some(head) => head.partitions.into_keys().collect(),
            None => Vec::new(),
        };
        let usual = (0..USUAL_PARTITIONS).map(|number| PartitionId(number.to_string()));
        let mut partitions: BTreeSet<PartitionId> = known.into_iter().chain(usual).collect();
        partitions.extend(state.complete_before.keys().cloned());

        let scans = partitions.iter().map(|partition| {
            let prefixes = self.prefixes(partition, state);
            self.scan_below(prefixes, self.limits.objects, deadline)
                .boxed()
        });
        let scans: Vec<_> = scans.collect();
        let scans = stream::iter(scans).flatten_unordered(PARALLEL);
        self.gather(scans, state).await
    }

    /// Scans one prefix after the other, until more than `most` pending objects are found, so that a run tells
    /// that something is left, or until the time is over.
    fn scan_below(
        &self,
        prefixes: Vec<ObjectPath>,
        most: usize,
        deadline: Deadline,
    ) -> impl Stream<Item = Result<PageScan, Error>> + Send {
        let mut pending = 0;
        stream::iter(prefixes)
            .flat_map(|prefix| self.pages(prefix))
            .map_err(Error::from)
            .and_then(|objects| self.scan_page(objects))
            .try_take_while(move |page| {
                let goes_on = pending <= most && deadline.allows(Duration::ZERO);
                pending += page.pending.len();
                ready(Ok(goes_on))
            })
    }

    async fn scan_page(&self, mut objects: Vec<ObjectInfo>) -> Result<PageScan, Error> {
        objects.retain(|object| self.context.dataset.owns(object.path.name()));
        let mut newest = BTreeMap::new();
        for (partition, hour) in objects.iter().filter_map(|object| self.place(object)) {
            let last = newest.entry(partition).or_insert(hour);
            *last = hour.max(*last);
        }
        Ok(PageScan {
            listed: objects.len() as u64,
            newest,
            pending: self.pending(objects).await?,
        })
    }

    async fn gather(
        &self,
        scans: impl Stream<Item = Result<PageScan, Error>> + Send,
        state: &MaintenanceState,
    ) -> Result<Scan, Error> {
        let mut found = Scan::default();
        let mut newest: BTreeMap<PartitionId, UnixMillis> = BTreeMap::new();
        let mut first_pending: BTreeMap<PartitionId, UnixMillis> = BTreeMap::new();
        let mut scans = std::pin::pin!(scans);
        while let Some(page) = scans.try_next().await? {
            found.listed += page.listed;
            for (partition, hour) in page.newest {
                let last = newest.entry(partition).or_insert(hour);
                *last = hour.max(*last);
            }
            let pending = page.pending;
            for (partition, hour) in pending.iter().filter_map(|object| self.place(object)) {
                let first = first_pending.entry(partition).or_insert(hour);
                *first = hour.min(*first);
            }
            found.take_in(pending, self.age(), self.limits.objects);
        }

        found.keep_oldest(self.limits.objects);
        found.complete_before.clone_from(&state.complete_before);
        for (partition, newest) in newest {
            let complete = complete_before(newest, first_pending.get(&partition).copied());
            found.complete_before.insert(partition, complete);
        }
        Ok(found)
    }

    /// Returns how to tell the age of an object now.
    pub(super) fn age(&self) -> Age {
        Age {
            now: self.context.clock.now(),
            unprocessed_after: millis(self.limits.unprocessed_after),
        }
    }

    /// Lists page by page.
    fn pages(
        &self,
        prefix: ObjectPath,
    ) -> impl Stream<Item = Result<Vec<ObjectInfo>, StorageError>> + Send {
        stream::try_unfold(Next::First, move |next| {
            let prefix = prefix.clone();
            async move {
                let from = match next {
                    Next::First => None,
                    Next::After(marker) => Some(marker),
                    Next::End => return Ok(None),
                };
                let page = self.context.lake.list_page(&prefix, from).await?;
                let next = page.next.map_or(Next::End, Next::After);
                Ok(Some((page.objects, next)))
            }
        })
    }

    /// Returns what to list of a partition.
    fn prefixes(&self, partition: &PartitionId, state: &MaintenanceState) -> Vec<ObjectPath> {
        let root = paths::bronze_partition(&self.context.dataset.name, partition);
        let Some(from) = state.complete_before.get(partition) else {
            return vec![root];
        };
        // The hub's clock may be ahead of ours.
        let now = hour_of(self.context.clock.now());
        let until = UnixMillis(now.0 + 3_600_000);
        // A clock that was far ahead may have put objects where this one has not come to.
        folders(*from.min(&hour_before(now)), until)
            .iter()
            .map(|folder| ObjectPath::new(root.container(), &format!("{}{folder}", root.name())))
            .collect()
    }

    /// Returns the partition and the hour of an object that bronze wrote.
    fn place(&self, object: &ObjectInfo) -> Option<(PartitionId, UnixMillis)> {
        let root = paths::bronze_dataset(&self.context.dataset.name);
        let (partition, _) = object
            .path
            .name()
            .strip_prefix(root.name())?
            .split_once('/')?;
        Some((
            PartitionId(partition.to_owned()),
            folder_hour(&object.path)?,
        ))
    }

    /// Returns the objects that are not in the ledger, which is read folder by folder.
    async fn pending(&self, objects: Vec<ObjectInfo>) -> Result<Vec<ObjectInfo>, Error> {
        let mut by_folder: BTreeMap<String, Vec<ObjectInfo>> = BTreeMap::new();
        for object in objects {
            let name = object.path.name();
            let folder = name
                .rfind('/')
                .map_or("", |end| name.get(..=end).unwrap_or(""));
            by_folder.entry(folder.to_owned()).or_default().push(object);
        }
        let reads: Vec<_> = by_folder
            .into_iter()
            .map(|(folder, objects)| self.pending_of_folder(folder, objects))
            .collect();
        let found: Vec<Vec<ObjectInfo>> = stream::iter(reads)
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn pending_of_folder(
        &self,
        folder: String,
        objects: Vec<ObjectInfo>,
    ) -> Result<Vec<ObjectInfo>, Error> {
        let is_hour = objects
            .first()
            .is_some_and(|object| folder_hour(&object.path).is_some());
        let committed: BTreeSet<String> = match is_hour {
            true => {
                let entries = self.log.ledger_prefix(&folder).await?;
                entries.into_iter().map(|entry| entry.source).collect()
            }
            // A folder of another kind may have everything below it.
            false => {
                let names: Vec<String> = objects
                    .iter()
                    .map(|object| object.path.name().to_owned())
                    .collect();
                self.log.ledger(&names).await?.into_keys().collect()
            }
        };
        let is_pending = |object: &ObjectInfo| !committed.contains(object.path.name());
        Ok(objects.into_iter().filter(is_pending).collect())
    }
}
