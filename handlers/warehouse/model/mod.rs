//! What goes into a warehouse and comes out of it: progress, rows, transactions to be made and what is read.

mod balance;
mod merge;
mod message;
mod progress;
mod rule;
mod shadow;
pub(crate) mod text;
mod watch;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::error::WarehouseError;
use super::schema::{GoldSchema, TableIndex, TableSchema, ValueType};
use crate::error::Invariant;
use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;
use crate::value::hash::sketch::Sketch;
pub use balance::{Balance, Counted, rows_of};
pub(super) use merge::{StoredRow, joined_row, merged, parts};
pub(super) use message::{CLAIMED_FOR, CLEARED, FORGOTTEN, TRIED_FOR};
pub use message::{Delivery, Message, Outstanding, Resend};
pub use progress::{Build, Pending, Progress};
pub use rule::{NewAlert, RuleAct, RuleBefore, RuleProgress, RuleStep, Rules, Told};
pub use shadow::{Arrangement, Changed, Fill, Filled, Shadow, ShadowNote, Swap};
pub(super) use watch::{COMPARED_AT_ONCE, Cleared, Effects, OwnGroup, Pair, Watch, groups_json};
pub use watch::{MOST_ALERTS, alert_id};

/// Why a gold table cannot go on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Blocked {
    /// What failed, and what to do about it.
    pub reason: String,
    /// The version that it could not be brought to.
    pub version: Option<Version>,
    /// The definition that it had then.
    pub definition: String,
    /// The stamp of the build that found it.
    pub stamp: i64,
    /// When it was last tried.
    pub at: UnixMillis,
    /// Whether it only waits until the generation that it is to show is whole: what is complete stays so meanwhile.
    pub is_rebuilding: bool,
}

/// A table that is no longer wanted, and since when.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retired {
    /// Its name.
    pub physical: String,
    /// When it was replaced.
    pub since: UnixMillis,
}

/// The tables of gold that do not fit the dataset file, with the reason of each.
pub type Unfit = BTreeMap<TableIndex, WarehouseError>;

/// What a database holds of gold, as one look finds it.
#[derive(Debug, Default)]
pub struct Standing {
    /// The progress of the tables that have some, by name.
    pub progress: BTreeMap<String, Progress>,
    /// The tables that are blocked, by name.
    pub blocked: BTreeMap<String, Blocked>,
    /// What the freshness of this dataset's tables says that silver has not refined, if it does, by name.
    pub pending: BTreeMap<String, Option<Pending>>,
    /// The tables that the books say the dataset file no longer has, by name.
    pub said_removed: BTreeSet<String>,
    /// The tables that nobody wants any more.
    pub retired: Vec<Retired>,
    /// The highest build that ever ran.
    pub build: Option<Build>,
    /// The tables that do not fit, or are another dataset's, with the reason of each. They are never changed.
    pub unfit: Unfit,
    /// The tables that have progress and are gone: somebody dropped them.
    pub gone: BTreeSet<TableIndex>,
    /// The tables that are made beside the live ones, by the names of these.
    pub next: BTreeMap<String, Shadow>,
    /// Those of them that somebody dropped.
    pub lost: BTreeSet<String>,
    /// How far the rules have come, by name.
    pub rules: BTreeMap<String, RuleProgress>,
    /// The tables that are this dataset's for certain.
    pub owned: BTreeSet<String>,
    /// The books and tables that are not there yet, by name; before gold's first run `sluice_progress` is among them.
    pub missing: Vec<String>,
    /// Whether there is a book of messages.
    pub has_outbox: bool,
    /// Whether books or views are missing or others than they should be.
    pub is_incomplete: bool,
}

impl Standing {
    /// Returns whether nobody sees a table: it was never filled, or somebody dropped it.
    #[must_use]
    pub fn is_unseen(&self, index: TableIndex, table: &TableSchema) -> bool {
        let progress = self.progress.get(&table.name);
        self.gone.contains(&index) || progress.is_none_or(|progress| progress.generation == 0)
    }

    /// Returns the tables of the dataset that are shown, and that its file no longer has.
    #[must_use]
    pub fn removed(&self, schema: &GoldSchema) -> BTreeMap<String, Progress> {
        let is_removed = |name: &String, progress: &Progress| {
            let is_shown = progress.generation != 0 || progress.physical.is_some();
            is_shown && self.owned.contains(name) && schema.table(name).is_none()
        };
        let mut removed = self.progress.clone();
        removed.retain(|name, progress| is_removed(name, progress));
        removed
    }
}

/// A value of gold.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// None.
    Null,
    /// A 64-bit integer.
    Int64(i64),
    /// A 64-bit floating-point number.
    Double(f64),
    /// An exact number, times ten to its column's scale.
    Decimal(i128),
    /// Text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// Microseconds since 1970 in UTC.
    Timestamp(i64),
    /// Days since 1970.
    Date(i32),
    /// Bytes.
    Bytes(Vec<u8>),
    /// The value of one row among those of its group.
    Picked(Box<Picked>),
    /// A set, as far as the number of its values is told by it.
    Sketch(Box<Sketch>),
}

/// The value of one row, and what the row is compared with others by.
#[derive(Clone, Debug, PartialEq)]
pub struct Picked {
    /// The value, which is not null.
    pub value: Datum,
    /// The row's event time, in microseconds since 1970.
    pub at: i64,
    /// The hash of what tells it from other rows of that time.
    pub key: [u8; 16],
}

impl Picked {
    /// Returns where its row stands among those of its group: by the event time, and then by the hash.
    #[must_use]
    pub fn place(&self) -> (i64, [u8; 16]) {
        (self.at, self.key)
    }
}

/// What a run adds to one group of a gold table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The start of the period, in microseconds since 1970; 0 for the grain `all`.
    pub start: i64,
    /// The hash of the exact dimension values.
    pub key: [u8; 16],
    /// The dimension values, as the table's schema orders them.
    pub dimensions: Vec<Datum>,
    /// What is merged into the stored measures, as the table's schema orders them.
    pub measures: Vec<Datum>,
    /// The latest event time among the rows of silver that it is made of, in microseconds since 1970.
    pub newest: i64,
}

/// How one table moves in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The table.
    pub table: TableIndex,
    /// The progress that it must still have; none where it must have none.
    pub from: Option<Progress>,
    /// The version that it stands at afterwards.
    pub to: Version,
    /// Whether it is made anew, in a table of its own that takes the place of the one before. What has no progress is.
    pub replace: bool,
    /// How it lies in the database, where it shows another definition than the dataset file has.
    pub layout: Option<Arc<TableSchema>>,
}

impl Step {
    /// Returns how the table lies in the database.
    ///
    /// # Errors
    /// Fails if the step is not of this schema.
    pub fn layout<'a>(&'a self, schema: &'a GoldSchema) -> Result<&'a TableSchema, Invariant> {
        match &self.layout {
            Some(layout) => Ok(layout),
            None => schema.table_at(self.table),
        }
    }

    /// Returns the progress that the table has afterwards.
    ///
    /// # Errors
    /// As [`Step::layout`].
    pub fn moved(&self, run: &Run, schema: &GoldSchema) -> Result<Progress, Invariant> {
        let table = self.layout(schema)?;
        let from = self.from.clone().unwrap_or_default();
        let makes_table = self.makes_table(table);
        let made = from.made + u64::from(makes_table);
        let kept_before = from.kept_from.filter(|_| !self.replace);
        Ok(Progress {
            kept_from: table.kept_from(run.as_of).max(kept_before),
            log: run.log.clone(),
            generation: schema.generation,
            definition: table.definition.clone(),
            version: self.to,
            physical: match makes_table {
                true => Some(table.physical(made)),
                false => from.physical,
            },
            made,
            text: Some(table.text.clone()),
            rankings: match self.layout {
                // Its views stay as they are.
                Some(_) => from.rankings,
                None => schema.views_of(self.table),
            },
        })
    }

    /// Returns whether a table is created for it.
    #[must_use]
    pub fn makes_table(&self, table: &TableSchema) -> bool {
        match &self.from {
            None => true,
            Some(from) => self.replace && !from.is_prepared(table),
        }
    }
}

/// A transaction to be made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The tables that it moves, each once.
    pub steps: Vec<Step>,
    /// The id of silver's log, if it has one.
    pub log: Option<String>,
    /// Which package runs.
    pub build: Build,
    /// The watermark at the version that they move to.
    pub watermark: Option<EventTime>,
    /// The watermark of the head that the run read, by which periods are too old to be kept: that of a version before may
    /// be lower than what an earlier run went by.
    pub as_of: Option<EventTime>,
    /// No event before it is expected any more, so that periods that end the allowed lateness before it are final; nothing
    /// where that is not known, which leaves what was said before. It is never lowered but for a table that is replaced.
    pub complete_to: Option<EventTime>,
    /// What silver has not refined of bronze, if that is known.
    pub pending: Option<Pending>,
    /// What silver counts, and how much of it the tables take in.
    pub balance: Balance,
    /// What is done with rules.
    pub rules: Rules,
    /// Now.
    pub at: UnixMillis,
}

/// What a run says of tables that it does not move.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Remarks {
    /// What silver has not refined of bronze, if that is to be said: of all tables of the dataset.
    pub pending: Option<Pending>,
    /// The tables that the dataset file no longer has, by name, with what that means for them.
    pub removed: BTreeMap<String, String>,
    /// Which package runs.
    pub build: Build,
}

/// The order of rows that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column; numbers order as numbers.
    pub column: String,
    /// Whether the highest comes first.
    pub descending: bool,
}

/// What a query answers, as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// The columns' names, and the types of what they hold.
    pub columns: Vec<(String, ValueType)>,
    /// The rows; a null is nothing.
    pub rows: Vec<Vec<Option<String>>>,
    /// Whether there are more rows.
    pub is_cut: bool,
}

/// Rows of a table as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableRows {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows; a null is nothing.
    pub rows: Vec<Vec<Option<String>>>,
}
