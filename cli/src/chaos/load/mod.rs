//! What is sent meanwhile: made-up orders at a rate, and floods of hostile events when they are asked for.
//!
//! A hub that does not take a batch loses nobody anything here: what counts as sent is what the hub has.

mod hostile;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use sluice::clock::{Clock, SystemClock};
use sluice_local::hub_client::{Destination, EventHubConnection, Producer};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::feed::{Orders, Shares};

/// Events that are sent together at most.
const BATCH: u64 = 500;
/// How often is sent.
const BEAT: Duration = Duration::from_millis(50);
/// How long to wait for a hub that is not there.
const PAUSE: Duration = Duration::from_millis(300);
/// What the orders are like: more out of the ordinary than usual.
const SHARES: Shares = Shares {
    duplicates: 0.05,
    late: 0.02,
    out_of_order: 0.05,
    broken: 0.03,
};

/// A producer at work.
#[derive(Debug)]
pub(super) struct Load {
    task: JoinHandle<()>,
    shared: Arc<Shared>,
}

#[derive(Debug, Default)]
struct Shared {
    stop: AtomicBool,
    flood: AtomicU32,
    acknowledged: AtomicU64,
    failed: AtomicU64,
}

impl Load {
    /// Starts sending so many orders a second.
    pub(super) fn start(hub: EventHubConnection, seed: u64, rate: u64) -> Self {
        let shared = Arc::new(Shared::default());
        let sender = Sender {
            hub,
            producer: None,
            orders: Orders::new(seed, SHARES, 1),
            random: fastrand::Rng::with_seed(seed),
            hostile: 0,
            shared: Arc::clone(&shared),
        };
        let task = tokio::spawn(sender.run(rate));
        Self { task, shared }
    }

    /// Sends so many hostile events as soon as can be.
    pub(super) fn flood(&self, events: u32) {
        self.shared.flood.fetch_add(events, Ordering::SeqCst);
    }

    /// How many events the hub has acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        self.shared.acknowledged.load(Ordering::SeqCst)
    }

    /// How many batches the hub did not take, or took without saying so.
    pub(super) fn failed(&self) -> u64 {
        self.shared.failed.load(Ordering::SeqCst)
    }

    /// Ends it, after the batch in flight.
    pub(super) async fn stop(&mut self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        // It does not panic, and nobody cancels it.
        let _ = (&mut self.task).await;
    }
}

struct Sender {
    hub: EventHubConnection,
    producer: Option<Producer>,
    orders: Orders,
    random: fastrand::Rng,
    hostile: u64,
    shared: Arc<Shared>,
}

impl Sender {
    async fn run(mut self, rate: u64) {
        let started = Instant::now();
        let mut made = 0u64;
        while !self.shared.stop.load(Ordering::SeqCst) {
            let elapsed = started.elapsed().as_millis();
            let due = u128::from(rate).saturating_mul(elapsed) / 1_000;
            let due = u64::try_from(due).unwrap_or(u64::MAX);
            let count = due.saturating_sub(made).min(BATCH);
            made += count;
            let now = SystemClock.now().0;
            let mut events: Vec<Bytes> = (0..count).map(|_| self.orders.next_event(now)).collect();
            events.extend(self.flood(now));
            match events.is_empty() {
                true => tokio::time::sleep(BEAT).await,
                false => self.send(events).await,
            }
        }
        if let Some(producer) = self.producer {
            producer.close().await;
        }
    }

    /// Makes a part of the flood that was asked for.
    fn flood(&mut self, now: i64) -> Vec<Bytes> {
        let asked = self.shared.flood.load(Ordering::SeqCst);
        let part = asked.min(u32::try_from(BATCH).unwrap_or(u32::MAX));
        self.shared.flood.fetch_sub(part, Ordering::SeqCst);
        let mut next = || {
            self.hostile += 1;
            hostile::event(&mut self.random, self.hostile, now)
        };
        (0..part).map(|_| next()).collect()
    }

    async fn send(&mut self, events: Vec<Bytes>) {
        let count = events.len() as u64;
        if self.producer.is_none() {
            self.producer = Producer::connect(self.hub.clone()).await.ok();
        }
        let is_sent = match &self.producer {
            Some(producer) => producer.send(events, &Destination::Any).await.is_ok(),
            None => false,
        };
        if is_sent {
            self.shared.acknowledged.fetch_add(count, Ordering::SeqCst);
            return;
        }
        self.shared.failed.fetch_add(1, Ordering::SeqCst);
        self.producer = None;
        tokio::time::sleep(PAUSE).await;
    }
}
