//! What goes into a warehouse and comes out of it: progress, rows, transactions to be made and what is read.

use super::schema::TableIndex;
use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;

/// How far a gold table has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The generation of silver that it was made from.
    pub generation: u32,
    /// What it was made to show.
    pub definition: String,
    /// The version of silver's log that it equals the aggregate of.
    pub version: Version,
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
    /// Whether its rows are removed first.
    pub replace: bool,
}

/// A transaction to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The tables that it moves, each once.
    pub steps: Vec<Step>,
    /// The watermark at the version that they move to.
    pub watermark: Option<EventTime>,
    /// No event before it is expected any more, so that periods that end the allowed lateness before it are final; nothing
    /// where that is not known, which leaves what was said before. It is never lowered but for a table that is replaced.
    pub complete_to: Option<EventTime>,
    /// What silver has not refined of bronze, if that is known.
    pub pending: Option<Pending>,
    /// Now.
    pub at: UnixMillis,
}

/// What silver has not refined of bronze.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pending {
    /// How many objects.
    pub objects: u64,
    /// When the first event in any of them was enqueued.
    pub oldest: Option<UnixMillis>,
}

/// The order of rows that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column; numbers order as numbers.
    pub column: String,
    /// Whether the highest comes first.
    pub descending: bool,
}

/// Rows of a table as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableRows {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows; a null is nothing.
    pub rows: Vec<Vec<Option<String>>>,
}
