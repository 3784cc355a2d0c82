//! What a run came to: what was done to it, and what is left of that.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use sluice::warehouse::schema::ValueType;

use super::faults::{Count, Kind, NOT_HERE, Tally};
use super::oracle::Verdict;
use crate::audit;
use crate::output::{Column, Line, Table, Tone, count, terminal_width, thousands};

/// A run with its verdicts.
#[derive(Clone, Debug)]
pub(crate) struct Report {
    pub(super) seed: u64,
    pub(super) length: Duration,
    /// How long it took after the last fault until gold had everything.
    pub(super) settled: Duration,
    pub(super) tally: Tally,
    pub(super) left_out: Vec<Kind>,
    pub(super) obeys_clock: bool,
    /// Events that the hub acknowledged.
    pub(super) acknowledged: u64,
    /// Batches of which the hub did not say that it took them.
    pub(super) unsent: u64,
    /// Handlers that began to serve.
    pub(super) handlers: u64,
    /// How often functions ran, and how often they failed.
    pub(super) attempts: (u64, u64),
    /// Where handlers panicked.
    pub(super) panics: Vec<String>,
    pub(super) audit: audit::Report,
    pub(super) verdict: Verdict,
    pub(super) state: PathBuf,
}

impl Report {
    /// Why the run failed, each in words; none if everything is as it should be.
    pub(crate) fn failures(&self) -> Vec<String> {
        let mut failures = self.verdict.differences.clone();
        let differs = self.audit.first_difference();
        failures.extend(differs.map(|(name, difference)| format!("audit: {name}: {difference}")));
        if self.verdict.events < self.acknowledged {
            failures.push(format!(
                "the hub acknowledged {} events and holds {}",
                self.acknowledged, self.verdict.events
            ));
        }
        failures.extend(
            self.panics
                .iter()
                .map(|panic| format!("a handler panicked: {panic}")),
        );
        let missing = self.tally.missing().into_iter();
        failures.extend(missing.map(|kind| {
            format!(
                "{} did not happen, so the run proves nothing of it: {}",
                kind.name(),
                kind.hint()
            )
        }));
        failures
    }

    /// The report for programs.
    pub(crate) fn json(&self) -> Value {
        let faults = self.tally.counts().map(|(kind, count)| {
            let mut fault = json!({
                "kind": kind.name(), "times": count.times, "what": kind.does(),
            });
            if let Some(unit) = kind.amount_of() {
                fault[format!("{unit}s")] = count.amount.into();
            }
            fault
        });
        let (attempts, failed) = self.attempts;
        let failures = self.failures();
        json!({
            "seed": self.seed,
            "seconds": self.length.as_secs(),
            "settled_seconds": self.settled.as_secs_f64(),
            "faults": faults.collect::<Vec<_>>(),
            "left_out": self.left_out.iter().map(|kind| kind.name()).collect::<Vec<_>>(),
            "not_here": self.not_here().map(|(name, why)| json!({ "kind": name, "why": why })).collect::<Vec<_>>(),
            "acknowledged": self.acknowledged,
            "unsent_batches": self.unsent,
            "handlers": self.handlers,
            "attempts": attempts,
            "failed_attempts": failed,
            "sent": self.verdict,
            "audit": self.audit,
            "audit_adds_up": self.audit.adds_up(),
            "survived": failures.is_empty(),
            "failures": failures,
        })
    }

    /// The report for people.
    pub(crate) fn lines(&self) -> Vec<Line> {
        let title = format!(
            "chaos for {} s with seed {}",
            self.length.as_secs(),
            self.seed
        );
        let columns = vec![
            Column::new("fault", ValueType::Text),
            Column::new("times", ValueType::Int64),
            Column::new("what was done", ValueType::Text),
        ];
        let rows = self.tally.counts().map(|(kind, count)| row(kind, count));
        let mut lines = Table::new(&title, columns, rows.collect()).lines(terminal_width());
        lines.extend(self.left_out.iter().map(|kind| left_out(*kind)));
        lines.extend(self.not_here().map(|(name, why)| not_here(name, why)));
        lines.push(Line::plain(""));
        lines.push(Line::from(self.sent()));
        lines.push(Line::from(self.worked()));
        lines.extend(self.verdicts());
        lines
    }

    /// The faults that this run could not have, and why.
    fn not_here(&self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let obeys_clock = self.obeys_clock;
        let kinds = Kind::ALL.into_iter();
        let own = kinds.filter_map(move |kind| Some((kind.name(), kind.unavailable(obeys_clock)?)));
        own.chain(NOT_HERE)
    }

    fn sent(&self) -> String {
        let Verdict {
            events,
            empty,
            orders,
            duplicates,
            rejected,
            ..
        } = self.verdict;
        format!(
            "{} events = {} orders + {} duplicates + {} that are no order + {} empty",
            thousands(events),
            thousands(orders),
            thousands(duplicates),
            thousands(rejected),
            thousands(empty)
        )
    }

    fn worked(&self) -> String {
        let (attempts, failed) = self.attempts;
        format!(
            "{} served {}, of which {} failed; {:.0} s after the last fault gold had everything",
            count(self.handlers, "handler"),
            count(attempts, "call"),
            thousands(failed),
            self.settled.as_secs_f64()
        )
    }

    fn verdicts(&self) -> Vec<Line> {
        let failures = self.failures();
        let good = |text: String| Line::of(Tone::Good, "ok    ").and(Tone::Plain, &text);
        let mut lines = Vec::new();
        if self.audit.adds_up() {
            let checks = count(self.audit.checks.len() as u64, "check");
            lines.push(good(format!("the audit: {checks}")));
        }
        if self.verdict.differences.is_empty() {
            let compared = thousands(self.verdict.compared);
            lines.push(good(format!(
                "silver and gold are what was sent: {compared} counts, rows and groups compared"
            )));
        }
        let wrong = failures.iter();
        lines.extend(wrong.map(|text| Line::of(Tone::Bad, "FAIL  ").and(Tone::Plain, text)));
        lines.push(match failures.is_empty() {
            true => Line::of(
                Tone::Good,
                &format!(
                    "{} faults, nothing lost, nothing doubled",
                    thousands(self.tally.total())
                ),
            ),
            false => Line::of(Tone::Bad, "NOT SURVIVED").and(
                Tone::Plain,
                &format!(
                    ": the state is kept in {}; `--seed {}` makes the same faults",
                    self.state.display(),
                    self.seed
                ),
            ),
        });
        lines
    }
}

fn row(kind: Kind, count: Count) -> Vec<Option<String>> {
    let does = match kind.amount_of() {
        Some(unit) => format!(
            "{}: {}",
            kind.does(),
            crate::output::count(count.amount, unit)
        ),
        None => kind.does().to_owned(),
    };
    [kind.name().to_owned(), count.times.to_string(), does]
        .map(Some)
        .into()
}

fn left_out(kind: Kind) -> Line {
    Line::of(Tone::Doubtful, &format!("without {}", kind.name())).and(Tone::Plain, ", as asked")
}

fn not_here(name: &str, why: &str) -> Line {
    Line::of(Tone::Faint, &format!("not here: {name} ({why})"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Check;
    use crate::output::plain;

    /// A run in which both of its kinds happened and nothing came of them.
    fn survived() -> Report {
        let mut tally = Tally::of(&[Kind::HandlerKilled, Kind::GoldLocked].into());
        tally.note(Kind::HandlerKilled, 0);
        tally.note(Kind::GoldLocked, 4);
        Report {
            seed: 7,
            length: Duration::from_secs(60),
            settled: Duration::from_secs(3),
            tally,
            left_out: vec![Kind::HubRestarted],
            obeys_clock: true,
            acknowledged: 9,
            unsent: 1,
            handlers: 2,
            attempts: (30, 4),
            panics: Vec::new(),
            audit: audit::Report {
                dataset: "orders".to_owned(),
                generation: 1,
                version: Some(3),
                sums: audit::Sums::default(),
                opened: None,
                checks: Vec::new(),
            },
            verdict: Verdict {
                events: 10,
                orders: 9,
                duplicates: 1,
                compared: 12,
                ..Verdict::default()
            },
            state: PathBuf::from("/s"),
        }
    }

    #[test]
    fn a_run_without_a_difference_is_survived_and_says_what_it_did_and_did_not() {
        let report = survived();
        assert_eq!(report.failures(), Vec::<String>::new());
        let text = plain(&report.lines());
        for part in [
            "chaos for 60 s with seed 7",
            "another connection had locked gold's database: 4 seconds",
            "without hub-restarted, as asked",
            "not here: sql-connection (",
            "10 events = 9 orders + 1 duplicates + 0 that are no order + 0 empty",
            "2 handlers served 30 calls, of which 4 failed",
            "2 faults, nothing lost, nothing doubled",
        ] {
            assert!(text.contains(part), "{part:?} is not in\n{text}");
        }
        let json = report.json();
        assert_eq!(json["survived"], true);
        assert_eq!(json["faults"][1]["seconds"], 4);
    }

    #[test]
    fn whatever_is_wrong_fails_the_run_and_is_named() {
        type Spoil = fn(&mut Report);
        let cases: [(Spoil, &str); 5] = [
            (
                |report| report.verdict.differences.push("silver: lost".to_owned()),
                "silver: lost",
            ),
            (
                |report| {
                    report.audit.checks.push(Check {
                        name: "gold".to_owned(),
                        examined: String::new(),
                        difference: Some("a cent".to_owned()),
                        skipped: false,
                    });
                },
                "audit: gold: a cent",
            ),
            (
                |report| report.acknowledged = 11,
                "the hub acknowledged 11 events and holds 10",
            ),
            (
                |report| report.panics.push("thread main".to_owned()),
                "a handler panicked: thread main",
            ),
            (
                |report| report.tally = Tally::of(&[Kind::ClockTurned].into()),
                "clock-turned did not happen, so the run proves nothing of it",
            ),
        ];
        for (spoil, words) in cases {
            let mut report = survived();
            spoil(&mut report);
            let failures = report.failures();
            assert_eq!(failures.len(), 1, "{failures:?}");
            assert!(failures[0].starts_with(words), "{failures:?}");
            let text = plain(&report.lines());
            assert!(text.contains(&format!("FAIL  {words}")), "{text}");
            assert!(
                text.contains("NOT SURVIVED: the state is kept in /s"),
                "{text}"
            );
            assert_eq!(report.json()["survived"], false);
        }
    }
}
