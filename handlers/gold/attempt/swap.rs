//! Shadows that have caught up take the place of the live tables.

use std::sync::Arc;

use super::arrange::ended;
use super::context::{Attempt, Place, Turn};
use crate::error::chain;
use crate::gold::error::Error;
use crate::gold::outcome::Published;
use crate::gold::plan::rules::of_swap;
use crate::gold::shadow::{Due, due, is_left_alone};
use crate::table::log::Version;
use crate::warehouse::schema::TableIndex;
use crate::warehouse::{Changed, Counted, FailureKind, Progress, Rules, Shadow, Swap};

/// A shadow that may be shown, with what it takes the place of.
type Ready = (TableIndex, Progress, Shadow);

impl Attempt<'_> {
    /// Shows what has caught up; returns what comes next, if that is not the end of the run.
    pub(super) async fn show(
        &self,
        place: &mut Place,
        published: &mut Published,
    ) -> Result<Option<Turn>, Error> {
        let (mut together, mut is_held) = (Vec::new(), false);
        for (index, shadow) in place.shadows.clone() {
            let name = &self.schema().table_at(index)?.name;
            let Some(progress) = place.progress.get(name).cloned() else {
                continue;
            };
            let is_alone = is_left_alone(&shadow, (self.build.stamp, self.clock.now()));
            let is_blocked = is_alone || shadow.version != Some(place.head.version);
            if let Some(note) = shadow.note.as_ref().filter(|_| is_alone) {
                published.blocked.push(note.reason.clone());
            }
            let is_together = is_together(index, place);
            let due = due((&progress, &shadow), is_together, place.head.version);
            let ready = (index, progress, shadow);
            match due {
                Due::Together => {
                    is_held |= is_blocked;
                    together.push(ready);
                }
                _ if is_blocked => {}
                Due::Later => {}
                Due::AtHead if !self.is_at_head(place).await? => return Ok(Some(Turn::Again)),
                Due::Alone | Due::AtHead => {
                    let swapped = self.swap(place, vec![ready], published).await?;
                    if swapped.is_some() {
                        return Ok(swapped);
                    }
                }
            }
        }
        let older = &place.raised.older;
        if older.is_empty() && together.is_empty() {
            return Ok(None);
        }
        // A table of the old generation without a shadow holds the others back: its own cannot be made.
        is_held |= older.keys().any(|index| !place.shadows.contains_key(index));
        self.show_generation(place, (together, is_held), published)
            .await
    }

    /// Shows all tables of a generation, if it is whole.
    async fn show_generation(
        &self,
        place: &mut Place,
        (together, is_held): (Vec<Ready>, bool),
        published: &mut Published,
    ) -> Result<Option<Turn>, Error> {
        let waits = self.waits_for(&place.raised.shown()).await?;
        let still = place.raised.older.keys().copied().collect();
        if let Some(waits) = waits {
            self.stand_still(place, &still, &waits).await?;
            published.waiting = Some(waits);
            return Ok(None);
        }
        if is_held {
            let waits = format!(
                "generation {} is whole, but a table of it cannot go on, so the one before is shown",
                self.schema().generation
            );
            self.stand_still(place, &still, &waits).await?;
            published.waiting.get_or_insert(waits);
            return Ok(None);
        }
        // The head is read after the look at what it must have.
        if !self.is_at_head(place).await? {
            return Ok(Some(Turn::Again));
        }
        self.swap(place, together, published).await
    }

    /// Returns whether the head is still the one that the shadows have caught up with.
    pub(super) async fn is_at_head(&self, place: &Place) -> Result<bool, Error> {
        let head = self.log.head().await?;
        let at = |log: &Option<String>, version: Version| (log.clone(), version);
        let read = head.map(|head| at(&head.log, head.version));
        Ok(read == Some(at(&place.head.log, place.head.version)))
    }

    /// Puts shadows in the place of live tables; returns what comes next, if that is not the end of the run.
    async fn swap(
        &self,
        place: &mut Place,
        tables: Vec<Ready>,
        published: &mut Published,
    ) -> Result<Option<Turn>, Error> {
        let swap = self.swap_of(place, tables)?;
        let indices: Vec<TableIndex> = swap.tables.iter().map(|(index, ..)| *index).collect();
        let names = self.names(&indices)?;
        let reason = match self.warehouse.swap(&swap).await {
            Ok(Changed::Done) => {
                published.transactions += 1;
                published.is_retiring = true;
                names.iter().for_each(|name| self.known.forget(name));
                published.rebuilt.extend(names);
                return Ok(Some(Turn::Again));
            }
            Ok(Changed::Locked) => {
                "somebody reads the tables that it replaces, or another run is at them".to_owned()
            }
            Ok(refused) => return Ok(ended(refused).map(Turn::Ended)),
            Err(error) if error.kind() == FailureKind::Permanent => {
                format!(
                    "{}; where this app must not, run what `sluice schema --swap` prints",
                    chain(&error)
                )
            }
            Err(error) => return Err(error.into()),
        };
        for index in indices {
            self.note_shadow(place, index, (false, reason.clone()))
                .await?;
        }
        published.waiting = Some(format!(
            "{} are made anew and not shown yet: {reason}",
            names.join(", ")
        ));
        Ok(None)
    }

    fn swap_of(&self, place: &Place, tables: Vec<Ready>) -> Result<Swap, Error> {
        let mut removed = place.removed.clone();
        let is_all_new = tables.iter().all(|(_, live, _)| live.generation == 0);
        let retired = match is_all_new && !place.raised.is_over() {
            // The file has none of the tables before.
            true => {
                removed.retain(|_, live| place.raised.from.contains(&live.generation));
                removed.into_iter().collect()
            }
            false => Swap::retires(&tables, removed, self.schema().generation),
        };
        let log = tables.first().and_then(|(_, _, next)| next.log.clone());
        let layout_of = |index: TableIndex, live: &Progress| {
            let text = live.text.as_deref()?;
            let layout = self.schema().earlier(self.dataset, index, text)?;
            Some(Arc::new(layout))
        };
        let mover = self.mover(log.as_deref());
        let (rules, before) = of_swap(mover, &tables, &retired, (&place.rules, &layout_of))?;
        Ok(Swap {
            rules: Rules {
                steps: rules,
                as_of: place.head.watermark,
                heard_to: None,
            },
            before,
            retired,
            tables,
            build: self.build.clone(),
            watermark: place.head.watermark,
            complete_to: place.finals.complete_to,
            pending: place.finals.pending,
            silver: place.head.totals.as_ref().map(Counted::of),
            at: self.clock.now(),
        })
    }
}

/// Returns whether a table is shown with all others of its generation.
fn is_together(index: TableIndex, place: &Place) -> bool {
    let raised = &place.raised;
    let is_new = place.unseen.contains(&index) && !raised.from.is_empty();
    is_new || raised.older.contains_key(&index)
}
