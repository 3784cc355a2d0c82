//! What the rules of a transaction make of the rows that it changes: compared before and after it, so that only what
//! becomes true is told, and nothing of what comes and goes in between; pure.

mod effects;
mod group;
mod judge;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::rule::{NewAlert, RuleAct, RuleBefore, RuleStep, Rules, Told};
use super::{Datum, Row, Run, Swap};
use crate::error::Invariant;
use crate::event::{EventTime, UnixMillis};
use crate::value::hash::hex;
use crate::warehouse::schema::{RuleSchema, RuleTrigger, TableIndex, TableSchema};
pub use effects::MOST_ALERTS;
pub(in crate::warehouse) use effects::{Cleared, Effects, groups_json};
use group::Group;
pub(in crate::warehouse) use group::{OwnGroup, Pair};
pub use judge::alert_id;
use judge::judge;

/// How many groups are compared at a time.
pub(in crate::warehouse) const COMPARED_AT_ONCE: usize = 1_024;

/// The rules of a transaction, with what they have found so far.
#[derive(Debug)]
pub(in crate::warehouse) struct Watch {
    pub(in crate::warehouse) dataset: String,
    /// The log and the version, which tell episodes apart.
    pub(in crate::warehouse) log: Option<String>,
    pub(in crate::warehouse) at: UnixMillis,
    /// Whether tables take the place of others.
    pub(in crate::warehouse) replaces: bool,
    pub(in crate::warehouse) rules: Vec<Watched>,
}

/// A rule of a transaction.
#[derive(Debug)]
pub(in crate::warehouse) struct Watched {
    pub(in crate::warehouse) step: RuleStep,
    /// What the run knows.
    now: Option<EventTime>,
    /// The highest watermark that it knew before.
    pub(in crate::warehouse) before: Option<EventTime>,
    /// The highest watermark that it knows.
    pub(in crate::warehouse) as_of: Option<EventTime>,
    /// What is true of the groups of which it was, or is.
    turns: BTreeMap<(i64, [u8; 16]), Turn>,
    /// What became true otherwise: rows, and groups that fell silent.
    told: Vec<NewAlert>,
    /// How much more did, and is not told each.
    more: u64,
    /// How much did too long ago.
    stale: u64,
    /// The groups that are heard of again.
    pub(in crate::warehouse) heard: Vec<(i64, [u8; 16])>,
    /// What it could not compute.
    pub(in crate::warehouse) failed: u64,
}

/// What is true of a group before the transaction and after it.
#[derive(Debug)]
struct Turn {
    before: bool,
    after: bool,
    newest: i64,
    fields: String,
}

impl Watch {
    pub(in crate::warehouse) fn of_run(dataset: &str, run: &Run) -> Self {
        Self::new(dataset, (run.log.clone(), run.at), &run.rules)
    }

    pub(in crate::warehouse) fn of_swap(dataset: &str, swap: &Swap) -> Self {
        let log = swap
            .tables
            .first()
            .and_then(|(_, _, next)| next.log.clone());
        Self {
            replaces: true,
            ..Self::new(dataset, (log, swap.at), &swap.rules)
        }
    }

    fn new(dataset: &str, (log, at): (Option<String>, UnixMillis), rules: &Rules) -> Self {
        let watched = rules.steps.iter().map(|step| {
            let before = step.from.as_ref().and_then(|from| from.as_of);
            let now = rules.known_to(step);
            Watched {
                step: step.clone(),
                now,
                before,
                as_of: before.max(now),
                turns: BTreeMap::new(),
                told: Vec::new(),
                more: 0,
                stale: 0,
                heard: Vec::new(),
                failed: 0,
            }
        });
        Self {
            dataset: dataset.to_owned(),
            log,
            at,
            replaces: false,
            rules: watched.collect(),
        }
    }

    /// Takes all that was found, and leaves nothing.
    pub(in crate::warehouse) fn take(&mut self) -> Self {
        Self {
            dataset: self.dataset.clone(),
            log: self.log.clone(),
            at: self.at,
            replaces: self.replaces,
            rules: std::mem::take(&mut self.rules),
        }
    }

    /// Returns whether the rows of a table are compared before and after.
    pub(in crate::warehouse) fn compares(&self, table: TableIndex) -> bool {
        self.rules.iter().any(|rule| rule.compares(table))
    }

    /// Compares rows of a table after a merge with what was stored of their groups before it; nothing was of a group that
    /// is new.
    pub(in crate::warehouse) fn observe(
        &mut self,
        (index, table): (TableIndex, &TableSchema),
        rows: &[Row],
        before: &[Option<Vec<Datum>>],
    ) -> Result<(), Invariant> {
        for watched in self.rules.iter_mut().filter(|rule| rule.compares(index)) {
            let Some(rule) = watched.step.rule().map(Arc::clone) else {
                continue;
            };
            let stored = rows.iter().zip(before);
            let stored =
                stored.filter_map(|(row, before)| Some(Group::with(row, before.as_deref()?)));
            let stored: Vec<Group<'_>> = stored.collect();
            let after: Vec<Group<'_>> = rows.iter().map(Group::of).collect();
            let (was, _) = verdicts((&rule, table), &stored, watched.before)?;
            let is = watched.verdicts((&rule, table), &after)?;
            let mut was = was.into_iter();
            for ((row, before), (group, after)) in rows.iter().zip(before).zip(after.iter().zip(is))
            {
                let before = before.is_some() && was.next().unwrap_or(false);
                watched.turn((&rule, table), group, (before, after), row.newest)?;
            }
        }
        Ok(())
    }

    /// Compares groups of a table that takes the place of another one with those of that.
    pub(in crate::warehouse) fn compare(
        &mut self,
        index: TableIndex,
        (old, new): (&TableSchema, &TableSchema),
        pairs: &[Pair],
        before: &[RuleBefore],
    ) -> Result<(), Invariant> {
        let new_groups: Vec<Group<'_>> = pairs.iter().map(|(after, _)| after.view()).collect();
        let there = pairs.iter().filter_map(|(_, before)| before.as_ref());
        let there: Vec<Group<'_>> = there.map(OwnGroup::view).collect();
        for watched in self.rules.iter_mut().filter(|rule| rule.compares(index)) {
            let (Some(rule), Some(was_rule)) = (
                watched.step.rule().map(Arc::clone),
                before_of(before, &watched.step.name),
            ) else {
                continue;
            };
            let (was, _) = verdicts((&was_rule, old), &there, watched.before)?;
            let is = watched.verdicts((&rule, new), &new_groups)?;
            let mut was = was.into_iter();
            for (((_, before), group), after) in pairs.iter().zip(&new_groups).zip(is) {
                let before = before.is_some() && was.next().unwrap_or(false);
                let newest = judge::newest(new, group).or(watched.as_of.map(|as_of| as_of.0));
                let newest = newest.unwrap_or(i64::MIN);
                watched.turn((&rule, new), group, (before, after), newest)?;
            }
        }
        Ok(())
    }

    /// Takes what became true of rows of silver.
    pub(in crate::warehouse) fn tell(&mut self, rule: &str, told: Told) {
        let watched = self.rules.iter_mut().find(|own| own.step.name == rule);
        if let Some(watched) = watched {
            watched.told.extend(told.alerts);
            watched.more += told.more;
            watched.stale += told.stale;
            watched.failed += told.failed;
        }
    }

    /// Returns the rules that wait for silence, with the table of each, its measure, and the range of last times that fell silent:
    /// from the first one on and before the second.
    pub(in crate::warehouse) fn silences(
        &self,
    ) -> Vec<(String, TableIndex, usize, [EventTime; 2])> {
        let silences = self.rules.iter().filter_map(|rule| {
            let (table, measure, range) = rule.falls_silent()?;
            Some((rule.step.name.clone(), table, measure, range))
        });
        silences.collect()
    }

    /// Takes groups of a table that fell silent.
    pub(in crate::warehouse) fn fall_silent(
        &mut self,
        rule: &str,
        table: &TableSchema,
        groups: &[OwnGroup],
    ) -> Result<(), Invariant> {
        let dataset = self.dataset.clone();
        let watched = self.rules.iter_mut().find(|own| own.step.name == rule);
        let Some(watched) = watched else {
            return Ok(());
        };
        let Some(rule) = watched.step.rule().map(Arc::clone) else {
            return Ok(());
        };
        for group in groups.iter().map(OwnGroup::view) {
            let Some(last) = judge::last_seen(&rule, &group) else {
                continue;
            };
            let key = hex(&group.key);
            watched.told.push(NewAlert {
                id: alert_id(&[&dataset, &rule.name, "silent", &key, &last.to_string()]),
                group: Some(group.key),
                start: None,
                event_time: last,
                fields: judge::fields(&rule, table, &group)?,
            });
        }
        Ok(())
    }
}

/// Returns a rule as it was read over the table that is replaced.
fn before_of(before: &[RuleBefore], name: &str) -> Option<Arc<RuleSchema>> {
    let found = before.iter().find(|before| before.rule.name == name);
    found.map(|before| Arc::clone(&before.rule))
}

impl RuleStep {
    /// Returns the rule, unless it is gone.
    #[must_use]
    pub fn rule(&self) -> Option<&Arc<RuleSchema>> {
        match &self.act {
            RuleAct::Evaluate(rule) | RuleAct::Start(rule) => Some(rule),
            RuleAct::Close => None,
        }
    }
}

impl Watched {
    /// Takes what the books know when the transaction holds its lock.
    pub(in crate::warehouse) fn know(&mut self, before: Option<EventTime>) {
        self.before = before;
        self.as_of = before.max(self.now);
    }

    /// Returns between which last times the groups fell silent that did, and the table that they are of.
    fn falls_silent(&self) -> Option<(TableIndex, usize, [EventTime; 2])> {
        let RuleAct::Evaluate(rule) = &self.step.act else {
            return None;
        };
        let RuleTrigger::Silent { measure, after } = rule.trigger else {
            return None;
        };
        let horizon = |as_of: EventTime| EventTime(as_of.0.saturating_sub(after));
        let (from, to) = (horizon(self.before?), horizon(self.as_of?));
        let table = self.step.table.filter(|_| from < to)?;
        Some((table, measure, [from, to]))
    }

    fn compares(&self, table: TableIndex) -> bool {
        self.step.table == Some(table) && matches!(self.step.act, RuleAct::Evaluate(_))
    }

    /// Returns of which groups the rule is true now, and notes of how many that could not be computed.
    fn verdicts(
        &mut self,
        (rule, table): (&RuleSchema, &TableSchema),
        groups: &[Group<'_>],
    ) -> Result<Vec<bool>, Invariant> {
        let (holds, failed) = verdicts((rule, table), groups, self.as_of)?;
        self.failed += failed;
        Ok(holds)
    }

    /// Notes what is true of a group before and after.
    fn turn(
        &mut self,
        (rule, table): (&RuleSchema, &TableSchema),
        group: &Group<'_>,
        (before, after): (bool, bool),
        newest: i64,
    ) -> Result<(), Invariant> {
        let place = (group.start, group.key);
        if rule.is_silence() {
            // A range of last times tells who falls silent.
            if before && !after {
                self.heard.push(place);
            }
            return Ok(());
        }
        let known = self.turns.get_mut(&place);
        if known.is_none() && !before && !after {
            return Ok(());
        }
        let fields = match after {
            true => judge::fields(rule, table, group)?,
            false => String::new(),
        };
        match known {
            Some(turn) => {
                turn.after = after;
                turn.newest = turn.newest.max(newest);
                turn.fields = fields;
            }
            None => {
                let turn = Turn {
                    before,
                    after,
                    newest,
                    fields,
                };
                self.turns.insert(place, turn);
            }
        }
        Ok(())
    }
}

/// Returns of which groups a rule is true, and of how many that could not be computed.
fn verdicts(
    (rule, table): (&RuleSchema, &TableSchema),
    groups: &[Group<'_>],
    as_of: Option<EventTime>,
) -> Result<(Vec<bool>, u64), Invariant> {
    match &rule.trigger {
        RuleTrigger::When(condition) => judge(condition, table, groups),
        RuleTrigger::Silent { after, .. } => {
            let horizon = as_of.map(|as_of| as_of.0.saturating_sub(*after));
            let is_silent = |group: &Group<'_>| {
                let last = judge::last_seen(rule, group);
                let both = last.zip(horizon);
                both.is_some_and(|(last, horizon)| last < horizon)
            };
            Ok((groups.iter().map(is_silent).collect(), 0))
        }
    }
}
