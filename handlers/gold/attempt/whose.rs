//! Whose tables they are: whether they follow this log, and whether the generation that they are to show is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::Attempt;
use crate::error::Invariant;
use crate::gold::error::Error;
use crate::gold::generation::{Lack, Lost, Successor};
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
        older: &BTreeMap<TableIndex, u32>,
    ) -> Result<Option<String>, Error> {
        let successor = Successor {
            dataset: self.dataset,
            lake: self.lake,
            state: self.state,
            log: self.log,
            scanner: self.lookout.scanner(),
            deadline: self.deadline,
        };
        let generations: BTreeSet<u32> = older.values().copied().collect();
        let logs = generations
            .iter()
            .map(|generation| (*generation, self.log_of(*generation)));
        let logs: Vec<_> = logs.collect();
        let generations: Vec<String> = generations.iter().map(u32::to_string).collect();
        let (own, shown) = (self.schema().generation, generations.join(", "));
        let lack = successor.lacks(&logs, self.looked).await?;
        Ok(lack.map(|lack| match lack {
            Lack::Pending(objects) => format!(
                "generation {own} is being made from bronze and lacks {objects} objects or more; until it is whole, generation {shown} is shown"
            ),
            Lack::Lost(Lost { sources, rows }) => format!(
                "generation {own} lacks {sources} sources with {rows} rows of generation {shown}, which bronze no longer has; generation {shown} is shown until somebody accepts that with `sluice rebuild silver --accept-loss`"
            ),
        }))
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
        // Nor does one that is asked for anew from this log.
        for (name, next) in &standing.next {
            if next.is_asked && next.log == head.log {
                progress.remove(name);
            }
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
        let is_other = !tables.is_empty();
        Ok(is_other.then(|| Error::OtherPipeline { tables }))
    }
}
