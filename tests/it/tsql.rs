//! Every statement for Azure SQL, in the eyes of Microsoft's own parser.
//!
//! The parser is a tool beside the repository, or where `SLUICE_TSQL_CHECK` says; without it these tests say that
//! they are skipped.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use sluice::dataset::Dataset;
use sluice::warehouse::azure_sql::{Grant, script, statements};
use sluice::warehouse::schema::GoldSchema;

const DATASETS: [&str; 3] = ["orders", "orders-history", "sensors"];

fn parser() -> Option<PathBuf> {
    let beside =
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/tools/tsql-check/tsql-check");
    let path = std::env::var_os("SLUICE_TSQL_CHECK").map_or_else(beside, PathBuf::from);
    if !path.is_file() {
        let text = format!("skipped: {} is missing", path.display());
        // Past the capture of what tests print.
        let _ = writeln!(std::io::stderr(), "{text}");
        return None;
    }
    Some(path)
}

/// Returns what the parser says, if anything is wrong.
fn problems(parser: &Path, batches: &str) -> Option<String> {
    let mut child = Command::new(parser)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    input.write_all(batches.as_bytes()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (!output.status.success()).then_some(text)
}

fn schema(name: &str) -> GoldSchema {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("datasets/{name}.toml"));
    GoldSchema::of(&Dataset::load(&path).unwrap()).unwrap()
}

#[test]
fn every_statement_of_every_dataset_file_parses() {
    let Some(parser) = parser() else { return };
    for name in DATASETS {
        let all = statements(&schema(name), None).unwrap();
        assert!(all.len() > 50, "{name}: {}", all.len());
        let text = all.iter().map(|(_, sql)| format!("{sql}\nGO\n"));
        let text: String = text.collect();
        if problems(&parser, &text).is_none() {
            continue;
        }
        // One by one, to name it.
        for (purpose, sql) in all {
            let found = problems(&parser, &sql);
            assert_eq!(found, None, "{name}: {purpose}:\n{sql}");
        }
    }
}

#[test]
fn the_script_of_every_dataset_file_parses() {
    let Some(parser) = parser() else { return };
    for name in DATASETS {
        let text = script(&schema(name), Some("reports")).unwrap();
        assert!(text.contains("[reports].[sluice_progress]"));
        let found = problems(&parser, &text);
        assert_eq!(found, None, "{name}:\n{text}");
    }
}

#[test]
fn what_lets_an_identity_in_parses() {
    let Some(parser) = parser() else { return };
    let grant = Grant {
        user: "it's [an] identity",
        client_id: uuid::Uuid::from_u128(0x1122_3344),
        schema: "gold",
    };
    for statement in grant.statements() {
        assert_eq!(problems(&parser, &statement), None, "{statement}");
    }
}

#[test]
fn a_broken_statement_does_not_parse() {
    let Some(parser) = parser() else { return };
    let all = statements(&schema("orders"), None).unwrap();
    // Each fifth: a run of the parser takes a while.
    for (purpose, sql) in all.iter().step_by(5) {
        let broken = format!("{sql} WHERE FROM");
        assert!(problems(&parser, &broken).is_some(), "{purpose}:\n{broken}");
    }
}
