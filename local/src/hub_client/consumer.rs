use std::pin::pin;
use std::time::Duration;

use azure_messaging_eventhubs::{OpenReceiverOptions, StartLocation, StartPosition};
use futures::StreamExt as _;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::attempts::{Tries, call};
use super::connection::EventHubConnection;
use super::error::{ClientError, Refusal, refusal};
use super::received::ReceivedEvent;

/// The position at which a receiver starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start {
    /// At the oldest event.
    Earliest,
    /// After what is there when the receiver opens.
    Latest,
    /// After the event with this offset.
    AfterOffset(String),
    /// After the event with this sequence number; -1 is the oldest event.
    AfterSequence(i64),
    /// At the first event that was enqueued after this time, in milliseconds since 1970.
    EnqueuedAfter(i64),
}

/// Options of a receiver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiverOptions {
    /// The consumer group, `$Default` if nothing else is said.
    pub consumer_group: String,
    /// The partition.
    pub partition: String,
    /// The position to start at.
    pub start: Start,
    /// The number of events that may wait here unread.
    pub prefetch: u32,
}

impl ReceiverOptions {
    /// Everything in `partition`, for the group `$Default`.
    pub fn new(partition: impl Into<String>) -> Self {
        Self {
            consumer_group: "$Default".to_owned(),
            partition: partition.into(),
            start: Start::Earliest,
            prefetch: 2_000,
        }
    }
}

/// Receives one partition's events in order, each once per receiver.
///
/// After a lost connection it goes on after the last event it delivered. A task does the
/// receiving; it ends with the receiver.
#[derive(Debug)]
pub struct PartitionReceiver {
    hub: String,
    events: mpsc::Receiver<ReceivedEvent>,
    ended: Option<JoinHandle<ClientError>>,
}

impl PartitionReceiver {
    /// Connects and starts to receive.
    ///
    /// # Errors
    /// Fails if several attempts to connect failed. An unknown consumer group or partition may
    /// show only at [`PartitionReceiver::next_batch`].
    pub async fn open(
        connection: EventHubConnection,
        mut options: ReceiverOptions,
    ) -> Result<Self, ClientError> {
        // A position that stays the same when the link is opened again.
        if options.start == Start::Latest {
            let state = connection.partition_state(&options.partition).await?;
            options.start = Start::AfterSequence(state.last_sequence);
        } else {
            connection.partition_ids().await?;
        }
        let (sender, events) = mpsc::channel(options.prefetch.max(1) as usize);
        let hub = connection.hub().to_owned();
        let pump = Pump {
            connection,
            options,
            sender,
        };
        Ok(Self {
            hub,
            events,
            ended: Some(tokio::spawn(Box::pin(pump.run()))),
        })
    }

    /// Returns up to `max` events as soon as there is one, and none if none came within `wait`.
    ///
    /// Dropping the future loses nothing.
    ///
    /// # Errors
    /// Fails when the link cannot be kept open; events received before that come first.
    pub async fn next_batch(
        &mut self,
        max: usize,
        wait: Duration,
    ) -> Result<Vec<ReceivedEvent>, ClientError> {
        let mut batch = Vec::new();
        match tokio::time::timeout(wait, self.events.recv_many(&mut batch, max)).await {
            Err(_) => Ok(Vec::new()),
            Ok(0) if max > 0 => Err(self.why_ended().await),
            Ok(_) => Ok(batch),
        }
    }

    async fn why_ended(&mut self) -> ClientError {
        let closed = || ClientError::Closed {
            hub: self.hub.clone(),
        };
        match self.ended.take() {
            Some(ended) => ended.await.unwrap_or_else(|_| closed()),
            None => closed(),
        }
    }
}

impl Drop for PartitionReceiver {
    fn drop(&mut self) {
        if let Some(task) = &self.ended {
            task.abort();
        }
    }
}

/// Moves events from the SDK to the receiver's queue.
struct Pump {
    connection: EventHubConnection,
    options: ReceiverOptions,
    sender: mpsc::Sender<ReceivedEvent>,
}

impl Pump {
    /// Runs until receiving has failed for good, or several times without an event in between.
    async fn run(mut self) -> ClientError {
        let mut tries = Tries::default();
        loop {
            let before = self.options.start.clone();
            let error = self.receive().await;
            if self.options.start != before {
                tries = Tries::default();
            }
            if !tries.pause_after(&error).await {
                return error;
            }
        }
    }

    /// Receives on one link until it fails; `options.start` follows the last event.
    async fn receive(&mut self) -> ClientError {
        let hub = self.connection.hub().to_owned();
        let client = match self
            .connection
            .open_consumer(&self.options.consumer_group)
            .await
        {
            Ok(client) => client,
            Err(error) => return error,
        };
        let partition = self.options.partition.clone();
        let opening = client.open_receiver_on_partition(partition.clone(), Some(self.link()));
        let receiver = match call("open receiver", &hub, opening).await {
            Ok(receiver) => receiver,
            Err(error) => return error,
        };
        let mut stream = pin!(receiver.stream_events());
        while let Some(event) = stream.next().await {
            match event {
                Ok(event) => {
                    let Some(event) = ReceivedEvent::from_sdk(&event) else {
                        return ClientError::Unstamped { hub, partition };
                    };
                    let sequence = event.sequence_number;
                    if self.sender.send(event).await.is_err() {
                        break;
                    }
                    self.options.start = Start::AfterSequence(sequence);
                }
                Err(source) if refusal(&source) == Some(Refusal::Stolen) => {
                    return ClientError::Stolen { hub, partition };
                }
                Err(source) => {
                    return ClientError::Sdk {
                        operation: "receive",
                        hub,
                        source,
                    };
                }
            }
        }
        ClientError::Closed { hub }
    }

    fn link(&self) -> OpenReceiverOptions {
        let location = match &self.options.start {
            Start::Earliest => StartLocation::Earliest,
            Start::Latest => StartLocation::Latest,
            Start::AfterOffset(offset) => StartLocation::Offset(offset.clone()),
            Start::AfterSequence(sequence) if *sequence < 0 => StartLocation::Earliest,
            Start::AfterSequence(sequence) => StartLocation::SequenceNumber(*sequence),
            // No hub has events from before 1970.
            Start::EnqueuedAfter(ms) => StartLocation::EnqueuedTime(
                std::time::UNIX_EPOCH + Duration::from_millis(u64::try_from(*ms).unwrap_or(0)),
            ),
        };
        OpenReceiverOptions {
            // The SDK's link builder loses the owner level, so none is offered here.
            owner_level: None,
            prefetch: Some(self.options.prefetch),
            start_position: Some(StartPosition {
                location,
                inclusive: false,
            }),
            receive_timeout: None,
        }
    }
}
