//! Azurite, Microsoft's storage emulator, as a child process.
//!
//! It is installed from the lockfile of this repository with `npm ci`, once per machine, and speaks for blobs, queues and
//! tables on loopback. It ends when its [`Azurite`] is dropped, and also when the process that started it dies in any
//! way. It is never killed while it can still save: it writes what it knows about blobs and entities every few seconds and
//! at a proper end only.
//!
//! Where it differs from the service: a taken blob name is a 409 (the service may say 412), user metadata may come back
//! in another case, tables are found by a whole scan, and a transaction's faulty step is not always named.

mod install;

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use thiserror::Error;

pub use install::default_install_dir;

/// The emulator's account, published by Microsoft.
const ACCOUNT: &str = "devstoreaccount1";
/// The emulator's key, published by Microsoft.
const KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";
/// The services, in the order of their ports.
const SERVICES: [&str; 3] = ["Blob", "Queue", "Table"];
/// How long Azurite may take to start.
const START_TIMEOUT: Duration = Duration::from_secs(60);
/// How long Azurite may take to save its data when it ends.
const END_TIMEOUT: Duration = Duration::from_secs(15);

/// How long Azurite keeps an idle connection: longer than clients do, so that it never closes one that is just being
/// used again. Its own five seconds make transactions whose outcome is unknown.
const KEEP_ALIVE_SECONDS: u32 = 120;

/// Receives a line about what takes long, for people.
pub type Progress = Arc<dyn Fn(&str) + Send + Sync>;

/// How Azurite is run.
#[derive(Clone, Default)]
pub struct AzuriteOptions {
    /// Where data is kept; without it, data is in memory and gone at the end.
    pub data_dir: Option<PathBuf>,
    /// The ports for blobs, queues and tables; without them, free ones.
    pub ports: Option<[u16; 3]>,
    /// Where Azurite is installed; without it, in [`default_install_dir`]. Processes and tests share it safely.
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

/// Why Azurite does not run.
#[derive(Debug, Error)]
pub enum AzuriteError {
    /// Node.js is not there.
    #[error(
        "run {0}: install Node.js 22 or later with npm (https://nodejs.org), and see that it is in the PATH"
    )]
    NoNode(&'static str, #[source] std::io::Error),
    /// A folder or file cannot be used.
    #[error("use {}", path.display())]
    Files {
        /// Which.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// `npm ci` failed.
    #[error("install azurite with npm: {0}")]
    Install(String),
    /// It ended, or did not say in time that it listens.
    #[error("start azurite: {0}")]
    Start(String),
    /// Work on a thread of its own failed.
    #[error("wait for azurite")]
    Wait(#[source] tokio::task::JoinError),
}

/// A running Azurite. It ends when this is dropped.
#[derive(Debug)]
pub struct Azurite {
    running: Running,
    ports: [u16; 3],
}

impl Azurite {
    /// Installs Azurite where it is missing, starts it and returns when all of its services answer.
    ///
    /// # Errors
    /// Fails if Node.js is missing, if the installation fails (it needs the npm registry the first time), or if a port
    /// is taken.
    pub async fn start(options: AzuriteOptions) -> Result<Self, AzuriteError> {
        tokio::task::spawn_blocking(move || Self::start_blocking(&options))
            .await
            .map_err(AzuriteError::Wait)?
    }

    /// The same, on the caller's thread.
    ///
    /// # Errors
    /// As [`Azurite::start`].
    pub fn start_blocking(options: &AzuriteOptions) -> Result<Self, AzuriteError> {
        let install_dir = options.install_dir.clone();
        let program = install::ensure(
            &install_dir.unwrap_or_else(default_install_dir),
            options.progress.as_ref(),
        )?;
        let (mut running, output) = spawn(command(&program, options)?)?;
        let ports = running.wait_until_it_listens(&output)?;
        Ok(Self { running, ports })
    }

    /// Returns the ports for blobs, queues and tables.
    #[must_use]
    pub fn ports(&self) -> [u16; 3] {
        self.ports
    }

    /// Returns the connection string of the emulator's account, which any Azure tool takes.
    #[must_use]
    pub fn connection_string(&self) -> String {
        let [blob, queue, table] = self.ports;
        format!(
            "DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={KEY};\
             BlobEndpoint=http://127.0.0.1:{blob}/{ACCOUNT};\
             QueueEndpoint=http://127.0.0.1:{queue}/{ACCOUNT};\
             TableEndpoint=http://127.0.0.1:{table}/{ACCOUNT};"
        )
    }

    /// Returns its process id.
    #[must_use]
    pub fn process_id(&self) -> u32 {
        self.running.child.id()
    }

    /// Tells whether it still runs.
    #[must_use]
    pub fn is_running(&mut self) -> bool {
        self.running.ended().is_none()
    }

    /// Ends Azurite and returns when its data is saved.
    ///
    /// # Errors
    /// Fails if it cannot be waited for.
    pub async fn shutdown(mut self) -> Result<(), AzuriteError> {
        tokio::task::spawn_blocking(move || self.running.end())
            .await
            .map_err(AzuriteError::Wait)
    }
}

/// The process with its standard input, whose end is the sign to stop.
#[derive(Debug)]
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
    errors: Arc<Mutex<String>>,
}

impl Running {
    fn wait_until_it_listens(
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

    fn ended(&mut self) -> Option<()> {
        matches!(self.child.try_wait(), Ok(Some(_)) | Err(_)).then_some(())
    }

    /// Asks it to end by closing its input, and kills it only if it does not.
    fn end(&mut self) {
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

fn command(program: &install::Program, options: &AzuriteOptions) -> Result<Command, AzuriteError> {
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

fn spawn(mut command: Command) -> Result<(Running, mpsc::Receiver<String>), AzuriteError> {
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
    use azure_storage_queue::models::QueueMessage;
    use azure_storage_queue::{QueueServiceClient, QueueServiceClientOptions};
    use sluice::store::account::StorageAccount;

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

    #[tokio::test]
    async fn an_accounts_options_authorise_its_queues() {
        let azurite = Azurite::start(AzuriteOptions::default()).await.unwrap();
        let text = azurite.connection_string();
        let account = StorageAccount::from_connection_string("Test", &text).unwrap();
        let options = QueueServiceClientOptions {
            client_options: account.client_options(),
            ..QueueServiceClientOptions::default()
        };
        let url = account.queue_service_url().unwrap();
        let service = QueueServiceClient::new(url, account.credential(), Some(options)).unwrap();

        let queue = service.queue_client("poison").unwrap();
        queue.create(None).await.unwrap();
        let message = QueueMessage {
            message_text: Some("words".to_owned()),
        };
        queue
            .send_message(message.try_into().unwrap(), None)
            .await
            .unwrap();
        let received = queue
            .receive_messages(None)
            .await
            .unwrap()
            .into_model()
            .unwrap();
        let words: Vec<_> = received
            .items
            .into_iter()
            .flatten()
            .map(|message| message.message_text)
            .collect();
        assert_eq!(words, [Some("words".to_owned())]);
    }
}
