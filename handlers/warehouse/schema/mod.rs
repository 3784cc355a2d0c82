//! What gold looks like in SQL, worked out from the dataset file, the same for every warehouse; pure.
//!
//! A gold table has the columns: its time (`hour`, `day` or `month`; none for the grain `all`), [`KEY`], the
//! dimensions, the measures. Its primary key is (time, [`KEY`]). [`KEY`] is a hash of the exact dimension values, so
//! that collation, trailing blanks, nulls and length of a value neither merge nor refuse groups; the dimension columns
//! are there to be read.
//!
//! An average is kept as `{name}_sum` and `{name}_count`, which merge, and divided in the table's report view.

mod layout;
#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::time::Duration;

use thiserror::Error;

use crate::dataset::{ColumnType, Dataset};
use crate::event::EventTime;
use crate::value::Grain;
use crate::value::time::micros;
use layout::table_schema;

/// The column that holds the hash of the dimension values.
pub const KEY: &str = "_key";
/// The table that records which version each gold table stands at.
pub const PROGRESS: &str = "sluice_progress";
/// The table that records how fresh each gold table is.
pub const FRESHNESS: &str = "sluice_freshness";
/// The column of a report view that tells whether its period is complete.
pub const SETTLED: &str = "is_settled";
/// The column of a ranking view that numbers its rows from 1.
pub const RANK: &str = "rank";

/// The columns of [`PROGRESS`]; the first is its key.
pub const PROGRESS_COLUMNS: [(&str, ValueType); 4] = [
    ("gold_table", ValueType::Text),
    ("generation", ValueType::Int64),
    ("definition", ValueType::Text),
    ("version", ValueType::Int64),
];
/// The columns of [`FRESHNESS`]; the first is its key. Periods that start before `settled_until` are complete.
pub const FRESHNESS_COLUMNS: [(&str, ValueType); 5] = [
    ("gold_table", ValueType::Text),
    ("watermark", ValueType::Timestamp),
    ("settled_until", ValueType::Timestamp),
    ("version", ValueType::Int64),
    ("last_run", ValueType::Timestamp),
];

/// All of gold.
#[derive(Clone, Debug, PartialEq)]
pub struct GoldSchema {
    /// The dataset's generation.
    pub generation: u32,
    /// How long after its end a period still counts as changing.
    pub allowed_lateness: Duration,
    /// The tables, in the order of [`Dataset::gold`].
    pub tables: Vec<TableSchema>,
    /// The ranking views.
    pub rankings: Vec<RankingSchema>,
}

/// A gold table.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSchema {
    /// Its name.
    pub name: String,
    /// The name of its report view.
    pub report: String,
    /// The time step of its rows.
    pub grain: Grain,
    /// The dimension columns.
    pub dimensions: Vec<DimensionColumn>,
    /// The measure columns as stored.
    pub measures: Vec<MeasureColumn>,
    /// The measures as shown, in the file's order.
    pub shown: Vec<Shown>,
    /// A hash of grain, dimensions and measures; when it changes, the table is made anew from silver.
    pub definition: String,
}

/// A dimension column of a gold table.
#[derive(Clone, Debug, PartialEq)]
pub struct DimensionColumn {
    /// Its name.
    pub name: String,
    /// The silver column, as an index into [`Dataset::columns`].
    pub column: usize,
    /// Its type.
    pub kind: ValueType,
}

/// A measure column of a gold table, as stored.
#[derive(Clone, Debug, PartialEq)]
pub struct MeasureColumn {
    /// Its name.
    pub name: String,
    /// What it is computed from.
    pub source: MeasureSource,
    /// Its type.
    pub kind: ValueType,
}

/// What a stored measure is computed from. Columns are indices into [`Dataset::columns`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureSource {
    /// The number of rows.
    Rows,
    /// The number of values that are not null.
    Values(usize),
    /// The sum of the values; null where there is none.
    Sum(usize),
    /// The lowest value; null where there is none.
    Min(usize),
    /// The highest value; null where there is none.
    Max(usize),
}

/// How two stored values of a measure become one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Merge {
    /// They are added.
    Add,
    /// The lower one stays.
    Min,
    /// The higher one stays.
    Max,
}

impl MeasureSource {
    /// Returns how two values of it become one.
    #[must_use]
    pub fn merge(self) -> Merge {
        match self {
            Self::Rows | Self::Values(_) | Self::Sum(_) => Merge::Add,
            Self::Min(_) => Merge::Min,
            Self::Max(_) => Merge::Max,
        }
    }

    /// Tells whether the column can hold a null.
    #[must_use]
    pub fn is_nullable(self) -> bool {
        !matches!(self, Self::Rows | Self::Values(_))
    }
}

/// A measure as a view shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// What it is.
    pub value: ShownValue,
}

/// Where a measure of a view comes from. Measures are indices into [`TableSchema::measures`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ShownValue {
    /// A stored measure.
    Stored(usize),
    /// A stored sum divided by a stored count.
    Average {
        /// The sum.
        sum: usize,
        /// The count.
        count: usize,
        /// Digits after the point.
        scale: u8,
    },
}

/// A ranking view: the time, dimensions and measures of the highest rows of a table, with their [`RANK`]. Rows with
/// equal measures are ordered by their dimensions, time and key.
#[derive(Clone, Debug, PartialEq)]
pub struct RankingSchema {
    /// Its name.
    pub name: String,
    /// The table, as an index into [`GoldSchema::tables`].
    pub table: usize,
    /// The measure that ranks, as an index into [`TableSchema::shown`].
    pub order_by: usize,
    /// How many rows it shows.
    pub top: u32,
}

/// The type of a value in gold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// A 64-bit integer.
    Int64,
    /// A 64-bit floating-point number.
    Double,
    /// An exact number.
    Decimal {
        /// All digits.
        precision: u8,
        /// Digits after the point.
        scale: u8,
    },
    /// Text.
    Text,
    /// True or false.
    Bool,
    /// A point in time in UTC, to the microsecond.
    Timestamp,
    /// A day.
    Date,
}

impl From<ColumnType> for ValueType {
    fn from(kind: ColumnType) -> Self {
        match kind {
            ColumnType::Int64 => Self::Int64,
            ColumnType::Double => Self::Double,
            ColumnType::Decimal { precision, scale } => Self::Decimal { precision, scale },
            ColumnType::String | ColumnType::Json => Self::Text,
            ColumnType::Bool => Self::Bool,
            ColumnType::Timestamp(_) => Self::Timestamp,
            ColumnType::Date => Self::Date,
        }
    }
}

/// A dataset file whose gold cannot be laid out in SQL.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SchemaError {
    /// Two columns of a table have one name.
    #[error("gold table {table} would have two columns named {column}")]
    DuplicateColumn {
        /// The table or view.
        table: String,
        /// The name.
        column: String,
    },
    /// Two tables or views have one name.
    #[error("gold would have two tables or views named {name}")]
    DuplicateName {
        /// The name.
        name: String,
    },
    /// A measure, dimension or ranking refers to what is not there.
    #[error("gold table {table} refers to a column that does not exist")]
    Dangling {
        /// The table.
        table: String,
    },
}

impl GoldSchema {
    /// Works out gold from a dataset file.
    ///
    /// # Errors
    /// Fails if two columns, or two tables or views, would have one name (case does not count).
    pub fn of(dataset: &Dataset) -> Result<Self, SchemaError> {
        let tables: Vec<TableSchema> = dataset
            .gold
            .iter()
            .map(|table| table_schema(dataset, table))
            .collect::<Result<_, _>>()?;
        let rankings: Vec<RankingSchema> = dataset
            .rankings
            .iter()
            .map(|ranking| RankingSchema {
                name: ranking.view.clone(),
                table: ranking.from,
                order_by: ranking.order_by,
                top: ranking.top,
            })
            .collect();
        let mut names: HashSet<String> = HashSet::from([PROGRESS.into(), FRESHNESS.into()]);
        let tables_and_reports = tables.iter().flat_map(|t| [&t.name, &t.report]);
        for name in tables_and_reports.chain(rankings.iter().map(|ranking| &ranking.name)) {
            if !names.insert(name.to_lowercase()) {
                return Err(SchemaError::DuplicateName { name: name.clone() });
            }
        }
        Ok(Self {
            generation: dataset.generation,
            allowed_lateness: dataset.allowed_lateness,
            tables,
            rankings,
        })
    }

    /// Returns the table with this name, as an index and itself.
    #[must_use]
    pub fn table(&self, name: &str) -> Option<(usize, &TableSchema)> {
        let mut tables = self.tables.iter().enumerate();
        tables.find(|(_, table)| table.name == name)
    }

    /// Returns the columns of a table or view of gold as read, without the key; averages count as doubles.
    #[must_use]
    pub fn columns_of(&self, name: &str) -> Option<Vec<(String, ValueType)>> {
        let named = |(name, kind): (&str, ValueType)| (name.to_owned(), kind);
        if name == PROGRESS {
            return Some(PROGRESS_COLUMNS.into_iter().map(named).collect());
        }
        if name == FRESHNESS {
            return Some(FRESHNESS_COLUMNS.into_iter().map(named).collect());
        }
        if let Some((_, table)) = self.table(name) {
            let measures = table.measures.iter().map(|m| (m.name.clone(), m.kind));
            return Some(table.leading_columns().chain(measures).collect());
        }
        if let Some(table) = self.tables.iter().find(|table| table.report == name) {
            let settled = table.time().map(|_| (SETTLED.to_owned(), ValueType::Bool));
            return Some(table.shown_columns().chain(settled).collect());
        }
        let ranking = self.rankings.iter().find(|ranking| ranking.name == name)?;
        let rank = (RANK.to_owned(), ValueType::Int64);
        let table = self.tables.get(ranking.table)?;
        Some([rank].into_iter().chain(table.shown_columns()).collect())
    }

    /// Returns the start of the first period of `grain` that may still change, if the watermark is known: all before
    /// it end at or before the watermark minus the allowed lateness.
    #[must_use]
    pub fn settled_until(&self, grain: Grain, watermark: Option<EventTime>) -> Option<EventTime> {
        if grain == Grain::All {
            return None;
        }
        let lateness = micros(self.allowed_lateness);
        let settled = watermark?.0.saturating_sub(lateness);
        Some(EventTime(grain.bounds(settled).0))
    }
}

impl TableSchema {
    /// Returns the name of the time column, which the grain `all` does not have.
    #[must_use]
    pub fn time(&self) -> Option<&'static str> {
        self.grain.time_column()
    }

    /// Returns the time column and the dimensions.
    fn leading_columns(&self) -> impl Iterator<Item = (String, ValueType)> {
        let time = self.time().map(|name| (name.to_owned(), self.time_type()));
        let dimensions = self.dimensions.iter().map(|d| (d.name.clone(), d.kind));
        time.into_iter().chain(dimensions)
    }

    /// Returns the time column, the dimensions and the measures as views show them.
    fn shown_columns(&self) -> impl Iterator<Item = (String, ValueType)> {
        let shown = self.shown.iter().map(|shown| {
            let kind = match shown.value {
                ShownValue::Stored(index) => self.measures.get(index).map(|m| m.kind),
                ShownValue::Average { .. } => None,
            };
            (shown.name.clone(), kind.unwrap_or(ValueType::Double))
        });
        self.leading_columns().chain(shown)
    }

    /// Returns the type of the time column: a point in time for hours, a day for days and months.
    #[must_use]
    pub fn time_type(&self) -> ValueType {
        match self.grain {
            Grain::Hour => ValueType::Timestamp,
            Grain::Day | Grain::Month | Grain::All => ValueType::Date,
        }
    }
}
