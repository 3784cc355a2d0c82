//! Bronze keeps what arrived, as it arrived, once.
//!
//! The commit point is the creation of an object whose name is a function of its first event: whoever else stores the
//! same events meets it there. Objects of a batch are written one after the other, each stored before the next, so
//! every object starts where another ended, and two owners of a partition cannot store an event twice (B1).

pub mod plan;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use thiserror::Error;

use crate::error::Invariant;
use crate::event::{PartitionId, SourceEvent};
use crate::retry::{Deadline, retry};
use crate::store::StorageError;
use crate::store::object::{Created, ObjectInfo, ObjectPath, ObjectRange, ObjectStore, paths};
use crate::value::line::append_line;
use crate::value::line::times::append_times;
use plan::Stored;

/// What became of a batch.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ingested {
    /// Events delivered.
    pub events: usize,
    /// Events stored now; the others were stored before.
    pub stored: usize,
    /// Objects created.
    pub objects: usize,
    /// Bytes of the objects created.
    pub bytes: usize,
}

/// Why a batch could not be stored. It is delivered again.
#[derive(Debug, Error)]
pub enum IngestError {
    /// The lake failed.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// A defect.
    #[error(transparent)]
    Invariant(#[from] Invariant),
    /// An object is in the place of this one, but does not hold the event it is named after.
    #[error("object {path} does not hold the event that it is named after")]
    Foreign {
        /// Where it is.
        path: ObjectPath,
    },
}

impl IngestError {
    /// Returns whether the same batch would fail in the same way, however often it is delivered.
    #[must_use]
    pub fn is_lasting(&self) -> bool {
        match self {
            Self::Storage(error) => !error.is_transient(),
            Self::Invariant(_) | Self::Foreign { .. } => true,
        }
    }
}

/// What holds of every run that the plan finds; without it, events would be answered for and not stored.
const RUN: Invariant = Invariant("a run lies within its batch and is not empty");

/// What stands around the parts of an event that something came with.
const MEMBERS_BYTES: usize = 64;
/// What the first time of an object takes with what stands around the times, and what most others take.
const TIMES_BYTES: usize = 64;
/// Likewise.
const STEP_BYTES: usize = 3;

/// Stores events of all partitions of one dataset's hub.
#[derive(Debug)]
pub struct Bronze {
    lake: Arc<dyn ObjectStore>,
    dataset: String,
    /// The last object that this process wrote or found in each partition. Nothing is known after a failure.
    last: Mutex<HashMap<PartitionId, Arc<tokio::sync::Mutex<Option<ObjectRange>>>>>,
}

/// The lines of a batch, one after the other, and the objects that are made of them.
struct Lines<'a> {
    events: &'a [SourceEvent],
    /// The lines, until the object that ends with the last of them takes them.
    buffer: Option<Vec<u8>>,
    ends: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(events: &'a [SourceEvent]) -> Self {
        let mut ends = Vec::with_capacity(events.len());
        let buffer = write_lines(events, |end| ends.push(end));
        Self {
            events,
            buffer: Some(buffer),
            ends,
        }
    }

    /// Returns where the line of event `index` starts.
    fn start(&self, index: usize) -> usize {
        index
            .checked_sub(1)
            .and_then(|before| self.ends.get(before))
            .copied()
            .unwrap_or(0)
    }

    fn bytes(&self, index: usize) -> usize {
        self.start(index + 1) - self.start(index)
    }

    /// Returns the content of the object that holds a run: its lines, and when the hub took their events.
    fn object(&mut self, run: &std::ops::Range<usize>) -> Result<Bytes, Invariant> {
        let (start, end) = (self.start(run.start), self.start(run.end));
        let events = self.events.get(run.clone()).ok_or(RUN)?;
        let times = events.iter().map(|event| event.enqueued_time);
        // An object that was met in place of the last one is rare: then the lines are written once more.
        let buffer = self.buffer.take();
        let mut buffer = buffer.unwrap_or_else(|| write_lines(self.events, |_| ()));
        if run.end == self.events.len() {
            // Most batches are one object: nothing is copied.
            append_times(times, &mut buffer);
            return Ok(Bytes::from(buffer).slice(start..));
        }
        let mut content = buffer.get(start..end).ok_or(RUN)?.to_vec();
        self.buffer = Some(buffer);
        append_times(times, &mut content);
        Ok(Bytes::from(content))
    }
}

/// Writes the lines of events, and tells where each ends.
fn write_lines(events: &[SourceEvent], mut ended: impl FnMut(usize)) -> Vec<u8> {
    let capacity = events.iter().map(line_bytes).sum::<usize>();
    let mut buffer = Vec::with_capacity(capacity + TIMES_BYTES + events.len() * STEP_BYTES);
    for event in events {
        append_line(event, &mut buffer);
        ended(buffer.len());
    }
    buffer
}

/// Estimates the bytes of an event's line; most are as long or shorter.
fn line_bytes(event: &SourceEvent) -> usize {
    match event.system.len() + event.properties.len() {
        0 => event.body.len() + 1,
        members => event.body.len() + members + MEMBERS_BYTES,
    }
}

impl Bronze {
    /// Makes the bronze layer of `dataset`.
    #[must_use]
    pub fn new(lake: Arc<dyn ObjectStore>, dataset: &str) -> Self {
        Self {
            lake,
            dataset: dataset.to_owned(),
            last: Mutex::default(),
        }
    }

    /// Stores the events of one batch, each unless it is stored already. Returns when every event is durable.
    ///
    /// # Errors
    /// Fails if the lake fails until `deadline`; what was stored by then is found when the batch comes again.
    pub async fn ingest(
        &self,
        partition: &PartitionId,
        mut events: Vec<SourceEvent>,
        deadline: Deadline,
    ) -> Result<Ingested, IngestError> {
        // The host delivers in order; a batch that is not would only make more objects.
        events.sort_by_key(|event| event.sequence_number);
        let slot = self.slot(partition);
        let mut last = slot.lock().await;
        // Until this batch is stored, nothing is known of the partition.
        let before = last.take();
        let Some(first) = events.first() else {
            *last = before;
            return Ok(Ingested::default());
        };

        let follows = before.is_some_and(|object| plan::follows(first, &object));
        let known = match follows {
            true => Vec::new(),
            false => self.stored_objects(partition, &events, deadline).await?,
        };

        let (ingested, last_written) = self.write(partition, &events, known, deadline).await?;
        *last = last_written;
        Ok(ingested)
    }

    /// Lists the objects of the hours that the events were enqueued in; an event's object can only be there.
    async fn stored_objects(
        &self,
        partition: &PartitionId,
        events: &[SourceEvent],
        deadline: Deadline,
    ) -> Result<Vec<Stored>, StorageError> {
        let mut known = Vec::new();
        for hour in plan::hours(events) {
            let folder = paths::bronze_hour(&self.dataset, partition, hour);
            for info in retry(deadline, || self.lake.list(&folder)).await? {
                known.extend(self.stored(&info, events, deadline).await?);
            }
        }
        Ok(known)
    }

    /// Reads of an object what tells which of the events it holds; nothing if bronze did not write it.
    async fn stored(
        &self,
        info: &ObjectInfo,
        events: &[SourceEvent],
        deadline: Deadline,
    ) -> Result<Option<Stored>, StorageError> {
        let Some(range) = ObjectRange::from_metadata(&info.metadata) else {
            return Ok(None);
        };
        let Some(from) = plan::tail_to_read(info, &range, events) else {
            return Ok(Some(Stored::of_range(range)));
        };
        let read = || self.lake.get_range(&info.path, from..info.size);
        let tail = retry(deadline, read).await?.unwrap_or_default();
        Ok(Some(Stored::of_tail(range, &tail)))
    }

    /// Writes one object after the other and returns the last one that holds an event of the batch.
    async fn write(
        &self,
        partition: &PartitionId,
        events: &[SourceEvent],
        mut known: Vec<Stored>,
        deadline: Deadline,
    ) -> Result<(Ingested, Option<ObjectRange>), IngestError> {
        let mut lines = Lines::of(events);
        let mut ingested = Ingested {
            events: events.len(),
            ..Ingested::default()
        };
        let mut from = 0;
        while let Some(run) = plan::next_run(events, from, &known, |index| lines.bytes(index)) {
            let run_events = events.get(run.clone()).ok_or(RUN)?;
            let first = run_events.first().ok_or(RUN)?;
            let range = ObjectRange::of(run_events).ok_or(RUN)?;
            let path = paths::bronze_object(&self.dataset, partition, first);
            let content = lines.object(&run)?;
            let metadata = range.to_metadata(partition, run_events.len());
            // An unknown outcome repeats the same put: the name tells whether the first one took effect.
            let created = retry(deadline, || {
                self.lake.create(&path, content.clone(), &metadata)
            })
            .await?;
            match created {
                Created::New => {
                    ingested.stored += run.len();
                    ingested.objects += 1;
                    ingested.bytes += content.len();
                    known.push(Stored::of_range(range));
                    from = run.end;
                }
                Created::AlreadyThere => {
                    let found = retry(deadline, || self.lake.head(&path)).await?;
                    let object = match &found {
                        Some(info) => self.stored(info, run_events, deadline).await?,
                        None => None,
                    };
                    match object.filter(|object| object.holds(first)) {
                        Some(object) => known.push(object),
                        None => return Err(IngestError::Foreign { path }),
                    }
                    from = run.start;
                }
            }
        }
        let holds_last = |object: &&Stored| events.last().is_some_and(|event| object.holds(event));
        let last_written = known.iter().rev().find(holds_last);
        Ok((ingested, last_written.map(|object| object.range)))
    }

    fn slot(&self, partition: &PartitionId) -> Arc<tokio::sync::Mutex<Option<ObjectRange>>> {
        let mut slots = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(slots.entry(partition.clone()).or_default())
    }
}
