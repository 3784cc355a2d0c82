//! A group of sources, and what became of each.

use crate::store::object::Source;
use crate::table::log::{LedgerEntry, Version};

/// Sources in the order of their names, so that which of two rows with one key stays is not a matter of luck.
#[derive(Clone, Debug, Default)]
pub(super) struct SortedSources(Vec<Source>);

impl SortedSources {
    /// Sorts sources.
    pub(super) fn new(mut sources: Vec<Source>) -> Self {
        sources.sort_unstable_by(|left, right| left.name.cmp(&right.name));
        Self(sources)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Source> {
        self.0.iter()
    }

    pub(super) fn names(&self) -> Vec<&str> {
        self.iter().map(|source| source.name.as_str()).collect()
    }

    /// Returns the sources that `is_wanted` wants, in the same order.
    pub(super) fn filter(&self, is_wanted: impl Fn(&Source) -> bool) -> Self {
        let wanted = self.iter().filter(|source| is_wanted(source));
        Self(wanted.cloned().collect())
    }

    /// Returns each source as a group of its own.
    pub(super) fn one_by_one(&self) -> impl Iterator<Item = Self> {
        self.iter().map(|source| Self(vec![source.clone()]))
    }
}

/// What became of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refined {
    /// Its entry in the ledger.
    pub entry: LedgerEntry,
    /// Whether this call finished it; otherwise it had been finished before.
    pub now: bool,
    /// How many sources shared the commit.
    pub group: usize,
    /// The version that the log stood at afterwards.
    pub head: Version,
}
