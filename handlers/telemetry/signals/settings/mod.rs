//! What turns OpenTelemetry on; pure. The names are the specification's, but for the port.
//!
//! A value that Sluice does not know is a problem and never passed over in silence. Some settings of the SDK itself are read by
//! it, from the environment: those of the batches of spans (`OTEL_BSP_*`), of the limits of a span, and the sampler, which is
//! checked here.

mod collector;
mod lookup;

use std::time::Duration;

pub(super) use collector::Collector;
use collector::{METRICS, TRACES};
use lookup::{Lookup, millis, pairs};

/// The setting with the port of this machine at which the metrics are to be read as text.
pub const METRICS_PORT: &str = "METRICS_PORT";
const INTERVAL: &str = "OTEL_METRIC_EXPORT_INTERVAL";
const DISABLED: &str = "OTEL_SDK_DISABLED";
const SERVICE: &str = "OTEL_SERVICE_NAME";
const ATTRIBUTES: &str = "OTEL_RESOURCE_ATTRIBUTES";
const SAMPLER: &str = "OTEL_TRACES_SAMPLER";
const RATIO: &str = "OTEL_TRACES_SAMPLER_ARG";
/// The samplers that the SDK has; those that take a ratio say so in their name.
const SAMPLERS: [&str; 6] = [
    "always_on",
    "always_off",
    "traceidratio",
    "parentbased_always_on",
    "parentbased_always_off",
    "parentbased_traceidratio",
];
/// How often metrics are sent.
const DEFAULT_INTERVAL: Duration = Duration::from_secs(60);
/// The name of the event hub, unless `EVENTHUB_NAME` says.
const DEFAULT_HUB: &str = "orders";
const DEFAULT_GROUP: &str = "$Default";

/// What is asked for.
#[derive(Debug, Default)]
pub struct Settings {
    /// Where metrics go, if they go anywhere.
    pub(super) metrics: Option<Collector>,
    /// Where spans go, if they go anywhere.
    pub(super) traces: Option<Collector>,
    /// How often metrics are sent.
    pub(super) interval: Duration,
    /// The port at which metrics are read, if they are.
    pub(super) metrics_port: Option<u16>,
    /// What is said of this process.
    pub(super) identity: Identity,
}

/// What is said of this process and what it is fed from.
#[derive(Clone, Debug, Default)]
pub(super) struct Identity {
    pub(super) service: String,
    pub(super) instance: String,
    /// The function app, on Azure.
    pub(super) site: Option<String>,
    pub(super) attributes: Vec<(String, String)>,
    pub(super) hub: String,
    pub(super) consumer_group: String,
}

impl Identity {
    fn read(lookup: Lookup<'_>, instance: String, attributes: Vec<(String, String)>) -> Self {
        let site = lookup.present("WEBSITE_SITE_NAME");
        let is_service = |(key, _): &&(String, String)| key == "service.name";
        let named = attributes.iter().find(is_service);
        let named = named.map(|(_, value)| value.clone());
        let service = lookup.present(SERVICE).or(named).or(site.clone());
        Self {
            service: service.unwrap_or_else(|| "sluice".to_owned()),
            instance: lookup.present("WEBSITE_INSTANCE_ID").unwrap_or(instance),
            site,
            attributes,
            hub: lookup
                .present("EVENTHUB_NAME")
                .unwrap_or_else(|| DEFAULT_HUB.to_owned()),
            consumer_group: lookup
                .present("EVENTHUB_CONSUMER_GROUP")
                .unwrap_or_else(|| DEFAULT_GROUP.to_owned()),
        }
    }

    /// Returns the full name of a function, as the conventions have it for Azure.
    pub(super) fn function(&self, name: &str) -> String {
        match &self.site {
            Some(site) => format!("{site}/{name}"),
            None => name.to_owned(),
        }
    }
}

/// Settings that are malformed. They stop nothing but what they are of.
#[derive(Debug, thiserror::Error)]
#[error("OpenTelemetry is off: {}", .0.join("; "))]
pub struct Problems(pub Vec<String>);

impl Settings {
    /// Reads the settings; `instance` is the process's own id where the platform gives none.
    ///
    /// # Errors
    /// Fails with all problems at once; values that may be secret are not in them.
    pub fn from_lookup(
        lookup: &dyn Fn(&str) -> Option<String>,
        instance: String,
    ) -> Result<Self, Problems> {
        let lookup = Lookup(lookup);
        let mut problems = Vec::new();
        if is_disabled(lookup, &mut problems) {
            return Ok(Self::default());
        }
        let metrics = collector::read(METRICS, lookup, &mut problems);
        let traces = collector::read(TRACES, lookup, &mut problems);
        if traces.is_some() {
            check_sampler(lookup, &mut problems);
        }
        let interval = lookup.present(INTERVAL);
        let interval = interval.and_then(|text| millis(INTERVAL, &text, &mut problems));
        let attributes = lookup.present(ATTRIBUTES);
        let attributes = attributes.map(|text| pairs(ATTRIBUTES, &text, &mut problems));
        let metrics_port = port(lookup.present(METRICS_PORT), &mut problems);
        if !problems.is_empty() {
            return Err(Problems(problems));
        }
        Ok(Self {
            metrics,
            traces,
            interval: interval.unwrap_or(DEFAULT_INTERVAL),
            metrics_port,
            identity: Identity::read(lookup, instance, attributes.unwrap_or_default()),
        })
    }
}

fn is_disabled(lookup: Lookup<'_>, problems: &mut Vec<String>) -> bool {
    match lookup.present(DISABLED).map(|text| text.to_lowercase()) {
        None => false,
        Some(text) if text == "true" => true,
        Some(text) if text == "false" => false,
        Some(text) => {
            problems.push(format!("{DISABLED} is {text:?}; it takes true or false"));
            false
        }
    }
}

fn port(text: Option<String>, problems: &mut Vec<String>) -> Option<u16> {
    let text = text?;
    let port = text.parse().ok().filter(|port| *port != 0);
    if port.is_none() {
        problems.push(format!(
            "{METRICS_PORT} is {text:?}; it takes the number of a port, 1 to 65535"
        ));
    }
    port
}

/// Checks what the SDK would take for its default without a word.
fn check_sampler(lookup: Lookup<'_>, problems: &mut Vec<String>) {
    let Some(sampler) = lookup.present(SAMPLER) else {
        return;
    };
    if !SAMPLERS.contains(&sampler.as_str()) {
        let known = SAMPLERS.join(", ");
        problems.push(format!("{SAMPLER} is {sampler:?}; it takes one of {known}"));
    }
    if !sampler.ends_with("ratio") {
        return;
    }
    let ratio = lookup.present(RATIO);
    let is_ratio = |text: &String| {
        let ratio = text.parse::<f64>();
        ratio.is_ok_and(|ratio| (0.0..=1.0).contains(&ratio))
    };
    if !ratio.as_ref().is_some_and(is_ratio) {
        problems.push(format!(
            "{RATIO} is {}; {sampler} takes a ratio from 0 to 1",
            ratio.map_or_else(|| "not set".to_owned(), |ratio| format!("{ratio:?}"))
        ));
    }
}

#[cfg(test)]
mod tests;
