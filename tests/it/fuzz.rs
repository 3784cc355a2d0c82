//! What fuzzing kept: every file of its corpora, and every input that once broke a promise, is checked again.

#[path = "../../fuzz/checks/mod.rs"]
mod checks;

use std::fs;
use std::path::Path;

/// Checks all files of a target's corpus.
fn all(target: &str, check: fn(&[u8])) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("fuzz/corpus")
        .join(target);
    let mut count = 0;
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let data = fs::read(&path).unwrap();
        let result = std::panic::catch_unwind(|| check(&data));
        assert!(result.is_ok(), "{} breaks a promise", path.display());
        count += 1;
    }
    assert!(count > 0, "{} is empty", folder.display());
}

#[test]
fn opening_holds_for_what_was_kept() {
    all("opening", checks::opening::check);
}

#[test]
fn paths_hold_for_what_was_kept() {
    all("paths", checks::paths::check);
}

#[test]
fn expressions_hold_for_what_was_kept() {
    all("expressions", super::expr::promises::check);
}

#[test]
fn dataset_files_hold_for_what_was_kept() {
    all("dataset_file", checks::dataset_file::check);
}

#[test]
fn secrets_hold_for_what_was_kept() {
    all("secrets", checks::secrets::check);
}

#[test]
fn avro_holds_for_what_was_kept() {
    all("avro", checks::avro::check);
}

#[test]
fn lines_hold_for_what_was_kept() {
    all("line", checks::line::check);
}
