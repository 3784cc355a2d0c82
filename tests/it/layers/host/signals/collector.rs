//! A collector that reads what it is sent with the protocol's own classes, and what there is to be read.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::CLIENTS;

/// A collector in a process of its own.
pub(super) struct Collector {
    process: Child,
    /// It ends with this.
    _stdin: ChildStdin,
    pub(super) port: u64,
    lines: Receiver<Value>,
}

impl Collector {
    pub(super) fn start() -> Self {
        let mut command = Command::new(CLIENTS.python("otlp"));
        command.arg(CLIENTS.folder("otlp").join("collector.py"));
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.spawn().unwrap();
        let stdout = BufReader::new(process.stdout.take().unwrap());
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in stdout.lines() {
                let line: Value = serde_json::from_str(&line.unwrap()).unwrap();
                if sender.send(line).is_err() {
                    return;
                }
            }
        });
        let first = lines.recv().unwrap();
        Self {
            _stdin: process.stdin.take().unwrap(),
            process,
            port: first["port"].as_u64().unwrap(),
            lines,
        }
    }

    /// Returns what has come, once that is metrics and so many spans.
    pub(super) fn received(&self, spans: usize) -> Vec<Value> {
        let mut received = Vec::new();
        while all(&received, "/v1/traces", SPANS).len() < spans
            || all(&received, "/v1/metrics", NUMBERS).is_empty()
        {
            received.push(self.lines.recv().unwrap());
        }
        received
    }
}

impl Drop for Collector {
    fn drop(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

/// Returns the attributes of something as text.
pub(super) fn attributes(of: &Value) -> BTreeSet<String> {
    let all = of["attributes"].as_array().into_iter().flatten();
    let all = all.map(|pair| {
        let value = pair["value"].as_object().unwrap().values().next().unwrap();
        let value = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        format!("{}={value}", pair["key"].as_str().unwrap())
    });
    all.collect()
}

/// Returns bytes, which the classes print in base64, in hexadecimal digits.
pub(super) fn hex(value: &Value) -> String {
    let bytes = STANDARD.decode(value.as_str().unwrap_or_default()).unwrap();
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

pub(super) fn links(span: &Value) -> BTreeSet<(String, String)> {
    let links = span["links"].as_array().into_iter().flatten();
    links
        .map(|link| (hex(&link["traceId"]), hex(&link["spanId"])))
        .collect()
}

/// Returns the requests for a path, and all of what is in one list of them.
pub(super) fn all<'a>(
    received: &'a [Value],
    path: &str,
    [outer, scopes, list]: [&str; 3],
) -> Vec<&'a Value> {
    let own = received.iter().filter(|request| request["path"] == path);
    let children = |of: &'a Value, name: &str| of[name].as_array().into_iter().flatten();
    own.flat_map(|request| children(&request["body"], outer))
        .flat_map(|resource| children(resource, scopes))
        .flat_map(|scope| children(scope, list))
        .collect()
}

pub(super) const SPANS: [&str; 3] = ["resourceSpans", "scopeSpans", "spans"];
pub(super) const NUMBERS: [&str; 3] = ["resourceMetrics", "scopeMetrics", "metrics"];
