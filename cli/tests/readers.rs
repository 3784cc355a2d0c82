//! What `sluice connect` prints runs as it is, and `sluice query` asks silver, wherever the tools are: on a pipeline that
//! runs, with the ports that it has. What `sluice schema --pbip` writes is read by the library that Power BI has. A tool that
//! is missing is named, and its tests are ignored.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

#[path = "support/pipeline.rs"]
mod pipeline;
mod support;
#[path = "support/tmdl.rs"]
mod tmdl;

use std::path::Path;
use std::process::{Command, ExitCode, Output};
use std::sync::{Arc, LazyLock};

use libtest_mimic::{Arguments, Trial};
use serde_json::Value;
use testkit::tool::{Missing, trial};

use pipeline::Pipeline;
use support::{command, repository};
use tmdl::Library;

/// The orders of the pipeline, of which none is broken and none comes twice.
const ORDERS: u64 = 300;

impl Pipeline {
    /// One with orders up to gold.
    fn with_orders() -> Self {
        let pipeline = Self::start();
        let count = ORDERS.to_string();
        let shares = ["--broken", "0", "--duplicates", "0"];
        let produce = [&["produce", "--count", &count], &shares[..]].concat();
        assert!(pipeline.run(&produce).status.success());
        pipeline.wait_for("the orders in gold", || pipeline.has_all());
        pipeline
    }

    fn has_all(&self) -> bool {
        let status = self.run(&["status", "--json"]);
        let Ok(status) = serde_json::from_slice::<Value>(&status.stdout) else {
            return false;
        };
        let gold = status["gold"].as_array();
        let is_published = |tables: &Vec<Value>| tables.iter().all(|table| table["behind"] == 0);
        status["silver"]["rows"] == ORDERS && gold.is_some_and(is_published)
    }

    fn snippet(&self, tool: &str) -> String {
        printed(&self.run(&["connect", tool]))
    }
}

type Shared = Arc<LazyLock<Pipeline>>;

fn printed(output: &Output) -> String {
    let failed = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{failed}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn python(program: &str) -> String {
    printed(
        &Command::new("python3")
            .args(["-c", program])
            .output()
            .unwrap(),
    )
}

/// What is missing of Python's packages.
fn lacks(packages: &str) -> Option<Missing> {
    let import = format!("import {packages}");
    let output = Command::new("python3").args(["-c", &import]).output();
    let is_there = output.is_ok_and(|output| output.status.success());
    (!is_there).then(|| Missing {
        why: format!("python3 cannot {import}"),
        is_failure: false,
    })
}

fn duckdb(pipeline: &Pipeline) {
    let shown = python(&pipeline.snippet("duckdb"));
    assert!(shown.contains(&ORDERS.to_string()), "{shown}");
}

fn polars(pipeline: &Pipeline) {
    let shown = python(&pipeline.snippet("polars"));
    assert!(shown.contains("order_id"), "{shown}");
}

fn pandas(pipeline: &Pipeline) {
    let shown = python(&pipeline.snippet("pandas"));
    assert!(
        shown.contains("order_id") && shown.contains("total_amount"),
        "{shown}"
    );
}

fn sqlite(pipeline: &Pipeline) {
    let snippet = pipeline.snippet("sqlite");
    let output = Command::new("sh").args(["-c", &snippet]).output().unwrap();
    let shown = printed(&output);
    assert!(shown.contains("total_amount"), "{shown}");
}

/// The lines of README.md for SQLite's shell, on this pipeline.
fn readme(pipeline: &Pipeline) {
    let text = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("sqlite3 "))
        .collect();
    assert!(!lines.is_empty());
    let folder = pipeline.state_dir().display().to_string();
    for line in lines {
        let line = line.replace(".sluice/", &format!("{folder}/"));
        let output = Command::new("sh").args(["-c", &line]).output().unwrap();
        assert!(!printed(&output).trim().is_empty(), "{line}");
    }
}

fn query_silver(pipeline: &Pipeline) {
    let sql = "select count(*) as n, sum(amount) as total, max(event_time) as newest from orders";
    let output = pipeline.run(&["query", "--silver", sql, "--format", "json"]);
    let answer: Value = serde_json::from_str(&printed(&output)).unwrap();
    assert_eq!(answer["n"], ORDERS);
    assert!(
        answer["newest"].as_str().unwrap().ends_with('Z'),
        "{answer}"
    );
    // Silver and gold have the same amounts, to the last digit.
    let gold = "select group_concat(total_amount_exact) as total from gold_total_revenue";
    let gold = pipeline.run(&["query", gold, "--format", "json"]);
    let gold: Value = serde_json::from_str(&printed(&gold)).unwrap();
    assert_eq!(answer["total"], gold["total"]);
    let refused = pipeline.run(&["query", "--silver", "select nothing from orders"]);
    let said = String::from_utf8_lossy(&refused.stderr);
    assert_eq!(refused.status.code(), Some(1));
    assert!(said.starts_with("sluice: DuckDB: Binder Error"), "{said}");
}

/// Every dataset of the repository, and one with everything that gold can have.
fn power_bi() {
    let mut library = Library::start();
    let mut files = vec!["tests/it/data/golden/things.toml".to_owned()];
    for folder in ["datasets", "datasets/examples"] {
        for entry in std::fs::read_dir(repository().join(folder)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            if name.ends_with(".toml") {
                files.push(format!("{folder}/{name}"));
            }
        }
    }
    assert!(files.len() > 7, "{files:?}");
    for file in files {
        let folder = tempfile::tempdir().unwrap();
        let written = folder.path().join("written");
        let place = "Server=tcp:shop.database.windows.net;Database=gold;Authentication=Active Directory Default";
        let pbip = ["schema", "--dataset", &file, "--gold", place, "--pbip"];
        let mut command = command(repository());
        let output = command.args(pbip).arg(&written).output().unwrap();
        assert!(printed(&output).contains(".pbip"), "{file}");
        let model = std::fs::read_dir(&written).unwrap();
        let mut model = model.map(|entry| entry.unwrap().path().join("definition/tables"));
        let model = model.find(|tables| tables.is_dir()).unwrap();
        let (model, again) = (model.parent().unwrap(), folder.path().join("again"));
        library.copy(model, &again);
        assert_same(model, &again, &file);
    }
}

/// Compares the files of two folders, byte by byte.
fn assert_same(one: &Path, other: &Path, what: &str) {
    let names = |folder: &Path| {
        let mut names: Vec<_> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name())
            .collect();
        names.sort();
        names
    };
    assert_eq!(names(one), names(other), "{what}");
    for name in names(one) {
        let (one, other) = (one.join(&name), other.join(&name));
        if one.is_dir() {
            assert_same(&one, &other, what);
            continue;
        }
        let text = |path: &Path| std::fs::read_to_string(path).unwrap().replace("\r\n", "\n");
        assert_eq!(text(&one), text(&other), "{what}: {}", one.display());
    }
}

fn main() -> ExitCode {
    let pipeline: Shared = Arc::new(LazyLock::new(Pipeline::with_orders));
    let test = |name: &str, missing: Option<Missing>, act: fn(&Pipeline)| -> Trial {
        let pipeline = Arc::clone(&pipeline);
        trial(name, missing, move || act(&pipeline))
    };
    let has_program = Missing::on_path(&["duckdb"]).is_none();
    let query = if has_program { None } else { lacks("duckdb") };
    let tests = vec![
        test(
            "duckdb_reads_silver",
            lacks("duckdb, deltalake, pyarrow"),
            duckdb,
        ),
        test("polars_reads_silver", lacks("polars, deltalake"), polars),
        test(
            "pandas_reads_silver_and_gold",
            lacks("pandas, deltalake, pyarrow"),
            pandas,
        ),
        test("sqlite_reads_gold", Missing::on_path(&["sqlite3"]), sqlite),
        test(
            "the_readme_reads_gold",
            Missing::on_path(&["sqlite3"]),
            readme,
        ),
        test("silver_is_asked_with_duckdb", query, query_silver),
        trial(
            "power_bi_reads_its_model_and_writes_it_as_it_is",
            Missing::on_path(&[tmdl::PROGRAM]),
            power_bi,
        ),
    ];
    let conclusion = libtest_mimic::run(&Arguments::from_args(), tests);
    // It ends with the last of these.
    drop(pipeline);
    conclusion.exit_code()
}
