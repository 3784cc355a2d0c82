//! Takes rejected records up again: from bronze, by today's dataset file, all of those of a source at once.
//!
//! A redrive's source is `redrive/{k}/{bronze object}`, without lines of its own; its rows keep the lineage of the bronze
//! object. One transaction moves the head, inserts its entry, and notes in the entry before it what took its records up, on
//! condition that nobody has changed that: so whoever comes second finds it done, and what is rejected again is taken up by
//! the next one. A record is at the end of exactly one such chain.
//!
//! What will become of each source is told beforehand by a [`Plan`], and a run that is given one stops before the first
//! source that would become something else (O1).

mod candidates;
mod group;
mod plan;
mod selection;

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Attempt, CommitOutcome, Committer, Job, Work, WorkTime};
use crate::context::Context;
use crate::error::{Invariant, chain};
use crate::silver::dedup::own::OwnFiles;
use crate::silver::prepare::MOST_OPENED;
use crate::silver::{RefineError, write};
use crate::table::log::LedgerEntry;
pub use candidates::{Candidate, Filter};
use group::{Group, NO_LOG, PREFIX};
pub use plan::{Fates, Plan, SourcePlan};

/// Takes up rejected records of one dataset. It is as safe beside silver's functions as they are beside each other.
#[derive(Debug)]
pub struct Redrives {
    committer: Committer,
}

/// What a run has done.
#[derive(Debug, Default)]
pub struct Outcome {
    /// The sources that it has taken up, in the order of their names.
    pub done: Vec<LedgerEntry>,
    /// The bronze objects that it could not take up, each with the reason.
    pub refused: Vec<(String, String)>,
    /// Why it stopped before its end, if it did. Everything that is not in `done` is as it was.
    pub stopped: Option<RefineError>,
}

impl Redrives {
    /// Makes what takes up records of the context's dataset.
    #[must_use]
    pub fn new(context: Context) -> Self {
        Self {
            committer: Committer::new(context, MOST_OPENED),
        }
    }

    /// Finds the sources with rejected records that nobody has taken up, of which one at least is meant; in the order of
    /// their bronze objects.
    ///
    /// # Errors
    /// Fails if a store does, or if a line of quarantine is none.
    pub async fn candidates(&self, filter: &Filter) -> Result<Vec<Candidate>, RefineError> {
        candidates::find(&self.committer.context, &self.committer.log, filter).await
    }

    /// Returns what was announced of the sources that were taken up under a token, each as a hash, by their bronze objects: what
    /// a run that was cut off has done of it.
    ///
    /// # Errors
    /// Fails if the store does.
    pub async fn done_under(&self, token: &str) -> Result<BTreeMap<String, String>, RefineError> {
        let entries = self.committer.log.ledger_prefix(PREFIX).await?;
        let redrives = entries.into_iter().filter_map(|entry| entry.redrive);
        let own = redrives.filter(|redrive| redrive.token.as_deref() == Some(token));
        Ok(own.map(|redrive| (redrive.origin, redrive.plan)).collect())
    }

    /// Tells what would become of these sources, and changes nothing.
    ///
    /// # Errors
    /// Fails if a store does, or with [`RefineError::NotDeployed`].
    pub async fn plan(&mut self, candidates: &[Candidate]) -> Result<Plan, RefineError> {
        let head = self.committer.log.head().await?;
        let head = head.ok_or(NO_LOG)?;
        if self.committer.catch_up(&head).await?.is_none() {
            // It was made anew in the meantime, or cleared: once more from its snapshot.
            self.committer.catch_up(&head).await?;
        }
        self.committer.check_file()?;
        let mut plan = Plan::at(&head);
        let mut own = OwnFiles::default();
        let mut rest = candidates;
        while !rest.is_empty() {
            let context = &self.committer.context;
            let (group, taken) = Group::load(context, rest).await?;
            rest = rest.get(taken..).unwrap_or_default();
            for (source, reason) in &group.refused {
                plan.add(source.clone(), 0, Err(reason.clone()));
            }
            own = self.committer.plan_group(group, own, &mut plan).await?;
        }
        plan.sort();
        Ok(plan)
    }

    /// Takes these sources up, some at a time, each of them wholly or not at all. With what was `announced`, it stops before the
    /// first commit in which a source would become something else; `each` is told of every source that is done.
    pub async fn run(
        &mut self,
        candidates: &[Candidate],
        announced: Option<(&Plan, &str)>,
        mut each: impl FnMut(&LedgerEntry),
    ) -> Outcome {
        let mut outcome = Outcome::default();
        let mut rest = candidates;
        while !rest.is_empty() {
            let loaded = Group::load(&self.committer.context, rest).await;
            let (mut group, taken) = match loaded {
                Ok(loaded) => loaded,
                Err(error) => {
                    outcome.stopped = Some(error);
                    return outcome;
                }
            };
            rest = rest.get(taken..).unwrap_or_default();
            outcome.refused.append(&mut group.refused);
            if let Some((plan, token)) = announced {
                group.announce(plan, token);
            }
            // What opens to more than is held at once takes more commits than one.
            while !group.is_empty() {
                let mut time = WorkTime::start();
                match self.committer.finish(&group, &mut time).await {
                    Ok(refined) => {
                        for refined in refined {
                            each(&refined.entry);
                            group.remove(refined.entry.bronze());
                            outcome.done.push(refined.entry);
                        }
                    }
                    Err(error) => {
                        outcome.stopped = Some(error);
                        return outcome;
                    }
                }
            }
        }
        outcome
    }
}

impl Job for Group {
    async fn attempt(
        &self,
        committer: &mut Committer,
        work: &mut Option<Work>,
        time: &mut WorkTime,
    ) -> Result<Attempt, RefineError> {
        committer.take_up(self, work, time).await
    }
}

impl Committer {
    /// Checks that silver goes by the dataset file of this process.
    fn check_file(&self) -> Result<(), RefineError> {
        let recorded = self.recorded.as_ref();
        let recorded = recorded.ok_or(Invariant("a log that was read records its columns"))?;
        match recorded.is_of(&self.context)? {
            true => Ok(()),
            false => Err(RefineError::NotDeployed),
        }
    }

    /// Finds out what would become of a group, beside what is live and the files that groups before it would have made;
    /// returns these with its own.
    async fn plan_group(
        &mut self,
        group: Group,
        own: OwnFiles,
        plan: &mut Plan,
    ) -> Result<OwnFiles, RefineError> {
        let (mut own, mut group) = (own, group);
        let dataset = Arc::clone(&self.context.dataset);
        while !group.is_empty() {
            let sources = group.sources.clone();
            let mut work = Work::prepare(&dataset, sources, self.most_opened).await?;
            work.done.own = own;
            let id = (self.context.new_id)();
            let last = loop {
                self.drop_rows(&mut work, None).await?;
                let written = write::pretended(&dataset, &work.rows, (&id, work.done.chunks))?;
                if !work.goes_on() {
                    break written;
                }
                work.written = Some(Arc::new(written));
                work = work.next(&dataset, self.most_opened).await?;
            };
            for (source, fates) in plan::fates(&work)? {
                let records = group.candidate(&source)?.records();
                plan.add(source, records, Ok(fates));
            }
            work.names().for_each(|name| group.remove(name));
            own = work.done.own;
            own.add(last.files, last.keys);
        }
        Ok(own)
    }

    /// Tries to take a group up, on the head as it is now.
    async fn take_up(
        &mut self,
        group: &Group,
        work: &mut Option<Work>,
        time: &mut WorkTime,
    ) -> Result<Attempt, RefineError> {
        let head = self.log.head().await?;
        let head = head.ok_or(NO_LOG)?;
        let stored = self.log.ledger_stored(&group.entries()).await?;
        let todo = group.open(&stored);
        // By this run, whose answer was lost, or by another.
        let mut done = group.finished(&self.log, &stored, &head).await?;
        if todo.len() == 0 {
            return Ok(Attempt::Done(done));
        }
        let Some(tail) = self.catch_up(&head).await? else {
            return Ok(Attempt::StartOver);
        };
        self.check_file()?;
        let recorded = self.recorded.as_ref().ok_or(NO_LOG)?;
        let columns = recorded.record.file_columns();
        let current = self.dedup(todo, work.take(), &tail, &columns, time).await?;
        let current = work.insert(current);
        group.check(current)?;
        let written = self.write(current, columns).await?;

        let committed = self.context.clock.now();
        let appended = super::plan(&self.context.dataset, current, &written, &head, committed)?;
        let commit = group.commit(appended, current, &head, stored)?;
        match self.log.commit_until(&head, &commit, time.until()).await? {
            CommitOutcome::TooLate => Err(RefineError::OutOfTime),
            CommitOutcome::Conflict => Ok(Attempt::StartOver),
            CommitOutcome::Committed(version) => {
                let committed = commit.on(&head);
                self.keep(current, written, &committed);
                // Whoever runs this ends with it: a publication beside it might be cut off.
                if let Err(error) = self.publisher.publish(&committed).await {
                    let version = version.0;
                    tracing::warn!(version, error = chain(&error), "published no Delta version");
                }
                done.extend(super::ledger_entries::newly(commit.ledger, version));
                Ok(Attempt::Done(done))
            }
        }
    }
}
