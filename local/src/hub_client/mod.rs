//! Sending to and receiving from an event hub, local or in Azure, through the official SDK.
//!
//! The SDK can wait for ever (an outcome that arrives too early is lost) and re-attaches a
//! receiver at its first position after a lost connection. So every call here has a time-out, a
//! client that timed out or lost its connection is replaced by a new one a bounded number of
//! times, and a receiver goes on after the last event it delivered. Neither can the SDK decode
//! every event that other SDKs send: a receiver goes past such an event, and says so.
//!
//! ```text
//! EventHubConnection::parse(connection_string, Some("orders"))?        // emulator, or Azure with a key
//! EventHubConnection::with_credential(namespace, "orders", credential) // Azure
//!
//! Producer::connect(connection).await? -> Producer
//! producer.send(Vec<Bytes>, &Destination).await? -> ()
//! producer.send_events(Vec<OutgoingEvent>, &Destination).await? -> ()
//!
//! PartitionReceiver::open(connection, ReceiverOptions).await? -> PartitionReceiver
//! receiver.next_batch(max, wait).await? -> Vec<ReceivedEvent>
//! receiver.passed_over() -> Vec<PassedOver>
//!
//! connection.partition_ids().await? -> Vec<String>
//! connection.partition_state("0").await? -> PartitionState
//! ```
//!
//! Delivery is at least once: a batch whose outcome is unknown is sent again and may then be
//! stored twice.

mod attempts;
mod bridge;
mod connection;
mod consumer;
mod error;
mod event;
mod key;
mod options;
mod producer;
mod pump;

pub use connection::{ConnectionStringError, EventHubConnection, PartitionState};
pub use consumer::PartitionReceiver;
pub use error::ClientError;
pub use event::{OutgoingEvent, ReceivedEvent};
pub use options::{ReceiverOptions, Start};
pub use producer::{Destination, Producer};
pub use pump::PassedOver;

#[cfg(test)]
mod tests {
    use std::time::Duration;

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
}
