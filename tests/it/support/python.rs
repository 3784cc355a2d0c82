//! Readers in Python, installed once per pinned set of packages below Cargo's target directory.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Lines, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;
use xxhash_rust::xxh3::xxh3_64;

/// A process that reads tables.
pub(crate) struct Reader {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Reader {
    /// Starts `tests/readers/read.py`.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(interpreter())
            .arg(folder().join("read.py"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the reader starts");
        Self {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()).lines(),
            child,
        }
    }

    /// Sends a request and returns the answers.
    pub(crate) fn ask(&mut self, request: &Value) -> Vec<Value> {
        writeln!(self.input, "{request}").unwrap();
        let mut answers = Vec::new();
        loop {
            let line = self.output.next().expect("the reader answers").unwrap();
            if line == "done" {
                return answers;
            }
            answers.push(serde_json::from_str(&line).unwrap());
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/readers")
}

/// The interpreter of an environment with `tests/readers/requirements.txt`. Other tests that need it wait.
fn interpreter() -> PathBuf {
    let requirements = fs::read(folder().join("requirements.txt")).unwrap();
    let parent = Path::new(env!("CARGO_TARGET_TMPDIR")).join("readers");
    fs::create_dir_all(&parent).unwrap();
    let name = format!("{:016x}", xxh3_64(&requirements));
    let lock = File::create(parent.join(format!("{name}.lock"))).unwrap();
    lock.lock().unwrap();
    let directory = parent.join(name);
    let python = directory.join("environment/bin/python");
    if directory.join("complete").exists() {
        return python;
    }
    if directory.exists() {
        fs::remove_dir_all(&directory).unwrap();
    }
    fs::create_dir_all(&directory).unwrap();
    let environment = directory.join("environment");
    run(
        "Python 3.10 or newer with its venv module",
        Command::new("python3")
            .args(["-m", "venv"])
            .arg(environment),
    );
    run(
        "access to the Python package index",
        Command::new(&python)
            .args(["-m", "pip", "install", "--quiet", "--no-input"])
            .args(["--disable-pip-version-check", "--requirement"])
            .arg(folder().join("requirements.txt")),
    );
    fs::write(directory.join("complete"), "").unwrap();
    python
}

/// Panics with what is needed if the program is missing or fails.
fn run(needs: &str, command: &mut Command) {
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("{command:?} ({error}); this test needs {needs}"));
    assert!(
        output.status.success(),
        "{command:?} failed; it needs {needs}\n{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}
