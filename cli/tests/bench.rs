//! `sluice bench` as a user runs it, small: what it reports has to be right, not fast.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Output;

use serde_json::Value;

use support::{command, handler, repository};

fn bench(arguments: &[&str]) -> Output {
    command(repository())
        .args(["bench", "--as-is", "--handler"])
        .arg(handler())
        .args(arguments)
        .output()
        .unwrap()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or(f64::NAN)
}

fn check(run: &Value, events: u64) {
    assert_eq!(run["events"], events);
    assert_eq!(run["adds_up"], true);
    let sums = &run["audit"]["sums"];
    assert_eq!(sums["lines"], events);
    let accounted = ["rows", "duplicates", "quarantined"].map(|name| sums[name].as_u64().unwrap());
    assert_eq!(accounted.iter().sum::<u64>(), events);

    let calls = &run["storage_calls_per_1000_events"];
    let layers = ["bronze", "silver", "gold"].map(|layer| number(&calls[layer]));
    assert!(layers.iter().all(|calls| *calls > 0.0), "{calls}");
    assert!((layers.iter().sum::<f64>() - number(&calls["all"])).abs() < 0.01);

    for layer in ["silver", "gold"] {
        let latency = &run["latency"][layer];
        assert_eq!(latency["events"], events, "every event is measured");
        let [p50, p99, max] = ["p50_ms", "p99_ms", "max_ms"].map(|key| number(&latency[key]));
        assert!(0.0 < p50 && p50 <= p99 && p99 <= max, "{latency}");
    }
    let seconds = ["sent", "silver", "gold"].map(|until| number(&run["seconds"][until]));
    assert!(seconds[0] > 0.0 && seconds[1] > 0.0, "{seconds:?}");
    assert!(seconds[1] <= seconds[2], "{seconds:?}");

    let (bronze, silver) = (&run["bronze"], &run["silver"]);
    let stored = number(&bronze["objects"]) * number(&bronze["events_per_object"]);
    assert_eq!(stored.round(), events as f64);
    let sources = number(&silver["commits"]) * number(&silver["sources_per_commit"]);
    assert_eq!(sources.round(), number(&bronze["objects"]));
    assert!(number(&run["gold"]["runs"]) >= 1.0);

    let on_linux = cfg!(target_os = "linux");
    assert_eq!(run["handler_memory_bytes"].as_u64().is_some(), on_linux);
    for process in ["sluice", "handler", "azurite", "others"] {
        let seconds = &run["cpu_seconds"][process];
        assert_eq!(seconds.as_f64().is_some(), on_linux, "{process}");
    }
    assert_eq!(run["bars"].as_array().unwrap().len(), 4);
}

#[test]
fn a_run_reports_every_measure_and_ends_with_the_audits_verdict() {
    let state = tempfile::tempdir().unwrap();
    let state_dir = state.path().to_str().unwrap();
    let arguments = [
        "--events",
        "5000",
        "--rate",
        "max",
        "--rate",
        "1000",
        "--seconds",
        "3",
        "--partitions",
        "2",
        "--json",
        "--state-dir",
        state_dir,
    ];
    let output = bench(&arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    let result: Value = serde_json::from_slice(&output.stdout).unwrap();
    let runs = result["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(
        (&runs[0]["rate"], &runs[1]["rate"]),
        (&"max".into(), &1000.into())
    );
    check(&runs[0], 5_000);
    check(&runs[1], 3_000);
    // A steady rate is as fast as it was asked to be.
    assert!(number(&runs[1]["events_per_second"]["sent"]) <= 1_100.0);
    assert!(
        !state.path().join("orders").exists(),
        "the state is removed"
    );
}

#[test]
fn the_report_for_people_shows_every_bar_beside_its_measure() {
    let state = tempfile::tempdir().unwrap();
    let state_dir = state.path().to_str().unwrap();
    let output = bench(&["--events", "300", "--keep", "--state-dir", state_dir]);
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    for expected in [
        "300 events as fast as they go",
        "events a second, until in silver",
        "at least 20,000",
        "below 512 MiB",
        "at most 3",
        "row in gold",
        "everything adds up",
    ] {
        assert!(text.contains(expected), "{expected:?} is not in\n{text}");
    }
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("writes to: dataset "), "{said}");
    let log = state.path().join("orders/host.log");
    assert!(log.is_file(), "the state is kept");
}

#[test]
fn what_cannot_be_measured_is_refused() {
    let cases = [
        (["--rate", "fast"], 2, "or max"),
        (["--limit", "0"], 2, "--limit"),
        (["--dataset", "datasets/sensors.toml"], 2, "does not take"),
    ];
    for (arguments, code, expected) in cases {
        let state = tempfile::tempdir().unwrap();
        let state_dir = state.path().to_str().unwrap();
        let output = bench(&[&arguments[..], &["--state-dir", state_dir]].concat());
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(errors.contains(expected), "{arguments:?}: {errors}");
    }
}
