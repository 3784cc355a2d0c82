//! Batching, retries and checkpoints in memory.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::sync::Notify;

use super::*;
use crate::functions_host::config::{RetryDelay, RetryPolicy};
use crate::functions_host::events::HostEvent;
use crate::functions_host::invoke::{Invocation, InvocationError};
use crate::functions_host::trigger::stop::StopSwitch;

pub(crate) fn event(sequence_number: i64) -> HubEvent {
    HubEvent {
        body: bytes::Bytes::from(format!("event {sequence_number}")),
        sequence_number,
        offset: (sequence_number * 100).to_string(),
        enqueued_time: chrono::DateTime::default(),
        partition_key: None,
        properties: Vec::new(),
        system_properties: Vec::new(),
    }
}

/// A partition that holds events and its checkpoint.
#[derive(Default)]
struct Memory {
    events: Mutex<Vec<HubEvent>>,
    checkpoints: Mutex<Vec<i64>>,
    unreadable: Mutex<Vec<String>>,
    arrived: Notify,
}

impl Memory {
    fn put(&self, numbers: impl IntoIterator<Item = i64>) {
        self.events
            .lock()
            .expect("lock")
            .extend(numbers.into_iter().map(event));
        self.arrived.notify_one();
    }

    fn checkpoints(&self) -> Vec<i64> {
        self.checkpoints.lock().expect("lock").clone()
    }
}

struct Shared(Arc<Memory>);

#[async_trait]
impl Partition for Shared {
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, String> {
        let last = self.0.checkpoints().last().copied();
        Ok(last.map(|sequence_number| checkpoint_of(&event(sequence_number))))
    }

    async fn write_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), String> {
        self.0
            .checkpoints
            .lock()
            .expect("lock")
            .push(checkpoint.sequence_number);
        Ok(())
    }

    async fn open(&self, after: Option<&Checkpoint>) -> Result<Box<dyn EventSource>, String> {
        let after = after.map_or(-1, |checkpoint| checkpoint.sequence_number);
        Ok(Box::new(Cursor {
            memory: Arc::clone(&self.0),
            after,
            passed_over: self.0.unreadable.lock().expect("lock").clone(),
        }))
    }
}

struct Cursor {
    memory: Arc<Memory>,
    after: i64,
    /// Events that are met on the way and cannot be read.
    passed_over: Vec<String>,
}

#[async_trait]
impl EventSource for Cursor {
    async fn next_batch(&mut self, max: usize, wait: Duration) -> Result<Vec<HubEvent>, String> {
        let deadline = tokio::time::Instant::now() + wait;
        loop {
            let found: Vec<_> = {
                let events = self.memory.events.lock().expect("lock");
                let later = events
                    .iter()
                    .filter(|event| event.sequence_number > self.after);
                later.take(max).cloned().collect()
            };
            if let Some(last) = found.last() {
                self.after = last.sequence_number;
                return Ok(found);
            }
            if tokio::time::timeout_at(deadline, self.memory.arrived.notified())
                .await
                .is_err()
            {
                return Ok(Vec::new());
            }
        }
    }

    fn passed_over(&mut self) -> Vec<String> {
        std::mem::take(&mut self.passed_over)
    }
}

/// Answers attempts from a script, then always with success, and keeps what it was asked.
#[derive(Default)]
struct Scripted {
    answers: Mutex<VecDeque<bool>>,
    asked: Mutex<Vec<(uuid::Uuid, serde_json::Value)>>,
    changed: Notify,
}

impl Scripted {
    fn failing(times: usize) -> Self {
        Self {
            answers: Mutex::new(vec![false; times].into()),
            ..Self::default()
        }
    }

    async fn asked(&self, count: usize) -> Vec<(uuid::Uuid, serde_json::Value)> {
        loop {
            let asked = self.asked.lock().expect("lock").clone();
            if asked.len() >= count {
                return asked;
            }
            self.changed.notified().await;
        }
    }
}

#[async_trait]
impl Dispatch for Scripted {
    async fn dispatch(&self, invocation: &Invocation) -> Result<(), InvocationError> {
        let body = serde_json::from_slice(&invocation.body.concat()).expect("a JSON body");
        self.asked.lock().expect("lock").push((invocation.id, body));
        self.changed.notify_one();
        match self.answers.lock().expect("lock").pop_front() {
            Some(false) => Err(InvocationError::Status {
                status: 500,
                reason: "Oops".to_owned(),
            }),
            Some(true) | None => Ok(()),
        }
    }
}

fn numbers(body: &serde_json::Value) -> Vec<i64> {
    let text = body["Metadata"]["SequenceNumberArray"]
        .as_str()
        .expect("a text");
    serde_json::from_str(text).expect("an array")
}

struct Running {
    memory: Arc<Memory>,
    scripted: Arc<Scripted>,
    counters: Counters,
    said: Arc<Mutex<Vec<String>>>,
    switch: StopSwitch,
    task: tokio::task::JoinHandle<()>,
}

impl Running {
    async fn stop(self) -> (Vec<i64>, Counters) {
        self.switch.stop();
        self.task.await.expect("the processor ends");
        (self.memory.checkpoints(), self.counters)
    }

    async fn checkpointed(&self, sequence: i64) {
        while self.memory.checkpoints().last() != Some(&sequence) {
            tokio::task::yield_now().await;
        }
    }
}

fn start(
    memory: &Arc<Memory>,
    scripted: Scripted,
    options: EventHubsOptions,
    retry: Option<RetryPolicy>,
) -> Running {
    let (switch, stop) = StopSwitch::new();
    let scripted = Arc::new(scripted);
    let counters = Counters::default();
    let said: Arc<Mutex<Vec<String>>> = Arc::default();
    let hearing = Arc::clone(&said);
    let events = EventSink::new(move |event| {
        if let HostEvent::Message { text, .. } = event {
            hearing.lock().expect("lock").push(text);
        }
    });
    let processor = Processor {
        target: Target {
            function: "bronze".to_owned(),
            retry,
        },
        binding: "events".to_owned(),
        data_type: DataType::Binary,
        context: PartitionContext {
            is_checkpointing_after_invocation: true,
            fully_qualified_namespace: "localhost".to_owned(),
            event_hub_name: "events".to_owned(),
            consumer_group: "$Default".to_owned(),
            partition_id: "0".to_owned(),
        },
        options,
        partition: Box::new(Shared(Arc::clone(memory))),
        dispatch: Arc::clone(&scripted) as Arc<dyn Dispatch>,
        events,
        counters: counters.clone(),
        stop,
    };
    let task = tokio::spawn(processor.run());
    Running {
        memory: Arc::clone(memory),
        scripted,
        counters,
        said,
        switch,
        task,
    }
}

fn options(min: usize, max: usize) -> EventHubsOptions {
    EventHubsOptions {
        max_event_batch_size: max,
        min_event_batch_size: min,
        max_wait_time: Duration::from_millis(200),
        prefetch_count: 300,
        batch_checkpoint_frequency: 1,
    }
}

fn retries(max_retry_count: Option<u32>) -> Option<RetryPolicy> {
    Some(RetryPolicy {
        max_retry_count,
        delay: RetryDelay::Fixed(Duration::from_millis(1)),
    })
}

#[tokio::test]
async fn batches_are_in_order_and_no_larger_than_the_maximum() {
    let memory = Arc::new(Memory::default());
    memory.put(0..7);
    let running = start(&memory, Scripted::default(), options(1, 3), None);
    running.checkpointed(6).await;
    let asked = running.scripted.asked(3).await;
    let batches: Vec<_> = asked.iter().map(|(_, body)| numbers(body)).collect();
    assert_eq!(batches, [vec![0, 1, 2], vec![3, 4, 5], vec![6]]);
    let (checkpoints, counters) = running.stop().await;
    assert_eq!(checkpoints, [2, 5, 6]);
    let partitions = counters.snapshot().partitions;
    let stats = partitions.values().next().copied().expect("one partition");
    assert_eq!(
        (stats.events, stats.skipped, stats.checkpointed),
        (7, 0, Some(6))
    );
}

#[tokio::test]
async fn an_event_that_cannot_be_read_is_skipped_and_said() {
    let memory = Arc::new(Memory::default());
    memory
        .unreadable
        .lock()
        .expect("lock")
        .push("number 0".to_owned());
    memory.put(1..3);
    let running = start(&memory, Scripted::default(), options(1, 10), None);
    running.checkpointed(2).await;
    let said = running.said.lock().expect("lock").clone();
    assert_eq!(said, ["An event of partition 0 is skipped: number 0"]);
    let (_, counters) = running.stop().await;
    let partitions = counters.snapshot().partitions;
    let stats = partitions.values().next().copied().expect("one partition");
    assert_eq!((stats.events, stats.skipped), (2, 1));
}

#[tokio::test]
async fn a_minimum_holds_events_back_until_the_wait_is_over() {
    let memory = Arc::new(Memory::default());
    memory.put(0..2);
    let started = Instant::now();
    let running = start(&memory, Scripted::default(), options(100, 100), None);
    let asked = running.scripted.asked(1).await;
    assert!(started.elapsed() >= Duration::from_millis(200));
    assert_eq!(
        asked.first().map(|(_, body)| numbers(body)),
        Some(vec![0, 1])
    );
    running.stop().await;
}

#[tokio::test]
async fn a_failed_batch_without_a_policy_is_checkpointed_all_the_same() {
    let memory = Arc::new(Memory::default());
    memory.put(0..2);
    let running = start(&memory, Scripted::failing(1), options(1, 10), None);
    running.checkpointed(1).await;
    let (_, counters) = running.stop().await;
    let partitions = counters.snapshot().partitions;
    assert_eq!(
        partitions.values().next().map(|stats| stats.skipped),
        Some(2)
    );
}

#[tokio::test]
async fn retries_repeat_the_batch_under_one_id_and_say_so() {
    let memory = Arc::new(Memory::default());
    memory.put(0..2);
    let running = start(&memory, Scripted::failing(2), options(1, 10), retries(None));
    running.checkpointed(1).await;
    let asked = running.scripted.asked(3).await;
    let context = |at: usize| asked[at].1["Metadata"]["RetryContext"].clone();
    assert!(
        asked
            .iter()
            .all(|(id, body)| *id == asked[0].0 && numbers(body) == [0, 1])
    );
    assert_eq!(context(0)["RetryCount"], 0);
    assert_eq!(context(0)["MaxRetryCount"], -1);
    assert!(context(0)["Exception"].is_null());
    assert_eq!(context(2)["RetryCount"], 2);
    assert_eq!(context(2)["Exception"]["InnerException"]["StatusCode"], 500);
    let (checkpoints, _) = running.stop().await;
    assert_eq!(checkpoints, [1]);
}

#[tokio::test]
async fn exhausted_retries_skip_the_batch() {
    let memory = Arc::new(Memory::default());
    memory.put(0..2);
    let running = start(
        &memory,
        Scripted::failing(3),
        options(1, 10),
        retries(Some(2)),
    );
    running.checkpointed(1).await;
    assert_eq!(running.scripted.asked(3).await.len(), 3);
    running.stop().await;
}

#[tokio::test]
async fn a_batch_in_flight_at_a_stop_comes_again() {
    let memory = Arc::new(Memory::default());
    memory.put(0..2);
    let endless = Scripted::failing(1_000_000);
    let running = start(&memory, endless, options(1, 10), retries(None));
    running.scripted.asked(2).await;
    let (checkpoints, _) = running.stop().await;
    assert_eq!(checkpoints, [] as [i64; 0]);

    let again = start(&memory, Scripted::default(), options(1, 10), None);
    again.checkpointed(1).await;
    let asked = again.scripted.asked(1).await;
    assert_eq!(
        asked.first().map(|(_, body)| numbers(body)),
        Some(vec![0, 1])
    );
    again.stop().await;
}

#[tokio::test]
async fn a_restart_goes_on_after_the_checkpoint() {
    let memory = Arc::new(Memory::default());
    memory.put(0..3);
    let running = start(&memory, Scripted::default(), options(1, 10), None);
    running.checkpointed(2).await;
    running.stop().await;
    memory.put(3..5);
    let again = start(&memory, Scripted::default(), options(1, 10), None);
    again.checkpointed(4).await;
    let asked = again.scripted.asked(1).await;
    assert_eq!(
        asked.first().map(|(_, body)| numbers(body)),
        Some(vec![3, 4])
    );
    again.stop().await;
}

#[tokio::test]
async fn checkpoints_may_be_written_every_few_batches() {
    let memory = Arc::new(Memory::default());
    memory.put(0..4);
    let every_second = EventHubsOptions {
        batch_checkpoint_frequency: 2,
        ..options(1, 1)
    };
    let running = start(&memory, Scripted::default(), every_second, None);
    running.checkpointed(3).await;
    let (checkpoints, _) = running.stop().await;
    assert_eq!(checkpoints, [1, 3]);
}
