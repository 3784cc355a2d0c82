//! Batches of events.

use axum::http::StatusCode;
use testkit::faulty::{How, When};
use testkit::world::World;

use super::request::{binary, bodies, captured, is_failure, is_success, post};

#[tokio::test]
async fn a_batch_of_any_bytes_is_stored() {
    let (world, batch) = (World::new(), captured("event-hub-many-binary.json"));
    let process = world.process();
    let answer = post(&process, "bronze", batch.clone()).await;
    is_success(&answer, "ingested 4 events: 4 stored in 1 objects");
    let expected: [&[u8]; 4] = [
        br#"{"order_id":1,"amount":10.5}"#,
        "hello \"quoted\" é".as_bytes(),
        b"\xff\xfe\x00\x01",
        b"",
    ];
    assert_eq!(bodies(&world).await, expected);
    let sources = world.sources().await;
    let range = sources[0].range.unwrap();
    assert_eq!((range.first.0, range.last.0), (100, 103));
    assert!(
        sources[0].name.starts_with("things/0/2026/11/22/10/"),
        "{}",
        sources[0].name
    );
    // A second delivery is a success too.
    let answer = post(&process, "bronze", batch).await;
    is_success(&answer, "ingested 4 events: 0 stored in 0 objects");
}

#[tokio::test]
async fn batches_of_one_and_of_a_thousand_are_stored() {
    let cases = [
        ("event-hub-many-binary-one-event.json", 1),
        ("event-hub-1000-events.json.gz", 1_000),
    ];
    for (name, events) in cases {
        let world = World::new();
        let answer = post(&world.process(), "bronze", captured(name)).await;
        assert_eq!(answer.status, StatusCode::OK, "{name}: {}", answer.body);
        assert_eq!(bodies(&world).await.len(), events, "{name}");
    }
}

/// With another `dataType` the host rewrites bodies or refuses whole batches: such a deployment must not run.
#[tokio::test]
async fn a_batch_that_is_not_binary_fails_and_says_what_to_change() {
    for name in [
        "event-hub-many-string.json",
        "event-hub-many-untyped-json-rewritten.json",
    ] {
        let world = World::new();
        let answer = post(&world.process(), "bronze", captured(name)).await;
        is_failure(&answer, "Data");
        assert_eq!(world.sources().await.len(), 0);
    }
}

#[tokio::test]
async fn a_retry_stores_its_events_once_with_or_without_a_trace() {
    let world = World::new();
    let process = world.process();
    process
        .script
        .fail_at("create ", When::Before, How::Permanent);
    let first = captured("event-hub-retry-attempt-0.json");
    let second = captured("event-hub-retry-attempt-1.json");
    is_failure(&post(&process, "bronze", binary(&first)).await, "injected");
    assert_eq!(
        post(&process, "bronze", binary(&second)).await.status,
        StatusCode::OK
    );
    assert_eq!(world.sources().await.len(), 1);
    // The host adds this to the metadata when a trace goes on.
    let traced = captured("event-hub-with-traceparent.json");
    assert_eq!(
        post(&process, "bronze", binary(&traced)).await.status,
        StatusCode::OK
    );
    assert_eq!(world.sources().await.len(), 1);
}
