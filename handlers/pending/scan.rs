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
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::ready;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::MaintenanceState;
use super::folders::{complete_before, folder_hour, folders, folders_of_span};
use crate::clock::Clock;
use crate::dataset::Dataset;
use crate::event::{PartitionId, SequenceRange, UnixMillis};
use crate::retry::Deadline;
use crate::store::StorageError;
use crate::store::object::{ObjectInfo, ObjectPath, ObjectRange, ObjectStore, Page, paths};
use crate::table::log::{CommitLog, Head, LogError};
use crate::value::period::{MILLIS_PER_HOUR, hour_before, hour_of};
use crate::value::time::millis;

/// Partitions that are looked at although nothing of them was ever refined: those that most hubs have.
const USUAL_PARTITIONS: u32 = 32;
/// How many folders are read at once.
const PARALLEL: usize = 8;
/// How many pages a first scan of all of bronze takes: a larger one is looked at partition by partition.
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
    answered: Option<UnixMillis>,
    newest: BTreeMap<PartitionId, UnixMillis>,
    pending: Vec<ObjectInfo>,
}

/// Where a scan looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Where something may have come since an earlier scan found all complete.
    New,
    /// Everywhere.
    Everything,
    /// At the hours from that of `from` up to that in which `until` has not come yet, whatever earlier scans found. It says
    /// nothing of the others.
    Span {
        /// The beginning.
        from: UnixMillis,
        /// The end, which is not part of it.
        until: UnixMillis,
    },
}

/// What a scan of bronze found.
#[derive(Debug, Default)]
pub struct Scan {
    /// How many objects were listed.
    pub listed: u64,
    /// How many objects have no ledger entry, whatever their age, as far as the scan went.
    pub pending: u64,
    /// How many of them are old enough to count as unprocessed.
    pub unprocessed: u64,
    /// The oldest of them, as many as one run refines, oldest first.
    pub oldest: Vec<ObjectInfo>,
    /// The lowest enqueued time of any event in them.
    pub first_enqueued: Option<UnixMillis>,
    /// How far each partition is complete now.
    pub complete_before: BTreeMap<PartitionId, UnixMillis>,
    /// Whether nothing that may be pending was left out, and each object that is is among [`Scan::oldest`].
    pub is_whole: bool,
    /// When the store answered first, by its own clock, if it says.
    pub answered: Option<UnixMillis>,
}

/// How the age of an object is told at one moment.
#[derive(Clone, Copy, Debug)]
pub struct Age {
    now: UnixMillis,
    unprocessed_after: i64,
}

impl Age {
    /// Returns whether an object without a ledger entry should have one by now.
    #[must_use]
    pub fn is_unprocessed(self, object: &ObjectInfo) -> bool {
        !object.created.is_young(self.now, self.unprocessed_after)
    }
}

impl Scan {
    /// Returns the sequence numbers of the objects at hand, by partition; one that was put there by hand has none.
    #[must_use]
    pub fn ranges(&self) -> BTreeMap<PartitionId, Vec<SequenceRange>> {
        let mut ranges: BTreeMap<PartitionId, Vec<SequenceRange>> = BTreeMap::new();
        for object in &self.oldest {
            let range = ObjectRange::from_metadata(&object.metadata);
            if let (Some(partition), Some(range)) = (object.metadata.get("partition"), range) {
                let partition = PartitionId(partition.clone());
                ranges.entry(partition).or_default().push(range.sequence);
            }
        }
        ranges
    }

    fn take_in(&mut self, pending: Vec<ObjectInfo>, age: Age, most: usize) {
        self.pending += pending.len() as u64;
        let unprocessed = pending.iter().filter(|object| age.is_unprocessed(object));
        self.unprocessed += unprocessed.count() as u64;
        let enqueued = pending.iter().map(first_enqueued);
        self.first_enqueued = enqueued.chain(self.first_enqueued).min();
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

/// Returns when the first event of an object was enqueued; when it was made, if it was put there by hand.
fn first_enqueued(object: &ObjectInfo) -> UnixMillis {
    let range = ObjectRange::from_metadata(&object.metadata);
    range.map_or(object.created, |range| range.first_enqueued)
}

/// Looks at bronze.
#[derive(Clone, Debug)]
pub struct Scanner {
    /// What the events look like.
    pub dataset: Arc<Dataset>,
    /// Where bronze lies.
    pub lake: Arc<dyn ObjectStore>,
    /// The ledger.
    pub log: CommitLog,
    /// The time of day.
    pub clock: Arc<dyn Clock>,
    /// How old a pending object is before it counts as unprocessed.
    pub unprocessed_after: Duration,
    /// Pending objects that are kept, about a kilobyte each.
    pub objects: usize,
}

impl Scanner {
    /// Lists bronze where something may be pending, and compares with the ledger. `head` was read before.
    ///
    /// # Errors
    /// Fails if a store does.
    pub async fn scan(
        &self,
        head: Option<&Head>,
        state: &MaintenanceState,
        look: Extent,
        deadline: Deadline,
    ) -> Result<Scan, LogError> {
        let cut = Arc::new(AtomicBool::new(false));
        // Without a state this is the first run, which sees everything.
        let full = look == Extent::Everything;
        let is_first = state.complete_before.is_empty() && look == Extent::New;
        if full || is_first {
            let everything = vec![paths::bronze_dataset(&self.dataset.name)];
            let pages = if full { usize::MAX } else { FIRST_PAGES };
            let scan = self.scan_below(everything, usize::MAX, (deadline, &cut));
            let mut read = 0;
            let scan = scan.inspect(|_| read += 1).take(pages);
            let mut found = self.gather(scan, state).await?;
            if read < pages {
                found.is_whole &= !cut.load(Ordering::Relaxed);
                return Ok(found);
            }
        }
        let known = head.map_or(Vec::new(), |head| head.partitions.keys().cloned().collect());
        let usual = (0..USUAL_PARTITIONS).map(|number| PartitionId(number.to_string()));
        let mut partitions: BTreeSet<PartitionId> = known.into_iter().chain(usual).collect();
        partitions.extend(state.complete_before.keys().cloned());

        // The hub's clock may be ahead of ours.
        let now = self.clock.now();
        let now = head
            .and_then(|head| head.clock)
            .map_or(now, |hub| hub.max(now));
        let until = UnixMillis(hour_of(now).0 + MILLIS_PER_HOUR);
        let scans = partitions.iter().map(|partition| {
            let prefixes = match look {
                Extent::Span { from, until } => {
                    self.below(partition, &folders_of_span(from, until))
                }
                Extent::New | Extent::Everything => self.prefixes(partition, state, until),
            };
            self.scan_below(prefixes, self.objects, (deadline, &cut))
                .boxed()
        });
        let scans: Vec<_> = scans.collect();
        let scans = stream::iter(scans).flatten_unordered(PARALLEL);
        let mut found = self.gather(scans, state).await?;
        // By the store's clock there may be folders that were not listed.
        let is_covered = found.answered.is_none_or(|now| hour_of(now) <= until);
        found.is_whole &= is_covered && !cut.load(Ordering::Relaxed);
        if let Extent::Span { .. } = look {
            // Nothing is known of what was not looked at.
            found.is_whole = false;
            found.complete_before.clone_from(&state.complete_before);
        }
        Ok(found)
    }

    /// Scans one prefix after the other, until more than `most` pending objects are found, so that a run tells
    /// that something is left, or until the time is over: it is then `cut`.
    fn scan_below(
        &self,
        prefixes: Vec<ObjectPath>,
        most: usize,
        (deadline, cut): (Deadline, &Arc<AtomicBool>),
    ) -> impl Stream<Item = Result<PageScan, LogError>> + Send {
        let (mut pending, cut) = (0, Arc::clone(cut));
        stream::iter(prefixes)
            .flat_map(|prefix| self.pages(prefix))
            .map_err(LogError::from)
            .and_then(|page| self.scan_page(page))
            .try_take_while(move |page| {
                let goes_on = pending <= most && deadline.allows(Duration::ZERO);
                if !goes_on {
                    cut.store(true, Ordering::Relaxed);
                }
                pending += page.pending.len();
                ready(Ok(goes_on))
            })
    }

    async fn scan_page(&self, page: Page) -> Result<PageScan, LogError> {
        let (mut objects, answered) = (page.objects, page.answered);
        objects.retain(|object| self.dataset.owns(object.path.name()));
        let mut newest = BTreeMap::new();
        for (partition, hour) in objects.iter().filter_map(|object| self.place(object)) {
            let last = newest.entry(partition).or_insert(hour);
            *last = hour.max(*last);
        }
        Ok(PageScan {
            listed: objects.len() as u64,
            answered,
            newest,
            pending: self.pending(objects).await?,
        })
    }

    async fn gather(
        &self,
        scans: impl Stream<Item = Result<PageScan, LogError>> + Send,
        state: &MaintenanceState,
    ) -> Result<Scan, LogError> {
        let mut found = Scan::default();
        let mut newest: BTreeMap<PartitionId, UnixMillis> = BTreeMap::new();
        let mut first_pending: BTreeMap<PartitionId, UnixMillis> = BTreeMap::new();
        let mut scans = std::pin::pin!(scans);
        while let Some(page) = scans.try_next().await? {
            found.listed += page.listed;
            found.answered = page.answered.into_iter().chain(found.answered).min();
            for (partition, hour) in page.newest {
                let last = newest.entry(partition).or_insert(hour);
                *last = hour.max(*last);
            }
            let pending = page.pending;
            for (partition, hour) in pending.iter().filter_map(|object| self.place(object)) {
                let first = first_pending.entry(partition).or_insert(hour);
                *first = hour.min(*first);
            }
            found.take_in(pending, self.age(), self.objects);
        }

        found.keep_oldest(self.objects);
        found.is_whole = found.pending == found.oldest.len() as u64;
        found.complete_before.clone_from(&state.complete_before);
        for (partition, newest) in newest {
            let complete = complete_before(newest, first_pending.get(&partition).copied());
            found.complete_before.insert(partition, complete);
        }
        Ok(found)
    }

    /// Returns how to tell the age of an object now.
    #[must_use]
    pub fn age(&self) -> Age {
        Age {
            now: self.clock.now(),
            unprocessed_after: millis(self.unprocessed_after),
        }
    }

    /// Lists page by page.
    fn pages(&self, prefix: ObjectPath) -> impl Stream<Item = Result<Page, StorageError>> + Send {
        stream::try_unfold(Next::First, move |next| {
            let prefix = prefix.clone();
            async move {
                let from = match next {
                    Next::First => None,
                    Next::After(marker) => Some(marker),
                    Next::End => return Ok(None),
                };
                let mut page = self.lake.list_page(&prefix, from).await?;
                let next = page.next.take().map_or(Next::End, Next::After);
                Ok(Some((page, next)))
            }
        })
    }

    /// Returns what to list of a partition, up to an hour.
    fn prefixes(
        &self,
        partition: &PartitionId,
        state: &MaintenanceState,
        until: UnixMillis,
    ) -> Vec<ObjectPath> {
        let root = paths::bronze_partition(&self.dataset.name, partition);
        let Some(from) = state.complete_before.get(partition) else {
            return vec![root];
        };
        let now = hour_of(self.clock.now());
        // A clock that was far ahead may have put objects where this one has not come to.
        self.below(partition, &folders(*from.min(&hour_before(now)), until))
    }

    /// Returns folders below that of a partition.
    fn below(&self, partition: &PartitionId, folders: &[String]) -> Vec<ObjectPath> {
        let root = paths::bronze_partition(&self.dataset.name, partition);
        let folders = folders.iter();
        folders
            .map(|folder| ObjectPath::new(root.container(), &format!("{}{folder}", root.name())))
            .collect()
    }

    /// Returns the partition and the hour of an object that bronze wrote.
    fn place(&self, object: &ObjectInfo) -> Option<(PartitionId, UnixMillis)> {
        let root = paths::bronze_dataset(&self.dataset.name);
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
    async fn pending(&self, objects: Vec<ObjectInfo>) -> Result<Vec<ObjectInfo>, LogError> {
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
    ) -> Result<Vec<ObjectInfo>, LogError> {
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
