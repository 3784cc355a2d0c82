//! README.md as a newcomer goes through it: what it says about projects and pipelines is run in its order. Its other
//! command lines are run by cli/tests/documents.rs.
#![expect(
    clippy::unwrap_used,
    reason = "a test fails by panicking, also in the functions that tests share"
)]

#[path = "support/printed.rs"]
mod printed;
mod support;

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use printed::{Printed, of_document};
use support::{command, handler, repository};

const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(200);

/// Where the newcomer works, with some events.
struct Newcomer {
    folder: tempfile::TempDir,
}

impl Newcomer {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let event = |n: i64| {
            let ts = 1_795_161_600 + n;
            format!(
                "{{\"pump\": \"p{}\", \"ts\": {ts}, \"level\": {}.5}}\n",
                n % 3,
                n % 7
            )
        };
        let events: String = (0..200).map(event).collect();
        std::fs::write(folder.path().join("readings.jsonl"), events).unwrap();
        Self { folder }
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("pumps")
    }

    /// Runs a line as it is printed, in the project if it is about that, and else in the checkout; returns whether it is
    /// one of those that are run here.
    fn follows(&self, line: &Printed, arguments: &[String]) -> bool {
        let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let is_own = line.words.iter().any(|word| word.contains("pumps"));
        match words.as_slice() {
            ["init", ..] => {
                self.runs(line, self.folder.path(), &words);
            }
            ["dataset", "infer", ..] if is_own => {
                let inferred = self.runs(line, &self.project(), &words);
                let file = self.project().join("datasets/pumps.toml");
                std::fs::write(file, inferred.stdout).unwrap();
            }
            ["dataset", ..] if is_own => {
                self.runs(line, &self.project(), &words);
            }
            ["up", ..] if words.contains(&"--input") => {
                let folder = if is_own {
                    self.project()
                } else {
                    repository().to_owned()
                };
                let state = self.state();
                let words = [&words[..], &["--state-dir", state.to_str().unwrap()]].concat();
                let said = self.runs(line, &folder, &words).stdout;
                let said = String::from_utf8_lossy(&said);
                assert!(
                    said.contains("\neverything adds up\n"),
                    "{}: {said}",
                    line.text()
                );
            }
            ["up", ..] => self.runs_until_interrupted(line, &words),
            _ => return false,
        }
        true
    }

    fn state(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    fn runs(&self, line: &Printed, folder: &Path, words: &[&str]) -> Output {
        let mut command = command(folder);
        if words.first() == Some(&"up") {
            // A checkout would build it.
            command.args(words).arg("--handler").arg(handler());
        } else {
            command.args(words);
        }
        let output = command.output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", line.text());
        output
    }

    fn runs_until_interrupted(&self, line: &Printed, words: &[&str]) {
        let mut command = command(repository());
        command.args(words).arg("--handler").arg(handler());
        command.arg("--state-dir").arg(self.state());
        let mut up = command.stdout(Stdio::null()).spawn().unwrap();
        self.waits_for_gold(&mut up, line);
        let id = up.id().to_string();
        Command::new("kill").args(["-INT", &id]).status().unwrap();
        assert!(up.wait().unwrap().success(), "{}", line.text());
    }

    /// Waits until gold has a row.
    fn waits_for_gold(&self, up: &mut Child, line: &Printed) {
        let started = Instant::now();
        loop {
            let mut query = command(repository());
            query.args(["query", "select count(*) as n from gold_daily_orders"]);
            query
                .args(["--format", "csv", "--state-dir"])
                .arg(self.state());
            let counted = String::from_utf8(query.output().unwrap().stdout).unwrap();
            let rows = counted.lines().nth(1).and_then(|n| n.parse::<u64>().ok());
            if rows.is_some_and(|rows| rows > 0) {
                return;
            }
            let is_running = up.try_wait().unwrap().is_none();
            let is_over = started.elapsed() >= PATIENCE;
            assert!(is_running && !is_over, "{}: {counted}", line.text());
            std::thread::sleep(POLL);
        }
    }
}

#[test]
fn a_newcomer_gets_through_the_readme_in_its_order() {
    let text = std::fs::read_to_string(repository().join("README.md")).unwrap();
    let newcomer = Newcomer::new();
    let mut followed = Vec::new();
    for line in of_document("README.md", &text) {
        let Some(arguments) = line.ours() else {
            continue;
        };
        if newcomer.follows(&line, arguments) {
            followed.push(arguments[0].clone());
        }
    }
    let expected = [
        "up", "up", "up", "init", "dataset", "dataset", "dataset", "up",
    ];
    assert_eq!(followed, expected);
}
