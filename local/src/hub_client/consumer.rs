use std::time::Duration;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::connection::EventHubConnection;
use super::error::ClientError;
use super::event::ReceivedEvent;
use super::options::{ReceiverOptions, Start};
use super::pump::{Item, PassedOver, Pump};

/// Receives one partition's events in order, each once per receiver.
///
/// After a lost connection it goes on after the last event it delivered, and past an event that
/// the SDK cannot decode: no event stops a partition. A task does the receiving; it ends with the
/// receiver.
#[derive(Debug)]
pub struct PartitionReceiver {
    hub: String,
    items: mpsc::Receiver<Item>,
    passed_over: Vec<PassedOver>,
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
        let (sender, items) = mpsc::channel(options.prefetch.max(1) as usize);
        let hub = connection.hub().to_owned();
        let pump = Pump {
            connection,
            options,
            sender,
        };
        Ok(Self {
            hub,
            items,
            passed_over: Vec::new(),
            ended: Some(tokio::spawn(Box::pin(pump.run()))),
        })
    }

    /// Returns up to `max` events as soon as there is one, and none if none came within `wait` or
    /// one was passed over.
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
        let mut items = Vec::new();
        match tokio::time::timeout(wait, self.items.recv_many(&mut items, max)).await {
            Err(_) => return Ok(Vec::new()),
            Ok(0) if max > 0 => return Err(self.why_ended().await),
            Ok(_) => {}
        }
        let mut batch = Vec::with_capacity(items.len());
        for item in items {
            match item {
                Item::Event(event) => batch.push(*event),
                Item::PassedOver(event) => self.passed_over.push(event),
            }
        }
        Ok(batch)
    }

    /// Takes the events that were passed over since this was last called.
    pub fn passed_over(&mut self) -> Vec<PassedOver> {
        std::mem::take(&mut self.passed_over)
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
