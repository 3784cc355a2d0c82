//! What the official SDK for Rust sends, receives and asks.

use std::collections::HashSet;
use std::time::{Duration, UNIX_EPOCH};

use azure_core::credentials::Secret;
use azure_core::http::Url;
use azure_core::time::OffsetDateTime;
use azure_core_amqp::message::{
    AmqpAnnotations, AmqpApplicationProperties, AmqpMessageBody, AmqpMessageId,
    AmqpMessageProperties,
};
use azure_core_amqp::{
    AmqpClaimsBasedSecurity, AmqpClaimsBasedSecurityApis as _, AmqpConnection,
    AmqpConnectionApis as _, AmqpSession, AmqpSessionApis as _, AmqpSimpleValue, AmqpSymbol,
    AmqpTimestamp, AmqpValue,
};
use azure_messaging_eventhubs::SendEventOptions;
use azure_messaging_eventhubs::models::{AmqpMessage, EventData};
use bytes::Bytes;
use serde_json::{Value, json};
use sluice_local::event_hubs::{Error, Namespace, NamespaceConfig};
use sluice_local::hub_client::{
    Destination, EventHubConnection, PartitionReceiver, Producer, ReceiverOptions, Start,
};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::support::{
    bodies, config, connection, drain, earliest, free_namespace, hub, producer, sdk_producer, to,
};

#[tokio::test(flavor = "multi_thread")]
async fn bodies_arrive_byte_for_byte() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let all: Vec<u8> = (0..=255).collect();
    let sent: Vec<Bytes> = [
        Bytes::new(),
        Bytes::from_static(b"{\"order_id\": 1}"),
        Bytes::from(all.repeat(2)),
        Bytes::from_static(b"\x00\x53\x75\xa0\x01x"),
        Bytes::from_static(b"line\nbreak\r\n"),
        Bytes::from(vec![0xff; 1_000_000]),
        Bytes::new(),
    ]
    .into();
    let producer = producer(&namespace, "orders").await;
    producer.send(sent.clone(), &to("0")).await.unwrap();
    let mut receiver = earliest(&namespace, "orders", "0").await;
    let received = drain(&mut receiver, sent.len()).await;
    for (at, (event, body)) in received.iter().zip(&sent).enumerate() {
        assert!(event.body == *body, "body {at}");
        assert_eq!(event.sequence_number, at as i64);
    }
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_keep_properties_and_join_data_sections() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let client = sdk_producer(&namespace, "orders").await;
    let event = EventData::builder()
        .with_body(b"one".to_vec())
        .with_content_type("application/json".to_owned())
        .with_message_id("id-1".to_owned())
        .add_property("count".to_owned(), 7i32)
        .add_property("name".to_owned(), "x")
        .build();
    client.send_event(event, None).await.unwrap();
    let sections = AmqpMessageBody::Binary(vec![b"two-".to_vec(), vec![], b"parts".to_vec()]);
    let message = AmqpMessage::builder().with_body(sections).build();
    client.send_message(message, None).await.unwrap();
    let long = SendEventOptions {
        partition_id: Some("0".to_owned()),
    };
    client
        .send_event(vec![b'x'; 200_000], Some(long))
        .await
        .unwrap();

    let received = drain(&mut earliest(&namespace, "orders", "0").await, 3).await;
    assert_eq!(received[0].body, "one");
    assert_eq!(received[0].properties["count"], 7);
    assert_eq!(received[0].properties["name"], "x");
    assert_eq!(
        received[0].system_properties["content-type"],
        "application/json"
    );
    assert_eq!(received[0].system_properties["message-id"], "id-1");
    assert_eq!(received[1].body, "two-parts");
    assert_eq!(received[2].body.len(), 200_000);
    assert!(
        received
            .iter()
            .all(|it| it.enqueued_time_ms > 1_700_000_000_000)
    );
    let offsets: HashSet<_> = received.iter().map(|it| it.offset.clone()).collect();
    assert_eq!(offsets.len(), 3);
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_comes_with_an_event_is_what_the_real_host_hands_on() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let client = sdk_producer(&namespace, "orders").await;
    let hour = UNIX_EPOCH + Duration::from_secs(3_600);
    let properties = AmqpMessageProperties {
        message_id: Some(AmqpMessageId::Ulong(7)),
        user_id: Some(b"me".to_vec()),
        correlation_id: Some(AmqpMessageId::String("c-1".to_owned())),
        content_type: Some(AmqpSymbol("application/json".to_owned())),
        content_encoding: Some(AmqpSymbol("gzip".to_owned())),
        creation_time: Some(AmqpTimestamp(Some(hour))),
        subject: Some("s".to_owned()),
        group_id: Some("g".to_owned()),
        ..AmqpMessageProperties::default()
    };
    let mut annotations = AmqpAnnotations::new();
    let device = AmqpValue::String("d1".to_owned());
    let later = AmqpTimestamp(Some(hour + Duration::from_millis(120)));
    for (name, value) in [
        ("iothub-connection-device-id", device),
        ("iothub-enqueuedtime", AmqpValue::TimeStamp(later)),
    ] {
        annotations.insert(AmqpSymbol(name.to_owned()), value);
    }
    let mut application = AmqpApplicationProperties::new();
    for (name, value) in [
        ("text", AmqpSimpleValue::String("a\"b\n".to_owned())),
        ("double", AmqpSimpleValue::Double(1.0)),
        ("long", AmqpSimpleValue::Long(-1)),
        ("flag", AmqpSimpleValue::Boolean(true)),
        (
            "time",
            AmqpSimpleValue::TimeStamp(AmqpTimestamp(Some(hour))),
        ),
    ] {
        application.insert(name.to_owned(), value);
    }
    let message = AmqpMessage::builder()
        .with_properties(properties)
        .with_message_annotations(annotations)
        .with_application_properties(application)
        .with_body(b"{}".to_vec())
        .build();
    client.send_message(message, None).await.unwrap();

    let received = drain(&mut earliest(&namespace, "orders", "0").await, 1).await;
    let expected = json!({
        "text": "a\"b\n", "double": 1.0, "long": -1, "flag": true, "time": "1970-01-01T01:00:00Z",
    });
    assert_eq!(Value::from(received[0].properties.clone()), expected);
    let expected = json!({
        "message-id": "7", "user-id": "bWU=", "correlation-id": "c-1",
        "content-type": "application/json", "content-encoding": "gzip", "subject": "s",
        "creation-time": "1970-01-01T01:00:00+00:00", "group-id": "g",
        "iothub-connection-device-id": "d1", "iothub-enqueuedtime": "1970-01-01T01:00:00.12Z",
    });
    assert_eq!(Value::from(received[0].system_properties.clone()), expected);
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn links_of_a_token_that_are_let_go_long_before_their_session_do_not_cost_the_connection() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let connection = AmqpConnection::new();
    let url = Url::parse(&namespace.endpoint()).unwrap();
    connection
        .open("orders".to_owned(), url.clone(), None)
        .await
        .unwrap();
    for _ in 0..3 {
        let session = AmqpSession::new();
        session.begin(&connection, None).await.unwrap();
        let tokens = AmqpClaimsBasedSecurity::new(session.clone()).unwrap();
        tokens.attach().await.unwrap();
        let path = format!("{url}/orders");
        let expires = OffsetDateTime::now_utc() + azure_core::time::Duration::hours(1);
        tokens
            .authorize_path(path, None, &Secret::new("token"), expires)
            .await
            .unwrap();
        // The SDK lets go of both at once, but its threads may stop in between for any time.
        drop(tokens);
        tokio::time::sleep(Duration::from_millis(100)).await;
        drop(session);
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn key_keeps_events_together_and_no_key_spreads_them() {
    let namespace = free_namespace(&[hub("orders", 4)]).await;
    let producer = producer(&namespace, "orders").await;
    let counts = || {
        namespace
            .stats()
            .iter()
            .map(|it| it.events)
            .collect::<Vec<_>>()
    };
    for batch in 0..8 {
        producer
            .send(bodies([format!("{batch}")]), &Destination::Any)
            .await
            .unwrap();
    }
    assert_eq!(counts(), [2, 2, 2, 2]);
    for _ in 0..3 {
        let key = Destination::Key("customer-1".to_owned());
        producer.send(bodies(["a", "b"]), &key).await.unwrap();
    }
    let mut sorted = counts();
    sorted.sort_unstable();
    assert_eq!(sorted, [2, 2, 2, 8]);

    let stats = namespace.stats();
    let keyed = stats.iter().find(|it| it.events == 8).unwrap();
    let mut receiver = earliest(&namespace, "orders", &keyed.partition).await;
    let received = drain(&mut receiver, 8).await;
    assert_eq!(received[0].partition_key, None);
    assert_eq!(received[7].partition_key.as_deref(), Some("customer-1"));
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn receiver_starts_where_asked() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let producer = producer(&namespace, "orders").await;
    producer
        .send(bodies((0..10).map(|it| it.to_string())), &to("0"))
        .await
        .unwrap();
    let all = drain(&mut earliest(&namespace, "orders", "0").await, 10).await;
    let time = all[0].enqueued_time_ms;
    for (start, first) in [
        (Start::Earliest, 0),
        (Start::AfterSequence(-1), 0),
        (Start::AfterSequence(4), 5),
        (Start::AfterOffset(all[6].offset.clone()), 7),
        (Start::EnqueuedAfter(time - 1), 0),
    ] {
        let options = ReceiverOptions {
            start: start.clone(),
            ..ReceiverOptions::new("0")
        };
        let connection = connection(&namespace, "orders");
        let mut receiver = PartitionReceiver::open(connection, options).await.unwrap();
        let received = drain(&mut receiver, 10 - first).await;
        assert_eq!(received, all[first..], "{start:?}");
    }
    for start in [
        Start::Latest,
        Start::AfterSequence(9),
        Start::EnqueuedAfter(time),
    ] {
        let options = ReceiverOptions {
            start: start.clone(),
            ..ReceiverOptions::new("0")
        };
        let connection = connection(&namespace, "orders");
        let mut receiver = PartitionReceiver::open(connection, options).await.unwrap();
        let none = receiver
            .next_batch(10, Duration::from_millis(300))
            .await
            .unwrap();
        assert_eq!(none, [], "{start:?}");
    }
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn latest_receiver_gets_what_comes_next() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let producer = producer(&namespace, "orders").await;
    producer.send(bodies(["old"]), &to("0")).await.unwrap();
    let options = ReceiverOptions {
        start: Start::Latest,
        ..ReceiverOptions::new("0")
    };
    let mut receiver = PartitionReceiver::open(connection(&namespace, "orders"), options)
        .await
        .unwrap();
    producer.send(bodies(["new"]), &to("0")).await.unwrap();
    assert_eq!(drain(&mut receiver, 1).await[0].body, "new");
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_numbers_and_creation_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let hubs = [hub("orders", 2)];
    let first = Namespace::start(config(Some(directory.path()), &hubs))
        .await
        .unwrap();
    producer(&first, "orders")
        .await
        .send(bodies(["a", "b"]), &to("1"))
        .await
        .unwrap();
    let stats = first.stats();
    first.shutdown().await.unwrap();

    let second = Namespace::start(config(Some(directory.path()), &hubs))
        .await
        .unwrap();
    assert_eq!(second.stats(), stats);
    producer(&second, "orders")
        .await
        .send(bodies(["c"]), &to("1"))
        .await
        .unwrap();
    let received = drain(&mut earliest(&second, "orders", "1").await, 3).await;
    let found: Vec<_> = received
        .iter()
        .map(|it| (it.sequence_number, it.body.clone()))
        .collect();
    assert_eq!(found, [(0, "a".into()), (1, "b".into()), (2, "c".into())]);
    second.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn open_clients_go_on_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let hubs = [hub("orders", 1)];
    let first = Namespace::start(config(Some(directory.path()), &hubs))
        .await
        .unwrap();
    let address = first.local_addr();
    let producer = producer(&first, "orders").await;
    producer.send(bodies(["a", "b"]), &to("0")).await.unwrap();
    let mut receiver = earliest(&first, "orders", "0").await;
    assert_eq!(drain(&mut receiver, 2).await[1].body, "b");
    first.shutdown().await.unwrap();

    let again = NamespaceConfig {
        listen: address,
        ..config(Some(directory.path()), &hubs)
    };
    let second = Namespace::start(again).await.unwrap();
    producer.send(bodies(["c"]), &to("0")).await.unwrap();
    let received = drain(&mut receiver, 1).await;
    assert_eq!(
        (received[0].sequence_number, &received[0].body[..]),
        (2, &b"c"[..])
    );
    second.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn consumer_groups_read_independently() {
    let mut orders = hub("orders", 1);
    orders.consumer_groups = vec!["audit".to_owned()];
    let namespace = free_namespace(&[orders]).await;
    producer(&namespace, "orders")
        .await
        .send(bodies(["a"]), &to("0"))
        .await
        .unwrap();
    for group in ["$Default", "audit"] {
        let options = ReceiverOptions {
            consumer_group: group.to_owned(),
            ..ReceiverOptions::new("0")
        };
        let mut receiver = PartitionReceiver::open(connection(&namespace, "orders"), options)
            .await
            .unwrap();
        assert_eq!(drain(&mut receiver, 1).await[0].body, "a");
    }
    namespace.shutdown().await.unwrap();
}

/// The SDK's client can miss an outcome and wait for ever; the namespace repeats outcomes.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_small_sends_never_hang() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let sends = (0..4).map(|_| async {
        let client = sdk_producer(&namespace, "orders").await;
        for _ in 0..250 {
            client.send_event(b"x".to_vec(), None).await.unwrap();
        }
    });
    let all = futures::future::join_all(sends);
    tokio::time::timeout(Duration::from_secs(60), all)
        .await
        .expect("no send hangs");
    let stored: u64 = namespace.stats().iter().map(|it| it.events).sum();
    assert_eq!(stored, 1_000);
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn stored_events_can_be_waited_for() {
    let namespace = free_namespace(&[hub("orders", 2)]).await;
    let mut events = namespace.events();
    let producer = producer(&namespace, "orders").await;
    let send = producer.send(bodies(["a", "b", "c"]), &Destination::Any);
    let wait = tokio::time::timeout(Duration::from_secs(20), events.wait_for(|&it| it >= 3));
    let (sent, waited) = tokio::join!(send, wait);
    sent.unwrap();
    assert_eq!(*waited.unwrap().unwrap(), 3);
    namespace.shutdown().await.unwrap();
}

#[tokio::test]
async fn only_loopback_is_listened_on() {
    let config = NamespaceConfig {
        listen: ([0, 0, 0, 0], 0).into(),
        ..config(None, &[])
    };
    let error = Namespace::start(config).await.unwrap_err();
    assert!(matches!(error, Error::NotLoopback { .. }), "{error:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn properties_tell_how_far_a_partition_is() {
    let namespace = free_namespace(&[hub("orders", 3)]).await;
    let connection: EventHubConnection = connection(&namespace, "ORDERS");
    assert_eq!(connection.partition_ids().await.unwrap(), ["0", "1", "2"]);
    let empty = connection.partition_state("2").await.unwrap();
    assert!(empty.is_empty && empty.last_sequence == -1, "{empty:?}");
    let producer = Producer::connect(connection.clone()).await.unwrap();
    producer.send(bodies(["a", "b"]), &to("2")).await.unwrap();
    let state = connection.partition_state("2").await.unwrap();
    assert!(!state.is_empty && state.last_sequence == 1, "{state:?}");
    let received = drain(&mut earliest(&namespace, "orders", "2").await, 2).await;
    assert_eq!(received[1].offset, state.last_offset);
    assert_eq!(Some(received[1].enqueued_time_ms), state.last_enqueued_ms);
    producer.close().await;
    namespace.shutdown().await.unwrap();
}

/// Sends one event by HTTP; returns the status.
async fn post(
    namespace: &Namespace,
    path: &str,
    kind: &str,
    body: &[u8],
) -> Result<u16, Box<dyn std::error::Error>> {
    let mut stream = tokio::net::TcpStream::connect(namespace.local_addr()).await?;
    let length = body.len();
    let head = format!(
        "POST /{path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{kind}Content-Length: {length}\r\n\r\n"
    );
    stream.write_all(&[head.as_bytes(), body].concat()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).ok_or("an answer has a status")?;
    Ok(status.parse()?)
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_is_sent_by_http_is_received_like_any_other() {
    let namespace = free_namespace(&[hub("orders", 1), hub("alerts", 1)]).await;
    let kind = "Content-Type: application/json; charset=utf-8\r\n";
    let path = "alerts/messages?api-version=2014-01";
    assert_eq!(
        post(&namespace, path, kind, b"{\"id\": 1}").await.unwrap(),
        201
    );
    let long = "x".repeat(300);
    let too_long = format!("Content-Type: text/{long}\r\n");
    assert_eq!(
        post(&namespace, path, &too_long, b"second").await.unwrap(),
        201
    );
    assert_eq!(post(&namespace, path, "", b"").await.unwrap(), 201);
    assert_eq!(
        post(&namespace, "nobody/messages", kind, b"x")
            .await
            .unwrap(),
        404
    );
    assert_eq!(post(&namespace, "alerts", kind, b"x").await.unwrap(), 404);

    let received = drain(&mut earliest(&namespace, "alerts", "0").await, 3).await;
    assert_eq!(received[0].body, "{\"id\": 1}");
    assert_eq!(
        received[0].system_properties["content-type"],
        "application/json; charset=utf-8"
    );
    assert_eq!(received[1].body, "second");
    assert_eq!(received[2].body, "");
    let stats = namespace.stats();
    assert_eq!((stats[0].events, stats[1].events), (3, 0), "{stats:?}");
    namespace.shutdown().await.unwrap();
}
