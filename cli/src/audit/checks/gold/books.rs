//! What gold's books say, looked at once, and silver as the tables show it: of this generation, and of those before it
//! that tables still show while a new one is being made.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sluice::table::log::LogError;
use sluice::warehouse::Standing;
use sluice::warehouse::schema::GoldSchema;

use super::judge::{Generations, Silver};
use crate::audit::history::History;
use crate::audit::subject::Subject;

/// What the books say.
pub(crate) struct Books {
    /// What was found, or why nothing could be.
    pub(super) standing: Result<Standing, String>,
    /// Silver of the other generations that tables show.
    pub(super) earlier: BTreeMap<u32, History>,
}

impl Books {
    /// Looks once, and reads the logs of the generations that are shown.
    pub(crate) async fn read(subject: &Subject) -> Result<Self, LogError> {
        let schema = subject.warehouse.schema();
        if schema.tables.is_empty() {
            return Ok(Self {
                standing: Ok(Standing::default()),
                earlier: BTreeMap::new(),
            });
        }
        let standing = subject.warehouse.look().await;
        let standing = standing.map_err(|error| sluice::error::chain(&error));
        let mut earlier = BTreeMap::new();
        for generation in standing.iter().flat_map(|found| shown(schema, found)) {
            let history = History::read(&of_generation(subject, generation)).await?;
            earlier.insert(generation, history);
        }
        Ok(Self { standing, earlier })
    }

    /// Returns whether a source is in the ledger of another generation that tables show: until the new one is whole, it is to
    /// be refined again.
    pub(crate) fn had_before(&self, source: &str) -> bool {
        let mut earlier = self.earlier.values();
        earlier.any(|history| history.entry(source).is_some())
    }
}

/// Silver, by generation.
#[derive(Clone, Copy)]
pub(super) struct Histories<'a> {
    /// The dataset file's generation.
    pub(super) generation: u32,
    pub(super) own: &'a History,
    pub(super) earlier: &'a BTreeMap<u32, History>,
}

impl<'a> Histories<'a> {
    /// Returns silver of a generation, if it has a log here.
    pub(super) fn history(self, generation: u32) -> Option<&'a History> {
        let history = match generation == self.generation {
            true => Some(self.own),
            false => self.earlier.get(&generation),
        };
        history.filter(|history| history.version().is_some())
    }
}

impl<'a> Generations<'a> for Histories<'a> {
    fn of(&self, generation: u32) -> Option<Silver<'a>> {
        let history = self.history(generation)?;
        Some(Silver {
            log: history.log_id(),
            version: history.version()?,
            fits: history.misfits().is_empty(),
        })
    }
}

/// Returns the other generations that tables of the dataset file show.
fn shown(schema: &GoldSchema, standing: &Standing) -> BTreeSet<u32> {
    let tables = schema.indexed_tables();
    let tables = tables.filter(|(index, table)| !standing.is_unseen(*index, table));
    let progress = tables.filter_map(|(_, table)| standing.progress.get(&table.name));
    let generations = progress.map(|progress| progress.generation);
    generations
        .filter(|generation| *generation != schema.generation)
        .collect()
}

fn of_generation(subject: &Subject, generation: u32) -> Subject {
    let mut dataset = (*subject.dataset).clone();
    dataset.generation = generation;
    Subject {
        dataset: Arc::new(dataset),
        ..subject.clone()
    }
}
