//! OpenTelemetry: metrics and spans, for whoever collects them.
//!
//! - `settings`: what turns it on
//! - `catalog`, `metrics`: what the log lines of [`super::lines`] count, and what counts by them
//! - `text`: the metrics in the text form of Prometheus
//! - `trace`: a span for each invocation, linked to the spans that its events were sent in
//! - `client`: how both get to a collector
//!
//! Without its settings nothing of this is there: no thread, no connection, no layer that sees log lines, and no event is
//! looked into.

mod catalog;
mod client;
mod metrics;
mod settings;
mod text;
mod trace;

use std::fmt::{self, Debug};
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use opentelemetry::metrics::MeterProvider;
use opentelemetry::trace::TracerProvider;
use opentelemetry::{KeyValue, Value};
use opentelemetry_otlp::{
    Compression, ExporterBuildError, MetricExporter, Protocol, SpanExporter, WithExportConfig,
    WithHttpConfig,
};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkError;
use opentelemetry_sdk::metrics::{PeriodicReader, SdkMeterProvider};
use opentelemetry_sdk::trace::SdkTracerProvider;
use thiserror::Error;

pub use catalog::{Kind, METRICS, Metric};
use client::Client;
pub use metrics::Recorded;
use settings::Collector;
pub use settings::{METRICS_PORT, Problems, Settings};
pub use text::CONTENT_TYPE;
use text::Scrape;
pub use trace::{Span, Traces};

/// What spans and metrics say that they come from.
const SCOPE: &str = "sluice";

/// Why nothing can be sent, although the settings ask for it.
#[derive(Debug, Error)]
pub enum SignalsError {
    /// There is no client.
    #[error("make a client for the collector")]
    Client(#[from] reqwest::Error),
    /// There is no exporter.
    #[error("make an exporter for the collector")]
    Exporter(#[from] ExporterBuildError),
}

/// What is measured and traced, and where it goes.
pub struct Signals {
    meters: SdkMeterProvider,
    tracers: Option<SdkTracerProvider>,
    recorded: Recorded,
    traces: Option<Arc<Traces>>,
    scrape: Option<(u16, Scrape)>,
}

impl Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").finish_non_exhaustive()
    }
}

impl Signals {
    /// Starts what the settings ask for; nothing if they ask for nothing. It must be called where a Tokio runtime runs: what
    /// is sent is sent there.
    ///
    /// # Errors
    /// Fails if there is no way to the collector to be made.
    pub fn start(settings: &Settings) -> Result<Option<Self>, SignalsError> {
        let Settings {
            metrics, traces, ..
        } = settings;
        if metrics.is_none() && traces.is_none() && settings.metrics_port.is_none() {
            return Ok(None);
        }
        let resource = resource(settings);
        let mut meters = SdkMeterProvider::builder().with_resource(resource.clone());
        if let Some(collector) = metrics {
            let reader = PeriodicReader::builder(metric_exporter(collector)?);
            meters = meters.with_reader(reader.with_interval(settings.interval).build());
        }
        let mut tracers = None;
        if let Some(collector) = traces {
            let exporter = span_exporter(collector)?;
            let provider = SdkTracerProvider::builder().with_resource(resource);
            tracers = Some(provider.with_batch_exporter(exporter).build());
        }
        let scrape = settings.metrics_port.map(|port| (port, Scrape::default()));
        if let Some((_, scrape)) = &scrape {
            meters = meters.with_reader(scrape.clone());
        }
        let meters = meters.build();
        let recorded = Recorded::new(&meters.meter(SCOPE), &settings.identity);
        let traces = tracers.as_ref().map(|tracers| {
            let traces = Traces::new(tracers.tracer(SCOPE), settings.identity.clone());
            Arc::new(traces)
        });
        Ok(Some(Self {
            meters,
            tracers,
            recorded,
            traces,
            scrape,
        }))
    }

    /// Returns the layer that counts by log lines.
    #[must_use]
    pub fn recorded(&self) -> Recorded {
        self.recorded.clone()
    }

    /// Returns what makes spans, where there is a collector for them.
    #[must_use]
    pub fn traces(&self) -> Option<Arc<Traces>> {
        self.traces.clone()
    }

    /// Returns the port of this machine at which metrics are to be read, if they are.
    #[must_use]
    pub fn metrics_port(&self) -> Option<u16> {
        self.scrape.as_ref().map(|(port, _)| *port)
    }

    /// Returns the metrics as text, if they are to be read.
    ///
    /// # Errors
    /// Fails if the metrics cannot be collected.
    pub fn text(&self) -> Result<String, OTelSdkError> {
        match &self.scrape {
            Some((_, scrape)) => scrape.text(),
            None => Ok(String::new()),
        }
    }

    /// Sends what is not sent yet, and waits for it. Blocks: the runtime that sends must have another thread.
    ///
    /// # Errors
    /// Fails if the collector does not take it.
    pub fn flush(&self) -> Result<(), OTelSdkError> {
        let metrics = self.meters.force_flush();
        let spans = self.tracers.as_ref().map(SdkTracerProvider::force_flush);
        metrics.and(spans.unwrap_or(Ok(())))
    }

    /// Sends what is not sent yet before the process ends, but waits no longer than `most`, whatever the collector does.
    /// Blocks, as [`Self::flush`] does.
    pub fn end(self: Arc<Self>, most: Duration) {
        let (ended, waiting) = channel();
        std::thread::spawn(move || {
            // What is not taken has been said by then, and nobody may wait any more.
            let _ = self.flush();
            let _ = ended.send(());
            // Dropped, it would send once more, and wait for that.
            std::mem::forget(self);
        });
        // A time-out and an end are the same here.
        let _ = waiting.recv_timeout(most);
    }
}

/// Says which process this is, by the names of the semantic conventions; `OTEL_RESOURCE_ATTRIBUTES` says more.
fn resource(settings: &Settings) -> Resource {
    let identity = &settings.identity;
    let mut attributes = vec![
        KeyValue::new("service.name", identity.service.clone()),
        KeyValue::new("service.version", env!("CARGO_PKG_VERSION")),
        KeyValue::new("service.instance.id", identity.instance.clone()),
    ];
    if identity.site.is_some() {
        attributes.push(KeyValue::new("cloud.provider", "azure"));
        attributes.push(KeyValue::new("cloud.platform", "azure.functions"));
        attributes.push(KeyValue::new("faas.instance", identity.instance.clone()));
    }
    let further = identity.attributes.iter();
    // The name is decided on already.
    let further = further.filter(|(key, _)| key != "service.name");
    attributes.extend(further.map(|(key, value)| {
        let value = Value::from(value.clone());
        KeyValue::new(key.clone(), value)
    }));
    Resource::builder_empty()
        .with_attributes(attributes)
        .build()
}

fn metric_exporter(collector: &Collector) -> Result<MetricExporter, SignalsError> {
    let builder = MetricExporter::builder().with_http();
    Ok(sent_to(builder, "metrics", collector)?.build()?)
}

fn span_exporter(collector: &Collector) -> Result<SpanExporter, SignalsError> {
    let builder = SpanExporter::builder().with_http();
    Ok(sent_to(builder, "spans", collector)?.build()?)
}

/// Lets an exporter send to a collector.
fn sent_to<B: WithExportConfig + WithHttpConfig>(
    builder: B,
    signal: &'static str,
    collector: &Collector,
) -> Result<B, reqwest::Error> {
    let client = Client::new(signal, collector.timeout)?;
    let builder = builder
        .with_http_client(client)
        .with_protocol(Protocol::HttpBinary)
        .with_endpoint(collector.address.as_str())
        .with_timeout(collector.timeout)
        .with_headers(collector.headers.clone());
    Ok(match collector.compresses {
        true => builder.with_compression(Compression::Gzip),
        false => builder,
    })
}
