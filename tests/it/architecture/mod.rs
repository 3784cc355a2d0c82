//! How the code is arranged, and that it stays so: who may import whom, what is pure, what may be done where.
//!
//! The crates are parsed and their tests left out. Rules are functions of what was parsed, so they are tried on small
//! sources ([`samples`]) and on the real ones with a mistake in them ([`mutants`]). A file that could not be read, or
//! of which nothing is left, fails all of them.

mod cycles;
mod evidence;
mod imports;
mod levels;
mod mutants;
mod places;
mod purity;
mod samples;
mod source;
mod tokens;

use std::path::Path;

use imports::imports;
use places::Rule;
use source::{Files, Source, Violation};

/// The levels of `handlers/`, from the bottom: a module imports from lower levels and from its own folder only.
const LEVELS: [&[&str]; 18] = [
    &["event"],
    &["value"],
    &["clock", "error", "wording"],
    &["telemetry"],
    &["expr"],
    &["dataset"],
    &["store"],
    &["retry"],
    &["table"],
    &["warehouse"],
    &["context", "settings"],
    &["outbox", "pending"],
    &["bronze", "gold", "maintain", "silver"],
    &["eager"],
    &["app"],
    &["host"],
    &["serve"],
    &["main"],
];

/// Files and folders of `handlers/` that decide and must say that they are pure; others may say so too.
const PURE: [&str; 35] = [
    "bronze/plan.rs",
    "event/",
    "expr/",
    "gold/increments/",
    "gold/plan/",
    "gold/shadow/plan.rs",
    "maintain/compact/plan.rs",
    "maintain/vacuum/retention.rs",
    "pending/folders.rs",
    "silver/cast/",
    "silver/commit/ledger_entries.rs",
    "silver/dedup/key_set.rs",
    "silver/line/",
    "silver/open/",
    "silver/prepare/",
    "silver/segments.rs",
    "store/object/paths.rs",
    "store/object/range.rs",
    "store/object/source.rs",
    "table/delta/actions.rs",
    "table/delta/entry.rs",
    "table/delta/schema.rs",
    "table/delta/stats.rs",
    "table/evolution/",
    "table/id.rs",
    "table/live.rs",
    "table/log/model.rs",
    "table/log/progress.rs",
    "table/log/totals.rs",
    "table/schema/",
    "table/watermark.rs",
    "value/",
    "warehouse/dialect/",
    "warehouse/schema/",
    "wording.rs",
];

/// Where `handlers/` may read time, chance and the environment.
const CALLS: [Rule<'_>; 5] = [
    // The client of Table storage dates and numbers its requests.
    Rule {
        path: "Utc::now",
        allowed: &["clock.rs", "store/entity/azure/mod.rs"],
    },
    Rule {
        path: "SystemTime::now",
        allowed: &[],
    },
    // How old a connection or a token is, and when a commit begins, decides nothing about data.
    Rule {
        path: "Instant::now",
        allowed: &[
            "eager.rs",
            "gold/notes/lease.rs",
            "host/mod.rs",
            "retry.rs",
            "silver/queue.rs",
            "warehouse/azure_sql/connect.rs",
        ],
    },
    Rule {
        path: "env::var",
        allowed: &["main.rs"],
    },
    // Neither does which process it was that says something of itself.
    Rule {
        path: "Uuid::new_v4",
        allowed: &["context.rs", "serve.rs", "store/entity/azure/mod.rs"],
    },
];

/// Where object names are made, and where the content type is told from a name's end.
const OBJECT_NAMES: [&str; 3] = [
    "store/object/azure/mod.rs",
    "store/object/paths.rs",
    "table/id.rs",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of `handlers/`.
fn handlers() -> Files {
    Files::read(&root().join("handlers"))
}

/// Every crate of the workspace: its name in paths, where its source is, and its files.
fn crates() -> Vec<(String, String, Files)> {
    let manifest = std::fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let manifest: toml::Table = toml::from_str(&manifest).unwrap();
    let members = manifest["workspace"]["members"].as_array().unwrap();
    let mut crates = vec![("sluice".to_owned(), "handlers".to_owned(), handlers())];
    for member in members.iter().map(|member| member.as_str().unwrap()) {
        let manifest = std::fs::read_to_string(root().join(member).join("Cargo.toml")).unwrap();
        let manifest: toml::Table = toml::from_str(&manifest).unwrap();
        let name = manifest["package"]["name"]
            .as_str()
            .unwrap()
            .replace('-', "_");
        let folder = format!("{member}/src");
        let files = Files::read(&root().join(&folder));
        crates.push((name, folder, files));
    }
    assert!(crates.len() > 2);
    crates
}

fn lines(violations: &[Violation]) -> String {
    let lines: Vec<_> = violations.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

fn parse(name: &str, files: &Files) -> Source {
    Source::parse(name, files).unwrap_or_else(|violations| panic!("{}", lines(&violations)))
}

fn assert_none(violations: &[Violation]) {
    assert!(
        violations.is_empty(),
        "{} violations:\n{}",
        violations.len(),
        lines(violations)
    );
}

/// What a rule finds in all crates, with each crate's folder before it.
fn in_all_crates(rule: impl Fn(&Source) -> Vec<Violation>) -> Vec<Violation> {
    let found = crates().into_iter().flat_map(|(name, folder, files)| {
        let violations = rule(&parse(&name, &files));
        violations
            .into_iter()
            .map(move |Violation(what)| Violation(format!("{folder}/{what}")))
    });
    found.collect()
}

#[test]
fn no_two_entries_of_a_folder_import_each_other() {
    assert_none(&in_all_crates(|source| {
        cycles::among_entries(&imports(source))
    }));
}

#[test]
fn no_module_imports_what_a_user_of_it_above_defines() {
    assert_none(&in_all_crates(|source| {
        cycles::with_parents(&imports(source))
    }));
}

#[test]
fn every_import_of_the_handler_goes_down() {
    let source = parse("sluice", &handlers());
    assert_none(&levels::check(&source, &imports(&source), &LEVELS));
}

#[test]
fn pure_modules_touch_no_edge() {
    assert_none(&in_all_crates(|source| {
        purity::check(source, &imports(source))
    }));
}

#[test]
fn modules_that_decide_say_that_they_are_pure() {
    assert_none(&purity::unmarked(&parse("sluice", &handlers()), &PURE));
}

#[test]
fn no_folder_has_more_than_twelve_entries() {
    assert_none(&in_all_crates(places::crowded));
}

#[test]
fn time_chance_and_environment_are_read_where_they_may_be() {
    let source = parse("sluice", &handlers());
    assert_none(&places::calls(&imports(&source), &CALLS));
}

#[test]
fn object_names_are_made_in_one_place() {
    assert_none(&places::object_names(
        &parse("sluice", &handlers()),
        &OBJECT_NAMES,
    ));
}
