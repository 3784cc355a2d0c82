//! What becomes of the rules.

use sluice::dataset::Dataset;
use sluice::warehouse::schema::{GoldSchema, RuleSchema, RuleTrigger, SchemaError, TableSchema};

/// Says what becomes of each rule that differs.
///
/// # Errors
/// Fails if a file's tables cannot be laid out.
pub(super) fn changes(old: &Dataset, new: &Dataset) -> Result<Vec<String>, SchemaError> {
    let (before, after) = (GoldSchema::of(old)?, GoldSchema::of(new)?);
    let mut changes = Vec::new();
    for rule in &after.rules {
        let name = &rule.name;
        let Some(was) = before.rule(name) else {
            changes.push(format!(
                "alert {name} is new: it begins where its table stands, and tells nothing of what is true by then"
            ));
            continue;
        };
        if was.definition != rule.definition || !has_same_groups(&before, &after, rule) {
            changes.push(format!(
                "alert {name} begins anew{}: it tells nothing of what is true by then, and what was told and is not true is over",
                because(&before, &after, was, rule)
            ));
        } else if was.text != rule.text {
            let why = because(&before, &after, was, rule);
            changes.push(format!("alert {name} goes on, and is told otherwise{why}"));
        }
    }
    let gone = before.rules.iter();
    let gone = gone.filter(|rule| after.rule(&rule.name).is_none());
    changes.extend(gone.map(|rule| format!("alert {} is gone: what it told is over", rule.name)));
    Ok(changes)
}

/// Says in brackets in which keys two rules differ.
fn because(before: &GoldSchema, after: &GoldSchema, was: &RuleSchema, is: &RuleSchema) -> String {
    let table = |schema: &GoldSchema, rule: &RuleSchema| {
        let table = rule.table.and_then(|index| schema.table_at(index).ok());
        table.map(|table| table.name.clone())
    };
    let condition = |rule: &RuleSchema| match &rule.trigger {
        RuleTrigger::When(condition) => Some(condition.text().to_owned()),
        RuleTrigger::Silent { .. } => None,
    };
    let silence = |rule: &RuleSchema| match rule.trigger {
        RuleTrigger::When(_) => None,
        RuleTrigger::Silent { measure, after } => Some((measure, after)),
    };
    let keys = [
        ("on", table(before, was) == table(after, is)),
        ("when", condition(was) == condition(is)),
        ("silent or for", silence(was) == silence(is)),
        ("fields", was.fields == is.fields),
        ("notify", was.notify == is.notify),
        ("fresh", was.fresh == is.fresh),
        ("rearm", was.rearm == is.rearm),
        ("notify_cleared", was.notify_cleared == is.notify_cleared),
    ];
    let changed = keys.iter().filter(|(_, is_same)| !is_same);
    let changed: Vec<&str> = changed.map(|(key, _)| *key).collect();
    match changed.as_slice() {
        [] => " (its table has other groups)".to_owned(),
        keys => format!(" (another {})", keys.join(", another ")),
    }
}

/// Returns whether the table of a rule has the groups that it had.
fn has_same_groups(before: &GoldSchema, after: &GoldSchema, rule: &RuleSchema) -> bool {
    let Some(index) = rule.table else {
        return true;
    };
    let groups = |table: &TableSchema| {
        let dimensions = table.dimensions.iter();
        let dimensions = dimensions.map(|column| (column.name.clone(), column.kind));
        (table.steps(), dimensions.collect::<Vec<_>>())
    };
    let is = after.table_at(index).ok();
    let was = is.and_then(|table| before.table(&table.name));
    is.zip(was)
        .is_some_and(|(is, (_, was))| groups(is) == groups(was))
}
