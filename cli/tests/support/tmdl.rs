//! Microsoft's own library for semantic models, as it is in their server for modelling Power BI: it reads a model from a
//! folder and writes it to another, without a network.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

/// The program, as its package of npm calls it.
pub(super) const PROGRAM: &str = "powerbi-modeling-mcp-linux-x64";

/// A server that has been greeted.
pub(super) struct Library {
    process: Child,
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    asked: u64,
}

impl Library {
    pub(super) fn start() -> Self {
        let mut process = Command::new(PROGRAM)
            .arg("--start")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let requests = process.stdin.take().unwrap();
        let answers = BufReader::new(process.stdout.take().unwrap());
        let mut library = Self {
            process,
            requests,
            answers,
            asked: 0,
        };
        let client = json!({ "name": "test", "version": "1" });
        library.ask(
            "initialize",
            &json!({ "protocolVersion": "2025-03-26", "capabilities": {}, "clientInfo": client }),
        );
        library.send(&json!({ "jsonrpc": "2.0", "method": "notifications/initialized" }));
        library
    }

    /// Reads a model from a folder and writes it to another.
    pub(super) fn copy(&mut self, from: &Path, to: &Path) {
        for (operation, folder) in [("ImportFromTmdlFolder", from), ("ExportToTmdlFolder", to)] {
            let request = json!({ "operation": operation, "tmdlFolderPath": folder });
            let call =
                json!({ "name": "database_operations", "arguments": { "request": request } });
            let answer = self.ask("tools/call", &call);
            assert_ne!(
                answer["isError"],
                true,
                "{operation} {}: {answer}",
                from.display()
            );
        }
    }

    fn send(&mut self, message: &Value) {
        writeln!(self.requests, "{message}").unwrap();
        self.requests.flush().unwrap();
    }

    fn ask(&mut self, method: &str, parameters: &Value) -> Value {
        self.asked += 1;
        let id = self.asked;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
        loop {
            let mut line = String::new();
            assert_ne!(
                self.answers.read_line(&mut line).unwrap(),
                0,
                "it has ended"
            );
            let answer: Value = serde_json::from_str(&line).unwrap();
            if answer["id"] == id {
                return answer["result"].clone();
            }
        }
    }
}

impl Drop for Library {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
