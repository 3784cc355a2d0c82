//! Sends the events of a plan to a hub.

use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use sluice::clock::{Clock, SystemClock};
use sluice_local::hub_client::{
    ClientError, Destination, EventHubConnection, OutgoingEvent, Producer,
};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::input::{Input, InputError};
use super::orders::Orders;
use super::outgoing::outgoing;
use super::plan::{FeedPlan, Origin};
use crate::output::failure;

/// What a hub takes of an event.
const LARGEST: &str = "1 MiB at most, with the little that a message adds to it";
/// Events that are sent together.
const BATCH: usize = 500;
/// How often a steady rate sends.
const BEAT: Duration = Duration::from_millis(50);

/// A running producer.
#[derive(Debug)]
pub(crate) struct Feed {
    task: JoinHandle<()>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    sent: AtomicU64,
    stop: AtomicBool,
    failure: Mutex<Option<String>>,
}

/// How much has been sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sent {
    /// Events sent in this run.
    pub(crate) events: u64,
    /// Whether all of them are sent.
    pub(crate) is_done: bool,
}

impl Feed {
    /// Starts sending to `hub`, which holds `before` events: made-up orders are numbered on from there.
    pub(crate) async fn start(
        plan: FeedPlan,
        hub: EventHubConnection,
        to: Destination,
        before: u64,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let shared = Arc::new(Shared::default());
        let first_id = before + 1;
        let source = match plan.origin {
            Origin::Nobody => {
                let task = tokio::spawn(async {});
                return Ok(Self { task, shared });
            }
            Origin::File(path) => Source::File {
                input: Input::open(&path)?,
                path,
            },
            Origin::Orders { count, orders } => {
                // Another seed for each run, so that going on makes other orders.
                let seed = orders.seed ^ first_id;
                Source::Orders {
                    orders: Orders::new(seed, orders.shares, first_id),
                    left: count,
                }
            }
        };
        let producer = Producer::connect(hub).await?;
        let sender = Sender {
            producer,
            to,
            rate: plan.rate,
            shared: Arc::clone(&shared),
        };
        let task = tokio::spawn(sender.run(source));
        Ok(Self { task, shared })
    }

    /// How much has been sent.
    pub(crate) fn sent(&self) -> Sent {
        Sent {
            events: self.shared.sent.load(Ordering::SeqCst),
            is_done: self.is_done(),
        }
    }

    /// Whether all events are sent.
    pub(crate) fn is_done(&self) -> bool {
        self.task.is_finished()
    }

    /// Fails if sending has failed.
    pub(crate) fn check(&self) -> Result<(), String> {
        let failure = self
            .shared
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure.clone().map_or(Ok(()), Err)
    }

    /// Stops sending, after the batch in flight, and returns how many events were sent.
    pub(crate) async fn stop(self) -> u64 {
        self.shared.stop.store(true, Ordering::SeqCst);
        // It does not panic, and nobody cancels it.
        let _ = self.task.await;
        self.shared.sent.load(Ordering::SeqCst)
    }
}

enum Source {
    File { input: Input, path: PathBuf },
    Orders { orders: Orders, left: Option<u64> },
}

impl Source {
    /// Returns up to `count` further events, as of `now` in milliseconds since 1970; none at the end.
    fn next_events(&mut self, count: usize, now: i64) -> Result<Vec<OutgoingEvent>, InputError> {
        match self {
            Self::File { input, .. } => {
                let lines = input.next_events(count)?;
                Ok(lines.iter().map(outgoing).collect())
            }
            Self::Orders { orders, left } => {
                let wanted = left.map_or(count as u64, |left| left.min(count as u64));
                if let Some(left) = left {
                    *left -= wanted;
                }
                let events = (0..wanted).map(|_| orders.next_event(now).into());
                Ok(events.collect())
            }
        }
    }

    /// Says what the hub did not take of `events`, before which `before` others were sent. Of a file every line is an event.
    fn explain(
        &self,
        error: ClientError,
        events: &[OutgoingEvent],
        before: u64,
    ) -> Box<dyn Error + Send + Sync> {
        let (Self::File { path, .. }, ClientError::EventTooLarge { bytes, .. }) = (self, &error)
        else {
            return error.into();
        };
        let place = events.iter().position(|event| event.bytes() == *bytes);
        let line = place.map_or(before, |place| before + place as u64) + 1;
        let file = path.display();
        format!("{file}, line {line}: {error}: {LARGEST}. The lines before it have been sent")
            .into()
    }
}

/// Returns how many events are to be sent now: a full batch, or as many as the rate is behind.
fn due(rate: Option<u64>, elapsed: Duration, sent: u64) -> usize {
    let Some(rate) = rate else {
        return BATCH;
    };
    let due = u128::from(rate).saturating_mul(elapsed.as_millis()) / 1_000;
    let behind = due.saturating_sub(u128::from(sent));
    // More than a batch is a batch.
    usize::try_from(behind).map_or(BATCH, |behind| behind.min(BATCH))
}

struct Sender {
    producer: Producer,
    to: Destination,
    rate: Option<u64>,
    shared: Arc<Shared>,
}

impl Sender {
    async fn run(self, mut source: Source) {
        if let Err(error) = self.send_all(&mut source).await {
            let text = format!("send events: {}", failure(error.as_ref()));
            let mut said = self
                .shared
                .failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *said = Some(text);
        }
        self.producer.close().await;
    }

    async fn send_all(&self, source: &mut Source) -> Result<(), Box<dyn Error + Send + Sync>> {
        let started = Instant::now();
        let mut sent = 0u64;
        while !self.shared.stop.load(Ordering::SeqCst) {
            let count = due(self.rate, started.elapsed(), sent);
            if count == 0 {
                tokio::time::sleep(BEAT).await;
                continue;
            }
            let events = source.next_events(count, SystemClock.now().0)?;
            if events.is_empty() {
                break;
            }
            if let Err(error) = self.producer.send_events(events.clone(), &self.to).await {
                return Err(source.explain(error, &events, sent));
            }
            sent += events.len() as u64;
            self.shared.sent.store(sent, Ordering::SeqCst);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
