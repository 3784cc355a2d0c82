//! Which rules go on, begin and end with a transaction; pure.
//!
//! A rule goes on where it stands at the version that its table moves from, with the same definition. Otherwise it begins at
//! the version that the table moves to, and nothing is told of what is true by then. While a table shows an earlier definition,
//! the rules of the books apply to it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::dataset::ROWS;
use crate::error::Invariant;
use crate::table::log::Version;
use crate::warehouse::schema::{GoldSchema, RuleSchema, TableIndex, TableSchema};
use crate::warehouse::{Progress, RuleAct, RuleBefore, RuleProgress, RuleStep, Shadow, Step};

/// How far the rules have come, by name.
pub(in crate::gold) type Known = BTreeMap<String, RuleProgress>;

/// Returns how a table lies whose progress this is, if that is understood.
pub(in crate::gold) type LayoutOf<'a> =
    &'a dyn Fn(TableIndex, &Progress) -> Option<Arc<TableSchema>>;

/// Who moves rules.
#[derive(Clone, Copy, Debug)]
pub(in crate::gold) struct Mover<'a> {
    pub(in crate::gold) schema: &'a GoldSchema,
    /// The id of silver's log.
    pub(in crate::gold) log: Option<&'a str>,
    pub(in crate::gold) stamp: i64,
}

/// Where a table moves.
#[derive(Clone, Copy)]
struct Move<'a> {
    index: TableIndex,
    name: &'a str,
    /// The version that its rules must stand at to go on; nothing where it is made anew.
    from: Option<Version>,
    to: Version,
}

impl Mover<'_> {
    fn moved(&self, rule: &RuleSchema, table: &str, to: Version) -> RuleProgress {
        RuleProgress {
            table: table.to_owned(),
            definition: rule.definition.clone(),
            text: rule.text.clone(),
            log: self.log.map(str::to_owned),
            version: to,
            stamp: self.stamp,
            ..RuleProgress::default()
        }
    }

    /// Returns whether a rule has been evaluated up to where its table moves from.
    fn goes_on(&self, found: &RuleProgress, table: &str, from: Option<Version>) -> bool {
        found.table == table && Some(found.version) == from && found.log.as_deref() == self.log
    }

    /// Moves the rules of the dataset file on a table, and ends those that it no longer has.
    fn own(&self, moving: Move<'_>, known: &Known) -> Vec<RuleStep> {
        let Move {
            index,
            name,
            from,
            to,
        } = moving;
        let own = self.schema.rules_on(Some(index)).map(|rule| {
            let found = known.get(&rule.name);
            let goes_on = found.is_some_and(|found| {
                found.definition == rule.definition && self.goes_on(found, name, from)
            });
            RuleStep {
                name: rule.name.clone(),
                table: Some(index),
                from: found.cloned(),
                to: self.moved(rule, name, to),
                act: match goes_on {
                    true => RuleAct::Evaluate(Arc::clone(rule)),
                    false => RuleAct::Start(Arc::clone(rule)),
                },
            }
        });
        own.chain(self.ended(Some(index), name, to, known))
            .collect()
    }

    /// Ends the rules that watched this and that the dataset file no longer has.
    fn ended(
        &self,
        table: Option<TableIndex>,
        name: &str,
        to: Version,
        known: &Known,
    ) -> Vec<RuleStep> {
        let gone = known
            .iter()
            .filter(|(rule, found)| found.table == name && self.schema.rule(rule).is_none());
        let ended = gone.map(|(rule, found)| RuleStep {
            name: rule.clone(),
            table,
            from: Some(found.clone()),
            to: RuleProgress {
                log: self.log.map(str::to_owned),
                version: to,
                stamp: self.stamp,
                ..RuleProgress::default()
            },
            act: RuleAct::Close,
        });
        ended.collect()
    }
}

/// Returns what is done with the rules of a table that a step moves.
///
/// # Errors
/// Fails if the step is not of this schema.
pub(in crate::gold) fn of_step(
    mover: Mover<'_>,
    step: &Step,
    known: &Known,
) -> Result<Vec<RuleStep>, Invariant> {
    let table = mover.schema.table_at(step.table)?;
    let from = step.from.as_ref().filter(|_| !step.replace);
    let moving = Move {
        index: step.table,
        name: &table.name,
        from: from.map(|from| from.version),
        to: step.to,
    };
    let Some(layout) = &step.layout else {
        return Ok(mover.own(moving, known));
    };
    let going_on = known
        .iter()
        .filter(|(_, found)| mover.goes_on(found, &table.name, moving.from));
    let going_on = going_on.filter_map(|(name, found)| {
        let rule = RuleSchema::read((name, step.table), layout, &found.text)?;
        Some(RuleStep {
            name: name.clone(),
            table: Some(step.table),
            from: Some(found.clone()),
            to: mover.moved(&rule, &table.name, step.to),
            act: RuleAct::Evaluate(Arc::new(rule)),
        })
    });
    Ok(going_on.collect())
}

/// Returns what is done with the rules of a table that stands where it is, so that they go on: those that began.
pub(in crate::gold) fn continued(
    mover: Mover<'_>,
    (index, progress): (TableIndex, &Progress),
    known: &Known,
) -> Result<Vec<RuleStep>, Invariant> {
    let table = mover.schema.table_at(index)?;
    let moving = Move {
        index,
        name: &table.name,
        from: Some(progress.version),
        to: progress.version,
    };
    let mut steps = mover.own(moving, known);
    steps.retain(|step| matches!(&step.act, RuleAct::Evaluate(rule) if rule.is_silence()));
    Ok(steps)
}

/// Returns what is done with the rules on silver's rows that do not go on.
pub(in crate::gold) fn starting(mover: Mover<'_>, head: Version, known: &Known) -> Vec<RuleStep> {
    let own = mover.schema.rules_on(None).filter_map(|rule| {
        let found = known.get(&rule.name);
        let goes_on = found.is_some_and(|found| {
            found.definition == rule.definition
                && found.table == ROWS
                && found.log.as_deref() == mover.log
                && found.version <= head
        });
        (!goes_on).then(|| RuleStep {
            name: rule.name.clone(),
            table: None,
            from: found.cloned(),
            to: mover.moved(rule, ROWS, head),
            act: RuleAct::Start(Arc::clone(rule)),
        })
    });
    own.chain(mover.ended(None, ROWS, head, known)).collect()
}

/// Returns what is done with the rules on silver's rows that go on to a version.
pub(in crate::gold) fn evaluating(
    mover: Mover<'_>,
    rules: &[(Arc<RuleSchema>, RuleProgress)],
    to: Version,
) -> Vec<RuleStep> {
    moving(mover, rules, to, RuleAct::Evaluate)
}

/// Returns what is done with the rules on silver's rows that cannot go on, and begin again at a version.
pub(in crate::gold) fn beginning_again(
    mover: Mover<'_>,
    rules: &[(Arc<RuleSchema>, RuleProgress)],
    to: Version,
) -> Vec<RuleStep> {
    moving(mover, rules, to, RuleAct::Start)
}

fn moving(
    mover: Mover<'_>,
    rules: &[(Arc<RuleSchema>, RuleProgress)],
    to: Version,
    act: fn(Arc<RuleSchema>) -> RuleAct,
) -> Vec<RuleStep> {
    let steps = rules.iter().map(|(rule, found)| RuleStep {
        name: rule.name.clone(),
        table: None,
        from: Some(found.clone()),
        to: mover.moved(rule, ROWS, to),
        act: act(Arc::clone(rule)),
    });
    steps.collect()
}

/// Returns what is done with the rules of tables that are swapped, and those that compare as they were read over the tables
/// before: where these have the same grain and dimensions.
///
/// # Errors
/// Fails if a table is not of this schema.
pub(in crate::gold) fn of_swap(
    mover: Mover<'_>,
    tables: &[(TableIndex, Progress, Shadow)],
    retired: &[(String, Progress)],
    (known, layout_of): (&Known, LayoutOf<'_>),
) -> Result<(Vec<RuleStep>, Vec<RuleBefore>), Invariant> {
    let (mut steps, mut before) = (Vec::new(), Vec::new());
    for (index, live, shadow) in tables {
        let table = mover.schema.table_at(*index)?;
        let to = shadow.version.unwrap_or_default();
        let layout = layout_of(*index, live).filter(|layout| has_same_groups(layout, table));
        let moving = Move {
            index: *index,
            name: &table.name,
            from: None,
            to,
        };
        for mut step in mover.own(moving, known) {
            let found = step.from.as_ref().filter(|found| {
                found.table == table.name
                    && found.version == live.version
                    && found.log == live.log
                    && found.definition == step.to.definition
            });
            let was = found.zip(layout.as_ref()).and_then(|(found, layout)| {
                RuleSchema::read((&step.name, *index), layout, &found.text)
            });
            if let (RuleAct::Start(rule), Some(was), Some(layout)) = (&step.act, was, &layout) {
                step.act = RuleAct::Evaluate(Arc::clone(rule));
                before.push(RuleBefore {
                    rule: Arc::new(was),
                    layout: Arc::clone(layout),
                });
            }
            steps.push(step);
        }
    }
    for (name, progress) in retired {
        steps.extend(mover.ended(None, name, progress.version, known));
    }
    Ok((steps, before))
}

/// Returns whether the groups of two tables are known by the same keys.
fn has_same_groups(one: &TableSchema, two: &TableSchema) -> bool {
    let dimensions = |table: &TableSchema| {
        let dimensions = table.dimensions.iter();
        let dimensions = dimensions.map(|column| (column.name.clone(), column.kind));
        dimensions.collect::<Vec<_>>()
    };
    one.steps() == two.steps() && dimensions(one) == dimensions(two)
}
