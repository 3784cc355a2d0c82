//! One attempt at bringing every table to silver's head.
//!
//! The order of reads matters. What the books say is read first, and silver's head after it, so that no table stands
//! beyond the head unless its log is another one. A log that is another's is not followed, and only a run whose log is
//! the tables' own notes its build as the latest and changes anything.
//!
//! Live tables come first. Then one transaction fills shadows, or one swap shows them, and the attempt is made again: so
//! live tables go on whatever is made beside them.

mod arrange;
mod blocked;
mod context;
mod remembered;
mod shadows;
mod standstill;
mod swap;
mod transactions;
mod watch;
mod whose;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::error::Error;
use super::finals::{Finals, Patience, Sighting, counts_until};
use super::notes::{Noted, Replaced};
use super::outcome::{Ended, Published};
use super::plan::TableBacklog;
use super::shadow::{Older, Plan};
use crate::error::chain;
use crate::event::UnixMillis;
use crate::table::TableId;
use crate::table::log::{Head, Version};
use crate::value::time::millis;
use crate::warehouse::schema::{TableIndex, TableSchema};
use crate::warehouse::{Changed, Pending, Prepared, Progress, Remarks, Run, Standing, Step};
use blocked::{LeftOut, blamed};
pub(super) use context::{Attempt, Turn};
use context::{Place, Raised};
pub(super) use remembered::Remembered;

/// What freshness says of a table that the dataset file no longer has.
const NO_LONGER: &str = "the dataset file no longer has this table, so it stays as it is: it goes when a raised generation is shown, and `sluice status` says how to remove it before";
/// How long a table that was replaced is kept for those who read it.
const RETIRED_FOR: Duration = Duration::from_secs(10 * 60);

impl Attempt<'_> {
    /// Makes the attempt; returns what comes after it.
    pub(super) async fn make(self, published: &mut Published) -> Result<Turn, Error> {
        let mut standing = match self.remembered.and_then(Remembered::take) {
            Some(remembered) => remembered,
            None => self.warehouse.look().await?,
        };
        let Some(mut head) = self.log.head().await? else {
            return Ok(Turn::Ended(Ended::NothingYet));
        };
        published.head = Some(head.version);
        (published.waiting, published.blocked) = (None, Vec::new());
        if let Some(later) = standing.build.as_ref().filter(|ran| *ran > self.build) {
            published.replaced = Some(Replaced {
                own: self.build.stamp,
                later: later.stamp,
            });
            return Ok(Turn::Ended(Ended::Replaced));
        }
        if let Some(error) = self.other_pipeline(&standing, &head).await? {
            published.blocked = vec![chain(&error)];
            return Ok(Turn::Ended(Ended::Blocked));
        }
        if standing.is_incomplete || standing.build.as_ref() != Some(self.build) {
            match self.warehouse.prepare(self.build).await? {
                Prepared::Ready(complete) => standing = *complete,
                Prepared::Replaced => return Ok(Turn::Ended(Ended::Replaced)),
            }
            // The progress is a later one now.
            head = match self.log.head().await? {
                Some(later) if later.log == head.log => later,
                _ => return Ok(Turn::Ended(Ended::Conflict)),
            };
            published.head = Some(head.version);
            // Another pipeline may have made its tables meanwhile.
            if let Some(error) = self.other_pipeline(&standing, &head).await? {
                published.blocked = vec![chain(&error)];
                return Ok(Turn::Ended(Ended::Blocked));
            }
        }
        self.drop_retired(&standing).await;
        published.has_outbox = standing.has_outbox;
        published.is_retiring = !standing.retired.is_empty();
        let raised = self.raised(&standing);
        let mut plan = self.shadows(&standing, (&head, &raised)).await?;
        if plan.is_stale {
            return Ok(Turn::Ended(Ended::Conflict));
        }
        if let Some(ended) = self.arrange(&mut standing, &mut plan, published).await? {
            return Ok(Turn::Ended(ended));
        }
        self.bring_up((standing, plan), (head, raised), published)
            .await
    }

    /// Brings the tables up that can go on, and then what is made beside them.
    async fn bring_up(
        self,
        (standing, plan): (Standing, Plan),
        (head, raised): (Head, Raised),
        published: &mut Published,
    ) -> Result<Turn, Error> {
        let books = self.remembered.and_then(|_| Remembered::of(&standing));
        let (mut backlog, mut place) = self.sort_out((standing, plan), (head, raised)).await?;
        let head = place.head.version;
        let mut at_head = backlog.standing(self.schema(), &place.progress, head);
        // They come by a swap.
        let beside = place.shadows.keys();
        beside.for_each(|index| drop(backlog.to_make.remove(index)));
        // Nothing steps before the swap, which is for the timer's run.
        if self.remembered.is_some() && !place.raised.is_over() {
            return Ok(Turn::Ended(Ended::Rebuilding));
        }
        if let Some(turn) = self.wait(&mut backlog, &place, published).await? {
            return Ok(turn);
        }
        let ended = loop {
            for table in place.left_out.tables() {
                backlog.pass_over(*table);
                at_head.remove(table);
            }
            match self.move_on(&mut backlog, &mut place, published).await {
                Ok(Some(ended)) => break ended,
                Ok(None) => {}
                Err((tables, until, error)) => {
                    self.block(&mut place, (&tables, until), error).await?;
                }
            }
        };
        if ended != Ended::UpToDate {
            return Ok(Turn::Ended(ended));
        }
        if let Some(ended) = self.watch_rows(&mut place, published).await? {
            return Ok(Turn::Ended(ended));
        }
        if !place.shadows.is_empty() && self.remembered.is_none() {
            let moved = self.go_on_beside(&mut place, published).await?;
            if let Some(turn) = moved {
                return Ok(turn);
            }
        }
        published.watermark = place.head.watermark;
        published.tables = self.standing_at(&place.progress);
        let is_raised = !place.raised.from.is_empty();
        let ended = self.say_final(&mut place, at_head, published).await?;
        if let (Some(remembered), Some(books), Ended::UpToDate) = (self.remembered, books, ended) {
            remembered.note(books, (place.progress, place.rules));
        }
        if !is_raised && !self.schema().tables.is_empty() && ended != Ended::Replaced {
            self.current
                .say(self.lake, &TableId::of(self.dataset))
                .await;
        }
        Ok(Turn::Ended(ended))
    }

    /// Finds out which tables are behind, and leaves those out that cannot go on.
    async fn sort_out(
        &self,
        (standing, plan): (Standing, Plan),
        (head, raised): (Head, Raised),
    ) -> Result<(TableBacklog, Place), Error> {
        let schema = self.schema();
        let (mut layouts, mut still) = (BTreeMap::new(), BTreeSet::new());
        for (index, older) in plan.older {
            match older {
                Older::Steps(layout) => drop(layouts.insert(index, layout)),
                Older::Stands => drop(still.insert(index)),
            }
        }
        let made = (&standing.progress, &standing.gone);
        let mut backlog = TableBacklog::of(schema, made, head.version, &still);
        let ahead = std::mem::take(&mut backlog.ahead);
        let sighting = self.lookout.sighting(self.look, &head);
        let tables = schema.indexed_tables();
        let unseen = tables.filter(|(index, table)| standing.is_unseen(*index, table));
        let mut place = Place {
            unseen: unseen.map(|(index, _)| index).collect(),
            raised,
            removed: standing.removed(schema),
            said: standing.pending,
            said_removed: standing.said_removed,
            sighting,
            finals: Finals::of(sighting, Patience::of(self.dataset)),
            head,
            progress: standing.progress,
            rules: standing.rules,
            noted: standing.blocked,
            left_out: LeftOut::default(),
            layouts,
            shadows: plan.ours,
        };
        for (table, error) in standing.unfit {
            if error.keeps_from_showing() {
                place.shadows.remove(&table);
            }
            self.leave_out(&mut place, table, &error.into()).await?;
        }
        // One that is asked for anew is not waited for.
        let ahead = ahead.into_iter().filter(|name| {
            let table = schema.table(name);
            table.is_none_or(|(index, _)| !place.shadows.contains_key(&index))
        });
        let ahead: Vec<String> = ahead.collect();
        if !ahead.is_empty() {
            let head = place.head.version;
            let ahead = Error::Ahead {
                tables: ahead,
                head,
            };
            for table in blamed(&ahead, schema) {
                self.leave_out(&mut place, table, &ahead).await?;
            }
        }
        self.leave_alone(&mut place)?;
        self.say_unknown(&place, &still).await?;
        Ok((backlog, place))
    }

    /// Returns the versions of the dataset file's tables that show this generation.
    fn standing_at(&self, progress: &BTreeMap<String, Progress>) -> BTreeMap<String, Version> {
        let generation = self.schema().generation;
        let tables = self.schema().tables.iter().filter_map(|table| {
            let own = progress.get(&table.name);
            let own = own.filter(|own| own.generation == generation)?;
            Some((table.name.clone(), own.version))
        });
        tables.collect()
    }

    /// Says what is final of tables that stood at the head, and notes that nothing is left to do.
    async fn say_final(
        &self,
        place: &mut Place,
        at_head: BTreeMap<TableIndex, Progress>,
        published: &mut Published,
    ) -> Result<Ended, Error> {
        let worker = self.worker();
        let revived = self.revive(place, &at_head)?;
        if let Some(run) = revived
            && let Some(ended) = published.add(&worker.carry_out(run, Vec::new(), 0).await?)
        {
            return Ok(ended);
        }
        if let Some(ended) = self.hear(place, &at_head, published).await? {
            return Ok(ended);
        }
        let said = (place.finals, self.build, self.clock.now());
        let raised = self.known.raise(&worker, at_head, &place.head, said);
        if let Some(done) = raised.await?
            && let Some(ended) = published.add(&done)
        {
            return Ok(ended);
        }
        let is_said = match self.remark(place).await? {
            Changed::Replaced => return Ok(Ended::Replaced),
            changed => changed == Changed::Done,
        };
        let next_try = self.next_try(place)?;
        let is_whole = place.left_out.is_empty() && published.blocked.is_empty();
        let rules = match place.sighting {
            Some(_) => self.next_of_rules(place, published.has_outbox).await?,
            None => None,
        };
        let next_try = next_try.map(|next_try| rules.map_or(next_try, |next| next.min(next_try)));
        let left_out = std::mem::take(&mut place.left_out);
        published.blocked.extend(left_out.reasons());
        let is_waiting = published.waiting.is_some() || published.is_retiring;
        let is_waiting = is_waiting || !place.shadows.is_empty() || !is_said;
        if let (Some(next_try), Some(sighting), false) = (next_try, place.sighting, is_waiting) {
            let left = (next_try, published.blocked.as_slice());
            self.note_idle(&place.head, &sighting, left).await;
        }
        Ok(match (is_whole, &published.waiting) {
            (false, _) => Ended::Blocked,
            (true, Some(_)) => Ended::Rebuilding,
            (true, None) => Ended::UpToDate,
        })
    }

    /// Returns a transaction for tables that the books take for waiting although nothing takes their place any more, or for
    /// removed although they are back: it says that they are live.
    fn revive(
        &self,
        place: &Place,
        at_head: &BTreeMap<TableIndex, Progress>,
    ) -> Result<Option<Run>, Error> {
        let mut steps = Vec::new();
        for (index, progress) in at_head {
            let name = &self.schema().table_at(*index)?.name;
            let noted = place.noted.get(name);
            let is_removed = place.said_removed.contains(name);
            if is_removed || noted.is_some_and(|noted| noted.is_rebuilding) {
                steps.push(Step {
                    table: *index,
                    from: Some(progress.clone()),
                    to: progress.version,
                    replace: false,
                    layout: None,
                });
            }
        }
        let said = (place.head.watermark, place.finals);
        Ok((!steps.is_empty()).then(|| self.run(steps, said, &place.head)))
    }

    /// Says of tables that were not moved what waits now, and of those that the dataset file no longer has that they stay
    /// as they are; returns whether that is said.
    async fn remark(&self, place: &Place) -> Result<Changed, Error> {
        let unsaid = |pending: &Pending| place.said.values().any(|said| *said != Some(*pending));
        let removed = place.removed.keys();
        let removed = removed.filter(|name| !place.said_removed.contains(*name));
        let remarks = Remarks {
            pending: place.finals.pending.filter(unsaid),
            removed: removed
                .map(|name| (name.clone(), NO_LONGER.to_owned()))
                .collect(),
            build: self.build.clone(),
        };
        match remarks.pending.is_none() && remarks.removed.is_empty() {
            true => Ok(Changed::Done),
            false => Ok(self.warehouse.remark(&remarks).await?),
        }
    }

    /// Notes that there is nothing to do until something is added, a period becomes final, or a blocked table is tried
    /// again. Where bronze could not be looked at, the next run does it again.
    async fn note_idle(
        &self,
        head: &Head,
        sighting: &Sighting,
        (next_try, blocked): (UnixMillis, &[String]),
    ) {
        let Some(pending) = sighting.pending.filter(|_| self.warehouse.may_be_paused()) else {
            return;
        };
        let now = self.clock.now();
        let steps = self.schema().tables.iter().map(TableSchema::steps);
        let next_final = match sighting.version == head.version {
            true => sighting.next_final(steps, Patience::of(self.dataset)),
            // An earlier look says less than the next one will.
            false => Some(counts_until(now)),
        };
        let noted = Noted {
            now,
            pending,
            due: next_final.map_or(next_try, |next| next.min(next_try)),
            blocked,
        };
        self.idle_marker.note(head, &noted).await;
    }

    /// Drops what was replaced long enough ago. What fails is left for the next run: nobody waits for it.
    async fn drop_retired(&self, standing: &Standing) {
        let now = self.clock.now();
        let is_due = |since: UnixMillis| now.0.saturating_sub(since.0) >= millis(RETIRED_FOR);
        let due = standing.retired.iter().filter(|old| is_due(old.since));
        let due: Vec<String> = due.map(|old| old.physical.clone()).collect();
        if due.is_empty() {
            return;
        }
        if let Err(error) = self.warehouse.drop_retired(&due, self.build).await {
            tracing::warn!(
                error = chain(&error),
                "replaced tables could not be dropped"
            );
        }
    }

    /// Makes the next transaction; returns how the run ended, if it has.
    ///
    /// # Errors
    /// Fails with the tables that were to be moved, and where to.
    async fn move_on(
        &self,
        backlog: &mut TableBacklog,
        place: &mut Place,
        published: &mut Published,
    ) -> Result<Option<Ended>, (Vec<TableIndex>, Version, Error)> {
        let head = place.head.version;
        if !backlog.to_make.is_empty() {
            let tables: Vec<TableIndex> = backlog.to_make.keys().copied().collect();
            let made = self.create(&backlog.to_make, place).await;
            let names = self.names(&tables).map_err(Error::from);
            let (done, names) = match (made, names) {
                (Ok(done), Ok(names)) => (done, names),
                (Err(error), _) | (_, Err(error)) => return Err((tables, head, error)),
            };
            if let Some(ended) = published.add(&done) {
                return Ok(Some(ended));
            }
            let replaced = backlog.to_make.values().flatten();
            published.is_retiring |= replaced.count() > 0;
            published.rebuilt.extend(names);
            backlog.to_make.clear();
            return Ok(None);
        }
        let Some(next) = backlog.next(head) else {
            return Ok(Some(Ended::UpToDate));
        };
        if !self.deadline.allows(Duration::ZERO) {
            return Ok(Some(Ended::OutOfTime));
        }
        match self.catch_up(&next, place).await {
            Ok((to, done)) => {
                let ended = published.add(&done);
                if ended.is_none() {
                    backlog.advance(next, to, head);
                }
                Ok(ended)
            }
            Err(error) => Err((next.tables, next.until, error)),
        }
    }
}
