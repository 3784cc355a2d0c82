//! The log lines that others read are those that the handler writes.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::http::StatusCode;
use serde_json::{Map, Value};
use sluice::event::UnixMillis;
use sluice::telemetry;
use sluice::telemetry::lines::{
    FAILED, INGESTED, INVOCATION, LINES, MAINTAINED, PUBLISHED, QUARANTINED, REFINED,
};
use testkit::events::{START, thing};
use testkit::world::World;

use super::request::{blob, captured, post};

/// What a process writes to its log.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Log {
    fn lines(&self) -> Vec<Map<String, Value>> {
        let text = String::from_utf8(self.0.lock().unwrap().clone()).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str(line).unwrap());
        lines.collect()
    }
}

/// What tracing adds to every line by itself.
const BUILT_IN: [&str; 3] = ["timestamp", "level", "message"];

/// Lets the handler work on everything that a line tells of, and returns its log.
async fn work() -> Vec<Map<String, Value>> {
    let log = Log::default();
    let writer = log.clone();
    let _guard = tracing::subscriber::set_default(telemetry::to(
        Some("warn,sluice=info"),
        move || writer.clone(),
        None,
    ));
    let world = World::new();
    let process = world.process();
    let bronze = captured("event-hub-many-binary.json");
    assert_eq!(
        post(&process, "bronze", bronze).await.status,
        StatusCode::OK
    );
    let with_null = format!("{{\"id\":2,\"at\":{START},\"amount\":\"\"}}");
    let rows = [&thing(1, 0, 100)[..], b"\n{}\n", with_null.as_bytes()].concat();
    let silver = blob("blob-jsonl.json", "things/by-hand.jsonl", &rows);
    assert_eq!(
        post(&process, "silver", silver).await.status,
        StatusCode::OK
    );
    for function in ["gold", "maintain"] {
        let answer = post(&process, function, "{}").await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
    }
    let failed = post(&process, "bronze", "{}").await;
    assert_eq!(failed.status, StatusCode::INTERNAL_SERVER_ERROR);
    log.lines()
}

fn message(line: &Map<String, Value>) -> &str {
    line["message"].as_str().unwrap()
}

#[tokio::test]
async fn every_line_has_the_fields_that_the_list_says_and_no_other() {
    let mut written: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in work().await {
        let fields = written.entry(message(&line).to_owned()).or_default();
        fields.extend(line.keys().cloned());
    }
    // What has no value yet is left out of a line.
    let optional = ["snapshot", "checkpoint", "waiting", "replaced"];
    for line in LINES {
        let fields = written.get(line.message);
        let fields = fields.unwrap_or_else(|| panic!("nothing says {:?}", line.message));
        let listed: BTreeSet<&str> = BUILT_IN
            .into_iter()
            .chain(INVOCATION)
            .chain(line.fields.iter().copied())
            .collect();
        for field in fields {
            let is_listed = listed.contains(field.as_str());
            assert!(is_listed, "{:?} has {field}, not listed", line.message);
        }
        for field in listed.into_iter().filter(|field| !optional.contains(field)) {
            assert!(fields.contains(field), "{:?} lacks {field}", line.message);
        }
    }
}

#[tokio::test]
async fn values_that_alerts_compare_are_the_stable_texts() {
    let lines = work().await;
    let value = |wanted: &str, field: &str| {
        let line = lines.iter().find(|line| message(line) == wanted).unwrap();
        line[field].as_str().unwrap().to_owned()
    };
    assert_eq!(value(PUBLISHED, "ended"), "UpToDate");
    assert_eq!(value(QUARANTINED, "reason"), "missing_field");
    assert_eq!(value(MAINTAINED, "function"), "maintain");
    assert_eq!(value(FAILED, "level"), "ERROR");
}

/// When the last event of the captured batch came to the hub: 2026-11-22T10:00:03.789Z.
const NEWEST: i64 = 1_795_341_603_789;

/// An alert compares the age with a part of the time that the hub keeps events.
#[tokio::test]
async fn the_age_of_the_newest_event_is_that_of_the_batchs_last() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = telemetry::to(Some("sluice=info"), move || writer.clone(), None);
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new();
    let process = world.process();
    let body = captured("event-hub-many-binary.json");
    for (now, age) in [(NEWEST + 90_000, 90_000), (NEWEST - 5, 0)] {
        world.clock.set(UnixMillis(now));
        post(&process, "bronze", body.clone()).await;
        let lines = log.lines();
        let line = lines.last().unwrap();
        assert_eq!(message(line), INGESTED);
        assert_eq!(line["newest_age_ms"], age);
    }
}

#[tokio::test]
async fn versions_are_told_with_their_generation() {
    let lines = work().await;
    for wanted in [REFINED, PUBLISHED] {
        let line = lines.iter().find(|line| message(line) == wanted).unwrap();
        assert_eq!(line["generation"], 1, "{wanted}");
    }
}
