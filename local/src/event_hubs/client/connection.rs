use std::fmt;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use azure_core::credentials::{AccessToken, TokenCredential, TokenRequestOptions};
use azure_core::time::{Duration as TokenLife, OffsetDateTime};
use azure_messaging_eventhubs::{ConsumerClient, ProducerClient, RetryOptions};

use super::{ClientError, Tries, call};

/// Which event hub to talk to, and how.
#[derive(Clone)]
pub struct EventHubConnection {
    namespace: String,
    /// Where to connect instead of TLS to the namespace.
    endpoint: Option<String>,
    hub: String,
    credential: Arc<dyn TokenCredential>,
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

/// What is wrong with a connection string. The string itself is never part of the text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectionStringError {
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
    /// Keys of a namespace in Azure: the SDK for Rust signs in with Entra ID only.
    #[error(
        "connection string with a key works for the development emulator only \
         (UseDevelopmentEmulator=true); use an identity for a namespace in Azure"
    )]
    KeyForAzure,
}

/// How far a partition is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartitionState {
    /// The oldest sequence number that can still be read.
    pub begin_sequence: i64,
    /// The newest sequence number, -1 if there was never an event.
    pub last_sequence: i64,
    /// The newest event's offset.
    pub last_offset: String,
    /// When the newest event was enqueued, in milliseconds since 1970.
    pub last_enqueued_ms: Option<i64>,
    /// Whether there is nothing to read.
    pub is_empty: bool,
}

impl EventHubConnection {
    /// Reads a development-emulator connection string.
    ///
    /// The hub is `hub` or the string's `EntityPath`.
    ///
    /// # Errors
    /// Fails if the endpoint or the hub is missing, or if the string is for a namespace in Azure.
    pub fn parse(
        connection_string: &str,
        hub: Option<&str>,
    ) -> Result<Self, ConnectionStringError> {
        let field = |name: &str| {
            connection_string.split(';').find_map(|part| {
                let (key, value) = part.split_once('=')?;
                key.trim().eq_ignore_ascii_case(name).then(|| value.trim())
            })
        };
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
            return Err(ConnectionStringError::KeyForAzure);
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
        })
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
        }
    }

    /// The event hub's name.
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
        // Nothing depends on a polite good-bye.
        let _ = call("close consumer", &self.hub, client.close()).await;
    }

    pub(super) async fn open_producer(&self) -> Result<ProducerClient, ClientError> {
        let mut builder = ProducerClient::builder().with_retry_options(no_retries());
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_custom_endpoint(endpoint.clone());
        }
        let opening = builder.open(&self.namespace, &self.hub, Arc::clone(&self.credential));
        call("connect producer", &self.hub, opening).await
    }

    pub(super) async fn open_consumer(&self, group: &str) -> Result<ConsumerClient, ClientError> {
        let mut builder = ConsumerClient::builder()
            .with_consumer_group(group.to_owned())
            .with_retry_options(no_retries());
        if let Some(endpoint) = &self.endpoint {
            builder = builder.with_custom_endpoint(endpoint.clone());
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
mod tests {
    use super::*;

    const KEY: &str = "SharedAccessKeyName=RootManageSharedAccessKey;SharedAccessKey=SAS_KEY_VALUE";

    #[test]
    fn emulator_string_gives_a_plain_endpoint() {
        for (endpoint, expected, namespace) in [
            ("sb://127.0.0.1:5999/", "amqp://127.0.0.1:5999", "127.0.0.1"),
            ("sb://127.0.0.1:5999", "amqp://127.0.0.1:5999", "127.0.0.1"),
            ("sb://localhost", "amqp://localhost:5672", "localhost"),
        ] {
            let text = format!("Endpoint={endpoint};{KEY};UseDevelopmentEmulator=true;");
            let connection = EventHubConnection::parse(&text, Some("orders")).unwrap();
            assert_eq!(connection.endpoint.as_deref(), Some(expected));
            assert_eq!(connection.namespace, namespace);
            assert_eq!(connection.hub(), "orders");
        }
    }

    #[test]
    fn entity_path_names_the_hub() {
        let text =
            format!("Endpoint=sb://127.0.0.1:1;{KEY};UseDevelopmentEmulator=true;EntityPath=a");
        assert_eq!(EventHubConnection::parse(&text, None).unwrap().hub(), "a");
        assert!(matches!(
            EventHubConnection::parse(&text, Some("b")),
            Err(ConnectionStringError::OtherHub { .. })
        ));
    }

    #[test]
    fn unusable_strings_are_refused() {
        for (text, expected) in [
            ("", ConnectionStringError::Endpoint),
            (
                "Endpoint=sb:///;UseDevelopmentEmulator=true",
                ConnectionStringError::Endpoint,
            ),
            (
                "Endpoint=sb://x.servicebus.windows.net/",
                ConnectionStringError::KeyForAzure,
            ),
        ] {
            assert_eq!(
                EventHubConnection::parse(text, Some("h")).unwrap_err(),
                expected
            );
        }
        let no_hub = EventHubConnection::parse("Endpoint=sb://x/", None).unwrap_err();
        assert_eq!(no_hub, ConnectionStringError::Hub);
    }
}
