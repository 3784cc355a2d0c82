//! Every statement for Azure SQL, in the eyes of Microsoft's own parser.

use std::io::Write;
use std::process::{Command, Stdio};

use libtest_mimic::Trial;
use sluice::dataset::Dataset;
use sluice::event::UnixMillis;
use sluice::warehouse::azure_sql::{Grant, Rights, script, statements, swap_script};
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{Build, Progress, Rules, Shadow, Swap};

use crate::tool::{TSQL_CHECK, root, trials};

/// The shipped datasets, and one with a table of every grain and measure.
const DATASETS: [&str; 5] = [
    "datasets/orders",
    "datasets/orders-history",
    "datasets/sensors",
    "tests/it/data/golden/things",
    "datasets/examples/web-shop",
];

/// The tests of the parser.
pub(crate) fn trials() -> Vec<Trial> {
    trials![TSQL_CHECK.missing();
        every_statement_of_every_dataset_file_parses,
        the_script_of_every_dataset_file_parses,
        the_swap_that_an_administrator_runs_parses,
        what_lets_an_identity_in_parses,
        a_broken_statement_does_not_parse,
    ]
}

/// Returns what the parser says, if anything is wrong.
fn problems(batches: &str) -> Option<String> {
    let mut child = Command::new(TSQL_CHECK.path())
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
    let path = root().join(format!("{name}.toml"));
    GoldSchema::of(&Dataset::load(&path).unwrap()).unwrap()
}

fn every_statement_of_every_dataset_file_parses() {
    for name in DATASETS {
        let all = statements(&schema(name), None).unwrap();
        assert!(all.len() > 50, "{name}: {}", all.len());
        let text = all.iter().map(|(_, sql)| format!("{sql}\nGO\n"));
        let text: String = text.collect();
        if problems(&text).is_none() {
            continue;
        }
        // One by one, to name it.
        for (purpose, sql) in all {
            let found = problems(&sql);
            assert_eq!(found, None, "{name}: {purpose}:\n{sql}");
        }
    }
}

fn the_script_of_every_dataset_file_parses() {
    for name in DATASETS {
        let text = script(&schema(name), Some("reports")).unwrap();
        assert!(text.contains("[reports].[sluice_progress]"));
        let found = problems(&text);
        assert_eq!(found, None, "{name}:\n{text}");
    }
}

fn the_swap_that_an_administrator_runs_parses() {
    for name in DATASETS {
        let schema = schema(name);
        let tables = schema.indexed_tables().map(|(index, table)| {
            let shadow = Shadow {
                physical: Some(table.physical(2)),
                log: Some("it's".to_owned()),
                ..Shadow::default()
            };
            (index, Progress::default(), shadow)
        });
        let swap = Swap {
            tables: tables.collect(),
            retired: vec![("gone".to_owned(), Progress::default())],
            build: Build::default(),
            watermark: None,
            complete_to: None,
            pending: None,
            silver: None,
            rules: Rules::default(),
            before: Vec::new(),
            at: UnixMillis(0),
        };
        let text = swap_script(&schema, None, &swap).unwrap();
        assert!(text.contains("COMMIT TRANSACTION"));
        let found = problems(&text);
        assert_eq!(found, None, "{name}:\n{text}");
        // What it executes is a batch of its own.
        let views = text.split("EXEC(N'").skip(1);
        let views =
            views.filter_map(|rest| rest.split_once("')\nELSE").or(rest.split_once("');\n")));
        let views = views.map(|(view, _)| format!("{}\nGO\n", view.replace("''", "'")));
        let found = problems(&views.collect::<String>());
        assert_eq!(found, None, "{name}:\n{text}");
    }
}

fn what_lets_an_identity_in_parses() {
    for rights in [Rights::Publish, Rights::Read { group: true }] {
        let grant = Grant {
            user: "it's [an] identity",
            id: uuid::Uuid::from_u128(0x1122_3344),
            schema: "gold",
            rights,
        };
        for statement in grant.statements() {
            assert_eq!(problems(&statement), None, "{statement}");
        }
    }
}

fn a_broken_statement_does_not_parse() {
    let all = statements(&schema(DATASETS[0]), None).unwrap();
    // Each fifth: a run of the parser takes a while.
    for (purpose, sql) in all.iter().step_by(5) {
        let broken = format!("{sql} WHERE FROM");
        assert!(problems(&broken).is_some(), "{purpose}:\n{broken}");
    }
}
