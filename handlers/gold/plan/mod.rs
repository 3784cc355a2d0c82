//! Which tables stand where, and what the next transaction does; pure.

mod chunk;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Invariant;
use crate::table::log::Version;
use crate::warehouse::Progress;
use crate::warehouse::schema::{GoldSchema, TableIndex};
pub use chunk::{Chunk, Limits, chunk};

/// What the tables lack of silver's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableBacklog {
    /// The tables that are made from nothing, with the progress that they lose.
    pub to_rebuild: BTreeMap<TableIndex, Option<Progress>>,
    /// The tables that are behind, by the version they stand at.
    pub behind: BTreeMap<Version, Vec<TableIndex>>,
    /// The tables that are ahead of the head, by name: their log was not this one.
    pub ahead: Vec<String>,
}

impl TableBacklog {
    /// Finds out where the tables stand. A table is made from nothing if it has no progress, if its generation or
    /// definition has changed, if it is one of `gone`, or if `rebuild` says so.
    #[must_use]
    pub fn of(
        schema: &GoldSchema,
        (progress, gone): (&BTreeMap<String, Progress>, &BTreeSet<TableIndex>),
        head: Version,
        rebuild: &Rebuild,
    ) -> Self {
        let mut backlog = Self::default();
        for (index, table) in schema.indexed_tables() {
            let found = progress.get(&table.name);
            let is_current = |found: &&Progress| {
                found.generation == schema.generation && found.definition == table.definition
            };
            match found
                .filter(is_current)
                .filter(|_| !rebuild.has(&table.name) && !gone.contains(&index))
            {
                None => {
                    backlog.to_rebuild.insert(index, found.cloned());
                }
                Some(found) if found.version > head => backlog.ahead.push(table.name.clone()),
                Some(found) if found.version < head => {
                    let tables = backlog.behind.entry(found.version).or_default();
                    tables.push(index);
                }
                Some(_) => {}
            }
        }
        backlog
    }

    /// Leaves out what would be made from nothing and was already, by name.
    ///
    /// # Errors
    /// Fails if the backlog is not of this schema.
    pub fn leave_out(&mut self, rebuilt: &[String], schema: &GoldSchema) -> Result<(), Invariant> {
        for (index, lost) in std::mem::take(&mut self.to_rebuild) {
            if !rebuilt.contains(&schema.table_at(index)?.name) {
                self.to_rebuild.insert(index, lost);
            }
        }
        Ok(())
    }

    /// Returns the tables that stand at `head` and have nothing to do, with their progress.
    #[must_use]
    pub fn standing(
        &self,
        schema: &GoldSchema,
        progress: &BTreeMap<String, Progress>,
        head: Version,
    ) -> BTreeMap<TableIndex, Progress> {
        let tables = schema.indexed_tables().filter_map(|(index, table)| {
            let own = progress.get(&table.name)?;
            let is_current =
                own.generation == schema.generation && own.definition == table.definition;
            let stands = own.version == head && is_current && !self.to_rebuild.contains_key(&index);
            stands.then(|| (index, own.clone()))
        });
        tables.collect()
    }

    /// Passes over a table.
    pub fn pass_over(&mut self, table: TableIndex) {
        self.to_rebuild.remove(&table);
        for tables in self.behind.values_mut() {
            tables.retain(|other| *other != table);
        }
        self.behind.retain(|_, tables| !tables.is_empty());
    }

    /// Returns the tables that are furthest behind, where they stand, and how far they go before they meet others or
    /// the head: from there one read serves all.
    #[must_use]
    pub fn next(&self, head: Version) -> Option<CatchUp> {
        let mut behind = self.behind.iter();
        let (from, tables) = behind.next()?;
        let until = behind.next().map_or(head, |(version, _)| *version);
        Some(CatchUp {
            from: *from,
            until: until.min(head),
            tables: tables.clone(),
        })
    }

    /// Notes that the tables of `moved` stand at `to`.
    pub fn advance(&mut self, moved: CatchUp, to: Version, head: Version) {
        self.behind.remove(&moved.from);
        if to < head {
            self.behind.entry(to).or_default().extend(moved.tables);
        }
    }
}

/// Returns the tables of this generation that follow another log than this. Where no log is known, any is followed.
#[must_use]
pub fn foreign(
    schema: &GoldSchema,
    progress: &BTreeMap<String, Progress>,
    log: Option<&str>,
) -> Vec<String> {
    let tables = schema.tables.iter().filter(|table| {
        let found = progress.get(&table.name);
        let found = found.filter(|found| found.generation == schema.generation);
        found.is_some_and(|found| found.log.is_some() && found.log.as_deref() != log)
    });
    tables.map(|table| table.name.clone()).collect()
}

/// Returns the tables that were made from other generations, with the logs that they follow, by generation.
#[must_use]
pub fn generations(
    schema: &GoldSchema,
    progress: &BTreeMap<String, Progress>,
) -> BTreeMap<u32, Vec<(String, String)>> {
    let mut generations: BTreeMap<u32, Vec<(String, String)>> = BTreeMap::new();
    for table in &schema.tables {
        let found = progress.get(&table.name);
        if let Some(Progress {
            generation,
            log: Some(log),
            ..
        }) = found
            && *generation != schema.generation
            // What was never filled follows nothing.
            && *generation != 0
        {
            let tables = generations.entry(*generation).or_default();
            tables.push((table.name.clone(), log.clone()));
        }
    }
    generations
}

/// Tables that stand at one version and go on together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CatchUp {
    /// The version that they stand at.
    pub from: Version,
    /// The version that they go to at most.
    pub until: Version,
    /// The tables.
    pub tables: Vec<TableIndex>,
}

/// Which tables are made anew whatever their progress.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rebuild {
    /// None.
    #[default]
    None,
    /// This one.
    Table(String),
    /// All.
    All,
}

impl Rebuild {
    /// Returns whether this table is one of them.
    pub(super) fn has(&self, table: &str) -> bool {
        match self {
            Self::None => false,
            Self::Table(name) => name == table,
            Self::All => true,
        }
    }
}
