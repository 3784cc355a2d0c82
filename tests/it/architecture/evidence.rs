//! Documents that name tests name such as there are: a test that is renamed or taken out is still promised there otherwise.

use std::path::Path;

use super::root;

/// The documents, and how many tests each names at least.
const DOCUMENTS: [(&str, usize); 2] = [("docs/evidence.md", 90), ("ARCHITECTURE.md", 12)];

/// Where a path may begin.
const ROOTS: [&str; 3] = ["tests/it", "handlers", ""];

/// What a document says stands where.
#[derive(Debug, PartialEq, Eq)]
struct Named<'a> {
    file: Option<&'a str>,
    test: &'a str,
}

/// Returns the tests that a text names, each with the file that it names last before it. A test is known by its name, which
/// is a sentence.
fn named(text: &str) -> Vec<Named<'_>> {
    let mut file = None;
    let mut named = Vec::new();
    for code in text.split('`').skip(1).step_by(2) {
        let is_name =
            |char: char| char.is_ascii_lowercase() || char.is_ascii_digit() || char == '_';
        if code.ends_with(".rs") {
            file = Some(code);
        } else if code.chars().all(is_name)
            && code.matches('_').count() >= 3
            && !code.contains("__")
        {
            named.push(Named { file, test: code });
        }
    }
    named
}

/// Says what is wrong with a test that is named.
fn problem(root: &Path, named: &Named<'_>) -> Option<String> {
    let Some(file) = named.file else {
        return Some(format!("{} stands beside no file", named.test));
    };
    let mut paths = ROOTS.iter().map(|at| root.join(at).join(file));
    let Some(path) = paths.find(|path| path.is_file()) else {
        return Some(format!("there is no {file}"));
    };
    let text = std::fs::read_to_string(path).unwrap();
    let has_test = text.contains(&format!("fn {}(", named.test));
    (!has_test).then(|| format!("{file} has no {}", named.test))
}

#[test]
fn every_test_that_a_document_names_is_there() {
    for (document, least) in DOCUMENTS {
        let text = std::fs::read_to_string(root().join(document)).unwrap();
        let named = named(&text);
        assert!(named.len() >= least, "{document}: {}", named.len());
        let problems: Vec<_> = named
            .iter()
            .filter_map(|named| problem(root(), named))
            .collect();
        assert!(problems.is_empty(), "{document}: {problems:#?}");
    }
}

#[test]
fn a_test_that_is_not_there_is_named() {
    let text = "`places.rs`: `no_such_test_at_all`; `architecture/evidence.rs`: `a_test_that_is_not_there_is_named` and \
        `no_such_test_at_all`, `count_distinct`";
    let named = named(text);
    let problems: Vec<_> = named.iter().map(|named| problem(root(), named)).collect();
    let expected = [
        Some("there is no places.rs".to_owned()),
        None,
        Some("architecture/evidence.rs has no no_such_test_at_all".to_owned()),
    ];
    assert_eq!(problems, expected);
}
