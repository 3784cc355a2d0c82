//! Metrics and spans reach a collector, and a trace leads from a producer through bronze to silver.

use std::collections::BTreeSet;

use serde_json::Value;
use sluice::telemetry;
use sluice::telemetry::signals::METRICS;
use testkit::world::World;

use super::collector::{Collector, NUMBERS, SPANS, all, attributes, hex, links};
use super::{signals, work};

/// Works with a collector; returns what came to it.
async fn collected() -> Vec<Value> {
    let collector = Collector::start();
    let signals = signals(&[
        (
            "OTEL_EXPORTER_OTLP_ENDPOINT",
            format!("http://127.0.0.1:{}", collector.port),
        ),
        ("OTEL_EXPORTER_OTLP_HEADERS", "api-key=a%20b".to_owned()),
        ("OTEL_EXPORTER_OTLP_COMPRESSION", "gzip".to_owned()),
        ("OTEL_METRIC_EXPORT_INTERVAL", "3600000".to_owned()),
        (
            "OTEL_RESOURCE_ATTRIBUTES",
            "deployment.environment.name=test".to_owned(),
        ),
        ("WEBSITE_SITE_NAME", "shop".to_owned()),
        ("EVENTHUB_NAME", "orders".to_owned()),
    ]);
    let signals = signals.unwrap();
    let recorded = Some(signals.recorded());
    let subscriber = telemetry::to(Some("off"), std::io::sink, recorded);
    let _guard = tracing::subscriber::set_default(subscriber);
    let world = World::new();
    let process = world.process();
    work(&process, &world, Some(&signals)).await;
    let flushed = tokio::task::spawn_blocking(move || {
        signals.flush().unwrap();
        signals
    });
    drop(flushed.await.unwrap());
    // One for each invocation.
    collector.received(6)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_trace_leads_from_a_producer_through_bronze_to_silver() {
    let received = collected().await;
    let spans = all(&received, "/v1/traces", SPANS);
    let named = |name: &str| {
        let own = spans.iter().filter(|span| span["name"] == name);
        own.copied().collect::<Vec<&Value>>()
    };
    let (bronze, silver) = (named("process orders"), named("shop/silver"));
    assert_eq!((bronze.len(), silver.len(), spans.len()), (2, 1, 6));
    let expected = BTreeSet::from([
        ("aa".repeat(16), "33".repeat(8)),
        ("bb".repeat(16), "44".repeat(8)),
    ]);
    let failed = bronze
        .iter()
        .find(|span| span["status"]["code"] == "STATUS_CODE_ERROR");
    let failed = failed.unwrap();
    assert!(
        failed["status"]["message"]
            .as_str()
            .unwrap()
            .contains("Data")
    );
    assert!(attributes(failed).contains("error.type=invocation"));
    assert!(links(failed).is_empty());
    assert_eq!(named("shop/other").len(), 1);
    let bronze = bronze
        .iter()
        .find(|span| span["status"]["code"].is_null())
        .unwrap();
    assert_eq!(links(bronze), expected);
    assert_eq!(links(silver[0]), expected);
    assert_eq!(bronze["kind"], "SPAN_KIND_CONSUMER");
    assert_eq!(silver[0]["kind"], "SPAN_KIND_SERVER");
    let own = attributes(bronze);
    for attribute in [
        "messaging.system=eventhubs",
        "messaging.operation.type=process",
        "messaging.destination.name=orders",
        "messaging.destination.partition.id=3",
        "messaging.batch.message_count=5",
        "messaging.consumer.group.name=$Default",
        "faas.name=shop/bronze",
        "faas.trigger=pubsub",
        "faas.invocation_id=784ef39d",
    ] {
        assert!(own.contains(attribute), "{attribute}: {own:?}");
    }
    let own = attributes(silver[0]);
    for attribute in ["faas.trigger=datasource", "faas.document.operation=insert"] {
        assert!(own.contains(attribute), "{attribute}: {own:?}");
    }
    // All are below the span of the host's request.
    for span in spans {
        assert_eq!(hex(&span["traceId"]), "11".repeat(16));
        assert_eq!(hex(&span["parentSpanId"]), "22".repeat(8));
    }
}

/// Returns the value that a metric, which only rises, has with an attribute.
fn sum(metrics: &[&Value], name: &str, attribute: &str) -> String {
    let metric = metrics.iter().find(|metric| metric["name"] == name);
    let metric = metric.unwrap_or_else(|| panic!("no {name}"));
    let sum = &metric["sum"];
    assert_eq!(sum["isMonotonic"], true, "{name}");
    assert_eq!(
        sum["aggregationTemporality"],
        "AGGREGATION_TEMPORALITY_CUMULATIVE"
    );
    let mut points = sum["dataPoints"].as_array().unwrap().iter();
    let point = points.find(|point| attributes(point).contains(attribute));
    let point = point.unwrap_or_else(|| panic!("{metric}"));
    point["asInt"].as_str().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn metrics_reach_a_collector() {
    let received = collected().await;
    let metrics = all(&received, "/v1/metrics", NUMBERS);
    let known: BTreeSet<&str> = METRICS.iter().map(|metric| metric.name).collect();
    for metric in &metrics {
        let name = metric["name"].as_str().unwrap();
        assert!(known.contains(name), "{name}");
        let has_text = |part: &str| metric[part].as_str().is_some_and(|text| !text.is_empty());
        assert!(has_text("unit") && has_text("description"), "{metric}");
    }
    for (name, attribute, count) in [
        (
            "messaging.client.consumed.messages",
            "messaging.system=eventhubs",
            "5",
        ),
        (
            "sluice.bronze.events",
            "messaging.destination.partition.id=3",
            "5",
        ),
        ("sluice.silver.records", "sluice.fate=row", "3"),
        ("sluice.silver.records", "sluice.fate=duplicate", "1"),
        ("sluice.silver.records", "sluice.fate=quarantined", "1"),
        ("sluice.silver.rejected", "sluice.reason=missing_field", "1"),
        ("sluice.gold.runs", "sluice.outcome=UpToDate", "1"),
        ("faas.invocations", "faas.name=shop/maintain", "1"),
        ("faas.errors", "faas.name=shop/bronze", "1"),
        ("faas.errors", "faas.trigger=other", "1"),
    ] {
        assert_eq!(sum(&metrics, name, attribute), count, "{name} {attribute}");
    }
    let watermark = metrics
        .iter()
        .find(|metric| metric["name"] == "sluice.gold.watermark");
    let points = watermark.unwrap()["gauge"]["dataPoints"]
        .as_array()
        .unwrap();
    let tables: BTreeSet<String> = points.iter().flat_map(attributes).collect();
    let expected = ["by_who", "ever", "hourly"].map(|table| format!("sluice.table={table}"));
    assert_eq!(tables, BTreeSet::from(expected));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_request_says_which_process_it_is_of() {
    let received = collected().await;
    for request in &received {
        assert_eq!(request["headers"]["api-key"], "a b");
        assert_eq!(request["headers"]["content-encoding"], "gzip");
        let body = &request["body"];
        let of = body["resourceMetrics"]
            .as_array()
            .or(body["resourceSpans"].as_array());
        let of = attributes(&of.unwrap()[0]["resource"]);
        for attribute in [
            "service.name=shop",
            "service.instance.id=here",
            concat!("service.version=", env!("CARGO_PKG_VERSION")),
            "faas.instance=here",
            "cloud.provider=azure",
            "cloud.platform=azure.functions",
            "deployment.environment.name=test",
        ] {
            assert!(of.contains(attribute), "{attribute}: {of:?}");
        }
    }
}
