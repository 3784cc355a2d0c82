use std::collections::{BTreeMap, BTreeSet};

use opentelemetry::metrics::MeterProvider;
use opentelemetry_sdk::metrics::SdkMeterProvider;
use tracing_subscriber::layer::SubscriberExt;

use super::super::text::Scrape;
use super::*;
use crate::telemetry::lines::{FAILED, INGESTED, LINES, PUBLISHED, QUARANTINED, REFINED, STANDING};

/// What is counted while `work` writes log lines, as text.
fn counted(work: impl FnOnce()) -> String {
    let scrape = Scrape::default();
    let meters = SdkMeterProvider::builder()
        .with_reader(scrape.clone())
        .build();
    let identity = Identity {
        hub: "orders".to_owned(),
        consumer_group: "sluice".to_owned(),
        site: Some("shop".to_owned()),
        ..Identity::default()
    };
    let recorded = Recorded::new(&meters.meter("test"), &identity);
    let subscriber = tracing_subscriber::registry().with(recorded);
    tracing::subscriber::with_default(subscriber, work);
    scrape.text().unwrap()
}

fn has(text: &str, line: &str) {
    assert!(
        text.lines().any(|own| own == line),
        "{line} is not in\n{text}"
    );
}

#[test]
fn metrics_are_fields_of_lines_that_others_read() {
    let lines: BTreeMap<&str, BTreeSet<&str>> = LINES
        .iter()
        .map(|line| {
            let common = ["function", "invocation_id", "elapsed_ms"];
            let fields = line.fields.iter().copied().chain(common);
            (line.message, fields.collect())
        })
        .collect();
    let own = [
        "table",
        "version",
        "backlog",
        "watermark_ms",
        "dataset",
        "commit",
    ];
    for metric in METRICS {
        let fields = metric.by.iter().map(|(field, _)| *field);
        for field in fields
            .chain([metric.from.1])
            .filter(|field| !field.is_empty())
        {
            let is_known = match lines.get(metric.from.0) {
                Some(fields) => fields.contains(field),
                None => own.contains(&field),
            };
            assert!(is_known, "{}: {field} of {}", metric.name, metric.from.0);
        }
    }
}

#[test]
fn metrics_of_one_name_are_of_one_kind() {
    let mut known: BTreeMap<&str, (Kind, &str, &str)> = BTreeMap::new();
    for metric in METRICS {
        let own = (metric.kind, metric.unit, metric.about);
        let first = known.entry(metric.name).or_insert(own);
        assert_eq!(*first, own, "{}", metric.name);
        let is_name = |c: char| c.is_ascii_lowercase() || c == '.' || c == '_';
        assert!(metric.name.chars().all(is_name), "{}", metric.name);
    }
}

/// Bronze tells the same twice.
fn bronze_says() {
    for _ in 0..2 {
        tracing::info!(
            function = "bronze",
            invocation_id = "i",
            elapsed_ms = 20_u64,
            partition_id = "3",
            events = 10_usize,
            stored = 8_u64,
            objects = 1_u64,
            bytes = 100_u64,
            newest_age_ms = Some(1_500_i64),
            storage_calls = 7_u64,
            "{}",
            INGESTED
        );
    }
}

/// Silver tells the same twice, the second time as something that it had done before, and what is beside it.
fn silver_says() {
    for replay in [false, true] {
        tracing::info!(
            function = "silver",
            invocation_id = "j",
            elapsed_ms = 30_u64,
            lines = 8_u64,
            records = 9_u64,
            rows = 4_u64,
            duplicates = 3_u64,
            filtered = 0_u64,
            quarantined = 2_u64,
            version = 5_u64,
            replay,
            storage_calls = 4_u64,
            "{}",
            REFINED
        );
    }
    let (reason, count) = ("below_min", 2_u64);
    tracing::warn!(reason, count, "{}", QUARANTINED);
    tracing::error!(
        function = "silver",
        elapsed_ms = 1_u64,
        error = "no",
        "{}",
        FAILED
    );
    tracing::info!(rows = 99_u64, "something else");
}

fn bronze_and_silver_say() {
    bronze_says();
    silver_says();
}

#[test]
fn what_bronze_and_silver_say_is_counted_once() {
    let text = counted(bronze_and_silver_say);
    let partition = "messaging_destination_partition_id=\"3\"";
    has(
        &text,
        &format!("sluice_bronze_events_total{{{partition}}} 16"),
    );
    has(
        &text,
        &format!("sluice_bronze_lag_seconds{{{partition}}} 1.5"),
    );
    has(&text, "sluice_bronze_size_bytes_total 200");
    let consumed = format!(
        "{{messaging_consumer_group_name=\"sluice\",messaging_destination_name=\"orders\",{partition},\
         messaging_operation_name=\"process\",messaging_system=\"eventhubs\"}}"
    );
    has(
        &text,
        &format!("messaging_client_consumed_messages_total{consumed} 20"),
    );
    // What counts since the start is the same at the second line.
    has(
        &text,
        "sluice_storage_calls_total{sluice_layer=\"bronze\"} 7",
    );
    for (fate, count) in [
        ("row", 4),
        ("duplicate", 3),
        ("filtered", 0),
        ("quarantined", 2),
    ] {
        has(
            &text,
            &format!("sluice_silver_records_total{{sluice_fate=\"{fate}\"}} {count}"),
        );
    }
    has(
        &text,
        "sluice_silver_rejected_total{sluice_reason=\"below_min\"} 2",
    );
    has(&text, "sluice_silver_version 5");
    has(
        &text,
        "faas_invocations_total{faas_name=\"shop/bronze\",faas_trigger=\"pubsub\"} 2",
    );
    has(
        &text,
        "faas_invocations_total{faas_name=\"shop/silver\",faas_trigger=\"datasource\"} 2",
    );
    has(
        &text,
        "faas_errors_total{faas_name=\"shop/silver\",faas_trigger=\"datasource\"} 1",
    );
}

#[test]
fn how_long_invocations_took_is_spread() {
    let text = counted(bronze_and_silver_say);
    has(
        &text,
        "faas_invoke_duration_seconds_count{faas_name=\"shop/bronze\",faas_trigger=\"pubsub\"} 2",
    );
    has(
        &text,
        "faas_invoke_duration_seconds_sum{faas_name=\"shop/bronze\",faas_trigger=\"pubsub\"} 0.04",
    );
    let bucket = |bound: &str| {
        format!(
            "faas_invoke_duration_seconds_bucket{{faas_name=\"shop/bronze\",faas_trigger=\"pubsub\",le=\"{bound}\"}}"
        )
    };
    has(&text, &format!("{} 0", bucket("0.01")));
    has(&text, &format!("{} 2", bucket("0.025")));
    has(&text, &format!("{} 2", bucket("+Inf")));
    has(&text, "# TYPE faas_invoke_duration_seconds histogram");
    has(&text, "# TYPE sluice_silver_version gauge");
    has(&text, "# TYPE sluice_silver_records_total counter");
}

#[test]
fn gold_that_follows_by_itself_is_counted_and_is_no_invocation() {
    let text = counted(|| {
        for (invocation_id, ended) in [(EAGER, "UpToDate"), ("t", "Unchanged")] {
            tracing::info!(
                function = "gold",
                invocation_id,
                elapsed_ms = 9_u64,
                ended,
                commits = 2_u64,
                rows = 6_u64,
                sql_calls = 11_u64,
                "{}",
                PUBLISHED
            );
        }
        let table = "it's \"daily\"\\\n";
        tracing::debug!(table, version = 7_u64, backlog = 1_u64, "{}", STANDING);
        let table = "hourly";
        let watermark_ms = Some(1_763_120_674_343_i64);
        tracing::debug!(
            table,
            version = 8_u64,
            backlog = 0_u64,
            watermark_ms,
            "{}",
            STANDING
        );
    });
    has(
        &text,
        "faas_invocations_total{faas_name=\"shop/gold\",faas_trigger=\"timer\"} 1",
    );
    has(
        &text,
        "sluice_gold_runs_total{sluice_outcome=\"UpToDate\"} 1",
    );
    has(&text, "sluice_gold_rows_total 12");
    has(&text, "sluice_gold_sql_calls_total 11");
    has(&text, "sluice_gold_backlog{sluice_table=\"hourly\"} 0");
    has(
        &text,
        "sluice_gold_version{sluice_table=\"it's \\\"daily\\\"\\\\\\n\"} 7",
    );
    has(
        &text,
        "sluice_gold_watermark_seconds{sluice_table=\"hourly\"} 1763120674.343",
    );
}

#[test]
fn the_documents_have_every_metric() {
    let document = include_str!("../../../../docs/telemetry.md");
    for metric in METRICS {
        assert!(
            document.contains(&format!("`{}`", metric.name)),
            "{}",
            metric.name
        );
    }
}
