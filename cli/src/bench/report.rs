//! What a run came to, for people and for programs.

use std::collections::BTreeMap;

use comfy_table::presets::UTF8_BORDERS_ONLY;
use comfy_table::{CellAlignment, Table};
use serde::Serialize;
use serde_json::{Value, json};
use sluice_cli::audit;

use super::bars::{self, Bar};
use super::latency::Summary;
use super::optimised;
use super::record::Record;
use super::run::Pace;
use crate::text::{print, thousands};
use crate::verify;

/// What the log says about silver's work.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SilverWork {
    pub(super) commits: u64,
    pub(super) sources: u64,
}

/// What was measured.
#[derive(Clone, Debug)]
pub(super) struct Facts {
    pub(super) dataset: String,
    pub(super) pace: Pace,
    /// Events in the hub.
    pub(super) events: u64,
    pub(super) partitions: usize,
    pub(super) gold_seconds: u8,
    /// From the first event sent until the last one is sent.
    pub(super) sent_seconds: f64,
    /// From the first event sent until the last row is in silver.
    pub(super) silver_seconds: Option<f64>,
    /// From the first event sent until the last row is in gold.
    pub(super) gold_run_seconds: Option<f64>,
    pub(super) silver_latency: Option<Summary>,
    pub(super) gold_latency: Option<Summary>,
    pub(super) handler_memory: Option<u64>,
    pub(super) cpu_seconds: Option<BTreeMap<&'static str, f64>>,
    pub(super) silver: SilverWork,
    pub(super) heard: Record,
}

/// A run with its verdicts.
#[derive(Clone, Debug)]
pub(super) struct Report {
    facts: Facts,
    bars: Vec<Bar>,
    audit: audit::Report,
    is_conserved: bool,
    /// Whether everything adds up.
    pub(super) adds_up: bool,
}

impl Report {
    pub(super) fn new(facts: Facts, audit: audit::Report, is_conserved: bool) -> Self {
        let adds_up = is_conserved && audit.adds_up();
        Self {
            bars: bars::judge(&facts),
            facts,
            audit,
            is_conserved,
            adds_up,
        }
    }
}

/// Calls for 1,000 events.
pub(super) fn per_thousand(calls: u64, events: u64) -> Option<f64> {
    (events > 0).then(|| calls as f64 * 1_000.0 / events as f64)
}

/// Events a second.
pub(super) fn rate(events: u64, seconds: Option<f64>) -> Option<u64> {
    let seconds = seconds.filter(|seconds| *seconds > 0.0)?;
    Some((events as f64 / seconds) as u64)
}

fn ratio(count: u64, of: u64) -> Option<f64> {
    (of > 0).then(|| count as f64 / of as f64)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

impl Serialize for Report {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let facts = &self.facts;
        let heard = &facts.heard;
        let per_thousand = |calls| per_thousand(calls, facts.events);
        let calls = heard.calls;
        let value = json!({
            "dataset": facts.dataset,
            "rate": match facts.pace { Pace::Max => Value::from("max"), Pace::Steady(rate) => rate.into() },
            "events": facts.events,
            "partitions": facts.partitions,
            "cores": cores(),
            "optimised": optimised::IS,
            "seconds": { "sent": facts.sent_seconds, "silver": facts.silver_seconds, "gold": facts.gold_run_seconds },
            "events_per_second": {
                "sent": rate(facts.events, Some(facts.sent_seconds)),
                "silver": rate(facts.events, facts.silver_seconds),
                "gold": rate(facts.events, facts.gold_run_seconds),
            },
            "latency": { "silver": facts.silver_latency, "gold": facts.gold_latency },
            "handler_memory_bytes": facts.handler_memory,
            "storage_calls": { "bronze": calls.bronze, "silver": calls.silver, "gold": calls.gold },
            "storage_calls_per_1000_events": {
                "bronze": per_thousand(calls.bronze),
                "silver": per_thousand(calls.silver),
                "gold": per_thousand(calls.gold),
                "all": per_thousand(calls.bronze + calls.silver + calls.gold),
            },
            "bronze": { "objects": heard.objects, "events_per_object": ratio(heard.stored, heard.objects) },
            "silver": {
                "commits": facts.silver.commits,
                "sources_per_commit": ratio(facts.silver.sources, facts.silver.commits),
            },
            "gold": { "runs": heard.gold_runs, "transactions": heard.transactions, "every_seconds": facts.gold_seconds },
            "cpu_seconds": facts.cpu_seconds,
            "bars": self.bars,
            "audit": verify::to_json(&self.audit),
            "adds_up": self.adds_up,
        });
        value.serialize(serializer)
    }
}

/// The report for people.
pub(super) fn show(report: &Report) {
    let facts = &report.facts;
    let pace = match facts.pace {
        Pace::Max => "as fast as they go".to_owned(),
        Pace::Steady(rate) => format!("{} a second", thousands(rate)),
    };
    print(&format!(
        "\nsluice bench  {}  {} events {pace}, {} partitions, gold every {} s, {} cores\n",
        facts.dataset,
        thousands(facts.events),
        facts.partitions,
        facts.gold_seconds,
        cores(),
    ));
    print(&bars_table(&report.bars));
    for line in details(facts) {
        print(&line);
    }
    if !optimised::IS {
        print(
            "  NOTE: this build of sluice is not optimised, and producer, hub and host are part of it",
        );
    }
    print("");
    verify::show(&report.audit);
    if !report.is_conserved {
        print("DOES NOT ADD UP: lines and events differ");
    }
}

fn bars_table(bars: &[Bar]) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_BORDERS_ONLY)
        .set_header(["", "measured", "bar", "", ""]);
    for bar in bars {
        table.add_row([
            bar.name,
            &bar.measured,
            &bar.bar,
            bar.verdict.as_str(),
            bar.note.as_deref().unwrap_or_default(),
        ]);
    }
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}

fn details(facts: &Facts) -> Vec<String> {
    let mut lines = throughput(facts);
    lines.push(String::new());
    lines.push(format!(
        "  {:<16}{:>12}{:>12}{:>12}",
        "latency", "p50", "p99", "longest"
    ));
    for (name, latency) in [
        ("row in silver", facts.silver_latency),
        ("row in gold", facts.gold_latency),
    ] {
        let cells = latency.map_or_else(
            || ["not measured".to_owned(), String::new(), String::new()],
            |it| [it.p50_ms, it.p99_ms, it.max_ms].map(milliseconds),
        );
        let [p50, p99, max] = cells;
        lines.push(format!("  {name:<16}{p50:>12}{p99:>12}{max:>12}"));
    }
    lines.push(String::new());
    lines.extend(work(facts));
    lines
}

fn throughput(facts: &Facts) -> Vec<String> {
    let mut lines = vec![format!(
        "  {:<16}{:>12}{:>16}",
        "until all are", "seconds", "events/s"
    )];
    for (name, seconds) in [
        ("sent", Some(facts.sent_seconds)),
        ("in silver", facts.silver_seconds),
        ("in gold", facts.gold_run_seconds),
    ] {
        let text = seconds.map_or_else(
            || "not measured".to_owned(),
            |seconds| format!("{seconds:.1}"),
        );
        let rate = rate(facts.events, seconds).map_or_else(String::new, thousands);
        lines.push(format!("  {name:<16}{text:>12}{rate:>16}"));
    }
    lines
}

fn work(facts: &Facts) -> Vec<String> {
    let heard = &facts.heard;
    let calls =
        |calls| per_thousand(calls, facts.events).map_or(String::new(), |it| format!("{it:.2}"));
    let each = |count, of| ratio(count, of).map_or(String::new(), |it| format!("{it:.1}"));
    let row =
        |layer: &str, calls: String, text: String| format!("  {layer:<16}{calls:>12}  {text}");
    let objects = format!(
        "{} objects of {} events",
        thousands(heard.objects),
        each(heard.stored, heard.objects)
    );
    let commits = format!(
        "{} commits of {} sources",
        thousands(facts.silver.commits),
        each(facts.silver.sources, facts.silver.commits)
    );
    let runs = format!(
        "{} runs, {} transactions",
        thousands(heard.gold_runs),
        thousands(heard.transactions)
    );
    let mut lines = vec![
        format!("  {:<16}{:>12}", "layer", "calls/1,000"),
        row("bronze", calls(heard.calls.bronze), objects),
        row("silver", calls(heard.calls.silver), commits),
        row("gold", calls(heard.calls.gold), runs),
        String::new(),
        format!("  {:<16}{:>12}{:>12}", "CPU time", "seconds", "cores"),
    ];
    let Some(seconds) = &facts.cpu_seconds else {
        lines.push("  not measured on this system".to_owned());
        return lines;
    };
    for (name, seconds) in seconds {
        let (name, what) = match *name {
            "sluice" => ("sluice", "producer, hub and host"),
            "others" => ("others", "all else on this machine"),
            name => (name, ""),
        };
        let cores = facts
            .gold_run_seconds
            .map_or_else(String::new, |elapsed| format!("{:.2}", seconds / elapsed));
        lines.push(
            format!("  {name:<16}{seconds:>12.1}{cores:>12}  {what}")
                .trim_end()
                .to_owned(),
        );
    }
    lines
}

fn milliseconds(milliseconds: i64) -> String {
    match milliseconds {
        i64::MIN..10_000 => format!("{milliseconds} ms"),
        10_000.. => format!("{:.1} s", milliseconds as f64 / 1_000.0),
    }
}

#[cfg(test)]
impl Facts {
    /// A million events in 40 seconds, every bar met.
    pub(super) fn sample() -> Self {
        use super::record::Calls;

        let latency = Summary {
            p50_ms: 900,
            p99_ms: 12_345,
            max_ms: 13_000,
            events: 1_000_000,
        };
        let heard = Record {
            stored: 1_000_000,
            objects: 1_004,
            calls: Calls {
                bronze: 1_010,
                silver: 1_400,
                gold: 90,
            },
            gold_runs: 20,
            transactions: 18,
            ..Record::default()
        };
        Self {
            dataset: "orders".to_owned(),
            pace: Pace::Max,
            events: 1_000_000,
            partitions: 4,
            gold_seconds: 2,
            sent_seconds: 20.0,
            silver_seconds: Some(40.0),
            gold_run_seconds: Some(41.5),
            silver_latency: Some(latency),
            gold_latency: None,
            handler_memory: Some(100 * 1024 * 1024),
            cpu_seconds: Some(BTreeMap::from([("handler", 8.3), ("sluice", 33.2)])),
            silver: SilverWork {
                commits: 40,
                sources: 1_004,
            },
            heard,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_and_rates_are_taken_of_what_there_was() {
        assert_eq!(per_thousand(2_500, 1_000_000), Some(2.5));
        assert_eq!(per_thousand(1, 0), None);
        assert_eq!(rate(1_000_000, Some(40.0)), Some(25_000));
        assert_eq!(rate(1, Some(0.0)), None);
        assert_eq!(rate(1, None), None);
    }

    #[test]
    fn every_measure_stands_in_its_column() {
        let facts = Facts::sample();
        let table = bars_table(&bars::judge(&facts));
        assert!(
            table.contains("the aim of 50,000 is not reached"),
            "{table}"
        );
        let details = details(&facts).join("\n");
        for line in [
            "  in silver               40.0          25,000",
            "  row in silver         900 ms      12.3 s      13.0 s",
            "  row in gold     not measured",
            "  bronze                  1.01  1,004 objects of 996.0 events",
            "  silver                  1.40  40 commits of 25.1 sources",
            "  gold                    0.09  20 runs, 18 transactions",
            "  sluice                  33.2        0.80  producer, hub and host",
        ] {
            assert!(details.contains(line), "{line:?} is not in\n{details}");
        }
    }
}
