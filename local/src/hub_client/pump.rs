//! The task behind a receiver: moves events from the SDK to it, and keeps the position.

use std::pin::pin;
use std::time::Duration;

use azure_messaging_eventhubs::{OpenReceiverOptions, StartLocation, StartPosition};
use futures::StreamExt as _;
use sluice::error::chain;
use tokio::sync::mpsc;

use super::attempts::{Tries, call};
use super::connection::EventHubConnection;
use super::error::{ClientError, Refusal, refusal};
use super::event::ReceivedEvent;
use super::options::{ReceiverOptions, Start};

/// What goes to a receiver.
#[derive(Debug)]
pub(super) enum Item {
    Event(Box<ReceivedEvent>),
    PassedOver(PassedOver),
}

/// An event that the SDK cannot decode, and that nothing is therefore known of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The position in the partition's order.
    pub sequence_number: i64,
    /// What the SDK says.
    pub reason: String,
}

/// Moves events from the SDK to the receiver's queue.
pub(super) struct Pump {
    pub(super) connection: EventHubConnection,
    pub(super) options: ReceiverOptions,
    pub(super) sender: mpsc::Sender<Item>,
}

impl Pump {
    /// Runs until receiving has failed for good, or several times without an event in between.
    pub(super) async fn run(mut self) -> ClientError {
        let mut tries = Tries::default();
        let mut suspected = None;
        loop {
            let before = self.options.start.clone();
            let error = self.receive().await;
            if self.options.start != before {
                tries = Tries::default();
            }
            if error.is_undecodable() {
                // Twice at one place: it is the event, not what happened to it on the way.
                let place = Some(self.options.start.clone());
                if std::mem::replace(&mut suspected, place.clone()) != place {
                    continue;
                }
                match self.pass_over(&error).await {
                    Ok(true) => continue,
                    Ok(false) => return error,
                    // Asking for the partition's begin has been tried several times.
                    Err(error) => return error,
                }
            }
            if !tries.pause_after(&error).await {
                return error;
            }
        }
    }

    /// Moves the position behind the event that cannot be decoded; false if it is not known which that is.
    ///
    /// Where sequence numbers have a gap that is a number without an event, and the event's turn comes after it.
    async fn pass_over(&mut self, error: &ClientError) -> Result<bool, ClientError> {
        let after = match &self.options.start {
            Start::Earliest => -1,
            Start::AfterSequence(sequence) => *sequence,
            Start::Latest | Start::AfterOffset(_) | Start::EnqueuedAfter(_) => return Ok(false),
        };
        let state = self.connection.partition_state(&self.options.partition);
        let sequence_number = state.await?.begin_sequence.max(after + 1);
        let passed = PassedOver {
            sequence_number,
            reason: chain(error),
        };
        self.options.start = Start::AfterSequence(sequence_number);
        // Nobody there any more shows when the next event is received.
        let _ = self.sender.send(Item::PassedOver(passed)).await;
        Ok(true)
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
                    let event = Item::Event(Box::new(event));
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
