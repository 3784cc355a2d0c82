//! Which tables stand where, and what the next transaction does; pure.

mod chunk;
pub(in crate::gold) mod rules;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use crate::error::Invariant;
use crate::table::log::Version;
use crate::warehouse::schema::{GoldSchema, TableIndex};
use crate::warehouse::{Progress, Standing};
pub use chunk::{Chunk, Limits, chunk};

/// What the tables lack of silver's head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableBacklog {
    /// The tables that are made from nothing, with the progress that they lose.
    pub to_make: BTreeMap<TableIndex, Option<Progress>>,
    /// The tables that are behind, by the version they stand at.
    pub behind: BTreeMap<Version, Vec<TableIndex>>,
    /// The tables that are ahead of the head, by name: their log was not this one.
    pub ahead: Vec<String>,
}

impl TableBacklog {
    /// Finds out where the tables stand. A table is made from nothing if it has no progress, if it was never filled, or if
    /// it is one of `gone`; those that stand still are passed over.
    #[must_use]
    pub fn of(
        schema: &GoldSchema,
        (progress, gone): (&BTreeMap<String, Progress>, &BTreeSet<TableIndex>),
        head: Version,
        still: &BTreeSet<TableIndex>,
    ) -> Self {
        let mut backlog = Self::default();
        for (index, table) in schema.indexed_tables() {
            let found = progress.get(&table.name);
            let is_made = |found: &&Progress| found.generation != 0 && !gone.contains(&index);
            match found.filter(is_made) {
                None => {
                    backlog.to_make.insert(index, found.cloned());
                }
                Some(_) if still.contains(&index) => {}
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
            let stands = own.version == head && is_current && !self.to_make.contains_key(&index);
            stands.then(|| (index, own.clone()))
        });
        tables.collect()
    }

    /// Passes over a table.
    pub fn pass_over(&mut self, table: TableIndex) {
        self.to_make.remove(&table);
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

/// Returns the progress that says which log the tables of a dataset follow: of those of its file, and of those of its name
/// that the file does not have.
///
/// A table that somebody dropped follows nothing any more. Nor does one that is asked for anew from this log, and what the
/// file no longer has of the log that is so given up.
///
/// # Errors
/// Fails if what was found is not of this schema.
pub fn counted(
    schema: &GoldSchema,
    standing: &Standing,
    log: Option<&str>,
) -> Result<BTreeMap<String, Progress>, Invariant> {
    let has = |name: &String| schema.table(name).is_some();
    let mut progress = standing.progress.clone();
    progress.retain(|name, _| has(name) || standing.owned.contains(name));
    for gone in &standing.gone {
        progress.remove(&schema.table_at(*gone)?.name);
    }
    let mut given_up = BTreeSet::new();
    for (name, next) in &standing.next {
        if next.is_asked && next.log.as_deref() == log {
            given_up.extend(progress.remove(name).and_then(|found| found.log));
        }
    }
    let is_given_up = |found: &Progress| {
        let log = found.log.as_ref();
        log.is_some_and(|log| given_up.contains(log))
    };
    progress.retain(|name, found| has(name) || !is_given_up(found));
    Ok(progress)
}

/// Returns the tables of this generation that follow another log than this. Where no log is known, any is followed.
#[must_use]
pub fn foreign(
    generation: u32,
    progress: &BTreeMap<String, Progress>,
    log: Option<&str>,
) -> Vec<String> {
    let is_other = |found: &Progress| {
        found.generation == generation && found.log.is_some() && found.log.as_deref() != log
    };
    let tables = progress.iter().filter(|(_, found)| is_other(found));
    tables.map(|(name, _)| name.clone()).collect()
}

/// Returns the tables that were made from other generations, with the logs that they follow, by generation.
#[must_use]
pub fn generations(
    own: u32,
    progress: &BTreeMap<String, Progress>,
) -> BTreeMap<u32, Vec<(String, String)>> {
    let mut generations: BTreeMap<u32, Vec<(String, String)>> = BTreeMap::new();
    for (name, found) in progress {
        // What was never filled follows nothing.
        if let Some(log) = &found.log
            && ![0, own].contains(&found.generation)
        {
            let tables = generations.entry(found.generation).or_default();
            tables.push((name.clone(), log.clone()));
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

/// Which tables are asked for anew.
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
