//! Azurite as a process: how it is started, how it says that it listens, how it ends.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::data::Data;
use super::error::{AzuriteError, NODE};
use super::install::{Program, Progress};
use super::waiting::{LOOK, Waiting};
use crate::own_group::own_group;

/// The services, in the order of their ports.
const SERVICES: [&str; 3] = ["Blob", "Queue", "Table"];
/// Maximum time for Azurite to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Maximum time for Azurite to save its data when it ends.
const END_TIMEOUT: Duration = Duration::from_secs(60);
/// The same for one that does not listen yet: it has nothing to save, and sees the end of its input only once it has
/// loaded.
const GIVE_UP_TIMEOUT: Duration = Duration::from_millis(300);

/// How long Azurite keeps an idle connection: longer than clients do, so that it never closes one that is just being
/// used again. Its own five seconds make transactions whose outcome is unknown.
const KEEP_ALIVE_SECONDS: u32 = 120;

/// Options of a run of Azurite.
#[derive(Clone, Default)]
pub struct AzuriteOptions {
    /// The folder for data; without it, data is in memory and gone at the end.
    pub data_dir: Option<PathBuf>,
    /// The ports for blobs, queues and tables; without them, free ones.
    pub ports: Option<[u16; 3]>,
    /// The folder to install Azurite in; [`default_install_dir`](super::default_install_dir) without it. Processes and tests share it safely.
    pub install_dir: Option<PathBuf>,
    /// Told when Azurite is being installed.
    pub progress: Option<Progress>,
}

impl fmt::Debug for AzuriteOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AzuriteOptions")
            .field("data_dir", &self.data_dir)
            .field("ports", &self.ports)
            .field("install_dir", &self.install_dir)
            .finish_non_exhaustive()
    }
}

/// The process with its standard input, whose end is the sign to stop.
#[derive(Debug)]
pub(super) struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    errors: Errors,
}

/// Where the process says what goes wrong.
#[derive(Debug)]
enum Errors {
    /// In the log of its data.
    Log(Data),
    /// On a pipe, which is read to its end.
    Pipe(Option<JoinHandle<String>>),
}

impl Errors {
    /// Returns what was said. The process has ended.
    fn said(&mut self) -> String {
        let said = match self {
            Self::Log(data) => data.said().ok(),
            Self::Pipe(reader) => reader.take().and_then(|reader| reader.join().ok()),
        };
        // An output that cannot be read has nothing to add to how the process ended.
        said.map_or_else(String::new, |said| said.trim().to_owned())
    }
}

impl Running {
    pub(super) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn wait_until_it_listens(
        &mut self,
        output: &mpsc::Receiver<String>,
        waiting: &Waiting,
    ) -> Result<[u16; 3], AzuriteError> {
        let mut ports = [None; 3];
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            match output.recv_timeout(LOOK) {
                Ok(line) => note_port(&line, &mut ports),
                Err(RecvTimeoutError::Timeout) if Instant::now() < deadline => {
                    if let Err(given_up) = waiting.check() {
                        self.end_within(GIVE_UP_TIMEOUT);
                        return Err(given_up);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    let seconds = START_TIMEOUT.as_secs();
                    self.end();
                    return Err(self.failed(&format!("it did not listen within {seconds} s")));
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let how = self.end();
                    return Err(self.failed(&format!("it ended ({how})")));
                }
            }
            if let [Some(blob), Some(queue), Some(table)] = ports {
                return Ok([blob, queue, table]);
            }
        }
    }

    fn failed(&mut self, what: &str) -> AzuriteError {
        AzuriteError::Start(start_failure(
            what,
            node_version().as_deref(),
            &self.errors.said(),
        ))
    }

    /// Returns how it ended, if it has.
    pub(super) fn ended(&mut self) -> Option<String> {
        match self.child.try_wait() {
            Ok(status) => status.map(|status| status.to_string()),
            Err(error) => Some(format!("it cannot be waited for: {error}")),
        }
    }

    /// Asks it to end by closing its input, and kills it only if it does not. Returns how it ended.
    pub(super) fn end(&mut self) -> String {
        self.end_within(END_TIMEOUT)
    }

    fn end_within(&mut self, time: Duration) -> String {
        drop(self.stdin.take());
        let deadline = Instant::now() + time;
        loop {
            if let Some(how) = self.ended() {
                return how;
            }
            if Instant::now() > deadline {
                tracing::warn!("azurite did not end and was killed");
                // It may have ended in this very moment.
                let _ = self.child.kill();
                let _ = self.child.wait();
                return "it was killed".to_owned();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.end();
    }
}

/// Says why Azurite did not start: what happened, whether Node.js is too old, and Azurite's own words.
fn start_failure(what: &str, node: Option<&str>, said: &str) -> String {
    let mut text = what.to_owned();
    if let Some(version) = node.filter(|version| major(version).is_some_and(|major| major < NODE)) {
        text.push_str(&format!(
            "; Azurite is for Node.js {NODE} or later, and `node` is {version}"
        ));
    }
    match said {
        "" => text,
        said => format!("{text}: {said}"),
    }
}

/// Returns the first number of a version such as `v22.1.0`.
fn major(version: &str) -> Option<u32> {
    version
        .trim_start_matches('v')
        .split('.')
        .next()?
        .parse()
        .ok()
}

fn node_version() -> Option<String> {
    let output = Command::new("node").arg("--version").output().ok()?;
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Takes the port out of a line such as `Azurite Blob service is successfully listening at http://127.0.0.1:10000`.
fn note_port(line: &str, ports: &mut [Option<u16>; 3]) {
    if !line.contains("successfully listen") {
        return;
    }
    let port = line
        .trim_end()
        .trim_end_matches('/')
        .rsplit(':')
        .next()
        .and_then(|port| port.parse().ok());
    for (service, slot) in SERVICES.into_iter().zip(ports) {
        if line.contains(&format!("Azurite {service} service")) {
            *slot = port;
        }
    }
}

pub(super) fn command(program: &Program, ports: Option<[u16; 3]>, data: Option<&Data>) -> Command {
    let mut command = Command::new("node");
    for preload in &program.preloads {
        command.arg("--require").arg(preload);
    }
    command
        .arg(&program.main)
        .args(["--silent", "--skipApiVersionCheck", "--disableTelemetry"])
        .current_dir(&program.dir);
    let ports = ports.unwrap_or_default();
    for (service, port) in ["blob", "queue", "table"].into_iter().zip(ports) {
        command.args([format!("--{service}Host"), "127.0.0.1".to_owned()]);
        command.args([format!("--{service}Port"), port.to_string()]);
        command.args([
            format!("--{service}KeepAliveTimeout"),
            KEEP_ALIVE_SECONDS.to_string(),
        ]);
    }
    match data {
        Some(data) => command.arg("--location").arg(&data.dir),
        None => command.arg("--inMemoryPersistence"),
    };
    command
}

pub(super) fn spawn(
    mut command: Command,
    data: Option<Data>,
) -> Result<(Running, mpsc::Receiver<String>), AzuriteError> {
    let errors = data
        .as_ref()
        .map_or_else(|| Ok(Stdio::piped()), Data::errors)?;
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(errors);
    // Azurite has to outlive those who still write to it.
    own_group(&mut command);
    let mut child = command
        .spawn()
        .map_err(|source| AzuriteError::NoNode("node", source))?;

    let (sender, output) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || forward(stdout, &sender));
    }
    let stderr = child.stderr.take();
    let errors = match data {
        Some(data) => Errors::Log(data),
        None => Errors::Pipe(stderr.map(|stderr| std::thread::spawn(move || first(stderr)))),
    };
    let running = Running {
        stdin: child.stdin.take(),
        child,
        errors,
    };
    Ok((running, output))
}

/// Reads to the end, so that Azurite never blocks on a full pipe, whether somebody listens or not.
fn forward(output: impl Read, sender: &Sender<String>) {
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        tracing::debug!(line, "azurite said something");
        let _ = sender.send(line);
    }
}

/// Reads to the end and returns the first lines.
fn first(output: impl Read) -> String {
    const KEPT: usize = 4_000;
    let mut kept = String::new();
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        tracing::debug!(line, "azurite reported an error");
        if kept.len() < KEPT {
            kept.push_str(&line);
            kept.push('\n');
        }
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_read_from_what_azurite_says() {
        let mut ports = [None; 3];
        for line in [
            "Azurite Blob service is starting at http://127.0.0.1:0",
            "Azurite Blob service is successfully listening at http://127.0.0.1:39845",
            "Azurite Queue service is successfully listening at http://127.0.0.1:37471/",
            "Azurite Table service successfully listens on http://127.0.0.1:42571",
        ] {
            note_port(line, &mut ports);
        }
        assert_eq!(ports, [Some(39845), Some(37471), Some(42571)]);
    }

    #[test]
    fn a_failure_to_start_names_the_node_js_that_is_wanted() {
        let ended = "it ended (exit status: 1)";
        assert_eq!(
            start_failure(ended, Some("v12.22.9"), "SyntaxError: Unexpected token '?'"),
            "it ended (exit status: 1); Azurite is for Node.js 22 or later, and `node` is v12.22.9: SyntaxError: Unexpected token '?'"
        );
        for node in [Some("v22.0.0"), Some("nonsense"), None] {
            assert_eq!(start_failure(ended, node, ""), ended);
        }
    }
}
