//! Sending to and receiving from an event hub, local or in Azure, through the official SDK.
//!
//! The SDK can wait for ever (an outcome that arrives too early is lost) and re-attaches a
//! receiver at its first position after a lost connection. So every call here has a time-out, a
//! client that timed out or lost its connection is replaced by a new one a bounded number of
//! times, and a receiver goes on after the last event it delivered.
//!
//! ```text
//! EventHubConnection::parse(connection_string, Some("orders"))?        // emulator, or Azure with a key
//! EventHubConnection::with_credential(namespace, "orders", credential) // Azure
//!
//! Producer::connect(connection).await? -> Producer
//! producer.send(Vec<Bytes>, &Destination).await? -> ()
//!
//! PartitionReceiver::open(connection, ReceiverOptions).await? -> PartitionReceiver
//! receiver.next_batch(max, wait).await? -> Vec<ReceivedEvent>
//!
//! connection.partition_ids().await? -> Vec<String>
//! connection.partition_state("0").await? -> PartitionState
//! ```
//!
//! Delivery is at least once: a batch whose outcome is unknown is sent again and may then be
//! stored twice.

mod bridge;
mod connection;
mod consumer;
mod key;
mod producer;
mod received;

use std::future::Future;
use std::time::Duration;

use azure_core_amqp::{AmqpErrorCondition, AmqpErrorKind};
use azure_messaging_eventhubs::EventHubsError;
use azure_messaging_eventhubs::error::ErrorKind;

pub use connection::{ConnectionStringError, EventHubConnection, PartitionState};
pub use consumer::{PartitionReceiver, ReceiverOptions, Start};
pub use producer::{Destination, Producer};
pub use received::ReceivedEvent;

/// How often an operation is tried before its caller hears of the failure.
const ATTEMPTS: u32 = 5;

/// The longest wait for one call into the SDK.
const CALL_TIMEOUT: Duration = Duration::from_secs(10);

/// Why sending or receiving failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// The SDK gave no answer in time; the connection was given up.
    #[error("{operation} on event hub {hub}: no answer within {} s", after.as_secs())]
    TimedOut {
        /// What was being done.
        operation: &'static str,
        /// The event hub.
        hub: String,
        /// How long was waited.
        after: Duration,
    },
    /// The SDK or the service refused.
    #[error("{operation} on event hub {hub}")]
    Sdk {
        /// What was being done.
        operation: &'static str,
        /// The event hub.
        hub: String,
        /// What the SDK said.
        source: EventHubsError,
    },
    /// No port of this machine is to be had, which signing in with a key needs.
    #[error("open a way to event hub {hub}")]
    Bridge {
        /// The event hub.
        hub: String,
        /// Why.
        source: std::io::Error,
    },
    /// One event alone is larger than the hub takes.
    #[error("event of {bytes} bytes is larger than event hub {hub} takes")]
    EventTooLarge {
        /// The event hub.
        hub: String,
        /// The size of the event's body.
        bytes: usize,
    },
    /// A receiver with a higher or equal owner level took the partition over.
    #[error("partition {partition} of event hub {hub} was taken over by another receiver")]
    Stolen {
        /// The event hub.
        hub: String,
        /// The partition.
        partition: String,
    },
    /// The task behind a receiver has ended after an earlier error.
    #[error("receiver of event hub {hub} is closed")]
    Closed {
        /// The event hub.
        hub: String,
    },
}

impl ClientError {
    /// Whether trying again cannot help.
    pub fn is_permanent(&self) -> bool {
        match self {
            Self::TimedOut { .. } | Self::Bridge { .. } => false,
            Self::Sdk { source, .. } => refusal(source).is_some(),
            Self::EventTooLarge { .. } | Self::Stolen { .. } | Self::Closed { .. } => true,
        }
    }
}

/// What the service means by an error that will come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Refusal {
    NotFound,
    Unauthorized,
    TooLarge,
    Stolen,
}

/// Finds the AMQP condition of an error, if it is one that trying again does not change.
fn refusal(error: &EventHubsError) -> Option<Refusal> {
    if let ErrorKind::ConsumerDisconnected(_) = &error.kind {
        return Some(Refusal::Stolen);
    }
    if let ErrorKind::AmqpError(amqp) = &error.kind
        && let AmqpErrorKind::AmqpDescribedError(described) = amqp.kind()
    {
        return match described.condition {
            AmqpErrorCondition::NotFound | AmqpErrorCondition::ArgumentOutOfRangeError => {
                Some(Refusal::NotFound)
            }
            AmqpErrorCondition::UnauthorizedAccess => Some(Refusal::Unauthorized),
            AmqpErrorCondition::LinkPayloadSizeExceeded => Some(Refusal::TooLarge),
            AmqpErrorCondition::LinkStolen => Some(Refusal::Stolen),
            _ => None,
        };
    }
    // A detached link comes out of the SDK as an opaque box; only its text has the condition.
    let text = format!("{error:?}");
    [
        ("NotFound", Refusal::NotFound),
        ("amqp:not-found", Refusal::NotFound),
        ("argument-out-of-range", Refusal::NotFound),
        ("UnauthorizedAccess", Refusal::Unauthorized),
        ("MessageSizeExceeded", Refusal::TooLarge),
        ("Stolen", Refusal::Stolen),
        ("amqp:link:stolen", Refusal::Stolen),
    ]
    .into_iter()
    .find_map(|(needle, refusal)| text.contains(needle).then_some(refusal))
}

/// Runs one SDK call with a time-out.
async fn call<T>(
    operation: &'static str,
    hub: &str,
    future: impl Future<Output = Result<T, EventHubsError>> + Send,
) -> Result<T, ClientError> {
    // Boxed: the SDK's futures are tens of kilobytes.
    match tokio::time::timeout(CALL_TIMEOUT, Box::pin(future)).await {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(source)) => Err(ClientError::Sdk {
            operation,
            hub: hub.to_owned(),
            source,
        }),
        Err(_) => Err(ClientError::TimedOut {
            operation,
            hub: hub.to_owned(),
            after: CALL_TIMEOUT,
        }),
    }
}

/// Counts the attempts at one operation.
#[derive(Debug, Default)]
struct Tries {
    failed: u32,
}

impl Tries {
    /// Waits before the next attempt and returns true, or returns false if there is to be none.
    async fn pause_after(&mut self, error: &ClientError) -> bool {
        self.failed += 1;
        if self.failed >= ATTEMPTS || error.is_permanent() {
            return false;
        }
        tracing::debug!(attempt = self.failed, ?error, "attempt failed");
        // 100 ms, doubled each time, 2 s at most.
        let pause = Duration::from_millis(100u64 << (self.failed - 1).min(5));
        tokio::time::sleep(pause.min(Duration::from_secs(2))).await;
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Hosts run receivers and producers in tasks of their own.
    #[test]
    fn everything_can_be_spawned() {
        fn is_send<T: Send>(_: impl Fn() -> T) {}
        let text = "Endpoint=sb://127.0.0.1:1/;UseDevelopmentEmulator=true";
        let connection = || EventHubConnection::parse(text, Some("h")).unwrap();
        is_send(|| async move { connection().partition_ids().await });
        is_send(|| async move { connection().partition_state("0").await });
        is_send(|| async move {
            let mut receiver =
                PartitionReceiver::open(connection(), ReceiverOptions::new("0")).await?;
            receiver.next_batch(1, Duration::ZERO).await
        });
        is_send(|| async move {
            let producer = Producer::connect(connection()).await?;
            producer.send(vec![], &Destination::Any).await
        });
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_are_bounded() {
        let failed = || ClientError::TimedOut {
            operation: "send",
            hub: "h".to_owned(),
            after: CALL_TIMEOUT,
        };
        let mut tries = Tries::default();
        let mut attempts = 1;
        while tries.pause_after(&failed()).await {
            attempts += 1;
        }
        assert_eq!(attempts, ATTEMPTS);
        let gone = ClientError::Closed {
            hub: "h".to_owned(),
        };
        assert!(!Tries::default().pause_after(&gone).await);
    }
}
