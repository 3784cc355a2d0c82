//! What an attempt works with, and where the tables stand as it goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::blocked::LeftOut;
use super::remembered::Remembered;
use crate::clock::Clock;
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::gold::finals::{self, Finals, Look, Lookout, Sighting};
use crate::gold::generation::Looked;
use crate::gold::notes::IdleMarker;
use crate::gold::outcome::Ended;
use crate::gold::plan::Limits;
use crate::gold::plan::rules::Known;
use crate::gold::shadow::{Bases, Current};
use crate::retry::Deadline;
use crate::store::entity::EntityStore;
use crate::store::object::ObjectStore;
use crate::table::log::{CommitLog, Head};
use crate::warehouse::schema::{GoldSchema, TableIndex, TableSchema};
use crate::warehouse::{Blocked, Build, Pending, Progress, Shadow, Warehouse};

/// What comes after an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gold) enum Turn {
    /// The run is over.
    Ended(Ended),
    /// Something was done beside the live tables, and there may be more: another attempt.
    Again,
}

/// What an attempt works with.
#[derive(Clone, Copy)]
pub(in crate::gold) struct Attempt<'a> {
    pub(in crate::gold) dataset: &'a Arc<Dataset>,
    pub(in crate::gold) lake: &'a Arc<dyn ObjectStore>,
    pub(in crate::gold) state: &'a Arc<dyn EntityStore>,
    pub(in crate::gold) log: &'a CommitLog,
    pub(in crate::gold) warehouse: &'a dyn Warehouse,
    pub(in crate::gold) clock: &'a dyn Clock,
    pub(in crate::gold) build: &'a Build,
    pub(in crate::gold) limits: &'a Limits,
    pub(in crate::gold) looked: &'a Looked,
    pub(in crate::gold) idle_marker: &'a IdleMarker,
    pub(in crate::gold) lookout: &'a Lookout,
    pub(in crate::gold) known: &'a finals::Known,
    /// What was seen of bronze before any of this.
    pub(in crate::gold) look: &'a Look,
    /// The files that shadows are filled from.
    pub(in crate::gold) bases: &'a Bases,
    /// Whether readers of silver know what is shown.
    pub(in crate::gold) current: &'a Current,
    pub(in crate::gold) deadline: Deadline,
    /// What the books said when the last run ended that followed silver, if this run does: it looks only where that says
    /// nothing.
    pub(in crate::gold) remembered: Option<&'a Remembered>,
}

/// Where this generation is being raised.
#[derive(Clone, Debug, Default)]
pub(super) struct Raised {
    /// The tables that show another generation, and are there.
    pub(super) older: BTreeMap<TableIndex, u32>,
    /// The generations that are, or were, shown before this one.
    pub(super) from: BTreeSet<u32>,
}

impl Raised {
    /// Returns the generations that are shown, or were where nothing shows one any more.
    pub(super) fn shown(&self) -> BTreeSet<u32> {
        match self.older.is_empty() {
            true => self.from.clone(),
            false => self.older.values().copied().collect(),
        }
    }

    /// Returns whether no generation is being raised.
    pub(super) fn is_over(&self) -> bool {
        self.older.is_empty() && self.from.is_empty()
    }
}

/// Where the tables stand, as the attempt has found and moved them.
pub(super) struct Place {
    pub(super) head: Head,
    pub(super) progress: BTreeMap<String, Progress>,
    /// How far the rules have come.
    pub(super) rules: Known,
    /// The reasons that the books have.
    pub(super) noted: BTreeMap<String, Blocked>,
    pub(super) left_out: LeftOut,
    /// How tables lie that show another definition than the dataset file has.
    pub(super) layouts: BTreeMap<TableIndex, Arc<TableSchema>>,
    /// The shadows that this build fills and shows.
    pub(super) shadows: BTreeMap<TableIndex, Shadow>,
    /// Where this generation is being raised.
    pub(super) raised: Raised,
    /// The tables that nobody sees.
    pub(super) unseen: BTreeSet<TableIndex>,
    /// The tables that the dataset file no longer has, by name.
    pub(super) removed: BTreeMap<String, Progress>,
    /// What the freshness of each table says that waits, if it does, by name.
    pub(super) said: BTreeMap<String, Option<Pending>>,
    /// The tables that the books say to be no longer in the dataset file, by name.
    pub(super) said_removed: BTreeSet<String>,
    /// What was seen of bronze before the head was read.
    pub(super) sighting: Option<Sighting>,
    /// What the head and the look before it say of final periods.
    pub(super) finals: Finals,
}

impl Attempt<'_> {
    pub(super) fn schema(&self) -> &GoldSchema {
        self.warehouse.schema()
    }

    pub(super) fn names<'b>(
        &self,
        tables: impl IntoIterator<Item = &'b TableIndex>,
    ) -> Result<Vec<String>, Invariant> {
        let schema = self.schema();
        let name = |index: &TableIndex| Ok(schema.table_at(*index)?.name.clone());
        tables.into_iter().map(name).collect()
    }
}
