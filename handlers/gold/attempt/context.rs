//! What an attempt works with, and where the tables stand as it goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::clock::Clock;
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::gold::blocked::LeftOut;
use crate::gold::finals::{Finals, Known, Look, Lookout, Sighting};
use crate::gold::generation::Looked;
use crate::gold::idle_marker::IdleMarker;
use crate::gold::plan::{Limits, Rebuild};
use crate::retry::Deadline;
use crate::store::entity::EntityStore;
use crate::store::object::ObjectStore;
use crate::table::log::{CommitLog, Head};
use crate::warehouse::schema::{GoldSchema, TableIndex};
use crate::warehouse::{Blocked, Build, Progress, Warehouse};

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
    pub(in crate::gold) known: &'a Known,
    /// What was seen of bronze before any of this.
    pub(in crate::gold) look: &'a Look,
    pub(in crate::gold) rebuild: &'a Rebuild,
    pub(in crate::gold) deadline: Deadline,
}

/// Where the tables stand, as the attempt has found and moved them.
pub(super) struct Place {
    pub(super) head: Head,
    pub(super) progress: BTreeMap<String, Progress>,
    /// The reasons that the books have.
    pub(super) noted: BTreeMap<String, Blocked>,
    pub(super) left_out: LeftOut,
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

    /// Returns the tables that the rows of tables are in.
    pub(super) fn rows(
        &self,
        progress: &BTreeMap<String, Progress>,
        names: &[String],
    ) -> Vec<String> {
        let rows = names.iter().map(|name| {
            let found = progress.get(name).and_then(|found| found.physical.clone());
            found.unwrap_or_else(|| name.clone())
        });
        rows.collect()
    }
}
