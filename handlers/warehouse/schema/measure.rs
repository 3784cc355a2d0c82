//! The measures of a gold table as they are stored: what each is computed from, how two values of it become one, and the
//! columns that it is kept in; pure.

use super::value_type::ValueType;
use crate::dataset::{ColumnIndex, Dataset};
use crate::expr::Condition;

/// A measure of a gold table, as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeasureColumn {
    /// Its name.
    pub name: String,
    /// What it is computed from.
    pub source: MeasureSource,
    /// Its type.
    pub kind: ValueType,
    /// Which rows of a group it is computed of, if not of all.
    pub condition: Option<Condition>,
}

/// What a stored measure is computed from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MeasureSource {
    /// The number of rows.
    Rows,
    /// The number of values that are not null.
    Values(ColumnIndex),
    /// The sum of the values; null where there is none.
    Sum(ColumnIndex),
    /// The lowest value; null where there is none.
    Min(ColumnIndex),
    /// The highest value; null where there is none.
    Max(ColumnIndex),
    /// The value of the earliest row that has one; null where none has.
    First(ColumnIndex),
    /// The value of the latest row that has one; null where none has.
    Last(ColumnIndex),
    /// About how many different values there are.
    Distinct(ColumnIndex),
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
    /// That of the earlier row stays.
    First,
    /// That of the later row stays.
    Last,
    /// Their sets are united.
    Unite,
}

/// A column that a measure is kept in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub holds: Holds,
    /// Whether it can hold a null.
    pub is_nullable: bool,
}

/// What a column of a measure holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// The measure.
    Value(ValueType),
    /// The event time of the row that the value is of.
    EventTime,
    /// What tells that row from others of its event time: a hash of 16 bytes.
    RowHash,
    /// The [sketch](crate::value::hash::sketch) of the values.
    Sketch,
}

impl Merge {
    /// Returns whether a statement of SQL can do it; what is merged otherwise is read, merged and written.
    #[must_use]
    pub fn is_sql(self) -> bool {
        matches!(self, Self::Add | Self::Min | Self::Max)
    }
}

impl MeasureSource {
    /// Returns how two values of it become one.
    #[must_use]
    pub fn merge(self) -> Merge {
        match self {
            Self::Rows | Self::Values(_) | Self::Sum(_) => Merge::Add,
            Self::Min(_) => Merge::Min,
            Self::Max(_) => Merge::Max,
            Self::First(_) => Merge::First,
            Self::Last(_) => Merge::Last,
            Self::Distinct(_) => Merge::Unite,
        }
    }

    /// Returns the silver column that it is computed from; counting rows needs none.
    #[must_use]
    pub fn column(self) -> Option<ColumnIndex> {
        match self {
            Self::Rows => None,
            Self::Values(column)
            | Self::Sum(column)
            | Self::Min(column)
            | Self::Max(column)
            | Self::First(column)
            | Self::Last(column)
            | Self::Distinct(column) => Some(column),
        }
    }

    /// Returns whether the column can hold a null.
    #[must_use]
    pub fn is_nullable(self) -> bool {
        !matches!(self, Self::Rows | Self::Values(_) | Self::Distinct(_))
    }

    /// Returns whether it is the value of one row, which others are compared with.
    #[must_use]
    pub fn is_of_one_row(self) -> bool {
        matches!(self, Self::First(_) | Self::Last(_))
    }
}

impl MeasureColumn {
    /// Returns what the columns hold that it is kept in: its own first, and then those that no view shows.
    pub fn holds(&self) -> impl Iterator<Item = Holds> + use<> {
        let hidden: &[Holds] = match self.source.merge() {
            Merge::Add | Merge::Min | Merge::Max => &[],
            Merge::First | Merge::Last => &[Holds::EventTime, Holds::RowHash],
            Merge::Unite => &[Holds::Sketch],
        };
        let own = Holds::Value(self.kind);
        [own].into_iter().chain(hidden.iter().copied())
    }

    /// Returns these columns, in the same order.
    #[must_use]
    pub fn columns(&self) -> Vec<StoredColumn> {
        self.holds().map(|holds| self.column(holds)).collect()
    }

    /// Returns the one of them that holds this.
    #[must_use]
    pub fn column(&self, holds: Holds) -> StoredColumn {
        let name = &self.name;
        let (name, is_nullable) = match holds {
            Holds::Value(_) => (name.clone(), self.source.is_nullable()),
            Holds::EventTime => (format!("_{name}_at"), true),
            Holds::RowHash => (format!("_{name}_key"), true),
            Holds::Sketch => (format!("_{name}"), true),
        };
        StoredColumn {
            name,
            holds,
            is_nullable,
        }
    }
}

/// Returns the columns of silver that tell apart rows of one event time, where a measure is of one row: those of the key, or
/// where every record is a row, all that such measures are of, so that rows which are alike in them are alike to gold.
pub(super) fn told_apart_by(dataset: &Dataset, measures: &[MeasureColumn]) -> Vec<ColumnIndex> {
    let of_one_row = measures.iter().map(|measure| measure.source);
    let of_one_row = of_one_row.filter(|source| source.is_of_one_row());
    let measured: Vec<ColumnIndex> = of_one_row.filter_map(MeasureSource::column).collect();
    match &dataset.key {
        Some(key) if !measured.is_empty() => key.columns.clone(),
        _ => measured,
    }
}
