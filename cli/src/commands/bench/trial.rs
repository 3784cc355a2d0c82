//! One trial: an empty state, a stack, a feed, and waiting until all of it is in gold.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sluice::clock::{Clock, SystemClock};
use sluice::dataset::{Dataset, Latency};
use sluice::table::log::{Commit, CommitKind, LedgerEntry};
use sluice_local::hub_client::Destination;

use super::facts::{Facts, Pace, SilverWork};
use super::latency::{Latencies, Span};
use super::processes::Usage;
use super::record::Record;
use super::report::Report;
use super::settings;
use crate::audit::Options;
use crate::commands::audit as verdict;
use crate::feed::{Feed, FeedPlan, OrderArguments, Request};
use crate::interrupt::Interrupts;
use crate::output::bar;
use crate::pipeline::{Plan, Stack, StateDir, Watch, aloud};

/// How often the processes are looked at, and whether it is over.
const TICK: Duration = Duration::from_millis(100);
/// After how long without news the stores themselves are looked at: a line of the log may have been lost.
const SILENCE: Duration = Duration::from_secs(20);

/// Since when the handler has said nothing new.
#[derive(Clone, Copy, Debug)]
struct News {
    lines: u64,
    at: Instant,
}

impl News {
    fn since(now: Instant) -> Self {
        Self { lines: 0, at: now }
    }

    /// Returns whether `lines` have stayed what they were for so long that the stores are to be looked at; then not again
    /// for as long.
    fn is_silent(&mut self, lines: u64, now: Instant) -> bool {
        let is_new = lines > self.lines;
        let is_silent = !is_new && now.duration_since(self.at) >= SILENCE;
        if is_new || is_silent {
            *self = Self { lines, at: now };
        }
        is_silent
    }
}

/// What is measured.
pub(super) struct Trial {
    pub(super) root: PathBuf,
    /// Empty.
    pub(super) state: Arc<StateDir>,
    pub(super) handler: PathBuf,
    pub(super) dataset: Arc<Dataset>,
    pub(super) dataset_file: PathBuf,
    pub(super) partitions: usize,
    pub(super) pace: Pace,
    pub(super) events: u64,
    pub(super) gold_seconds: u8,
    pub(super) orders: OrderArguments,
}

/// When things happened, in milliseconds since 1970.
#[derive(Clone, Copy, Debug)]
struct Times {
    started: i64,
    sent: i64,
}

impl Trial {
    /// Runs it to its end, the audit included.
    pub(super) async fn run(&self) -> Result<Report, Box<dyn Error + Send + Sync>> {
        let feed = FeedPlan::of(self.request(), Some(&self.dataset))?;
        let record: Arc<Mutex<Record>> = Arc::default();
        let hearing = Arc::clone(&record);
        let mut stack = Stack::start(Plan {
            root: self.root.clone(),
            state: Arc::clone(&self.state),
            handler: Some(self.handler.clone().into()),
            dataset_file: self.dataset_file.clone(),
            partitions: self.partitions,
            gold: None,
            settings: settings::settings(&self.root, self.dataset.latency, self.gold_seconds)?,
            listener: Some(Box::new(move |line| {
                let mut record = hearing.lock().unwrap_or_else(PoisonError::into_inner);
                record.hear(line, SystemClock.now().0);
            })),
            tell: aloud(),
        })
        .await?;
        let outcome = Box::pin(self.measure(&mut stack, feed, &record)).await;
        let stopped = stack.shutdown().await;
        let report = outcome?;
        stopped?;
        Ok(report)
    }

    fn request(&self) -> Request {
        Request {
            input: None,
            count: Some(self.events),
            rate: self.pace.rate(),
            orders: self.orders.clone(),
            nothing: false,
        }
    }

    async fn measure(
        &self,
        stack: &mut Stack,
        plan: FeedPlan,
        record: &Mutex<Record>,
    ) -> Result<Report, Box<dyn Error + Send + Sync>> {
        let mut watch = Watch::open(stack, Arc::clone(&self.dataset)).await?;
        stack.start_host().await?;
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
        let options = Options {
            grace: Duration::ZERO,
            ..Options::at(SystemClock.now())
        };
        let audit = verdict::examine(&watch.subject(), &options).await?;
        Ok(Report::new(facts, audit, snapshot.is_conserved()))
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
        let bar = bar("events in silver", Some(self.events));
        let mut ticks = tokio::time::interval(TICK);
        let mut interrupts = Interrupts::listen()?;
        let mut sent = None;
        let mut news = News::since(Instant::now());
        loop {
            tokio::select! {
                _ = ticks.tick() => {}
                () = interrupts.next() => {
                    bar.finish_and_clear();
                    return Err("interrupted".into());
                }
                failure = stack.failure() => return Err(failure.into()),
            }
            if sent.is_none() && feed.is_done() {
                sent = Some(SystemClock.now().0);
            }
            feed.check()?;
            look_at(stack, usage, false);
            let (lines, is_published) = {
                let record = record.lock().unwrap_or_else(PoisonError::into_inner);
                record.check()?;
                (record.lines, record.is_published())
            };
            bar.set_position(lines);
            let is_silent = news.is_silent(lines, Instant::now());
            let Some(sent) = sent else { continue };
            let mut is_over = lines >= stack.hub_events() && is_published;
            if !is_over && is_silent {
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
        let silver = silver_work(&log.commits_from_start(head.version).await?);
        let (rows, sums) = spans(&log.ledger_prefix("").await?, heard);
        let last = |spans: &[Span]| spans.iter().map(|span| span.row_ms).max();
        let seconds = |until: Option<i64>| until.map(|until| elapsed(times.started, until));
        Ok(Facts {
            dataset: self.dataset.name.clone(),
            pace: self.pace,
            events: stack.hub_events(),
            partitions: self.partitions,
            gold_seconds: self.gold_seconds,
            follows: self.dataset.latency == Latency::Low,
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

/// Counts what silver has appended.
fn silver_work(commits: &[Commit]) -> SilverWork {
    let mut work = SilverWork::default();
    let appended = |commit: &&Commit| commit.kind == CommitKind::Append;
    for commit in commits.iter().filter(appended) {
        work.commits += 1;
        work.sources += commit.sources;
    }
    work
}

/// Returns when the events of each source were rows in silver, and when they were in gold, as far as that was heard.
fn spans(ledger: &[LedgerEntry], heard: &Record) -> (Vec<Span>, Vec<Span>) {
    let (mut rows, mut sums) = (Vec::new(), Vec::new());
    for entry in ledger {
        let partition = entry.source.split('/').nth(1);
        // An object that was put there by hand has no place in the hub, and a line of the log may have been lost.
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
    (rows, sums)
}

#[cfg(test)]
mod tests;
