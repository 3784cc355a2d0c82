//! A collector that refuses, or never answers: the work goes on as if there were none.

use std::net::TcpListener;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use serde_json::Value;
use sluice::settings::HOST_ON_STDIN;
use sluice::telemetry;
use testkit::read;
use testkit::world::World;
use tokio::sync::Notify;

use super::super::running::Running;
use super::{signals, work};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
/// How long the end of a process takes at most, with much to spare: that it waits a second for its signals is one of its
/// constants, and that a request to a collector may take ten or more is the other case.
const SOON: Duration = Duration::from_secs(6);

/// A collector that refuses what it is sent until it is told otherwise.
#[derive(Default)]
struct Refusing {
    is_open: AtomicBool,
    refused: AtomicUsize,
    came: Notify,
}

impl Refusing {
    /// Starts it; returns its port.
    async fn start(self: &Arc<Self>) -> u16 {
        let own = Arc::clone(self);
        let answer = move || {
            let own = Arc::clone(&own);
            async move {
                if own.is_open.load(Ordering::SeqCst) {
                    return StatusCode::OK;
                }
                own.refused.fetch_add(1, Ordering::SeqCst);
                own.came.notify_one();
                StatusCode::SERVICE_UNAVAILABLE
            }
        };
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let router = Router::new().fallback(answer);
        tokio::spawn(async move { axum::serve(listener, router).await });
        port
    }

    async fn has_refused(&self, times: usize) {
        while self.refused.load(Ordering::SeqCst) < times {
            self.came.notified().await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_refuses_is_said_once_and_once_more_when_it_takes_again() {
    let collector = Arc::new(Refusing::default());
    let port = collector.start().await;
    let endpoint = format!("http://user:secret@127.0.0.1:{port}");
    let mut handler = Running::start(&[
        (ENDPOINT, &endpoint),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=secret"),
        ("OTEL_METRIC_EXPORT_INTERVAL", "20"),
        ("OTEL_TRACES_EXPORTER", "none"),
    ]);
    collector.has_refused(5).await;
    collector.is_open.store(true, Ordering::SeqCst);
    let lines = tokio::task::spawn_blocking(move || {
        let mut lines = Vec::new();
        loop {
            let line = handler.line();
            let is_last = line["message"] == "the collector takes what it is sent again";
            lines.push(line);
            if is_last {
                return lines;
            }
        }
    });
    let lines: Vec<Value> = lines.await.unwrap();
    let refused = lines.iter().filter(|line| line["level"] == "WARN");
    let refused: Vec<&Value> = refused.collect();
    assert_eq!(refused.len(), 1, "{lines:?}");
    let error = refused[0]["error"].as_str().unwrap();
    assert_eq!(error, "it answers 503 Service Unavailable");
    assert_eq!(refused[0]["signal"], "metrics");
    assert!(!format!("{lines:?}").contains("secret"), "{lines:?}");
}

/// A collector that takes connections, which the system does for it, and reads nothing.
fn silent() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, format!("http://127.0.0.1:{port}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_collector_that_never_answers_keeps_no_function_from_its_work() {
    let (_collector, endpoint) = silent();
    let signals = signals(&[
        (ENDPOINT, endpoint),
        ("OTEL_METRIC_EXPORT_INTERVAL", "1".to_owned()),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000".to_owned()),
    ]);
    let signals = Arc::new(signals.unwrap());
    let subscriber = telemetry::to(Some("off"), std::io::sink, Some(signals.recorded()));
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new();
    let process = world.process();
    work(&process, &world, Some(&signals)).await;
    assert_eq!(read::bronze(&world.lake, "things").await.len(), 1);
    let began = Instant::now();
    let ended = tokio::task::spawn_blocking(move || signals.end(Duration::from_millis(100)));
    ended.await.unwrap();
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}

#[test]
fn a_collector_that_never_answers_keeps_no_process_from_its_end() {
    let (_collector, endpoint) = silent();
    let mut handler = Running::start(&[
        (ENDPOINT, &endpoint),
        ("OTEL_EXPORTER_OTLP_TIMEOUT", "3600000"),
        (HOST_ON_STDIN, "1"),
    ]);
    let first = handler.line();
    assert_eq!(first["message"], "started", "{first}");
    let began = Instant::now();
    assert_eq!(handler.end().code(), Some(1));
    assert!(began.elapsed() < SOON, "{:?}", began.elapsed());
}
