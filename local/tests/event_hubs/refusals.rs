//! What is refused, how it is said, and that everything else goes on.

use std::time::Duration;

use bytes::Bytes;
use sluice_local::hub_client::{
    ClientError, Destination, OutgoingEvent, PartitionReceiver, ReceiverOptions,
};

use crate::support::raw::{BATCH, RawReceiver, send_raw};
use crate::support::{
    bodies, connection, drain, earliest, free_namespace, hub, producer, sdk_producer, to,
};

const MIB: usize = 1024 * 1024;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_there_is_refused_in_words() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let client = producer(&namespace, "nothing").await;
    let error = client
        .send(bodies(["a"]), &Destination::Any)
        .await
        .unwrap_err();
    assert!(error.is_permanent(), "{error:?}");
    assert!(
        format!("{error:?}").contains("could not be found"),
        "{error:?}"
    );

    let client = producer(&namespace, "orders").await;
    let error = client.send(bodies(["a"]), &to("7")).await.unwrap_err();
    assert!(error.is_permanent(), "{error:?}");
    assert!(
        format!("{error:?}").contains("between 0 and 0"),
        "{error:?}"
    );

    for (group, partition, words) in [
        ("nobody", "0", "nobody"),
        ("$Default", "7", "between 0 and 0"),
    ] {
        let options = ReceiverOptions {
            consumer_group: group.to_owned(),
            ..ReceiverOptions::new(partition)
        };
        let opened = PartitionReceiver::open(connection(&namespace, "orders"), options).await;
        let mut receiver = opened.unwrap();
        let error = receiver
            .next_batch(1, Duration::from_secs(20))
            .await
            .unwrap_err();
        assert!(error.is_permanent(), "{error:?}");
        assert!(format!("{error:?}").contains(words), "{error:?}");
    }
    let unknown = connection(&namespace, "nothing")
        .partition_ids()
        .await
        .unwrap_err();
    assert!(
        format!("{unknown:?}").contains("could not be found"),
        "{unknown:?}"
    );
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn more_than_a_mebibyte_is_refused_and_the_producer_goes_on() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let client = producer(&namespace, "orders").await;
    let too_large = vec![Bytes::from(vec![0; MIB])];
    let error = client.send(too_large, &to("0")).await.unwrap_err();
    assert!(
        matches!(error, ClientError::EventTooLarge { bytes: MIB, .. }),
        "{error:?}"
    );

    // What goes beside a body counts: a small one has no room either.
    let text = "x".repeat(MIB);
    let beside = OutgoingEvent {
        body: Bytes::from_static(b"small"),
        properties: [("note".to_owned(), text.into())].into_iter().collect(),
        ..OutgoingEvent::default()
    };
    let size = beside.bytes();
    assert!((MIB..MIB + 100).contains(&size), "{size}");
    let error = client.send_events(vec![beside], &to("0")).await;
    let error = error.unwrap_err().to_string();
    let expected = format!("event of {size} bytes is larger than event hub orders takes");
    assert_eq!(error, expected);

    // A single event, which the SDK does not measure. The link stays, so the next one goes through.
    let sdk = sdk_producer(&namespace, "orders").await;
    let error = sdk.send_event(vec![0; MIB], None).await.unwrap_err();
    assert!(
        format!("{error:?}").contains("exceeds the limit"),
        "{error:?}"
    );
    assert_eq!(namespace.stats()[0].events, 0);
    sdk.send_event(vec![0; MIB - 1_000], None).await.unwrap();

    // Six batches' worth goes out as several batches.
    let large = (0..6)
        .map(|it| Bytes::from(vec![it; MIB - 1_000]))
        .collect();
    client.send(large, &to("0")).await.unwrap();
    let received = drain(&mut earliest(&namespace, "orders", "0").await, 7).await;
    assert!(
        received
            .iter()
            .skip(1)
            .zip(0..)
            .all(|(event, it)| event.body == vec![it; MIB - 1_000])
    );
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn receiver_with_a_level_takes_the_partition_over() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let producer = producer(&namespace, "orders").await;
    producer.send(bodies(["a"]), &to("0")).await.unwrap();
    let mut shared = earliest(&namespace, "orders", "0").await;
    drain(&mut shared, 1).await;

    let mut first = RawReceiver::attach(&namespace, "orders", Some(1))
        .await
        .unwrap();
    assert_eq!(first.receive().await.unwrap(), b"a");
    let lost = shared
        .next_batch(1, Duration::from_secs(20))
        .await
        .unwrap_err();
    assert!(matches!(lost, ClientError::Stolen { .. }), "{lost:?}");

    let mut second = RawReceiver::attach(&namespace, "orders", Some(1))
        .await
        .unwrap();
    assert_eq!(second.receive().await.unwrap(), b"a");
    let lost = first.receive().await.unwrap_err();
    assert!(lost.contains("Stolen"), "{lost}");

    let refused = RawReceiver::attach(&namespace, "orders", Some(0)).await;
    let refused = refused.unwrap_err();
    assert!(
        refused.contains("Stolen") && refused.contains("higher epoch '1'"),
        "{refused}"
    );
    let mut shared = earliest(&namespace, "orders", "0").await;
    let refused = shared
        .next_batch(1, Duration::from_secs(20))
        .await
        .unwrap_err();
    assert!(matches!(refused, ClientError::Stolen { .. }), "{refused:?}");

    producer.send(bodies(["b"]), &to("0")).await.unwrap();
    assert_eq!(second.receive().await.unwrap(), b"b");
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn five_receivers_without_a_level_share_a_partition() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    let mut inside = Vec::new();
    for _ in 0..5 {
        inside.push(
            RawReceiver::attach(&namespace, "orders", None)
                .await
                .unwrap(),
        );
    }
    let refused = RawReceiver::attach(&namespace, "orders", None).await;
    let refused = refused.unwrap_err();
    assert!(
        refused.contains("ResourceLimitExceeded") && refused.contains("which is 5"),
        "{refused}"
    );
    inside.pop().unwrap().close().await;
    RawReceiver::attach(&namespace, "orders", None)
        .await
        .unwrap();
    namespace.shutdown().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_message_is_rejected_with_the_reason() {
    let namespace = free_namespace(&[hub("orders", 1)]).await;
    for (bytes, reason) in [
        (&b"hello"[..], "something else than a section"),
        (&[0x00, 0x53, 0x75, 0xa0, 9, b'x'], "cut short"),
        (&[0x00, 0x53, 0x74, 0xc1, 2, 1, 0x40], "to be a map is none"),
    ] {
        let refused = send_raw(&namespace, "orders/Partitions/0", BATCH, &[bytes]).await;
        let refused = refused.unwrap_err();
        assert!(
            refused.contains("DecodeError") && refused.contains(reason),
            "{refused}"
        );
    }
    assert_eq!(namespace.stats()[0].events, 0);
    namespace.shutdown().await.unwrap();
}
