//! The dataset file: what the events look like, and what is made of them.
//!
//! A [`Dataset`] has been validated as a whole: columns named elsewhere exist and have a fitting type.

mod column;
mod file;
mod gold;
mod index;
mod name;
mod payload;
mod problem;
mod reader;
mod rules;
mod types;
mod warning;

use std::collections::BTreeSet;
use std::time::Duration;

use crate::error::Invariant;
use crate::expr::{self, Condition, Expression};
use crate::value::mask::Salt;
use crate::value::path::FieldPath;
use crate::value::time::notation::Zone;
use crate::value::{Grain, Period};

pub use index::{ColumnIndex, TableIndex};
pub use name::{DATASET_NAME, is_dataset_name};
pub use payload::{
    Compression, NonFinite, OpenMember, OpenStep, Payload, PayloadFormat, WriterSchema,
};
pub use problem::{DatasetProblems, LoadDatasetError, Place, Problem};
pub use reader::json_schema;
pub use rules::{Literal, Mask, Masking, Pattern, Rules, Value};
pub use types::{Bound, ColumnType, TimestampFormat};
pub use warning::Warning;

/// A validated dataset file.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Names the dataset in paths and keys: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// Counts incompatible changes; a higher number starts a fresh silver and gold from bronze.
    pub generation: u32,
    /// What tells events apart; nothing where every record is a row (`keep = "all"`).
    pub key: Option<Key>,
    /// The event-time column.
    pub event_time: ColumnIndex,
    /// Silver's time partition.
    pub period: Period,
    /// How far below the watermark an event may be without counting as late.
    pub allowed_lateness: Duration,
    /// How far after its enqueued time an event may claim to have happened.
    pub max_clock_skew: Duration,
    /// How long a hub partition may be silent before it stops holding the watermark back.
    pub idle_timeout: Duration,
    /// How long no event is enqueued before a stream counts as quiet, and its last periods become final by the time of
    /// day; nothing where they never do.
    pub quiet_after: Option<Duration>,
    /// When gold follows silver.
    pub latency: Latency,
    /// What happens to fields that no column names.
    pub unknown_fields: UnknownFields,
    /// Which duplicates are compared with the row that stays.
    pub conflicts: ConflictScope,
    /// How the text of an event becomes records.
    pub payload: Payload,
    /// Which records are kept; all of them where nothing is said.
    pub condition: Option<Condition>,
    /// The columns of silver, in the file's order.
    pub columns: Vec<Column>,
    /// The gold tables.
    pub gold: Vec<GoldTable>,
    /// The ranking views.
    pub rankings: Vec<Ranking>,
    /// The views that add up the rows of gold tables.
    pub summaries: Vec<Summary>,
    /// The rules that are watched for.
    pub alerts: Vec<Alert>,
    /// The secret that masks are made with: a setting of the app, and never in the file.
    pub salt: Option<Salt>,
}

/// What tells events apart: of those with equal values here one is a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// Its columns, in the file's order. The event time is among them.
    pub columns: Vec<ColumnIndex>,
    /// The step of the calendar that the event time counts by, not longer than the period; nothing where it counts as it
    /// is.
    pub bucket: Option<Period>,
}

/// What happens to fields that no column names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum UnknownFields {
    /// They are kept as one JSON object in `_rescued`.
    Rescue,
    /// They are dropped.
    Ignore,
}

/// Which duplicates are compared with the row that stays, so that those that differ from it are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConflictScope {
    /// Those whose row is committed together with them, which costs nothing.
    Group,
    /// All, which reads the files that hold the rows of the others.
    All,
}

/// When gold follows silver.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Latency {
    /// By its timer alone.
    Timer,
    /// Within about a second of each commit of silver; the timer makes up for what that misses.
    Low,
}

/// A column of silver.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in silver.
    pub name: String,
    /// The places that it is read from: the first that is there and not null counts. Empty if it is computed.
    pub from: Vec<ColumnPlace>,
    /// What it is computed from: columns before it.
    pub expr: Option<Expression>,
    /// Its type in silver.
    pub kind: ColumnType,
    /// Whether a line without it is rejected.
    pub required: bool,
    /// What happens to a value that it cannot take; a line is rejected by a required column.
    pub on_invalid: OnInvalid,
    /// The lowest value allowed.
    pub min: Option<Bound>,
    /// The highest value allowed.
    pub max: Option<Bound>,
    /// What else is said of its values.
    pub rules: Rules,
    /// What it means, for people who read the table.
    pub description: Option<String>,
}

/// A place that a column is read from.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ColumnPlace {
    /// In what the path begins.
    pub origin: Origin,
    /// Where the value is in that.
    pub path: FieldPath,
}

/// What a column is read from. Of the places of one column those of an earlier origin come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// In the record.
    Record,
    /// In its event, beside the array of the records.
    Event,
    /// Among the application properties of its event.
    Properties,
    /// In what the hub says of its event.
    System,
}

/// What happens to a value that its column cannot take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnInvalid {
    /// The column is null, and the value is kept among the unknown fields.
    Null,
    /// The line is rejected.
    Quarantine,
}

/// A gold table: silver aggregated by time and dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct GoldTable {
    /// The SQL table's name.
    pub table: String,
    /// The time step of its rows.
    pub grain: Grain,
    /// How many minutes lie between the starts of its windows, where these overlap.
    pub every: Option<u8>,
    /// By whose clocks its days, weeks or months begin; UTC's if nothing is said.
    pub zone: Option<Zone>,
    /// How far below the watermark its periods are kept; for ever if nothing is said.
    pub keep: Option<Duration>,
    /// Which rows have a group; all have one if there is none.
    pub condition: Option<Condition>,
    /// The dimension columns.
    pub by: Vec<ColumnIndex>,
    /// The measures, in the file's order.
    pub measures: Vec<Measure>,
}

/// A measure of a gold table.
#[derive(Clone, Debug, PartialEq)]
pub struct Measure {
    /// The SQL column's name.
    pub name: String,
    /// What it measures.
    pub aggregate: Aggregate,
    /// Which rows of a group it measures; all of them if there is none.
    pub condition: Option<Condition>,
}

/// What a measure computes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aggregate {
    /// The number of rows.
    Count,
    /// The sum of an int64 or decimal column; nulls count nothing.
    Sum(ColumnIndex),
    /// The lowest value of an int64, double, decimal, timestamp or date column.
    Min(ColumnIndex),
    /// The highest value, likewise.
    Max(ColumnIndex),
    /// The mean of an int64 or decimal column: kept as sum and count, divided in a view.
    Avg(ColumnIndex),
    /// The value of the earliest row that has one, of a column that is not json.
    First(ColumnIndex),
    /// That of the latest row, likewise.
    Last(ColumnIndex),
    /// About how many different values a column has that is not json.
    CountDistinct(ColumnIndex),
}

/// A view that ranks the rows of a gold table.
#[derive(Clone, Debug, PartialEq)]
pub struct Ranking {
    /// The view's name.
    pub view: String,
    /// The gold table.
    pub from: TableIndex,
    /// The measure that ranks, highest first, as an index into the table's measures.
    pub order_by: usize,
    /// How many rows it shows.
    pub top: u32,
}

/// A view that adds up the rows of a gold table of all time by some of its columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The view's name.
    pub view: String,
    /// The gold table, whose grain is `all`.
    pub from: TableIndex,
    /// The columns of the table that its rows are added up by: dimensions and measures; one row for all if there are none.
    pub by: Vec<String>,
    /// The measures, in the file's order.
    pub measures: Vec<SummaryMeasure>,
}

/// A measure of a [`Summary`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryMeasure {
    /// The SQL column's name.
    pub name: String,
    /// What it computes.
    pub total: Total,
}

/// What is computed of the rows of a gold table, whose columns are named. Nulls count nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Total {
    /// Their number.
    Count,
    /// The sum of an int64 or decimal column.
    Sum(String),
    /// The lowest value of an int64, double, decimal, timestamp or date column.
    Min(String),
    /// The highest value, likewise.
    Max(String),
    /// The mean of an int64 or decimal column.
    Avg(String),
}

/// What stands for silver's rows where a rule names what it watches.
pub const ROWS: &str = "rows";
/// Fewest digits after the point of an average.
pub const AVERAGE_SCALE: u8 = 6;

/// A rule: when an alert is raised, and who is told.
#[derive(Clone, Debug, PartialEq)]
pub struct Alert {
    /// Its name, unique in the file.
    pub name: String,
    /// What it watches.
    pub on: Watched,
    /// When it raises an alert.
    pub trigger: Trigger,
    /// The columns that an alert carries, in this order.
    pub fields: Vec<String>,
    /// Who is told.
    pub notify: Vec<Target>,
    /// How far behind event time something may be and still raise an alert.
    pub fresh: Duration,
    /// How much event time lies at least between two alerts of a group, where that is bounded.
    pub rearm: Option<Duration>,
    /// Whether they are told as well that it is over.
    pub notify_cleared: bool,
}

/// What a rule watches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// Every row of silver.
    Rows,
    /// The rows of a gold table.
    Table(TableIndex),
}

/// When a rule raises an alert.
#[derive(Clone, Debug, PartialEq)]
pub enum Trigger {
    /// When a condition becomes true.
    When(Condition),
    /// When the measure of that name, a latest event time, is so far behind.
    Silent {
        /// The measure.
        measure: String,
        /// How far.
        after: Duration,
    },
}

/// Who is told of an alert.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Target {
    /// What it is.
    pub kind: TargetKind,
    /// The app setting that holds its address, or its name.
    pub name: String,
}

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TargetKind {
    /// An address that takes a POST.
    Webhook,
    /// A queue of the storage account.
    Queue,
    /// An event hub of the app's own namespace.
    EventHub,
}

impl Column {
    /// Returns the paths that lie in one origin, in their order.
    pub fn paths(&self, origin: Origin) -> impl Iterator<Item = &FieldPath> + Clone {
        let places = self.from.iter();
        places.filter_map(move |place| (place.origin == origin).then_some(&place.path))
    }

    /// Returns the type that its values are cast to; a mask may make them another in silver.
    #[must_use]
    pub fn value_kind(&self) -> ColumnType {
        self.rules.mask.map_or(self.kind, |mask| mask.of)
    }
}

/// Masks cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "column \"{column}\" has mask = \"sha256\", which takes a salt, and there is none: set SLUICE_MASK_SALT, as docs/operations.md says"
)]
pub struct MissingSalt {
    /// The first column that takes one.
    pub column: String,
}

impl Dataset {
    /// Returns the names of the views that gold has beside tables and their reports: rankings first, then summaries.
    pub fn views(&self) -> impl Iterator<Item = &str> {
        let rankings = self.rankings.iter().map(|ranking| ranking.view.as_str());
        let summaries = self.summaries.iter();
        rankings.chain(summaries.map(|summary| summary.view.as_str()))
    }

    /// Takes the salt of the app, if it has one.
    ///
    /// # Errors
    /// Fails if there is none and a column takes one.
    pub fn salted(mut self, salt: Option<Salt>) -> Result<Self, MissingSalt> {
        self.salt = salt;
        self.check_salt()?;
        Ok(self)
    }

    /// Returns the first column that takes a salt.
    #[must_use]
    pub fn salted_column(&self) -> Option<&Column> {
        self.columns.iter().find(|column| {
            let mask = column.rules.mask;
            mask.is_some_and(|mask| mask.how == Masking::Sha256)
        })
    }

    /// Tells whether there is a salt if a column takes one.
    ///
    /// # Errors
    /// Fails if there is none.
    pub fn check_salt(&self) -> Result<(), MissingSalt> {
        match (&self.salt, self.salted_column()) {
            (None, Some(column)) => Err(MissingSalt {
                column: column.name.clone(),
            }),
            _ => Ok(()),
        }
    }

    /// Returns the column with this index, as other parts of a dataset refer to it.
    ///
    /// # Errors
    /// Fails if the dataset has no such column.
    pub fn column(&self, index: ColumnIndex) -> Result<&Column, Invariant> {
        let column = self.columns.get(index.position());
        column.ok_or(Invariant(
            "a column's index is used with the dataset that it is from",
        ))
    }

    /// Returns the key as the dataset file writes it, an element for each column, such as `day(ts)`; none where every record
    /// is a row.
    ///
    /// # Errors
    /// Fails if the dataset has no column that the key names.
    pub fn key_texts(&self) -> Result<Vec<String>, Invariant> {
        let Some(key) = &self.key else {
            return Ok(Vec::new());
        };
        let text = |index: &ColumnIndex| {
            let name = &self.column(*index)?.name;
            Ok(match key.bucket.filter(|_| *index == self.event_time) {
                Some(bucket) => format!("{}({name})", bucket.as_str()),
                None => name.clone(),
            })
        };
        key.columns.iter().map(text).collect()
    }

    /// Returns the columns as an expression over rows of silver names them.
    #[must_use]
    pub fn named_columns(&self) -> Vec<expr::Column<'_>> {
        let columns = self.columns.iter().map(|column| expr::Column {
            name: &column.name,
            kind: column.kind.into(),
            nullable: !column.required,
        });
        columns.collect()
    }

    /// Returns for each column whether the condition needs it, through computed columns too; none is where there is no
    /// condition.
    #[must_use]
    pub fn needed_by_condition(&self) -> Vec<bool> {
        let mut needed: BTreeSet<usize> = match &self.condition {
            Some(condition) => condition.columns(),
            None => BTreeSet::new(),
        };
        // An expression names earlier columns only.
        for (place, column) in self.columns.iter().enumerate().rev() {
            if let Some(expr) = column.expr.as_ref().filter(|_| needed.contains(&place)) {
                needed.extend(expr.columns());
            }
        }
        let columns = 0..self.columns.len();
        columns.map(|place| needed.contains(&place)).collect()
    }

    /// Returns whether an object of the bronze container, named within it, belongs to this dataset.
    ///
    /// A name with a segment that leads elsewhere, such as `..`, is nobody's: what is written is named after it.
    #[must_use]
    pub fn owns(&self, object: &str) -> bool {
        let rest = object.strip_prefix(self.name.as_str());
        let below = rest.and_then(|rest| rest.strip_prefix('/'));
        below.is_some_and(|below| {
            below
                .split(['/', '\\'])
                .all(|segment| !matches!(segment, "." | ".."))
        })
    }
}
