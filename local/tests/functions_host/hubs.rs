//! The Event Hub trigger on the local namespace.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use sluice_local::event_hubs::{HubConfig, Namespace, NamespaceConfig};
use sluice_local::functions_host::{Host, set_back};
use sluice_local::hub_client::{Destination, EventHubConnection, Producer};

use crate::raw::{BATCH, RawReceiver, send_raw};
use crate::support::{App, account, eventually, header};

fn bronze() -> Value {
    json!({
        "bindings": [{
            "type": "eventHubTrigger", "direction": "in", "name": "events",
            "eventHubName": "%EVENTHUB_NAME%", "consumerGroup": "$Default",
            "connection": "EventHubConnection", "cardinality": "many", "dataType": "binary",
        }],
        "retry": {
            "strategy": "fixedDelay", "maxRetryCount": -1, "delayInterval": "00:00:00.050",
        },
    })
}

async fn namespace(hub: &str) -> Namespace {
    let config = NamespaceConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data_dir: None,
        hubs: vec![HubConfig {
            name: hub.to_owned(),
            partitions: 2,
            consumer_groups: Vec::new(),
        }],
    };
    Namespace::start(config).await.expect("a namespace")
}

async fn app(namespace: &Namespace, hub: &str) -> App {
    App::new(&[("bronze", bronze())])
        .await
        .with("EVENTHUB_NAME", hub)
        .with("EventHubConnection", &namespace.connection_string())
}

async fn send(namespace: &Namespace, hub: &str, partition: &str, bodies: &[&[u8]]) {
    let connection = EventHubConnection::parse(&namespace.connection_string(), Some(hub));
    let producer = Producer::connect(connection.expect("valid"))
        .await
        .expect("connected");
    let events = bodies
        .iter()
        .map(|body| Bytes::copy_from_slice(body))
        .collect();
    producer
        .send(events, &Destination::Partition(partition.to_owned()))
        .await
        .expect("sent");
    producer.close().await;
}

fn bodies(request: &Value) -> Vec<Vec<u8>> {
    let text = request["body"]["Data"]["events"].as_str().expect("a text");
    let bodies: Vec<String> = serde_json::from_str(text).expect("an array");
    bodies
        .iter()
        .map(|body| STANDARD.decode(body).expect("base64"))
        .collect()
}

fn partition(request: &Value) -> &str {
    request["body"]["Metadata"]["PartitionContext"]["PartitionId"]
        .as_str()
        .expect("an id")
}

/// Waits until the partition is done with up to this event.
async fn checkpointed(host: &Host, partition: &str, sequence: i64) {
    let key = ("bronze".to_owned(), partition.to_owned());
    eventually("a checkpoint", async || {
        let stats = host.stats().partitions.get(&key).copied()?;
        (stats.checkpointed == Some(sequence)).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn events_arrive_byte_for_byte_and_a_restart_goes_on() {
    let namespace = namespace("exact").await;
    let app = app(&namespace, "exact").await;
    let all: [&[u8]; 4] = [b"{\"a\":1}", b"\xff\xfe\x00", b"", b"two\nlines"];
    send(&namespace, "exact", "0", &all).await;
    let host = app.start().await;
    checkpointed(&host, "0", 3).await;
    let received: Vec<_> = app.requests().iter().flat_map(bodies).collect();
    assert_eq!(received, all.map(<[u8]>::to_vec));
    host.shutdown().await;

    send(&namespace, "exact", "0", &[b"later"]).await;
    send(&namespace, "exact", "1", &[b"elsewhere"]).await;
    let host = app.start().await;
    checkpointed(&host, "0", 4).await;
    checkpointed(&host, "1", 0).await;
    let requests = app.requests();
    let partitions: BTreeSet<_> = requests.iter().map(partition).collect();
    assert_eq!(partitions, BTreeSet::from(["0", "1"]));
    assert_eq!(requests.iter().flat_map(bodies).count(), 6);
    host.shutdown().await;
    checkpoint_blob_is_in_the_sdks_layout().await;
    namespace.shutdown().await.expect("shut down");
}

#[tokio::test(flavor = "multi_thread")]
async fn checkpoints_that_are_set_back_have_events_delivered_again_and_what_was_sent_is_known() {
    let namespace = namespace("again").await;
    let app = app(&namespace, "again").await;
    let sent: [&[u8]; 4] = [b"one", b"two", b"three", b"four"];
    send(&namespace, "again", "0", &sent).await;
    send(&namespace, "again", "1", &[b"elsewhere"]).await;
    let host = app.start().await;
    checkpointed(&host, "0", 3).await;
    checkpointed(&host, "1", 0).await;
    host.shutdown().await;
    let before = app.requests().len();

    let text = namespace.connection_string();
    let connection = EventHubConnection::parse(&text, Some("again")).expect("valid");
    let again = set_back(&account().await, &connection, "$Default", 2).await;
    assert_eq!(
        again,
        Ok(3),
        "two of the one partition, and all of the other"
    );
    let host = app.start().await;
    checkpointed(&host, "0", 3).await;
    checkpointed(&host, "1", 0).await;
    let requests = app.requests();
    let delivered: BTreeSet<_> = requests[before..].iter().flat_map(bodies).collect();
    let expected: [&[u8]; 3] = [b"three", b"four", b"elsewhere"];
    assert_eq!(delivered, expected.map(<[u8]>::to_vec).into());
    host.shutdown().await;

    let (held, taking) = std::sync::mpsc::channel();
    let all = namespace.each_event("again", move |event| drop(held.send(event)));
    all.await.expect("the hub can be read");
    let found: Vec<_> = taking
        .try_iter()
        .map(|event| (event.sequence, event.body))
        .collect();
    let sequences = [0, 1, 2, 3, 0];
    let bodies = [&sent[..], &[b"elsewhere"]].concat();
    let bodies = bodies.into_iter().map(|body| Some(body.to_vec()));
    assert_eq!(found, sequences.into_iter().zip(bodies).collect::<Vec<_>>());
    namespace.shutdown().await.expect("shut down");
}

async fn checkpoint_blob_is_in_the_sdks_layout() {
    use azure_storage_blob::models::BlobClientGetPropertiesResultHeaders as _;
    let service = account().await.blob_service().expect("a service");
    let name = "127.0.0.1/exact/$default/checkpoint/0";
    let blob = service.blob_client("azure-webjobs-eventhub", name);
    let properties = blob.get_properties(None).await.expect("a checkpoint");
    let metadata = properties.metadata().expect("metadata");
    let value = |key: &str| {
        metadata
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    };
    assert_eq!(value("sequencenumber").map(String::as_str), Some("4"));
    assert!(value("offset").is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_function_blocks_its_partition_until_it_succeeds() {
    let namespace = namespace("stubborn").await;
    let app = app(&namespace, "stubborn").await;
    app.script(json!({"bronze": "fail"}));
    send(&namespace, "stubborn", "1", &[b"one"]).await;
    let host = app.start().await;
    let requests = app.requested(3).await;
    let id = |request: &Value| header(request, "X-Azure-Functions-InvocationId");
    let retry = |request: &Value| request["body"]["Metadata"]["RetryContext"]["RetryCount"].clone();
    assert_eq!(id(&requests[0]), id(&requests[2]));
    assert_eq!(
        (retry(&requests[0]), retry(&requests[2])),
        (json!(0), json!(2))
    );
    let key = ("bronze".to_owned(), "1".to_owned());
    assert_eq!(host.stats().partitions[&key].checkpointed, None);
    app.script(json!({}));
    checkpointed(&host, "1", 0).await;
    host.shutdown().await;
    namespace.shutdown().await.expect("shut down");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_host_goes_on_when_a_receiver_with_an_owner_level_has_gone() {
    let namespace = namespace("shared").await;
    let app = app(&namespace, "shared").await;
    send(&namespace, "shared", "0", &[b"one"]).await;
    let host = app.start().await;
    checkpointed(&host, "0", 0).await;
    let owner = RawReceiver::attach(&namespace, "shared", Some(0)).await;
    let mut owner = owner.expect("attached");
    assert_eq!(owner.receive().await.expect("an event"), b"one");
    send(&namespace, "shared", "0", &[b"two"]).await;
    assert_eq!(owner.receive().await.expect("an event"), b"two");
    assert_eq!(app.requests().iter().flat_map(bodies).count(), 1);
    owner.close().await;
    checkpointed(&host, "0", 1).await;
    host.shutdown().await;
    namespace.shutdown().await.expect("shut down");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_cannot_be_decoded_does_not_stop_its_partition() {
    let namespace = namespace("odd").await;
    let app = app(&namespace, "odd").await;
    // A message id that is a list, which no SDK sends, and a body that is null, which one does.
    let undecodable = &[0x00, 0x53, 0x73, 0xc0, 2, 1, 0x45][..];
    let null = &[0x00, 0x53, 0x75, 0x40][..];
    let sent = send_raw(&namespace, "odd/Partitions/0", BATCH, &[undecodable, null]).await;
    sent.expect("accepted");
    send(&namespace, "odd", "0", &[b"after"]).await;
    let host = app.start().await;
    checkpointed(&host, "0", 2).await;
    let key = ("bronze".to_owned(), "0".to_owned());
    let stats = host.stats().partitions[&key];
    assert_eq!((stats.events, stats.skipped), (2, 1));
    let received: Vec<_> = app.requests().iter().flat_map(bodies).collect();
    assert_eq!(received, [b"".to_vec(), b"after".to_vec()]);
    host.shutdown().await;
    namespace.shutdown().await.expect("shut down");
}

#[tokio::test(flavor = "multi_thread")]
async fn small_batches_are_held_back_for_the_maximum_wait() {
    let namespace = namespace("patient").await;
    let key = |name: &str| format!("AzureFunctionsJobHost__extensions__eventHubs__{name}");
    let app = app(&namespace, "patient")
        .await
        .with(&key("maxEventBatchSize"), "100")
        .with(&key("minEventBatchSize"), "100")
        .with(&key("maxWaitTime"), "00:00:02");
    let host = app.start().await;
    for number in 0..3_u8 {
        send(&namespace, "patient", "0", &[&[number]]).await;
    }
    checkpointed(&host, "0", 2).await;
    let requests = app.requests();
    assert_eq!(requests.len(), 1, "one batch of three");
    host.shutdown().await;
    namespace.shutdown().await.expect("shut down");
}
