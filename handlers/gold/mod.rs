//! Gold: aggregates that cannot be double-counted.
//!
//! Each gold table's progress is a version of silver's log, kept in the warehouse and nowhere else. A run reads the
//! commits after it, aggregates their files and, in one SQL transaction, moves the progress and merges what was
//! aggregated; the move is conditional on where the run started from. So a table always equals the aggregate of
//! silver at its version (G1), and a crash, a replay or two overlapping runs change nothing about that (G2).
//!
//! A table without valid progress is made from silver's live files at the head, in one transaction that also removes
//! what it held: back-fill, rebuild and a changed definition are all this. The files are aggregated as a stream, and
//! whenever the groups at hand exceed a limit they are merged into the open transaction, so memory is bounded by
//! that limit whatever silver holds, and readers keep the old table until the new one is whole.
//!
//! Which periods are final is told by a look at bronze, and the head that is read after it: no event is expected before
//! the watermark, nor before what silver has not refined.
//!
//! A table that cannot go on, because a sum is too large, it does not fit the dataset file or its log is gone, is
//! blocked: the others go on without it, and the run says so.

mod blocked;
mod complete;
mod error;
mod finals;
mod idle_marker;
pub mod increments;
mod lookout;
mod outcome;
pub mod plan;
mod work;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::clock::Clock;
use crate::dataset::Dataset;
use crate::error::{Invariant, chain};
use crate::event::UnixMillis;
use crate::pending::Scanner;
use crate::retry::{Backoff, Deadline};
use crate::store::entity::EntityStore;
use crate::store::object::ObjectStore;
use crate::table::live::LiveFiles;
use crate::table::log::{CommitLog, Head, LogError, Version};
use crate::table::parquet::ReadFileError;
use crate::warehouse::schema::{GoldSchema, TableIndex};
use crate::warehouse::{FailureKind, Progress, Run, Step, Warehouse};
use blocked::{LeftOut, Remembered, blamed};
use complete::{Patience, Sighting};
pub use error::Error;
use finals::{Finals, Known};
use idle_marker::{IdleMarker, Noted};
use lookout::{Look, Lookout};
pub use outcome::{Ended, Published};
use plan::{CatchUp, TableBacklog, chunk};
pub use plan::{Limits, Rebuild};
use work::{Done, Work};

/// Publishes one dataset's silver to one warehouse.
#[derive(Debug)]
pub struct Gold {
    dataset: Arc<Dataset>,
    lake: Arc<dyn ObjectStore>,
    log: CommitLog,
    warehouse: Arc<dyn Warehouse>,
    clock: Arc<dyn Clock>,
    idle_marker: IdleMarker,
    lookout: Lookout,
    limits: Limits,
    known: Known,
    /// What failed on rows of its own in this process.
    failed: Mutex<Remembered>,
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
        let idle_marker = IdleMarker::new(Arc::clone(&state), &dataset, warehouse.schema());
        let scanner = Scanner {
            dataset: Arc::clone(&dataset),
            lake: Arc::clone(&lake),
            log: log.clone(),
            clock: Arc::clone(&clock),
            unprocessed_after: Duration::ZERO,
            objects: lookout::OBJECTS,
        };
        Self {
            dataset,
            lake,
            log,
            warehouse,
            clock,
            idle_marker,
            lookout: Lookout::new(scanner, state),
            limits: Limits::default(),
            known: Known::default(),
            failed: Mutex::default(),
        }
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
        if self.warehouse.may_be_paused()
            && let Some(blocked) = self.idle_marker.says_done(&head, self.clock.now()).await
        {
            return Ok(Published {
                ended: match blocked.is_empty() {
                    true => Ended::Unchanged,
                    false => Ended::Blocked,
                },
                head: Some(head.version),
                blocked,
                ..Published::default()
            });
        }
        let look = self.lookout.look(&head, deadline).await;
        self.run(&Rebuild::None, &look, deadline).await
    }

    /// Makes one table, or all, from nothing. Readers see the old rows until the new ones are there.
    ///
    /// # Errors
    /// Fails as [`Gold::publish`] does, and if there is no such table.
    pub async fn rebuild(&self, rebuild: &Rebuild, deadline: Deadline) -> Result<Published, Error> {
        if let Rebuild::Table(name) = rebuild {
            let found = self.schema().table(name);
            found.ok_or_else(|| Error::NoSuchTable(name.clone()))?;
        }
        // Only a timer's run calls periods final.
        self.run(rebuild, &Look::None, deadline).await
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

    /// Starts over after failures that may pass.
    async fn run(
        &self,
        rebuild: &Rebuild,
        look: &Look,
        deadline: Deadline,
    ) -> Result<Published, Error> {
        let mut published = Published::default();
        let mut backoff = Backoff::default();
        loop {
            match self
                .attempt((rebuild, look), deadline, &mut published)
                .await
            {
                Ok(ended) => {
                    published.ended = ended;
                    break;
                }
                Err(Error::Warehouse(error)) if error.kind() == FailureKind::Ambiguous => {
                    tracing::warn!(%error, "outcome of a gold transaction is unknown");
                    published.ended = Ended::Unknown;
                    break;
                }
                Err(error) if error.is_transient() && backoff.wait(deadline).await => {}
                Err(error) => return Err(error),
            }
        }
        Ok(published)
    }

    async fn attempt(
        &self,
        (rebuild, look): (&Rebuild, &Look),
        deadline: Deadline,
        published: &mut Published,
    ) -> Result<Ended, Error> {
        let mut left_out = LeftOut::default();
        for (table, error) in self.warehouse.ensure().await? {
            left_out.add(table, chain(&error));
        }
        // Progress first: the head read after it is not behind what any run has published.
        let progress = self.warehouse.progress().await?;
        let Some(head) = self.log.head().await? else {
            return Ok(Ended::NothingYet);
        };
        published.head = Some(head.version);
        let sighting = self.lookout.sighting(look, &head);
        let finals = Finals::of(sighting, Patience::of(&self.dataset));
        let known = (rebuild, self.clock.now());
        self.failed()
            .leave_out(&mut left_out, self.schema(), &progress, known)?;
        let mut backlog = TableBacklog::of(self.schema(), &progress, head.version, rebuild);
        let ahead = Error::Ahead {
            tables: std::mem::take(&mut backlog.ahead),
            head: head.version,
        };
        for table in blamed(&ahead, self.schema()) {
            left_out.add(table, chain(&ahead));
        }
        // A table that was rebuilt before a transient failure is not rebuilt again.
        backlog.leave_out(&published.rebuilt, self.schema())?;
        let mut standing = backlog.standing(self.schema(), &progress, head.version);

        let ended = loop {
            for table in left_out.tables() {
                backlog.pass_over(*table);
                standing.remove(table);
            }
            let moved = self.move_on(&mut backlog, (&head, finals), deadline, published);
            match moved.await {
                Ok(Some(ended)) => break ended,
                Ok(None) => {}
                Err((tables, error)) => self.block(&tables, error, &progress, &mut left_out)?,
            }
        };
        if ended != Ended::UpToDate {
            return Ok(ended);
        }
        let (work, now) = (self.work(), self.clock.now());
        let raised = self.known.raise(&work, standing, &head, (finals, now));
        if let Some(done) = raised.await? {
            published.add(&done);
        }
        let next_try = self.failed().next_try(left_out.tables());
        let is_whole = left_out.is_empty();
        published.blocked = left_out.reasons();
        if let (Some(next_try), Some(sighting)) = (next_try, sighting) {
            self.note_idle(&head, &sighting, (next_try, &published.blocked))
                .await;
        }
        Ok(match is_whole {
            true => Ended::UpToDate,
            false => Ended::Blocked,
        })
    }

    /// Notes that there is nothing to do until something is added, a period becomes final, or a blocked table is tried
    /// again. Where bronze could not be looked at, the next run does it again.
    async fn note_idle(
        &self,
        head: &Head,
        sighting: &Sighting,
        (next_try, blocked): (UnixMillis, &[String]),
    ) {
        if !self.warehouse.may_be_paused() || sighting.pending.is_none() {
            return;
        }
        let now = self.clock.now();
        let grains = self.schema().tables.iter().map(|table| table.grain);
        let next_final = match sighting.version == head.version {
            true => sighting.next_final(grains, Patience::of(&self.dataset)),
            // An earlier look says less than the next one will.
            false => Some(lookout::counts_until(now)),
        };
        let noted = Noted {
            now,
            due: next_final.map_or(next_try, |next| next.min(next_try)),
            blocked,
        };
        self.idle_marker.note(head, &noted).await;
    }

    /// Makes the next transaction; returns how the run ended, if it has.
    ///
    /// # Errors
    /// Fails with the tables that were to be moved.
    async fn move_on(
        &self,
        backlog: &mut TableBacklog,
        (head, finals): (&Head, Finals),
        deadline: Deadline,
        published: &mut Published,
    ) -> Result<Option<Ended>, (Vec<TableIndex>, Error)> {
        if !backlog.to_rebuild.is_empty() {
            let tables: Vec<TableIndex> = backlog.to_rebuild.keys().copied().collect();
            let made = self.make_anew(&backlog.to_rebuild, (head, finals)).await;
            let names = self.names(&tables).map_err(Error::from);
            let (done, names) = match (made, names) {
                (Ok(done), Ok(names)) => (done, names),
                (Err(error), _) | (_, Err(error)) => return Err((tables, error)),
            };
            if !published.add(&done) {
                return Ok(Some(Ended::Conflict));
            }
            published.rebuilt.extend(names);
            backlog.to_rebuild.clear();
            return Ok(None);
        }
        let Some(next) = backlog.next(head.version) else {
            return Ok(Some(Ended::UpToDate));
        };
        if !deadline.allows(Duration::ZERO) {
            return Ok(Some(Ended::OutOfTime));
        }
        // What is final at the head may change on the way there.
        let finals = (head.version, finals);
        match self.catch_up(&next, finals, published).await {
            Ok(Some(to)) => {
                backlog.advance(next, to, head.version);
                Ok(None)
            }
            Ok(None) => Ok(Some(Ended::Conflict)),
            Err(error) => Err((next.tables, error)),
        }
    }

    /// Leaves out the tables of a transaction whose own failure `error` is.
    ///
    /// # Errors
    /// Fails with `error` if it is that of the run as a whole.
    fn block(
        &self,
        tables: &[TableIndex],
        error: Error,
        progress: &BTreeMap<String, Progress>,
        left_out: &mut LeftOut,
    ) -> Result<(), Error> {
        let mut blamed = blamed(&error, self.schema());
        blamed.retain(|table| tables.contains(table));
        if blamed.is_empty() {
            return Err(error);
        }
        let now = self.clock.now();
        for (table, name) in blamed.iter().zip(self.names(&blamed)?) {
            tracing::error!(
                table = name,
                error = chain(&error),
                "a gold table is blocked"
            );
            let from = progress.get(&name).cloned();
            self.failed().note(*table, from, now, &error);
            left_out.add(*table, chain(&error));
        }
        Ok(())
    }

    fn failed(&self) -> std::sync::MutexGuard<'_, Remembered> {
        // It is whole after every call.
        self.failed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes tables from the live files at the head.
    async fn make_anew(
        &self,
        tables: &BTreeMap<TableIndex, Option<Progress>>,
        (head, finals): (&Head, Finals),
    ) -> Result<Done, Error> {
        let live = match self.log.load(head).await {
            Ok(snapshot) => LiveFiles::of(&snapshot),
            // Maintenance has made a later snapshot and removed this one.
            Err(error) if error.is_outdated() && self.log.head().await?.as_ref() != Some(head) => {
                return Ok(Done::Conflict);
            }
            Err(error) => return Err(error.into()),
        };
        let steps = tables.iter().map(|(table, from)| Step {
            table: *table,
            from: from.clone(),
            to: head.version,
            replace: true,
        });
        let run = Run {
            steps: steps.collect(),
            watermark: head.watermark,
            complete_to: finals.complete_to,
            pending: finals.pending,
            at: self.clock.now(),
        };
        let files = live.iter().cloned().collect();
        match self.work().carry_out(run, files, 0).await {
            Err(Error::File(ReadFileError::Gone { path })) => {
                let commits = match self.log.head().await? {
                    Some(now) => self.log.commits(head.version, now.version).await?,
                    None => Vec::new(),
                };
                let mut live = live;
                live.advance(&commits);
                match live.iter().any(|file| file.path == path) {
                    true => Err(Error::File(ReadFileError::Gone { path })),
                    false => Ok(Done::Conflict),
                }
            }
            outcome => outcome,
        }
    }

    /// Publishes the next commits to tables that are behind; returns where they stand then, or nothing if another run
    /// was first.
    async fn catch_up(
        &self,
        next: &CatchUp,
        finals: (Version, Finals),
        published: &mut Published,
    ) -> Result<Option<Version>, Error> {
        let from = next.from;
        match self.publish_chunk(next, finals).await {
            Ok((to, done)) => Ok(published.add(&done).then_some(to)),
            Err(
                source @ (Error::Log(LogError::Gap { .. } | LogError::ManifestGone { .. })
                | Error::File(ReadFileError::Gone { .. })),
            ) => {
                // What is gone was published by another run long ago, or gold was away for too long.
                let progress = self.warehouse.progress().await?;
                let names = self.names(&next.tables)?;
                let has_moved = |name: &String| {
                    progress
                        .get(name)
                        .is_none_or(|progress| progress.version != from)
                };
                if names.iter().any(has_moved) {
                    return Ok(None);
                }
                Err(Error::Rebuild {
                    tables: names,
                    from,
                    source: Box::new(source),
                })
            }
            Err(error) => Err(error),
        }
    }

    async fn publish_chunk(
        &self,
        next: &CatchUp,
        (head, finals): (Version, Finals),
    ) -> Result<(Version, Done), Error> {
        let from = next.from;
        let most = from.0.saturating_add(self.limits.versions.max(1));
        let until = next.until.min(Version(most));
        let commits = self.log.commits(from, until).await?;
        let watermarks: BTreeMap<Version, _> = commits
            .iter()
            .map(|commit| (commit.version, commit.watermark))
            .collect();
        let chunk = chunk(from, commits, &self.limits);
        let schema = self.schema();
        let steps = next.tables.iter().map(|table| {
            let definition = schema.table_at(*table)?.definition.clone();
            let from = Progress {
                generation: schema.generation,
                definition,
                version: from,
            };
            Ok(Step {
                table: *table,
                from: Some(from),
                to: chunk.until,
                replace: false,
            })
        });
        let finals = match chunk.until == head {
            true => finals,
            false => Finals::default(),
        };
        let run = Run {
            steps: steps.collect::<Result<_, Invariant>>()?,
            watermark: watermarks.get(&chunk.until).copied().flatten(),
            complete_to: finals.complete_to,
            pending: finals.pending,
            at: self.clock.now(),
        };
        let done = self
            .work()
            .carry_out(run, chunk.files, chunk.appends)
            .await?;
        Ok((chunk.until, done))
    }

    fn work(&self) -> Work<'_> {
        Work {
            dataset: &self.dataset,
            lake: &self.lake,
            warehouse: self.warehouse.as_ref(),
            max_groups: self.limits.groups.max(1),
        }
    }

    fn names<'a>(
        &self,
        tables: impl IntoIterator<Item = &'a TableIndex>,
    ) -> Result<Vec<String>, Invariant> {
        let schema = self.schema();
        let name = |index: &TableIndex| Ok(schema.table_at(*index)?.name.clone());
        tables.into_iter().map(name).collect()
    }
}
