//! Which tables are to be made beside the live ones, and how the live ones go on meanwhile; pure.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::event::UnixMillis;
use crate::table::log::{Head, Version};
use crate::value::time::millis;
use crate::warehouse::schema::{GoldSchema, TableIndex, TableSchema};
use crate::warehouse::{Arrangement, Progress, Shadow, Standing};

/// How long a shadow may take for what it needs of replaced files, which silver keeps for seven days.
pub const LONGEST: Duration = Duration::from_secs(5 * 24 * 60 * 60);
/// How long a shadow whose rows failed is left alone.
const TRIED_AGAIN_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// How a live table goes on that shows something else than the dataset file says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::gold) enum Older {
    /// By the definition that the books have of it.
    Steps(Arc<TableSchema>),
    /// Not at all: its log is not this one, or its definition is not understood.
    Stands,
}

/// What is to be done with shadows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::gold) struct Plan {
    /// What is changed first.
    pub(in crate::gold) changes: Vec<Arrangement>,
    /// The shadows that this build fills and shows, as they are before the changes.
    pub(in crate::gold) ours: BTreeMap<TableIndex, Shadow>,
    /// The live tables that show something else.
    pub(in crate::gold) older: BTreeMap<TableIndex, Older>,
    /// Whether the head is older than a shadow: another run has read a later one.
    pub(in crate::gold) is_stale: bool,
    /// Whether a table that nobody sees is to be made, and none is begun beside for it.
    pub(in crate::gold) makes_first: bool,
}

/// What a run knows.
#[derive(Clone, Copy)]
pub(in crate::gold) struct Known<'a> {
    pub(in crate::gold) dataset: &'a Dataset,
    pub(in crate::gold) schema: &'a GoldSchema,
    /// The log and its latest version.
    pub(in crate::gold) head: (Option<&'a str>, Version),
    /// The stamp of the build that runs.
    pub(in crate::gold) stamp: i64,
    pub(in crate::gold) now: UnixMillis,
    /// Whether tables that nobody sees are made beside as well, as others are: they do not fit one transaction, or come
    /// with a generation.
    pub(in crate::gold) is_first_beside: bool,
}

/// Works out what is to be done.
///
/// # Errors
/// Fails if the standing is not of this schema.
pub(in crate::gold) fn plan(known: Known<'_>, standing: &Standing) -> Result<Plan, Invariant> {
    let mut plan = Plan::default();
    for (index, table) in known.schema.indexed_tables() {
        let progress = standing.progress.get(&table.name);
        let next = standing.next.get(&table.name);
        let is_lost = standing.lost.contains(&table.name);
        let wanted = match progress.filter(|_| !standing.is_unseen(index, table)) {
            Some(made) => known.wanted(index, table, (made, next, is_lost), &mut plan)?,
            // Its row in the book may be another's.
            None if standing.unfit.contains_key(&index) => continue,
            None => known.first(table, (next, is_lost), &mut plan),
        };
        match (wanted, next) {
            (Some(Wanted::Leave), _) | (None, None) => {}
            // What is made from nothing, or shows just this, needs none.
            (None, Some(next)) => plan.changes.push(Arrangement {
                table: index,
                progress: progress.cloned(),
                from: Some(next.clone()),
                to: None,
            }),
            (Some(Wanted::Begin { is_asked, physical }), next) => {
                let made = progress.map_or(0, |progress| progress.made);
                let to = begun(known, table, (made, physical), is_asked);
                plan.ours.insert(index, to.clone());
                plan.changes.push(Arrangement {
                    table: index,
                    progress: progress.cloned(),
                    from: next.cloned(),
                    to: Some(to),
                });
            }
            (Some(Wanted::GoOn), Some(next)) => {
                plan.is_stale |= next.base.max(next.version) > Some(known.head.1);
                plan.ours.insert(index, next.clone());
            }
            (Some(Wanted::GoOn), None) => {}
        }
    }
    Ok(plan)
}

/// What becomes of the shadow of a table.
enum Wanted {
    /// It is filled, or is to be shown.
    GoOn,
    /// One is begun, in a table that is there or in one that is made.
    Begin {
        is_asked: bool,
        physical: Option<String>,
    },
    /// It is another pipeline's.
    Leave,
}

impl Known<'_> {
    /// Returns what becomes of the shadow of a table that has rows; nothing if it needs none.
    fn wanted(
        self,
        index: TableIndex,
        table: &TableSchema,
        (progress, next, is_lost): (&Progress, Option<&Shadow>, bool),
        plan: &mut Plan,
    ) -> Result<Option<Wanted>, Invariant> {
        let (log, _) = self.head;
        let generation = self.schema.generation;
        let is_of_log = progress.generation == generation && progress.follows(log);
        let is_live = is_of_log && progress.definition == table.definition;
        if !is_live {
            let text = progress.text.as_deref().filter(|_| is_of_log);
            let layout = text.and_then(|text| self.schema.earlier(self.dataset, index, text));
            let layout = layout.filter(|layout| layout.definition == progress.definition);
            let older = layout.map_or(Older::Stands, |layout| Older::Steps(Arc::new(layout)));
            plan.older.insert(index, older);
        }
        let is_asked = next.is_some_and(|next| next.is_asked);
        let is_asked_here = is_asked && next.is_some_and(|next| next.log.as_deref() == log);
        if is_live && is_asked && !is_asked_here {
            return Ok(Some(Wanted::Leave));
        }
        if is_live && !is_asked {
            return Ok(None);
        }
        let Some(next) = next.filter(|next| next.is_for(log, generation, &table.definition)) else {
            return Ok(Some(Wanted::Begin {
                is_asked: is_asked_here,
                physical: None,
            }));
        };
        if is_lost || (next.base.is_some() && self.is_too_old(next)) {
            return Ok(Some(Wanted::Begin {
                is_asked,
                physical: None,
            }));
        }
        Ok(Some(match (&next.physical, next.base) {
            (Some(_), Some(_)) => Wanted::GoOn,
            (physical, _) => Wanted::Begin {
                is_asked,
                physical: physical.clone(),
            },
        }))
    }

    /// Returns what becomes of the shadow of a table that nobody sees; nothing if it is made in one go.
    fn first(
        self,
        table: &TableSchema,
        (next, is_lost): (Option<&Shadow>, bool),
        plan: &mut Plan,
    ) -> Option<Wanted> {
        let (log, _) = self.head;
        let goes_on = next.is_some_and(|next| {
            let is_begun = next.physical.is_some() && next.base.is_some() && !is_lost;
            let is_for = next.is_for(log, self.schema.generation, &table.definition);
            is_begun && is_for && !self.is_too_old(next)
        });
        if goes_on {
            return Some(Wanted::GoOn);
        }
        plan.makes_first |= !self.is_first_beside;
        self.is_first_beside.then_some(Wanted::Begin {
            is_asked: false,
            physical: None,
        })
    }

    fn is_too_old(self, next: &Shadow) -> bool {
        self.now.0.saturating_sub(next.since.0) > millis(LONGEST)
    }
}

/// Returns a shadow that begins at the head, in a table that is there or in the next one after those that were made.
pub(in crate::gold) fn begun(
    known: Known<'_>,
    table: &TableSchema,
    (made, physical): (u64, Option<String>),
    is_asked: bool,
) -> Shadow {
    let (log, version) = known.head;
    Shadow {
        physical: Some(physical.unwrap_or_else(|| table.physical(made + 1))),
        log: log.map(str::to_owned),
        generation: known.schema.generation,
        definition: table.definition.clone(),
        base: Some(version),
        files_done: 0,
        version: None,
        taken: None,
        stamp: known.stamp,
        is_asked,
        since: known.now,
        note: None,
    }
}

/// Returns a shadow that is asked for: the one that is there, if it is for this, or one that is yet to be begun.
pub(in crate::gold) fn asked(
    from: Option<&Shadow>,
    (head, generation, table): (&Head, u32, &TableSchema),
) -> Shadow {
    let log = head.log.as_deref();
    match from.filter(|from| from.is_for(log, generation, &table.definition)) {
        Some(from) => Shadow {
            is_asked: true,
            ..from.clone()
        },
        None => Shadow {
            log: head.log.clone(),
            generation,
            definition: table.definition.clone(),
            is_asked: true,
            ..Shadow::default()
        },
    }
}

/// Returns whether a shadow failed on its rows and is left alone by this build for now: they are in silver for good.
pub(in crate::gold) fn is_left_alone(shadow: &Shadow, (stamp, now): (i64, UnixMillis)) -> bool {
    shadow.note.as_ref().is_some_and(|note| {
        let age = now.0.saturating_sub(note.at.0);
        // A clock that was set back says nothing, so it is tried.
        let is_recent = (0..millis(TRIED_AGAIN_AFTER)).contains(&age);
        note.is_blocked && is_recent && note.stamp == stamp
    })
}

#[cfg(test)]
mod tests;
