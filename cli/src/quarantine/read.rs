//! What quarantine holds, found by the ledger: it names the object of every source with rejected records, so nothing is
//! listed, and a range of time costs one read of the ledger for each partition of the hub, and one for what came from files.

use std::error::Error;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::{self, StreamExt};
use sluice::event::{PartitionId, UnixMillis};
use sluice::store::StorageError;
use sluice::store::object::{ObjectPath, ObjectStore, paths};
use sluice::table::TableId;
use sluice::table::log::{CommitLog, Head, LedgerEntry, TakenUp, Version};
use sluice::value::period::MILLIS_PER_HOUR;
use thiserror::Error;

use super::record::Rejected;
use crate::output::{count, thousands};

/// How many objects are read at once.
const AT_ONCE: usize = 16;
/// Most objects that are read, the newest ones first.
const MOST_OBJECTS: usize = 2_000;

/// Which records are looked for, by when the hub took them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Span {
    /// All of them, whatever their source is called.
    Everything,
    /// Those that came at `from` or later, and before `until`.
    Enqueued { from: UnixMillis, until: UnixMillis },
}

impl Span {
    fn has(self, rejected: &Rejected) -> bool {
        let Self::Enqueued { from, until } = self else {
            return true;
        };
        // What does not say when it came is in an hour that was asked for.
        let Some(enqueued) = rejected.enqueued() else {
            return true;
        };
        (from.as_event_time().0..until.as_event_time().0).contains(&enqueued)
    }
}

/// A line of quarantine that is none.
#[derive(Debug, Error)]
#[error("line {line} of {object} is not a rejected record")]
pub(crate) struct MalformedLine {
    object: ObjectPath,
    line: usize,
    source: serde_json::Error,
}

/// The quarantine of one generation of a dataset.
pub(crate) struct Quarantine<'a> {
    dataset: &'a str,
    log: &'a CommitLog,
    lake: &'a Arc<dyn ObjectStore>,
    /// Most objects that are read, the newest ones first.
    most_objects: usize,
}

/// What was read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Objects of the span.
    pub(crate) objects: usize,
    /// Those of them that were read, the newest first.
    pub(crate) read: usize,
    /// There are more objects than are read, and whoever took the records did not have enough.
    pub(crate) is_cut: bool,
}

impl Found {
    /// Says that not all was read, if so.
    pub(crate) fn shortfall(self) -> Option<String> {
        self.is_cut.then(|| {
            format!(
                "these are of the newest {} of {}: --from and --to of sluice quarantine look at less",
                thousands(self.read as u64),
                count(self.objects as u64, "object")
            )
        })
    }
}

impl<'a> Quarantine<'a> {
    /// The quarantine of a dataset, by its log of commits.
    pub(crate) fn new(
        dataset: &'a str,
        log: &'a CommitLog,
        lake: &'a Arc<dyn ObjectStore>,
    ) -> Self {
        Self {
            dataset,
            log,
            lake,
            most_objects: MOST_OBJECTS,
        }
    }

    /// The same, however many objects there are.
    pub(crate) fn of_any_size(self) -> Self {
        Self {
            most_objects: usize::MAX,
            ..self
        }
    }

    /// Hands the records of a span to `take`, the newest first, until it has enough: it says whether to go on. `head` is
    /// that of the log; `after` leaves out what was refined up to a version.
    ///
    /// # Errors
    /// Fails if a store does, or if a line of quarantine is none.
    pub(crate) async fn visit(
        &self,
        head: &Head,
        span: Span,
        after: Option<Version>,
        mut take: impl FnMut(Rejected) -> bool,
    ) -> Result<Found, Box<dyn Error + Send + Sync>> {
        let mut entries = self.entries(head, span).await?;
        entries.retain(|entry| after.is_none_or(|after| entry.version > after));
        // Those of one commit by their names, which begin with the partition and go on with the time.
        entries.sort_by(|a, b| (b.version, &b.source).cmp(&(a.version, &a.source)));
        let named = entries.into_iter().filter_map(|entry| entry.quarantine);
        let objects: Vec<ObjectPath> = named.flat_map(|last| parts(&last)).collect();
        let mut found = Found {
            objects: objects.len(),
            read: 0,
            is_cut: false,
        };
        let reads: Vec<_> = objects
            .into_iter()
            .take(self.most_objects)
            .map(|object| self.read(object))
            .collect();
        let mut reads = stream::iter(reads).buffered(AT_ONCE);
        while let Some(read) = reads.next().await {
            found.read += 1;
            let (object, Some(content)) = read? else {
                continue;
            };
            for rejected in records(&object, &content)?.into_iter().rev() {
                if span.has(&rejected) && !take(rejected) {
                    return Ok(found);
                }
            }
        }
        found.is_cut = found.read < found.objects;
        Ok(found)
    }

    async fn read(&self, object: ObjectPath) -> Result<(ObjectPath, Option<Bytes>), StorageError> {
        let content = self.lake.get(&object).await?;
        Ok((object, content))
    }

    /// Returns what the ledger says of the sources of a span that have rejected records.
    async fn entries(
        &self,
        head: &Head,
        span: Span,
    ) -> Result<Vec<LedgerEntry>, Box<dyn Error + Send + Sync>> {
        let (mut entries, mut later) = (Vec::new(), Vec::new());
        let mut add = |page: Vec<LedgerEntry>| {
            // Of what was taken up again the last that took it up says what it is now.
            let (open, taken_up): (Vec<_>, Vec<_>) =
                page.into_iter().partition(|entry| entry.taken_up.is_none());
            entries.extend(open.into_iter().filter(LedgerEntry::is_open));
            later.extend(taken_up.into_iter().filter_map(|entry| entry.taken_up));
        };
        match span {
            Span::Everything => {
                let mut last: Option<String> = None;
                loop {
                    let page = self.log.ledger_after(last.as_deref()).await?;
                    let Some(end) = page.last() else { break };
                    last = Some(end.source.clone());
                    add(page);
                }
            }
            Span::Enqueued { from, until } => {
                for partition in head.partitions.keys() {
                    let hour = |time| hour(self.dataset, partition, time);
                    // The hour in which the last of them came ends within the next one.
                    let end = hour(UnixMillis(until.0.saturating_add(MILLIS_PER_HOUR)));
                    add(self.log.ledger_between(&hour(from), &end).await?);
                }
                // What came from files is of no partition and no hour.
                let loaded = paths::loaded(self.dataset);
                add(self.log.ledger_prefix(&loaded).await?);
            }
        }
        // Everything has them already.
        let mut names = match span {
            Span::Everything => Vec::new(),
            Span::Enqueued { .. } => names_of(later),
        };
        while !names.is_empty() {
            let found = self.log.ledger(&names).await?.into_values();
            let (open, taken_up): (Vec<_>, Vec<_>) = found.partition(LedgerEntry::is_open);
            entries.extend(open);
            names = names_of(taken_up.into_iter().filter_map(|entry| entry.taken_up));
        }
        Ok(entries)
    }
}

fn names_of(taken_up: impl IntoIterator<Item = TakenUp>) -> Vec<String> {
    taken_up.into_iter().map(|taken_up| taken_up.by).collect()
}

/// Returns the objects with the rejected records of a source, of which the ledger names the last, the last first: those of a
/// large source are written part by part.
fn parts(last: &ObjectPath) -> Vec<ObjectPath> {
    let mut parts = TableId::quarantine_parts(last);
    parts.reverse();
    parts
}

/// Returns what the names of the sources of an hour begin with.
fn hour(dataset: &str, partition: &PartitionId, time: UnixMillis) -> String {
    let folder = paths::bronze_hour(dataset, partition, time);
    folder.name().to_owned()
}

fn records(object: &ObjectPath, content: &[u8]) -> Result<Vec<Rejected>, MalformedLine> {
    let lines = content.split(|byte| *byte == b'\n').enumerate();
    let lines = lines.filter(|(_, line)| !line.is_empty());
    let records = lines.map(|(number, line)| {
        serde_json::from_slice(line).map_err(|source| MalformedLine {
            object: object.clone(),
            line: number + 1,
            source,
        })
    });
    records.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::target::in_memory::Pipeline;

    /// When the first event of the tests' pipelines was enqueued.
    const START: i64 = 1_763_120_674_000;

    fn quarantine(pipeline: &Pipeline) -> Quarantine<'_> {
        let stores = &pipeline.stores;
        Quarantine::new(&stores.dataset.name, &stores.log, &stores.lake)
    }

    async fn numbers(pipeline: &Pipeline, span: Span, after: Option<Version>) -> Vec<i64> {
        let Some(head) = pipeline.stores.log.head().await.unwrap() else {
            return Vec::new();
        };
        let mut numbers = Vec::new();
        let take = |rejected: Rejected| {
            numbers.push(rejected.sequence_number.unwrap());
            true
        };
        let quarantine = quarantine(pipeline);
        quarantine.visit(&head, span, after, take).await.unwrap();
        numbers
    }

    fn span(from: i64, until: i64) -> Span {
        Span::Enqueued {
            from: UnixMillis(START + from),
            until: UnixMillis(START + until),
        }
    }

    #[tokio::test]
    async fn the_newest_records_of_a_span_come_first() {
        let pipeline = Pipeline::new();
        assert!(numbers(&pipeline, span(0, 9), None).await.is_empty());
        pipeline.ingest(0, &[1, 0, 0]).await;
        pipeline.refine().await;
        pipeline.ingest(3, &[0, 2]).await;
        pipeline.refine().await;
        assert_eq!(numbers(&pipeline, Span::Everything, None).await, [3, 2, 1]);
        assert_eq!(numbers(&pipeline, span(0, 4), None).await, [3, 2, 1]);
        assert_eq!(numbers(&pipeline, span(2, 3), None).await, [2]);
        assert!(
            numbers(&pipeline, span(4, MILLIS_PER_HOUR), None)
                .await
                .is_empty()
        );
        let first = Some(Version(1));
        assert_eq!(numbers(&pipeline, span(0, 9), first).await, [3]);
    }

    #[tokio::test]
    async fn no_more_objects_are_read_than_it_takes() {
        let pipeline = Pipeline::new();
        for sequence in 0..3 {
            pipeline.ingest(sequence, &[0]).await;
            pipeline.refine().await;
        }
        let head = pipeline.stores.log.head().await.unwrap().unwrap();
        let quarantine = quarantine(&pipeline);
        let found = quarantine.visit(&head, Span::Everything, None, |_| false);
        let expected = Found {
            objects: 3,
            read: 1,
            is_cut: false,
        };
        assert_eq!(found.await.unwrap(), expected);
    }

    #[tokio::test]
    async fn where_there_are_more_objects_than_are_read_it_is_said() {
        let pipeline = Pipeline::new();
        for sequence in 0..3 {
            pipeline.ingest(sequence, &[0]).await;
            pipeline.refine().await;
        }
        let head = pipeline.stores.log.head().await.unwrap().unwrap();
        let read = async |most_objects| {
            let quarantine = Quarantine {
                most_objects,
                ..quarantine(&pipeline)
            };
            let found = quarantine.visit(&head, Span::Everything, None, |_| true);
            found.await.unwrap()
        };
        let found = read(2).await;
        assert_eq!((found.objects, found.read), (3, 2));
        let said = found.shortfall().unwrap();
        assert!(
            said.starts_with("these are of the newest 2 of 3 objects: "),
            "{said}"
        );
        assert_eq!(read(3).await.shortfall(), None, "these are all");
    }

    #[test]
    fn all_parts_of_a_large_source_are_read_the_last_first() {
        let object = |name: &str| ObjectPath::new("quarantine", name);
        let found = parts(&object("orders/g1/x-part2.jsonl"));
        let expected = ["x-part2", "x-part1", "x"];
        assert_eq!(
            found,
            expected.map(|name| object(&format!("orders/g1/{name}.jsonl")))
        );
        let one = object("orders/g1/x.jsonl");
        assert_eq!(parts(&one), [one]);
    }

    #[test]
    fn a_line_that_is_no_record_is_named() {
        let object = ObjectPath::new("quarantine", "orders/g1/x.jsonl");
        let error = records(&object, b"\n{}\n").unwrap_err();
        let text = "line 2 of quarantine/orders/g1/x.jsonl is not a rejected record";
        assert_eq!(error.to_string(), text);
    }
}
