//! What tests against a namespace share.

#![allow(dead_code, reason = "each test binary uses its own part")]
#![expect(clippy::unwrap_used, reason = "test code outside of test functions")]

use std::path::Path;
use std::time::Duration;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::OffsetDateTime;
use fe2o3_amqp::connection::ConnectionHandle;
use fe2o3_amqp::sasl_profile::SaslProfile;
use fe2o3_amqp::session::SessionHandle;
use fe2o3_amqp::{Connection, Receiver, Session};
use fe2o3_amqp_types::messaging::{Body, Source};
use fe2o3_amqp_types::primitives::{OrderedMap, Symbol, Value};
use sluice_local::event_hubs::{HubConfig, Namespace, NamespaceConfig};
use sluice_local::hub_client::{
    EventHubConnection, PartitionReceiver, Producer, ReceivedEvent, ReceiverOptions,
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

/// A receiver with an owner level, which the SDK for Rust offers but does not send.
pub(crate) struct Owner {
    link: Receiver,
    _session: SessionHandle<()>,
    _connection: ConnectionHandle<()>,
}

impl Owner {
    pub(crate) async fn attach(namespace: &Namespace, hub: &str, level: i64) -> Self {
        let mut connection = Connection::builder()
            .container_id("owner")
            .sasl_profile(SaslProfile::Anonymous)
            .open(namespace.endpoint().as_str())
            .await
            .unwrap();
        let mut session = Session::begin(&mut connection).await.unwrap();
        let address = format!("{hub}/ConsumerGroups/$Default/Partitions/0");
        let epoch = (Symbol::from("com.microsoft:epoch"), Value::Long(level));
        let link = Receiver::builder()
            .name(format!("owner-{level}"))
            .source(Source::builder().address(address).build())
            .properties(OrderedMap::from_iter([epoch]))
            .attach(&mut session)
            .await
            .unwrap();
        Self {
            link,
            _session: session,
            _connection: connection,
        }
    }

    /// The next event's body, or why there is none.
    pub(crate) async fn receive(&mut self) -> Result<Vec<u8>, String> {
        let received = self.link.recv::<Body<Value>>();
        let received = tokio::time::timeout(Duration::from_secs(20), received)
            .await
            .unwrap();
        let delivery = received.map_err(|error| format!("{error:?}"))?;
        Ok(delivery
            .body()
            .try_as_data()
            .unwrap()
            .flat_map(|data| data.to_vec())
            .collect())
    }
}
