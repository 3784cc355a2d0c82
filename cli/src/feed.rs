//! Sends events to a hub: a file's lines or made-up orders, at a steady rate or as fast as they go.

use std::error::Error;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice_local::hub_client::{Destination, EventHubConnection, Producer};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use crate::input::Input;
use crate::orders::{Orders, Shares};
use crate::usage::Usage;

/// Events a second, where made-up orders have no end and nothing else is said.
const DEFAULT_RATE: u64 = 200;
/// Events that are sent together.
const BATCH: usize = 500;
/// How often a steady rate sends.
const BEAT: Duration = Duration::from_millis(50);

/// What the command line asks for.
#[derive(Clone, Debug)]
pub(crate) struct Wish {
    pub(crate) input: Option<PathBuf>,
    pub(crate) count: Option<u64>,
    pub(crate) rate: Option<u64>,
    pub(crate) shares: Shares,
    pub(crate) seed: u64,
    /// Send nothing: others do.
    pub(crate) nothing: bool,
}

/// Where events come from.
#[derive(Debug)]
enum Origin {
    File(PathBuf),
    /// So many made-up orders, or without end.
    Orders {
        count: Option<u64>,
        shares: Shares,
        seed: u64,
    },
    Nobody,
}

/// Where events come from, and how fast.
#[derive(Debug)]
pub(crate) struct FeedPlan {
    origin: Origin,
    /// Events a second, or as fast as they go.
    rate: Option<u64>,
}

impl FeedPlan {
    /// Makes a plan; `dataset` is what the events are for, where that is known.
    pub(crate) fn of(wish: Wish, dataset: Option<&Dataset>) -> Result<Self, Usage> {
        let Wish {
            input,
            count,
            rate,
            shares,
            seed,
            nothing,
        } = wish;
        let (origin, rate) = match (input, count) {
            (Some(path), _) => {
                Input::open(&path).map_err(|error| Usage(sluice::error::chain(&error)))?;
                (Origin::File(path), rate)
            }
            (None, None) if nothing => (Origin::Nobody, None),
            (None, Some(_)) => (
                Origin::Orders {
                    count,
                    shares,
                    seed,
                },
                rate,
            ),
            (None, None) => {
                let rate = Some(rate.unwrap_or(DEFAULT_RATE));
                (
                    Origin::Orders {
                        count,
                        shares,
                        seed,
                    },
                    rate,
                )
            }
        };
        let unfit = dataset.filter(|dataset| !takes_orders(dataset));
        if let (Origin::Orders { .. }, Some(dataset)) = (&origin, unfit) {
            return Err(Usage(format!(
                "the built-in producer makes orders, which dataset {} does not take; use --input FILE",
                dataset.name
            )));
        }
        Ok(Self { origin, rate })
    }

    /// Tells whether the events come to an end.
    pub(crate) fn ends(&self) -> bool {
        match &self.origin {
            Origin::File(_) => true,
            Origin::Orders { count, .. } => count.is_some(),
            Origin::Nobody => false,
        }
    }
}

fn takes_orders(dataset: &Dataset) -> bool {
    let mut fields = ["order_id", "amount", "timestamp"].iter();
    fields.all(|field| dataset.columns.iter().any(|column| column.from == *field))
}

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
            Origin::File(path) => Source::File(Input::open(&path)?),
            Origin::Orders {
                count,
                shares,
                seed,
            } => {
                let orders = Orders::new(seed ^ first_id, shares, first_id);
                Source::Orders {
                    orders,
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
        let _ = self.task.await;
        self.shared.sent.load(Ordering::SeqCst)
    }
}

enum Source {
    File(Input),
    Orders { orders: Orders, left: Option<u64> },
}

impl Source {
    fn next_events(&mut self, count: usize) -> Result<Vec<Bytes>, crate::input::InputError> {
        match self {
            Self::File(input) => input.next_events(count),
            Self::Orders { orders, left } => {
                let left = left.as_mut();
                let limit = left.as_deref().map_or(usize::MAX, |left| {
                    usize::try_from(*left).unwrap_or(usize::MAX)
                });
                let count = count.min(limit);
                if let Some(left) = left {
                    *left -= count as u64;
                }
                let now = SystemClock.now().0;
                Ok((0..count).map(|_| orders.next_event(now)).collect())
            }
        }
    }
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
            let text = format!("send events: {}", sluice::error::chain(error.as_ref()));
            let mut failure = self
                .shared
                .failure
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            *failure = Some(text);
        }
        self.producer.close().await;
    }

    async fn send_all(&self, source: &mut Source) -> Result<(), Box<dyn Error + Send + Sync>> {
        let started = Instant::now();
        let mut sent = 0u64;
        while !self.shared.stop.load(Ordering::SeqCst) {
            let count = match self.rate {
                None => BATCH,
                Some(rate) => {
                    let due = u128::from(rate) * started.elapsed().as_millis() / 1_000;
                    let due = u64::try_from(due).unwrap_or(u64::MAX).saturating_sub(sent);
                    usize::try_from(due).unwrap_or(usize::MAX).min(BATCH)
                }
            };
            if count == 0 {
                tokio::time::sleep(BEAT).await;
                continue;
            }
            let events = source.next_events(count)?;
            if events.is_empty() {
                break;
            }
            sent += events.len() as u64;
            self.producer.send(events, &self.to).await?;
            self.shared.sent.store(sent, Ordering::SeqCst);
        }
        Ok(())
    }
}
