//! Rewrites small files into one that is sorted by event time. The rows stay the same, so readers that follow the log
//! see each row exactly once (S7).

mod plan;

use std::sync::Arc;
use std::time::Duration;

use arrow_array::RecordBatch;
use arrow_ord::sort::sort_to_indices;
use arrow_select::concat::concat_batches;
use arrow_select::take::take_record_batch;
use futures::stream::{self, StreamExt, TryStreamExt};

use super::{Compacted, Error, Maintenance, Options};
use crate::event::EventTime;
use crate::retry::{Backoff, Deadline};
use crate::store::object::Metadata;
use crate::table::delta::stats;
use crate::table::evolution::{Change, SchemaRecord};
use crate::table::live::LiveFiles;
use crate::table::log::{
    COMMIT_DEADLINE, CommitKind, CommitOutcome, Counts, DataFile, NewCommit, Snapshot,
};
use crate::table::parquet;
use crate::table::parquet::ReadFileError;
use crate::table::schema::{arranged, arrow_schema, every_column, place_of};
use crate::value::time::micros;
pub use plan::Job;

/// How many inputs are read at once.
const PARALLEL_FILES: usize = 4;

/// What became of a rewrite.
enum Outcome {
    Done,
    /// Its inputs are no longer live.
    Conflict,
}

impl Maintenance {
    pub(super) async fn compact(
        &self,
        options: Options,
        deadline: Deadline,
    ) -> Result<Compacted, Error> {
        let mut done = Compacted::default();
        let Some(head) = self.log.head().await? else {
            return Ok(done);
        };
        let snapshot = self.log.load(&head).await?;
        // With an older dataset file a rewrite would drop columns.
        let Some(columns) = self.columns(&snapshot)? else {
            return Ok(done);
        };
        let lateness = micros(self.context.dataset.allowed_lateness);
        let closed = head.watermark.map(|time| time.0.saturating_sub(lateness));
        let jobs = plan::jobs(
            snapshot.files.values().map(|live| &live.file),
            self.context.dataset.period,
            closed.map(EventTime),
            &self.limits.compact,
        );
        done.left = jobs.len() as u64;
        if options.dry_run {
            return Ok(done);
        }

        let mut live = LiveFiles::of(&snapshot);
        drop(snapshot);
        for job in jobs.into_iter().take(self.limits.compactions) {
            if !deadline.allows(Duration::ZERO) {
                break;
            }
            match self.rewrite(&job, &columns, &mut live, &mut done).await? {
                Outcome::Done => done.commits += 1,
                Outcome::Conflict => done.given_up += 1,
            }
            done.left -= 1;
        }
        Ok(done)
    }

    /// Returns the columns of silver, in the order in which they stand, if they are those of the dataset file.
    fn columns(&self, snapshot: &Snapshot) -> Result<Option<Vec<String>>, Error> {
        let now = SchemaRecord::of(&self.context.dataset)?;
        let recorded: Option<SchemaRecord> = serde_json::from_str(&snapshot.schema).ok();
        let recorded = recorded.filter(|recorded| recorded.change_to(&now) == Change::None);
        Ok(recorded.map(|recorded| recorded.file_columns()))
    }

    async fn rewrite(
        &self,
        job: &Job,
        columns: &[String],
        live: &mut LiveFiles,
        done: &mut Compacted,
    ) -> Result<Outcome, Error> {
        let deadline = Deadline::after(COMMIT_DEADLINE);
        let batches = match self.read_all(job).await {
            Ok(batches) => batches,
            // Another run has replaced it, and it was old enough to be removed; or it is lost, which silver reports.
            Err(Error::Read(ReadFileError::Gone { .. })) => return Ok(Outcome::Conflict),
            Err(error) => return Err(error),
        };
        let id = (self.context.new_id)();
        let file = self.write(job, columns, batches, &id).await?;
        let outcome = self.replace(job, &file, &id, live, deadline).await?;
        if let Outcome::Done = outcome {
            done.replaced += job.inputs.len() as u64;
            done.rows += file.rows;
            done.bytes += file.bytes;
        }
        Ok(outcome)
    }

    /// Reads every column of the inputs.
    async fn read_all(&self, job: &Job) -> Result<Vec<RecordBatch>, Error> {
        let dataset = &self.context.dataset;
        let columns = every_column(dataset);
        let reads: Vec<_> = job
            .inputs
            .iter()
            .map(|file| parquet::read_columns(&self.context.lake, file, dataset, &columns))
            .collect();
        let mut opened = stream::iter(reads).buffered(PARALLEL_FILES);
        let mut batches = Vec::new();
        while let Some(mut file) = opened.try_next().await? {
            while let Some(batch) = file.try_next().await? {
                batches.push(batch);
            }
        }
        Ok(batches)
    }

    /// Writes the rows, sorted, to a file that nothing names yet.
    async fn write(
        &self,
        job: &Job,
        columns: &[String],
        batches: Vec<RecordBatch>,
        id: &str,
    ) -> Result<DataFile, Error> {
        let dataset = Arc::clone(&self.context.dataset);
        let columns = columns.to_vec();
        let merge = move || {
            let schema = arrow_schema(&dataset);
            let batches: Vec<RecordBatch> = batches
                .iter()
                .map(|batch| RecordBatch::try_new(Arc::clone(&schema), batch.columns().to_vec()))
                .collect::<Result<_, _>>()?;
            let rows = concat_batches(&schema, &batches)?;
            drop(batches);
            let order = sort_to_indices(rows.column(dataset.event_time.position()), None, None)?;
            let rows = take_record_batch(&rows, &order)?;
            let rows = arranged(&rows, &columns)?;
            let event_time = &dataset.column(dataset.event_time)?.name;
            let content = parquet::encode(&rows, place_of(&rows, event_time)?)?;
            Ok::<_, Error>((content, stats::of(&rows), rows.num_rows() as u64))
        };
        let merged = tokio::task::spawn_blocking(merge).await;
        let (content, stats, rows) = merged.map_err(Error::Interrupted)??;

        let path = self
            .table()
            .file(self.context.dataset.period, job.period, id, 0);
        let bytes = content.len() as u64;
        self.context
            .lake
            .create(&path, content, &Metadata::new())
            .await?;
        let times = |time: fn(&DataFile) -> EventTime| job.inputs.iter().map(time);
        Ok(DataFile {
            path,
            period: job.period,
            rows,
            bytes,
            min: times(|file| file.min).min().unwrap_or(job.period),
            max: times(|file| file.max).max().unwrap_or(job.period),
            stats: Some(stats),
        })
    }

    /// Commits the rewrite. Whatever happened to an earlier try, it is sent only on a head at which every input is
    /// live: never again with a higher version unchecked.
    async fn replace(
        &self,
        job: &Job,
        file: &DataFile,
        id: &str,
        live: &mut LiveFiles,
        deadline: Deadline,
    ) -> Result<Outcome, Error> {
        let mut backoff = Backoff::default();
        loop {
            match self.try_replace(job, file, id, live, deadline).await {
                Ok(Some(outcome)) => return Ok(outcome),
                Ok(None) => {}
                Err(Error::Log(error)) if error.is_transient() => {}
                Err(error) => return Err(error),
            }
            if !backoff.wait(deadline).await {
                return Ok(Outcome::Conflict);
            }
        }
    }

    async fn try_replace(
        &self,
        job: &Job,
        file: &DataFile,
        id: &str,
        live: &mut LiveFiles,
        deadline: Deadline,
    ) -> Result<Option<Outcome>, Error> {
        let Some(head) = self.log.head().await? else {
            return Ok(Some(Outcome::Conflict));
        };
        match self.log.commits(live.version(), head.version).await {
            Ok(tail) => live.advance(&tail),
            Err(error) if error.is_outdated() => {
                *live = LiveFiles::of(&self.log.load(&head).await?)
            }
            Err(error) => return Err(error.into()),
        }
        // An earlier try whose answer was lost.
        if live.contains(file) {
            return Ok(Some(Outcome::Done));
        }
        let are_live = job.inputs.iter().all(|input| live.contains(input));
        if !are_live {
            return Ok(Some(Outcome::Conflict));
        }

        let inputs = job.inputs.iter().map(|input| input.path.clone());
        let commit = NewCommit {
            id: id.to_owned(),
            kind: CommitKind::Compact {
                replaces: inputs.collect(),
            },
            committed: self.context.clock.now(),
            files: vec![file.clone()],
            ledger: Vec::new(),
            taken_up: Vec::new(),
            watermark: head.watermark,
            clock: head.clock,
            partitions: head.partitions.clone(),
        };
        debug_assert_eq!(commit.counts(), Counts::default());
        Ok(
            match self.log.commit_until(&head, &commit, deadline).await? {
                CommitOutcome::Conflict => None,
                CommitOutcome::TooLate => Some(Outcome::Conflict),
                CommitOutcome::Committed(_) => {
                    live.advance(&[commit.on(&head)]);
                    Some(Outcome::Done)
                }
            },
        )
    }
}
