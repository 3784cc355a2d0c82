//! Requests that the real host sent, and the answers that it takes.

use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::http::{Request, StatusCode, header};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use futures::stream;
use serde_json::{Value, json};
use sluice::host;
use tower::ServiceExt;

use super::support::faulty::{How, When};
use super::support::world::{Process, World, thing};

/// The captures live beside the tests; their README says what they are.
const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/data/invocations");

struct Answer {
    status: StatusCode,
    content_type: String,
    body: Value,
}

/// The request body of a capture, byte for byte.
fn captured(name: &str) -> String {
    let text = std::fs::read(format!("{FOLDER}/{name}")).unwrap();
    let text = match name.ends_with(".gz") {
        true => {
            let mut plain = Vec::new();
            let mut reader = flate2::read::GzDecoder::new(&text[..]);
            std::io::Read::read_to_end(&mut reader, &mut plain).unwrap();
            plain
        }
        false => text,
    };
    let capture: Value = serde_json::from_slice(&text).unwrap();
    capture["request"]["raw"].as_str().unwrap().to_owned()
}

/// Sends a body in chunks and without a length, as the host does.
async fn post(process: &Process, function: &str, body: impl Into<Bytes>) -> Answer {
    let body: Bytes = body.into();
    let pieces: Vec<_> = (0..body.len())
        .step_by(64 * 1024)
        .map(|from| Ok::<_, std::io::Error>(body.slice(from..body.len().min(from + 64 * 1024))))
        .collect();
    let request = Request::post(format!("/{function}"))
        .header(
            "X-Azure-Functions-InvocationId",
            "784ef39d-46a7-49b6-9ddf-5ea99df83b02",
        )
        .header(header::CONTENT_TYPE, "application/json; charset=utf-8")
        .body(Body::from_stream(stream::iter(pieces)))
        .unwrap();
    let response = host::router(Arc::clone(&process.app))
        .oneshot(request)
        .await
        .unwrap();
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.unwrap().to_str().unwrap().to_owned();
    let status = response.status();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    Answer {
        status,
        content_type,
        body: serde_json::from_slice(&body).unwrap(),
    }
}

fn is_success(answer: &Answer, log: &str) {
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    assert_eq!(answer.content_type, "application/json");
    assert_eq!(
        answer.body,
        json!({ "Outputs": {}, "Logs": [log], "ReturnValue": null })
    );
}

fn is_failure(answer: &Answer, words: &str) {
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert_eq!(answer.content_type, "application/json");
    let error = answer.body["error"].as_str().unwrap();
    assert!(error.contains(words), "{error}");
}

async fn bodies(world: &World) -> Vec<Vec<u8>> {
    let lines = world.end_state().await.bronze;
    lines.into_iter().map(|(_, _, body)| body).collect()
}

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
async fn a_retry_carries_the_same_events_with_or_without_a_trace_and_stores_them_once() {
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

/// Some batches were captured with the string binding: gives them bodies as the binary one does.
fn binary(text: &str) -> String {
    let mut request: Value = serde_json::from_str(text).unwrap();
    let data = request["Data"].as_object_mut().unwrap();
    let value = data.values_mut().next().unwrap();
    let bodies: Vec<String> = serde_json::from_str(value.as_str().unwrap()).unwrap();
    let bodies: Vec<_> = bodies.iter().map(|body| STANDARD.encode(body)).collect();
    *value = json!(json!(bodies).to_string());
    request.to_string()
}

/// Gives a captured blob another name and content.
fn blob(capture: &str, name: &str, content: &[u8]) -> String {
    let mut request: Value = serde_json::from_str(&captured(capture)).unwrap();
    request["Metadata"]["name"] = json!(json!(name).to_string());
    request["Data"]["blob"] = json!(STANDARD.encode(content));
    request.to_string()
}

#[tokio::test]
async fn blobs_of_others_are_answered_and_ignored() {
    let names = [
        ("blob-jsonl.json", "orders.jsonl"),
        ("blob-jsonl-storage-4.json", "orders.jsonl"),
        ("blob-nested-name.json", "sub/dir/bin.dat"),
        ("blob-empty.json", "empty.jsonl"),
        ("blob-bom.json", "bom.json"),
        ("blob-utf8.json", "utf8.txt"),
    ];
    let world = World::new();
    let process = world.process();
    for (capture, name) in names {
        let answer = post(&process, "silver", captured(capture)).await;
        let log = format!("ignored {name}, which is not an object of this dataset");
        is_success(&answer, &log);
    }
    // A name that only begins alike is somebody else's.
    let answer = post(
        &process,
        "silver",
        blob("blob-jsonl.json", "things2/a", b"{}"),
    )
    .await;
    assert!(
        answer.body["Logs"][0]
            .as_str()
            .unwrap()
            .starts_with("ignored things2/a")
    );
    assert_eq!(world.commits().await.len(), 0);
}

#[tokio::test]
async fn blobs_of_both_extensions_are_refined() {
    let world = World::new();
    let process = world.process();
    let lines = [&thing(1, 0, 100)[..], b"oops", b""].join(&b'\n');
    let request = blob("blob-jsonl.json", "things/a.jsonl", &lines);
    is_success(
        &post(&process, "silver", request.clone()).await,
        "refined 2 lines to 1 rows in version 1",
    );
    is_success(
        &post(&process, "silver", request).await,
        "refined 2 lines to 1 rows in version 1",
    );
    let request = blob(
        "blob-jsonl-storage-4.json",
        "things/sub folder/b.jsonl",
        &lines,
    );
    is_success(
        &post(&process, "silver", request).await,
        "refined 2 lines to 0 rows in version 2",
    );
    let request = blob("blob-empty.json", "things/c.jsonl", b"");
    is_success(
        &post(&process, "silver", request).await,
        "refined 0 lines to 0 rows in version 3",
    );
    assert_eq!(world.ledger().await.len(), 3);
}

/// User metadata comes back in another case.
#[tokio::test]
async fn the_place_of_lines_is_read_from_metadata_in_any_case() {
    let world = World::new();
    let source = world
        .put("3", 40, &[thing(1, 0, 100), Bytes::from_static(b"oops")])
        .await;
    let info = &world
        .lake
        .list(&sluice::store::object::paths::bronze_dataset("things"))
        .await
        .unwrap()[0];
    let mut request: Value =
        serde_json::from_str(&blob("blob-jsonl.json", &source.name, &source.content)).unwrap();
    let capitalised = |(name, value): (&String, &String)| {
        let name = name
            .split('_')
            .map(|word| word[..1].to_uppercase() + &word[1..]);
        (name.collect::<Vec<_>>().join("_"), json!(value))
    };
    let metadata: serde_json::Map<_, _> = info.metadata.iter().map(capitalised).collect();
    request["Metadata"]["Metadata"] = json!(metadata);
    let answer = post(&world.process(), "silver", request.to_string()).await;
    is_success(&answer, "refined 2 lines to 1 rows in version 1");
    let range = world.ledger().await[0].range.unwrap();
    assert_eq!((range.first.0, range.last.0), (40, 41));
    let path = world.ledger().await[0].quarantine.clone().unwrap();
    let record = world.lake.get(&path).await.unwrap().unwrap();
    let record: Value = serde_json::from_slice(&record).unwrap();
    assert_eq!(
        (&record["line"], &record["sequence_number"]),
        (&json!(1), &json!(41))
    );
}

#[tokio::test]
async fn timers_of_every_shape_publish() {
    let world = World::new();
    let process = world.process();
    let answer = post(&process, "gold", captured("timer-first-run.json")).await;
    is_success(&answer, "silver holds nothing yet");
    let source = world.put("0", 0, &[thing(1, 0, 100)]).await;
    process.app.silver.refine(source).await.unwrap();
    let answer = post(&process, "gold", captured("timer-monitored.json")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    for name in [
        "timer-retry-attempt-1.json",
        "timer-unmonitored-with-retry.json",
    ] {
        let answer = post(&process, "gold", captured(name)).await;
        is_success(
            &answer,
            "published 0 rows of 0 commits as 0 groups: Unchanged",
        );
    }
    world.end_state().await.check_gold();
}

#[tokio::test]
async fn a_failure_is_500_with_the_whole_reason_once() {
    let world = World::new();
    let process = world.process();
    process
        .script
        .fail_at("list ", When::Before, How::Permanent);
    let answer = post(&process, "bronze", captured("event-hub-many-binary.json")).await;
    is_failure(
        &answer,
        "make call list bronze/things/0/2026/11/22/10/: injected",
    );
    process
        .script
        .fail_at("create quarantine", When::Before, How::Permanent);
    process
        .script
        .fail_at("create quarantine", When::Before, How::Permanent);
    let request = blob("blob-jsonl.json", "things/a", b"oops");
    let answer = post(&process, "silver", request.clone()).await;
    is_failure(&answer, ": injected");
    // The first of the two faults is enough for a single source; the other one is for its second delivery.
    is_failure(
        &post(&process, "silver", request.clone()).await,
        ": injected",
    );
    assert_eq!(
        post(&process, "silver", request).await.status,
        StatusCode::OK
    );
    process
        .script
        .fail_at("progress", When::Before, How::Permanent);
    is_failure(
        &post(&process, "gold", captured("timer-monitored.json")).await,
        "make progress: injected",
    );
}

#[tokio::test]
async fn what_is_no_invocation_is_500_and_says_so() {
    let world = World::new();
    let process = world.process();
    for function in ["bronze", "silver"] {
        for body in [
            "",
            "{",
            "[]",
            "{\"Data\":{}}",
            "{\"Data\":{},\"Metadata\":{}}",
        ] {
            let answer = post(&process, function, body).await;
            is_failure(&answer, "invocation");
        }
        // A request of another trigger.
        is_failure(
            &post(&process, function, captured("queue.json")).await,
            "invocation",
        );
        is_failure(
            &post(&process, function, captured("http.json")).await,
            "invocation",
        );
    }
}

#[tokio::test]
async fn an_unknown_function_is_404() {
    let answer = post(&World::new().process(), "platinum", "{}").await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    assert!(
        answer.body["error"]
            .as_str()
            .unwrap()
            .contains("no function platinum")
    );
}

#[tokio::test]
async fn the_readiness_poll_is_answered() {
    let request = Request::get("/").body(Body::empty()).unwrap();
    let app = Arc::clone(&World::new().process().app);
    let response = host::router(app).oneshot(request).await.unwrap();
    assert_eq!(response.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_body_beyond_the_usual_limit_arrives_in_chunks() {
    let world = World::new();
    let process = world.process();
    let line = [&thing(1, 0, 100)[..], b"\n"].concat();
    let lines = line.repeat(9_000);
    let padded = [&lines[..], &vec![b' '; 12 << 20], b"\n"].concat();
    let request = blob("blob-1000-lines.json.gz", "things/large.jsonl", &padded);
    assert!(request.len() > 16 << 20);
    is_success(
        &post(&process, "silver", request).await,
        "refined 9001 lines to 1 rows in version 1",
    );
    let answer = post(&process, "silver", captured("blob-1000-lines.json.gz")).await;
    assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
}
