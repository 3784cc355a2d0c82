//! Carries out one transaction: files in, merged rows and moved progress out.

use std::sync::Arc;
use std::time::Duration;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::error::Error;
use super::increments::Aggregator;
use crate::dataset::ColumnIndex;
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::event::EventTime;
use crate::retry::Deadline;
use crate::store::object::ObjectStore;
use crate::table::log::DataFile;
use crate::table::parquet::{ReadFileError, read_columns};
use crate::warehouse::schema::{TableIndex, TableSchema};
use crate::warehouse::{
    Begun, Fill, Filling, Opened, Row, Run, Transaction, Warehouse, WarehouseError,
};

/// How many files are opened ahead of the one that is aggregated.
const FILES_AHEAD: usize = 4;

/// What a transaction works with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work<'a> {
    pub(super) dataset: &'a Arc<Dataset>,
    pub(super) lake: &'a Arc<dyn ObjectStore>,
    pub(super) warehouse: &'a dyn Warehouse,
    /// About how many bytes of groups are held before they are merged into the transaction.
    pub(super) max_held: u64,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Committed(Counts),
    /// Another run was first; nothing has changed.
    Conflict,
    /// A later build has run; nothing has changed.
    Replaced,
}

/// What a transaction took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) commits: u64,
    pub(super) files: u64,
    pub(super) rows: u64,
    pub(super) groups: u64,
}

/// What is begun when there are rows, or nothing more to read.
#[derive(Clone, Copy)]
enum Target<'a> {
    Live(&'a Run),
    Beside(&'a Fill),
}

/// What has begun.
enum Open {
    Live(Box<dyn Transaction>),
    Beside(Box<dyn Filling>),
}

impl Open {
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError> {
        match self {
            Self::Live(transaction) => transaction.merge(table, rows).await,
            Self::Beside(filling) => filling.merge(table, rows).await,
        }
    }
}

impl Work<'_> {
    /// Aggregates the files, moves the tables and merges. The transaction is begun when everything is aggregated, or
    /// when more bytes of groups are held than may be.
    pub(super) async fn carry_out(
        &self,
        run: Run,
        files: Vec<DataFile>,
        commits: u64,
    ) -> Result<Done, Error> {
        let schema = self.warehouse.schema();
        let mut tables = Vec::new();
        for step in &run.steps {
            tables.push((step.table, step.layout(schema)?));
        }
        match self
            .gather(Target::Live(&run), &tables, (files, None))
            .await?
        {
            Ok((Open::Live(transaction), counts)) => {
                transaction.commit().await?;
                Ok(Done::Committed(Counts { commits, ..counts }))
            }
            Ok((Open::Beside(_), _)) => Ok(Done::Conflict),
            Err(refused) => Ok(refused),
        }
    }

    /// Aggregates files for shadows, all of them or until a time is over, but at least one, and merges; returns what is to be committed
    /// and what it took, or what became of it.
    pub(super) async fn fill(
        &self,
        fill: &Fill,
        files: Vec<DataFile>,
        until: Option<Deadline>,
    ) -> Result<Result<(Box<dyn Filling>, Counts), Done>, Error> {
        let schema = self.warehouse.schema();
        let mut tables = Vec::new();
        for (index, _) in &fill.shadows {
            tables.push((*index, schema.table_at(*index)?));
        }
        let gathered = self.gather(Target::Beside(fill), &tables, (files, until));
        Ok(match gathered.await? {
            Ok((Open::Beside(filling), counts)) => Ok((filling, counts)),
            Ok((Open::Live(_), _)) => Err(Done::Conflict),
            Err(refused) => Err(refused),
        })
    }

    async fn gather(
        &self,
        target: Target<'_>,
        tables: &[(TableIndex, &TableSchema)],
        (files, until): (Vec<DataFile>, Option<Deadline>),
    ) -> Result<Result<(Open, Counts), Done>, Error> {
        let mut aggregator = Aggregator::new(self.dataset, tables)?;
        let mut counts = Counts::default();
        let columns: Arc<[ColumnIndex]> = aggregator.columns().into();
        let mut open: Option<Open> = None;

        let mut opened = stream::iter(files)
            .map(|file| {
                let (lake, columns) = (Arc::clone(self.lake), Arc::clone(&columns));
                let dataset = Arc::clone(self.dataset);
                async move {
                    let batches = read_columns(&lake, &file, &dataset, &columns).await?;
                    Ok::<_, ReadFileError>((file, batches))
                }
            })
            .buffered(FILES_AHEAD);
        while let Some((file, mut batches)) = opened.try_next().await? {
            let before = counts.rows;
            counts.files += 1;
            while let Some(batch) = batches.try_next().await? {
                counts.rows += batch.num_rows() as u64;
                aggregator.add(&batch)?;
                if aggregator.bytes() < self.max_held {
                    continue;
                }
                match self
                    .flush(open, target, &mut aggregator, &mut counts)
                    .await?
                {
                    Ok(begun) => open = Some(begun),
                    Err(refused) => return Ok(Err(refused)),
                }
            }
            whole(&file, counts.rows - before)?;
            if until.is_some_and(|until| !until.allows(Duration::ZERO)) {
                break;
            }
        }
        let last = self.flush(open, target, &mut aggregator, &mut counts);
        Ok(last.await?.map(|open| (open, counts)))
    }

    /// Merges the groups at hand into the transaction, which is begun if it is not open; returns what became of it if it
    /// was refused.
    async fn flush(
        &self,
        open: Option<Open>,
        target: Target<'_>,
        aggregator: &mut Aggregator,
        counts: &mut Counts,
    ) -> Result<Result<Open, Done>, Error> {
        let mut open = match open {
            Some(open) => open,
            None => match self.begin(target).await? {
                Ok(open) => open,
                Err(refused) => return Ok(Err(refused)),
            },
        };
        for (table, mut rows) in aggregator.take() {
            if let Some(kept_from) = self.kept_from(target, table)? {
                rows.retain(|row| row.start >= kept_from.0);
            }
            counts.groups += rows.len() as u64;
            if !rows.is_empty() {
                open.merge(table, rows).await?;
            }
        }
        Ok(Ok(open))
    }

    /// Returns the start of the first period that a table keeps, if it does not keep all.
    fn kept_from(
        &self,
        target: Target<'_>,
        table: TableIndex,
    ) -> Result<Option<EventTime>, Invariant> {
        let schema = self.warehouse.schema();
        match target {
            Target::Live(run) => {
                let step = run.steps.iter().find(|step| step.table == table);
                let moved = step.map(|step| step.moved(run, schema)).transpose()?;
                Ok(moved.and_then(|moved| moved.kept_from))
            }
            Target::Beside(fill) => Ok(schema.table_at(table)?.kept_from(fill.as_of)),
        }
    }

    async fn begin(&self, target: Target<'_>) -> Result<Result<Open, Done>, Error> {
        Ok(match target {
            Target::Live(run) => match self.warehouse.begin(run.clone()).await? {
                Begun::Open(transaction) => Ok(Open::Live(transaction)),
                Begun::Conflict => Err(Done::Conflict),
                Begun::Replaced => Err(Done::Replaced),
            },
            Target::Beside(fill) => match self.warehouse.fill(fill.clone()).await? {
                Opened::Open(filling) => Ok(Open::Beside(filling)),
                Opened::Conflict => Err(Done::Conflict),
                Opened::Replaced => Err(Done::Replaced),
            },
        })
    }
}

/// Fails if a file has not as many rows as the log says: what a table has taken in is counted by the log. Of a file that was
/// replaced since it does not say it any more, and every file has rows.
fn whole(file: &DataFile, rows: u64) -> Result<(), ReadFileError> {
    match rows == file.rows || file.rows == 0 {
        true => Ok(()),
        false => Err(ReadFileError::Decode {
            path: file.path.clone(),
            source: format!("it has {rows} rows, and the log says {}", file.rows).into(),
        }),
    }
}
