//! The commit of one group of sources: read `head`, then the ledger, then the log's tail; decide; write files; commit.
//!
//! Any conflict (the head moved, a source is finished) and any unknown outcome starts over at the head. What was
//! prepared stays good as long as the same sources are unfinished, and what was written as long as no row fell away.
//!
//! Sources that open to more than is held at once are cast, compared and written chunk by chunk, and committed as one: a
//! later chunk is compared with the files of those before it as with live files.

mod chunks;
mod ledger_entries;
mod plan;
pub mod redrive;
mod schema;
mod time;
mod work;

use std::sync::Arc;

use super::dedup::file_keys::KeyCache;
use super::dedup::own::OwnFiles;
use super::dedup::{Dropped, Known};
use super::sources::SortedSources;
use super::write::Written;
use super::{RefineError, Refined, write};
use crate::context::Context;
use crate::dataset::ConflictScope;
use crate::error::{Invariant, chain};
use crate::retry::Backoff;
use crate::store::object::ObjectPath;
use crate::table::TableId;
use crate::table::delta::Publisher;
use crate::table::live::LiveFiles;
use crate::table::log::{Commit, CommitKind, CommitLog, CommitOutcome, Head, Version};
use crate::table::parquet::ReadFileError;

use plan::plan;
use schema::Recorded;
pub(super) use time::WorkTime;
use work::Work;

/// How often in a row the log may turn out to be cleared under a reader before it is taken for damaged.
const MAX_OUTDATED: u32 = 5;

/// The one commit in flight in this process, and what it remembers from one to the next.
#[derive(Debug)]
pub(super) struct Committer {
    context: Context,
    log: CommitLog,
    publisher: Arc<Publisher>,
    /// The live files, as far as the log has been read; nothing before the first commit.
    live: Option<LiveFiles>,
    /// What the log records of the dataset file, as of `live`.
    recorded: Option<Recorded>,
    cache: KeyCache,
    /// How many bytes are opened at once, but for those of one event more.
    most_opened: usize,
}

/// What was new in the log.
struct Tail {
    /// The version that had been read before, if any.
    after: Option<Version>,
    commits: Vec<Commit>,
}

/// What is to be done in one commit.
trait Job: Sync {
    /// Tries it on the head as it is; the work on it survives until the next try.
    fn attempt(
        &self,
        committer: &mut Committer,
        work: &mut Option<Work>,
        time: &mut WorkTime,
    ) -> impl Future<Output = Result<Attempt, RefineError>> + Send;
}

impl Job for SortedSources {
    async fn attempt(
        &self,
        committer: &mut Committer,
        work: &mut Option<Work>,
        time: &mut WorkTime,
    ) -> Result<Attempt, RefineError> {
        committer.refine(self, work, time).await
    }
}

/// How an attempt ended.
enum Attempt {
    /// These sources are in the ledger, the first of them at least.
    Done(Vec<Refined>),
    /// Others were faster, or the log was begun.
    StartOver,
}

impl Committer {
    pub(super) fn new(context: Context, most_opened: usize) -> Self {
        let log = CommitLog::new(
            Arc::clone(&context.state),
            Arc::clone(&context.lake),
            &context.dataset,
        );
        let cache = KeyCache::new(context.key_cache_bytes);
        let publisher = Publisher::new(
            Arc::clone(&context.lake),
            log.clone(),
            TableId::of(&context.dataset),
        );
        Self {
            context,
            log,
            publisher: Arc::new(publisher),
            live: None,
            recorded: None,
            cache,
            most_opened,
        }
    }

    /// Finishes sources in one commit, all of them unless they open to more than is held at once: then the first ones.
    /// Nothing is sent that might come after its `time`.
    ///
    /// # Errors
    /// Fails on a permanent error, or once its `time` is over. No source is half done then.
    pub(super) async fn commit_group(
        &mut self,
        sources: &SortedSources,
        time: &mut WorkTime,
    ) -> Result<Vec<Refined>, RefineError> {
        self.finish(sources, time).await
    }

    /// Does a job in one commit, starting over at the head as often as it takes.
    async fn finish(
        &mut self,
        job: &impl Job,
        time: &mut WorkTime,
    ) -> Result<Vec<Refined>, RefineError> {
        let mut backoff = Backoff::default();
        let mut work = None;
        let mut missing: Option<ObjectPath> = None;
        let mut outdated = 0;
        loop {
            match job.attempt(self, &mut work, time).await {
                Ok(Attempt::Done(refined)) => return Ok(refined),
                Ok(Attempt::StartOver) => {}
                // Maintenance has cleared the log up to a snapshot that only a newer head names.
                Err(RefineError::Log(error)) if error.is_outdated() && outdated < MAX_OUTDATED => {
                    self.live = None;
                    outdated += 1;
                }
                // A compaction may have replaced it since the log was read; it is lost if it is still named.
                Err(RefineError::Read(ReadFileError::Gone { path })) => {
                    if missing.as_ref() == Some(&path) {
                        return Err(RefineError::FileLost { path });
                    }
                    missing = Some(path);
                }
                Err(error) if error.is_transient() => {
                    if !backoff.wait(time.until()).await {
                        return Err(error);
                    }
                    continue;
                }
                Err(error) => return Err(error),
            }
            if !backoff.wait(time.until()).await {
                return Err(RefineError::OutOfTime);
            }
        }
    }

    /// Tries to commit sources, on the head as it is now.
    async fn refine(
        &mut self,
        sources: &SortedSources,
        work: &mut Option<Work>,
        time: &mut WorkTime,
    ) -> Result<Attempt, RefineError> {
        let Some(head) = self.log.head().await? else {
            schema::begin(&self.context, &self.log).await?;
            return Ok(Attempt::StartOver);
        };
        let finished = self.log.ledger(&sources.names()).await?;
        if finished.len() == sources.len() {
            return Ok(Attempt::Done(ledger_entries::earlier(finished, &head)));
        }
        let Some(tail) = self.catch_up(&head).await? else {
            return Ok(Attempt::StartOver);
        };
        let recorded = self.recorded.as_ref();
        let recorded = recorded.ok_or(Invariant("a log that was read records its columns"))?;
        if recorded.adopt(&self.context, &self.log, &head).await? {
            return Ok(Attempt::StartOver);
        }
        let columns = recorded.record.file_columns();

        let todo = sources.filter(|source| !finished.contains_key(&source.name));
        let current = self.dedup(todo, work.take(), &tail, &columns, time).await?;
        let current = work.insert(current);
        let written = self.write(current, columns).await?;

        let committed = self.context.clock.now();
        let commit = plan(&self.context.dataset, current, &written, &head, committed)?;
        match self.log.commit_until(&head, &commit, time.until()).await? {
            CommitOutcome::TooLate => Err(RefineError::OutOfTime),
            CommitOutcome::Conflict => Ok(Attempt::StartOver),
            CommitOutcome::Committed(version) => {
                let committed = commit.on(&head);
                self.keep(current, written, &committed);
                self.publish(committed);
                let mut refined = ledger_entries::earlier(finished, &head);
                refined.extend(ledger_entries::newly(commit.ledger, version));
                Ok(Attempt::Done(refined))
            }
        }
    }

    /// Keeps in memory what was just committed, so that it need not be read again.
    fn keep(&mut self, work: &mut Work, written: Arc<Written>, committed: &Commit) {
        // If nothing lies between.
        if let Some(live) = &mut self.live
            && live.version().next() == committed.version
        {
            live.advance(std::slice::from_ref(committed));
        }
        // Nobody else holds it any more; if somebody did, the keys would be read when they are needed.
        work.written = None;
        for (path, keys) in std::mem::take(&mut work.done).own.into_keys() {
            self.cache.put(path, keys);
        }
        for (path, keys) in Arc::into_inner(written).into_iter().flat_map(|w| w.keys) {
            self.cache.put(path, keys);
        }
    }

    /// Reads what is new in the log, whole, and returns it; nothing if what was read before no longer holds. A
    /// process that knows nothing yet begins with the snapshot.
    async fn catch_up(&mut self, head: &Head) -> Result<Option<Tail>, RefineError> {
        // A head below what was read is that of a log that was made anew.
        self.live.take_if(|live| live.version() > head.version);
        let Some(after) = self.live.as_ref().map(LiveFiles::version) else {
            let snapshot = self.log.load(head).await?;
            let since = snapshot.schema_committed;
            self.recorded = Some(Recorded::read(&snapshot.schema, since)?);
            self.live = Some(LiveFiles::of(&snapshot));
            let commits = Vec::new();
            return Ok(Some(Tail {
                after: None,
                commits,
            }));
        };
        // What is kept in memory is whole or void too.
        let commits = match self.log.commits(after, head.version).await {
            Ok(commits) => commits,
            Err(error) => {
                self.live = None;
                return match error.is_outdated() {
                    true => Ok(None),
                    false => Err(error.into()),
                };
            }
        };
        for commit in &commits {
            if let CommitKind::Schema(schema) = &commit.kind {
                self.recorded = Some(Recorded::read(schema, commit.committed)?);
            }
            if let CommitKind::Compact { replaces } = &commit.kind {
                replaces.iter().for_each(|path| self.cache.remove(path));
            }
        }
        self.live.get_or_insert_default().advance(&commits);
        Ok(Some(Tail {
            after: Some(after),
            commits,
        }))
    }

    /// Returns the work on the sources with the rows that no live file holds; all chunks but the last are written then,
    /// with these columns.
    async fn dedup(
        &mut self,
        todo: SortedSources,
        before: Option<Work>,
        tail: &Tail,
        columns: &[String],
        time: &mut WorkTime,
    ) -> Result<Work, RefineError> {
        // Rows that were compared with everything up to where the tail begins need only be compared with the tail.
        let reusable = before.filter(|work| work.is_on(&todo) && Some(work.checked) == tail.after);
        let appended = LiveFiles::appended(&tail.commits);
        match reusable {
            Some(mut work) if work.done.is_empty() => {
                self.drop_known(&mut work, Some(&appended)).await?;
                return Ok(work);
            }
            // Of chunks only the keys are left: they stay as they are, or are made anew.
            Some(mut work) if self.still_holds(&work, &appended).await? => {
                work.checked = self.live.get_or_insert_default().version();
                return Ok(work);
            }
            _ => {}
        }
        let dataset = Arc::clone(&self.context.dataset);
        let mut work = Work::prepare(&dataset, todo, self.most_opened).await?;
        loop {
            self.drop_known(&mut work, None).await?;
            if !work.goes_on() {
                return Ok(work);
            }
            self.write(&mut work, columns.to_vec()).await?;
            if !time.go_on() {
                return Err(RefineError::OutOfTime);
            }
            work = work.next(&dataset, self.most_opened).await?;
        }
    }

    /// Drops the rows in hand that files hold, and compares them with the rows that stay, as far as the dataset asks for it.
    async fn drop_known(
        &mut self,
        work: &mut Work,
        appended: Option<&LiveFiles>,
    ) -> Result<(), RefineError> {
        let dropped = self.drop_rows(work, appended).await?;
        if dropped.rows.is_empty() {
            return Ok(());
        }
        work.written = None;
        let dataset = &self.context.dataset;
        let mut holders = dropped.holders;
        if dataset.conflicts == ConflictScope::Group {
            // What is committed together is compared, however it was cut.
            holders.retain(|holder| work.done.own.keys(&holder.file.path).is_some());
        }
        if !holders.is_empty() {
            let known = known(&self.context, &mut self.cache, &work.done.own);
            let kept = known.contents(&holders).await?;
            let prepared = &work.prepared;
            let duplicates = dropped.rows.iter().chain(&prepared.repeats);
            work.conflicts
                .compare(dataset, &prepared.cast, duplicates, &kept)?;
        }
        Ok(())
    }

    /// Drops the rows in hand that files hold: those that were `appended`, or all live ones, and those of the chunks before.
    async fn drop_rows(
        &mut self,
        work: &mut Work,
        appended: Option<&LiveFiles>,
    ) -> Result<Dropped, RefineError> {
        let live = self.live.get_or_insert_default();
        let (against, own) = (appended.unwrap_or(live), &work.done.own);
        let mut known = known(&self.context, &mut self.cache, own);
        let overlapping = |period, min, max| {
            let files = against.overlapping(period, min, max);
            files
                .chain(own.overlapping(period, min, max))
                .cloned()
                .collect()
        };
        let dropped = known.drop_known(&mut work.rows, overlapping).await?;
        work.checked = live.version();
        Ok(dropped)
    }

    /// Returns whether all chunks are written, and no file that was appended since holds one of their keys.
    async fn still_holds(
        &mut self,
        work: &Work,
        appended: &LiveFiles,
    ) -> Result<bool, RefineError> {
        let Some(written) = &work.written else {
            return Ok(false);
        };
        let last = written.files.iter().zip(&written.keys);
        let last = last.map(|(file, (_, keys))| (file, keys));
        let own = work.done.own.with_keys().chain(last).collect();
        let mut known = known(&self.context, &mut self.cache, &work.done.own);
        let overlapping =
            |period, min, max| appended.overlapping(period, min, max).cloned().collect();
        Ok(!known.meet(own, overlapping).await?)
    }

    /// Publishes the commit to the Delta log, beside the work on the next one. A failure is made up for by a later
    /// commit or by maintenance.
    fn publish(&self, commit: Commit) {
        let publisher = Arc::clone(&self.publisher);
        tokio::spawn(async move {
            if let Err(error) = publisher.publish(&commit).await {
                let version = commit.version.0;
                tracing::warn!(version, error = chain(&error), "published no Delta version");
            }
        });
    }

    /// Makes the files durable, with these columns, unless they are.
    async fn write(
        &self,
        work: &mut Work,
        columns: Vec<String>,
    ) -> Result<Arc<Written>, RefineError> {
        if let Some(written) = &work.written {
            return Ok(Arc::clone(written));
        }
        let Context {
            lake,
            dataset,
            new_id,
            ..
        } = &self.context;
        let names = work.prepared.sources.iter().map(|source| &source.name);
        let name = write::Name {
            id: work.done.id.clone().unwrap_or_else(new_id),
            columns,
            chunk: work.done.chunks,
            quarantined: work.done.quarantined(names),
        };
        let written = write::write(lake, dataset, &work.prepared, &work.rows, name).await?;
        Ok(Arc::clone(work.written.insert(Arc::new(written))))
    }
}

fn known<'k>(context: &'k Context, cache: &'k mut KeyCache, own: &'k OwnFiles) -> Known<'k> {
    Known {
        lake: &context.lake,
        dataset: &context.dataset,
        own,
        cache,
        cache_bytes: context.key_cache_bytes,
    }
}
