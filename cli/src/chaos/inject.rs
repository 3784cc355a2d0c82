//! Does to the running pipeline what the schedule says, and counts what really happened.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;
use sluice_local::faulty_proxy::{Fault, Shares};
use sluice_local::functions_host::{Signal, set_back};
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::faults::{Act, HOSTS, Kind, Tally};
use super::hearing::Hearing;
use super::load::Load;
use super::parts::{GROUP, Parts, patiently};

/// Of a thousand requests as many have each fault all the time, and that many of one kind while there is more of it.
const ALWAYS: u16 = 4;
const STORM: u16 = 300;
/// How long to wait for gold's database, so that it is locked between two runs.
const LOCK_PATIENCE: Duration = Duration::from_secs(3);

/// What is under way, and what has happened.
pub(super) struct Injector {
    kinds: BTreeSet<Kind>,
    pub(super) tally: Tally,
    storms: BTreeSet<Fault>,
    gold: PathBuf,
    lock: Option<(Connection, Instant)>,
    held: [Option<Instant>; HOSTS],
    /// What takes its time, and what it did once it is done.
    tasks: JoinSet<Result<Option<(Kind, u64)>, Failure>>,
}

type Failure = Box<dyn Error + Send + Sync>;

impl Injector {
    pub(super) fn of(kinds: &BTreeSet<Kind>, gold: PathBuf) -> Self {
        Self {
            kinds: kinds.clone(),
            tally: Tally::of(kinds),
            storms: BTreeSet::new(),
            gold,
            lock: None,
            held: [None; HOSTS],
            tasks: JoinSet::new(),
        }
    }

    /// Lets the faults of storage begin that there are all the time.
    pub(super) fn begin(&self, parts: &Parts) {
        parts.chance.set(self.shares());
    }

    /// Does one thing.
    ///
    /// # Errors
    /// Fails if a part does not come back.
    pub(super) async fn act(
        &mut self,
        act: Act,
        parts: &mut Parts,
        load: &Load,
    ) -> Result<(), Failure> {
        match act {
            Act::Kill { host } => {
                // Where that one is just being replaced, it meets the other.
                let other = (host + 1) % HOSTS;
                let is_done = parts.hosts.signal(host, Signal::Kill).await
                    || parts.hosts.signal(other, Signal::Kill).await;
                if is_done {
                    self.tally.note(Kind::HandlerKilled, 0);
                }
            }
            Act::Hold { host } => self.hold(host, parts).await,
            Act::Continue { host } => self.let_go(host, parts).await,
            Act::RestartHost { host, batch } => {
                self.restart(host, batch, 0, parts);
            }
            Act::RestartHub => {
                parts.restart_hub().await?;
                self.tally.note(Kind::HubRestarted, 0);
            }
            Act::RestartStorage => {
                let storage = Arc::clone(&parts.storage);
                self.tasks.spawn(async move {
                    storage.restart().await?;
                    Ok(Some((Kind::StorageRestarted, 0)))
                });
            }
            Act::BeginStorm(fault) => {
                self.storms.insert(fault);
                parts.chance.set(self.shares());
            }
            Act::EndStorm(fault) => {
                self.storms.remove(&fault);
                parts.chance.set(self.shares());
            }
            Act::SetBack { events, batches } => self.set_back(events, batches, parts)?,
            Act::OverlapTimers => {
                if parts.hosts.overlap_timers().await {
                    self.tally.note(Kind::TimersOverlapped, 0);
                }
            }
            Act::LockGold => self.lock_gold().await?,
            Act::UnlockGold => self.unlock_gold(),
            Act::Flood { events } => {
                load.flood(events);
                self.tally.note(Kind::BrokenFlood, u64::from(events));
            }
            // The handler says that it was done, and that is what is counted.
            Act::TurnClock { host, by_ms } => self.restart(host, 250, by_ms, parts),
        }
        Ok(())
    }

    /// Ends everything that is under way, and counts what others have counted.
    ///
    /// # Errors
    /// Fails if something could not be done.
    pub(super) async fn end(&mut self, parts: &Parts, hearing: &Hearing) -> Result<(), Failure> {
        self.storms.clear();
        parts.chance.set(Shares::none());
        self.unlock_gold();
        for host in 0..HOSTS {
            self.let_go(host, parts).await;
        }
        while let Some(done) = self.tasks.join_next().await {
            if let Some((kind, amount)) = done?? {
                self.tally.note(kind, amount);
            }
        }
        self.count(parts, hearing);
        Ok(())
    }

    /// Takes over what others count.
    pub(super) fn count(&mut self, parts: &Parts, hearing: &Hearing) {
        for (fault, times) in parts.chance.counts() {
            self.tally.set(Kind::Storage(fault), times);
        }
        self.tally.set(Kind::ClockTurned, hearing.turned());
    }

    fn shares(&self) -> Shares {
        let faults = Fault::ALL.into_iter();
        let had = faults.filter(|fault| self.kinds.contains(&Kind::Storage(*fault)));
        had.fold(Shares::none(), |shares, fault| {
            let is_storm = self.storms.contains(&fault);
            shares.with(fault, if is_storm { STORM } else { ALWAYS })
        })
    }

    async fn hold(&mut self, host: usize, parts: &Parts) {
        if parts.hosts.signal(host, Signal::Hold).await
            && let Some(held) = self.held.get_mut(host)
            && held.is_none()
        {
            *held = Some(Instant::now());
            self.tally.note(Kind::HandlerHeld, 0);
        }
    }

    async fn let_go(&mut self, host: usize, parts: &Parts) {
        parts.hosts.signal(host, Signal::Continue).await;
        self.end_hold(host);
    }

    /// Notes that a handler is no longer held: it was let go, or its host is ended.
    fn end_hold(&mut self, host: usize) {
        let since = self.held.get_mut(host).and_then(Option::take);
        if let Some(since) = since {
            self.tally.add(Kind::HandlerHeld, since.elapsed().as_secs());
        }
    }

    /// Has a host replaced, which takes its time while storage is disturbed: other things go on meanwhile.
    fn restart(&mut self, host: usize, batch: u16, clock_ms: i64, parts: &Parts) {
        self.end_hold(host);
        let hosts = parts.hosts.clone();
        let kind = (clock_ms == 0).then_some((Kind::HostRestarted, 0));
        self.tasks.spawn(async move {
            hosts.restart(host, batch, clock_ms).await?;
            Ok(kind)
        });
    }

    /// Has both hosts begin again some events back.
    fn set_back(
        &mut self,
        events: i64,
        batches: [u16; HOSTS],
        parts: &Parts,
    ) -> Result<(), Failure> {
        for host in 0..HOSTS {
            self.end_hold(host);
        }
        let (hosts, account) = (parts.hosts.clone(), parts.account().clone());
        let connection = parts.connection()?;
        self.tasks.spawn(async move {
            // A host that runs would write its checkpoints over these.
            let between = async {
                // Hub and storage may be away meanwhile. What was set back a part of the way is so twice.
                let asked = || set_back(&account, &connection, GROUP, events);
                let again = patiently(|_: &String| true, asked).await?;
                Ok(u64::try_from(again).unwrap_or_default())
            };
            let again = hosts.restart_around(batches, between).await?;
            Ok((again > 0).then_some((Kind::Redelivered, again)))
        });
        Ok(())
    }

    /// Notes what has come to its end meanwhile.
    ///
    /// # Errors
    /// Fails if it could not be done.
    pub(super) fn collect(&mut self) -> Result<(), Failure> {
        while let Some(done) = self.tasks.try_join_next() {
            if let Some((kind, amount)) = done?? {
                self.tally.note(kind, amount);
            }
        }
        Ok(())
    }

    async fn lock_gold(&mut self) -> Result<(), Failure> {
        if self.lock.is_some() || !self.gold.is_file() {
            return Ok(());
        }
        let path = self.gold.clone();
        let locking = tokio::task::spawn_blocking(move || -> rusqlite::Result<Connection> {
            let gold = Connection::open(path)?;
            gold.busy_timeout(LOCK_PATIENCE)?;
            gold.execute_batch("BEGIN EXCLUSIVE")?;
            Ok(gold)
        });
        // Where gold is at work all the time, it is not locked this time.
        if let Ok(gold) = locking.await? {
            self.lock = Some((gold, Instant::now()));
            self.tally.note(Kind::GoldLocked, 0);
        }
        Ok(())
    }

    fn unlock_gold(&mut self) {
        // Its transaction, in which nothing was written, ends with the connection.
        if let Some((gold, since)) = self.lock.take() {
            drop(gold);
            self.tally.add(Kind::GoldLocked, since.elapsed().as_secs());
        }
    }
}
