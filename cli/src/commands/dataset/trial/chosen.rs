//! What is shown of what became of which events; pure.

use clap::ValueEnum;
use sluice::silver::trial::Fate;

use super::super::events::Events;
use super::super::fates::Fates;

/// The fates, as a command line names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Only {
    Rows,
    Duplicates,
    #[value(alias = "rejected")]
    Quarantined,
    Filtered,
    Empty,
}

impl Only {
    pub(super) fn has(self, fate: &Fate) -> bool {
        match fate {
            Fate::Row { .. } => self == Self::Rows,
            Fate::Duplicate { .. } => self == Self::Duplicates,
            Fate::Quarantined(_) => self == Self::Quarantined,
            Fate::Filtered => self == Self::Filtered,
            Fate::Empty => self == Self::Empty,
        }
    }
}

/// What is shown of what became of which events.
pub(super) struct Chosen<'a> {
    pub(super) events: &'a Events,
    pub(super) fates: &'a Fates,
    pub(super) only: Option<Only>,
    /// How many of a fate are shown.
    pub(super) most: usize,
}

impl Chosen<'_> {
    pub(super) fn shows(&self, kind: Only) -> bool {
        self.only.is_none_or(|only| only == kind)
    }
}
