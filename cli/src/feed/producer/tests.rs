use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use sluice_local::event_hubs::{HubConfig, Namespace, NamespaceConfig};
use sluice_local::hub_client::{PartitionReceiver, ReceiverOptions};

use super::super::orders::{OrderArguments, Shares};
use super::*;

const NOW: i64 = 1_763_120_674_343;

/// A namespace on a free port, with a hub of one partition.
async fn namespace() -> (Namespace, EventHubConnection) {
    let namespace = Namespace::start(NamespaceConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data_dir: None,
        hubs: vec![HubConfig {
            name: "events".to_owned(),
            partitions: 1,
            consumer_groups: Vec::new(),
        }],
    })
    .await
    .unwrap();
    let hub = EventHubConnection::parse(&namespace.connection_string(), Some("events")).unwrap();
    (namespace, hub)
}

fn orders(count: Option<u64>, rate: Option<u64>) -> FeedPlan {
    let orders = OrderArguments {
        shares: Shares::NONE,
        seed: 1,
    };
    FeedPlan {
        origin: Origin::Orders { count, orders },
        rate,
    }
}

fn file(content: &[u8]) -> (tempfile::NamedTempFile, FeedPlan) {
    let file = tempfile::NamedTempFile::with_suffix(".jsonl").unwrap();
    std::fs::write(file.path(), content).unwrap();
    let origin = Origin::File(file.path().to_owned());
    (file, FeedPlan { origin, rate: None })
}

#[tokio::test]
async fn a_line_of_bronze_is_sent_with_what_came_with_the_event() {
    let (namespace, hub) = namespace().await;
    let line = br#"{"$sluice":"event","system":{"content-type":"application/json","iothub-connection-device-id":"d-1","x-opt-partition-key":"k"},"properties":{"site":"north","n":1},"body":{"a":1}}"#;
    let lines = [&line[..], b"\n{}\n", &line[..], b"\n"].concat();
    let (_file, plan) = file(&lines);
    let feed = Feed::start(plan, hub.clone(), Destination::Any, 0);
    let feed = feed.await.unwrap();
    sent_all(&feed).await;
    feed.check().unwrap();
    let options = ReceiverOptions::new("0");
    let mut receiver = PartitionReceiver::open(hub, options).await.unwrap();
    let mut events = Vec::new();
    while events.len() < 3 {
        let batch = receiver.next_batch(3, Duration::from_secs(10)).await;
        events.extend(batch.unwrap());
    }
    for event in [&events[0], &events[2]] {
        assert_eq!(event.body, &br#"{"a":1}"#[..]);
        assert_eq!(event.properties["site"], "north");
        assert_eq!(event.properties["n"], 1);
        let said = &event.system_properties;
        assert_eq!(said["content-type"], "application/json");
        assert_eq!(said["iothub-connection-device-id"], "d-1");
        assert_eq!(event.partition_key, None);
    }
    // The envelope of a batch says nothing of the others in it.
    assert_eq!(events[1].body, &b"{}"[..]);
    assert!(events[1].properties.is_empty());
    assert!(!events[1].system_properties.contains_key("content-type"));
    namespace.shutdown().await.unwrap();
}

async fn sent_all(feed: &Feed) {
    while !feed.is_done() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

async fn bodies(hub: &EventHubConnection, count: usize) -> Vec<Bytes> {
    let options = ReceiverOptions::new("0");
    let mut receiver = PartitionReceiver::open(hub.clone(), options).await.unwrap();
    let mut bodies = Vec::new();
    while bodies.len() < count {
        let batch = receiver.next_batch(count, Duration::from_secs(10)).await;
        let batch = batch.unwrap();
        assert!(!batch.is_empty(), "only {} events came", bodies.len());
        bodies.extend(batch.into_iter().map(|event| event.body));
    }
    bodies
}

#[test]
fn a_steady_rate_sends_what_is_due_and_no_rate_a_full_batch() {
    let half_a_second = Duration::from_millis(500);
    assert_eq!(due(None, Duration::ZERO, 1_000_000), BATCH);
    assert_eq!(due(Some(200), Duration::ZERO, 0), 0);
    assert_eq!(due(Some(200), half_a_second, 0), 100);
    assert_eq!(due(Some(200), half_a_second, 60), 40);
    assert_eq!(due(Some(200), half_a_second, 500), 0, "it is ahead");
    assert_eq!(due(Some(10_000), half_a_second, 0), BATCH, "bit by bit");
    assert_eq!(due(Some(u64::MAX), Duration::MAX, 0), BATCH);
}

#[test]
fn made_up_orders_end_at_their_limit() {
    let mut source = Source::Orders {
        orders: Orders::new(1, Shares::NONE, 1),
        left: Some(7),
    };
    let mut next = |count| source.next_events(count, NOW).unwrap().len();
    assert_eq!([next(5), next(5), next(5)], [5, 2, 0]);
    let mut endless = Source::Orders {
        orders: Orders::new(1, Shares::NONE, 1),
        left: None,
    };
    assert_eq!(endless.next_events(500, NOW).unwrap().len(), 500);
}

#[tokio::test]
async fn every_event_is_sent_once_and_orders_are_numbered_on() {
    let (namespace, hub) = namespace().await;
    let plan = orders(Some(1_200), None);
    let feed = Feed::start(plan, hub.clone(), Destination::Any, 40).await;
    let feed = feed.unwrap();
    sent_all(&feed).await;
    feed.check().unwrap();
    let sent = feed.sent();
    assert_eq!((sent.events, sent.is_done), (1_200, true));
    assert_eq!(feed.stop().await, 1_200);

    let ids: Vec<u64> = bodies(&hub, 1_200)
        .await
        .iter()
        .map(|body| serde_json::from_slice::<serde_json::Value>(body).unwrap())
        .map(|order| order["order_id"].as_u64().unwrap())
        .collect();
    assert_eq!(ids, (41..1_241).collect::<Vec<_>>());
    namespace.shutdown().await.unwrap();
}

#[tokio::test]
async fn each_line_of_a_file_is_an_event_byte_for_byte() {
    let (namespace, hub) = namespace().await;
    let (_file, plan) = file(b"{\"a\": 1}\n\xff\xfe\n\nlast");
    let feed = Feed::start(plan, hub.clone(), Destination::Any, 0).await;
    let feed = feed.unwrap();
    sent_all(&feed).await;
    assert_eq!(feed.stop().await, 4);
    let expected: [&[u8]; 4] = [b"{\"a\": 1}", b"\xff\xfe", b"", b"last"];
    assert_eq!(bodies(&hub, 4).await, expected);
    namespace.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_feed_without_end_stops_when_it_is_told_to() {
    let (namespace, hub) = namespace().await;
    let plan = orders(None, Some(1_000));
    let feed = Feed::start(plan, hub.clone(), Destination::Any, 0).await;
    let feed = feed.unwrap();
    while feed.sent().events == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    assert!(!feed.is_done());
    let sent = feed.stop().await;
    assert_eq!(namespace.stats()[0].events, sent);
    namespace.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_plan_of_nothing_sends_nothing_and_needs_no_hub() {
    let nowhere = "Endpoint=sb://127.0.0.1:1;UseDevelopmentEmulator=true";
    let hub = EventHubConnection::parse(nowhere, Some("events")).unwrap();
    let plan = FeedPlan {
        origin: Origin::Nobody,
        rate: None,
    };
    let feed = Feed::start(plan, hub, Destination::Any, 0).await.unwrap();
    sent_all(&feed).await;
    feed.check().unwrap();
    assert_eq!(feed.stop().await, 0);
}

#[tokio::test]
async fn a_partition_that_the_hub_does_not_have_fails_in_words() {
    let (namespace, hub) = namespace().await;
    let nowhere = Destination::Partition("7".to_owned());
    let feed = Feed::start(orders(Some(5), None), hub, nowhere, 0).await;
    let feed = feed.unwrap();
    sent_all(&feed).await;
    let failure = feed.check().unwrap_err();
    assert!(failure.starts_with("send events: "), "{failure}");
    assert!(failure.contains("the event hub refuses: "), "{failure}");
    assert_eq!(feed.stop().await, 0);
    namespace.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_file_that_breaks_off_fails_in_words_and_counts_what_was_sent() {
    let (namespace, hub) = namespace().await;
    let file = tempfile::NamedTempFile::with_suffix(".gz").unwrap();
    std::fs::write(file.path(), b"no gzip at all").unwrap();
    let plan = FeedPlan {
        origin: Origin::File(file.path().to_owned()),
        rate: None,
    };
    let feed = Feed::start(plan, hub, Destination::Any, 0).await.unwrap();
    sent_all(&feed).await;
    let failure = feed.check().unwrap_err();
    assert!(failure.starts_with("send events: read "), "{failure}");
    namespace.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_event_that_is_too_large_is_named_by_its_line() {
    let (namespace, hub) = namespace().await;
    let large = "x".repeat(1_300_000);
    let (file, plan) = file(format!("a\nbb\n{large}\nc\n").as_bytes());
    let feed = Feed::start(plan, hub.clone(), Destination::Any, 0)
        .await
        .unwrap();
    sent_all(&feed).await;
    let error = feed.check().unwrap_err();
    let place = format!(
        "send events: {}, line 3: event of 1300000 bytes",
        file.path().display()
    );
    assert!(error.starts_with(&place), "{error}");
    assert!(error.contains("1 MiB at most"), "{error}");
    assert_eq!(bodies(&hub, 2).await, ["a", "bb"]);
    namespace.shutdown().await.unwrap();
}

#[tokio::test]
async fn an_event_with_too_many_properties_is_named_by_its_line() {
    let (namespace, hub) = namespace().await;
    let note = "x".repeat(1_300_000);
    let large =
        format!(r#"{{"$sluice":"event","system":{{}},"properties":{{"note":"{note}"}},"body":2}}"#);
    let (file, plan) = file(format!("a\n{large}\nc\n").as_bytes());
    let feed = Feed::start(plan, hub.clone(), Destination::Any, 0)
        .await
        .unwrap();
    sent_all(&feed).await;
    let error = feed.check().unwrap_err();
    let place = format!("send events: {}, line 2: event of ", file.path().display());
    let size = error
        .strip_prefix(&place)
        .and_then(|rest| rest.split(' ').next());
    let size: usize = size.unwrap_or_else(|| panic!("{error}")).parse().unwrap();
    assert!((1_300_000..1_300_100).contains(&size), "{error}");
    assert_eq!(bodies(&hub, 1).await, ["a"]);
    namespace.shutdown().await.unwrap();
}
