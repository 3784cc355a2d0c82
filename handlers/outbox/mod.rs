//! Tells people and programs of alerts: takes messages out of the books, sends them and notes what became of each.
//!
//! A message is claimed for a minute by the database's clock, so that two runs do not send one at the same time; what claimed
//! it and died is made up for after that. It may arrive twice, with the same id, and no order is promised. What does not go is
//! tried again after 10 seconds, twice as long each time, up to an hour, for seven days, whatever the answer was; then it has
//! failed. No layer waits for it, and none fails by it.

mod event;
mod event_hub;
mod queue;
mod webhook;

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::stream::{self, StreamExt};

use crate::dataset::{Target, TargetKind};
use crate::error::chain;
use crate::retry::Deadline;
use crate::warehouse::{Delivery, Message, Warehouse};
pub use event::CloudEvent;
pub use event_hub::{EventHubError, EventHubs};
pub use webhook::{KEY_SUFFIX, SIGNATURE, Webhook, Webhooks};

/// How many messages are claimed at a time.
const BATCH: usize = 100;
/// How many are sent at once.
const AT_ONCE: usize = 4;
/// How long one may take.
const EACH: Duration = Duration::from_secs(5);
/// How long all may take that a run sends.
pub const ALL: Duration = Duration::from_secs(20);

/// Sends messages to targets of one kind.
#[async_trait]
pub trait Sender: Debug + Send + Sync {
    /// Sends a message to the target of this name.
    ///
    /// # Errors
    /// Says why it could not be sent, without what is secret.
    async fn send(&self, name: &str, event: &CloudEvent) -> Result<(), String>;
}

/// Sends what the books have, by the senders that there are.
#[derive(Default)]
pub struct Courier {
    webhooks: Option<Arc<dyn Sender>>,
    queues: Option<Arc<dyn Sender>>,
    event_hubs: Option<Arc<dyn Sender>>,
}

impl Debug for Courier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Courier").finish_non_exhaustive()
    }
}

/// What became of the messages of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sent {
    /// How many were delivered.
    pub delivered: u64,
    /// How many were not, and are tried again.
    pub refused: u64,
}

impl Courier {
    /// Sends to webhooks by this.
    #[must_use]
    pub fn webhooks(mut self, sender: Arc<dyn Sender>) -> Self {
        self.webhooks = Some(sender);
        self
    }

    /// Sends to queues by this.
    #[must_use]
    pub fn queues(mut self, sender: Arc<dyn Sender>) -> Self {
        self.queues = Some(sender);
        self
    }

    /// Sends to event hubs by this.
    #[must_use]
    pub fn event_hubs(mut self, sender: Arc<dyn Sender>) -> Self {
        self.event_hubs = Some(sender);
        self
    }

    /// Sends the messages that are due until none is left or the time is over, and gives the warehouse's session back while it
    /// sends. What fails is logged: nobody waits for it.
    pub async fn deliver(&self, warehouse: &dyn Warehouse, deadline: Deadline) -> Sent {
        let mut sent = Sent::default();
        let senders = [&self.webhooks, &self.queues, &self.event_hubs];
        if senders.iter().all(|sender| sender.is_none()) {
            return sent;
        }
        let until = deadline.min(Deadline::after(ALL));
        while until.allows(EACH) {
            match self.deliver_some(warehouse, until).await {
                Ok(some) if some == Sent::default() => break,
                Ok(some) => {
                    sent.delivered += some.delivered;
                    sent.refused += some.refused;
                }
                Err(error) => {
                    tracing::warn!(error = chain(&error), "alerts could not be sent");
                    break;
                }
            }
        }
        sent
    }

    async fn deliver_some(
        &self,
        warehouse: &dyn Warehouse,
        until: Deadline,
    ) -> Result<Sent, crate::warehouse::WarehouseError> {
        let messages = warehouse.claim(BATCH).await?;
        if messages.is_empty() {
            return Ok(Sent::default());
        }
        warehouse.close().await;
        let dataset = warehouse.schema().dataset.clone();
        let deliveries: Vec<Delivery> = stream::iter(messages)
            .map(|message| self.send(&dataset, message, until))
            .buffer_unordered(AT_ONCE)
            .collect()
            .await;
        warehouse.settle(&deliveries).await?;
        let refused = deliveries.iter();
        let refused = refused.filter(|delivery| delivery.error.is_some());
        let refused = refused.count() as u64;
        Ok(Sent {
            delivered: deliveries.len() as u64 - refused,
            refused,
        })
    }

    async fn send(&self, dataset: &str, message: Message, until: Deadline) -> Delivery {
        let sending = self.try_send(dataset, &message);
        let limit = until.min(Deadline::after(EACH));
        let sent = limit.within(sending).await;
        let sent = sent.unwrap_or_else(|| {
            Err(format!(
                "it did not take the message within {} seconds",
                EACH.as_secs()
            ))
        });
        if let Err(error) = &sent {
            tracing::warn!(
                rule = message.rule,
                target = message.target,
                error,
                "an alert could not be sent"
            );
        }
        Delivery {
            message: message.message,
            target: message.target,
            attempts: message.attempts + 1,
            error: sent.err(),
        }
    }

    async fn try_send(&self, dataset: &str, message: &Message) -> Result<(), String> {
        let target = Target::parse(&message.target);
        let target = target.ok_or_else(|| "this build knows no such target".to_owned())?;
        let sender = match target.kind {
            TargetKind::Webhook => &self.webhooks,
            TargetKind::Queue => &self.queues,
            TargetKind::EventHub => &self.event_hubs,
        };
        let sender = sender.as_ref();
        let sender = sender.ok_or_else(|| "this app has nothing to send it by".to_owned())?;
        let event = CloudEvent::of(dataset, message);
        sender.send(&target.name, &event).await
    }
}
