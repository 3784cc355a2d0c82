//! Quarantine by reason, with the newest records of it; pure.

use askama::Template;

use super::super::reading::Facts;
use super::text::{Number, html, percent};

/// A reason and how many records were rejected for it.
struct Reason {
    name: String,
    records: Number,
    share: f64,
}

#[derive(Template)]
#[template(path = "dashboard/rejected.html")]
struct Quarantined {
    total: Number,
    reasons: Vec<Reason>,
    /// The newest, as `sluice quarantine show` writes them.
    newest: Vec<String>,
    called: &'static str,
}

/// What was rejected, and why.
pub(super) fn rejected(facts: &Facts) -> String {
    let Some(silver) = &facts.silver else {
        return String::new();
    };
    let total = silver.quarantined;
    let reasons = silver.quarantined_by_reason.iter();
    let mut reasons: Vec<Reason> = reasons
        .map(|(name, records)| Reason {
            name: name.clone(),
            records: Number(*records),
            share: percent(*records as f64, total as f64),
        })
        .collect();
    reasons.sort_by_key(|reason| std::cmp::Reverse(reason.records.0));
    let newest = facts.rejected.iter();
    html(&Quarantined {
        total: Number(total),
        reasons,
        newest: newest.map(|rejected| rejected.text(None)).collect(),
        called: facts.called,
    })
}
