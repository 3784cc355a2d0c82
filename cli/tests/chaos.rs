//! `sluice chaos` as a user runs it, for the shortest time in which everything can happen.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::process::Output;

use serde_json::Value;

use support::{command, handler, repository};

fn chaos(arguments: &[&str]) -> Output {
    command(repository())
        .args(["chaos", "--handler"])
        .arg(handler())
        .args(arguments)
        .output()
        .unwrap()
}

/// Every kind happens, twice over, and nothing is lost.
#[test]
fn nothing_is_lost_whatever_happens_and_everything_does() {
    let state = tempfile::tempdir().unwrap();
    let state_dir = state.path().to_str().unwrap();
    let output = chaos(&[
        "--minutes",
        "40s",
        "--seed",
        "17",
        "--json",
        "--keep",
        "--state-dir",
        state_dir,
    ]);
    let said = String::from_utf8_lossy(&output.stderr);
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(!text.is_empty(), "{said}");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(report["failures"], serde_json::json!([]), "{said}");
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(report["survived"], true);
    assert_eq!(report["audit_adds_up"], true);

    let faults = report["faults"].as_array().unwrap();
    assert_eq!(faults.len(), if cfg!(unix) { 16 } else { 15 });
    for fault in faults {
        assert!(fault["times"].as_u64().unwrap() > 0, "{fault}");
    }
    let sent = &report["sent"];
    let number = |name: &str| sent[name].as_u64().unwrap();
    let parts = ["empty", "orders", "duplicates", "rejected"].map(number);
    assert_eq!(parts.iter().sum::<u64>(), number("events"));
    assert!(parts.iter().all(|part| *part > 0), "{sent}");
    assert!(number("compared") > number("orders"), "{sent}");
    assert!(report["handlers"].as_u64().unwrap() > 10, "{report}");
}

#[test]
fn what_cannot_be_asked_for_is_said_with_what_can() {
    for (arguments, words) in [
        (&["--minutes", "1s"][..], "at least 10s"),
        (
            &["--without", "bad-luck"],
            "it is one of handler-killed, handler-held",
        ),
    ] {
        let output = chaos(arguments);
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains(words), "{said}");
    }
}
