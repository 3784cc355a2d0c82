//! Metrics and spans, of what every function does once.

mod arrived;
mod collector;
mod text;
mod unreached;

use std::sync::Arc;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Value, json};
use sluice::host;
use sluice::store::object::paths;
use sluice::telemetry::signals::{Settings, Signals};
use testkit::events::thing;
use testkit::install::Clients;
use testkit::read;
use testkit::world::{Process, World};
use tower::ServiceExt;

use super::request::blob;

const CLIENTS: Clients = Clients::new(env!("CARGO_MANIFEST_DIR"), env!("CARGO_TARGET_TMPDIR"));

fn signals(settings: &[(&str, String)]) -> Option<Signals> {
    let lookup = |name: &str| {
        let found = settings.iter().find(|(key, _)| *key == name);
        found.map(|(_, value)| value.clone())
    };
    let settings = Settings::from_lookup(&lookup, "here".to_owned()).unwrap();
    Signals::start(&settings).unwrap()
}

/// Sends an invocation, as part of a trace of the host's; returns how it was answered.
async fn invoke(
    process: &Process,
    signals: Option<&Signals>,
    (function, body): (&str, String),
) -> StatusCode {
    let request = Request::post(format!("/{function}"))
        .header("X-Azure-Functions-InvocationId", "784ef39d")
        .header("traceparent", context("11", "22"))
        .body(Body::from(body))
        .unwrap();
    let traces = signals.and_then(Signals::traces);
    let router = host::traced_router(Arc::clone(&process.app), traces);
    router.oneshot(request).await.unwrap().status()
}

/// The text of a context whose ids repeat these digits.
fn context(trace: &str, span: &str) -> String {
    format!("00-{}-{}-01", trace.repeat(16), span.repeat(8))
}

/// A batch of events, each with the properties that it was sent with.
fn batch(events: &[(Bytes, Value)]) -> String {
    let text = |values: Vec<Value>| json!(Value::from(values).to_string());
    let bodies = events.iter().map(|(body, _)| json!(STANDARD.encode(body)));
    let numbers = (0..events.len()).map(|number| json!(number));
    let times = events.iter().map(|_| json!("2025-11-14T11:00:00"));
    json!({
        "Data": { "events": text(bodies.collect()) },
        "Metadata": {
            "PartitionContext": { "PartitionId": "3" },
            "SequenceNumberArray": text(numbers.collect()),
            "EnqueuedTimeUtcArray": text(times.collect()),
            "PropertiesArray": text(events.iter().map(|(_, properties)| properties.clone()).collect()),
            "SystemPropertiesArray": text(events.iter().map(|_| json!({})).collect()),
        }
    })
    .to_string()
}

/// The batch of the test: two spans of producers, one of them twice, and events that belong to none.
fn events() -> String {
    let of = |trace: &str| json!({ "traceparent": context(trace, "33"), "a": 1 });
    batch(&[
        (thing(1, 0, 100), of("aa")),
        (
            thing(2, 1, 100),
            json!({ "Diagnostic-Id": context("bb", "44") }),
        ),
        (thing(3, 2, 100), of("aa")),
        (thing(3, 2, 100), json!({})),
        (
            Bytes::from_static(b"{}"),
            json!({ "traceparent": "nonsense" }),
        ),
    ])
}

/// Lets every function work once, and one fail, and asks for one that is not there: six invocations.
async fn work(process: &Process, world: &World, signals: Option<&Signals>) {
    let run = |function, body| invoke(process, signals, (function, body));
    assert_eq!(run("bronze", events()).await, StatusCode::OK);
    let objects = world.lake.list(&paths::bronze_dataset("things")).await;
    let object = &objects.unwrap()[0];
    let content = world.lake.get(&object.path).await.unwrap().unwrap();
    let source = blob("blob-jsonl.json", object.path.name(), &content);
    let mut source: Value = serde_json::from_str(&source).unwrap();
    source["Metadata"]["Metadata"] = json!(object.metadata);
    assert_eq!(run("silver", source.to_string()).await, StatusCode::OK);
    for function in ["gold", "maintain"] {
        let status = run(function, "{}".to_owned()).await;
        assert_eq!(status, StatusCode::OK, "{function}");
    }
    let status = run("bronze", "{}".to_owned()).await;
    assert_eq!(status, StatusCode::INTERNAL_SERVER_ERROR);
    let status = run("what-anybody-asks-for", String::new()).await;
    assert_eq!(status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn nothing_is_started_and_no_event_is_looked_into_where_nobody_asks() {
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    assert!(signals(&[]).is_none());
    assert_eq!(tasks(), before);
    let world = World::new();
    let process = world.process();
    work(&process, &world, None).await;
    assert_eq!(read::bronze(&world.lake, "things").await.len(), 1);
}
