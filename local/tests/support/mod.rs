//! What tests against a namespace share.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

pub(crate) mod raw;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::OffsetDateTime;
use azure_messaging_eventhubs::ProducerClient;
use bytes::Bytes;
use sluice_local::event_hubs::{HubConfig, Namespace, NamespaceConfig};
use sluice_local::hub_client::{
    Destination, EventHubConnection, PartitionReceiver, Producer, ReceivedEvent, ReceiverOptions,
};

/// Any token will do.
#[derive(Debug)]
pub(crate) struct Credential;

#[async_trait::async_trait]
impl TokenCredential for Credential {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires = OffsetDateTime::now_utc() + azure_core::time::Duration::hours(1);
        Ok(AccessToken::new("token", expires))
    }
}

pub(crate) fn hub(name: &str, partitions: usize) -> HubConfig {
    HubConfig {
        name: name.to_owned(),
        partitions,
        consumer_groups: Vec::new(),
    }
}

/// A free port on loopback.
pub(crate) fn config(data_dir: Option<&Path>, hubs: &[HubConfig]) -> NamespaceConfig {
    NamespaceConfig {
        listen: ([127, 0, 0, 1], 0).into(),
        data_dir: data_dir.map(Path::to_owned),
        hubs: hubs.to_vec(),
    }
}

pub(crate) async fn free_namespace(hubs: &[HubConfig]) -> Namespace {
    Namespace::start(config(None, hubs)).await.unwrap()
}

pub(crate) fn connection(namespace: &Namespace, hub: &str) -> EventHubConnection {
    EventHubConnection::parse(&namespace.connection_string(), Some(hub)).unwrap()
}

pub(crate) async fn producer(namespace: &Namespace, hub: &str) -> Producer {
    Producer::connect(connection(namespace, hub)).await.unwrap()
}

pub(crate) async fn earliest(
    namespace: &Namespace,
    hub: &str,
    partition: &str,
) -> PartitionReceiver {
    let options = ReceiverOptions::new(partition);
    PartitionReceiver::open(connection(namespace, hub), options)
        .await
        .unwrap()
}

/// Receives `count` events, and checks that no more are there at once.
pub(crate) async fn drain(receiver: &mut PartitionReceiver, count: usize) -> Vec<ReceivedEvent> {
    let mut all = Vec::new();
    while all.len() < count {
        let some = receiver
            .next_batch(usize::MAX, Duration::from_secs(30))
            .await
            .unwrap();
        assert!(!some.is_empty(), "{} of {count} events arrived", all.len());
        all.extend(some);
    }
    assert_eq!(all.len(), count);
    all
}

pub(crate) fn to(partition: &str) -> Destination {
    Destination::Partition(partition.to_owned())
}

pub(crate) fn bodies(texts: impl IntoIterator<Item = impl Into<String>>) -> Vec<Bytes> {
    texts
        .into_iter()
        .map(|text| Bytes::from(text.into()))
        .collect()
}

pub(crate) async fn sdk_producer(namespace: &Namespace, hub: &str) -> ProducerClient {
    ProducerClient::builder()
        .with_custom_endpoint(namespace.endpoint())
        .open("127.0.0.1", hub, Arc::new(Credential))
        .await
        .unwrap()
}
