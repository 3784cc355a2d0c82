//! However `sluice up` ends, the next one goes on from there: processes, signals, and the audit as judge.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod support;

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use sluice::store::account::StorageAccount;
use sluice::store::object::{AzureObjectStore, ObjectPath, ObjectStore};

use support::{command, handler, repository};

/// How long anything may take before a test gives up: the machine may be busy.
const TIMEOUT: Duration = Duration::from_secs(180);

fn sluice(state: &Path, arguments: &[&str]) -> Command {
    let mut command = command(repository());
    command.args(arguments).arg("--state-dir").arg(state);
    command
}

/// A running `up`, which is killed when a test fails.
struct Up {
    child: Child,
    output: PathBuf,
}

impl Up {
    fn start(state: &Path, arguments: &[&str]) -> Self {
        let mut command = sluice(state, &["up"]);
        command.args(arguments).arg("--handler").arg(handler());
        Self::of(command, state)
    }

    /// Starts storage and event hub alone.
    fn look(state: &Path) -> Self {
        Self::of(sluice(state, &["up", "--no-handler"]), state)
    }

    fn of(mut command: Command, state: &Path) -> Self {
        let output = state.join("up.txt");
        let file = std::fs::File::create(&output).unwrap();
        let child = command
            .stdin(Stdio::null())
            .stdout(file.try_clone().unwrap())
            .stderr(file)
            .spawn()
            .unwrap();
        Self { child, output }
    }

    fn signal(&self, name: &str) {
        let id = self.child.id().to_string();
        let sent = Command::new("kill").args(["-s", name, &id]).status();
        assert!(sent.unwrap().success());
    }

    fn end(&mut self) -> std::process::ExitStatus {
        let mut ended = None;
        eventually("the end of `up`", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }

    fn text(&self) -> String {
        std::fs::read_to_string(&self.output).unwrap()
    }
}

impl Drop for Up {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let started = Instant::now();
    while !is_so() {
        assert!(started.elapsed() < TIMEOUT, "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// Waits until the handler of the pipeline in `state` has said `message` so often.
fn said(state: &Path, message: &str, times: usize) {
    let log = state.join("orders/host.log");
    let word = format!("\"message\":\"{message}\"");
    eventually(message, || {
        // Before the start there is none.
        std::fs::read_to_string(&log).is_ok_and(|log| log.matches(&word).count() >= times)
    });
}

fn audit(state: &Path) -> Output {
    let audit = ["audit", "--json", "--grace", "0"];
    sluice(state, &audit).output().unwrap()
}

/// Waits until the audit finds that everything adds up, and returns how many rows there are.
fn adds_up(state: &Path) -> u64 {
    let mut last = Value::Null;
    let started = Instant::now();
    loop {
        let output = audit(state);
        if output.status.success() {
            let report: Value = serde_json::from_slice(&output.stdout).unwrap();
            return report["sums"]["rows"].as_u64().unwrap();
        }
        if let Ok(report) = serde_json::from_slice(&output.stdout) {
            last = report;
        }
        assert!(started.elapsed() < TIMEOUT, "it does not add up: {last:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

/// Ends a pipeline under load by a signal, starts the next at once, and looks whether all adds up.
fn ends_by(signal: &str, is_orderly: bool) {
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    let mut up = Up::start(state, &["--rate", "400"]);
    // Well past the storage's first save of its own.
    said(state, "published", 2);
    said(state, "refined", 12);
    up.signal(signal);
    let ended = up.end();
    assert_eq!(ended.success(), is_orderly, "{ended}: {}", up.text());

    let mut next = Up::start(state, &["--no-producer"]);
    eventually("its start", || next.text().contains("send your own events"));
    assert!(adds_up(state) > 100);
    next.signal("TERM");
    assert!(next.end().success(), "{}", next.text());
}

#[test]
fn a_killed_pipeline_is_continued() {
    ends_by("KILL", false);
}

#[test]
fn a_terminated_pipeline_is_continued() {
    ends_by("TERM", true);
}

#[test]
fn a_pipeline_whose_terminal_was_closed_is_continued() {
    ends_by("HUP", true);
}

/// Deletes the files of silver from the storage of a pipeline that runs.
fn lose_silver(state: &Path) {
    let settings = std::fs::read(state.join("orders/settings.json")).unwrap();
    let settings: Value = serde_json::from_slice(&settings).unwrap();
    let storage = settings["Values"]["LakeStorage"].as_str().unwrap();
    let account = StorageAccount::from_connection_string("LakeStorage", storage).unwrap();
    let lake = AzureObjectStore::new(&account).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let mut files = lake
            .list(&ObjectPath::new("silver", "orders/"))
            .await
            .unwrap();
        files.retain(|file| file.path.name().ends_with(".parquet"));
        assert!(!files.is_empty());
        for file in files {
            lake.delete(&file.path).await.unwrap();
        }
    });
}

#[test]
fn a_state_that_lost_files_is_refused_with_the_way_out_and_can_be_looked_at() {
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    let mut up = Up::start(state, &["--rate", "200"]);
    said(state, "published", 2);
    up.signal("TERM");
    assert!(up.end().success(), "{}", up.text());
    let look = || {
        let up = Up::look(state);
        eventually("its start", || up.text().contains("and no handler"));
        up
    };
    let mut up = look();
    adds_up(state);
    lose_silver(state);
    up.signal("TERM");
    assert!(up.end().success(), "{}", up.text());

    let mut refused = Up::start(state, &["--no-producer"]);
    assert_eq!(refused.end().code(), Some(1), "{}", refused.text());
    let words: Vec<String> = refused
        .text()
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let said = words.join(" ");
    for expected in [
        "not in storage",
        "raise `generation` in the dataset file",
        "`sluice up --no-handler`",
    ] {
        assert!(said.contains(expected), "{expected:?} is not in {said}");
    }
    let mut up = look();
    let audit = audit(state);
    assert!(!audit.status.success());
    let said = [audit.stdout, audit.stderr].concat();
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(said.contains(".parquet"), "{said}");
    up.signal("TERM");
    assert!(up.end().success(), "{}", up.text());
}

#[test]
fn a_second_pipeline_on_a_state_in_use_is_refused_and_touches_nothing() {
    let state = tempfile::tempdir().unwrap();
    let state = state.path();
    let mut up = Up::start(state, &["--events", "200", "--rate", "40"]);
    said(state, "ingested", 1);
    let before = std::fs::read(state.join("orders/settings.json")).unwrap();
    // The last one cannot be meant for this dataset either: that it runs is what helps.
    for arguments in [
        &["up"][..],
        &["up", "--clean", "--events", "10"],
        &["up", "--max-quarantined", "1%"],
    ] {
        let refused = sluice(state, arguments)
            .arg("--handler")
            .arg(handler())
            .output()
            .unwrap();
        assert_eq!(refused.status.code(), Some(1), "{arguments:?}");
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        let owner = format!(
            "in use by another `sluice` (process {}, since ",
            up.child.id()
        );
        assert!(said.contains(&owner), "{said}");
    }
    assert_eq!(
        std::fs::read(state.join("orders/settings.json")).unwrap(),
        before
    );
    assert!(up.end().success(), "{}", up.text());
    assert!(up.text().contains("\n200 events = "), "{}", up.text());
}

#[test]
fn a_handler_ends_with_its_host_also_before_it_has_looked_for_it() {
    let storage = "DefaultEndpointsProtocol=http;AccountName=a;AccountKey=a2V5;\
                   BlobEndpoint=http://127.0.0.1:1/a;QueueEndpoint=http://127.0.0.1:1/a;TableEndpoint=http://127.0.0.1:1/a;";
    let start = |stdin: Stdio| {
        let mut command = Command::new(handler());
        command
            .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap())
            .env("SLUICE_HOST_ON_STDIN", "1")
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", "0")
            .env("LakeStorage", storage)
            .env("AzureWebJobsStorage", storage)
            .env("GoldDatabase", "sqlite:no-such-folder/gold.db")
            .env("DATASET", "datasets/orders.toml")
            .stdin(stdin)
            .stdout(Stdio::piped());
        command.spawn().unwrap()
    };
    let ends = |mut child: Child| {
        let mut code = None;
        eventually("the end of the handler", || {
            code = child.try_wait().unwrap().map(|status| status.code());
            code.is_some()
        });
        assert_eq!(code, Some(Some(1)));
        let said = std::io::read_to_string(child.stdout.take().unwrap()).unwrap();
        assert!(said.contains("the host is gone"), "{said}");
    };
    // Its input has ended before it was started.
    ends(start(Stdio::null()));

    let mut child = start(Stdio::piped());
    let stdout = child.stdout.take().unwrap();
    let mut lines = BufReader::new(stdout);
    let mut line = String::new();
    while !line.contains("\"started\"") {
        line.clear();
        assert!(lines.read_line(&mut line).unwrap() > 0, "it ended");
    }
    drop(child.stdin.take());
    let mut rest = String::new();
    lines.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("the host is gone"), "{rest}");
    assert_eq!(child.wait().unwrap().code(), Some(1));
}
