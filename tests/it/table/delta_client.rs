//! A process in Python that reads Delta tables.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::CLIENTS;

/// A process that reads tables.
pub(crate) struct Reader {
    child: Child,
    input: ChildStdin,
    output: Lines<BufReader<ChildStdout>>,
}

impl Reader {
    /// Starts `tests/clients/delta/read.py`.
    pub(crate) fn start() -> Self {
        let mut child = Command::new(CLIENTS.python("delta"))
            .arg(CLIENTS.folder("delta").join("read.py"))
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
