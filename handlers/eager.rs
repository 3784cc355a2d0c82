//! Eager gold: follows silver's commits within half a second, where the dataset asks for it.
//!
//! One loop in each process, and by a lease one process at a time: its holder runs gold after its own commits, and looks at
//! the head once a second for those of others; other processes look after a commit of theirs whether the lease has run out.
//! It gives the lease up, and its session with the database, when nothing was committed for a minute.
//!
//! Nobody waits for the loop, and nothing fails by it: what it misses, because its process ends or the warehouse is down,
//! gold's timer makes up for. Two loops that hold the lease at once do no harm: the warehouse's transactions decide.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Notify};
use tokio::time::{Instant, sleep_until, timeout};

use crate::error::chain;
use crate::gold::{self, Caller, Ended, Gold, Holder, LASTS, Lease};
use crate::outbox;
use crate::retry::Deadline;
use crate::store::account::Calls;
use crate::table::log::Version;
use crate::telemetry::lines;
use crate::value::time::millis;

/// How long lies at least between the starts of two runs: less than between two commits of a process, so that a commit waits
/// for a run only where several processes commit.
const BETWEEN: Duration = Duration::from_millis(250);
/// The first wait after a run that failed.
const LEAST_BACKOFF: Duration = Duration::from_secs(1);
/// How often the holder of the lease looks for commits of other processes.
const POLL: Duration = Duration::from_secs(1);
/// When the lease is renewed.
const RENEW: Duration = Duration::from_secs(10);
/// How long a run may begin transactions.
const RUN_TIME: Duration = Duration::from_secs(10);
/// After how long without a commit lease and session are given up.
const QUIET: Duration = Duration::from_secs(60);
/// The longest wait after runs that failed.
const MOST_BACKOFF: Duration = Duration::from_secs(60);
/// How long a process leaves gold alone after a later package has run.
const REPLACED: Duration = Duration::from_secs(60 * 60);

/// The loop of one process.
#[derive(Debug)]
pub struct Eager {
    gold: Arc<Gold>,
    lease: Lease,
    committed: Arc<Notify>,
    /// Held while alerts are sent.
    sending: Arc<Mutex<()>>,
    calls: Calls,
    /// When the last run began.
    started: Option<Instant>,
}

/// Where the holder of the lease stands.
#[derive(Debug)]
struct Watch {
    /// The version that gold has.
    done: Option<Version>,
    /// When something was last found to do.
    moved: Instant,
    renew_at: Instant,
    /// How long was waited after the last failure; none after a run that did not fail.
    backoff: Option<Duration>,
    /// Before this, a run would only fail again.
    not_before: Instant,
}

/// What comes after a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    /// Gold has everything.
    Wait,
    /// There is more to do.
    Again,
    /// There is more to do, and just now it cannot be done.
    Later,
    /// A later package has run.
    Replaced,
}

impl Eager {
    /// Makes the loop of a process whose silver tells `committed` of its commits; no other process is called `owner`, and
    /// `calls` counts what gold asks of storage.
    #[must_use]
    pub fn new(gold: Arc<Gold>, committed: Arc<Notify>, owner: String, calls: Calls) -> Self {
        Self {
            lease: gold.lease(owner),
            gold,
            committed,
            sending: Arc::default(),
            calls,
            started: None,
        }
    }

    /// Follows silver for ever.
    pub async fn run(mut self) {
        loop {
            self.committed.notified().await;
            if let Some(until) = self.after_commit().await {
                sleep_until(until).await;
            }
        }
    }

    /// Sees to it that a commit of this process is followed: by this process, or by the one that has the lease. Returns until
    /// when there is nothing to do.
    async fn after_commit(&mut self) -> Option<Instant> {
        let mut has_waited = false;
        loop {
            match self.lease.take().await {
                Ok(Holder::Own) => return self.hold().await,
                // Who has renewed it meanwhile has looked at the head.
                Ok(Holder::Other(_)) if has_waited => return None,
                Ok(Holder::Other(until)) => sleep_until(until).await,
                Err(error) => {
                    tracing::warn!(
                        error = chain(&error),
                        "gold could not take its lease; its timer follows silver"
                    );
                    return None;
                }
            }
            has_waited = true;
        }
    }

    /// Follows silver for as long as this process has the lease.
    async fn hold(&mut self) -> Option<Instant> {
        let now = Instant::now();
        let mut watch = Watch {
            done: None,
            moved: now,
            renew_at: now + RENEW,
            backoff: None,
            not_before: now,
        };
        // The commit that it took the lease for.
        let mut has_committed = true;
        loop {
            if let Some(replaced) = self.turn(&mut watch, has_committed).await {
                self.stop().await;
                return Some(replaced);
            }
            let now = Instant::now();
            if now.duration_since(watch.moved) >= QUIET {
                self.stop().await;
                // Another process may have committed just before the lease was given up.
                match self.has_moved(&watch).await && self.lease_is_own().await {
                    true => (watch.moved, watch.renew_at) = (now, now + RENEW),
                    false => return None,
                }
            }
            if now >= watch.renew_at {
                if !self.lease_is_own().await {
                    self.gold.rest().await;
                    return None;
                }
                watch.renew_at = now + RENEW;
            }
            has_committed = timeout(POLL, self.committed.notified()).await.is_ok();
        }
    }

    /// Runs gold if silver has moved; returns until when there is nothing to do, if a later package has run.
    async fn turn(&mut self, watch: &mut Watch, has_committed: bool) -> Option<Instant> {
        if Instant::now() < watch.not_before {
            return None;
        }
        if !has_committed && !self.has_moved(watch).await {
            return None;
        }
        if let Some(started) = self.started {
            sleep_until(started + BETWEEN).await;
        }
        let started = Instant::now();
        self.started = Some(started);
        let outcome = self.gold.follow(Deadline::after(RUN_TIME)).await;
        match self.take_in(outcome, watch) {
            Next::Replaced => return Some(Instant::now() + REPLACED),
            Next::Wait => watch.backoff = None,
            Next::Again => (watch.done, watch.backoff) = (None, None),
            Next::Later => {
                watch.done = None;
                let longer = watch.backoff.map_or(LEAST_BACKOFF, |backoff| backoff * 2);
                let backoff = longer.min(MOST_BACKOFF);
                watch.backoff = Some(backoff);
                watch.not_before = Instant::now() + backoff;
            }
        }
        if watch.backoff.is_none() {
            watch.moved = started;
        }
        None
    }

    /// Returns whether silver has a version that gold was not seen to have. A head that cannot be read is looked at again.
    async fn has_moved(&self, watch: &Watch) -> bool {
        match self.gold.latest().await {
            Ok(latest) => latest.is_some() && latest != watch.done,
            Err(error) => {
                tracing::warn!(
                    error = chain(&error),
                    "gold could not look at silver's head"
                );
                false
            }
        }
    }

    fn take_in(&self, outcome: Result<gold::Published, gold::Error>, watch: &mut Watch) -> Next {
        let published = match outcome {
            Ok(published) => published,
            Err(error) => {
                tracing::warn!(
                    error = chain(&error),
                    "gold could not follow silver; it tries again, and so does its timer"
                );
                return Next::Later;
            }
        };
        if published.ended == Ended::Replaced {
            return Next::Replaced;
        }
        let caller = Caller {
            invocation_id: lines::EAGER,
            elapsed_ms: self.started.map_or(0, |started| {
                u64::try_from(millis(started.elapsed())).unwrap_or_default()
            }),
            storage_calls: self.calls.count(),
        };
        self.gold.log(&published, caller);
        if published.has_outbox && published.transactions > 0 {
            self.send();
        }
        watch.done = published.head;
        match published.ended {
            Ended::OutOfTime | Ended::Conflict => Next::Again,
            Ended::Unknown => Next::Later,
            // What is blocked, or made anew, is for the timer's runs.
            Ended::NothingYet
            | Ended::Unchanged
            | Ended::UpToDate
            | Ended::Blocked
            | Ended::Rebuilding
            | Ended::Replaced => Next::Wait,
        }
    }

    /// Sends alerts beside the loop, unless that goes on already: what it does not find is sent after the next commit, or by
    /// the timer.
    fn send(&self) {
        let Ok(sending) = Arc::clone(&self.sending).try_lock_owned() else {
            return;
        };
        let gold = Arc::clone(&self.gold);
        tokio::spawn(async move {
            gold.deliver(Deadline::after(outbox::ALL)).await;
            drop(sending);
        });
    }

    async fn lease_is_own(&mut self) -> bool {
        match self.lease.take().await {
            Ok(holder) => holder == Holder::Own,
            Err(error) => {
                tracing::warn!(error = chain(&error), "gold could not renew its lease");
                false
            }
        }
    }

    /// Gives the session and the lease up.
    async fn stop(&mut self) {
        self.gold.rest().await;
        if let Err(error) = self.lease.give_up().await {
            let seconds = LASTS.as_secs();
            tracing::warn!(
                error = chain(&error),
                seconds,
                "gold's lease runs out by itself"
            );
        }
    }
}
