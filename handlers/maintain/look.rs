//! Looks for bronze objects that are not in the ledger.
//!
//! Bronze is read page by page, and no more objects are kept than one run refines: memory is bounded whatever bronze
//! holds, also where all of it is looked at and nothing of it is refined. Names of a partition are in the order of
//! time, so a look that ends early, for it has enough or its time is over, has seen all that is older.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures::future::ready;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::hours::{complete_before, folder_hour, folders, hour_of};
use super::{Error, Maintenance, Memo};
use crate::event::{PartitionId, UnixMillis};
use crate::lake::{ObjectInfo, ObjectPath, paths};
use crate::retry::Deadline;
use crate::storage::StorageError;

/// Partitions that are looked at although nothing of them was ever refined: those that most hubs have.
const USUAL_PARTITIONS: u32 = 32;
/// How many folders are read at once.
const PARALLEL: usize = 8;
/// How many pages a first look at all of bronze takes: a larger one is looked at partition by partition.
const FIRST_PAGES: usize = 20;

/// What one page told.
struct Looked {
    listed: u64,
    newest: BTreeMap<PartitionId, UnixMillis>,
    unfinished: Vec<ObjectInfo>,
}

/// What a look at bronze found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) listed: u64,
    /// How many objects have no ledger entry, whatever their age, as far as the look went.
    pub(super) unfinished: u64,
    /// How many of them are old enough to count as forgotten.
    pub(super) forgotten: u64,
    /// The oldest of them, as many as one run refines, oldest first.
    pub(super) oldest: Vec<ObjectInfo>,
    /// How far each partition is complete now.
    pub(super) complete_before: BTreeMap<PartitionId, UnixMillis>,
}

impl Found {
    fn take_in(&mut self, unfinished: Vec<ObjectInfo>, before: UnixMillis, most: usize) {
        self.unfinished += unfinished.len() as u64;
        let forgotten = unfinished.iter().filter(|object| object.created <= before);
        self.forgotten += forgotten.count() as u64;
        self.oldest.extend(unfinished);
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
    /// Lists bronze where something unfinished may be, and compares with the ledger.
    pub(super) async fn look(
        &self,
        memo: &Memo,
        full: bool,
        deadline: Deadline,
    ) -> Result<Found, Error> {
        // Without a memo this is the first run, which sees everything, objects put there by hand too.
        if full || memo.complete_before.is_empty() {
            let everything = vec![paths::bronze_dataset(&self.edges.dataset.name)];
            let pages = if full { usize::MAX } else { FIRST_PAGES };
            let look = self.look_below(everything, usize::MAX, deadline);
            let mut read = 0;
            let look = look.inspect(|_| read += 1).take(pages);
            let found = self.gather(look, memo).await?;
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
        partitions.extend(memo.complete_before.keys().cloned());

        let looks = partitions.iter().map(|partition| {
            let prefixes = self.prefixes(partition, memo);
            self.look_below(prefixes, self.limits.objects, deadline)
                .boxed()
        });
        let looks: Vec<_> = looks.collect();
        let looks = stream::iter(looks).flatten_unordered(PARALLEL);
        self.gather(looks, memo).await
    }

    /// Looks at one prefix after the other, until more than `most` unfinished objects are found, so that a run tells
    /// that something is left, or until the time is over.
    fn look_below(
        &self,
        prefixes: Vec<ObjectPath>,
        most: usize,
        deadline: Deadline,
    ) -> impl Stream<Item = Result<Looked, Error>> + Send {
        let mut unfinished = 0;
        stream::iter(prefixes)
            .flat_map(|prefix| self.pages(prefix))
            .map_err(Error::from)
            .and_then(|objects| self.look_at(objects))
            .try_take_while(move |looked| {
                let goes_on = unfinished <= most && deadline.allows(Duration::ZERO);
                unfinished += looked.unfinished.len();
                ready(Ok(goes_on))
            })
    }

    async fn look_at(&self, objects: Vec<ObjectInfo>) -> Result<Looked, Error> {
        let mut newest = BTreeMap::new();
        for (partition, hour) in objects.iter().filter_map(|object| self.place(object)) {
            let last = newest.entry(partition).or_insert(hour);
            *last = hour.max(*last);
        }
        Ok(Looked {
            listed: objects.len() as u64,
            newest,
            unfinished: self.unfinished(objects).await?,
        })
    }

    async fn gather(
        &self,
        looks: impl Stream<Item = Result<Looked, Error>> + Send,
        memo: &Memo,
    ) -> Result<Found, Error> {
        let mut found = Found::default();
        let mut newest: BTreeMap<PartitionId, UnixMillis> = BTreeMap::new();
        let mut first_open: BTreeMap<PartitionId, UnixMillis> = BTreeMap::new();
        let mut looks = std::pin::pin!(looks);
        while let Some(looked) = looks.try_next().await? {
            found.listed += looked.listed;
            for (partition, hour) in looked.newest {
                let last = newest.entry(partition).or_insert(hour);
                *last = hour.max(*last);
            }
            let unfinished = looked.unfinished;
            for (partition, hour) in unfinished.iter().filter_map(|object| self.place(object)) {
                let first = first_open.entry(partition).or_insert(hour);
                *first = hour.min(*first);
            }
            found.take_in(unfinished, self.forgotten_before(), self.limits.objects);
        }

        found.keep_oldest(self.limits.objects);
        found.complete_before.clone_from(&memo.complete_before);
        for (partition, newest) in newest {
            let complete = complete_before(newest, first_open.get(&partition).copied());
            found.complete_before.insert(partition, complete);
        }
        Ok(found)
    }

    /// Returns the time that an object without a ledger entry must not be younger than to count as forgotten.
    pub(super) fn forgotten_before(&self) -> UnixMillis {
        let age = i64::try_from(self.limits.forgotten_after.as_millis()).unwrap_or(i64::MAX);
        UnixMillis(self.edges.clock.now().0.saturating_sub(age))
    }

    /// Lists page by page.
    fn pages(
        &self,
        prefix: ObjectPath,
    ) -> impl Stream<Item = Result<Vec<ObjectInfo>, StorageError>> + Send {
        stream::try_unfold(Some(None), move |next: Option<Option<String>>| {
            let prefix = prefix.clone();
            async move {
                let Some(from) = next else { return Ok(None) };
                let page = self.edges.lake.list_page(&prefix, from).await?;
                Ok(Some((page.objects, page.next.map(Some))))
            }
        })
    }

    /// Returns what to list of a partition.
    fn prefixes(&self, partition: &PartitionId, memo: &Memo) -> Vec<ObjectPath> {
        let root = paths::bronze_partition(&self.edges.dataset.name, partition);
        let Some(from) = memo.complete_before.get(partition) else {
            return vec![root];
        };
        // The hub's clock may be ahead of ours.
        let until = UnixMillis(hour_of(self.edges.clock.now()).0 + 3_600_000);
        folders(*from, until)
            .iter()
            .map(|folder| ObjectPath::new(root.container(), &format!("{}{folder}", root.name())))
            .collect()
    }

    /// Returns the partition and the hour of an object that bronze wrote.
    fn place(&self, object: &ObjectInfo) -> Option<(PartitionId, UnixMillis)> {
        let root = paths::bronze_dataset(&self.edges.dataset.name);
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
    async fn unfinished(&self, objects: Vec<ObjectInfo>) -> Result<Vec<ObjectInfo>, Error> {
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
            .map(|(folder, objects)| self.unfinished_of_folder(folder, objects))
            .collect();
        let found: Vec<Vec<ObjectInfo>> = stream::iter(reads)
            .buffer_unordered(PARALLEL)
            .try_collect()
            .await?;
        Ok(found.into_iter().flatten().collect())
    }

    async fn unfinished_of_folder(
        &self,
        folder: String,
        objects: Vec<ObjectInfo>,
    ) -> Result<Vec<ObjectInfo>, Error> {
        let is_hour = objects
            .first()
            .is_some_and(|object| folder_hour(&object.path).is_some());
        let finished: BTreeSet<String> = match is_hour {
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
        let is_open = |object: &ObjectInfo| !finished.contains(object.path.name());
        Ok(objects.into_iter().filter(is_open).collect())
    }
}
