//! A handler in a process of its own.

use std::io::{BufRead, BufReader, Lines};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A handler that runs. It is killed when this is dropped.
pub(super) struct Running {
    process: Child,
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
    _folder: TempDir,
}

impl Running {
    /// Starts a handler with more settings than it needs.
    pub(super) fn start(more: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let gold = format!("sqlite:{}", folder.path().join("gold.db").display());
        let mut process = Command::new(env!("CARGO_BIN_EXE_handler"))
            .current_dir(env!("CARGO_MANIFEST_DIR"))
            .env_clear()
            .env("LakeStorage", "UseDevelopmentStorage=true")
            .env("AzureWebJobsStorage", "UseDevelopmentStorage=true")
            .env("GoldDatabase", gold)
            .env("SLUICE_DEPLOYED_COMMIT", "0123abc")
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", "0")
            .envs(more.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        Self {
            stdin: process.stdin.take(),
            process,
            lines,
            _folder: folder,
        }
    }

    /// Waits for its next log line.
    pub(super) fn line(&mut self) -> Value {
        let line = self.lines.next().unwrap().unwrap();
        serde_json::from_str(&line).unwrap()
    }

    pub(super) fn id(&self) -> u32 {
        self.process.id()
    }

    /// Ends it as the end of its host does, where it was told that this is the end of its input; returns how it ended.
    pub(super) fn end(&mut self) -> ExitStatus {
        drop(self.stdin.take());
        self.process.wait().unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.process.kill();
        self.process.wait().unwrap();
    }
}
