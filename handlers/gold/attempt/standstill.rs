//! Tables that stand still while the others go on, and what their rows of the book say about it.

use std::collections::BTreeSet;

use super::blocked::{TRIED_EVERY_TIME, blamed, is_left_alone, next_try};
use super::context::{Attempt, Place, Turn};
use crate::error::{Invariant, chain};
use crate::event::UnixMillis;
use crate::gold::error::Error;
use crate::gold::outcome::Published;
use crate::gold::plan::TableBacklog;
use crate::table::log::Version;
use crate::warehouse::schema::TableIndex;
use crate::warehouse::{Blocked, WarehouseError};

impl Attempt<'_> {
    /// Leaves tables out that failed on rows of their own, which are in silver for good.
    pub(super) fn leave_alone(&self, place: &mut Place) -> Result<(), Invariant> {
        let now = self.clock.now();
        for (index, table) in self.schema().indexed_tables() {
            let Some(blocked) = place.noted.get(&table.name) else {
                continue;
            };
            let layout = place.layouts.get(&index).map_or(table, |layout| layout);
            if is_left_alone(blocked, layout, (self.build.stamp, now)) {
                place.left_out.add(index, blocked.reason.clone());
            }
        }
        Ok(())
    }

    /// Returns when the first of the tables that are left out is tried again; nothing if that is in the next run.
    pub(super) fn next_try(&self, place: &Place) -> Result<Option<UnixMillis>, Invariant> {
        let mut first = UnixMillis(i64::MAX);
        for name in self.names(place.left_out.tables())? {
            let Some(again) = place.noted.get(&name).and_then(next_try) else {
                return Ok(None);
            };
            first = first.min(again);
        }
        Ok(Some(first))
    }

    /// Passes over the tables that would be made from nothing while a generation is raised, those that somebody dropped
    /// and those that come back included: they come with the others. Where no table shows the generation before any more,
    /// nothing is swapped, and they are made once this one is whole. Returns whether the attempt is to be made again,
    /// because the head that they would be made from was read before the look at what it must have.
    pub(super) async fn wait(
        &self,
        backlog: &mut TableBacklog,
        place: &Place,
        published: &mut Published,
    ) -> Result<Option<Turn>, Error> {
        let raised = &place.raised;
        if raised.from.is_empty() || backlog.to_make.is_empty() {
            return Ok(None);
        }
        if raised.older.is_empty() {
            match self.waits_for(&raised.from).await? {
                None if self.is_at_head(place).await? => return Ok(None),
                None => return Ok(Some(Turn::Again)),
                waits => published.waiting = waits,
            }
        }
        backlog.to_make.clear();
        Ok(None)
    }

    /// Says of tables of this log that their definition is not understood.
    pub(super) async fn say_unknown(
        &self,
        place: &Place,
        still: &BTreeSet<TableIndex>,
    ) -> Result<(), Error> {
        let mut unknown = BTreeSet::new();
        let older = &place.raised.older;
        for index in still.iter().filter(|index| !older.contains_key(index)) {
            let progress = place.progress.get(&self.schema().table_at(*index)?.name);
            let log = progress.and_then(|progress| progress.log.as_ref());
            if log.is_none() || log == place.head.log.as_ref() {
                unknown.insert(*index);
            }
        }
        let reason = "its definition in the books is one that this build does not understand, so it stands still until its new table is whole";
        self.stand_still(place, &unknown, reason).await
    }

    /// Says of tables of an older generation that they stand still, and of those that somebody dropped that they are being
    /// made, if nothing says so yet.
    pub(super) async fn say_older(&self, place: &Place) -> Result<(), Error> {
        let mut unsaid = (BTreeSet::new(), BTreeSet::new());
        for (index, table) in self.schema().indexed_tables() {
            let noted = place.noted.get(&table.name);
            if noted.is_some_and(|noted| noted.is_rebuilding) {
                continue;
            }
            // What was never shown says nothing.
            let was_shown = place.said.contains_key(&table.name);
            if place.raised.older.contains_key(&index) {
                unsaid.0.insert(index);
            } else if was_shown
                && place.unseen.contains(&index)
                && place.shadows.contains_key(&index)
            {
                unsaid.1.insert(index);
            }
        }
        let own = self.schema().generation;
        let reason =
            format!("generation {own} is being made; until it is whole, the one before is shown");
        self.stand_still(place, &unsaid.0, &reason).await?;
        let reason = "its table is gone, so it is made again from silver; until that is whole, nothing is shown";
        self.stand_still(place, &unsaid.1, reason).await
    }

    /// Says of tables that stand still until others take their place why they do.
    pub(super) async fn stand_still(
        &self,
        place: &Place,
        tables: &BTreeSet<TableIndex>,
        reason: &str,
    ) -> Result<(), Error> {
        for index in tables {
            let waiting = Blocked {
                reason: reason.to_owned(),
                version: None,
                definition: TRIED_EVERY_TIME.to_owned(),
                stamp: self.build.stamp,
                at: self.clock.now(),
                is_rebuilding: true,
            };
            self.say(place, *index, &waiting).await?;
        }
        Ok(())
    }

    /// Leaves out the tables of a transaction whose own failure `error` is.
    ///
    /// # Errors
    /// Fails with `error` if it is that of the run as a whole.
    pub(super) async fn block(
        &self,
        place: &mut Place,
        (tables, until): (&[TableIndex], Version),
        error: Error,
    ) -> Result<(), Error> {
        let mut blamed = blamed(&error, self.schema());
        blamed.retain(|table| tables.contains(table));
        if blamed.is_empty() {
            return Err(error);
        }
        for table in blamed {
            let schema = self.schema().table_at(table)?;
            tracing::error!(
                table = schema.name,
                error = chain(&error),
                "a gold table is blocked"
            );
            // A gap is looked at anew in every run: it is found before anything is read.
            let definition = match &error {
                Error::Rebuild { .. } => TRIED_EVERY_TIME.to_owned(),
                _ => {
                    let layout = place.layouts.get(&table).map_or(schema, |layout| layout);
                    layout.definition.clone()
                }
            };
            let blocked = Blocked {
                reason: chain(&error),
                version: Some(until),
                definition,
                stamp: self.build.stamp,
                at: self.clock.now(),
                is_rebuilding: false,
            };
            self.note(place, table, blocked).await?;
        }
        Ok(())
    }

    /// Leaves out a table that can be mended from outside, and is looked at in every run.
    pub(super) async fn leave_out(
        &self,
        place: &mut Place,
        table: TableIndex,
        error: &Error,
    ) -> Result<(), Error> {
        if matches!(error, Error::Warehouse(WarehouseError::Taken { .. })) {
            // Its row in the book is another dataset's.
            place.left_out.add(table, chain(error));
            return Ok(());
        }
        let blocked = Blocked {
            reason: chain(error),
            version: Some(place.head.version),
            definition: TRIED_EVERY_TIME.to_owned(),
            stamp: self.build.stamp,
            at: self.clock.now(),
            is_rebuilding: false,
        };
        self.note(place, table, blocked).await
    }

    /// Leaves a table out, and says why in its row of the book.
    pub(super) async fn note(
        &self,
        place: &mut Place,
        table: TableIndex,
        blocked: Blocked,
    ) -> Result<(), Error> {
        self.say(place, table, &blocked).await?;
        let name = self.schema().table_at(table)?.name.clone();
        place.left_out.add(table, blocked.reason.clone());
        place.noted.insert(name, blocked);
        Ok(())
    }

    /// Says in its row of the book why a table stands still, unless it is there and that it was tried is not to be noted.
    pub(super) async fn say(
        &self,
        place: &Place,
        table: TableIndex,
        blocked: &Blocked,
    ) -> Result<(), WarehouseError> {
        let name = &self.schema().table_at(table)?.name;
        let is_tried_once = blocked.definition != TRIED_EVERY_TIME;
        let noted = place.noted.get(name);
        let is_new = noted.is_none_or(|noted| {
            noted.reason != blocked.reason || noted.definition != blocked.definition
        });
        if is_new || is_tried_once {
            let from = place.progress.get(name);
            self.warehouse.block(table, from, blocked).await?;
        }
        Ok(())
    }
}
