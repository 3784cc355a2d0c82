//! What a transaction writes of its rules; pure.

use std::collections::{BTreeSet, HashMap, HashSet};

use serde_json::{Value, json};

use super::group::{Group, OwnGroup};
use super::judge::alert_id;
use super::{Turn, Watch, Watched, verdicts};
use crate::error::Invariant;
use crate::event::EventTime;
use crate::value::hash::hex;
use crate::value::{Grain, Steps};
use crate::warehouse::model::rule::{NewAlert, RuleAct, RuleStep};
use crate::warehouse::model::text;
use crate::warehouse::schema::{GoldSchema, TableSchema};

/// How many alerts of a rule a transaction writes; of more it writes one that says how many.
pub const MOST_ALERTS: usize = 1_000;

/// What a transaction writes of one rule.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::warehouse) struct Effects {
    pub(in crate::warehouse) rule: String,
    /// What became true.
    pub(in crate::warehouse) raised: Vec<NewAlert>,
    pub(in crate::warehouse) kind: Kind,
    /// How many alerts the one of [`Kind::Overflow`] stands for.
    pub(in crate::warehouse) alerts: u64,
    /// What is true again and was told before, if it was.
    pub(in crate::warehouse) again: Vec<String>,
    /// Which alerts are over.
    pub(in crate::warehouse) cleared: Cleared,
    /// What became true too long ago.
    pub(in crate::warehouse) stale: u64,
    /// Of how many groups or rows it could not be computed.
    pub(in crate::warehouse) failed: u64,
    pub(in crate::warehouse) notify: Vec<String>,
    pub(in crate::warehouse) notify_cleared: bool,
    /// The least event time between two alerts of a group, in microseconds.
    pub(in crate::warehouse) rearm: Option<i64>,
    /// How long the windows of its table are, in microseconds, where they overlap.
    pub(in crate::warehouse) overlap: Option<i64>,
    /// Whether its groups are of periods.
    pub(in crate::warehouse) has_periods: bool,
}

/// What the alerts of a transaction are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::warehouse) enum Kind {
    /// A condition became true.
    Raised,
    /// A group fell silent.
    Silent,
    /// There were too many to be told each.
    Overflow,
}

impl Kind {
    /// Returns its name in the books.
    pub(in crate::warehouse) fn as_str(self) -> &'static str {
        match self {
            Self::Raised => "raised",
            Self::Silent => "silent",
            Self::Overflow => "overflow",
        }
    }
}

/// Which alerts of a rule are over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::warehouse) enum Cleared {
    /// Those of these groups, by the starts of their periods and their keys.
    Of(Vec<(i64, [u8; 16])>),
    /// All.
    All,
    /// Those that are open and not true: the rule begins.
    Untrue,
}

impl Effects {
    /// Returns the groups whose alerts are over, as JSON: each with its key and, where its table has periods, with its start.
    pub(in crate::warehouse) fn cleared_json(&self) -> Option<String> {
        match &self.cleared {
            Cleared::Of(groups) if !groups.is_empty() => {
                Some(groups_json(groups.iter().copied(), self.has_periods))
            }
            _ => None,
        }
    }

    /// Returns who is told, as JSON.
    pub(in crate::warehouse) fn targets_json(&self) -> String {
        Value::from(self.notify.clone()).to_string()
    }

    /// Returns the ids of what is true again, as JSON; nothing where nothing is.
    pub(in crate::warehouse) fn again_json(&self) -> Option<String> {
        (!self.again.is_empty()).then(|| Value::from(self.again.clone()).to_string())
    }

    /// Splits what became true into what is raised at once, in this order, so that of windows of a group which overlap the
    /// earliest is told and no other: each time none of the same group, and all of them earlier than those of later times.
    pub(in crate::warehouse) fn turns(&self) -> Vec<Vec<&NewAlert>> {
        let mut turns: Vec<Vec<&NewAlert>> = Vec::new();
        let mut told: HashMap<Option<[u8; 16]>, usize> = HashMap::new();
        let mut raised: Vec<&NewAlert> = self.raised.iter().collect();
        if self.overlap.is_none() {
            return vec![raised];
        }
        raised.sort_by_key(|alert| alert.start);
        for alert in raised {
            let turn = told.entry(alert.group).or_default();
            if turns.len() <= *turn {
                turns.push(Vec::new());
            }
            if let Some(turn) = turns.get_mut(*turn) {
                turn.push(alert);
            }
            *turn += 1;
        }
        turns
    }

    /// Returns how many alerts there are at least: of windows of a group that overlap the earliest.
    fn least(&self) -> u64 {
        let Some(length) = self.overlap else {
            return self.raised.len() as u64;
        };
        let mut raised: Vec<(Option<[u8; 16]>, i64)> = self
            .raised
            .iter()
            .map(|alert| (alert.group, alert.start.unwrap_or_default()))
            .collect();
        raised.sort_unstable();
        let mut last = None;
        let mut count = 0;
        for (group, start) in raised {
            let is_apart = last.is_none_or(|(other, before): (_, i64)| {
                other != group || start >= before.saturating_add(length)
            });
            if is_apart {
                last = Some((group, start));
                count += 1;
            }
        }
        count
    }

    /// Returns alerts as JSON.
    pub(in crate::warehouse) fn raised_json(&self, alerts: &[&NewAlert]) -> String {
        // Between these no other window of the group overlaps.
        let beside = |alert: &NewAlert, away: i64| {
            let start = alert.start.filter(|_| self.overlap.is_some())?;
            text::timestamp(start.saturating_add(away))
        };
        let length = self.overlap.unwrap_or_default();
        let alerts = alerts.iter().map(|alert| {
            json!({
                "after": beside(alert, -length),
                "before": beside(alert, length),
                "id": alert.id,
                "group": alert.group.map(|key| hex(&key)),
                "start": alert.start.and_then(text::timestamp),
                "time": text::timestamp(alert.event_time),
                "since": self.rearm.and_then(|rearm| text::timestamp(alert.event_time.saturating_sub(rearm))),
                "fields": alert.fields,
            })
        });
        Value::from_iter(alerts).to_string()
    }
}

/// Returns groups as JSON.
pub(in crate::warehouse) fn groups_json(
    groups: impl Iterator<Item = (i64, [u8; 16])>,
    has_periods: bool,
) -> String {
    let groups = groups.map(|(start, key)| {
        let start = has_periods.then(|| text::timestamp(start)).flatten();
        json!({ "group": hex(&key), "start": start })
    });
    Value::from_iter(groups).to_string()
}

impl Effects {
    /// Returns how much the books count: what became true too long ago, and what could not be computed, which is logged.
    pub(in crate::warehouse) fn counted(&self) -> Option<(u64, u64)> {
        if self.failed > 0 {
            tracing::warn!(
                rule = self.rule,
                groups = self.failed,
                "a rule could not be computed, and counts as not true"
            );
        }
        (self.stale + self.failed > 0).then_some((self.stale, self.failed))
    }
}

impl RuleStep {
    /// Returns which open alerts of a rule that begins are over where none of its table is compared: what was told of rows stays
    /// as it is, and what was told of another table is over.
    pub(in crate::warehouse) fn over_without_table(&self) -> Cleared {
        match self.from.as_ref().map(|from| from.table == self.to.table) {
            Some(false) => Cleared::All,
            _ => Cleared::Of(Vec::new()),
        }
    }
}

impl Watch {
    /// Returns which of the open alerts of a rule that begins are over, by what its table has of their groups.
    pub(in crate::warehouse) fn untrue(
        &self,
        step: &RuleStep,
        table: &TableSchema,
        open: Vec<(i64, [u8; 16])>,
        groups: &[OwnGroup],
    ) -> Result<Cleared, Invariant> {
        let Some(rule) = step.rule() else {
            return Ok(step.over_without_table());
        };
        let groups: Vec<Group<'_>> = groups.iter().map(OwnGroup::view).collect();
        let own = self.rules.iter().find(|own| own.step.name == step.name);
        let as_of = own.and_then(|own| own.as_of);
        let (holds, _) = verdicts((rule, table), &groups, as_of)?;
        let holding = groups.iter().zip(holds).filter(|(_, holds)| *holds);
        let holding = holding.map(|(group, _)| (group.start, group.key));
        let holding: BTreeSet<(i64, [u8; 16])> = holding.collect();
        let over = open.into_iter().filter(|place| !holding.contains(place));
        Ok(Cleared::Of(over.collect()))
    }

    /// Returns what is to be written, once all rows are compared.
    pub(in crate::warehouse) fn settle(
        &mut self,
        schema: &GoldSchema,
    ) -> Result<Vec<Effects>, Invariant> {
        let (dataset, log) = (self.dataset.clone(), self.log.clone());
        let mut effects = Vec::new();
        for watched in &mut self.rules {
            let steps = match watched.step.table {
                Some(index) => Some(schema.table_at(index)?.steps()),
                None => None,
            };
            effects.push(watched.settle(&dataset, log.as_deref(), steps.as_ref()));
        }
        Ok(effects)
    }
}

impl Watched {
    fn settle(&mut self, dataset: &str, log: Option<&str>, steps: Option<&Steps>) -> Effects {
        let name = self.step.name.clone();
        let mut effects = Effects::none(name.clone(), self.failed, steps);
        let Some(rule) = self.step.rule() else {
            effects.cleared = Cleared::All;
            return effects;
        };
        effects.notify.clone_from(&rule.notify);
        effects.notify_cleared = rule.notify_cleared;
        effects.rearm = rule.rearm;
        if rule.is_silence() {
            effects.kind = Kind::Silent;
        }
        if matches!(self.step.act, RuleAct::Start(_)) {
            effects.cleared = Cleared::Untrue;
            return effects;
        }
        let oldest = oldest(self.as_of, rule.fresh);
        let episode = (log.unwrap_or_default(), self.step.to.version.to_string());
        let mut over = std::mem::take(&mut self.heard);
        let mut raised = std::mem::take(&mut self.told);
        for (place, turn) in std::mem::take(&mut self.turns) {
            match (turn.before, turn.after) {
                (false, true) => {
                    let named = (dataset, name.as_str(), steps);
                    let alert = became_true(named, (episode.0, &episode.1), (place, turn));
                    if effects.has_periods {
                        effects.again.push(alert.id.clone());
                    }
                    raised.push(alert);
                }
                (true, false) => over.push(place),
                _ => {}
            }
        }
        let all = raised.len();
        raised.retain(|alert| alert.event_time >= oldest);
        effects.stale = self.stale + (all - raised.len()) as u64;
        let mut seen = HashSet::new();
        raised.retain(|alert| seen.insert(alert.id.clone()));
        effects.cleared = Cleared::Of(over);
        effects.raised = raised;
        let count = effects.least() + self.more;
        if count > MOST_ALERTS as u64 {
            let id = alert_id(&[dataset, &name, "overflow", episode.0, &episode.1]);
            effects.overflow(id, count);
        }
        effects
    }
}

impl Effects {
    /// Of a rule that has found nothing, and could not be computed of so many groups or rows.
    fn none(rule: String, failed: u64, steps: Option<&Steps>) -> Self {
        Self {
            rule,
            raised: Vec::new(),
            kind: Kind::Raised,
            alerts: 0,
            again: Vec::new(),
            cleared: Cleared::Of(Vec::new()),
            stale: 0,
            failed,
            notify: Vec::new(),
            notify_cleared: false,
            rearm: None,
            overlap: steps.and_then(Steps::overlap),
            has_periods: steps.is_some_and(|steps| steps.grain != Grain::All),
        }
    }

    /// Puts one alert in the place of so many.
    fn overflow(&mut self, id: String, count: u64) {
        let newest = self.raised.iter().map(|alert| alert.event_time).max();
        self.alerts = count;
        self.kind = Kind::Overflow;
        self.rearm = None;
        self.raised = vec![NewAlert {
            id,
            group: None,
            start: None,
            event_time: newest.unwrap_or_default(),
            fields: json!({ "alerts": count }).to_string(),
        }];
    }
}

/// Returns the alert of a group that became what a rule says: of its period, or of an episode, which its log and version tell
/// from others.
fn became_true(
    (dataset, rule, steps): (&str, &str, Option<&Steps>),
    (log, version): (&str, &str),
    ((start, key), turn): ((i64, [u8; 16]), Turn),
) -> NewAlert {
    let group = hex(&key);
    let steps = steps.filter(|steps| steps.grain != Grain::All);
    let (id, event_time) = match steps {
        None => {
            let parts = [dataset, rule, "episode", &group, log, version];
            (alert_id(&parts), turn.newest)
        }
        Some(steps) => {
            let period = start.to_string();
            let parts = [dataset, rule, "period", &group, &period];
            (alert_id(&parts), steps.end(start))
        }
    };
    NewAlert {
        id,
        group: Some(key),
        start: steps.map(|_| start),
        event_time,
        fields: turn.fields,
    }
}

/// Returns the earliest event time that is told of.
fn oldest(as_of: Option<EventTime>, fresh: i64) -> i64 {
    as_of.map_or(i64::MIN, |as_of| as_of.0.saturating_sub(fresh))
}
