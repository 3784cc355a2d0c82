//! What Prometheus reads, read as its makers read it.

use std::collections::BTreeSet;
use std::io::Write;
use std::process::{Command, Stdio};

use serde_json::Value;
use sluice::telemetry;
use testkit::world::World;

use super::{CLIENTS, signals, work};

/// What metrics are told apart by: nothing of which there can be many.
const LABELS: [&str; 14] = [
    "faas_name",
    "faas_trigger",
    "le",
    "messaging_consumer_group_name",
    "messaging_destination_name",
    "messaging_destination_partition_id",
    "messaging_operation_name",
    "messaging_system",
    "service_instance_id",
    "service_name",
    "service_version",
    "sluice_fate",
    "sluice_layer",
    "sluice_table",
];
/// Likewise; the values of these are of a list in the code.
const LISTED: [&str; 2] = ["sluice_outcome", "sluice_reason"];

/// Reads the text with the parser of Prometheus' own client; returns the metrics.
fn parsed(text: &str) -> Vec<Value> {
    let mut command = Command::new(CLIENTS.python("otlp"));
    command.arg(CLIENTS.folder("otlp").join("exposition.py"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut parser = command.spawn().unwrap();
    let mut stdin = parser.stdin.take().unwrap();
    stdin.write_all(text.as_bytes()).unwrap();
    drop(stdin);
    let output = parser.wait_with_output().unwrap();
    assert!(output.status.success(), "{text}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn samples(metric: &Value) -> &[Value] {
    metric["samples"].as_array().unwrap()
}

/// Returns the value of the sample of a name with a label.
fn value(metrics: &[Value], name: &str, (label, expected): (&str, &str)) -> f64 {
    let mut all = metrics.iter().flat_map(samples);
    let sample = all.find(|own| own["name"] == name && own["labels"][label] == expected);
    let sample = sample.unwrap_or_else(|| panic!("no {name} of {expected}"));
    sample["value"].as_f64().unwrap()
}

#[tokio::test]
async fn prometheus_reads_metrics_without_a_collector() {
    let signals = signals(&[("METRICS_PORT", "9464".to_owned())]).unwrap();
    assert!(signals.traces().is_none());
    let recorded = Some(signals.recorded());
    let subscriber = telemetry::to(Some("off"), std::io::sink, recorded);
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new();
    let process = world.process();
    work(&process, &world, Some(&signals)).await;
    let metrics = parsed(&signals.text().unwrap());
    for (name, label, expected) in [
        ("sluice_silver_records_total", ("sluice_fate", "row"), 3.0),
        (
            "sluice_silver_rejected_total",
            ("sluice_reason", "missing_field"),
            1.0,
        ),
        ("sluice_gold_backlog", ("sluice_table", "ever"), 0.0),
        ("faas_errors_total", ("faas_name", "bronze"), 1.0),
        ("faas_errors_total", ("faas_name", "other"), 1.0),
        (
            "faas_invoke_duration_seconds_count",
            ("faas_name", "bronze"),
            2.0,
        ),
        (
            "messaging_client_consumed_messages_total",
            ("messaging_system", "eventhubs"),
            5.0,
        ),
        ("target_info", ("service_instance_id", "here"), 1.0),
    ] {
        assert_eq!(value(&metrics, name, label), expected, "{name} {label:?}");
    }
    let mut names = BTreeSet::new();
    for metric in &metrics {
        let name = metric["name"].as_str().unwrap();
        assert!(names.insert(name), "{name} is there twice");
        assert!(!metric["help"].as_str().unwrap().is_empty(), "{name}");
        let kind = metric["type"].as_str().unwrap();
        assert!(["counter", "gauge", "histogram"].contains(&kind), "{name}");
        for sample in samples(metric) {
            let sampled = sample["name"].as_str().unwrap();
            let is_total = sampled.ends_with("_total");
            assert_eq!(is_total, kind == "counter", "{sampled}");
            for label in sample["labels"].as_object().unwrap().keys() {
                let label = label.as_str();
                let is_bounded = LABELS.contains(&label) || LISTED.contains(&label);
                assert!(is_bounded, "{sampled}: {label}");
            }
        }
    }
}
