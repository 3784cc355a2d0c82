//! Whose tables they are: whether they follow this log, and whether the generation that they are to show is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::Attempt;
use crate::error::Invariant;
use crate::gold::error::Error;
use crate::gold::generation::{Lack, Successor};
use crate::gold::plan::{foreign, generations};
use crate::table::log::{CommitLog, Head};
use crate::warehouse::Standing;
use crate::warehouse::schema::TableIndex;

impl Attempt<'_> {
    /// Returns the tables that show another generation, and are there.
    pub(super) fn older(
        &self,
        standing: &Standing,
    ) -> Result<BTreeMap<TableIndex, u32>, Invariant> {
        let schema = self.schema();
        let mut older = BTreeMap::new();
        for (index, table) in schema.indexed_tables() {
            let generation = match standing.progress.get(&table.name) {
                Some(progress) if !standing.gone.contains(&index) => progress.generation,
                _ => continue,
            };
            // What was never filled shows nothing.
            if generation != schema.generation && generation != 0 {
                older.insert(index, generation);
            }
        }
        Ok(older)
    }

    /// Returns what tables of older generations wait for, if this generation is not whole.
    pub(super) async fn waits_for(
        &self,
        standing: &Standing,
        older: &BTreeMap<TableIndex, u32>,
    ) -> Result<Option<String>, Error> {
        let successor = Successor {
            dataset: self.dataset,
            lake: self.lake,
            log: self.log,
            now: self.clock.now(),
        };
        let generations: BTreeSet<u32> = older.values().copied().collect();
        let own = self.schema().generation;
        for generation in generations {
            let old = self.log_of(generation);
            let waits = match successor.lacks(&old, self.looked).await? {
                None => continue,
                Some(Lack::Pending(objects)) => format!(
                    "generation {own} is being made from bronze and lacks {objects} objects or more; until it is whole, generation {generation} is shown"
                ),
                Some(Lack::Lost { sources, rows }) => {
                    let names = self.names(older.keys())?;
                    let tables = self.rows(&standing.progress, &names).join(", ");
                    format!(
                        "generation {own} lacks {sources} sources with {rows} rows of generation {generation}, which bronze no longer has; generation {generation} is shown until somebody drops {tables}, which are then made without them"
                    )
                }
            };
            return Ok(Some(waits));
        }
        Ok(None)
    }

    /// Returns the log of another generation.
    pub(super) fn log_of(&self, generation: u32) -> CommitLog {
        let mut dataset = (**self.dataset).clone();
        dataset.generation = generation;
        CommitLog::new(Arc::clone(self.state), Arc::clone(self.lake), &dataset)
    }

    /// Returns why the tables are not this pipeline's, if so: their log is another one, or, where they were made from
    /// another generation, that generation's log in this storage is another one or is not there.
    pub(super) async fn other_pipeline(
        &self,
        standing: &Standing,
        head: &Head,
    ) -> Result<Option<Error>, Error> {
        // A table that somebody dropped follows nothing any more.
        let schema = self.schema();
        let mut progress = standing.progress.clone();
        for gone in &standing.gone {
            progress.remove(&schema.table_at(*gone)?.name);
        }
        let mut tables = foreign(schema, &progress, head.log.as_deref());
        for (generation, logs) in generations(schema, &progress) {
            let log = self.log_of(generation);
            let found = log.head().await?.and_then(|head| head.log);
            let others = logs
                .into_iter()
                .filter(|(_, log)| found.as_ref() != Some(log));
            tables.extend(others.map(|(table, _)| table));
        }
        let rows = self.rows(&progress, &tables);
        let is_other = !tables.is_empty();
        Ok(is_other.then(|| Error::OtherPipeline { tables, rows }))
    }
}
