//! What sends events: a file, made-up orders, or nobody.

use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice_local::event_hubs::client::{Destination, Producer};
use tokio::task::JoinHandle;
use tokio::time::Instant;

use super::UpArguments;
use super::stack::Stack;
use crate::input::Input;
use crate::orders::{Orders, Shares};

/// Events a second, where nothing else is said.
const DEFAULT_RATE: u64 = 200;
/// Events that are sent together.
const BATCH: usize = 500;
/// How often a steady rate sends.
const BEAT: Duration = Duration::from_millis(50);

/// Where events come from.
#[derive(Debug)]
pub(crate) enum Origin {
    /// A file.
    File(PathBuf),
    /// So many made-up orders, or without end.
    Orders {
        count: Option<u64>,
        shares: Shares,
        seed: u64,
    },
    /// Others.
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
    /// Reads the plan from the command line.
    pub(crate) fn of(arguments: &UpArguments, dataset: &Dataset) -> Result<Self, String> {
        let shares = arguments.shares.clone();
        let seed = arguments.seed;
        let (origin, rate) = match (&arguments.input, arguments.events) {
            (Some(path), _) => {
                Input::open(path).map_err(|error| sluice::error::chain(&error))?;
                (Origin::File(path.clone()), arguments.rate)
            }
            (None, Some(count)) => (
                Origin::Orders {
                    count: Some(count),
                    shares,
                    seed,
                },
                arguments.rate,
            ),
            (None, None) if arguments.no_producer => (Origin::Nobody, None),
            (None, None) => {
                let rate = Some(arguments.rate.unwrap_or(DEFAULT_RATE));
                (
                    Origin::Orders {
                        count: None,
                        shares,
                        seed,
                    },
                    rate,
                )
            }
        };
        let takes_orders = ["order_id", "amount", "timestamp"]
            .iter()
            .all(|field| dataset.columns.iter().any(|column| column.from == *field));
        if matches!(origin, Origin::Orders { .. }) && !takes_orders {
            return Err(format!(
                "the built-in producer makes orders, which dataset {} does not take; use --input FILE or --no-producer",
                dataset.name
            ));
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
    failure: std::sync::Mutex<Option<String>>,
}

/// How much has been sent.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Progress {
    /// Events sent in this run.
    pub(crate) sent: u64,
    /// Whether all of them are sent.
    pub(crate) is_done: bool,
}

impl Feed {
    /// Starts sending.
    pub(crate) async fn start(
        plan: FeedPlan,
        stack: &Stack,
    ) -> Result<Self, Box<dyn Error + Send + Sync>> {
        let shared = Arc::new(Shared::default());
        let first_id = stack.hub_events() + 1;
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
        let producer = Producer::connect(stack.connection()?).await?;
        let task = tokio::spawn(send(producer, source, plan.rate, Arc::clone(&shared)));
        Ok(Self { task, shared })
    }

    /// How much has been sent.
    pub(crate) fn progress(&self) -> Progress {
        Progress {
            sent: self.shared.sent.load(Ordering::SeqCst),
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
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        failure.clone().map_or(Ok(()), Err)
    }

    /// Stops sending, after the batch in flight.
    pub(crate) async fn stop(self) {
        self.shared.stop.store(true, Ordering::SeqCst);
        let _ = self.task.await;
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

async fn send(producer: Producer, mut source: Source, rate: Option<u64>, shared: Arc<Shared>) {
    if let Err(error) = send_all(&producer, &mut source, rate, &shared).await {
        let text = format!("send events: {}", sluice::error::chain(error.as_ref()));
        *shared
            .failure
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner) = Some(text);
    }
    producer.close().await;
}

async fn send_all(
    producer: &Producer,
    source: &mut Source,
    rate: Option<u64>,
    shared: &Shared,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let started = Instant::now();
    let mut sent = 0u64;
    while !shared.stop.load(Ordering::SeqCst) {
        let count = match rate {
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
        producer.send(events, &Destination::Any).await?;
        shared.sent.store(sent, Ordering::SeqCst);
    }
    Ok(())
}
