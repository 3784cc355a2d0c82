//! Azurite as a process: how it is started, how it says that it listens, how it ends.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use super::error::AzuriteError;
use super::install::{Program, Progress};

/// The services, in the order of their ports.
const SERVICES: [&str; 3] = ["Blob", "Queue", "Table"];
/// Maximum time for Azurite to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// Maximum time for Azurite to save its data when it ends.
const END_TIMEOUT: Duration = Duration::from_secs(15);

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
    errors: Arc<Mutex<String>>,
}

impl Running {
    pub(super) fn process_id(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn wait_until_it_listens(
        &mut self,
        output: &mpsc::Receiver<String>,
    ) -> Result<[u16; 3], AzuriteError> {
        let mut ports = [None; 3];
        let deadline = Instant::now() + START_TIMEOUT;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            match output.recv_timeout(left) {
                Ok(line) => note_port(&line, &mut ports),
                Err(RecvTimeoutError::Timeout) => {
                    return Err(self.failed("it did not listen in time"));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(self.failed("it ended")),
            }
            if let [Some(blob), Some(queue), Some(table)] = ports {
                return Ok([blob, queue, table]);
            }
        }
    }

    fn failed(&mut self, what: &str) -> AzuriteError {
        self.end();
        let errors = self.errors.lock().unwrap_or_else(PoisonError::into_inner);
        AzuriteError::Start(format!("{what}: {}", errors.trim()))
    }

    pub(super) fn ended(&mut self) -> Option<()> {
        matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)).then_some(())
    }

    /// Asks it to end by closing its input, and kills it only if it does not.
    pub(super) fn end(&mut self) {
        drop(self.stdin.take());
        let deadline = Instant::now() + END_TIMEOUT;
        while self.ended().is_none() {
            if Instant::now() > deadline {
                tracing::warn!("azurite did not end and was killed");
                // It may have ended in this very moment.
                let _ = self.child.kill();
                let _ = self.child.wait();
                return;
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

pub(super) fn command(
    program: &Program,
    options: &AzuriteOptions,
) -> Result<Command, AzuriteError> {
    let mut command = Command::new("node");
    command
        .arg("--require")
        .arg(&program.preload)
        .arg(&program.main)
        .args(["--silent", "--skipApiVersionCheck", "--disableTelemetry"])
        .current_dir(&program.dir);
    let ports = options.ports.unwrap_or_default();
    for (service, port) in ["blob", "queue", "table"].into_iter().zip(ports) {
        command.args([format!("--{service}Host"), "127.0.0.1".to_owned()]);
        command.args([format!("--{service}Port"), port.to_string()]);
        command.args([
            format!("--{service}KeepAliveTimeout"),
            KEEP_ALIVE_SECONDS.to_string(),
        ]);
    }
    match &options.data_dir {
        Some(dir) => command.arg("--location").arg(made(dir)?),
        None => command.arg("--inMemoryPersistence"),
    };
    Ok(command)
}

fn made(dir: &Path) -> Result<PathBuf, AzuriteError> {
    std::fs::create_dir_all(dir)
        .and_then(|()| std::path::absolute(dir))
        .map_err(|source| AzuriteError::Files {
            path: dir.to_owned(),
            source,
        })
}

pub(super) fn spawn(
    mut command: Command,
) -> Result<(Running, mpsc::Receiver<String>), AzuriteError> {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    // Ctrl-C reaches the whole group of processes; Azurite has to outlive those who still write to it.
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let mut child = command
        .spawn()
        .map_err(|source| AzuriteError::NoNode("node", source))?;

    let (sender, output) = mpsc::channel();
    let errors = Arc::new(Mutex::new(String::new()));
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || forward(stdout, &sender));
    }
    if let Some(stderr) = child.stderr.take() {
        let errors = Arc::clone(&errors);
        std::thread::spawn(move || keep_tail(stderr, &errors));
    }
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

fn keep_tail(output: impl Read, tail: &Mutex<String>) {
    const KEPT: usize = 4_000;
    for line in BufReader::new(output).lines().map_while(Result::ok) {
        tracing::debug!(line, "azurite reported an error");
        let mut tail = tail.lock().unwrap_or_else(PoisonError::into_inner);
        if tail.len() < KEPT {
            tail.push_str(&line);
            tail.push('\n');
        }
    }
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
}
