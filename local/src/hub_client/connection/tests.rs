//! Connection strings, and the way through the bridge.

use std::net::SocketAddr;
use std::sync::Mutex;

use bytes::Bytes;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

use super::super::{Destination, Producer};
use super::*;
use crate::event_hubs::{HubConfig, Namespace, NamespaceConfig};

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
    let text = format!("Endpoint=sb://127.0.0.1:1;{KEY};UseDevelopmentEmulator=true;EntityPath=a");
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
            "Endpoint=sb://x/;nonsense",
            MalformedField { position: 2 }.into(),
        ),
        (
            "Endpoint=sb:///;UseDevelopmentEmulator=true",
            ConnectionStringError::Endpoint,
        ),
        (
            "Endpoint=sb://x.servicebus.windows.net/",
            ConnectionStringError::NoKey,
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

#[test]
fn a_key_for_azure_goes_over_tls() {
    let text = format!("Endpoint=sb://x.servicebus.windows.net/;{KEY};EntityPath=orders");
    let connection = EventHubConnection::parse(&text, None).unwrap();
    let (upstream, _) = connection.bridge.unwrap();
    assert_eq!(
        (upstream.host.as_str(), upstream.port),
        ("x.servicebus.windows.net", 5671)
    );
    assert!(upstream.tls);
}

/// What Azure would see, except for TLS: the local namespace reads every frame that the bridge has changed.
#[tokio::test]
async fn events_go_through_the_bridge_under_a_signed_token() {
    let namespace = Namespace::start(NamespaceConfig {
        listen: "127.0.0.1:0".parse().unwrap(),
        data_dir: None,
        hubs: vec![HubConfig {
            name: "orders".to_owned(),
            partitions: 1,
            consumer_groups: Vec::new(),
        }],
    })
    .await
    .unwrap();
    let seen: Arc<Mutex<Vec<u8>>> = Arc::default();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let upstream = Upstream {
        host: "127.0.0.1".to_owned(),
        port: listener.local_addr().unwrap().port(),
        tls: false,
    };
    let tap = tokio::spawn(listen(listener, namespace.local_addr(), Arc::clone(&seen)));
    let access = SharedAccess::Key {
        resource: "sb://127.0.0.1/orders".to_owned(),
        name: "name".to_owned(),
        key: "key".to_owned(),
    };
    let connection = EventHubConnection::with_shared_access(upstream, "orders".into(), access);

    let producer = Producer::connect(connection.clone()).await.unwrap();
    let events = vec![Bytes::from_static(b"{\"a\":1}"); 3];
    producer.send(events, &Destination::Any).await.unwrap();
    let state = connection.partition_state("0").await.unwrap();
    assert_eq!(state.last_sequence, 2);
    producer.close().await;
    tap.abort();
    namespace.shutdown().await.unwrap();

    let seen = String::from_utf8_lossy(&seen.lock().unwrap()).into_owned();
    assert!(seen.contains("servicebus.windows.net:sastoken"));
    assert!(seen.contains("SharedAccessSignature sr=sb%3A%2F%2F127.0.0.1%2Forders&sig="));
    assert!(!seen.contains("jwt"));
}

/// Passes connections on to the namespace and keeps what clients say.
async fn listen(listener: TcpListener, namespace: SocketAddr, seen: Arc<Mutex<Vec<u8>>>) {
    while let Ok((client, _)) = listener.accept().await {
        let seen = Arc::clone(&seen);
        tokio::spawn(async move {
            let server = TcpStream::connect(namespace).await.unwrap();
            let (mut from_client, mut to_client) = client.into_split();
            let (mut from_server, mut to_server) = server.into_split();
            tokio::spawn(async move { tokio::io::copy(&mut from_server, &mut to_client).await });
            let mut buffer = vec![0; 64 * 1024];
            while let Ok(count @ 1..) = from_client.read(&mut buffer).await {
                seen.lock().unwrap().extend_from_slice(&buffer[..count]);
                if to_server.write_all(&buffer[..count]).await.is_err() {
                    break;
                }
            }
        });
    }
}
