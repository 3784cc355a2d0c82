//! The handler process: started, watched, restarted, and killed.
//!
//! There is one handler at a time, always on the same port. It is never asked to stop: it is
//! killed, as the real host does, on shutdown, when it does not open its port in time, and when a
//! function takes too long.

mod console;
pub(crate) mod http;
mod rules;
mod signal;

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{ExitStatus, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use sluice::settings::HOST_ON_STDIN;
use tokio::process::{Child, Command};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::config::HandlerOptions;
use super::events::{EventSink, Level};
use crate::own_group::own_group;
use console::Console;
use http::Client;
use rules::{AfterExit, ErrorList, after_exit};
pub use signal::Signal;

const POLL: Duration = Duration::from_millis(25);

/// State of the handler; the number tells one process from the next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WorkerState {
    /// Not taking requests yet.
    Initializing { process: u64 },
    /// Taking requests, as far as the host knows.
    Ready { process: u64 },
    /// Gone for good.
    Stopped,
}

/// How the supervision ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ended {
    /// It was asked to.
    Asked,
    /// The handler failed too often.
    TooManyErrors,
}

/// The handler's program, folder and settings.
#[derive(Clone, Debug)]
pub(crate) struct HandlerSpec {
    pub(crate) options: HandlerOptions,
    pub(crate) root: PathBuf,
    /// App settings; the environment of this process is inherited.
    pub(crate) settings: BTreeMap<String, String>,
    /// Whether too many errors end the supervision.
    pub(crate) gives_up: bool,
}

/// A handle to the supervised handler.
#[derive(Clone, Debug)]
pub(crate) struct Worker {
    state: watch::Receiver<WorkerState>,
    left: watch::Receiver<bool>,
    process_id: Arc<AtomicU32>,
    commands: mpsc::UnboundedSender<Order>,
}

#[derive(Debug)]
enum Order {
    /// Restart the process with this number; later ones are left alone.
    Restart(u64),
    /// Do this to the process, and answer whether there was one.
    Signal(Signal, oneshot::Sender<bool>),
    Stop,
}

impl Worker {
    /// Follows the handler's state.
    pub(crate) fn state(&self) -> watch::Receiver<WorkerState> {
        self.state.clone()
    }

    /// Follows whether the handler has ended in a way after which it is not started again.
    pub(crate) fn left(&self) -> watch::Receiver<bool> {
        self.left.clone()
    }

    /// The id of the handler's process, the last one's if none runs; none before the first.
    pub(crate) fn process_id(&self) -> Option<u32> {
        Some(self.process_id.load(Ordering::Relaxed)).filter(|id| *id != 0)
    }

    /// Kills the present process and starts another, not counted as an error.
    pub(crate) fn restart(&self) {
        if let WorkerState::Initializing { process } | WorkerState::Ready { process } =
            *self.state.borrow()
        {
            // No one left to hear it means that the process is gone anyway.
            let _ = self.commands.send(Order::Restart(process));
        }
    }

    /// Does something to the present process; returns whether there was one.
    pub(crate) async fn signal(&self, signal: Signal) -> bool {
        let (reply, done) = oneshot::channel();
        // Nobody hears it once the supervision has ended, and with it the process.
        let is_heard = self.commands.send(Order::Signal(signal, reply)).is_ok();
        is_heard && done.await.unwrap_or(false)
    }

    /// Kills the process and ends the supervision.
    pub(crate) fn stop(&self) {
        let _ = self.commands.send(Order::Stop);
    }
}

/// Binds a port of 127.0.0.1 to learn a free one, and gives it back.
pub(crate) fn free_port() -> std::io::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Starts the handler and keeps it running.
pub(crate) fn supervise(
    spec: HandlerSpec,
    port: u16,
    client: Arc<Client>,
    events: EventSink,
) -> (Worker, JoinHandle<Ended>) {
    let (state, receiver) = watch::channel(WorkerState::Initializing { process: 0 });
    let (left, is_left) = watch::channel(false);
    let (commands, orders) = mpsc::unbounded_channel();
    let process_id = Arc::new(AtomicU32::new(0));
    let supervisor = Supervisor {
        process_id: Arc::clone(&process_id),
        spec,
        port,
        client,
        events,
        state,
        left,
        orders,
        errors: ErrorList::default(),
        process: 0,
    };
    (
        Worker {
            state: receiver,
            left: is_left,
            process_id,
            commands,
        },
        tokio::spawn(supervisor.run()),
    )
}

struct Supervisor {
    process_id: Arc<AtomicU32>,
    spec: HandlerSpec,
    port: u16,
    client: Arc<Client>,
    events: EventSink,
    state: watch::Sender<WorkerState>,
    left: watch::Sender<bool>,
    orders: mpsc::UnboundedReceiver<Order>,
    errors: ErrorList,
    process: u64,
}

/// How one process ended.
enum Life {
    Stop,
    Restart,
    Error(String),
}

impl Supervisor {
    async fn run(mut self) -> Ended {
        loop {
            let process = self.process;
            self.left.send_replace(false);
            self.state
                .send_replace(WorkerState::Initializing { process });
            let life = self.live().await;
            self.client.forget();
            self.process += 1;
            match life {
                Life::Restart => continue,
                Life::Stop => {
                    self.state.send_replace(WorkerState::Stopped);
                    return Ended::Asked;
                }
                Life::Error(text) => self.events.message(Level::Error, text),
            }
            let may_restart = self.errors.may_restart_after(Instant::now());
            if !may_restart && self.spec.gives_up {
                self.events.message(
                    Level::Error,
                    "Exceeded http worker restart retry count. Shutting down Functions Host",
                );
                self.state.send_replace(WorkerState::Stopped);
                return Ended::TooManyErrors;
            }
            self.events
                .message(Level::Debug, "Restarting http invoker channel");
        }
    }

    async fn live(&mut self) -> Life {
        let worker_id = Uuid::new_v4();
        let (mut child, console) = match self.spawn(worker_id) {
            Ok(started) => started,
            Err(error) => return self.not_started(&error).await,
        };
        // To be held until the process has ended; waiting for it would close it.
        let _stdin = child.stdin.take();
        let client = Arc::clone(&self.client);
        let timeout = self.spec.options.initialization_timeout;
        let mut readiness = std::pin::pin!(wait_until_ready(&client, timeout));
        let (mut initializing, mut running) = (true, true);
        loop {
            tokio::select! {
                ready = &mut readiness, if initializing => {
                    initializing = false;
                    if !ready {
                        kill(&mut child).await;
                        return Life::Error(format!(
                            "Failed to start http worker process. workerId:{worker_id} Initializing HttpWorker timed out."
                        ));
                    }
                    self.state.send_replace(WorkerState::Ready { process: self.process });
                    self.events.message(Level::Information, "Worker process started and initialized.");
                }
                status = child.wait(), if running => {
                    match self.exited(status, &console) {
                        Some(life) => return life,
                        None => running = false,
                    }
                }
                order = self.orders.recv() => match order {
                    Some(Order::Restart(process)) if process != self.process => {}
                    Some(Order::Restart(_)) => {
                        kill(&mut child).await;
                        return Life::Restart;
                    }
                    Some(Order::Signal(signal, reply)) => {
                        // Who asked may have stopped waiting.
                        let _ = reply.send(running && signal.send(&mut child));
                    }
                    Some(Order::Stop) | None => {
                        kill(&mut child).await;
                        return Life::Stop;
                    }
                },
            }
        }
    }

    /// The real host says it started, and invocations wait until they time out.
    async fn not_started(&mut self, error: &std::io::Error) -> Life {
        let name = &self.spec.options.executable;
        let text = format!("Failed to start Worker Channel. Process fileName: {name}: {error}");
        self.events.message(Level::Error, text);
        loop {
            match self.orders.recv().await {
                Some(Order::Restart(process)) if process != self.process => {}
                Some(Order::Restart(_)) => return Life::Restart,
                Some(Order::Signal(_, reply)) => drop(reply.send(false)),
                Some(Order::Stop) | None => return Life::Stop,
            }
        }
    }

    fn spawn(&self, worker_id: Uuid) -> std::io::Result<(Child, Console)> {
        let HandlerSpec {
            options,
            root,
            settings,
            gives_up: _,
        } = &self.spec;
        let port = self.port.to_string();
        let mut command = Command::new(&options.executable);
        command
            .args(&options.arguments)
            .envs(settings)
            .env("FUNCTIONS_HTTPWORKER_PORT", &port)
            .env("FUNCTIONS_HTTPWORKER_ID", worker_id.to_string())
            .env("FUNCTIONS_CUSTOMHANDLER_PORT", &port)
            .env("FUNCTIONS_CUSTOMHANDLER_WORKER_ID", worker_id.to_string())
            .env("FUNCTIONS_APP_ROOT_PATH", root)
            .env("AZURE_FUNCTIONS_ENVIRONMENT", "Development")
            .current_dir(&options.working_directory)
            // The end of its input tells a handler that its host is gone, however soon that was.
            .env(HOST_ON_STDIN, "1")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        own_group(command.as_std_mut());
        self.events.message(
            Level::Debug,
            format!(
                "Starting worker process with FileName:{} WorkingDirectory:{} Arguments:{}",
                options.executable,
                options.working_directory.display(),
                options.arguments.join(" ")
            ),
        );
        let mut child = command.spawn()?;
        let console = Console::forward(&mut child, &self.events);
        // A child has an id until it was waited for, which nobody has done yet.
        let id = child.id().unwrap_or_default();
        self.process_id.store(id, Ordering::Relaxed);
        let text = format!("{} process with Id={id} started", options.executable);
        self.events.message(Level::Debug, text);
        Ok((child, console))
    }

    /// None when the real host takes no notice of the exit. Whoever runs this one is told.
    fn exited(&self, status: std::io::Result<ExitStatus>, console: &Console) -> Option<Life> {
        let code = status.map_or(-1, exit_code);
        let name = &self.spec.options.executable;
        let text = format!("Process {name} has exited with code {code}.");
        self.events.message(Level::Debug, text);
        match after_exit(code) {
            AfterExit::Unnoticed => {
                self.left.send_replace(true);
                None
            }
            AfterExit::Restart => {
                self.events.message(
                    Level::Information,
                    "Language Worker Process exited and needs to be restarted.",
                );
                Some(Life::Restart)
            }
            AfterExit::Error => Some(Life::Error(format!(
                "Language Worker Process exited. {name} exited with code {code} (0x{code:X}) {}",
                console.last_errors()
            ))),
        }
    }
}

fn exit_code(status: ExitStatus) -> i32 {
    // .NET reports a signal the way a shell does.
    #[cfg(unix)]
    let signal = std::os::unix::process::ExitStatusExt::signal(&status);
    #[cfg(not(unix))]
    let signal: Option<i32> = None;
    let code = status.code().or_else(|| signal.map(|signal| 128 + signal));
    // A process that has ended has one of the two.
    code.unwrap_or(-1)
}

async fn kill(child: &mut Child) {
    // An error means that the process is gone already, which is what is wanted.
    let _ = child.kill().await;
}

/// Polls until there is any answer at all; the time is counted in polls, as the real host counts it.
async fn wait_until_ready(client: &Client, timeout: Duration) -> bool {
    let polls = timeout.as_millis() / POLL.as_millis();
    for _ in 0..polls {
        if client.ping().await.is_ok() {
            return true;
        }
        tokio::time::sleep(POLL).await;
    }
    false
}
