//! Gold: aggregates that cannot be double-counted.
//!
//! Each gold table's progress is a version of silver's log, kept in the warehouse and nowhere else. A run reads the
//! commits after it, aggregates their files and, in one SQL transaction, moves the progress and merges what was
//! aggregated; the move is conditional on where the run started from. So a table always equals the aggregate of
//! silver at its version (G1), and a crash, a replay or two overlapping runs change nothing about that (G2).
//!
//! A table that nobody sees, because it is new in the dataset file or somebody dropped it, is made from silver's live files
//! at the head: in one transaction where they are what one takes. The files are aggregated as a stream, and whenever the
//! groups at hand exceed a limit they are merged into the open transaction, so memory is bounded by that limit.
//!
//! Where silver is larger, a table that nobody sees is filled in bounded transactions and shown when it is whole. So is,
//! beside the live table, which goes on meanwhile, one whose definition has changed, whose generation was raised or that
//! somebody asks for: see `shadow`. Readers keep the old table until the new one is there; it is dropped ten minutes later.
//!
//! Which periods are final is told by a look at bronze, and the head that is read after it: no event is expected before
//! the watermark, nor before what silver has not refined.
//!
//! A generation that was raised is shown when it has everything that the one before had, and not earlier.
//!
//! A table that cannot go on, because a sum is too large, it does not fit the dataset file or its log is gone, is
//! blocked: the others go on without it, and the run and the table's freshness say so. Tables that follow another log
//! than this one, or that a later package has run against, are not touched.

mod asking;
mod attempt;
mod error;
mod finals;
mod generation;
pub mod increments;
mod notes;
mod outcome;
pub mod plan;
mod shadow;
mod work;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::MutexGuard;

use crate::clock::Clock;
use crate::dataset::Dataset;
use crate::event::UnixMillis;
use crate::outbox::{Courier, Sent};
use crate::pending::Scanner;
use crate::retry::{Backoff, Deadline};
use crate::store::entity::EntityStore;
use crate::store::object::ObjectStore;
use crate::table::log::{CommitLog, Head, LogError, Version};
use crate::value::time::millis;
use crate::warehouse::schema::GoldSchema;
use crate::warehouse::{Build, FailureKind, Warehouse};
use attempt::{Attempt, Remembered, Turn};
pub use error::Error;
use finals::{Known, Look, Lookout};
use generation::Looked;
pub use generation::{Loss, Remade};
use notes::{Heard, IdleMarker, Left};
pub use notes::{Holder, LASTS, Lease, Replaced, last_replaced};
pub use outcome::{Caller, Ended, Published};
pub use plan::{Limits, Rebuild};
use shadow::{Bases, Current};
pub use shadow::{LONGEST, Ready};

/// How long an alert is kept after it was raised.
const KEPT_FOR: Duration = Duration::from_secs(90 * 24 * 3_600);
/// How long a run waits for another one of its process.
const TURN: Duration = Duration::from_secs(1);
/// How often a process forgets what is older.
const FORGETS_EVERY: Duration = Duration::from_secs(24 * 3_600);

/// Publishes one dataset's silver to one warehouse.
#[derive(Debug)]
pub struct Gold {
    dataset: Arc<Dataset>,
    lake: Arc<dyn ObjectStore>,
    state: Arc<dyn EntityStore>,
    log: CommitLog,
    warehouse: Arc<dyn Warehouse>,
    clock: Arc<dyn Clock>,
    idle_marker: IdleMarker,
    lookout: Lookout,
    known: Known,
    limits: Limits,
    /// Which package this is.
    build: Build,
    /// Which one has replaced it.
    heard: Heard,
    /// How far bronze was found in a generation that is being made.
    looked: Looked,
    /// The files that shadows are filled from.
    bases: Bases,
    /// Whether readers of silver know what is shown.
    current: Current,
    /// What sends alerts.
    courier: Courier,
    /// Held by a run of this process.
    busy: tokio::sync::Mutex<()>,
    /// What the books say, as the last run that followed silver left it.
    remembered: Remembered,
    /// When old alerts were last forgotten by this process.
    forgot: Mutex<Option<UnixMillis>>,
}

impl Gold {
    /// Makes the gold layer of a dataset; the warehouse has the schema of the same dataset.
    #[must_use]
    pub fn new(
        dataset: Arc<Dataset>,
        lake: Arc<dyn ObjectStore>,
        state: Arc<dyn EntityStore>,
        warehouse: Arc<dyn Warehouse>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let log = CommitLog::new(Arc::clone(&state), Arc::clone(&lake), &dataset);
        let known = (dataset.as_ref(), warehouse.schema());
        let idle_marker = IdleMarker::new(Arc::clone(&state), known, &Build::default());
        let scanner = Scanner {
            dataset: Arc::clone(&dataset),
            lake: Arc::clone(&lake),
            log: log.clone(),
            clock: Arc::clone(&clock),
            unprocessed_after: Duration::ZERO,
            objects: finals::OBJECTS,
        };
        Self {
            lookout: Lookout::new(scanner, Arc::clone(&state)),
            known: Known::default(),
            dataset,
            lake,
            state,
            log,
            warehouse,
            clock,
            idle_marker,
            limits: Limits::default(),
            build: Build::default(),
            heard: Heard::default(),
            looked: Looked::default(),
            bases: Bases::default(),
            current: Current::default(),
            courier: Courier::default(),
            busy: tokio::sync::Mutex::default(),
            remembered: Remembered::default(),
            forgot: Mutex::default(),
        }
    }

    /// Says which package this is; without it, it is earlier than every one that was stamped.
    #[must_use]
    pub fn with_build(mut self, build: Build) -> Self {
        let known = (self.dataset.as_ref(), self.warehouse.schema());
        self.idle_marker = IdleMarker::new(Arc::clone(&self.state), known, &build);
        self.build = build;
        self
    }

    /// Says what sends alerts; without it they wait in the books.
    #[must_use]
    pub fn with_courier(mut self, courier: Courier) -> Self {
        self.courier = courier;
        self
    }

    /// Sets other bounds.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Brings every table to silver's head, but those that are blocked. Failures that may pass are waited out until the
    /// deadline; no transaction is begun after it.
    ///
    /// # Errors
    /// Fails if the log, the lake or the warehouse does.
    pub async fn publish(&self, deadline: Deadline) -> Result<Published, Error> {
        let Some(head) = self.head(deadline).await? else {
            return Ok(Published::default());
        };
        let heard = self.heard.still(self.clock.now());
        if let Some(replaced) = heard.filter(|_| self.warehouse.may_be_paused()) {
            let noted = (replaced, self.clock.now());
            notes::note_replaced(&self.state, &self.dataset, noted).await;
            return Ok(Published::of_replaced(replaced));
        }
        let left = match self.warehouse.may_be_paused() {
            true => self.idle_marker.says_done(&head, self.clock.now()).await,
            false => None,
        };
        let look = match &left {
            Some(left) if left.has_nothing_pending() && !self.lookout.has_left_any().await => {
                Look::None
            }
            _ => self.lookout.look(&head, deadline).await,
        };
        match left {
            Some(left) if left.agrees_with(look.pending()) => {
                self.is_idle((left, &head), &look, deadline).await
            }
            _ => self.run(&look, deadline).await,
        }
    }

    /// Brings the live tables to silver's head, right after a commit of silver. It leaves to the timer's runs what takes
    /// long or can wait: what is made beside live tables, which periods are final, alerts that are due, a database that
    /// resumes and failures that pass. The session is kept for the next run.
    ///
    /// # Errors
    /// As [`Gold::publish`].
    pub async fn follow(&self, deadline: Deadline) -> Result<Published, Error> {
        if let Some(replaced) = self.heard.still(self.clock.now()) {
            return Ok(Published::of_replaced(replaced));
        }
        if !self.warehouse.is_awake().await? {
            return Err(Error::Asleep);
        }
        let mut published = Published::default();
        let _turn = self.turn().await;
        let attempt = Attempt {
            remembered: Some(&self.remembered),
            ..self.attempt(&Look::None, deadline)
        };
        // Boxed: it is large, and so would be every future that waits for it.
        published.ended = match Box::pin(attempt.make(&mut published)).await {
            Ok(Turn::Ended(Ended::Replaced)) => self.say_replaced(&mut published).await?,
            Ok(Turn::Ended(ended)) => ended,
            Ok(Turn::Again) => Ended::OutOfTime,
            Err(Error::Warehouse(error)) if error.kind() == FailureKind::Ambiguous => {
                tracing::warn!(%error, "outcome of a gold transaction is unknown");
                Ended::Unknown
            }
            Err(error) => return Err(error),
        };
        Ok(published)
    }

    /// Returns the lease of those who follow silver, for one process to take, which no other one is called like.
    #[must_use]
    pub fn lease(&self, owner: String) -> Lease {
        let (state, clock) = (Arc::clone(&self.state), Arc::clone(&self.clock));
        Lease::new(state, &self.dataset, (clock, owner))
    }

    /// Returns the latest version of silver; nothing where there is none.
    ///
    /// # Errors
    /// Fails if the store does.
    pub async fn latest(&self) -> Result<Option<Version>, LogError> {
        Ok(self.log.head().await?.map(|head| head.version))
    }

    /// Sends the alerts that are due. What fails is logged, and sent by a later run.
    pub async fn deliver(&self, deadline: Deadline) -> Sent {
        self.courier.deliver(&*self.warehouse, deadline).await
    }

    /// Writes the summary of a run to the log.
    pub fn log(&self, published: &Published, caller: Caller<'_>) {
        published.log(
            caller,
            self.dataset.generation,
            self.warehouse.round_trips(),
        );
    }

    /// Gives up the session that [`Gold::follow`] has kept.
    pub async fn rest(&self) {
        self.warehouse.close().await;
    }

    /// Ends a run that has nothing to do.
    async fn is_idle(
        &self,
        (left, head): (Left, &Head),
        look: &Look,
        deadline: Deadline,
    ) -> Result<Published, Error> {
        // A run that was broken off may have left a session.
        self.warehouse.close().await;
        // So that the look counts for a minute; the head is read after it.
        if matches!(look, Look::Now { .. })
            && let Some(later) = self.head(deadline).await?
        {
            self.lookout.sighting(look, &later);
        }
        Ok(Published {
            ended: match left.blocked.is_empty() {
                true => Ended::Unchanged,
                false => Ended::Blocked,
            },
            head: Some(head.version),
            blocked: left.blocked,
            ..Published::default()
        })
    }

    /// Reads silver's head; a failure that may pass is waited out.
    async fn head(&self, deadline: Deadline) -> Result<Option<Head>, LogError> {
        let mut backoff = Backoff::default();
        loop {
            match self.log.head().await {
                Err(error) if error.is_transient() && backoff.wait(deadline).await => {}
                outcome => return outcome,
            }
        }
    }

    fn schema(&self) -> &GoldSchema {
        self.warehouse.schema()
    }

    /// Waits for the other run of this process, so that neither overtakes the other; not for one that takes long, since
    /// the warehouse decides anyway.
    async fn turn(&self) -> Option<MutexGuard<'_, ()>> {
        tokio::time::timeout(TURN, self.busy.lock()).await.ok()
    }

    /// Starts over after failures that may pass.
    async fn run(&self, look: &Look, deadline: Deadline) -> Result<Published, Error> {
        let mut published = Published::default();
        let turn = self.turn().await;
        let ended = self.attempts(look, deadline, &mut published).await;
        drop(turn);
        let ended = match ended {
            Ok(Ended::Replaced) => self.say_replaced(&mut published).await,
            ended => ended,
        };
        if published.has_outbox && !matches!(ended, Ok(Ended::Replaced)) {
            self.tell(deadline, &mut published).await;
        }
        // However it ended: another process may do the rest, and a session that is open keeps a database awake.
        self.warehouse.close().await;
        published.ended = ended?;
        Ok(published)
    }

    /// Sends the alerts that are due, and forgets old ones once a day. No failure of it is one of the run.
    async fn tell(&self, deadline: Deadline, published: &mut Published) {
        published.sent = self.courier.deliver(&*self.warehouse, deadline).await;
        let now = self.clock.now();
        {
            let mut forgot = self.forgot.lock().unwrap_or_else(PoisonError::into_inner);
            if forgot.is_some_and(|last| last.is_young(now, millis(FORGETS_EVERY))) {
                return;
            }
            *forgot = Some(now);
        }
        let before = UnixMillis(now.0.saturating_sub(millis(KEPT_FOR)));
        if let Err(error) = self.warehouse.forget(before).await {
            tracing::warn!(%error, "old alerts could not be forgotten");
        }
    }

    /// Says which package has replaced this one, and notes it.
    async fn say_replaced(&self, published: &mut Published) -> Result<Ended, Error> {
        let replaced = match published.replaced {
            Some(replaced) => replaced,
            // A transaction was refused.
            None => Replaced {
                own: self.build.stamp,
                later: self.warehouse.look().await?.build.unwrap_or_default().stamp,
            },
        };
        published.replaced = Some(replaced);
        let now = self.clock.now();
        self.heard.hear(replaced, now);
        notes::note_replaced(&self.state, &self.dataset, (replaced, now)).await;
        Ok(Ended::Replaced)
    }

    async fn attempts(
        &self,
        look: &Look,
        deadline: Deadline,
        published: &mut Published,
    ) -> Result<Ended, Error> {
        let mut backoff = Backoff::default();
        loop {
            // Boxed: it is large, and so would be every future that waits for it.
            let attempt = Box::pin(self.attempt(look, deadline).make(published));
            match attempt.await {
                Ok(Turn::Ended(ended)) => return Ok(ended),
                Ok(Turn::Again) if deadline.allows(Duration::ZERO) => backoff = Backoff::default(),
                Ok(Turn::Again) => return Ok(Ended::OutOfTime),
                Err(Error::Warehouse(error)) if error.kind() == FailureKind::Ambiguous => {
                    tracing::warn!(%error, "outcome of a gold transaction is unknown");
                    return Ok(Ended::Unknown);
                }
                Err(error) if error.is_transient() && backoff.wait(deadline).await => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn attempt<'a>(&'a self, look: &'a Look, deadline: Deadline) -> Attempt<'a> {
        Attempt {
            dataset: &self.dataset,
            lake: &self.lake,
            state: &self.state,
            log: &self.log,
            warehouse: self.warehouse.as_ref(),
            clock: self.clock.as_ref(),
            build: &self.build,
            limits: &self.limits,
            looked: &self.looked,
            idle_marker: &self.idle_marker,
            lookout: &self.lookout,
            known: &self.known,
            bases: &self.bases,
            current: &self.current,
            look,
            deadline,
            remembered: None,
        }
    }
}
