//! What the handler says of itself when it has started, and what it starts beside its work.

use serde_json::Value;

use super::running::Running;

/// Starts a handler with more settings; returns its first log line, and what `look` finds at the process meanwhile.
fn started<T>(more: &[(&str, &str)], look: impl FnOnce(u32) -> T) -> (Value, T) {
    let mut handler = Running::start(more);
    let line = handler.line();
    let found = look(handler.id());
    (line, found)
}

/// A log of many versions tells which one ran when.
#[test]
fn the_log_tells_which_build_runs_and_what_deployed_it() {
    let (line, ()) = started(&[], |_| ());
    assert_eq!(line["message"], "started", "{line}");
    assert_eq!(line["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(line["deployed_commit"], "0123abc");
    let commit = option_env!("SLUICE_COMMIT").unwrap_or("unknown");
    assert_eq!(line["commit"], commit);
}

/// The names of the threads of a process that send signals, and how many sockets it has.
#[cfg(target_os = "linux")]
fn held(process: u32) -> (Vec<String>, usize) {
    let entries = |folder: &str| {
        let folder = format!("/proc/{process}/{folder}");
        let entries = std::fs::read_dir(folder).unwrap();
        entries.map(|entry| entry.unwrap().path())
    };
    let threads =
        entries("task").filter_map(|task| std::fs::read_to_string(task.join("comm")).ok());
    let threads = threads.filter(|name| name.starts_with("OpenTelemetry"));
    let sockets = entries("fd").filter_map(|file| std::fs::read_link(file).ok());
    let sockets = sockets.filter(|link| link.to_string_lossy().starts_with("socket:"));
    (threads.collect(), sockets.count())
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_runs_and_nothing_is_open_for_signals_that_nobody_asks_for() {
    let (_, (threads, sockets)) = started(&[], held);
    assert!(threads.is_empty(), "{threads:?}");
    let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9");
    let disabled = ("OTEL_SDK_DISABLED", "true");
    let (_, off) = started(&[endpoint, disabled], held);
    assert_eq!(off, (Vec::new(), sockets));
    // So the test would see them.
    let (_, (threads, _)) = started(&[endpoint], held);
    assert_eq!(threads.len(), 2, "{threads:?}");
}

#[test]
fn metrics_are_read_at_a_port_of_this_machine() {
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port().to_string();
    drop(free);
    let address = format!("http://127.0.0.1:{port}/metrics");
    let (_, text) = started(&[("METRICS_PORT", port.as_str())], |_| {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let answer = reqwest::get(&address).await.unwrap();
            let kind = answer.headers()["content-type"]
                .to_str()
                .unwrap()
                .to_owned();
            assert_eq!(kind, "text/plain; version=0.0.4; charset=utf-8");
            answer.text().await.unwrap()
        })
    });
    assert!(text.contains("\ntarget_info{"), "{text}");
    let mut lines = text.lines();
    let starts = lines.find(|line| line.starts_with("sluice_starts_total{"));
    assert!(
        starts.unwrap().contains("sluice_dataset=\"orders\""),
        "{text}"
    );
}

#[test]
fn malformed_settings_of_signals_are_said_and_keep_nothing_from_its_work() {
    let (line, ()) = started(&[("METRICS_PORT", "often")], |_| ());
    assert_eq!(line["message"], "nothing is measured or traced", "{line}");
    let error = line["error"].as_str().unwrap();
    assert!(
        error.contains("METRICS_PORT is \"often\"; it takes"),
        "{error}"
    );
}
