//! Running functions for the messages of the internal queue.

use std::sync::Arc;
use std::time::Duration;

use azure_core::http::headers::HeaderName;
use azure_storage_queue::QueueClient;
use azure_storage_queue::models::{
    QueueClientReceiveMessagesOptions, QueueMessage, ReceivedMessage,
};
use tokio::sync::Notify;
use tokio::task::JoinSet;

use super::BlobFunction;
use super::fetch::{Fetched, fetch};
use super::message::{BlobMessage, POISON_QUEUE, function_id};
use crate::functions_host::config::BlobsOptions;
use crate::functions_host::events::{EventSink, Level};
use crate::functions_host::invoke::Dispatch;
use crate::functions_host::stats::Counters;
use crate::functions_host::trigger::retry::{self, Outcome};
use crate::functions_host::trigger::stop::Stop;
use crate::functions_host::wire::blob::payload;
use sluice::error::chain;

/// How long a message stays hidden; renewed while its function runs. Shorter than the extension's
/// ten minutes, so that what a killed host had in flight is soon taken up again.
const VISIBILITY_SECONDS: i32 = 30;
const RENEWAL: Duration = Duration::from_secs(10);
const IDLE_POLL: Duration = Duration::from_millis(500);

/// Takes messages off the queue, for all blob functions of the host.
pub(crate) struct Listener {
    pub(crate) functions: Vec<BlobFunction>,
    pub(crate) options: BlobsOptions,
    pub(crate) queue: Arc<QueueClient>,
    pub(crate) enqueued: Arc<Notify>,
    pub(crate) dispatch: Arc<dyn Dispatch>,
    pub(crate) events: EventSink,
    pub(crate) counters: Counters,
    pub(crate) stop: Stop,
}

/// Most messages fetched at once, and the most in flight at which more are fetched.
fn batch_rule(degree: usize) -> (usize, usize) {
    let batch = (degree / 2 + 1).min(32).min(degree.max(1));
    (batch, degree.saturating_sub(batch))
}

/// The outcome of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    Done,
    TryAgain,
    Poison,
}

impl Listener {
    /// Runs until the host stops, and then until what is in flight has ended.
    pub(crate) async fn run(self) {
        let listener = Arc::new(self);
        let (batch, threshold) = batch_rule(listener.options.max_degree_of_parallelism);
        let mut running = JoinSet::new();
        while !listener.stop.is_set() {
            let mut received = Vec::new();
            if running.len() <= threshold {
                received = listener.receive(batch).await;
            }
            let idle = received.is_empty();
            for message in received {
                let listener = Arc::clone(&listener);
                running.spawn(async move { listener.process(message).await });
            }
            if idle {
                tokio::select! {
                    () = listener.stop.wait() => break,
                    () = listener.enqueued.notified(), if running.len() <= threshold => {}
                    Some(_) = running.join_next(), if !running.is_empty() => {}
                    () = tokio::time::sleep(IDLE_POLL) => {}
                }
            }
            while running.try_join_next().is_some() {}
        }
        while running.join_next().await.is_some() {}
    }

    async fn receive(&self, batch: usize) -> Vec<ReceivedMessage> {
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: i32::try_from(batch).ok(),
            visibility_timeout: Some(VISIBILITY_SECONDS),
            ..Default::default()
        };
        let received = match self.queue.receive_messages(Some(options)).await {
            Ok(response) => response.into_model(),
            Err(error) => Err(error),
        };
        match received {
            Ok(messages) => messages.items.unwrap_or_default(),
            Err(error) => {
                let text = format!("receive blob trigger messages: {}", chain(&error));
                self.events.message(Level::Warning, text);
                Vec::new()
            }
        }
    }

    async fn process(&self, received: ReceivedMessage) {
        let (Some(id), Some(receipt), Some(tries)) = (
            received.message_id,
            received.pop_receipt,
            received.dequeue_count,
        ) else {
            let text = "receive blob trigger messages: one has no id, receipt or dequeue count";
            return self.events.message(Level::Warning, text);
        };
        let mut lease = Lease {
            queue: &self.queue,
            id,
            receipt,
        };
        let message = received
            .message_text
            .as_deref()
            .and_then(BlobMessage::decode);
        let function = message.as_ref().and_then(|message| {
            self.functions
                .iter()
                .find(|one| function_id(&one.target.function) == message.function_id)
        });
        // A message that nobody understands, or of a function that is gone, is dropped.
        let (Some(message), Some(function)) = (message, function) else {
            return self.log_failure(lease.delete().await);
        };
        let fate = tokio::select! {
            fate = self.execute(function, &message, tries) => fate,
            never = lease.renew() => match never {},
        };
        let name = &function.target.function;
        let settled = match fate {
            Fate::Done => lease.delete().await,
            Fate::TryAgain => lease.release().await,
            Fate::Poison => match self.poison(function, &message).await {
                Ok(()) => lease.delete().await,
                Err(error) => Err(error),
            },
        };
        if settled.is_ok() && fate != Fate::TryAgain {
            self.counters.blob(name, |stats| {
                stats.pending = stats.pending.saturating_sub(1);
                stats.poisoned += u64::from(fate == Fate::Poison);
            });
        }
        self.log_failure(settled);
    }

    /// A message that could not be deleted or released comes back when its time is over.
    fn log_failure(&self, result: Result<(), azure_core::Error>) {
        if let Err(error) = result {
            let text = format!("delete or release blob trigger message: {}", chain(&error));
            self.events.message(Level::Warning, text);
        }
    }

    async fn execute(&self, function: &BlobFunction, message: &BlobMessage, tries: i64) -> Fate {
        let name = &function.target.function;
        let payload = match fetch(&function.blobs, message).await {
            Ok(Fetched::Gone) => return Fate::Done,
            Ok(Fetched::Found(content, properties)) => {
                // The pattern may have changed since the message was written.
                let captures = function.trigger.pattern.captures(&message.blob_name);
                let named = captures.ok_or_else(|| {
                    format!(
                        "blob {} does not match the path of the trigger of {name}",
                        message.blob_name
                    )
                });
                named.map(|captures| payload(&function.binding, &content, &properties, &captures))
            }
            Err(reason) => Err(reason),
        };
        match retry::run(&*self.dispatch, &function.target, payload, &self.stop).await {
            Outcome::Succeeded => Fate::Done,
            Outcome::Stopped => Fate::TryAgain,
            Outcome::Failed(error) => {
                let text = format!(
                    "Exception while executing function: Functions.{name} (blob {}, try {tries}). {error}",
                    message.blob_name
                );
                self.events.message(Level::Error, text);
                if tries < self.options.poison_blob_threshold || self.stop.is_set() {
                    return Fate::TryAgain;
                }
                let text = format!(
                    "Message has reached MaxDequeueCount of {}. Moving message to queue '{POISON_QUEUE}'.",
                    self.options.poison_blob_threshold
                );
                self.events.message(Level::Warning, text);
                Fate::Poison
            }
        }
    }

    async fn poison(
        &self,
        function: &BlobFunction,
        message: &BlobMessage,
    ) -> Result<(), azure_core::Error> {
        let content = QueueMessage {
            message_text: Some(message.encode()),
        };
        function
            .poison
            .send_message(content.try_into()?, None)
            .await
            .map(|_| ())
    }
}

/// A message that is being worked on.
struct Lease<'queue> {
    queue: &'queue QueueClient,
    id: String,
    receipt: String,
}

impl Lease<'_> {
    /// Keeps the message hidden for as long as this is polled.
    async fn renew(&mut self) -> std::convert::Infallible {
        loop {
            tokio::time::sleep(RENEWAL).await;
            // A failed renewal is followed by the next one, well within the time that is left.
            let _ = self.hide(VISIBILITY_SECONDS).await;
        }
    }

    async fn release(&mut self) -> Result<(), azure_core::Error> {
        self.hide(0).await
    }

    async fn hide(&mut self, seconds: i32) -> Result<(), azure_core::Error> {
        let response = self
            .queue
            .update_message(&self.id, &self.receipt, seconds, None)
            .await?;
        let receipt = HeaderName::from_static("x-ms-popreceipt");
        if let Some(receipt) = response.headers().get_optional_str(&receipt) {
            self.receipt = receipt.to_owned();
        }
        Ok(())
    }

    async fn delete(&self) -> Result<(), azure_core::Error> {
        self.queue
            .delete_message(&self.id, &self.receipt, None)
            .await
            .map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_degree_of_parallelism_becomes_batch_size_and_threshold() {
        let cases = [
            (16, (9, 7)),
            (1, (1, 0)),
            (2, (2, 0)),
            (8, (5, 3)),
            (100, (32, 68)),
        ];
        for (degree, expected) in cases {
            assert_eq!(batch_rule(degree), expected, "{degree}");
        }
    }
}
