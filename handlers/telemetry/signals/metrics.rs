//! Counts by log lines, as the catalog says: nothing else in Sluice knows of metrics, and they cost nothing where nobody
//! asks for them.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry::KeyValue;
use opentelemetry::metrics::{Counter, Gauge, Histogram, Meter};
use tracing::field::{Field, Visit};
use tracing::{Event, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;

use super::catalog::{Kind, METRICS, Metric};
use super::settings::Identity;
use crate::telemetry::lines::EAGER;

/// The bounds of spreads, in seconds, as the conventions advise.
const BOUNDS: [f64; 14] = [
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0,
];

/// What a field of a line holds.
#[derive(Clone, Debug, PartialEq)]
enum Held {
    Number(f64),
    Text(String),
}

/// The fields of a line.
#[derive(Debug, Default)]
struct Fields {
    message: String,
    held: BTreeMap<&'static str, Held>,
}

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        match field.name() {
            "message" => self.message = format!("{value:?}"),
            name => drop(self.held.insert(name, Held::Text(format!("{value:?}")))),
        }
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        match field.name() {
            "message" => value.clone_into(&mut self.message),
            name => drop(self.held.insert(name, Held::Text(value.to_owned()))),
        }
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.record_f64(field, number(value));
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        let sign = if value < 0 { -1.0 } else { 1.0 };
        self.record_f64(field, sign * number(value.unsigned_abs()));
    }

    fn record_f64(&mut self, field: &Field, value: f64) {
        self.held.insert(field.name(), Held::Number(value));
    }
}

/// Returns a count as collectors keep it: exact up to 2 to the power of 53.
fn number(count: u64) -> f64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "that is how collectors keep numbers"
    )]
    let number = count as f64;
    number
}

/// What a metric is recorded with.
#[derive(Clone)]
enum Instrument {
    Count(Counter<u64>),
    Last(Gauge<f64>),
    Spread(Histogram<f64>),
}

impl Instrument {
    fn of(meter: &Meter, metric: &Metric) -> Self {
        let (name, unit, about) = (metric.name, metric.unit, metric.about);
        match metric.kind {
            Kind::Count | Kind::Total | Kind::Lines => {
                let counter = meter.u64_counter(name).with_unit(unit);
                Self::Count(counter.with_description(about).build())
            }
            Kind::Last => {
                let gauge = meter.f64_gauge(name).with_unit(unit);
                Self::Last(gauge.with_description(about).build())
            }
            Kind::Spread => {
                let histogram = meter.f64_histogram(name).with_unit(unit);
                let histogram = histogram.with_boundaries(BOUNDS.to_vec());
                Self::Spread(histogram.with_description(about).build())
            }
        }
    }
}

/// The layer that sees the log lines.
#[derive(Clone)]
pub struct Recorded(Arc<Inner>);

struct Inner {
    instruments: BTreeMap<&'static str, Instrument>,
    identity: Identity,
    /// The last values of what counts since the start, by the metric's place.
    before: Mutex<BTreeMap<usize, u64>>,
}

impl fmt::Debug for Recorded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Recorded")
    }
}

impl<S: Subscriber> Layer<S> for Recorded {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.take(&fields);
    }
}

impl Recorded {
    pub(super) fn new(meter: &Meter, identity: &Identity) -> Self {
        let instruments = METRICS.iter();
        let instruments = instruments.map(|metric| (metric.name, Instrument::of(meter, metric)));
        Self(Arc::new(Inner {
            instruments: instruments.collect(),
            identity: identity.clone(),
            before: Mutex::default(),
        }))
    }

    fn take(&self, fields: &Fields) {
        for (place, metric) in METRICS.iter().enumerate() {
            if metric.from.0 != fields.message {
                continue;
            }
            // What gold does by itself is no invocation.
            let is_invocation = metric.name.starts_with("faas.");
            if is_invocation && fields.text("invocation_id") == Some(EAGER) {
                continue;
            }
            // What was refined before is told again, and was counted then.
            let is_again = metric.kind == Kind::Count && fields.text("replay") == Some("true");
            if is_again {
                continue;
            }
            let value = match metric.kind {
                Kind::Lines => Some(1.0),
                _ => fields.number(metric.from.1),
            };
            if let Some(value) = value {
                self.record((place, metric), value, fields);
            }
        }
    }

    fn record(&self, (place, metric): (usize, &Metric), value: f64, fields: &Fields) {
        let attributes = self.attributes(metric, fields);
        let is_millis = metric.from.1.ends_with("_ms");
        let value = if is_millis { value / 1_000.0 } else { value };
        match self.0.instruments.get(metric.name) {
            Some(Instrument::Count(counter)) => {
                let count = whole(value);
                let count = match metric.kind {
                    Kind::Total => self.new_of(place, count),
                    _ => count,
                };
                counter.add(count, &attributes);
            }
            Some(Instrument::Last(gauge)) => gauge.record(value, &attributes),
            Some(Instrument::Spread(histogram)) => histogram.record(value, &attributes),
            None => {}
        }
    }

    /// Returns how much of a total is new.
    fn new_of(&self, place: usize, total: u64) -> u64 {
        let mut before = self.0.before.lock().unwrap_or_else(PoisonError::into_inner);
        let last = before.entry(place).or_default();
        // Lines of invocations at the same time may be written out of order.
        let new = total.saturating_sub(*last);
        *last += new;
        new
    }

    fn attributes(&self, metric: &Metric, fields: &Fields) -> Vec<KeyValue> {
        let identity = &self.0.identity;
        let mut attributes = Vec::new();
        for (field, key) in metric.by {
            let Some(value) = fields.held.get(field) else {
                continue;
            };
            let value = match value {
                Held::Text(text) if *field == "function" => {
                    let (name, trigger) = function(text);
                    attributes.push(KeyValue::new("faas.trigger", trigger));
                    identity.function(name)
                }
                Held::Text(text) => text.clone(),
                Held::Number(number) => number.to_string(),
            };
            attributes.push(KeyValue::new(*key, value));
        }
        attributes.extend(metric.of.map(|(key, value)| KeyValue::new(key, value)));
        if metric.name.starts_with("messaging.") {
            attributes.extend(messaging(identity));
        }
        attributes
    }
}

/// Says what events are read from, by the names of the conventions.
pub(super) fn messaging(identity: &Identity) -> [KeyValue; 4] {
    [
        KeyValue::new("messaging.system", "eventhubs"),
        KeyValue::new("messaging.operation.name", "process"),
        KeyValue::new("messaging.destination.name", identity.hub.clone()),
        KeyValue::new(
            "messaging.consumer.group.name",
            identity.consumer_group.clone(),
        ),
    ]
}

/// Returns the name of a function and what starts it, by the values of the conventions. What is no function is named `other`:
/// whoever asks for it chooses what it is called.
pub(super) fn function(name: &str) -> (&'static str, &'static str) {
    match name {
        "bronze" => ("bronze", "pubsub"),
        "silver" => ("silver", "datasource"),
        "gold" => ("gold", "timer"),
        "maintain" => ("maintain", "timer"),
        _ => ("other", "other"),
    }
}

/// Returns a number that was a count.
fn whole(value: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it was a count, and a cast of anything else ends at the bounds"
    )]
    let count = value as u64;
    count
}

impl Fields {
    fn number(&self, name: &str) -> Option<f64> {
        match self.held.get(name) {
            Some(Held::Number(number)) => Some(*number),
            _ => None,
        }
    }

    fn text(&self, name: &str) -> Option<&str> {
        match self.held.get(name) {
            Some(Held::Text(text)) => Some(text),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests;
