use std::net::{Ipv4Addr, SocketAddr};

use bytes::Bytes;
use sluice_local::event_hubs::{HubConfig, Namespace, NamespaceConfig};
use sluice_local::hub_client::{Destination, Producer};

use super::*;

fn event(sequence_number: i64, body: &'static [u8]) -> ReceivedEvent {
    ReceivedEvent {
        body: Bytes::from_static(body),
        sequence_number,
        offset: "70".into(),
        enqueued_time_ms: 0,
        partition_key: None,
        properties: Map::new(),
        system_properties: Map::new(),
    }
}

fn events(numbers: std::ops::Range<i64>) -> Vec<ReceivedEvent> {
    numbers.map(|number| event(number, b"{}")).collect()
}

fn numbers(events: &[ReceivedEvent]) -> Vec<i64> {
    events.iter().map(|event| event.sequence_number).collect()
}

fn text(event: ReceivedEvent) -> String {
    json_lines("3", &[event]).unwrap()
}

#[test]
fn a_body_is_json_digit_for_digit_or_text_or_base64() {
    let ends = |body: &'static [u8], end: &str| {
        let line = text(event(7, body));
        assert!(line.ends_with(end), "{line}");
    };
    ends(b"{\"a\": 1.10}", r#""body":{"a": 1.10}}"#);
    ends(b"{\"a\"", r#""body":"{\"a\""}"#);
    ends(b"[\n]", r#""body":"[\n]"}"#);
    ends(b"\xff", r#""body_base64":"/w=="}"#);
    let line: Value = serde_json::from_str(&text(event(7, b"1"))).unwrap();
    assert_eq!(line["partition"], "3");
    assert_eq!(line["sequence_number"], 7);
    assert_eq!(line["enqueued_time"], "1970-01-01T00:00:00.000Z");
}

#[test]
fn without_json_an_event_is_its_bytes_and_a_line_feed() {
    let events = [event(1, b"\xff\xfe"), event(2, b""), event(3, b"x")];
    assert_eq!(bodies(&events), b"\xff\xfe\n\nx\n");
}

#[test]
fn without_a_goal_everything_is_taken_for_ever() {
    let mut goal = Goal {
        left: None,
        ends: None,
    };
    assert_eq!(goal.take("0", &events(0..500)).len(), 500);
    assert!(!goal.is_reached());
}

#[test]
fn a_count_ends_in_the_middle_of_a_batch() {
    let mut goal = Goal {
        left: Some(5),
        ends: None,
    };
    assert_eq!(numbers(goal.take("0", &events(0..3))), [0, 1, 2]);
    assert!(!goal.is_reached());
    assert_eq!(numbers(goal.take("1", &events(7..20))), [7, 8]);
    assert!(goal.is_reached());
}

#[test]
fn until_now_ends_with_the_last_event_that_was_there() {
    let ends = [("0".to_owned(), 4), ("1".to_owned(), 1)];
    let mut goal = Goal {
        left: None,
        ends: Some(ends.into()),
    };
    assert_eq!(numbers(goal.take("0", &events(0..4))), [0, 1, 2, 3]);
    assert_eq!(numbers(goal.take("1", &events(0..9))), [0, 1]);
    assert!(!goal.is_reached(), "partition 0 has one more");
    let later = events(2..5);
    assert!(goal.take("1", &later).is_empty(), "that came since");
    assert_eq!(numbers(goal.take("0", &events(4..6))), [4]);
    assert!(goal.is_reached());
}

#[test]
fn events_that_expired_meanwhile_are_not_waited_for() {
    let mut goal = Goal {
        left: None,
        ends: Some([("0".to_owned(), 4)].into()),
    };
    assert!(goal.take("0", &events(7..9)).is_empty());
    assert!(goal.is_reached());
}

#[test]
fn an_event_that_cannot_be_decoded_is_named_and_not_waited_for() {
    let mut goal = Goal {
        left: None,
        ends: Some([("0".to_owned(), 4)].into()),
    };
    assert_eq!(goal.take("0", &events(2..4)).len(), 2);
    goal.reach("0", 3);
    assert!(!goal.is_reached());
    goal.reach("0", 4);
    assert!(goal.is_reached());
    let event = PassedOver {
        sequence_number: 4,
        reason: "Decoding Message failed".to_owned(),
    };
    let text = passed_over("0", &event);
    assert!(
        text.starts_with("sluice: partition 0: event 4 cannot be decoded"),
        "{text}"
    );
}

#[test]
fn a_partition_that_is_not_there_is_wrong_usage_with_those_that_are() {
    let known = || vec!["0".to_owned(), "1".to_owned()];
    assert_eq!(chosen(None, known(), "h").unwrap(), known());
    assert_eq!(chosen(Some("1"), known(), "h").unwrap(), ["1"]);
    let error = chosen(Some("7"), known(), "h").unwrap_err();
    assert_eq!(error.0, "hub h has no partition 7; it has 0, 1");
}

/// A namespace with a hub of two partitions; partition 0 has three events.
async fn hub() -> (Namespace, EventHubConnection) {
    let namespace = Namespace::start(NamespaceConfig {
        listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        data_dir: None,
        hubs: vec![HubConfig {
            name: "events".to_owned(),
            partitions: 2,
            consumer_groups: Vec::new(),
        }],
    });
    let namespace = namespace.await.unwrap();
    let connection = namespace.connection_string();
    let connection = EventHubConnection::parse(&connection, Some("events")).unwrap();
    let producer = Producer::connect(connection.clone()).await.unwrap();
    let bodies = ["a", "b", "c"].map(Bytes::from);
    let to = Destination::Partition("0".to_owned());
    producer.send(bodies.into(), &to).await.unwrap();
    producer.close().await;
    (namespace, connection)
}

#[tokio::test]
async fn until_now_waits_only_for_partitions_that_hold_events() {
    let (namespace, hub) = hub().await;
    let partitions = ["0", "1"].map(str::to_owned);
    let found = ends(&hub, &partitions, From::Start).await.unwrap();
    assert_eq!(found, HashMap::from([("0".to_owned(), 2)]));
    let found = ends(&hub, &partitions, From::Latest).await.unwrap();
    assert!(found.is_empty(), "nothing that is there is read");
    namespace.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_partition_is_read_in_its_order_until_nobody_listens() {
    let (namespace, hub) = hub().await;
    let (sender, mut received) = mpsc::channel(1);
    let reading = tokio::spawn(read(hub, ReceiverOptions::new("0"), sender));
    let mut bodies = Vec::new();
    while bodies.len() < 3 {
        let batch = received.recv().await.unwrap().unwrap();
        let (partition, events) = (batch.partition, batch.events);
        assert_eq!(partition, "0");
        bodies.extend(events.into_iter().map(|event| event.body));
    }
    assert_eq!(bodies, ["a", "b", "c"]);
    drop(received);
    reading.abort();
    namespace.shutdown().await.unwrap();
}

#[tokio::test]
async fn a_partition_that_cannot_be_read_ends_the_command_with_its_error() {
    let (namespace, hub) = hub().await;
    let (sender, received) = mpsc::channel(1);
    let reading = tokio::spawn(read(hub, ReceiverOptions::new("7"), sender));
    let goal = Goal {
        left: None,
        ends: None,
    };
    let outcome = print_all(received, goal, false).await;
    assert!(outcome.is_err());
    reading.await.unwrap();
    namespace.shutdown().await.unwrap();
}
