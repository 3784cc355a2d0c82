//! Timers, failures, and whatever else is asked.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use sluice::host;
use testkit::events::thing;
use testkit::faulty::{How, When};
use testkit::world::World;
use tower::ServiceExt;

use super::request::{blob, captured, is_failure, is_success, post};

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
    process.script.fail_at("look", When::Before, How::Permanent);
    is_failure(
        &post(&process, "gold", captured("timer-monitored.json")).await,
        "make look: injected",
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
