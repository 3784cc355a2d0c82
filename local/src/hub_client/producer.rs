use std::sync::Arc;

use azure_messaging_eventhubs::{EventDataBatchOptions, ProducerClient, SendMessageOptions};
use bytes::Bytes;
use tokio::sync::Mutex;

use super::attempts::{Tries, call};
use super::connection::EventHubConnection;
use super::error::ClientError;
use super::event::OutgoingEvent;

const PARTITION_KEY: &str = "x-opt-partition-key";

/// The largest event a hub of the standard tier takes.
const MAX_EVENT_BYTES: usize = 1024 * 1024;

/// More than an event of ours needs besides its body, what goes beside it and its key.
const MESSAGE_OVERHEAD: usize = 512;

/// The partition that events go to.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub enum Destination {
    /// Whatever partition the hub chooses for a batch.
    #[default]
    Any,
    /// The partition with this id.
    Partition(String),
    /// The partition that the hub derives from this key.
    Key(String),
}

/// Sends events to one event hub.
///
/// - at least once: a batch whose outcome is unknown is sent again
/// - events of one call keep their order, except where a repeated batch shows up twice
/// - usable from many tasks at once
#[derive(Debug)]
pub struct Producer {
    connection: EventHubConnection,
    client: Mutex<Option<Open>>,
}

#[derive(Clone)]
struct Open(Arc<ProducerClient>);

impl std::fmt::Debug for Open {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProducerClient")
    }
}

impl Producer {
    /// Connects to the hub.
    ///
    /// # Errors
    /// Fails if several attempts failed. An unknown hub shows at the first [`Producer::send`].
    pub async fn connect(connection: EventHubConnection) -> Result<Self, ClientError> {
        let producer = Self {
            connection,
            client: Mutex::new(None),
        };
        let mut tries = Tries::default();
        loop {
            match producer.client().await {
                Err(error) if tries.pause_after(&error).await => {}
                connected => return connected.map(|_| producer),
            }
        }
    }

    /// Sends events that are these bodies, as [`Self::send_events`] does.
    ///
    /// # Errors
    /// As [`Self::send_events`].
    pub async fn send(&self, events: Vec<Bytes>, to: &Destination) -> Result<(), ClientError> {
        let events = events.into_iter().map(OutgoingEvent::from);
        self.send_events(events.collect(), to).await
    }

    /// Sends `events` in as few batches as the hub's size limit allows.
    ///
    /// # Errors
    /// Fails if the hub refuses or a batch failed several times; the batches before it are stored.
    pub async fn send_events(
        &self,
        events: Vec<OutgoingEvent>,
        to: &Destination,
    ) -> Result<(), ClientError> {
        let mut rest = events.as_slice();
        while !rest.is_empty() {
            let sent = self.send_some(rest, to).await?;
            rest = rest.get(sent..).unwrap_or_default();
        }
        Ok(())
    }

    /// Closes the connection.
    pub async fn close(self) {
        let Some(Open(client)) = self.client.into_inner() else {
            return;
        };
        if let Ok(client) = Arc::try_unwrap(client) {
            // Every event is acknowledged by now, so a failed good-bye costs nothing.
            let _ = call("close producer", self.connection.hub(), client.close()).await;
        }
    }

    /// Sends one batch from the front of `events` and returns how many events it held.
    async fn send_some(
        &self,
        events: &[OutgoingEvent],
        to: &Destination,
    ) -> Result<usize, ClientError> {
        let mut tries = Tries::default();
        loop {
            let sent = match self.client().await {
                Ok(client) => {
                    let sent = self.try_batch(&client, events, to).await;
                    if sent.is_err() {
                        self.discard(&client).await;
                    }
                    sent
                }
                Err(error) => Err(error),
            };
            match sent {
                Err(error) if tries.pause_after(&error).await => {}
                sent => return sent,
            }
        }
    }

    async fn try_batch(
        &self,
        client: &ProducerClient,
        events: &[OutgoingEvent],
        to: &Destination,
    ) -> Result<usize, ClientError> {
        let hub = self.connection.hub();
        let mut options = EventDataBatchOptions::default();
        match to {
            Destination::Any => {}
            Destination::Partition(id) => options.partition_id = Some(id.clone()),
            Destination::Key(key) => options.partition_key = Some(key.clone()),
        }
        let batch = call("create batch", hub, client.create_batch(Some(options))).await?;
        let mut count = 0;
        for event in events {
            let added = batch.try_add_amqp_message(event.to_sdk(), None);
            let added = added.map_err(|source| {
                let operation = "add to batch";
                ClientError::Sdk {
                    operation,
                    hub: hub.to_owned(),
                    source,
                }
            })?;
            if !added && count == 0 {
                return self.try_alone(client, event, to).await.map(|()| 1);
            }
            if !added {
                break;
            }
            count += 1;
        }
        call("send batch", hub, client.send_batch(batch, None))
            .await
            .map(|()| count)
    }

    /// Sends one event that is no batch.
    ///
    /// The SDK counts the first event of a batch twice, so more than half of what a hub takes
    /// never fits one.
    async fn try_alone(
        &self,
        client: &ProducerClient,
        event: &OutgoingEvent,
        to: &Destination,
    ) -> Result<(), ClientError> {
        let hub = self.connection.hub();
        // The SDK does not measure single events, and waits for ever if one is too large.
        if event.bytes() + MESSAGE_OVERHEAD > MAX_EVENT_BYTES {
            return Err(ClientError::EventTooLarge {
                hub: hub.to_owned(),
                bytes: event.bytes(),
            });
        }
        let mut message = event.to_sdk();
        let mut partition_id = None;
        match to {
            Destination::Any => {}
            Destination::Partition(id) => partition_id = Some(id.clone()),
            Destination::Key(key) => {
                message.add_message_annotation(PARTITION_KEY.into(), key.clone());
            }
        }
        let options = SendMessageOptions { partition_id };
        call(
            "send event",
            hub,
            client.send_message(message, Some(options)),
        )
        .await
    }

    async fn client(&self) -> Result<Arc<ProducerClient>, ClientError> {
        let mut slot = self.client.lock().await;
        if let Some(Open(client)) = slot.as_ref() {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.connection.open_producer().await?);
        *slot = Some(Open(Arc::clone(&client)));
        Ok(client)
    }

    /// Forgets `client`, unless another task has replaced it already.
    async fn discard(&self, client: &Arc<ProducerClient>) {
        let mut slot = self.client.lock().await;
        if slot
            .as_ref()
            .is_some_and(|Open(current)| Arc::ptr_eq(current, client))
        {
            *slot = None;
        }
    }
}
