//! The Event Hub trigger.
//!
//! One processor per partition: its batches run one after the other, partitions run side by side,
//! and a batch never mixes partitions. After a batch, *whether it succeeded or failed for good*, a
//! checkpoint is written: only an endless retry policy keeps events. Nothing is checkpointed once
//! the host is stopping, so what is in flight then is delivered again.

mod batch;
pub(crate) mod checkpoint;
pub(crate) mod source;
#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;

use super::retry::{self, Outcome, Target};
use super::stop::Stop;
use crate::functions_host::config::{DataType, EventHubsOptions};
use crate::functions_host::events::{EventSink, Level};
use crate::functions_host::invoke::Dispatch;
use crate::functions_host::stats::Counters;
use crate::functions_host::wire::event_hub::{HubEvent, PartitionContext, payload};
use batch::{Batcher, Step};

const IDLE: Duration = Duration::from_secs(60);
const MAX_PAUSE: Duration = Duration::from_secs(5);

/// The last event of a partition that is done with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Checkpoint {
    pub(crate) sequence_number: i64,
    pub(crate) offset: String,
}

/// Receives the events of one partition in order.
#[async_trait]
pub(crate) trait EventSource: Send {
    /// Up to `max` events as soon as there is one, none if none came within `wait`.
    async fn next_batch(&mut self, max: usize, wait: Duration) -> Result<Vec<HubEvent>, String>;
    /// Takes what is to be said of events that it could not read and went past.
    fn passed_over(&mut self) -> Vec<String>;
}

/// The source of a partition's events, and the place of its checkpoint.
#[async_trait]
pub(crate) trait Partition: Send + Sync {
    /// The last checkpoint.
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, String>;
    /// Replaces the checkpoint.
    async fn write_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), String>;
    /// Starts to receive after `checkpoint`, or with the oldest event.
    async fn open(&self, after: Option<&Checkpoint>) -> Result<Box<dyn EventSource>, String>;
}

/// Delivers one partition's events to a function.
pub(crate) struct Processor {
    pub(crate) target: Target,
    pub(crate) binding: String,
    pub(crate) data_type: DataType,
    pub(crate) context: PartitionContext,
    pub(crate) options: EventHubsOptions,
    pub(crate) partition: Box<dyn Partition>,
    pub(crate) dispatch: Arc<dyn Dispatch>,
    pub(crate) events: EventSink,
    pub(crate) counters: Counters,
    pub(crate) stop: Stop,
}

impl Processor {
    /// Runs until the host stops; what fails on the way is tried again.
    pub(crate) async fn run(self) {
        let mut position = None;
        let mut failures = 0;
        while !self.stop.is_set() {
            let before = position.clone();
            let Err(reason) = self.process(&mut position).await else {
                return;
            };
            failures = if position == before { failures + 1 } else { 1 };
            let partition = &self.context.partition_id;
            self.events.message(
                Level::Warning,
                format!("Error processing event from Partition Id: '{partition}': {reason}"),
            );
            let pause = Duration::from_millis(100).saturating_mul(1 << failures.min(6));
            self.stop.or(tokio::time::sleep(pause.min(MAX_PAUSE))).await;
        }
    }

    /// Receives and delivers until receiving fails; `position` is the last event done with.
    async fn process(&self, position: &mut Option<Checkpoint>) -> Result<(), String> {
        if position.is_none() {
            *position = self.partition.checkpoint().await?;
            self.count_position(position.as_ref());
        }
        let opening = self.partition.open(position.as_ref());
        let Some(source) = self.stop.or(opening).await else {
            return Ok(());
        };
        let mut source = source?;
        let mut batcher = Batcher::new(&self.options);
        let mut unwritten = 0;
        loop {
            let collecting = self.collect(&mut batcher, source.as_mut());
            let Some(batch) = self.stop.or(collecting).await else {
                return Ok(());
            };
            let batch = batch?;
            let Some(last) = batch.last().map(checkpoint_of) else {
                continue;
            };
            if !self.deliver(&batch).await {
                return Ok(());
            }
            unwritten += 1;
            if unwritten >= self.options.batch_checkpoint_frequency {
                self.write_checkpoint(&last).await;
                unwritten = 0;
            }
            *position = Some(last);
        }
    }

    async fn collect(
        &self,
        batcher: &mut Batcher,
        source: &mut dyn EventSource,
    ) -> Result<Vec<HubEvent>, String> {
        loop {
            match batcher.step(Instant::now()) {
                Step::Deliver => return Ok(batcher.take()),
                Step::Receive { room, wait } => {
                    let events = source.next_batch(room, wait.unwrap_or(IDLE)).await?;
                    self.report(source.passed_over());
                    batcher.add(events, Instant::now());
                }
            }
        }
    }

    fn report(&self, passed_over: Vec<String>) {
        let (function, partition) = (&self.target.function, &self.context.partition_id);
        for event in passed_over {
            self.counters
                .partition(function, partition, |stats| stats.skipped += 1);
            let text = format!("An event of partition {partition} is skipped: {event}");
            self.events.message(Level::Error, text);
        }
    }

    /// False if the host stops, and the batch is to be delivered again.
    async fn deliver(&self, batch: &[HubEvent]) -> bool {
        let payload = payload(&self.binding, self.data_type, &self.context, batch);
        let outcome = retry::run(&*self.dispatch, &self.target, payload, &self.stop).await;
        if self.stop.is_set() {
            return false;
        }
        let events = batch.len() as u64;
        let (function, partition) = (&self.target.function, &self.context.partition_id);
        match outcome {
            Outcome::Succeeded => {
                self.counters
                    .partition(function, partition, |stats| stats.events += events);
            }
            Outcome::Failed(error) => {
                self.counters
                    .partition(function, partition, |stats| stats.skipped += events);
                self.events.message(
                    Level::Error,
                    format!("Exception while executing function: Functions.{function}. {events} events of partition {partition} are skipped. {error}"),
                );
            }
            Outcome::Stopped => return false,
        }
        true
    }

    async fn write_checkpoint(&self, checkpoint: &Checkpoint) {
        match self.partition.write_checkpoint(checkpoint).await {
            Ok(()) => self.count_position(Some(checkpoint)),
            // The next batch writes the next one; until then a restart would only repeat events.
            Err(reason) => self.events.message(
                Level::Error,
                format!(
                    "write checkpoint of partition {}: {reason}",
                    self.context.partition_id
                ),
            ),
        }
    }

    fn count_position(&self, checkpoint: Option<&Checkpoint>) {
        let sequence = checkpoint.map(|checkpoint| checkpoint.sequence_number);
        let (function, partition) = (&self.target.function, &self.context.partition_id);
        self.counters
            .partition(function, partition, |stats| stats.checkpointed = sequence);
    }
}

fn checkpoint_of(event: &HubEvent) -> Checkpoint {
    Checkpoint {
        sequence_number: event.sequence_number,
        offset: event.offset.clone(),
    }
}
