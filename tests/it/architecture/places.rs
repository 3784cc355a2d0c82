//! What may be done in a few places only, and how many entries a folder may have.

use std::collections::{BTreeMap, BTreeSet};

use super::imports::Import;
use super::source::{Source, Violation};
use super::tokens::Kind;

/// Most entries of a folder.
const MAX_ENTRIES: usize = 12;

/// Finds folders with too many entries. A crate's source folder may have more: it shows all that there is.
pub(super) fn crowded(source: &Source) -> Vec<Violation> {
    let mut entries: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for file in &source.files {
        for (slash, _) in file.match_indices('/') {
            let rest = &file[slash + 1..];
            let entry = rest.find('/').map_or(rest, |end| &rest[..end]);
            entries.entry(&file[..slash]).or_default().insert(entry);
        }
    }
    let crowded = entries
        .iter()
        .filter(|(_, entries)| entries.len() > MAX_ENTRIES);
    crowded
        .map(|(folder, entries)| {
            Violation(format!(
                "{folder}/ has {} entries, {MAX_ENTRIES} at most",
                entries.len()
            ))
        })
        .collect()
}

/// A call that only some files may make.
#[derive(Debug)]
pub(super) struct Rule<'a> {
    /// The call's path, or its end.
    pub(super) path: &'a str,
    /// The files that may, and folders (with a slash at their end).
    pub(super) allowed: &'a [&'a str],
}

fn allows(allowed: &str, file: &str) -> bool {
    allowed == file || allowed.ends_with('/') && file.starts_with(allowed)
}

/// Finds calls outside of where they are allowed, and allowances that nothing makes use of.
pub(super) fn calls(imports: &[Import<'_>], rules: &[Rule<'_>]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for rule in rules {
        let mut unused: BTreeSet<&str> = rule.allowed.iter().copied().collect();
        let end = format!("::{}", rule.path);
        let made = |import: &&Import<'_>| format!("::{}", import.path.join("::")).ends_with(&end);
        for import in imports.iter().filter(made) {
            let file = &import.from.file;
            match rule.allowed.iter().find(|allowed| allows(allowed, file)) {
                Some(allowed) => drop(unused.remove(allowed)),
                None => violations.push(Violation(format!(
                    "{file}:{} has {}, which may be in {:?} only",
                    import.line, rule.path, rule.allowed
                ))),
            }
        }
        violations.extend(
            unused
                .iter()
                .map(|allowed| Violation(format!("{allowed} may have {} and does not", rule.path))),
        );
    }
    violations
}

/// Finds strings that an object's name is made of, outside of `allowed`.
pub(super) fn object_names(source: &Source, allowed: &[&str]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for file in allowed
        .iter()
        .filter(|file| source.module_of(file).is_none())
    {
        violations.push(Violation(format!(
            "{file} may make object names and does not exist"
        )));
    }
    for module in source.modules.values() {
        if allowed.contains(&module.file.as_str()) {
            continue;
        }
        for text in module.code.iter().filter(|token| token.kind == Kind::Text) {
            let ends = [".parquet", ".jsonl"]
                .iter()
                .any(|end| text.text.ends_with(end));
            let parts = ["event_date=", "_sluice/"];
            if ends || parts.iter().any(|part| text.text.contains(part)) {
                violations.push(Violation(format!(
                    "{}:{} makes an object name with {:?}",
                    module.file, text.line, text.text
                )));
            }
        }
    }
    violations
}
