//! Reads how far rules are, which alerts are open, and who is still to be told.

use serde::Serialize;
use sluice::clock::{Clock, SystemClock};
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Outstanding, RuleProgress, Standing, Warehouse, WarehouseError};

use crate::output::{count, span, thousands};

/// What there is of alerts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Alerts {
    /// Those of a group that is still as the rule says.
    pub(crate) open: u64,
    /// Messages that are still to be sent.
    pub(crate) waiting: u64,
    /// Seconds since the oldest of them was to be sent.
    pub(crate) waiting_for: Option<i64>,
    /// Messages that were tried for seven days, and that nobody got.
    pub(crate) failed: u64,
    /// Why one of these was not sent.
    pub(crate) error: Option<String>,
    pub(crate) rules: Vec<Rule>,
    /// Whether gold has run with rules, so that there are books of alerts.
    #[serde(skip)]
    pub(crate) has_books: bool,
}

/// A rule of the dataset file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Rule {
    pub(crate) rule: String,
    /// The version that it has been evaluated at; nothing where it has not begun.
    pub(crate) version: Option<u64>,
    /// How much became true and was too old to be told.
    pub(crate) stale: u64,
    /// Of how many groups or rows its condition could not be computed: it counts as not true of them.
    pub(crate) failed: u64,
    /// When that was last so.
    pub(crate) failed_at: Option<String>,
}

impl Alerts {
    /// Returns what is to be said of messages, each with whether it is bad.
    pub(crate) fn messages(&self) -> Vec<(bool, String)> {
        let because = self.error.iter().map(|error| format!(": {error}"));
        let because: String = because.collect();
        let mut texts = Vec::new();
        if self.failed > 0 {
            let failed = count(self.failed, "message");
            texts.push((
                true,
                format!(
                    "{failed} could not be sent for seven days{because}; `sluice alerts resend --failed` sends them again"
                ),
            ));
        }
        if self.waiting > 0 {
            let waiting = count(self.waiting, "message");
            let oldest = self.waiting_for.map_or_else(String::new, |seconds| {
                format!(", the oldest for {}", span(seconds))
            });
            texts.push((false, format!("{waiting} to be sent{oldest}{because}")));
        }
        texts
    }

    /// Returns what is to be said of rules.
    pub(crate) fn marks(&self) -> Vec<String> {
        let marked = self.rules.iter().filter_map(|rule| {
            let at = rule.failed_at.as_deref()?;
            Some(format!(
                "rule {}: its condition could not be computed {}, the last time at {at}; it counts as not true there",
                rule.rule,
                match rule.failed {
                    1 => "once".to_owned(),
                    times => format!("{} times", thousands(times)),
                }
            ))
        });
        marked.collect()
    }
}

/// Reads what there is of alerts; nothing where there are neither rules nor alerts.
pub(super) async fn read(
    warehouse: &dyn Warehouse,
    standing: &Standing,
) -> Result<Option<Alerts>, WarehouseError> {
    let schema = warehouse.schema();
    if schema.rules.is_empty() && !standing.has_outbox {
        return Ok(None);
    }
    let outstanding = match standing.has_outbox {
        true => warehouse.outstanding().await?,
        false => Outstanding::default(),
    };
    let now = SystemClock.now();
    let waiting_for = outstanding
        .oldest
        .map(|oldest| (now.0 - oldest.0).max(0) / 1_000);
    Ok(Some(Alerts {
        open: outstanding.open,
        waiting: outstanding.waiting,
        waiting_for,
        failed: outstanding.failed,
        error: outstanding.error,
        rules: rules(schema, standing),
        has_books: standing.has_outbox,
    }))
}

fn rules(schema: &GoldSchema, standing: &Standing) -> Vec<Rule> {
    let rules = schema.rules.iter().map(|rule| {
        let found: Option<&RuleProgress> = standing.rules.get(&rule.name);
        Rule {
            rule: rule.name.clone(),
            version: found.map(|found| found.version.0),
            stale: found.map_or(0, |found| found.stale),
            failed: found.map_or(0, |found| found.failed),
            failed_at: found.and_then(|found| Some(found.failed_at?.to_string())),
        }
    });
    rules.collect()
}
