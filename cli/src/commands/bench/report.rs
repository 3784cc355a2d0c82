//! What a run came to, for people and for programs.

use serde::Serialize;
use serde_json::{Value, json};
use sluice::warehouse::schema::ValueType;

use super::bars::{self, Bar};
use super::facts::{Facts, Pace, per_thousand, rate, ratio};
use super::optimised;
use crate::audit;
use crate::commands::audit as verdict;
use crate::output::{
    Column, Table, count, print, print_lines, print_prose, terminal_width, thousands,
};

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
            "sql_calls": calls.sql,
            "sql_calls_per_1000_events": per_thousand(calls.sql),
            "bronze": { "objects": heard.objects, "events_per_object": ratio(heard.stored, heard.objects) },
            "silver": {
                "commits": facts.silver.commits,
                "sources_per_commit": ratio(facts.silver.sources, facts.silver.commits),
            },
            "gold": { "runs": heard.gold_runs, "transactions": heard.transactions, "every_seconds": facts.gold_seconds },
            "cpu_seconds": facts.cpu_seconds,
            "bars": self.bars,
            "audit": verdict::json(&self.audit, &[]),
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
        "\nsluice bench  {}  {} {pace}, {}, gold every {} s{}, {}\n",
        facts.dataset,
        count(facts.events, "event"),
        count(facts.partitions as u64, "partition"),
        facts.gold_seconds,
        if facts.follows { " and at once" } else { "" },
        count(cores() as u64, "core"),
    ));
    print_lines(&bars_table(&report.bars).lines(terminal_width()));
    for line in details(facts) {
        print(&line);
    }
    if !optimised::IS {
        print_prose(
            "  NOTE: this build of sluice is not optimised, and producer, hub and host are part of it",
        );
    }
    print("");
    verdict::show(&report.audit, &[]);
    if !report.is_conserved {
        print("DOES NOT ADD UP: lines and events differ");
    }
}

fn bars_table(bars: &[Bar]) -> Table {
    let columns = ["", "measured", "bar", " ", "  "];
    // Text, though most of it is numbers: their units stand behind them.
    let columns = columns.map(|name| Column::new(name, ValueType::Text));
    let rows = bars.iter().map(|bar| {
        let note = bar.note.as_deref().unwrap_or_default();
        [
            bar.name,
            &bar.measured,
            &bar.bar,
            bar.verdict.as_str(),
            note,
        ]
        .map(|text| Some(text.to_owned()))
        .into()
    });
    Table::new("", columns.into(), rows.collect())
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
        "{} of {} events",
        count(heard.objects, "object"),
        each(heard.stored, heard.objects)
    );
    let commits = format!(
        "{} of {} sources",
        count(facts.silver.commits, "commit"),
        each(facts.silver.sources, facts.silver.commits)
    );
    let runs = format!(
        "{}, {}",
        count(heard.gold_runs, "run"),
        count(heard.transactions, "transaction")
    );
    let mut lines = vec![
        format!("  {:<16}{:>12}", "layer", "calls/1,000"),
        row("bronze", calls(heard.calls.bronze), objects),
        row("silver", calls(heard.calls.silver), commits),
        row("gold", calls(heard.calls.gold), runs),
        row(
            "gold, SQL",
            calls(heard.calls.sql),
            match heard.calls.sql {
                0 => "no round trips: it is in a file".to_owned(),
                sql => count(sql, "round trip"),
            },
        ),
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
mod tests {
    use super::*;
    use crate::output::plain;

    #[test]
    fn every_measure_stands_in_its_column() {
        let facts = Facts::sample();
        let table = plain(&bars_table(&bars::judge(&facts)).lines(None));
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

    fn audited(difference: Option<&str>) -> audit::Report {
        audit::Report {
            dataset: "orders".to_owned(),
            generation: 1,
            version: Some(40),
            sums: audit::Sums::default(),
            opened: None,
            checks: vec![audit::Check {
                name: "silver: no key twice".to_owned(),
                examined: "1,000,000 keys".to_owned(),
                difference: difference.map(str::to_owned),
                skipped: false,
            }],
        }
    }

    #[test]
    fn a_run_adds_up_if_lines_are_conserved_and_the_audit_agrees() {
        let adds_up = |is_conserved, difference| {
            Report::new(Facts::sample(), audited(difference), is_conserved).adds_up
        };
        assert!(adds_up(true, None));
        assert!(!adds_up(false, None));
        assert!(!adds_up(true, Some("order_id = 7: in a and in b")));
    }

    #[test]
    fn programs_get_every_measure_and_null_where_there_is_none() {
        let report = Report::new(Facts::sample(), audited(None), true);
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(value["rate"], "max");
        assert_eq!(value["events_per_second"]["silver"], 25_000);
        assert_eq!(value["latency"]["silver"]["p99_ms"], 12_345);
        assert_eq!(value["latency"]["gold"], Value::Null);
        let calls = &value["storage_calls_per_1000_events"];
        assert_eq!(
            (&calls["bronze"], &calls["all"]),
            (&json!(1.01), &json!(2.5))
        );
        assert_eq!(value["silver"]["sources_per_commit"], 25.1);
        assert_eq!(value["gold"]["every_seconds"], 2);
        assert_eq!(value["bars"][0]["verdict"], "met");
        assert_eq!(value["audit"]["adds_up"], true);
    }

    #[test]
    fn what_cannot_be_measured_says_so_and_leaves_no_hole() {
        let mut facts = Facts::sample();
        facts.cpu_seconds = None;
        facts.silver_seconds = None;
        facts.events = 0;
        let details = details(&facts).join("\n");
        for line in [
            "  in silver       not measured",
            "  not measured on this system",
        ] {
            assert!(details.contains(line), "{line:?} is not in\n{details}");
        }
        assert!(
            !details.contains("NaN") && !details.contains("inf"),
            "{details}"
        );
    }
}
