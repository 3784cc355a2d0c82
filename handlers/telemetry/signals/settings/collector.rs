//! Where a signal goes, and how; pure. A setting of the signal's own name comes before the one of both signals, as the
//! specification has it.

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use reqwest::header::{HeaderName, HeaderValue};
use url::{Host, Url};

use super::lookup::{Lookup, millis, pairs};

/// A signal, as names of settings have it, and the path of a collector that takes it.
#[derive(Clone, Copy)]
pub(super) struct Signal(&'static str, &'static str);

pub(super) const METRICS: Signal = Signal("METRICS", "metrics");
pub(super) const TRACES: Signal = Signal("TRACES", "traces");

/// What the only protocol is called.
const HTTP: &str = "http/protobuf";
const GZIP: &str = "gzip";
/// How long a request may take.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

/// A collector that takes a signal by OTLP over HTTP.
pub(in super::super) struct Collector {
    /// Where it takes it.
    pub(in super::super) address: Url,
    /// What is sent with each request; secrets among it.
    pub(in super::super) headers: HashMap<String, String>,
    /// How long a request may take.
    pub(in super::super) timeout: Duration,
    /// Whether requests are compressed, by gzip.
    pub(in super::super) compresses: bool,
}

impl fmt::Debug for Collector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Collector")
    }
}

/// A setting that is there.
struct Found {
    name: String,
    value: String,
    /// Whether it is of one signal.
    is_own: bool,
}

impl Signal {
    /// Finds one of the settings that a signal and both signals have.
    fn find(self, what: &str, lookup: Lookup<'_>) -> Option<Found> {
        let found = |name: String, is_own| {
            let value = lookup.present(&name)?;
            Some(Found {
                name,
                value,
                is_own,
            })
        };
        found(format!("OTEL_EXPORTER_OTLP_{}_{what}", self.0), true)
            .or_else(|| found(format!("OTEL_EXPORTER_OTLP_{what}"), false))
    }

    /// Returns whether it is to be sent, where there is a collector.
    fn is_wanted(self, lookup: Lookup<'_>, problems: &mut Vec<String>) -> bool {
        let name = format!("OTEL_{}_EXPORTER", self.0);
        match lookup.present(&name).as_deref() {
            None | Some("otlp") => true,
            Some("none") => false,
            Some(other) => {
                problems.push(format!(
                    "{name} is {other:?}; it takes otlp or none (Prometheus reads at METRICS_PORT)"
                ));
                false
            }
        }
    }
}

/// Reads where a signal goes; nothing if it goes nowhere, or there is a problem.
pub(super) fn read(
    signal: Signal,
    lookup: Lookup<'_>,
    problems: &mut Vec<String>,
) -> Option<Collector> {
    let endpoint = signal.find("ENDPOINT", lookup)?;
    if !signal.is_wanted(lookup, problems) {
        return None;
    }
    let protocol = signal.find("PROTOCOL", lookup);
    if let Some(Found { name, value, .. }) = protocol.filter(|found| found.value != HTTP) {
        let problem = format!(
            "{name} is {value:?}; Sluice speaks {HTTP}, to port 4318 of a collector as a rule"
        );
        push(problems, problem);
    }
    let compression = signal.find("COMPRESSION", lookup);
    let known = |found: &Found| [GZIP, "none"].contains(&found.value.as_str());
    let compresses = compression
        .as_ref()
        .is_some_and(|found| found.value == GZIP);
    if let Some(Found { name, value, .. }) = compression.filter(|found| !known(found)) {
        push(
            problems,
            format!("{name} is {value:?}; it takes {GZIP} or none"),
        );
    }
    let timeout = signal.find("TIMEOUT", lookup);
    let timeout = timeout.and_then(|Found { name, value, .. }| {
        let mut own = Vec::new();
        let timeout = millis(&name, &value, &mut own);
        own.into_iter().for_each(|problem| push(problems, problem));
        timeout
    });
    let headers = headers(signal, lookup, problems);
    let address = address(signal, &endpoint, headers.is_empty());
    let address = address.map_err(|problem| push(problems, problem)).ok()?;
    Some(Collector {
        address,
        headers,
        timeout: timeout.unwrap_or(DEFAULT_TIMEOUT),
        compresses,
    })
}

/// Adds a problem, once where both signals have it.
fn push(problems: &mut Vec<String>, problem: String) {
    if !problems.contains(&problem) {
        problems.push(problem);
    }
}

/// Reads the headers of a signal. No problem repeats what is in them.
fn headers(
    signal: Signal,
    lookup: Lookup<'_>,
    problems: &mut Vec<String>,
) -> HashMap<String, String> {
    let Some(Found { name, value, .. }) = signal.find("HEADERS", lookup) else {
        return HashMap::new();
    };
    let mut own = Vec::new();
    let headers = pairs(&name, &value, &mut own);
    for (key, value) in &headers {
        let is_header = HeaderName::from_bytes(key.as_bytes()).is_ok();
        if !is_header || HeaderValue::from_str(value).is_err() {
            own.push(format!(
                "{name} has a pair that is no header of HTTP; it takes pairs such as api-key=value"
            ));
        }
    }
    own.into_iter().for_each(|problem| push(problems, problem));
    headers.into_iter().collect()
}

/// Reads the address that takes a signal. It may hold a secret, so no problem repeats it.
fn address(signal: Signal, endpoint: &Found, has_no_headers: bool) -> Result<Url, String> {
    let name = &endpoint.name;
    let mut url = Url::parse(&endpoint.value).map_err(|problem| {
        format!("{name} is no address ({problem}); it takes one such as http://localhost:4318")
    })?;
    let is_loopback = match url.host() {
        Some(Host::Domain(host)) => host == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    let has_no_secret = has_no_headers && url.username().is_empty() && url.password().is_none();
    match url.scheme() {
        "https" => {}
        "http" if is_loopback || has_no_secret => {}
        "http" => {
            return Err(format!(
                "{name} begins with http:, and what is sent with each request would be readable on the way; use https, or neither headers nor a password"
            ));
        }
        scheme => {
            return Err(format!(
                "{name} begins with {scheme}:; it takes an address that begins with https:// or http://"
            ));
        }
    }
    // What is set for one signal is the whole address.
    if !endpoint.is_own {
        let path = format!("{}/v1/{}", url.path().trim_end_matches('/'), signal.1);
        url.set_path(&path);
    }
    Ok(url)
}
