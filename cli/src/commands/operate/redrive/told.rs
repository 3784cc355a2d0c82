//! What a redrive says, in text and as JSON; pure.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluice::silver::redrive::{Fates, Outcome, Plan, SourcePlan};
use sluice::table::log::{Counts, LedgerEntry};

use crate::output::{count, thousands};

/// How many objects people are shown one by one.
const SHOWN: usize = 20;

/// What happened, or would.
#[derive(Debug)]
pub(super) struct Told {
    dataset: String,
    what: What,
}

#[derive(Debug)]
enum What {
    Nothing,
    Announced(Plan, String),
    /// The token that was expected and how much of it was done before; what would become of the rest is something else.
    Differs(Plan, String, usize),
    /// With how many objects are as they were, and how many were done before under the same token.
    Done(Outcome, usize, usize),
}

impl Told {
    pub(super) fn nothing(dataset: String) -> Self {
        let what = What::Nothing;
        Self { dataset, what }
    }

    pub(super) fn announced(dataset: String, plan: Option<Plan>, token: Option<String>) -> Self {
        let what = plan.zip(token);
        let what = what.map_or(What::Nothing, |(plan, token)| What::Announced(plan, token));
        Self { dataset, what }
    }

    pub(super) fn differs(
        dataset: String,
        plan: Option<Plan>,
        expected: Option<String>,
        done: usize,
    ) -> Self {
        let what = plan.zip(expected);
        let what = what.map_or(What::Nothing, |(plan, expected)| {
            What::Differs(plan, expected, done)
        });
        Self { dataset, what }
    }

    pub(super) fn done(dataset: String, outcome: Outcome, waiting: usize, before: usize) -> Self {
        let what = What::Done(outcome, waiting, before);
        Self { dataset, what }
    }

    /// Whether all that was asked for is done, or can be.
    pub(super) fn is_well(&self) -> bool {
        match &self.what {
            What::Nothing => true,
            What::Announced(plan, _) => plan.sources.iter().all(|source| source.fates.is_ok()),
            What::Differs(..) => false,
            What::Done(outcome, ..) => outcome.stopped.is_none() && outcome.refused.is_empty(),
        }
    }

    pub(super) fn text(&self) -> String {
        let dataset = &self.dataset;
        match &self.what {
            What::Nothing => format!("{dataset}: no rejected record waits"),
            What::Announced(plan, token) => {
                let mut lines = vec![format!(
                    "{dataset}, a dry run at version {}: nothing was changed",
                    plan.version
                )];
                lines.extend(announced(plan));
                lines.push(format!(
                    "next: sluice redrive --expect {token}  does just that, or nothing of what is left; give it the same options"
                ));
                lines.join("\n")
            }
            What::Differs(plan, expected, done) => {
                let mut lines = vec![format!(
                    "{dataset}: what would become of them at version {} is not what was announced as {expected}: nothing was changed",
                    plan.version
                )];
                if *done > 0 {
                    let done = count(*done as u64, "object");
                    lines.push(format!("  {done} of it had been taken up before"));
                }
                lines.extend(announced(plan));
                lines.push("next: sluice redrive --dry-run  announces it anew".to_owned());
                lines.join("\n")
            }
            What::Done(outcome, waiting, before) => self.outcome(outcome, *waiting, *before),
        }
    }

    fn outcome(&self, outcome: &Outcome, waiting: usize, before: usize) -> String {
        let total = total(&outcome.done);
        let mut lines = vec![format!(
            "{}: {} of {} taken up: {}",
            self.dataset,
            count(total.redriven, "rejected record"),
            count(outcome.done.len() as u64, "object"),
            words(&Fates::from(&total))
        )];
        if before > 0 {
            let before = count(before as u64, "object");
            lines.push(format!(
                "  {before} had been taken up under this token before"
            ));
        }
        lines.extend(refused(
            outcome
                .refused
                .iter()
                .map(|(source, reason)| (source, reason)),
        ));
        if let Some(error) = &outcome.stopped {
            lines.push(format!(
                "stopped: {}; {} left as they were",
                sluice::error::chain(error),
                count(waiting as u64, "object")
            ));
            lines.push("next: the same command goes on".to_owned());
        } else if total.rows > 0 {
            lines.push("next: sluice audit  proves that everything adds up".to_owned());
        }
        lines.join("\n")
    }

    pub(super) fn json(&self) -> Value {
        let mut object = match &self.what {
            What::Nothing => json!({ "sources": [] }),
            What::Announced(plan, token) => {
                let mut plan = planned(plan);
                plan["dry_run"] = json!(true);
                plan["token"] = json!(token);
                plan
            }
            What::Differs(plan, expected, done) => {
                let mut plan = planned(plan);
                plan["differs_from"] = json!(expected);
                plan["done_before"] = json!(done);
                plan
            }
            What::Done(outcome, waiting, before) => json!({
                "done": outcome.done.iter().map(done).collect::<Vec<_>>(),
                "total": of_counts(&total(&outcome.done)),
                "done_before": before,
                "refused": outcome.refused.iter().map(|(source, reason)| json!({ "source": source, "reason": reason })).collect::<Vec<_>>(),
                "left": waiting,
                "stopped": outcome.stopped.as_ref().map(|error| sluice::error::chain(error)),
            }),
        };
        object["dataset"] = json!(self.dataset);
        object
    }
}

fn announced(plan: &Plan) -> Vec<String> {
    let good = plan.sources.iter().filter(|source| source.fates.is_ok());
    let records: u64 = good.clone().map(|source| source.records).sum();
    let mut lines = vec![format!(
        "  {} of {} would be: {}",
        count(records, "rejected record"),
        count(good.clone().count() as u64, "object"),
        words(&plan.total())
    )];
    let shown = good.clone().take(SHOWN);
    lines.extend(shown.filter_map(|source| {
        let fate = words(source.fates.as_ref().ok()?);
        let records = count(source.records, "record");
        Some(format!("  {}: {records}: {fate}", source.source))
    }));
    let more = good.count().saturating_sub(SHOWN);
    if more > 0 {
        lines.push(format!(
            "  … and {} more: --json has all",
            thousands(more as u64)
        ));
    }
    let refused_ones = plan.sources.iter();
    lines.extend(refused(refused_ones.filter_map(|source| {
        let reason = source.fates.as_ref().err()?;
        Some((&source.source, reason))
    })));
    lines
}

fn refused<'r>(refused: impl Iterator<Item = (&'r String, &'r String)>) -> Vec<String> {
    refused
        .map(|(source, reason)| format!("  {source} cannot be taken up: {reason}"))
        .collect()
}

/// Names what records are now; what none of them is, is left out.
fn words(fates: &Fates) -> String {
    let mut parts = vec![count(fates.rows, "new row")];
    if fates.duplicates > 0 {
        parts.push(count(fates.duplicates, "duplicate"));
    }
    if fates.filtered > 0 {
        parts.push(format!("{} filtered", thousands(fates.filtered)));
    }
    let again = fates.quarantined_total();
    if again > 0 {
        let reasons = fates.quarantined.iter();
        let reasons = reasons.map(|(reason, count)| format!("{reason} {}", thousands(*count)));
        let reasons = reasons.collect::<Vec<_>>().join(", ");
        parts.push(format!("{} rejected again ({reasons})", thousands(again)));
    }
    if fates.nulled > 0 {
        parts.push(format!("{} of them null now", count(fates.nulled, "value")));
    }
    parts.join(", ")
}

fn total(done: &[LedgerEntry]) -> Counts {
    let mut total = Counts::default();
    done.iter().for_each(|entry| total.add(&entry.counts));
    total
}

fn planned(plan: &Plan) -> Value {
    let source = |source: &SourcePlan| match &source.fates {
        Ok(fates) => {
            let mut object = of_fates(fates);
            object["source"] = json!(source.source);
            object["records"] = json!(source.records);
            object
        }
        Err(reason) => json!({ "source": source.source, "refused": reason }),
    };
    json!({
        "version": plan.version,
        "sources": plan.sources.iter().map(source).collect::<Vec<_>>(),
        "total": of_fates(&plan.total()),
    })
}

fn of_fates(fates: &Fates) -> Value {
    let reasons = fates.quarantined.iter();
    let quarantined = reasons.map(|(reason, count)| (reason.to_string(), *count));
    json!({
        "rows": fates.rows,
        "duplicates": fates.duplicates,
        "filtered": fates.filtered,
        "quarantined": quarantined.collect::<BTreeMap<String, u64>>(),
        "nulled": fates.nulled,
    })
}

fn of_counts(counts: &Counts) -> Value {
    let mut object = of_fates(&Fates::from(counts));
    object["records"] = json!(counts.redriven);
    object
}

fn done(entry: &LedgerEntry) -> Value {
    let mut object = of_counts(&entry.counts);
    object["source"] = json!(entry.bronze());
    object["version"] = json!(entry.version);
    object
}
