//! One run: a pipeline from nothing, load, faults by a schedule, quiet, and the verdicts.

use std::collections::BTreeSet;
use std::error::Error;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use sluice::clock::{Clock, SystemClock};
use sluice::dataset::Dataset;
use sluice::event::{PartitionId, UnixMillis};
use sluice::warehouse::schema::GoldSchema;
use sluice::warehouse::{self, Warehouse};
use tokio::time::Instant;

use super::faults::{HOSTS, Kind, Step, schedule};
use super::hearing::Hearing;
use super::inject::Injector;
use super::load::Load;
use super::oracle;
use super::parts::{HUB, Parts, Plan};
use super::report::Report;
use super::settling::{Standing, settle};
use super::told::Told;
use crate::audit::{self, Hub, HubPartition, Silent};
use crate::interrupt::Interrupts;
use crate::pipeline::{HandlerProgram, StateDir, what_silver_lacks, write_file};
use crate::target::Stores;

/// The dataset that is run: the oracle's rules are those of this file, so it is not the reader's own.
const DATASET: &str = include_str!("../../../datasets/orders.toml");
const DATASET_FILE: &str = "orders.toml";
/// What is late by so much is left out where its kind has happened: restarts take time, and the rest is to happen, too.
const LATE: Duration = Duration::from_secs(10);
/// How often what has not happened is tried again, and for how long each time.
const ROUNDS: u64 = 10;
const ROUND: Duration = Duration::from_secs(10);
/// How long a handler may take to serve, and how often to look.
const START: Duration = Duration::from_secs(60);
const LOOK: Duration = Duration::from_millis(50);
/// How often it is told how far it is.
const TELL: Duration = Duration::from_secs(1);

/// What is run.
pub(crate) struct Trial {
    /// The folder with host.json.
    pub(crate) root: PathBuf,
    /// Empty.
    pub(crate) state: Arc<StateDir>,
    pub(crate) handler: HandlerProgram,
    pub(crate) length: Duration,
    pub(crate) seed: u64,
    /// Orders a second.
    pub(crate) rate: u64,
    pub(crate) partitions: usize,
    /// Whether the handler works with a clock that is turned, which a released one does not.
    pub(crate) obeys_clock: bool,
    /// Kinds that the run is not to have.
    pub(crate) without: BTreeSet<Kind>,
}

type Failure = Box<dyn Error + Send + Sync>;

impl Trial {
    /// Runs it to its end.
    ///
    /// # Errors
    /// Fails if it cannot be judged: a part did not come back, what was sent never arrived, or it was interrupted.
    pub(crate) async fn run(&self) -> Result<Report, Failure> {
        let dataset_file = self.state.path().join(DATASET_FILE);
        write_file(&dataset_file, DATASET.as_bytes())?;
        let dataset = Arc::new(Dataset::load(&dataset_file)?);
        let hearing = Hearing::to(&self.state.path().join("host.log"))?;
        let plan = Plan {
            root: self.root.clone(),
            state: Arc::clone(&self.state),
            handler: self.handler.clone(),
            dataset_file,
            partitions: self.partitions,
            seed: self.seed,
        };
        let mut parts = Parts::start(plan, &hearing).await?;
        let mut interrupts = Interrupts::listen()?;
        let outcome = tokio::select! {
            outcome = Box::pin(self.work(&mut parts, dataset, &hearing)) => outcome,
            () = interrupts.next() => Err("interrupted".into()),
        };
        let stopped = parts.shutdown().await;
        let report = outcome?;
        stopped?;
        Ok(report)
    }

    fn kinds(&self) -> BTreeSet<Kind> {
        let possible = |kind: &Kind| kind.unavailable(self.obeys_clock).is_none();
        let wanted = Kind::ALL
            .into_iter()
            .filter(|kind| !self.without.contains(kind));
        wanted.filter(possible).collect()
    }

    async fn work(
        &self,
        parts: &mut Parts,
        dataset: Arc<Dataset>,
        hearing: &Arc<Hearing>,
    ) -> Result<Report, Failure> {
        let account = parts.account().clone();
        let stores = Stores::of(Arc::clone(&dataset), &account, &account)?;
        let warehouse = warehouse::connect(&self.state.gold(), GoldSchema::of(&dataset)?)?;
        for host in 0..HOSTS {
            parts.hosts.restart(host, 250, 0).await?;
        }
        serves(parts, hearing).await?;
        let mut load = Load::start(parts.connection()?, self.seed, self.rate);
        let kinds = self.kinds();
        let mut injector = Injector::of(&kinds, self.gold());
        let told = Told::of(self.length);
        let disturbed = self.disturb(&kinds, parts, &mut injector, &load, (&told, hearing));
        let disturbed = disturbed.await;
        load.stop().await;
        let ended = injector.end(parts, hearing).await;
        disturbed?;
        ended?;

        told.settles();
        parts.hosts.stop_all().await;
        let again = what_silver_lacks(&stores).await?;
        parts.hosts.heal(&again).await?;
        let tell = |standing: Standing| told.standing(standing);
        let settled = settle(parts, &stores, &warehouse, tell).await?;
        // What runs on must not change what is compared.
        parts.hosts.stop_all().await;
        told.judges();
        let (audit, verdict) = self.judge(parts, &stores, warehouse).await?;
        told.ends();
        Ok(Report {
            seed: self.seed,
            length: self.length,
            settled,
            tally: injector.tally,
            left_out: self.without.iter().copied().collect(),
            obeys_clock: self.obeys_clock,
            acknowledged: load.acknowledged(),
            unsent: load.failed(),
            handlers: hearing.started(),
            attempts: hearing.attempts(),
            panics: hearing.panics(),
            audit,
            verdict,
            state: self.state.path().to_owned(),
        })
    }

    /// Does what the schedule says, and then what has not happened by it: on a slow machine a lock may have come too soon,
    /// or a process have been away.
    async fn disturb(
        &self,
        kinds: &BTreeSet<Kind>,
        parts: &mut Parts,
        injector: &mut Injector,
        load: &Load,
        (told, hearing): (&Told, &Hearing),
    ) -> Result<(), Failure> {
        injector.begin(parts);
        let steps = schedule(self.seed, self.length, kinds);
        follow(&steps, parts, injector, load, told).await?;
        for round in 1..=ROUNDS {
            injector.count(parts, hearing);
            let missing: BTreeSet<Kind> = injector.tally.missing().into_iter().collect();
            if missing.is_empty() {
                break;
            }
            let steps = schedule(self.seed.wrapping_add(round), ROUND, &missing);
            follow(&steps, parts, injector, load, told).await?;
        }
        Ok(())
    }

    /// Audits, and compares with what was sent.
    async fn judge(
        &self,
        parts: &Parts,
        stores: &Stores,
        warehouse: Arc<dyn Warehouse>,
    ) -> Result<(audit::Report, oracle::Verdict), Failure> {
        let options = audit::Options {
            grace: Duration::ZERO,
            hub: Hub::Read(hub(parts)?),
            is_deep: true,
            ..audit::Options::at(SystemClock.now())
        };
        let audit = audit::audit(&stores.subject(warehouse), &options, &Silent).await?;
        let namespace = parts.namespace()?;
        let verdict = oracle::judge(namespace, HUB, stores, &audit.sums, &self.gold()).await?;
        Ok((audit, verdict))
    }

    /// The file of gold.
    fn gold(&self) -> PathBuf {
        let setting = self.state.gold();
        PathBuf::from(setting.strip_prefix("sqlite:").unwrap_or(&setting))
    }
}

/// Does each step when it is due.
async fn follow(
    steps: &[Step],
    parts: &mut Parts,
    injector: &mut Injector,
    load: &Load,
    told: &Told,
) -> Result<(), Failure> {
    let begun = Instant::now();
    for step in steps {
        while let Some(left) = step.at.checked_sub(begun.elapsed()) {
            tokio::time::sleep(left.min(TELL)).await;
            parts.check()?;
            injector.collect()?;
            told.disturbs(begun.elapsed(), load.acknowledged(), injector.tally.total());
        }
        let is_late = begun.elapsed().saturating_sub(step.at) > LATE;
        let has_been = |kind| injector.tally.has(kind);
        // What ends something is never left out.
        if !(is_late && step.act.kind().is_some_and(has_been)) {
            injector.act(step.act, parts, load).await?;
        }
    }
    Ok(())
}

/// Waits until a handler serves: one that cannot start would only be seen by what never arrives.
async fn serves(parts: &mut Parts, hearing: &Hearing) -> Result<(), Failure> {
    let begun = Instant::now();
    while hearing.started() == 0 {
        parts.check()?;
        if begun.elapsed() > START {
            return Err("no handler began to serve".into());
        }
        tokio::time::sleep(LOOK).await;
    }
    Ok(())
}

/// What the hub holds, for the audit.
fn hub(parts: &Parts) -> Result<Vec<HubPartition>, Failure> {
    let stats = parts.namespace()?.stats().into_iter();
    let own = stats.filter(|partition| partition.hub == HUB);
    let partitions = own.map(|partition| HubPartition {
        id: PartitionId(partition.partition),
        first: 0,
        last: partition.last_sequence.unwrap_or(-1),
        last_enqueued: partition.last_enqueued_ms.map(UnixMillis),
    });
    Ok(partitions.collect())
}
