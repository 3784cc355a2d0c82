//! Every import goes down: a crate's top-level modules stand on levels.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::Import;
use super::source::{Source, Violation};

/// The top-level module that a path is in.
fn top(path: &[String]) -> &str {
    path.first().map_or("lib", String::as_str)
}

/// Finds imports that do not go to a lower level or to the module's own folder, one
/// for each two files. `levels` are ordered from the bottom.
pub(super) fn check(source: &Source, imports: &[Import<'_>], levels: &[&[&str]]) -> Vec<Violation> {
    let mut level_of: BTreeMap<&str, usize> = BTreeMap::new();
    let mut violations = Vec::new();
    for (level, names) in levels.iter().enumerate() {
        for name in *names {
            if level_of.insert(name, level).is_some() {
                violations.push(Violation(format!("{name} is on two levels")));
            }
            if !source.modules.keys().any(|path| top(path) == *name) {
                violations.push(Violation(format!(
                    "{name} is on a level and does not exist"
                )));
            }
        }
    }
    for path in source.modules.keys().filter(|path| path.len() == 1) {
        if !level_of.contains_key(top(path)) {
            violations.push(Violation(format!("{} is on no level", top(path))));
        }
    }
    let mut seen = BTreeSet::new();
    for import in imports {
        let Some(target) = import.target else {
            continue;
        };
        let (one, two) = (top(&import.from.path), top(&target.path));
        let (Some(from), to) = (level_of.get(one), level_of.get(two)) else {
            continue;
        };
        if one != two
            && to.is_none_or(|to| to >= from)
            && seen.insert((&import.from.file, &target.file))
        {
            let way = if to == Some(from) { "beside" } else { "above" };
            violations.push(Violation(format!(
                "{}:{} imports {}, and {two} is {way} {one}",
                import.from.file, import.line, target.file
            )));
        }
    }
    violations
}
