//! Carries out one transaction: files in, merged rows and moved progress out.

use std::sync::Arc;

use futures::stream::{self, StreamExt, TryStreamExt};

use super::error::Error;
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

impl Work<'_> {
    /// Aggregates the files, moves the tables and merges. The transaction is begun when everything is aggregated, or
    /// when more bytes of groups are held than may be.
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
                if aggregator.bytes() < self.max_held {
                    continue;
                }
                match self
                    .flush(transaction, &run, &mut aggregator, &mut counts)
                    .await?
                {
                    Ok(open) => transaction = Some(open),
                    Err(refused) => return Ok(refused),
                }
            }
        }
        let last = self.flush(transaction, &run, &mut aggregator, &mut counts);
        match last.await? {
            Ok(transaction) => transaction.commit().await?,
            Err(refused) => return Ok(refused),
        }
        Ok(Done::Committed(counts))
    }

    /// Merges the groups at hand into the transaction, which is begun if it is not open; returns what became of it if it
    /// was refused.
    async fn flush(
        &self,
        transaction: Option<Box<dyn Transaction>>,
        run: &Run,
        aggregator: &mut Aggregator,
        counts: &mut Counts,
    ) -> Result<Result<Box<dyn Transaction>, Done>, Error> {
        let mut transaction = match transaction {
            Some(transaction) => transaction,
            None => match self.warehouse.begin(run.clone()).await? {
                Begun::Open(transaction) => transaction,
                Begun::Conflict => return Ok(Err(Done::Conflict)),
                Begun::Replaced => return Ok(Err(Done::Replaced)),
            },
        };
        for (table, rows) in aggregator.take() {
            counts.groups += rows.len() as u64;
            if !rows.is_empty() {
                transaction.merge(table, rows).await?;
            }
        }
        Ok(Ok(transaction))
    }
}
