//! Which event hub to talk to: a connection string, or a namespace with a credential.

use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as TokenLife, OffsetDateTime};
use azure_messaging_eventhubs::{ConsumerClient, ProducerClient, RetryOptions};
use sluice::store::account::{Fields, MalformedField};
use tokio::sync::OnceCell;

use super::attempts::{Tries, call};
use super::bridge::{Bridge, TLS_PORT, Upstream};
use super::error::ClientError;
use super::key::SharedAccess;
use crate::event_hubs::PLAIN_PROPERTIES;

/// An event hub and the way to reach it.
#[derive(Clone)]
pub struct EventHubConnection {
    namespace: String,
    /// The endpoint to connect to instead of the namespace over TLS.
    endpoint: Option<String>,
    hub: String,
    credential: Arc<dyn TokenCredential>,
    /// For a shared key: the way around what the SDK cannot do, opened when it is first used.
    bridge: Option<(Upstream, Arc<OnceCell<Bridge>>)>,
}

impl fmt::Debug for EventHubConnection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EventHubConnection")
            .field("namespace", &self.namespace)
            .field("endpoint", &self.endpoint)
            .field("hub", &self.hub)
            .finish_non_exhaustive()
    }
}

/// Why a connection string is refused. Its values are never part of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionStringError {
    /// A part of it has no `=`.
    #[error(transparent)]
    Malformed(#[from] MalformedField),
    /// There is no usable `Endpoint=sb://host[:port]/`.
    #[error("connection string has no endpoint of the form Endpoint=sb://host[:port]/")]
    Endpoint,
    /// Neither the string nor the caller names the event hub.
    #[error("connection string has no EntityPath and no event hub name is given")]
    Hub,
    /// The string and the caller name different hubs.
    #[error("connection string is for event hub {entity_path}, not for {hub}")]
    OtherHub {
        /// The hub that the string names.
        entity_path: String,
        /// The hub that the caller names.
        hub: String,
    },
    /// Nothing to sign in with.
    #[error(
        "connection string has neither SharedAccessKeyName and SharedAccessKey nor \
         SharedAccessSignature"
    )]
    NoKey,
}

/// The range of events that a partition holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionState {
    /// The oldest sequence number that can still be read.
    pub begin_sequence: i64,
    /// The newest sequence number, -1 if there was never an event.
    pub last_sequence: i64,
    /// The newest event's offset.
    pub last_offset: String,
    /// Enqueued time of the newest event, in milliseconds since 1970.
    pub last_enqueued_ms: Option<i64>,
    /// True if there is nothing to read.
    pub is_empty: bool,
}

impl EventHubConnection {
    /// Reads a connection string, of the development emulator or of a namespace in Azure.
    ///
    /// The hub is `hub` or the string's `EntityPath`.
    ///
    /// # Errors
    /// Fails if the endpoint or the hub is missing, or the key of a namespace in Azure.
    pub fn parse(
        connection_string: &str,
        hub: Option<&str>,
    ) -> Result<Self, ConnectionStringError> {
        let fields = Fields::parse(connection_string)?;
        let field = |name: &str| fields.get(name);
        let address = field("Endpoint")
            .and_then(|endpoint| endpoint.split_once("://"))
            .map(|(_, address)| address.trim_end_matches('/'))
            .filter(|address| !address.is_empty())
            .ok_or(ConnectionStringError::Endpoint)?;
        let hub = match (hub, field("EntityPath")) {
            (Some(hub), Some(path)) if !hub.eq_ignore_ascii_case(path) => {
                return Err(ConnectionStringError::OtherHub {
                    entity_path: path.to_owned(),
                    hub: hub.to_owned(),
                });
            }
            (Some(hub), _) | (None, Some(hub)) => hub.to_owned(),
            (None, None) => return Err(ConnectionStringError::Hub),
        };
        if !field("UseDevelopmentEmulator").is_some_and(|value| value.eq_ignore_ascii_case("true"))
        {
            let signature = field("SharedAccessSignature").map(str::to_owned);
            let key = field("SharedAccessKeyName").zip(field("SharedAccessKey"));
            let key = key.map(|(name, key)| SharedAccess::Key {
                resource: format!("sb://{address}/{hub}"),
                name: name.to_owned(),
                key: key.to_owned(),
            });
            let access = signature.map(SharedAccess::Signature).or(key);
            let access = access.ok_or(ConnectionStringError::NoKey)?;
            let upstream = Upstream {
                host: address.to_owned(),
                port: TLS_PORT,
                tls: true,
            };
            return Ok(Self::with_shared_access(upstream, hub, access));
        }
        let has_port = url::Url::parse(&format!("amqp://{address}"))
            .map_err(|_| ConnectionStringError::Endpoint)?
            .port()
            .is_some();
        let port = if has_port { "" } else { ":5672" };
        let host = address
            .rsplit_once(':')
            .filter(|_| has_port)
            .map_or(address, |(host, _)| host);
        Ok(Self {
            namespace: host.to_owned(),
            endpoint: Some(format!("amqp://{address}{port}")),
            hub,
            credential: Arc::new(EmulatorCredential),
            bridge: None,
        })
    }

    fn with_shared_access(upstream: Upstream, hub: String, access: SharedAccess) -> Self {
        Self {
            namespace: upstream.host.clone(),
            endpoint: None,
            hub,
            credential: Arc::new(access),
            bridge: Some((upstream, Arc::default())),
        }
    }

    /// Signs in to a namespace in Azure with `credential`, over TLS.
    pub fn with_credential(
        fully_qualified_namespace: impl Into<String>,
        hub: impl Into<String>,
        credential: Arc<dyn TokenCredential>,
    ) -> Self {
        Self {
            namespace: fully_qualified_namespace.into(),
            endpoint: None,
            hub: hub.into(),
            credential,
            bridge: None,
        }
    }

    /// Returns the namespace's host name.
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Returns the event hub's name.
    pub fn hub(&self) -> &str {
        &self.hub
    }

    /// Lists the hub's partitions.
    ///
    /// # Errors
    /// Fails if the hub does not exist or several attempts failed.
    pub async fn partition_ids(&self) -> Result<Vec<String>, ClientError> {
        let mut tries = Tries::default();
        loop {
            match self.try_partition_ids().await {
                Err(error) if tries.pause_after(&error).await => {}
                answer => return answer,
            }
        }
    }

    /// Reads how far a partition is.
    ///
    /// # Errors
    /// Fails if the hub or the partition does not exist or several attempts failed.
    pub async fn partition_state(&self, partition: &str) -> Result<PartitionState, ClientError> {
        let mut tries = Tries::default();
        loop {
            match self.try_partition_state(partition).await {
                Err(error) if tries.pause_after(&error).await => {}
                answer => return answer,
            }
        }
    }

    async fn try_partition_ids(&self) -> Result<Vec<String>, ClientError> {
        let client = self.open_consumer("$Default").await?;
        let answer = call(
            "read properties",
            &self.hub,
            client.get_eventhub_properties(),
        )
        .await;
        self.close(client).await;
        answer.map(|properties| properties.partition_ids)
    }

    async fn try_partition_state(&self, partition: &str) -> Result<PartitionState, ClientError> {
        let client = self.open_consumer("$Default").await?;
        let asking = client.get_partition_properties(partition);
        let answer = call("read partition properties", &self.hub, asking).await;
        self.close(client).await;
        let properties = answer?;
        let enqueued = properties.last_enqueued_time_utc;
        Ok(PartitionState {
            begin_sequence: properties.beginning_sequence_number,
            last_sequence: properties.last_enqueued_sequence_number,
            last_offset: properties.last_enqueued_offset,
            last_enqueued_ms: enqueued
                .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
                .and_then(|since| i64::try_from(since.as_millis()).ok()),
            is_empty: properties.is_empty,
        })
    }

    async fn close(&self, client: ConsumerClient) {
        // A connection that is not closed properly costs nothing.
        let _ = call("close consumer", &self.hub, client.close()).await;
    }

    /// The endpoint to connect to instead of the namespace over TLS.
    async fn endpoint(&self) -> Result<Option<String>, ClientError> {
        let Some((upstream, bridge)) = &self.bridge else {
            return Ok(self.endpoint.clone());
        };
        let opened = bridge.get_or_try_init(|| Bridge::open(upstream.clone()));
        match opened.await {
            Ok(bridge) => Ok(Some(bridge.endpoint())),
            Err(source) => Err(ClientError::Bridge {
                hub: self.hub.clone(),
                source,
            }),
        }
    }

    pub(super) async fn open_producer(&self) -> Result<ProducerClient, ClientError> {
        let mut builder = ProducerClient::builder().with_retry_options(no_retries());
        if let Some(endpoint) = self.endpoint().await? {
            builder = builder.with_custom_endpoint(endpoint);
        }
        let opening = builder.open(&self.namespace, &self.hub, Arc::clone(&self.credential));
        call("connect producer", &self.hub, opening).await
    }

    pub(super) async fn open_consumer(&self, group: &str) -> Result<ConsumerClient, ClientError> {
        // Unique, as the SDK makes it where it is not said.
        let container = format!("{PLAIN_PROPERTIES}{}", uuid::Uuid::new_v4());
        let mut builder = ConsumerClient::builder()
            .with_application_id(container)
            .with_consumer_group(group.to_owned())
            .with_retry_options(no_retries());
        if let Some(endpoint) = self.endpoint().await? {
            builder = builder.with_custom_endpoint(endpoint);
        }
        let opening = builder.open(
            &self.namespace,
            self.hub.clone(),
            Arc::clone(&self.credential),
        );
        call("connect consumer", &self.hub, opening).await
    }
}

/// Retries are ours: the SDK's would hide for how long, and would move a receiver back.
fn no_retries() -> RetryOptions {
    RetryOptions {
        max_retries: 0,
        ..RetryOptions::default()
    }
}

/// The emulator takes any token.
#[derive(Debug)]
struct EmulatorCredential;

#[async_trait::async_trait]
impl TokenCredential for EmulatorCredential {
    async fn get_token(
        &self,
        _scopes: &[&str],
        _options: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let expires = OffsetDateTime::now_utc() + TokenLife::days(1);
        Ok(AccessToken::new("development-emulator", expires))
    }
}

#[cfg(test)]
mod tests;
