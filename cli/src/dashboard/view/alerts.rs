//! Alerts: how many are open, who is still to be told, which rules are marked, and the newest; pure.

use askama::Template;

use super::super::reading::Facts;
use super::text::{Number, Remark, Tone, html};

/// An alert in a row.
struct Row {
    raised_at: String,
    rule: String,
    what: String,
    told: String,
    fields: String,
}

#[derive(Template)]
#[template(path = "dashboard/alerts.html")]
struct Alerts {
    open: Number,
    waiting: Number,
    failed: Number,
    remarks: Vec<Remark>,
    newest: Vec<Row>,
}

/// What rules have raised.
pub(super) fn alerts(facts: &Facts) -> String {
    let gold = &facts.gold;
    let Some(alerts) = &gold.alerts else {
        return match facts.dataset.alerts.is_empty() {
            true => "<p class=\"faint\">the dataset file has no rules</p>".to_owned(),
            false => "<p class=\"faint\">nothing is shown yet</p>".to_owned(),
        };
    };
    let messages = alerts.messages().into_iter().map(|(is_bad, text)| {
        let tone = match is_bad {
            true => Tone::Bad,
            false => Tone::Doubtful,
        };
        Remark::new(tone, text)
    });
    let marks = alerts.marks().into_iter();
    let marks = marks.map(|mark| Remark::new(Tone::Bad, mark));
    let newest = gold.newest.iter().map(|alert| Row {
        raised_at: alert.raised_at.clone().unwrap_or_default(),
        rule: alert.rule.clone(),
        what: alert.what(),
        told: alert.told(),
        fields: alert.shown_fields(),
    });
    html(&Alerts {
        open: Number(alerts.open),
        waiting: Number(alerts.waiting),
        failed: Number(alerts.failed),
        remarks: messages.chain(marks).collect(),
        newest: newest.collect(),
    })
}
