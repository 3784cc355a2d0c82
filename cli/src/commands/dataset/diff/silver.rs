//! Differences that no log records: they hold for records that are refined from then on, and ask nothing of those that are
//! there.

use sluice::dataset::{Column, Dataset};

/// Names them.
pub(super) fn later(old: &Dataset, new: &Dataset) -> Vec<String> {
    let mut texts = Vec::new();
    for before in &old.columns {
        let mut others = new.columns.iter();
        if let Some(after) = others.find(|after| after.name == before.name) {
            let options = options(before, after);
            if !options.is_empty() {
                texts.push(format!(
                    "column {}: {} changed",
                    before.name,
                    options.join(", ")
                ));
            }
        }
    }
    for (what, is_same) in [
        ("max_clock_skew", old.max_clock_skew == new.max_clock_skew),
        (
            "allowed_lateness",
            old.allowed_lateness == new.allowed_lateness,
        ),
        ("idle_timeout", old.idle_timeout == new.idle_timeout),
        ("quiet_after", old.quiet_after == new.quiet_after),
        ("dedup.conflicts", old.conflicts == new.conflicts),
    ] {
        if !is_same {
            texts.push(format!("{what} changed"));
        }
    }
    texts
}

/// Names the options of a column that differ, but for those that the log records.
fn options(before: &Column, after: &Column) -> Vec<&'static str> {
    let mut options = Vec::new();
    let is_format = before.kind != after.kind && before.kind.to_string() == after.kind.to_string();
    for (name, differs) in [
        ("from", before.from != after.from),
        ("format", is_format),
        ("min", before.min != after.min),
        ("max", before.max != after.max),
        (
            "zone or format",
            before.rules.notation != after.rules.notation,
        ),
        ("nulls", before.rules.nulls != after.rules.nulls),
        ("default", before.rules.default != after.rules.default),
        ("allowed", before.rules.allowed != after.rules.allowed),
        ("pattern", before.rules.pattern != after.rules.pattern),
    ] {
        if differs {
            options.push(name);
        }
    }
    // With all that is named, here or by the log, as it was.
    let mut rest = after.clone();
    rest.from.clone_from(&before.from);
    rest.expr.clone_from(&before.expr);
    rest.description.clone_from(&before.description);
    (rest.kind, rest.required) = (before.kind, before.required);
    rest.on_invalid = before.on_invalid;
    (rest.min, rest.max) = (before.min, before.max);
    rest.rules.clone_from(&before.rules);
    if rest != *before {
        options.push("other options");
    }
    options
}
