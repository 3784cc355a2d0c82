//! The rules on the real handler with a mistake in it: in every file, also behind its tests, it is found.

use super::imports::imports;
use super::source::{Files, Source, Violation};
use super::{CALLS, LEVELS, OBJECT_NAMES, PURE, cycles, handlers, levels, parse, places, purity};

/// The handler with a test module and then `code` at the end of each file that `is_meant` says.
fn with(code: &str, is_meant: impl Fn(&str) -> bool) -> Files {
    let mut files = handlers();
    for (file, text) in &mut files.0 {
        if file.ends_with(".rs") && is_meant(file) {
            text.push_str("\n#[cfg(test)]\nmod later_tests {}\n");
            text.push_str(code);
        }
    }
    files
}

/// The files of the handler's production code other than the crate's root.
fn production_files() -> Vec<String> {
    let source = parse("sluice", &handlers());
    let files: Vec<_> = source
        .modules
        .into_values()
        .map(|module| module.file)
        .collect();
    assert!(files.len() > 100, "only {} files", files.len());
    files.into_iter().filter(|file| file != "lib.rs").collect()
}

/// Fails for each of `files` that no violation is about.
fn assert_found(violations: &[Violation], files: &[String], what: &str) {
    for file in files {
        let found = violations
            .iter()
            .any(|Violation(text)| text.starts_with(&format!("{file}:")) && text.contains(what));
        assert!(found, "{what} in {file} was not found");
    }
}

#[test]
fn an_import_of_the_host_is_found_in_every_file_below_it() {
    let source = parse(
        "sluice",
        &with("use crate::host::router;\n", |file| file != "lib.rs"),
    );
    let below =
        |file: &String| !file.starts_with("host/") && file != "serve.rs" && file != "main.rs";
    let files: Vec<_> = production_files().into_iter().filter(below).collect();
    let top = |file: &String| file.split(['/', '.']).next().unwrap().to_owned();
    let is_known = |file: &&String| LEVELS.concat().contains(&top(file).as_str());
    let files: Vec<_> = files.iter().filter(is_known).cloned().collect();
    let found = levels::check(&source, &imports(&source), &LEVELS);
    assert_found(&found, &files, "host is above");
}

#[test]
fn an_edge_is_found_in_every_pure_file() {
    let edges = [
        "use crate::host::router;\n",
        "async fn late() {}\n",
        "fn late(_: &dyn ObjectStore) {}\n",
    ];
    for (edge, what) in edges
        .into_iter()
        .zip(["crate::host", "async", "ObjectStore"])
    {
        let source = parse("sluice", &with(edge, |_| true));
        let modules = source.modules.values();
        let marked = modules.filter(|module| purity::is_marked(&source, module));
        let marked: Vec<_> = marked.map(|module| module.file.clone()).collect();
        assert!(marked.len() >= PURE.len());
        assert_found(&purity::check(&source, &imports(&source)), &marked, what);
    }
}

#[test]
fn a_mark_that_was_deleted_is_missed() {
    let mut files = handlers();
    let text = files.0.get_mut("bronze/plan.rs").unwrap();
    *text = text.replace("; pure.", ".");
    let found = purity::unmarked(&parse("sluice", &files), &PURE);
    assert_found(&found, &["bronze/plan.rs".to_owned()], "pure");
}

#[test]
fn a_call_of_the_clock_is_found_in_every_file() {
    let source = parse(
        "sluice",
        &with("fn late() { chrono::Utc::now(); }\n", |_| true),
    );
    let files = production_files().into_iter();
    let files = files.filter(|file| !CALLS[0].allowed.contains(&file.as_str()));
    let found = places::calls(&imports(&source), &CALLS);
    assert_found(&found, &files.collect::<Vec<_>>(), "Utc::now");
}

#[test]
fn an_object_name_is_found_in_every_file() {
    let source = parse(
        "sluice",
        &with("const LATE: &str = \"late.parquet\";\n", |_| true),
    );
    let files = production_files().into_iter();
    let files = files.filter(|file| !OBJECT_NAMES.contains(&file.as_str()));
    let found = places::object_names(&source, &OBJECT_NAMES);
    assert_found(&found, &files.collect::<Vec<_>>(), "late.parquet");
}

#[test]
fn a_circle_of_files_is_found() {
    let late = "use super::time::EventTime as Late;\n";
    let mut files = with(late, |file| file == "event/position.rs");
    let back = "\nfn late(_: super::SequenceNumber) {}\n";
    files.0.get_mut("event/time.rs").unwrap().push_str(back);
    let source = parse("sluice", &files);
    let found = cycles::among_entries(&imports(&source));
    let circle = ["event/position.rs".to_owned(), "event/time.rs".to_owned()];
    assert_found(&found, &circle, "imports");
}

#[test]
fn a_circle_with_the_parent_is_found() {
    let late = "pub struct Late(time::EventTime);\n";
    let mut files = with(late, |file| file == "event/mod.rs");
    let back = "\nfn late(_: super::Late) {}\n";
    files.0.get_mut("event/time.rs").unwrap().push_str(back);
    let source = parse("sluice", &files);
    let found = cycles::with_parents(&imports(&source));
    assert_found(&found, &["event/time.rs".to_owned()], "Late");
}

#[test]
fn a_crowded_folder_is_found() {
    let mut files = handlers();
    for at in 0..12 {
        files
            .0
            .insert(format!("event/late_{at}.sql"), String::new());
    }
    let found = places::crowded(&parse("sluice", &files));
    assert!(
        found
            .iter()
            .any(|Violation(text)| text.starts_with("event/ "))
    );
}

#[test]
fn an_emptied_file_is_refused() {
    let mut files = handlers();
    let text = "//! Empty.\n#[cfg(test)]\nmod tests {}\n".to_owned();
    files.0.insert("event/time.rs".to_owned(), text);
    let found = Source::parse("sluice", &files).unwrap_err();
    assert_found(&found, &["event/time.rs".to_owned()], "nothing is left");
}
