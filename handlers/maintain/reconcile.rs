//! Finds bronze objects that nothing has refined (a lost event, a poison message, a crash) and refines them, oldest
//! first; then removes the poison messages of finished sources.
//!
//! Bronze is read page by page, and no more objects are kept than one run refines: memory is bounded whatever bronze
//! holds, also where all of it is looked at and nothing of it is refined.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::join_all;
use futures::stream::{self, Stream, StreamExt, TryStreamExt};

use super::hours::{complete_before, folder_hour, folders, hour_of};
use super::poison::PoisonMessage;
use super::{Error, Maintenance, Memo, Options, Reconciled};
use crate::bronze::plan::ObjectRange;
use crate::error::chain;
use crate::event::{PartitionId, UnixMillis};
use crate::lake::{ObjectInfo, ObjectPath, paths};
use crate::retry::Deadline;
use crate::silver::Source;
use crate::storage::StorageError;

/// Partitions that are looked at although nothing of them was ever refined: those that most hubs have.
const USUAL_PARTITIONS: u32 = 32;
/// How many folders or objects are read at once.
const PARALLEL: usize = 8;
/// How often the poison queue is asked in a run.
const POISON_ROUNDS: usize = 20;

/// What a look at bronze found.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) listed: u64,
    /// How many objects have no ledger entry, whatever their age.
    pub(super) unfinished: u64,
    /// How many of them are old enough to count as forgotten.
    pub(super) forgotten: u64,
    /// The oldest of them, as many as one run refines, oldest first.
    pub(super) oldest: Vec<ObjectInfo>,
    /// How far each partition is complete now.
    complete_before: BTreeMap<PartitionId, UnixMillis>,
}

impl Found {
    fn take_in(&mut self, unfinished: Vec<ObjectInfo>, before: UnixMillis, most: usize) {
        self.unfinished += unfinished.len() as u64;
        let forgotten = unfinished.iter().filter(|object| object.created <= before);
        self.forgotten += forgotten.count() as u64;
        self.oldest.extend(unfinished);
        if self.oldest.len() > most.saturating_mul(2) {
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
    pub(super) async fn reconcile(
        &self,
        options: Options,
        deadline: Deadline,
    ) -> Result<Reconciled, Error> {
        let mut memo = Memo::read(&self.edges.state, &self.edges.dataset).await?;
        let found = self.look(&memo, options.full).await?;
        if !options.dry_run && memo.complete_before != found.complete_before {
            memo.complete_before.clone_from(&found.complete_before);
            memo.write(&self.edges.state, &self.edges.dataset).await?;
        }

        let before = self.forgotten_before();
        let mut done = Reconciled {
            listed: found.listed,
            left: found.forgotten,
            ..Reconciled::default()
        };
        if !options.dry_run {
            let mut forgotten = found.oldest;
            forgotten.retain(|object| object.created <= before);
            self.refine(forgotten, deadline, &mut done).await?;
            self.clear_poison(deadline, &mut done).await?;
        }
        Ok(done)
    }

    /// Lists bronze where something unfinished may be, and compares with the ledger.
    pub(super) async fn look(&self, memo: &Memo, full: bool) -> Result<Found, Error> {
        let known = match self.log.head().await? {
            Some(head) => head.partitions.into_keys().collect(),
            None => Vec::new(),
        };
        let usual = (0..USUAL_PARTITIONS).map(|number| PartitionId(number.to_string()));
        let mut partitions: BTreeSet<PartitionId> = known.into_iter().chain(usual).collect();
        partitions.extend(memo.complete_before.keys().cloned());

        let dataset = &self.edges.dataset.name;
        // Without a memo this is the first run, which sees everything, objects put there by hand too.
        let everything = full || memo.complete_before.is_empty();
        let prefixes: Vec<ObjectPath> = match everything {
            true => vec![paths::bronze_dataset(dataset)],
            false => partitions
                .iter()
                .flat_map(|partition| self.prefixes(partition, memo))
                .collect(),
        };
        let mut found = Found::default();
        let pages = prefixes
            .into_iter()
            .map(|prefix| self.pages(prefix).boxed());
        let mut pages = stream::iter(pages).flatten_unordered(PARALLEL);
        let mut newest: BTreeMap<PartitionId, UnixMillis> = BTreeMap::new();
        let mut first_open: BTreeMap<PartitionId, UnixMillis> = BTreeMap::new();
        while let Some(objects) = pages.try_next().await? {
            found.listed += objects.len() as u64;
            for (partition, hour) in objects.iter().filter_map(|object| self.place(object)) {
                let last = newest.entry(partition).or_insert(hour);
                *last = hour.max(*last);
            }
            let unfinished = self.unfinished(objects).await?;
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
    fn forgotten_before(&self) -> UnixMillis {
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

    async fn refine(
        &self,
        forgotten: Vec<ObjectInfo>,
        deadline: Deadline,
        done: &mut Reconciled,
    ) -> Result<(), Error> {
        let mut rest = forgotten.as_slice();
        while let Some((first, _)) = rest.split_first() {
            if !deadline.allows(std::time::Duration::ZERO) {
                break;
            }
            let mut bytes = first.size;
            let more = rest.iter().skip(1).take_while(|object| {
                bytes += object.size;
                bytes <= self.limits.bytes
            });
            let count = 1 + more.count();
            let (batch, later) = rest.split_at(count.min(rest.len()));
            rest = later;

            let reads: Vec<_> = batch.iter().map(|object| self.read(object)).collect();
            let sources: Vec<Option<Source>> =
                stream::iter(reads).buffered(PARALLEL).try_collect().await?;
            let refine = sources.into_iter().flatten().map(|s| self.silver.refine(s));
            for outcome in join_all(refine).await {
                match outcome {
                    Ok(_) => {
                        done.refined += 1;
                        done.left = done.left.saturating_sub(1);
                    }
                    Err(error) => {
                        done.failed += 1;
                        done.failure.get_or_insert(chain(error.as_ref()));
                    }
                }
            }
        }
        Ok(())
    }

    /// Reads an object as the trigger would have delivered it; none if it is gone.
    async fn read(&self, object: &ObjectInfo) -> Result<Option<Source>, Error> {
        let Some(content) = self.edges.lake.get(&object.path).await? else {
            return Ok(None);
        };
        let range = ObjectRange::from_metadata(&object.metadata);
        let partition = object.metadata.get("partition").cloned().map(PartitionId);
        Ok(Some(Source {
            name: object.path.name().to_owned(),
            content,
            partition: partition.filter(|_| range.is_some()),
            range: range.map(|range| range.sequence),
            enqueued_time: range.map_or(object.created, |range| range.last_enqueued),
        }))
    }

    async fn clear_poison(&self, deadline: Deadline, done: &mut Reconciled) -> Result<(), Error> {
        let Some(queue) = &self.poison else {
            return Ok(());
        };
        for _ in 0..POISON_ROUNDS {
            let messages = queue.receive().await?;
            if messages.is_empty() || !deadline.allows(std::time::Duration::ZERO) {
                break;
            }
            let names: Vec<String> = messages
                .iter()
                .filter_map(|message| self.own_source(message))
                .collect();
            let finished = self.log.ledger(&names).await?;
            for message in &messages {
                let name = self.own_source(message);
                if name.is_some_and(|name| finished.contains_key(&name)) {
                    queue.delete(message).await?;
                    done.poison_removed += 1;
                } else {
                    done.poison_left += 1;
                }
            }
        }
        Ok(())
    }

    /// Returns the source that the message is about, if it is one of this dataset.
    fn own_source(&self, message: &PoisonMessage) -> Option<String> {
        let blob = message.blob()?;
        let root = paths::bronze_dataset(&self.edges.dataset.name);
        let is_own = blob.container() == root.container() && blob.name().starts_with(root.name());
        is_own.then(|| blob.name().to_owned())
    }
}
