//! One trial: an empty state, a stack, a feed, and waiting until all of it is in gold.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice::table::log::CommitKind;
use sluice_local::hub_client::Destination;

use super::latency::{Latencies, Span};
use super::processes::Usage;
use super::record::Record;
use super::report::{Facts, Report, SilverWork};
use super::settings;
use crate::feed::{Feed, FeedPlan, Wish};
use crate::orders::Shares;
use crate::up::stack::{Plan, Stack};
use crate::up::watch::Watch;
use crate::{progress, verify};

/// How often the processes are looked at, and whether it is over.
const TICK: Duration = Duration::from_millis(100);
/// After how long without news the stores themselves are looked at: a line of the log may have been lost.
const SILENCE: Duration = Duration::from_secs(20);

/// How fast events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pace {
    /// As fast as they go.
    Max,
    /// So many a second.
    Steady(u64),
}

impl FromStr for Pace {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.parse() {
            _ if text == "max" => Ok(Self::Max),
            Ok(rate) if rate > 0 => Ok(Self::Steady(rate)),
            _ => Err("a rate is a number of events a second, or max".to_owned()),
        }
    }
}

impl Pace {
    /// How many events are sent: `events` as fast as they go, or for so many seconds.
    pub(super) fn events(self, events: u64, seconds: u64) -> u64 {
        match self {
            Self::Max => events,
            Self::Steady(rate) => rate.saturating_mul(seconds),
        }
    }

    fn rate(self) -> Option<u64> {
        match self {
            Self::Max => None,
            Self::Steady(rate) => Some(rate),
        }
    }
}

/// What is measured.
pub(super) struct Trial {
    pub(super) root: PathBuf,
    pub(super) state_dir: PathBuf,
    pub(super) handler: PathBuf,
    pub(super) dataset: Arc<Dataset>,
    pub(super) dataset_file: PathBuf,
    pub(super) partitions: usize,
    pub(super) pace: Pace,
    pub(super) events: u64,
    pub(super) gold_seconds: u8,
    pub(super) shares: Shares,
    pub(super) seed: u64,
}

/// When things happened, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Times {
    started: i64,
    sent: i64,
}

/// Removes what an earlier run left.
pub(super) fn clear(state_dir: &Path) -> std::io::Result<()> {
    match std::fs::remove_dir_all(state_dir) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

impl Trial {
    /// Runs it to its end, the audit included.
    pub(super) async fn run(&self) -> Result<Report, Box<dyn Error + Send + Sync>> {
        let feed = FeedPlan::of(self.wish(), Some(&self.dataset))?;
        std::fs::create_dir_all(&self.state_dir)?;
        let record: Arc<Mutex<Record>> = Arc::default();
        let hearing = Arc::clone(&record);
        let stack = Stack::start(Plan {
            root: self.root.clone(),
            state_dir: self.state_dir.clone(),
            handler: self.handler.clone(),
            dataset_file: self.dataset_file.clone(),
            partitions: self.partitions,
            gold: None,
            settings: settings::settings(&self.root, self.gold_seconds)?,
            listener: Some(Box::new(move |line| {
                let mut record = hearing.lock().unwrap_or_else(PoisonError::into_inner);
                record.hear(line, SystemClock.now().0);
            })),
        })
        .await?;
        let outcome = Box::pin(self.measure(&stack, feed, &record)).await;
        let stopped = stack.shutdown().await;
        let report = outcome?;
        stopped?;
        Ok(report)
    }

    fn wish(&self) -> Wish {
        Wish {
            input: None,
            count: Some(self.events),
            rate: self.pace.rate(),
            shares: self.shares.clone(),
            seed: self.seed,
            nothing: false,
        }
    }

    async fn measure(
        &self,
        stack: &Stack,
        plan: FeedPlan,
        record: &Mutex<Record>,
    ) -> Result<Report, Box<dyn Error + Send + Sync>> {
        let mut watch = Watch::open(stack, Arc::clone(&self.dataset)).await?;
        let mut usage = Usage::default();
        let feed = Feed::start(plan, stack.connection()?, Destination::Any, 0).await?;
        let started = SystemClock.now().0;
        look_at(stack, &mut usage, true);
        let sent = self
            .wait(stack, record, &feed, &mut watch, &mut usage)
            .await?;
        feed.stop().await;
        let times = Times { started, sent };

        let snapshot = watch.look(stack).await?;
        let heard = record
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let facts = self.facts(stack, &watch, &heard, &usage, times).await?;
        let counts = &snapshot.counts;
        let is_conserved = counts.is_conserved() && counts.lines == snapshot.hub_events;
        let audit = verify::examine(&watch.subject(), Duration::ZERO).await?;
        Ok(Report::new(facts, audit, is_conserved))
    }

    /// Waits until gold has everything; returns when the last event was sent.
    async fn wait(
        &self,
        stack: &Stack,
        record: &Mutex<Record>,
        feed: &Feed,
        watch: &mut Watch,
        usage: &mut Usage,
    ) -> Result<i64, Box<dyn Error + Send + Sync>> {
        let bar = progress::bar("events in silver", Some(self.events));
        let mut ticks = tokio::time::interval(TICK);
        let interrupted = tokio::signal::ctrl_c();
        tokio::pin!(interrupted);
        let mut sent = None;
        let mut news = (0, Instant::now());
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                _ = &mut interrupted => {
                    bar.finish_and_clear();
                    return Err("interrupted".into());
                }
                () = stack.stopped() => {
                    let log = stack.log_file().display();
                    return Err(format!("the handler failed three times and the host stopped; see {log}").into());
                }
            }
            feed.check()?;
            look_at(stack, usage, false);
            if sent.is_none() && feed.is_done() {
                sent = Some(SystemClock.now().0);
            }
            let (lines, is_published) = {
                let record = record.lock().unwrap_or_else(PoisonError::into_inner);
                let version = record.silver_version();
                let in_gold = version.and_then(|version| record.in_gold_ms(version));
                (record.lines, in_gold.is_some())
            };
            bar.set_position(lines);
            if lines > news.0 {
                news = (lines, Instant::now());
            }
            let Some(sent) = sent else { continue };
            let mut is_over = lines >= stack.hub_events() && is_published;
            if !is_over && news.1.elapsed() >= SILENCE {
                news.1 = Instant::now();
                let snapshot = watch.look(stack).await?;
                is_over = snapshot.has_arrived() && snapshot.is_published();
            }
            if is_over {
                bar.finish_and_clear();
                return Ok(sent);
            }
        }
    }

    /// Puts together what was heard, what the hub knows and what the log says.
    async fn facts(
        &self,
        stack: &Stack,
        watch: &Watch,
        heard: &Record,
        usage: &Usage,
        times: Times,
    ) -> Result<Facts, Box<dyn Error + Send + Sync>> {
        let arrivals = stack.arrivals().await?.into_iter();
        let arrivals: BTreeMap<_, _> = arrivals.map(|it| (it.partition, it.times)).collect();
        let log = watch.log();
        let head = log.head().await?.ok_or("silver holds nothing")?;
        let mut silver = SilverWork::default();
        for commit in log.commits_from_start(head.version).await? {
            if commit.kind == CommitKind::Append {
                silver.commits += 1;
                silver.sources += commit.sources;
            }
        }
        let (mut rows, mut sums) = (Vec::new(), Vec::new());
        for entry in log.ledger_prefix("").await? {
            let partition = entry.source.split('/').nth(1);
            let (Some(range), Some(partition), Some(refined)) =
                (entry.range, partition, heard.refined.get(&entry.source))
            else {
                continue;
            };
            let span = |row_ms| Span {
                partition: partition.to_owned(),
                sequences: (range.first.0, range.last.0),
                row_ms,
            };
            rows.push(span(refined.at_ms));
            sums.extend(heard.in_gold_ms(refined.version).map(span));
        }
        let last = |spans: &[Span]| spans.iter().map(|span| span.row_ms).max();
        let seconds = |until: Option<i64>| until.map(|until| elapsed(times.started, until));
        Ok(Facts {
            dataset: self.dataset.name.clone(),
            pace: self.pace,
            events: stack.hub_events(),
            partitions: self.partitions,
            gold_seconds: self.gold_seconds,
            sent_seconds: elapsed(times.started, times.sent),
            silver_seconds: seconds(last(&rows)),
            gold_run_seconds: seconds(last(&sums)),
            silver_latency: Latencies::of(&arrivals, &rows).summary(),
            gold_latency: Latencies::of(&arrivals, &sums).summary(),
            handler_memory: usage.handler_memory,
            cpu_seconds: usage.seconds(),
            silver,
            heard: heard.clone(),
        })
    }
}

fn look_at(stack: &Stack, usage: &mut Usage, is_first: bool) {
    let (azurite, handler) = stack.processes();
    usage.sample(azurite, handler, is_first);
}

fn elapsed(from_ms: i64, until_ms: i64) -> f64 {
    (until_ms - from_ms).max(1) as f64 / 1_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pace_is_a_number_or_max() {
        assert_eq!("max".parse(), Ok(Pace::Max));
        assert_eq!("5000".parse(), Ok(Pace::Steady(5_000)));
        for text in ["0", "-1", "fast", ""] {
            assert!(text.parse::<Pace>().is_err(), "{text}");
        }
        assert_eq!(Pace::Max.events(7, 60), 7);
        assert_eq!(Pace::Steady(50).events(7, 60), 3_000);
    }
}
