//! Carries out one transaction: files in, merged rows and moved progress out.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::Error;
use super::increments::Aggregator;
use crate::dataset::ColumnIndex;
use crate::dataset::Dataset;
use crate::store::object::ObjectStore;
use crate::table::log::DataFile;
use crate::table::parquet::read_columns;
use crate::warehouse::schema::TableIndex;
use crate::warehouse::{Begun, Run, Transaction, Warehouse};

/// How many files are opened ahead of the one that is aggregated.
const FILES_AHEAD: usize = 4;

/// What a transaction works with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work<'a> {
    pub(super) dataset: &'a Arc<Dataset>,
    pub(super) lake: &'a Arc<dyn ObjectStore>,
    pub(super) warehouse: &'a dyn Warehouse,
    /// Groups that are held before they are merged into the transaction.
    pub(super) max_groups: usize,
}

/// What became of a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Done {
    Committed(Counts),
    /// Another run was first; nothing has changed.
    Conflict,
}

/// What a transaction took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) commits: u64,
    pub(super) files: u64,
    pub(super) rows: u64,
    pub(super) groups: u64,
}

impl Work<'_> {
    /// Aggregates the files, moves the tables and merges. The transaction is begun when everything is aggregated, or
    /// when there are more groups than may be held.
    pub(super) async fn carry_out(
        &self,
        run: Run,
        files: Vec<DataFile>,
        commits: u64,
    ) -> Result<Done, Error> {
        let tables: Vec<TableIndex> = run.steps.iter().map(|step| step.table).collect();
        let schema = self.warehouse.schema();
        let mut aggregator = Aggregator::new(self.dataset, schema, &tables)?;
        let mut counts = Counts {
            commits,
            files: files.len() as u64,
            ..Counts::default()
        };
        let columns: Arc<[ColumnIndex]> = aggregator.columns().into();
        let mut transaction: Option<Box<dyn Transaction>> = None;

        let mut opened = stream::iter(files)
            .map(|file| {
                let (lake, columns) = (Arc::clone(self.lake), Arc::clone(&columns));
                let dataset = Arc::clone(self.dataset);
                async move { read_columns(&lake, &file, &dataset, &columns).await }
            })
            .buffered(FILES_AHEAD);
        while let Some(mut batches) = opened.try_next().await? {
            while let Some(batch) = batches.try_next().await? {
                counts.rows += batch.num_rows() as u64;
                aggregator.add(&batch)?;
                if aggregator.groups() < self.max_groups {
                    continue;
                }
                match self
                    .flush(transaction, &run, &mut aggregator, &mut counts)
                    .await?
                {
                    None => return Ok(Done::Conflict),
                    open => transaction = open,
                }
            }
        }
        let last = self.flush(transaction, &run, &mut aggregator, &mut counts);
        let Some(transaction) = last.await? else {
            return Ok(Done::Conflict);
        };
        transaction.commit().await?;
        Ok(Done::Committed(counts))
    }

    /// Merges the groups at hand into the transaction, which is begun if it is not open; returns nothing if another
    /// run was first.
    async fn flush(
        &self,
        transaction: Option<Box<dyn Transaction>>,
        run: &Run,
        aggregator: &mut Aggregator,
        counts: &mut Counts,
    ) -> Result<Option<Box<dyn Transaction>>, Error> {
        let mut transaction = match transaction {
            Some(transaction) => transaction,
            None => match self.warehouse.begin(run.clone()).await? {
                Begun::Open(transaction) => transaction,
                Begun::Conflict => return Ok(None),
            },
        };
        for (table, rows) in aggregator.take() {
            counts.groups += rows.len() as u64;
            if !rows.is_empty() {
                transaction.merge(table, rows).await?;
            }
        }
        Ok(Some(transaction))
    }
}
