//! Whose tables they are: whether they follow this log, and whether the generation that they are to show is whole.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::context::{Attempt, Raised};
use crate::gold::error::Error;
use crate::gold::generation::{Lack, Lost, Successor};
use crate::gold::plan::{counted, foreign, generations};
use crate::table::log::{CommitLog, Head};
use crate::warehouse::Standing;
use crate::warehouse::schema::TableIndex;

impl Attempt<'_> {
    /// Returns where this generation is being raised.
    pub(super) fn raised(&self, standing: &Standing) -> Raised {
        Raised {
            older: self.older(standing),
            from: self.raised_from(standing),
        }
    }

    /// Returns the tables that show another generation, and are there.
    fn older(&self, standing: &Standing) -> BTreeMap<TableIndex, u32> {
        let schema = self.schema();
        let mut older = BTreeMap::new();
        for (index, table) in schema.indexed_tables() {
            let progress = standing.progress.get(&table.name);
            let progress = progress.filter(|_| !standing.is_unseen(index, table));
            let generation = progress.map(|progress| progress.generation);
            older.extend(generation.map(|generation| (index, generation)));
        }
        older.retain(|_, generation| *generation != schema.generation);
        older
    }

    /// Returns the generations that are, or were, shown before this one, where this one is being raised. A table that
    /// somebody dropped was one of its generation, and where the dataset file has none of the tables before, they count.
    pub(in crate::gold) fn raised_from(&self, standing: &Standing) -> BTreeSet<u32> {
        let own = self.schema().generation;
        let rows = standing.progress.iter();
        let made = rows.filter(|(_, progress)| progress.generation != 0);
        let (here, elsewhere): (Vec<_>, Vec<_>) = made.partition(|(name, _)| self.has(name));
        let elsewhere = elsewhere.into_iter();
        let removed = elsewhere.filter(|(name, _)| standing.owned.contains(*name));
        let rows = match here.is_empty() {
            true => removed.collect(),
            false => here,
        };
        let generations = rows.iter().map(|(_, progress)| progress.generation);
        generations
            .filter(|generation| *generation != own)
            .collect()
    }

    /// Returns what tables of older generations wait for, if this generation is not whole.
    pub(super) async fn waits_for(
        &self,
        generations: &BTreeSet<u32>,
    ) -> Result<Option<String>, Error> {
        let successor = Successor {
            dataset: self.dataset,
            lake: self.lake,
            state: self.state,
            log: self.log,
            scanner: self.lookout.scanner(),
            deadline: self.deadline,
        };
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
    pub(in crate::gold) fn log_of(&self, generation: u32) -> CommitLog {
        let mut dataset = (**self.dataset).clone();
        dataset.generation = generation;
        CommitLog::new(Arc::clone(self.state), Arc::clone(self.lake), &dataset)
    }

    /// Returns why the tables are not this pipeline's, if so: their log is another one, or, where they were made from
    /// another generation, that generation's log in this storage is another one or is not there. All tables of the
    /// dataset's name count, whatever the dataset file has, and what is made beside them.
    pub(super) async fn other_pipeline(
        &self,
        standing: &Standing,
        head: &Head,
    ) -> Result<Option<Error>, Error> {
        let (schema, log) = (self.schema(), head.log.as_deref());
        let progress = counted(schema, standing, log)?;
        let mut tables: BTreeSet<String> = foreign(schema.generation, &progress, log)
            .into_iter()
            .collect();
        let beside = standing.next.iter().filter(|(name, next)| {
            // What is asked for takes over by a swap, and is left until then.
            let is_other = next.log.is_some() && next.log != head.log && !next.is_asked;
            // One that nobody sees yet is made by somebody as well.
            is_other
                && next.generation == schema.generation
                && standing.progress.contains_key(*name)
        });
        tables.extend(beside.map(|(name, _)| name.clone()));
        for (generation, logs) in generations(schema.generation, &progress) {
            let log = self.log_of(generation);
            let found = log.head().await?.and_then(|head| head.log);
            let others = logs
                .into_iter()
                .filter(|(_, log)| found.as_ref() != Some(log));
            tables.extend(others.map(|(table, _)| table));
        }
        // In the order of the file, and then those that it does not have.
        let named = schema.tables.iter().map(|table| &table.name);
        let mut ordered: Vec<String> = named
            .filter(|name| tables.contains(*name))
            .cloned()
            .collect();
        ordered.extend(tables.into_iter().filter(|name| !self.has(name)));
        let is_other = !ordered.is_empty();
        Ok(is_other.then_some(Error::OtherPipeline { tables: ordered }))
    }

    fn has(&self, table: &str) -> bool {
        self.schema().table(table).is_some()
    }
}
