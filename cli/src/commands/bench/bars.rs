//! The bars that Sluice sets itself, and whether a run met them.

use serde::Serialize;

use super::facts::{Facts, Pace, per_thousand, rate};
use crate::output::thousands;

/// Events a second from the first event sent until the last row is in silver.
const EVENTS_PER_SECOND: u64 = 20_000;
/// What is aimed for.
const AIM: u64 = 50_000;
/// The handler's memory, in bytes.
const MEMORY: u64 = 512 * 1024 * 1024;
/// Storage calls of all layers for 1,000 events.
const CALLS: f64 = 3.0;
/// Milliseconds from enqueued to row in gold that half of the events stay below.
const P50_MS: i64 = 1_000;
/// And those that all but one in a hundred do.
const P99_MS: i64 = 2_000;
/// Events an object from which batches count as full; the last one of each partition never is.
const FULL: u64 = 900;

/// Whether a bar was met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Verdict {
    Met,
    Missed,
    /// Nothing to compare, or not in a run like this one.
    NotJudged,
}

impl Verdict {
    fn of(is_met: bool) -> Self {
        if is_met { Self::Met } else { Self::Missed }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::Missed => "missed",
            Self::NotJudged => "not judged",
        }
    }
}

/// A bar beside its measure.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct Bar {
    pub(super) name: &'static str,
    pub(super) measured: String,
    pub(super) bar: String,
    pub(super) verdict: Verdict,
    /// Why it is not judged, or what there is to add.
    pub(super) note: Option<String>,
}

/// Compares a run with every bar.
pub(super) fn judge(facts: &Facts) -> Vec<Bar> {
    vec![
        throughput(facts),
        memory(facts),
        calls(facts),
        latency(facts),
    ]
}

fn latency(facts: &Facts) -> Bar {
    let found = facts.gold_latency;
    let (verdict, note) = match (facts.pace, facts.follows, found) {
        (Pace::Max, _, _) => (
            Verdict::NotJudged,
            Some("events queue: --rate 5000 measures it"),
        ),
        (_, false, _) => (
            Verdict::NotJudged,
            Some("gold waits for its timer: latency = \"low\" follows silver"),
        ),
        (_, true, None) => (Verdict::NotJudged, None),
        (_, true, Some(found)) => {
            let is_met = found.p50_ms < P50_MS && found.p99_ms < P99_MS;
            (
                Verdict::of(is_met),
                Some("alerts are written with their rows"),
            )
        }
    };
    Bar {
        name: "enqueued to row in gold, p50 and p99",
        measured: found.map_or_else(
            || "not measured".to_owned(),
            |found| format!("{} and {} ms", found.p50_ms, found.p99_ms),
        ),
        bar: format!("below {P50_MS} and {P99_MS} ms"),
        verdict,
        note: note.map(str::to_owned),
    }
}

fn throughput(facts: &Facts) -> Bar {
    let rate = rate(facts.events, facts.silver_seconds);
    let (verdict, note) = match (facts.pace, rate) {
        (Pace::Steady(_), _) => (
            Verdict::NotJudged,
            Some("the rate was given: --rate max measures it".to_owned()),
        ),
        (Pace::Max, None) => (Verdict::NotJudged, None),
        (Pace::Max, Some(rate)) => {
            let aim = if rate >= AIM {
                "reached"
            } else {
                "not reached"
            };
            let note = format!("the aim of {} is {aim}", thousands(AIM));
            (Verdict::of(rate >= EVENTS_PER_SECOND), Some(note))
        }
    };
    Bar {
        name: "events a second, until in silver",
        measured: rate.map_or_else(|| "not measured".to_owned(), thousands),
        bar: format!("at least {}", thousands(EVENTS_PER_SECOND)),
        verdict,
        note,
    }
}

fn memory(facts: &Facts) -> Bar {
    let (measured, verdict) = match facts.handler_memory {
        Some(bytes) => (
            format!("{} MiB", bytes.div_ceil(1024 * 1024)),
            Verdict::of(bytes < MEMORY),
        ),
        None => ("not measured".to_owned(), Verdict::NotJudged),
    };
    Bar {
        name: "peak memory of the handler",
        measured,
        bar: format!("below {} MiB", MEMORY / (1024 * 1024)),
        verdict,
        note: None,
    }
}

fn calls(facts: &Facts) -> Bar {
    let heard = &facts.heard;
    let all = heard.calls.bronze + heard.calls.silver + heard.calls.gold;
    let measured = per_thousand(all, facts.events);
    let is_full = heard.stored >= FULL.saturating_mul(heard.objects) && heard.objects > 0;
    let (verdict, note) = match measured {
        Some(measured) if is_full => (Verdict::of(measured <= CALLS), None),
        _ => {
            let note = "batches were not full: the bar is for 1,000 events an object";
            (Verdict::NotJudged, Some(note.to_owned()))
        }
    };
    Bar {
        name: "storage calls for 1,000 events",
        measured: measured.map_or_else(
            || "not measured".to_owned(),
            |measured| format!("{measured:.2}"),
        ),
        bar: format!("at most {CALLS}"),
        verdict,
        note,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::bench::latency::Summary;

    fn verdicts(facts: &Facts) -> Vec<(&'static str, Verdict)> {
        let bars = judge(facts);
        bars.iter()
            .map(|bar| (bar.measured.clone().leak() as &str, bar.verdict))
            .collect()
    }

    #[test]
    fn a_bar_is_met_missed_or_not_judged() {
        let mut facts = Facts::sample();
        assert_eq!(
            verdicts(&facts),
            [
                ("25,000", Verdict::Met),
                ("100 MiB", Verdict::Met),
                ("2.50", Verdict::Met),
                ("not measured", Verdict::NotJudged)
            ]
        );
        facts.silver_seconds = Some(50.1);
        facts.handler_memory = Some(MEMORY);
        facts.heard.calls.gold += 501;
        assert_eq!(
            verdicts(&facts),
            [
                ("19,960", Verdict::Missed),
                ("512 MiB", Verdict::Missed),
                ("3.00", Verdict::Missed),
                ("not measured", Verdict::NotJudged)
            ]
        );
        facts.pace = Pace::Steady(5_000);
        facts.handler_memory = None;
        facts.heard.objects = 5_000;
        let not_judged = verdicts(&facts);
        assert!(
            not_judged
                .iter()
                .all(|(_, verdict)| *verdict == Verdict::NotJudged)
        );
        assert_eq!(not_judged[1].0, "not measured");
        for (p99_ms, expected) in [(1_999, Verdict::Met), (2_000, Verdict::Missed)] {
            facts.gold_latency = Some(Summary {
                p50_ms: 999,
                p99_ms,
                max_ms: 9_000,
                events: 1,
            });
            let latency = verdicts(&facts)[3];
            let measured = format!("999 and {p99_ms} ms");
            assert_eq!(latency, (measured.as_str(), expected));
        }
        facts.follows = false;
        assert_eq!(verdicts(&facts)[3].1, Verdict::NotJudged);
    }
}
