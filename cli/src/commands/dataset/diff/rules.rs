//! What becomes of the rules.

use sluice::dataset::Dataset;
use sluice::warehouse::schema::{GoldSchema, RuleSchema, SchemaError, TableSchema};

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
                "alert {name} begins anew: it tells nothing of what is true by then, and what was told and is not true is over"
            ));
        } else if was.text != rule.text {
            changes.push(format!("alert {name} goes on, and is told otherwise"));
        }
    }
    let gone = before.rules.iter();
    let gone = gone.filter(|rule| after.rule(&rule.name).is_none());
    changes.extend(gone.map(|rule| format!("alert {} is gone: what it told is over", rule.name)));
    Ok(changes)
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
