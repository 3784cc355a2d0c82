//! The dataset file: what the events look like, and what is made of them.
//!
//! A [`Dataset`] has been validated as a whole: columns named elsewhere exist and have a fitting type.

mod column;
mod computed;
mod file;
mod from;
mod gold;
mod index;
mod name;
mod problem;
mod reader;
mod warning;

use std::fmt;
use std::time::Duration;

use crate::error::Invariant;
use crate::event::EventTime;
use crate::expr::{Condition, Expression, Type};
use crate::value::path::FieldPath;
use crate::value::{Grain, Period};

pub use index::{ColumnIndex, TableIndex};
pub use name::{DATASET_NAME, is_dataset_name};
pub use problem::{DatasetProblems, LoadDatasetError, Problem};
pub use warning::Warning;

/// A validated dataset file.
#[derive(Clone, Debug, PartialEq)]
pub struct Dataset {
    /// Names the dataset in paths and keys: lower-case letters, digits, `-` and `_`.
    pub name: String,
    /// Counts incompatible changes; a higher number starts a fresh silver and gold from bronze.
    pub generation: u32,
    /// The columns of the deduplication key, in the file's order. The event time is among them.
    pub key: Vec<ColumnIndex>,
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
    /// What happens to fields that no column names.
    pub unknown_fields: UnknownFields,
    /// Which duplicates are compared with the row that stays.
    pub conflicts: ConflictScope,
    /// How the text of an event is read.
    pub payload: Payload,
    /// Which records are kept; all of them where nothing is said.
    pub condition: Option<Condition>,
    /// The columns of silver, in the file's order.
    pub columns: Vec<Column>,
    /// The gold tables.
    pub gold: Vec<GoldTable>,
    /// The ranking views.
    pub rankings: Vec<Ranking>,
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

/// How the text of an event is read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Payload {
    /// Whether names of columns' places are found whatever the case of their ASCII letters. The places of all columns
    /// are then written alike where they differ in case alone.
    pub ignore_case: bool,
}

/// A column of silver.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Its name in silver.
    pub name: String,
    /// The places that it is read from: the first that is there and not null counts. Empty if it is computed.
    pub from: Vec<FieldPath>,
    /// Where these places lie.
    pub origin: Origin,
    /// What it is computed from: columns before it.
    pub expr: Option<Expression>,
    /// Its type.
    pub kind: ColumnType,
    /// Whether a line without it is rejected.
    pub required: bool,
    /// What happens to a value that it cannot take; a line is rejected by a required column.
    pub on_invalid: OnInvalid,
    /// The lowest value allowed.
    pub min: Option<Bound>,
    /// The highest value allowed.
    pub max: Option<Bound>,
    /// What it means, for people who read the table.
    pub description: Option<String>,
}

/// Where the places of a column lie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Origin {
    /// In the record.
    #[default]
    Record,
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

/// A column's type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ColumnType {
    /// A 64-bit integer.
    Int64,
    /// A 64-bit floating-point number.
    Double,
    /// An exact number with `precision` digits, `scale` of them after the point; precision 1 to 38, scale 0 to precision.
    Decimal {
        /// All digits.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// UTF-8 text.
    String,
    /// True or false.
    Bool,
    /// A point in time in UTC, to the microsecond.
    Timestamp(TimestampFormat),
    /// A day.
    Date,
    /// Any JSON value, kept as text.
    Json,
}

impl fmt::Display for ColumnType {
    /// Writes the type as the dataset file does.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Int64 => f.write_str("int64"),
            Self::Double => f.write_str("double"),
            Self::Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Self::String => f.write_str("string"),
            Self::Bool => f.write_str("bool"),
            Self::Timestamp(_) => f.write_str("timestamp"),
            Self::Date => f.write_str("date"),
            Self::Json => f.write_str("json"),
        }
    }
}

impl From<ColumnType> for Type {
    fn from(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Int64 => Self::Int64,
            ColumnType::Double => Self::Double,
            ColumnType::Decimal { precision, scale } => Self::Decimal { precision, scale },
            ColumnType::String => Self::String,
            ColumnType::Bool => Self::Bool,
            ColumnType::Timestamp(_) => Self::Timestamp,
            ColumnType::Date => Self::Date,
            ColumnType::Json => Self::Json,
        }
    }
}

/// How an event writes a point in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TimestampFormat {
    /// Seconds since 1970, with or without a fraction.
    UnixSeconds,
    /// Milliseconds since 1970.
    UnixMillis,
    /// RFC 3339, such as `2025-11-14T11:44:34.343Z`.
    Rfc3339,
}

/// A limit of a column's values, already in the column's own representation. Bounds of one type order as their values do.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub enum Bound {
    /// For int64.
    Int64(i64),
    /// For double.
    Double(f64),
    /// For decimal: the value times ten to the column's scale.
    Decimal(i128),
    /// For timestamp: microseconds since 1970.
    Timestamp(EventTime),
    /// For date: days since 1970.
    Date(i32),
}

/// A gold table: silver aggregated by time and dimensions.
#[derive(Clone, Debug, PartialEq)]
pub struct GoldTable {
    /// The SQL table's name.
    pub table: String,
    /// The time step of its rows.
    pub grain: Grain,
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

impl Dataset {
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
