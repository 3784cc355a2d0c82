//! A partition of a real (or local) namespace, reached over AMQP.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use azure_storage_blob::BlobServiceClient;
use chrono::DateTime;
use sluice::error::chain;

use super::{Checkpoint, EventSource, Partition, checkpoint};
use crate::functions_host::wire::event_hub::{HubEvent, PartitionContext};
use crate::hub_client::{
    EventHubConnection, PartitionReceiver, ReceivedEvent, ReceiverOptions, Start,
};

/// One partition, with its checkpoint in the host's storage account.
pub(crate) struct HubPartition {
    pub(crate) connection: EventHubConnection,
    pub(crate) context: PartitionContext,
    pub(crate) prefetch: u32,
    pub(crate) storage: Arc<BlobServiceClient>,
}

impl HubPartition {
    fn checkpoint_name(&self) -> String {
        let PartitionContext {
            fully_qualified_namespace,
            event_hub_name,
            consumer_group,
            partition_id,
            ..
        } = &self.context;
        checkpoint::blob_name(
            fully_qualified_namespace,
            event_hub_name,
            consumer_group,
            partition_id,
        )
    }
}

#[async_trait]
impl Partition for HubPartition {
    async fn checkpoint(&self) -> Result<Option<Checkpoint>, String> {
        checkpoint::read(&self.storage, &self.checkpoint_name()).await
    }

    async fn write_checkpoint(&self, checkpoint: &Checkpoint) -> Result<(), String> {
        checkpoint::write(&self.storage, &self.checkpoint_name(), checkpoint).await
    }

    async fn open(&self, after: Option<&Checkpoint>) -> Result<Box<dyn EventSource>, String> {
        let mut options = ReceiverOptions::new(self.context.partition_id.clone());
        options
            .consumer_group
            .clone_from(&self.context.consumer_group);
        options.prefetch = self.prefetch;
        options.start = after.map_or(Start::Earliest, |checkpoint| {
            Start::AfterSequence(checkpoint.sequence_number)
        });
        let opening = Box::pin(PartitionReceiver::open(self.connection.clone(), options));
        let receiver = opening.await.map_err(|error| chain(&error))?;
        Ok(Box::new(HubSource { receiver }))
    }
}

struct HubSource {
    receiver: PartitionReceiver,
}

#[async_trait]
impl EventSource for HubSource {
    async fn next_batch(&mut self, max: usize, wait: Duration) -> Result<Vec<HubEvent>, String> {
        let events = self
            .receiver
            .next_batch(max, wait)
            .await
            .map_err(|error| chain(&error))?;
        Ok(events.into_iter().map(HubEvent::from).collect())
    }

    fn passed_over(&mut self) -> Vec<String> {
        let passed = self.receiver.passed_over().into_iter();
        passed
            .map(|event| {
                format!(
                    "sequence number {}: {}",
                    event.sequence_number, event.reason
                )
            })
            .collect()
    }
}

impl From<ReceivedEvent> for HubEvent {
    fn from(event: ReceivedEvent) -> Self {
        Self {
            body: event.body,
            sequence_number: event.sequence_number,
            offset: event.offset,
            // Out of the calendar's range by no clock that a broker could have.
            enqueued_time: DateTime::from_timestamp_millis(event.enqueued_time_ms)
                .unwrap_or_default(),
            partition_key: event.partition_key,
            properties: event.properties.into_iter().collect(),
            system_properties: event.system_properties.into_iter().collect(),
        }
    }
}
