//! The hosts, which come and go.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sluice_local::functions_host::{Host, HostError, HostOptions, Signal};
use tokio::sync::Mutex;

use super::patience::{Failure, patiently};
use super::settings::{Settings, Ways};
use crate::chaos::faults::HOSTS;
use crate::chaos::hearing::Hearing;

/// How long a host that ends waits for what is in flight: less than some of it takes, so that a part is cut off.
const DRAIN: Duration = Duration::from_secs(1);
/// How long a timer is waited for that is run by hand.
const RUN: Duration = Duration::from_secs(20);
/// How long the timers are waited for that are run at once; they go on by themselves.
const OVERLAP: Duration = Duration::from_millis(500);

/// Both hosts. One that is just being replaced holds nobody up: it is not there.
#[derive(Clone)]
pub(in crate::chaos) struct Hosts(Arc<Shared>);

struct Shared {
    root: PathBuf,
    settings: Settings,
    hearing: Arc<Hearing>,
    /// Locked for as long as one is replaced.
    running: [Mutex<Option<Host>>; HOSTS],
}

impl Hosts {
    /// None of them runs yet.
    pub(super) fn of(root: PathBuf, settings: Settings, hearing: Arc<Hearing>) -> Self {
        Self(Arc::new(Shared {
            root,
            settings,
            hearing,
            running: [const { Mutex::const_new(None) }; HOSTS],
        }))
    }

    /// Stops a host if it runs, with what it has in hand after a moment, and starts another in its place.
    ///
    /// # Errors
    /// Fails if it does not start for a long time.
    pub(in crate::chaos) async fn restart(
        &self,
        host: usize,
        batch: u16,
        clock_ms: i64,
    ) -> Result<(), HostError> {
        let Some(place) = self.0.running.get(host) else {
            return Ok(());
        };
        let mut place = place.lock().await;
        stop(&mut place).await;
        *place = Some(
            self.start(Ways { batch, clock_ms }, &BTreeSet::new())
                .await?,
        );
        Ok(())
    }

    /// Stops both, does something while neither runs, and starts both again, each with batches of its own size.
    ///
    /// # Errors
    /// Fails if it cannot be done, or if one does not start for a long time.
    pub(in crate::chaos) async fn restart_around<T>(
        &self,
        batches: [u16; HOSTS],
        between: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let mut places = Vec::new();
        for place in &self.0.running {
            let mut place = place.lock().await;
            stop(&mut place).await;
            places.push(place);
        }
        let done = between.await?;
        for (place, batch) in places.iter_mut().zip(batches) {
            let ways = Ways { batch, clock_ms: 0 };
            **place = Some(self.start(ways, &BTreeSet::new()).await?);
        }
        Ok(done)
    }

    /// Starts the first one so that nothing keeps it from its work, and leaves the other one stopped: blobs that failed
    /// are tried again, and those of bronze that silver lacks are delivered whatever was delivered before.
    ///
    /// # Errors
    /// As [`Self::restart`].
    pub(in crate::chaos) async fn heal(&self, again: &BTreeSet<String>) -> Result<(), HostError> {
        self.stop_all().await;
        let ways = Ways {
            batch: 1_000,
            clock_ms: 0,
        };
        if let Some(place) = self.0.running.first() {
            *place.lock().await = Some(self.start(ways, again).await?);
        }
        Ok(())
    }

    async fn start(&self, ways: Ways, again: &BTreeSet<String>) -> Result<Host, HostError> {
        let options = || {
            let mut options = HostOptions::new(&self.0.root);
            options.settings = self.0.settings.of(ways);
            options.events = self.0.hearing.sink();
            options.drain = DRAIN;
            // Azure starts another instance where one gave up.
            options.gives_up = false;
            options.retry_poisoned = true;
            options.deliver_again.clone_from(again);
            options
        };
        // Storage may just be away, and so may the hub.
        let passes = |error: &HostError| {
            matches!(
                error,
                HostError::Storage { .. } | HostError::EventHub { .. }
            )
        };
        patiently(passes, || Host::start(options())).await
    }

    /// Stops both.
    pub(in crate::chaos) async fn stop_all(&self) {
        for place in &self.0.running {
            stop(&mut *place.lock().await).await;
        }
    }

    /// Does something to a handler; returns whether there was one.
    pub(in crate::chaos) async fn signal(&self, host: usize, signal: Signal) -> bool {
        let Some(Ok(place)) = self.0.running.get(host).map(Mutex::try_lock) else {
            return false;
        };
        match &*place {
            Some(running) => running.signal(signal).await,
            None => false,
        }
    }

    /// Runs gold and maintain on both hosts at the same time; returns whether both were there.
    pub(in crate::chaos) async fn overlap_timers(&self) -> bool {
        let places = self.0.running.iter().filter_map(|it| it.try_lock().ok());
        let places: Vec<_> = places.collect();
        let running: Vec<&Host> = places.iter().filter_map(|place| place.as_ref()).collect();
        // On one alone nothing overlaps.
        if running.len() < HOSTS {
            return false;
        }
        let timers = running.iter().flat_map(|host| {
            let names = ["gold", "maintain"];
            names.map(|name| async move { host.trigger(name).await.is_ok() })
        });
        // Whether they succeed is what is tried; a run that is killed is run again.
        let _ = tokio::time::timeout(OVERLAP, futures::future::join_all(timers)).await;
        true
    }

    /// Runs gold and maintain now on the first host, one after the other.
    pub(in crate::chaos) async fn run_timers(&self) {
        let Some(place) = self.0.running.first() else {
            return;
        };
        if let Some(host) = &*place.lock().await {
            for name in ["maintain", "gold"] {
                // A failure is in the log, and the next time tries again.
                let _ = tokio::time::timeout(RUN, host.trigger(name)).await;
            }
        }
    }
}

/// Stops a host that runs.
async fn stop(place: &mut Option<Host>) {
    if let Some(running) = place.take() {
        running.shutdown().await;
    }
}
