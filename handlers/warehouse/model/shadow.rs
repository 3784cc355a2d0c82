//! A table that is made beside the live one, and what takes it there: it is begun, filled, given up or swapped.

use std::collections::BTreeMap;

use super::balance::Counted;
use super::progress::{Build, Pending, Progress};
use super::rule::{RuleBefore, Rules};
use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;
use crate::warehouse::schema::TableIndex;

/// A table that is made beside the live one of its name, and that no view names. A transaction that moves it compares
/// all of it but the note.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shadow {
    /// The table that takes its rows; none where it was only asked for.
    pub physical: Option<String>,
    /// The id of silver's log that it follows; none where it was made by hand and nothing has filled it.
    pub log: Option<String>,
    /// The generation of silver that it is made from.
    pub generation: u32,
    /// What it is to show.
    pub definition: String,
    /// The version whose live files it is filled from; none where nothing has begun to.
    pub base: Option<Version>,
    /// How many of these files, in the order of their paths, it has.
    pub files_done: u64,
    /// The version that it equals the aggregate of, once it has all of them.
    pub version: Option<Version>,
    /// How many rows of silver it has taken in; nothing where an earlier build filled it.
    pub taken: Option<u64>,
    /// The stamp of the build that began it.
    pub stamp: i64,
    /// Whether somebody asked for it: no build gives it up.
    pub is_asked: bool,
    /// Up to when it had everything that it needs: silver keeps replaced files for seven days after that.
    pub since: UnixMillis,
    /// Why it does not go on, or is not shown.
    pub note: Option<ShadowNote>,
}

impl Shadow {
    /// Returns whether it is still where `other` was: all but the note.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let bare = |shadow: &Self| Self {
            note: None,
            since: UnixMillis(0),
            taken: None,
            ..shadow.clone()
        };
        bare(self) == bare(other)
    }

    /// Returns how far it is as a number that rises with every part of its filling: how many rows it has taken in is known
    /// where the books say it of this number.
    #[must_use]
    pub fn mark(&self) -> u64 {
        let version = self.version.unwrap_or_default().0;
        self.files_done.saturating_add(version)
    }

    /// Returns how many rows of silver the table has taken in that it takes the place of, where `silver` is what that counts
    /// then. They are the same (G1), so that stands in where an earlier build filled the shadow.
    #[must_use]
    pub fn brings(&self, silver: Option<&Counted>) -> Option<u64> {
        self.taken.or(silver.map(|silver| silver.rows))
    }

    /// Returns whether it was made for these rows: of this log, or of none yet.
    #[must_use]
    pub fn is_for(&self, log: Option<&str>, generation: u32, definition: &str) -> bool {
        let is_of_log = self.log.as_deref() == log || (self.log.is_none() && self.base.is_none());
        is_of_log && self.generation == generation && self.definition == definition
    }
}

/// Why a shadow does not go on, or is not shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShadowNote {
    /// Whether it cannot go on; otherwise it is ready to be shown.
    pub is_blocked: bool,
    /// What is in its way.
    pub reason: String,
    /// The stamp of the build that found it.
    pub stamp: i64,
    /// Since when it is ready, or when it was last tried.
    pub at: UnixMillis,
}

/// A change of which shadow a table has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Arrangement {
    /// The table.
    pub table: TableIndex,
    /// The progress that it must have; none where it must have none, and gets one that shows nothing.
    pub progress: Option<Progress>,
    /// The shadow that it must have.
    pub from: Option<Shadow>,
    /// The one that it has afterwards. A physical table that it names and `from` does not is created, the next one of the
    /// progress; one that only `from` names is retired.
    pub to: Option<Shadow>,
}

impl Arrangement {
    /// Returns the table that is no longer wanted afterwards.
    #[must_use]
    pub fn retired(&self) -> Option<&str> {
        let before = self.from.as_ref()?.physical.as_deref()?;
        let after = self.to.as_ref().and_then(|to| to.physical.as_deref());
        (after != Some(before)).then_some(before)
    }

    /// Returns the table that is created.
    #[must_use]
    pub fn created(&self) -> Option<&str> {
        let after = self.to.as_ref()?.physical.as_deref()?;
        let before = self.from.as_ref().and_then(|from| from.physical.as_deref());
        (before != Some(after)).then_some(after)
    }

    /// Returns the progress that the table has afterwards.
    #[must_use]
    pub fn moved(&self) -> Progress {
        let created = u64::from(self.created().is_some());
        let from = self.progress.clone().unwrap_or_default();
        Progress {
            made: from.made + created,
            ..from
        }
    }
}

/// A part of the filling of shadows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The tables, with the shadows that they must have.
    pub shadows: Vec<(TableIndex, Shadow)>,
    /// The watermark of the head that the run read, by which periods are too old to be kept.
    pub as_of: Option<EventTime>,
    /// Which package runs.
    pub build: Build,
}

/// Where a shadow stands after a part of its filling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filled {
    /// The table.
    pub table: TableIndex,
    /// Its shadow.
    pub to: Shadow,
    /// How much of it is done, in percent.
    pub percent: u8,
}

/// Shadows that take the place of live tables, all at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Swap {
    /// The tables, each with the progress and the shadow that it must have.
    pub tables: Vec<(TableIndex, Progress, Shadow)>,
    /// The tables that the dataset file no longer has, by name, with the progress that they must have.
    pub retired: Vec<(String, Progress)>,
    /// Which package runs.
    pub build: Build,
    /// The watermark at the version of the shadows.
    pub watermark: Option<EventTime>,
    /// No event before it is expected any more; nothing where that is not known.
    pub complete_to: Option<EventTime>,
    /// What silver has not refined of bronze, if that is known.
    pub pending: Option<Pending>,
    /// What silver counts at the version of the shadows, if that is known.
    pub silver: Option<Counted>,
    /// What is done with rules.
    pub rules: Rules,
    /// Those of them that compare, as they were read over the tables that are replaced.
    pub before: Vec<RuleBefore>,
    /// Now.
    pub at: UnixMillis,
}

impl Swap {
    /// Returns which of the tables that the dataset file no longer has are retired with the swap of these: those of the
    /// log that is replaced, and, where a generation is raised, those of any log of its tables. What follows another log
    /// is another pipeline's.
    #[must_use]
    pub fn retires(
        tables: &[(TableIndex, Progress, Shadow)],
        removed: BTreeMap<String, Progress>,
        generation: u32,
    ) -> Vec<(String, Progress)> {
        let before = |progress: &Progress| ![0, generation].contains(&progress.generation);
        let is_raised = tables.iter().any(|(_, progress, _)| before(progress));
        let is_own = |log: &str| {
            tables.iter().any(|(_, progress, shadow)| {
                let (live, next) = (progress.log.as_deref(), shadow.log.as_deref());
                (live == Some(log) && live != next)
                    || (is_raised && [live, next].contains(&Some(log)))
            })
        };
        let retired = removed
            .into_iter()
            .filter(|(_, progress)| match progress.log.as_deref() {
                Some(log) => is_own(log),
                None => is_raised,
            });
        retired.collect()
    }
}

/// What became of a change of shadows, or of a swap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Changed {
    /// It is done.
    Done,
    /// Another run was first; nothing has changed.
    Conflict,
    /// A later build has run against these tables; nothing has changed.
    Replaced,
    /// Somebody reads the tables and holds locks on them; nothing has changed.
    Locked,
}
