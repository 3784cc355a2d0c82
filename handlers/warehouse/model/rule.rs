//! How far a rule has come, and what a transaction does with it.

use std::sync::Arc;

use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;
use crate::warehouse::schema::{RuleSchema, TableIndex, TableSchema};

/// How far a rule has come. A transaction that moves it compares all of it but what only rises.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RuleProgress {
    /// The table that it watches, or `rows`; empty for one that no file has any more.
    pub table: String,
    /// What it watches for.
    pub definition: String,
    /// All of the rule as text.
    pub text: String,
    /// The id of silver's log that it follows.
    pub log: Option<String>,
    /// The version that it has been evaluated at.
    pub version: Version,
    /// The stamp of the build that moved it.
    pub stamp: i64,
    /// The highest watermark that it ever knew: only rises.
    pub as_of: Option<EventTime>,
    /// How much became true and was too old to be told.
    pub stale: u64,
    /// Of how many groups or rows its condition could not be computed, so that it counted as not true.
    pub failed: u64,
    /// When that was last so; nothing where it never was since the rule is as it is.
    pub failed_at: Option<UnixMillis>,
}

impl RuleProgress {
    /// Returns whether it is still where `other` was: all but what only rises.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        let bare = |progress: &Self| Self {
            as_of: None,
            stale: 0,
            failed: 0,
            failed_at: None,
            text: String::new(),
            ..progress.clone()
        };
        bare(self) == bare(other)
    }
}

/// What a transaction does with the rules of the tables that it moves, or with those on silver's rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// The rules, each once.
    pub steps: Vec<RuleStep>,
    /// The watermark of silver's head, as the run has read it.
    pub as_of: Option<EventTime>,
    /// No event of a group that speaks is expected before it any more; nothing where that is not known, so that nothing
    /// falls silent.
    pub heard_to: Option<EventTime>,
}

impl Rules {
    /// Returns what is known for the rule of a step. Silence counts by a time of its own, which moves only where everything that
    /// came is added up.
    pub(crate) fn known_to(&self, step: &RuleStep) -> Option<EventTime> {
        match step.rule().is_some_and(|rule| rule.is_silence()) {
            true => self.heard_to,
            false => self.as_of,
        }
    }
}

/// How one rule moves in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleStep {
    /// Its name.
    pub name: String,
    /// The table whose rows it watches; nothing for silver's rows.
    pub table: Option<TableIndex>,
    /// The progress that it must still have; none where it must have none.
    pub from: Option<RuleProgress>,
    /// The progress that it has afterwards, but for what only rises.
    pub to: RuleProgress,
    /// What is done.
    pub act: RuleAct,
}

/// What is done with a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleAct {
    /// What the transaction changes is compared before and after.
    Evaluate(Arc<RuleSchema>),
    /// It begins, and nothing is told of what is true already. What was told under its name and is not true is over.
    Start(Arc<RuleSchema>),
    /// It is gone: what was told under its name is over.
    Close,
}

/// How a rule was read over a table that is replaced by a swap, and how that table lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleBefore {
    /// The rule.
    pub rule: Arc<RuleSchema>,
    /// How the table lies.
    pub layout: Arc<TableSchema>,
}

/// What became true of rows of silver.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Told {
    /// The alerts, at most one more than are written.
    pub alerts: Vec<NewAlert>,
    /// How many more there are.
    pub more: u64,
    /// How many were too old to be told.
    pub stale: u64,
    /// Of how many rows the condition could not be computed.
    pub failed: u64,
}

/// What became true, as an alert tells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewAlert {
    /// Its id: the same whatever is repeated or rebuilt.
    pub id: String,
    /// The key of its group, where it is of one.
    pub group: Option<[u8; 16]>,
    /// The start of its period, where its table has periods.
    pub start: Option<i64>,
    /// When it was, in event time: the end of a period, the event time of a row, the newest event of a group.
    pub event_time: i64,
    /// The values of its fields, as JSON.
    pub fields: String,
}
