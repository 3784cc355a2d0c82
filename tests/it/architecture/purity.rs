//! Modules that say they are pure touch no edge.
//!
//! The mark: the first paragraph of the module's doc (`//!`) ends in the word "pure". A mark counts for all modules
//! below the one that has it. A marked module decides: it reads no store, clock, environment or chance, and waits for
//! nothing.

use super::imports::Import;
use super::source::{Module, Source, Violation};
use super::tokens::Kind;

/// Words that a pure module has none of.
const WORDS: [&str; 4] = ["async", "await", "CommitLog", "new_v4"];

/// Traits that stand for an edge.
const EDGES: [&str; 3] = ["Warehouse", "Clock", "PoisonQueue"];

/// What a pure module has no path into; separated by `::`.
const PATHS: [&str; 13] = [
    "crate::host",
    "azure_core",
    "fastrand",
    "reqwest",
    "rusqlite",
    "std::env",
    "std::fs",
    "std::net",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
    "tokio",
];

/// Returns whether the module or one above it is marked; the crate's root marks only itself.
pub(super) fn is_marked(source: &Source, module: &Module) -> bool {
    let above = (1..=module.path.len()).map(|length| &module.path[..length]);
    let mut above = above.filter_map(|path| source.modules.get(path));
    above.any(|module| {
        let summary = module.summary.trim_end_matches('.').to_lowercase();
        summary.split(|c: char| !c.is_alphanumeric()).next_back() == Some("pure")
    })
}

/// Finds files of `expected`, and files in its folders, that are not marked, and names that no file has.
pub(super) fn unmarked(source: &Source, expected: &[&str]) -> Vec<Violation> {
    let mut violations = Vec::new();
    for name in expected {
        let is_folder = name.ends_with('/');
        let modules = source
            .modules
            .values()
            .filter(|module| module.file == *name || is_folder && module.file.starts_with(name));
        let modules: Vec<_> = modules.collect();
        if modules.is_empty() {
            violations.push(Violation(format!(
                "{name} should be pure and does not exist"
            )));
        }
        for module in modules.iter().filter(|module| !is_marked(source, module)) {
            violations.push(Violation(format!(
                "{}: the first paragraph of its doc does not end in \"pure\"",
                module.file
            )));
        }
    }
    violations
}

/// Finds edges in marked modules.
pub(super) fn check(source: &Source, imports: &[Import<'_>]) -> Vec<Violation> {
    let marked = source
        .modules
        .values()
        .filter(|module| is_marked(source, module));
    let mut violations: Vec<_> = marked.flat_map(edges).collect();
    for import in imports
        .iter()
        .filter(|import| is_marked(source, import.from))
    {
        let path = import.path.join("::");
        let into = |edge: &&str| path == **edge || path.starts_with(&format!("{edge}::"));
        let edge = PATHS.iter().find(|edge| into(edge)).copied();
        let edge = edge.or_else(|| path.ends_with("Utc::now").then_some("Utc::now"));
        let edge = edge.or_else(|| import.path.iter().find_map(|word| edge_word(word)));
        if let Some(edge) = edge {
            violations.push(violation(import.from, import.line, edge));
        }
    }
    violations.sort();
    violations.dedup();
    violations
}

fn violation(module: &Module, line: usize, edge: &str) -> Violation {
    Violation(format!(
        "{}:{line} says that it is pure and mentions {edge}",
        module.file
    ))
}

fn edge_word(word: &str) -> Option<&str> {
    let is_edge = WORDS.contains(&word) || word.ends_with("Store");
    is_edge.then_some(word)
}

/// The edges that a module mentions by a word.
fn edges(module: &Module) -> Vec<Violation> {
    let mut before = "";
    let mut found = Vec::new();
    for token in module.code.iter().filter(|token| token.kind != Kind::Text) {
        let is_object = ["dyn", "impl"].contains(&before);
        let word = edge_word(&token.text);
        let is_edge = is_object && EDGES.contains(&token.text.as_str());
        if let Some(word) = word.or(is_edge.then_some(token.text.as_str())) {
            found.push(violation(module, token.line, word));
        }
        before = &token.text;
    }
    found
}
