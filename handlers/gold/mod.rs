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
//! A table that cannot go on, because a sum is too large, it does not fit the dataset file or its log is gone, is
//! blocked: the others go on without it, and the run says so.

mod blocked;
mod error;
mod idle_marker;
pub mod increments;
mod outcome;
pub mod plan;
mod work;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::clock::Clock;
use crate::dataset::Dataset;
use crate::error::{Invariant, chain};
use crate::retry::{Backoff, Deadline};
use crate::store::entity::EntityStore;
use crate::store::object::ObjectStore;
use crate::table::live::LiveFiles;
use crate::table::log::{CommitLog, DataFile, Head, LogError, Version};
use crate::table::parquet::ReadFileError;
use crate::warehouse::schema::{GoldSchema, TableIndex};
use crate::warehouse::{FailureKind, Progress, Run, Step, Warehouse};
use blocked::{LeftOut, Remembered, blamed};
pub use error::Error;
use idle_marker::IdleMarker;
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
    limits: Limits,
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
        let idle_marker = IdleMarker::new(state, &dataset, warehouse.schema());
        Self {
            dataset,
            lake,
            log,
            warehouse,
            clock,
            idle_marker,
            limits: Limits::default(),
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
            && self
                .idle_marker
                .says_done(head.version, self.clock.now())
                .await
        {
            return Ok(Published {
                ended: Ended::Unchanged,
                head: Some(head.version),
                ..Published::default()
            });
        }
        self.run(&Rebuild::None, deadline).await
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
        self.run(rebuild, deadline).await
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
    async fn run(&self, rebuild: &Rebuild, deadline: Deadline) -> Result<Published, Error> {
        let mut published = Published::default();
        let mut backoff = Backoff::default();
        loop {
            match self.attempt(rebuild, deadline, &mut published).await {
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
        if let (Ended::UpToDate, Some(head)) = (published.ended, published.head)
            && self.warehouse.may_be_paused()
        {
            self.idle_marker.note(head, self.clock.now()).await;
        }
        Ok(published)
    }

    async fn attempt(
        &self,
        rebuild: &Rebuild,
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

        let ended = loop {
            for table in left_out.tables() {
                backlog.pass_over(*table);
            }
            match self.move_on(&mut backlog, &head, deadline, published).await {
                Ok(Some(ended)) => break ended,
                Ok(None) => {}
                Err((tables, error)) => self.block(&tables, error, &progress, &mut left_out)?,
            }
        };
        if ended != Ended::UpToDate || left_out.is_empty() {
            return Ok(ended);
        }
        published.blocked = left_out.reasons();
        Ok(Ended::Blocked)
    }

    /// Makes the next transaction; returns how the run ended, if it has.
    ///
    /// # Errors
    /// Fails with the tables that were to be moved.
    async fn move_on(
        &self,
        backlog: &mut TableBacklog,
        head: &Head,
        deadline: Deadline,
        published: &mut Published,
    ) -> Result<Option<Ended>, (Vec<TableIndex>, Error)> {
        if !backlog.to_rebuild.is_empty() {
            let tables: Vec<TableIndex> = backlog.to_rebuild.keys().copied().collect();
            let made = self.make_anew(&backlog.to_rebuild, head).await;
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
        if !deadline.allows(std::time::Duration::ZERO) {
            return Ok(Some(Ended::OutOfTime));
        }
        match self.catch_up(&next, published).await {
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
        head: &Head,
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
            at: self.clock.now(),
        };
        let files = live.iter().cloned().collect();
        match self.work(run, files, 0).await {
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
        published: &mut Published,
    ) -> Result<Option<Version>, Error> {
        let from = next.from;
        match self.publish_chunk(next).await {
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

    async fn publish_chunk(&self, next: &CatchUp) -> Result<(Version, Done), Error> {
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
        let run = Run {
            steps: steps.collect::<Result<_, Invariant>>()?,
            watermark: watermarks.get(&chunk.until).copied().flatten(),
            at: self.clock.now(),
        };
        let done = self.work(run, chunk.files, chunk.appends).await?;
        Ok((chunk.until, done))
    }

    async fn work(&self, run: Run, files: Vec<DataFile>, commits: u64) -> Result<Done, Error> {
        let work = Work {
            dataset: &self.dataset,
            lake: &self.lake,
            warehouse: self.warehouse.as_ref(),
            max_groups: self.limits.groups.max(1),
        };
        work.carry_out(run, files, commits).await
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
