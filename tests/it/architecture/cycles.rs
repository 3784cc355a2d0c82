//! No circle: not among the entries of a folder, and not between a `mod.rs` and what is below it.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::imports::Import;
use super::source::Violation;

/// Who imports whom in one folder, each with an import that shows it.
type Graph<'a> = BTreeMap<&'a str, BTreeMap<&'a str, &'a Import<'a>>>;

/// Finds imports that lead back to where they come from, among the entries of any folder.
pub(super) fn among_entries(imports: &[Import<'_>]) -> Vec<Violation> {
    let mut graphs: BTreeMap<&[String], Graph<'_>> = BTreeMap::new();
    for import in imports {
        let Some(target) = import.target else {
            continue;
        };
        let (from, to) = (&import.from.path, &target.path);
        let common = from
            .iter()
            .zip(to)
            .take_while(|(one, two)| one == two)
            .count();
        // The one is the other, or above it: no two entries of one folder.
        let (Some(one), Some(two)) = (from.get(common), to.get(common)) else {
            continue;
        };
        let graph = graphs.entry(&from[..common]).or_default();
        graph.entry(one).or_default().entry(two).or_insert(import);
    }
    graphs.values().flat_map(in_folder).collect()
}

fn in_folder(graph: &Graph<'_>) -> Vec<Violation> {
    let mut violations = Vec::new();
    for (one, nexts) in graph {
        for (two, import) in nexts {
            let Some(back) = way(graph, two, one) else {
                continue;
            };
            let target = import.target.map_or("", |target| target.file.as_str());
            let (file, line) = (&import.from.file, import.line);
            violations.push(Violation(match back.as_slice() {
                [_, _] => format!("{file}:{line} imports {target}, and {two} imports {one} back"),
                way => format!(
                    "{file}:{line} imports {target}, and {two} leads back to {one}: {}",
                    way.join(" -> ")
                ),
            }));
        }
    }
    violations
}

/// The shortest way between two entries.
fn way<'a>(graph: &Graph<'a>, from: &'a str, to: &str) -> Option<Vec<&'a str>> {
    let mut ways = VecDeque::from([vec![from]]);
    let mut seen = BTreeSet::from([from]);
    while let Some(way) = ways.pop_front() {
        let last = way.last()?;
        if *last == to {
            return Some(way);
        }
        for next in graph.get(last).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(next) {
                ways.push_back([way.as_slice(), &[next]].concat());
            }
        }
    }
    None
}

/// Finds modules that import what a module above them defines, while that one uses what is below it:
/// one import for each two files.
pub(super) fn with_parents(imports: &[Import<'_>]) -> Vec<Violation> {
    let mut violations = BTreeMap::new();
    for up in imports.iter().filter(|import| import.is_item) {
        let Some(parent) = up.target else { continue };
        let (path, above) = (&up.from.path, &parent.path);
        if path.len() <= above.len() || !path.starts_with(above) {
            continue;
        }
        let subtree = &path[..=above.len()];
        let down = imports.iter().find(|down| {
            let target = down
                .target
                .filter(|target| target.path.starts_with(subtree));
            down.from.path == *above && target.is_some() && down.is_item && !down.is_reexport
        });
        if let Some(down) = down {
            let name = up.path.last().map_or("", String::as_str);
            let pair = (&up.from.file, &parent.file);
            violations.entry(pair).or_insert_with(|| {
                Violation(format!(
                    "{}:{} imports {name}, which {} defines, and line {} there uses {}",
                    up.from.file,
                    up.line,
                    parent.file,
                    down.line,
                    down.path[1..].join("::"),
                ))
            });
        }
    }
    violations.into_values().collect()
}
