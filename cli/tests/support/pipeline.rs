//! A pipeline that `sluice up` runs as long as a test needs it.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::support::{command, handler, repository};

const PATIENCE: Duration = Duration::from_secs(180);
const POLL: Duration = Duration::from_millis(200);

/// A pipeline without a producer, and a folder without settings in which its state lies. It ends when it is dropped.
pub(crate) struct Pipeline {
    pub(crate) up: Child,
    pub(crate) folder: tempfile::TempDir,
}

/// Starts the process of a pipeline of a dataset file.
pub(crate) fn up(state_dir: &Path, dataset: &str) -> Child {
    command(repository())
        .args(["up", "--no-producer", "--partitions", "2"])
        .args(["--dataset", dataset, "--handler"])
        .arg(handler())
        .arg("--state-dir")
        .arg(state_dir)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

impl Pipeline {
    /// Starts it, and waits until it runs.
    pub(crate) fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let up = up(&folder.path().join("state"), "datasets/orders.toml");
        let pipeline = Self { up, folder };
        pipeline.wait_for("the pipeline", || {
            pipeline.run(&["status"]).status.success()
        });
        pipeline
    }

    /// Where it keeps what it stores.
    pub(crate) fn state_dir(&self) -> PathBuf {
        self.folder.path().join("state")
    }

    /// Runs a command on it, in its folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.run_in(self.folder.path(), arguments)
    }

    /// Runs a command on it, in another folder.
    pub(crate) fn run_in(&self, folder: &Path, arguments: &[&str]) -> Output {
        let mut command = command(folder);
        command.args(arguments).arg("--state-dir");
        command.arg(self.state_dir()).output().unwrap()
    }

    /// Waits until something is so.
    pub(crate) fn wait_for(&self, what: &str, is_so: impl Fn() -> bool) {
        let said = || {
            let status = self.run(&["status"]);
            let said = [status.stdout, status.stderr].concat();
            String::from_utf8_lossy(&said).into_owned()
        };
        let started = Instant::now();
        while !is_so() {
            let is_over = started.elapsed() >= PATIENCE;
            assert!(!is_over, "{what} did not come about: {}", said());
            std::thread::sleep(POLL);
        }
    }

    /// Ends it as Ctrl-C does; returns whether it ended well.
    pub(crate) fn stop(&mut self) -> bool {
        if let Ok(None) = self.up.try_wait() {
            let id = self.up.id().to_string();
            let _ = Command::new("kill").args(["-INT", &id]).status();
        }
        self.up.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.stop();
    }
}
