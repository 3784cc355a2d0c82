//! One attempt at bringing every table to silver's head.
//!
//! The order of reads matters. What the books say is read first, and silver's head after it, so that no table stands
//! beyond the head unless its log is another one. A log that is another's is not followed, and only a run whose log is
//! the tables' own notes its build as the latest and changes anything.

mod context;
mod standstill;
mod transactions;
mod whose;

use std::collections::BTreeMap;
use std::time::Duration;

use super::blocked::{LeftOut, blamed};
use super::error::Error;
use super::finals::{Finals, Patience, Sighting, counts_until};
use super::idle_marker::Noted;
use super::outcome::{Ended, Published};
use super::plan::TableBacklog;
use crate::error::chain;
use crate::event::UnixMillis;
use crate::table::log::{Head, Version};
use crate::value::time::millis;
use crate::warehouse::schema::TableIndex;
use crate::warehouse::{Prepared, Progress, Standing};
pub(super) use context::Attempt;
use context::Place;

/// How long a table that was replaced is kept for those who read it.
const RETIRED_FOR: Duration = Duration::from_secs(10 * 60);

impl Attempt<'_> {
    /// Makes the attempt; returns how it ended.
    pub(super) async fn make(self, published: &mut Published) -> Result<Ended, Error> {
        let mut standing = self.warehouse.look().await?;
        let Some(mut head) = self.log.head().await? else {
            return Ok(Ended::NothingYet);
        };
        published.head = Some(head.version);
        if standing.build.as_ref().is_some_and(|ran| ran > self.build) {
            return Ok(Ended::Replaced);
        }
        if let Some(error) = self.other_pipeline(&standing, &head).await? {
            published.blocked = vec![chain(&error)];
            return Ok(Ended::Blocked);
        }
        if standing.is_incomplete || standing.build.as_ref() != Some(self.build) {
            match self.warehouse.prepare(self.build).await? {
                Prepared::Ready(complete) => standing = *complete,
                Prepared::Replaced => return Ok(Ended::Replaced),
            }
            // The progress is a later one now.
            head = match self.log.head().await? {
                Some(later) if later.log == head.log => later,
                _ => return Ok(Ended::Conflict),
            };
            published.head = Some(head.version);
        }
        self.drop_retired(&standing).await;
        published.is_retiring = !standing.retired.is_empty();
        let older = self.older(&standing)?;
        if !older.is_empty() {
            published.waiting = self.waits_for(&standing, &older).await?;
            // The head is read after the look at what it must have.
            head = match self.log.head().await? {
                Some(later) if later.log == head.log => later,
                _ => return Ok(Ended::Conflict),
            };
            published.head = Some(head.version);
        }
        self.bring_up(standing, head, published).await
    }

    /// Brings the tables up that can go on.
    async fn bring_up(
        self,
        standing: Standing,
        head: Head,
        published: &mut Published,
    ) -> Result<Ended, Error> {
        let (mut backlog, mut place) = self.sort_out(standing, head, published).await?;
        let head = place.head.version;
        let mut at_head = backlog.standing(self.schema(), &place.progress, head);
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
            return Ok(ended);
        }
        self.say_final(place, at_head, published).await
    }

    /// Finds out which tables are behind, and leaves those out that cannot go on.
    async fn sort_out(
        &self,
        standing: Standing,
        head: Head,
        published: &mut Published,
    ) -> Result<(TableBacklog, Place), Error> {
        let schema = self.schema();
        let mut backlog = TableBacklog::of(
            schema,
            (&standing.progress, &standing.gone),
            head.version,
            self.rebuild,
        );
        // A table that was rebuilt before a transient failure is not rebuilt again.
        backlog.leave_out(&published.rebuilt, schema)?;
        let ahead = std::mem::take(&mut backlog.ahead);
        let sighting = self.lookout.sighting(self.look, &head);
        let mut place = Place {
            sighting,
            finals: Finals::of(sighting, Patience::of(self.dataset)),
            head,
            progress: standing.progress,
            noted: standing.blocked,
            left_out: LeftOut::default(),
        };
        for (table, error) in standing.unfit {
            self.leave_out(&mut place, table, &error.into()).await?;
        }
        if !ahead.is_empty() {
            let head = place.head.version;
            let ahead = Error::Ahead {
                rows: self.rows(&place.progress, &ahead),
                tables: ahead,
                head,
            };
            for table in blamed(&ahead, schema) {
                self.leave_out(&mut place, table, &ahead).await?;
            }
        }
        self.leave_alone(&mut place)?;
        if let Some(waits) = published.waiting.take() {
            let tables = (&mut backlog, &standing.gone);
            let is_waiting = self.wait(&mut place, tables, &waits).await?;
            published.waiting = is_waiting.then_some(waits);
        }
        Ok((backlog, place))
    }

    /// Says what is final of tables that stood at the head, and notes that nothing is left to do.
    async fn say_final(
        &self,
        place: Place,
        at_head: BTreeMap<TableIndex, Progress>,
        published: &mut Published,
    ) -> Result<Ended, Error> {
        let said = (place.finals, self.build, self.clock.now());
        let worker = self.worker();
        let raised = self.known.raise(&worker, at_head, &place.head, said);
        if let Some(done) = raised.await?
            && let Some(ended) = published.add(&done)
        {
            return Ok(ended);
        }
        let next_try = self.next_try(&place)?;
        let is_whole = place.left_out.is_empty();
        published.blocked = place.left_out.reasons();
        let is_waiting = published.waiting.is_some() || published.is_retiring;
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

    /// Notes that there is nothing to do until something is added, a period becomes final, or a blocked table is tried
    /// again. Where bronze could not be looked at, the next run does it again.
    async fn note_idle(
        &self,
        head: &Head,
        sighting: &Sighting,
        (next_try, blocked): (UnixMillis, &[String]),
    ) {
        if !self.warehouse.may_be_paused() || sighting.pending.is_none() {
            return;
        }
        let now = self.clock.now();
        let grains = self.schema().tables.iter().map(|table| table.grain);
        let next_final = match sighting.version == head.version {
            true => sighting.next_final(grains, Patience::of(self.dataset)),
            // An earlier look says less than the next one will.
            false => Some(counts_until(now)),
        };
        let noted = Noted {
            now,
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
        if !backlog.to_rebuild.is_empty() {
            let tables: Vec<TableIndex> = backlog.to_rebuild.keys().copied().collect();
            let made = self.make_anew(&backlog.to_rebuild, place).await;
            let names = self.names(&tables).map_err(Error::from);
            let (done, names) = match (made, names) {
                (Ok(done), Ok(names)) => (done, names),
                (Err(error), _) | (_, Err(error)) => return Err((tables, head, error)),
            };
            if let Some(ended) = published.add(&done) {
                return Ok(Some(ended));
            }
            let replaced = backlog.to_rebuild.values().flatten();
            published.is_retiring |= replaced.count() > 0;
            published.rebuilt.extend(names);
            backlog.to_rebuild.clear();
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
