//! The host as a whole: started, asked, and shut down.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinSet;

use super::config::{self, AppConfig};
use super::error::HostError;
use super::events::{EventSink, Level};
use super::invoke::{HandlerDispatch, InvocationError};
pub use super::process::Signal;
use super::process::http::Client;
use super::process::{self, Ended, HandlerSpec, Worker, supervise};
use super::stats::{Counters, HostStats};
use super::trigger::retry::Outcome;
use super::trigger::start::Starter;
use super::trigger::stop::StopSwitch;
use super::trigger::timer::RunNow;

/// Options of a host.
#[derive(Clone, Debug)]
pub struct HostOptions {
    /// The folder with host.json.
    pub root: PathBuf,
    /// App settings that win over the environment and local.settings.json.
    pub settings: BTreeMap<String, String>,
    /// Receives output, messages and results.
    pub events: EventSink,
    /// Interval between listings of a blob trigger's container.
    pub blob_poll: Duration,
    /// Whether blobs that were put on the poison queue are tried again from the start. The real host leaves them there.
    pub retry_poisoned: bool,
    /// Blobs, by their names in their container, that are delivered although an earlier host was told of them. The real
    /// host has no such list.
    pub deliver_again: BTreeSet<String>,
    /// Maximum time for which a shutdown waits for invocations in flight before it kills the handler.
    pub drain: Duration,
    /// Whether the host stops at the third failure of the handler within half an hour. The real one does, and Azure puts
    /// another in its place; one that does not stop stands for both.
    pub gives_up: bool,
}

impl HostOptions {
    /// The app in `root`, with its own settings.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            settings: BTreeMap::new(),
            events: EventSink::default(),
            blob_poll: Duration::from_millis(250),
            retry_poisoned: false,
            deliver_again: BTreeSet::new(),
            drain: Duration::from_secs(10),
            gives_up: true,
        }
    }
}

/// Why a host runs no functions any more, although nobody has shut it down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum HostEnd {
    /// The handler failed for the third time, and the host stopped.
    Stopped,
    /// The handler ended with exit code 0, which a host takes for intended: it goes on, and every invocation fails.
    HandlerLeft,
}

/// A running host.
///
/// Dropped without [`Host::shutdown`], it kills the handler and forgets what is in flight.
#[derive(Debug)]
pub struct Host {
    tasks: JoinSet<()>,
    timers: BTreeMap<String, mpsc::UnboundedSender<RunNow>>,
    worker: Worker,
    ended: watch::Receiver<Option<Ended>>,
    switch: Arc<StopSwitch>,
    counters: Counters,
    drain: Duration,
    port: u16,
}

impl Host {
    /// Reads the app, starts the handler and all triggers.
    ///
    /// Like the real host it does not wait for the handler: invocations do.
    ///
    /// # Errors
    /// Fails when the app is refused, or when storage or the event hub cannot be reached.
    pub async fn start(options: HostOptions) -> Result<Self, HostError> {
        let config = config::load(&options.root, &environment(), &options.settings)?;
        warn_of_skipped(&config, &options.events);
        let port = process::free_port().map_err(|source| HostError::Port { source })?;
        let client = Arc::new(Client::new(port));
        let spec = HandlerSpec {
            options: config.host.handler.clone(),
            root: config.root.clone(),
            settings: config.settings.for_handler().clone(),
            gives_up: options.gives_up,
        };
        let (switch, stop) = StopSwitch::new();
        let switch = Arc::new(switch);
        let (worker, ended) = watch_over(
            spec,
            port,
            &client,
            options.events.clone(),
            Arc::clone(&switch),
        );
        let counters = Counters::default();
        let dispatch = HandlerDispatch {
            worker: worker.clone(),
            client,
            timeout: config.host.function_timeout,
            events: options.events.clone(),
            counters: counters.clone(),
        };
        let mut starter = Starter {
            host_id: config::host_id(&config.settings, &config.root),
            config,
            blob_poll: options.blob_poll,
            retry_poisoned: options.retry_poisoned,
            deliver_again: Arc::new(options.deliver_again),
            dispatch: Arc::new(dispatch),
            events: options.events,
            counters: counters.clone(),
            stop,
            tasks: JoinSet::new(),
            timers: BTreeMap::new(),
        };
        let started = Box::pin(starter.start()).await;
        let Starter { tasks, timers, .. } = starter;
        let drain = options.drain;
        let host = Self {
            tasks,
            timers,
            worker,
            ended,
            switch,
            counters,
            drain,
            port,
        };
        if let Err(error) = started {
            host.shutdown().await;
            return Err(error);
        }
        Ok(host)
    }

    /// Counts so far.
    pub fn stats(&self) -> HostStats {
        self.counters.snapshot()
    }

    /// The handler's port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The id of the handler's process, the last one's if none runs; none before the first.
    pub fn handler_process(&self) -> Option<u32> {
        self.worker.process_id()
    }

    /// Does to the handler's process what an operating system may do; returns whether there was a process to do it to.
    ///
    /// The process is this host's child, so it is never another one that has got its id since.
    pub async fn signal(&self, signal: Signal) -> bool {
        self.worker.signal(signal).await
    }

    /// Runs a function with a timer now, and waits for its end, retries included.
    ///
    /// # Errors
    /// Fails if there is no such function, if it has no timer, if it fails, or if the host stops.
    pub async fn trigger(&self, function: &str) -> Result<(), HostError> {
        let named = || function.to_owned();
        let stopped = || HostError::Failed {
            function: named(),
            reason: InvocationError::Stopping.to_string(),
        };
        let timer = self
            .timers
            .get(function)
            .ok_or_else(|| HostError::NotATimer { function: named() })?;
        let (reply, outcome) = oneshot::channel();
        timer.send(reply).map_err(|_| stopped())?;
        match outcome.await {
            Ok(Outcome::Succeeded) => Ok(()),
            Ok(Outcome::Failed(error)) => Err(HostError::Failed {
                function: named(),
                reason: error.to_string(),
            }),
            Ok(Outcome::Stopped) | Err(_) => Err(stopped()),
        }
    }

    /// Waits until the host runs no functions any more, and says why.
    pub async fn stopped(&self) -> HostEnd {
        let mut left = self.worker.left();
        tokio::select! {
            () = self.supervision_ended() => HostEnd::Stopped,
            left = left.wait_for(|left| *left) => match left {
                Ok(_) => HostEnd::HandlerLeft,
                Err(_) => HostEnd::Stopped,
            },
        }
    }

    async fn supervision_ended(&self) {
        // An error means that the supervision is gone, which is an end as well.
        let _ = self.ended.clone().wait_for(Option::is_some).await;
    }

    /// Stops the triggers, waits a while for what is in flight, and kills the handler.
    ///
    /// What is still in flight then is delivered again by the next host.
    pub async fn shutdown(mut self) {
        self.switch.stop();
        let drained = tokio::time::timeout(self.drain, join_all(&mut self.tasks))
            .await
            .is_ok();
        self.worker.stop();
        self.supervision_ended().await;
        if !drained {
            // With the handler gone every request has failed, and the tasks end.
            let _ = tokio::time::timeout(Duration::from_secs(5), join_all(&mut self.tasks)).await;
        }
    }
}

fn warn_of_skipped(config: &AppConfig, events: &EventSink) {
    for name in &config.settings.skipped {
        let text = format!(
            "Skipping '{name}' from local settings as it's already defined in current environment variables."
        );
        events.message(Level::Warning, text);
    }
}

async fn join_all(tasks: &mut JoinSet<()>) {
    while tasks.join_next().await.is_some() {}
}

/// Supervises the handler; when that ends by itself, the triggers stop.
fn watch_over(
    spec: HandlerSpec,
    port: u16,
    client: &Arc<Client>,
    events: EventSink,
    switch: Arc<StopSwitch>,
) -> (Worker, watch::Receiver<Option<Ended>>) {
    let (worker, supervisor) = supervise(spec, port, Arc::clone(client), events);
    let (sender, ended) = watch::channel(None);
    tokio::spawn(async move {
        // A supervision that has panicked watches over nothing any more.
        let end = supervisor.await.unwrap_or(Ended::TooManyErrors);
        switch.stop();
        sender.send_replace(Some(end));
    });
    (worker, ended)
}

/// The environment, as far as it is text.
fn environment() -> BTreeMap<String, String> {
    let text = |(name, value): (std::ffi::OsString, std::ffi::OsString)| {
        Some((name.into_string().ok()?, value.into_string().ok()?))
    };
    std::env::vars_os().filter_map(text).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_can_be_started_and_stopped_on_any_thread() {
        fn is_send<T: Send>(_: impl FnOnce() -> T) {}
        is_send(|| Host::start(HostOptions::new(".")));
        is_send(|| async {
            Host::start(HostOptions::new("."))
                .await?
                .trigger("gold")
                .await
        });
    }
}
