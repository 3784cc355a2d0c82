//! Metrics in the text form of Prometheus, by the rules that the specification of OpenTelemetry has for that: dots become
//! underscores, the unit is a suffix, and what only rises ends with `_total`.

use std::fmt::Write;
use std::sync::{Arc, Weak};
use std::time::Duration;

use opentelemetry::{Key, KeyValue, Value};
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::metrics::data::{
    AggregatedMetrics, Histogram, Metric, MetricData, ResourceMetrics,
};
use opentelemetry_sdk::metrics::reader::MetricReader;
use opentelemetry_sdk::metrics::{InstrumentKind, ManualReader, Pipeline, Temporality};

/// The type of what is answered.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Collects when it is asked.
#[derive(Clone, Debug, Default)]
pub(super) struct Scrape(Arc<ManualReader>);

impl MetricReader for Scrape {
    fn register_pipeline(&self, pipeline: Weak<Pipeline>) {
        self.0.register_pipeline(pipeline);
    }

    fn collect(&self, metrics: &mut ResourceMetrics) -> OTelSdkResult {
        self.0.collect(metrics)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.0.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.0.shutdown_with_timeout(timeout)
    }

    fn temporality(&self, _: InstrumentKind) -> Temporality {
        Temporality::Cumulative
    }
}

impl Scrape {
    pub(super) fn text(&self) -> Result<String, opentelemetry_sdk::error::OTelSdkError> {
        let mut collected = ResourceMetrics::default();
        self.collect(&mut collected)?;
        Ok(text_of(&collected))
    }
}

fn text_of(collected: &ResourceMetrics) -> String {
    let resource = collected.resource().iter();
    let resource: Vec<KeyValue> = resource
        .map(|(key, value)| KeyValue::new(key.clone(), value.clone()))
        .collect();
    let mut text = String::new();
    head(&mut text, "target_info", "gauge", "What is measured.");
    line(
        &mut text,
        "target_info",
        &labels(resource.iter(), None),
        "1",
    );
    for metric in collected.scope_metrics().flat_map(|scope| scope.metrics()) {
        match metric.data() {
            AggregatedMetrics::F64(data) => write_metric(&mut text, metric, data),
            AggregatedMetrics::U64(data) => write_metric(&mut text, metric, data),
            AggregatedMetrics::I64(data) => write_metric(&mut text, metric, data),
        }
    }
    text
}

fn write_metric<T: ToString + Copy>(text: &mut String, metric: &Metric, data: &MetricData<T>) {
    let (name, about) = (named(metric.name(), metric.unit()), metric.description());
    match data {
        MetricData::Gauge(gauge) => {
            head(text, &name, "gauge", about);
            for point in gauge.data_points() {
                let labels = labels(point.attributes(), None);
                line(text, &name, &labels, &point.value().to_string());
            }
        }
        MetricData::Sum(sum) => {
            let (name, kind) = match sum.is_monotonic() {
                true => (format!("{name}_total"), "counter"),
                false => (name, "gauge"),
            };
            head(text, &name, kind, about);
            for point in sum.data_points() {
                let labels = labels(point.attributes(), None);
                line(text, &name, &labels, &point.value().to_string());
            }
        }
        MetricData::Histogram(histogram) => {
            head(text, &name, "histogram", about);
            spread(text, &name, histogram);
        }
        // No instrument asks for them.
        MetricData::ExponentialHistogram(_) => {}
    }
}

fn spread<T: ToString + Copy>(text: &mut String, name: &str, histogram: &Histogram<T>) {
    for point in histogram.data_points() {
        let bounds = point.bounds().map(|bound| bound.to_string());
        let bounds = bounds.chain(["+Inf".to_owned()]);
        let mut below = 0;
        for (bound, count) in bounds.zip(point.bucket_counts()) {
            below += count;
            let labels = labels(point.attributes(), Some(&bound));
            line(text, &format!("{name}_bucket"), &labels, &below.to_string());
        }
        let labels = labels(point.attributes(), None);
        line(
            text,
            &format!("{name}_sum"),
            &labels,
            &point.sum().to_string(),
        );
        line(
            text,
            &format!("{name}_count"),
            &labels,
            &point.count().to_string(),
        );
    }
}

/// Returns the name of a metric with its unit.
fn named(name: &str, unit: &str) -> String {
    let name = sanitised(name);
    let unit = match unit {
        "s" => "seconds",
        "By" => "bytes",
        // What is in braces is for people.
        _ => return name,
    };
    match name.ends_with(unit) {
        true => name,
        false => format!("{name}_{unit}"),
    }
}

fn sanitised(name: &str) -> String {
    let is_kept = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.chars()
        .map(|c| if is_kept(c) { c } else { '_' })
        .collect()
}

fn labels<'a>(attributes: impl Iterator<Item = &'a KeyValue>, bound: Option<&str>) -> String {
    let own = |key: &Key, value: &Value| {
        let value = value.as_str();
        let value = value.replace('\\', "\\\\").replace('"', "\\\"");
        let value = value.replace('\n', "\\n");
        format!("{}=\"{value}\"", sanitised(key.as_str()))
    };
    let mut labels: Vec<String> = attributes.map(|pair| own(&pair.key, &pair.value)).collect();
    labels.sort();
    labels.extend(bound.map(|bound| format!("le=\"{bound}\"")));
    match labels.is_empty() {
        true => String::new(),
        false => format!("{{{}}}", labels.join(",")),
    }
}

fn head(text: &mut String, name: &str, kind: &str, about: &str) {
    // Writing to a text does not fail.
    let _ = writeln!(text, "# HELP {name} {about}\n# TYPE {name} {kind}");
}

fn line(text: &mut String, name: &str, labels: &str, value: &str) {
    let _ = writeln!(text, "{name}{labels} {value}");
}
