use std::sync::Arc;

use azure_messaging_eventhubs::models::EventData;
use azure_messaging_eventhubs::{EventDataBatchOptions, ProducerClient};
use bytes::Bytes;
use tokio::sync::Mutex;

use super::{ATTEMPTS, ClientError, EventHubConnection, Refusal, call, pause_after, refusal};

/// Where events go.
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
        let mut attempt = 0;
        loop {
            attempt += 1;
            match producer.client().await {
                Ok(_) => return Ok(producer),
                Err(error) if attempt >= ATTEMPTS || error.is_permanent() => return Err(error),
                Err(_) => tokio::time::sleep(pause_after(attempt)).await,
            }
        }
    }

    /// Sends `events` in as few batches as the hub's size limit allows.
    ///
    /// # Errors
    /// Fails if the hub refuses or a batch failed several times; the batches before it are stored.
    pub async fn send(&self, events: Vec<Bytes>, to: &Destination) -> Result<(), ClientError> {
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
    async fn send_some(&self, events: &[Bytes], to: &Destination) -> Result<usize, ClientError> {
        let mut attempt = 0;
        loop {
            attempt += 1;
            let failed = match self.client().await {
                Ok(client) => match self.try_batch(&client, events, to).await {
                    Ok(sent) => return Ok(sent),
                    Err(error) => {
                        self.discard(&client).await;
                        error
                    }
                },
                Err(error) => error,
            };
            if attempt >= ATTEMPTS || failed.is_permanent() {
                return Err(failed);
            }
            tracing::debug!(attempt, error = %failed, "batch failed and is sent again");
            tokio::time::sleep(pause_after(attempt)).await;
        }
    }

    async fn try_batch(
        &self,
        client: &ProducerClient,
        events: &[Bytes],
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
        let too_large = |bytes| ClientError::EventTooLarge {
            hub: hub.to_owned(),
            bytes,
        };
        for body in events {
            let event = EventData::builder().with_body(body.to_vec()).build();
            let added =
                batch
                    .try_add_event_data(event, None)
                    .map_err(|source| ClientError::Sdk {
                        operation: "add to batch",
                        hub: hub.to_owned(),
                        source,
                    })?;
            if !added && count == 0 {
                return Err(too_large(body.len()));
            }
            if !added {
                break;
            }
            count += 1;
        }
        match call("send batch", hub, client.send_batch(batch, None)).await {
            // The SDK's estimate can be a few bytes short for one event at the limit.
            Err(ClientError::Sdk { source, .. })
                if count == 1 && refusal(&source) == Some(Refusal::TooLarge) =>
            {
                Err(too_large(events.first().map_or(0, Bytes::len)))
            }
            outcome => outcome.map(|()| count),
        }
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
