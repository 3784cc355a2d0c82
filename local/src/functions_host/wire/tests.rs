//! The same trigger values as in the captures of the real host give the same text.

use std::io::Read as _;
use std::path::PathBuf;

use base64::Engine as _;
use chrono::DateTime;
use serde_json::Value;

use super::blob::BlobProperties;
use super::event_hub::{HubEvent, PartitionContext};
use super::*;
use crate::functions_host::config::DataType;
use crate::functions_host::invoke::InvocationError;
use timer::ScheduleStatus;

struct Capture {
    function: String,
    raw: String,
    body: Value,
    invocation_id: Uuid,
}

fn capture(name: &str) -> Capture {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../tests/it/data/invocations")
        .join(name);
    let bytes = std::fs::read(&path).expect("a capture");
    let mut text = String::new();
    if name.ends_with(".gz") {
        let mut decoder = flate2::read::GzDecoder::new(bytes.as_slice());
        decoder.read_to_string(&mut text).expect("gzip");
    } else {
        text = String::from_utf8(bytes).expect("text");
    }
    let json: Value = serde_json::from_str(&text).expect("JSON");
    let request = &json["request"];
    let raw = request["raw"].as_str().expect("raw").to_owned();
    let header = |name: &str| {
        let headers = request["headers"].as_array().expect("headers");
        let found = headers.iter().find(|header| header[0] == name);
        found
            .and_then(|header| header[1].as_str())
            .expect(name)
            .to_owned()
    };
    Capture {
        function: request["path"]
            .as_str()
            .expect("path")
            .trim_start_matches('/')
            .to_owned(),
        body: serde_json::from_str(&raw).expect("JSON body"),
        raw,
        invocation_id: header("X-Azure-Functions-InvocationId")
            .parse()
            .expect("a uuid"),
    }
}

impl Capture {
    fn stamp(&self) -> Stamp {
        let sys = &self.body["Metadata"]["sys"];
        let text = |key: &str| sys[key].as_str().expect(key);
        Stamp {
            utc_now: text("UtcNow").parse().expect("a time"),
            rand_guid: text("RandGuid").parse().expect("a uuid"),
        }
    }

    fn metadata_text(&self, key: &str) -> Value {
        let text = self.body["Metadata"][key].as_str().expect(key);
        serde_json::from_str(text).expect(key)
    }

    fn written(&self, payload: &Payload, retry: Option<&RetryContext>) -> String {
        let body = payload.body(&self.function, self.stamp(), retry).concat();
        String::from_utf8(body).expect("text")
    }
}

fn utc(value: &Value) -> DateTime<Utc> {
    let text = value.as_str().expect("a time");
    let zoned = if text.contains('+') {
        text.to_owned()
    } else {
        format!("{text}Z")
    };
    zoned.parse().expect("a time")
}

/// What the events of a capture must have been, but for their bodies.
fn events(capture: &Capture, bodies: Vec<Bytes>) -> Vec<HubEvent> {
    let column = |key: &str| capture.metadata_text(key).as_array().expect(key).clone();
    let (sequence, offset) = (column("SequenceNumberArray"), column("OffsetArray"));
    let (enqueued, keys) = (column("EnqueuedTimeUtcArray"), column("PartitionKeyArray"));
    let (properties, system) = (column("PropertiesArray"), column("SystemPropertiesArray"));
    let pairs = |value: &Value| {
        value
            .as_object()
            .expect("an object")
            .clone()
            .into_iter()
            .collect()
    };
    let events = bodies.into_iter().enumerate().map(|(at, body)| HubEvent {
        body,
        sequence_number: sequence[at].as_i64().expect("a number"),
        offset: offset[at].as_str().expect("a text").to_owned(),
        enqueued_time: utc(&enqueued[at]),
        partition_key: keys[at].as_str().map(ToOwned::to_owned),
        properties: pairs(&properties[at]),
        system_properties: system[at]
            .get("content-type")
            .map(|value| ("content-type".to_owned(), value.clone()))
            .into_iter()
            .collect(),
    });
    events.collect()
}

/// Takes away what extensions from 6.5.2 on add to the captured, older shape.
fn as_captured(text: &str, capture: &Capture) -> String {
    let context = &capture.body["Metadata"]["PartitionContext"];
    let context = PartitionContext::from_json(context);
    let newer = format!("\"TriggerPartitionContext\":{},", json_text(&context));
    assert!(text.contains(&newer), "the newer key is there");
    let offsets = &capture.body["Metadata"]["OffsetArray"];
    let newer_offsets = format!("\"OffsetStringArray\":{},", json_text(offsets));
    assert!(text.contains(&newer_offsets), "the newer array is there");
    let text = text.replacen(&newer, "", 1).replacen(&newer_offsets, "", 1);
    let mut out = String::new();
    let mut rest = text.as_str();
    while let Some((before, after)) = rest.split_once("\\\"OffsetString\\\":\\\"") {
        out.push_str(before);
        rest = after.split_once("\\\",").expect("a value").1;
    }
    out.push_str(rest);
    out
}

impl PartitionContext {
    fn from_json(json: &Value) -> Self {
        let text = |key: &str| json[key].as_str().expect(key).to_owned();
        Self {
            is_checkpointing_after_invocation: true,
            fully_qualified_namespace: text("FullyQualifiedNamespace"),
            event_hub_name: text("EventHubName"),
            consumer_group: text("ConsumerGroup"),
            partition_id: text("PartitionId"),
        }
    }
}

fn write_events(capture: &Capture, data_type: DataType, bodies: Vec<Bytes>) -> Payload {
    let context = PartitionContext::from_json(&capture.body["Metadata"]["PartitionContext"]);
    let events = events(capture, bodies);
    event_hub::payload("events", data_type, &context, &events).expect("bound")
}

fn binary_bodies(capture: &Capture) -> Vec<Bytes> {
    let text = capture.body["Data"]["events"].as_str().expect("text");
    let bodies: Vec<String> = serde_json::from_str(text).expect("an array");
    bodies
        .iter()
        .map(|body| STANDARD.decode(body).expect("base64").into())
        .collect()
}

fn first_attempt() -> RetryContext {
    RetryContext::new(0, None, None)
}

#[test]
fn event_hub_batches_are_written_as_captured() {
    for name in [
        "event-hub-many-binary.json",
        "event-hub-many-binary-one-event.json",
    ] {
        let capture = capture(name);
        let payload = write_events(&capture, DataType::Binary, binary_bodies(&capture));
        let text = capture.written(&payload, None);
        assert_eq!(as_captured(&text, &capture), capture.raw, "{name}");
    }
}

#[test]
fn a_thousand_events_with_retries_are_written_as_captured() {
    let capture = capture("event-hub-1000-events.json.gz");
    let payload = write_events(&capture, DataType::Binary, binary_bodies(&capture));
    let text = capture.written(&payload, Some(&first_attempt()));
    assert_eq!(as_captured(&text, &capture), capture.raw);
}

#[test]
fn bodies_as_strings_are_written_as_captured() {
    let binary = capture("event-hub-many-binary.json");
    let capture = capture("event-hub-many-string.json");
    let payload = write_events(&capture, DataType::String, binary_bodies(&binary));
    let text = capture.written(&payload, None);
    assert_eq!(as_captured(&text, &capture), capture.raw);
}

#[test]
fn one_body_that_is_not_json_fails_an_untyped_batch() {
    let capture = capture("event-hub-many-binary.json");
    let context = PartitionContext::from_json(&capture.body["Metadata"]["PartitionContext"]);
    let events = events(&capture, binary_bodies(&capture));
    let refused = event_hub::payload("events", DataType::Json, &context, &events);
    let refused = refused.expect_err("not JSON");
    assert!(
        refused.starts_with("Binding parameters to complex objects"),
        "{refused}"
    );
}

#[test]
fn a_retry_is_written_as_captured_but_for_stack_traces() {
    let first = capture("event-hub-retry-attempt-0.json");
    let bodies = || vec![Bytes::from_static(br#"{"order_id":1,"amount":10.5}"#)];
    let payload = write_events(&first, DataType::String, bodies());
    let text = first.written(&payload, Some(&RetryContext::new(0, Some(3), None)));
    assert_eq!(as_captured(&text, &first), first.raw);

    let second = capture("event-hub-retry-attempt-1.json");
    let payload = write_events(&second, DataType::String, bodies());
    let error = InvocationError::Status {
        status: 500,
        reason: "Internal Server Error".to_owned(),
    };
    let exception = retry::FunctionException::new(second.invocation_id, &second.function, &error);
    let text = second.written(
        &payload,
        Some(&RetryContext::new(1, Some(3), Some(exception))),
    );
    let without_traces = |text: &str| {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("\"   at ") {
            out.push_str(before);
            rest = after.split_once('"').expect("an end").1;
        }
        out + rest
    };
    assert_eq!(
        without_traces(&as_captured(&text, &second)),
        without_traces(&second.raw)
    );
}

#[test]
fn blobs_are_written_as_captured() {
    let names = [
        "blob-jsonl.json",
        "blob-empty.json",
        "blob-bom.json",
        "blob-utf8.json",
        "blob-nested-name.json",
    ];
    for name in names {
        let capture = capture(name);
        let content = capture.body["Data"]["blob"].as_str().expect("text");
        let content = STANDARD.decode(content).expect("base64");
        let properties = &capture.body["Metadata"]["Properties"];
        let text = |key: &str| properties[key].as_str().map(ToOwned::to_owned);
        let metadata = properties["Metadata"].as_object().expect("metadata");
        let blob = BlobProperties {
            uri: capture
                .metadata_text("Uri")
                .as_str()
                .expect("uri")
                .to_owned(),
            last_modified: utc(&properties["LastModified"]),
            created_on: utc(&properties["CreatedOn"]),
            content_length: content.len() as u64,
            content_type: text("ContentType"),
            content_hash: text("ContentHash"),
            access_tier: text("AccessTier"),
            access_tier_changed_on: Some(utc(&properties["AccessTierChangedOn"])),
            metadata: metadata
                .iter()
                .map(|(key, value)| {
                    let key = blob::capitalised(&key.to_ascii_lowercase());
                    (key, value.as_str().expect("text").to_owned())
                })
                .collect(),
        };
        let name_capture = capture
            .metadata_text("name")
            .as_str()
            .expect("name")
            .to_owned();
        let captures = [("name".to_owned(), name_capture)];
        let payload = blob::payload("blob", &content, &blob, &captures);
        assert_eq!(capture.written(&payload, None), capture.raw, "{name}");
    }
}

#[test]
fn timers_are_written_as_captured() {
    let timers = [
        ("timer-first-run.json", None),
        ("timer-monitored.json", None),
        (
            "timer-unmonitored-with-retry.json",
            Some(RetryContext::new(0, Some(2), None)),
        ),
    ];
    for (name, retry) in timers {
        let capture = capture(name);
        let timer = &capture.body["Data"]["timer"];
        let status = timer["ScheduleStatus"]
            .as_object()
            .map(|status| ScheduleStatus {
                last: utc(&status["Last"]),
                next: utc(&status["Next"]),
                last_updated: utc(&status["LastUpdated"]),
            });
        let payload = timer::payload("timer", status, false);
        assert_eq!(
            capture.written(&payload, retry.as_ref()),
            capture.raw,
            "{name}"
        );
    }
}

#[test]
fn a_timers_status_is_read_back_as_written() {
    let status = ScheduleStatus {
        last: never(),
        next: "2026-11-22T15:13:00Z".parse().expect("a time"),
        last_updated: "2026-11-22T15:12:10.0818805Z".parse().expect("a time"),
    };
    let text = timer::status_json(status);
    assert_eq!(timer::parse_status(&text), Some(status));
}

#[test]
fn text_is_escaped_as_json_net_escapes_it() {
    let text = "\u{0}\u{1f}\u{7f}\u{85}\u{2028}\u{2029}/<é\"\\\n";
    let expected = "\"\\u0000\\u001f\u{7f}\\u0085\\u2028\\u2029/<é\\\"\\\\\\n\"";
    assert_eq!(json_text(text), expected);
}
