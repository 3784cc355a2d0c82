//! DuckDB, where it is: the program on PATH, or in a Python.
//!
//! Both run the same script, which reaches them on standard input. Nothing of the data is part of it: the files lie where
//! this process has put them, and the query is what the user has written.

use std::error::Error;
use std::ffi::OsStr;
use std::path::Path;
use std::process::{Output, Stdio};

use sluice::warehouse::Answer;
use thiserror::Error;
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::answer;
use super::files::Files;

/// What Python does with the script.
const IN_PYTHON: &str = "import sys, duckdb
try:
    duckdb.connect().execute(sys.stdin.read())
except duckdb.Error as error:
    sys.exit(str(error))";
/// Where a Python may be found.
const PYTHONS: [&str; 2] = ["python3", "python"];
/// The view of silver.
const VIEW: &str = "silver";
const ABSENT: &str = "silver is asked by DuckDB, and there is none: neither `duckdb` on PATH nor the package duckdb of python3. Get it with `pip install duckdb`, or as a program from https://duckdb.org/docs/installation; `sluice head` shows rows without it";

/// A query that DuckDB refuses.
#[derive(Debug, Error)]
#[error("DuckDB: {0}")]
struct Refused(String);

/// A way to run DuckDB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Engine {
    /// The program.
    Program,
    /// The package of this Python.
    Python(&'static str),
}

impl Engine {
    /// Finds one.
    ///
    /// # Errors
    /// Fails with how to get one.
    pub(super) async fn find() -> Result<Self, &'static str> {
        if works("duckdb", ["--version"]).await {
            return Ok(Self::Program);
        }
        for python in PYTHONS {
            if works(python, ["-c", "import duckdb"]).await {
                return Ok(Self::Python(python));
            }
        }
        Err(ABSENT)
    }

    /// Runs a query on files and returns its first `most` rows.
    ///
    /// # Errors
    /// Fails if DuckDB refuses it.
    pub(super) async fn ask(
        self,
        files: &Files,
        dataset: &str,
        sql: &str,
        most: usize,
    ) -> Result<Answer, Box<dyn Error + Send + Sync>> {
        let (columns, rows) = (files.beside("columns.csv"), files.beside("rows.csv"));
        let script = [
            views(&files.paths, dataset),
            answered(sql, most, [&columns, &rows]),
        ]
        .concat();
        let output = self.run(&script).await?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(Refused(said.trim().to_owned()).into());
        }
        let (columns, rows) = (
            std::fs::read_to_string(columns)?,
            std::fs::read_to_string(rows)?,
        );
        answer::read(&columns, &rows, most)
            .ok_or_else(|| "DuckDB's answer is not understood".into())
    }

    async fn run(self, script: &str) -> std::io::Result<Output> {
        let mut command = match self {
            Self::Program => {
                let mut command = Command::new("duckdb");
                // Without the settings of the user's shell, which may print.
                command.args(["-bail", "-batch", "-init"]).arg(NOWHERE);
                command
            }
            Self::Python(python) => {
                let mut command = Command::new(python);
                command.args(["-c", IN_PYTHON]);
                command
            }
        };
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        let mut child = command.kill_on_drop(true).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            // One that ends early says why.
            let _ = stdin.write_all(script.as_bytes()).await;
        }
        child.wait_with_output().await
    }
}

/// A file with nothing in it.
const NOWHERE: &str = if cfg!(windows) { "NUL" } else { "/dev/null" };

async fn works(program: &str, arguments: impl IntoIterator<Item = impl AsRef<OsStr>>) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null());
    let output = command.output().await;
    output.is_ok_and(|output| output.status.success())
}

/// The columns that folders are, with their types as in the Delta table: DuckDB would take `07` for text.
const FOLDERS: [(&str, &str); 3] = [
    ("event_date", "DATE"),
    ("event_hour", "INTEGER"),
    ("event_month", "VARCHAR"),
];

/// Makes the views of the files. Their folders are columns.
fn views(paths: &[impl AsRef<Path>], dataset: &str) -> String {
    let is_folder = |name: &str| {
        let start = format!("{name}=");
        let mut texts = paths.iter().map(|path| path.as_ref().display().to_string());
        texts.any(|path| path.contains(&start))
    };
    let folders = FOLDERS.iter().filter(|(name, _)| is_folder(name));
    let folders: Vec<String> = folders
        .map(|(name, kind)| format!("'{name}': {kind}"))
        .collect();
    let paths = paths.iter().map(|path| literal(path.as_ref()));
    let paths: Vec<String> = paths.collect();
    let other = match dataset.eq_ignore_ascii_case(VIEW) {
        true => String::new(),
        false => format!(
            "CREATE VIEW \"{}\" AS SELECT * FROM {VIEW};\n",
            dataset.replace('"', "\"\"")
        ),
    };
    format!(
        "SET TimeZone = 'UTC';\nCREATE VIEW {VIEW} AS SELECT * FROM read_parquet([{}], union_by_name = true, hive_partitioning = true, hive_types = {{{}}});\n{other}",
        paths.join(", "),
        folders.join(", ")
    )
}

/// Runs the query and writes what it answers, its columns and its rows, of these one more than are wanted.
fn answered(sql: &str, most: usize, [columns, rows]: [&Path; 2]) -> String {
    let sql = sql.trim().trim_end_matches([';', ' ', '\n', '\t', '\r']);
    let options = "(FORMAT csv, HEADER false, FORCE_QUOTE *, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR '')";
    let limit = match most.checked_add(1).filter(|most| *most < usize::MAX) {
        Some(most) => format!(" LIMIT {most}"),
        None => String::new(),
    };
    // A comment at the end of the query must not swallow what follows.
    format!(
        "CREATE TEMP TABLE sluice_answer AS\n{sql}\n;\n\
         COPY (SELECT column_name, column_type FROM (DESCRIBE sluice_answer)) TO {} {options};\n\
         COPY (SELECT * FROM sluice_answer{limit}) TO {} {options};\n",
        literal(columns),
        literal(rows)
    )
}

fn literal(path: &Path) -> String {
    format!("'{}'", path.display().to_string().replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_and_names_are_quoted_and_the_query_stands_alone() {
        let folder = "/tmp/it's/event_date=2025-11-14/event_hour=07";
        let views = views(&[format!("{folder}/a.parquet")], "orders-history");
        assert!(views.contains("['/tmp/it''s/event_date="), "{views}");
        let types = "hive_types = {'event_date': DATE, 'event_hour': INTEGER})";
        assert!(views.contains(types), "{views}");
        assert!(
            views.contains("CREATE VIEW \"orders-history\" AS"),
            "{views}"
        );
        assert!(!super::views(&["a"], "silver").contains("\"silver\""));
        let paths = [Path::new("c"), Path::new("r")];
        let script = answered("select 1 -- all\n ; \n", 9, paths);
        assert!(script.contains("AS\nselect 1 -- all\n;\nCOPY"), "{script}");
        assert!(script.contains("LIMIT 10)"), "{script}");
        assert!(!answered("select 1", usize::MAX - 1, paths).contains(" LIMIT "));
    }
}
