//! The views that a gold table has beside its report: rankings, and summaries of its rows; pure.

use super::canonical::{scale_of, sum_type};
use super::error::SchemaError;
use super::names::RANK;
use super::table::{ShownValue, TableSchema};
use super::value_type::ValueType;
use crate::dataset::{AVERAGE_SCALE, Dataset, Ranking, Summary, TableIndex, Total};
use crate::error::Invariant;

/// A view that a table has beside its report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViewSchema {
    /// Its name.
    pub name: String,
    /// The table.
    pub table: TableIndex,
    /// What it shows of that.
    pub shows: Shows,
}

/// What a view shows of its table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Shows {
    /// The time, dimensions and measures of the highest rows with their [`RANK`]. Rows with equal measures are ordered by
    /// their dimensions, time and key. A group of which every dimension is null has no rank.
    Ranking {
        /// The measure that ranks, as an index into [`TableSchema::shown`].
        order_by: usize,
        /// How many rows it shows.
        top: u32,
    },
    /// The rows of the table added up, when it is read.
    Summary {
        /// By what: dimensions and measures.
        by: Vec<(String, ValueType)>,
        /// What of them.
        measures: Vec<SummaryColumn>,
    },
}

/// A measure of a summary.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SummaryColumn {
    /// Its name.
    pub name: String,
    /// What it computes of which column.
    pub total: Total,
    /// The type of that column, if there is one.
    pub of: ValueType,
    /// Its type; an average counts as a double.
    pub kind: ValueType,
}

impl SummaryColumn {
    /// Returns the digits after the point of an average.
    #[must_use]
    pub fn average_scale(&self) -> u8 {
        scale_of(self.of).max(AVERAGE_SCALE)
    }
}

impl ViewSchema {
    /// Works out the views of a dataset file over its tables: rankings first.
    pub(super) fn all(dataset: &Dataset, tables: &[TableSchema]) -> Result<Vec<Self>, SchemaError> {
        let rankings = dataset
            .rankings
            .iter()
            .map(|ranking| Ok(Self::ranking(ranking)));
        let summaries = dataset.summaries.iter();
        let summaries = summaries.map(|summary| Ok(Self::summary(summary, tables)?));
        rankings.chain(summaries).collect()
    }

    fn ranking(ranking: &Ranking) -> Self {
        Self {
            name: ranking.view.clone(),
            table: ranking.from,
            shows: Shows::Ranking {
                order_by: ranking.order_by,
                top: ranking.top,
            },
        }
    }

    fn summary(summary: &Summary, tables: &[TableSchema]) -> Result<Self, Invariant> {
        let table = tables.get(summary.from.position());
        let table = table.ok_or(Invariant("a summary is of a table of its file"))?;
        let by = summary.by.iter();
        let by = by.map(|name| Ok((name.clone(), kind_of(table, name)?)));
        let measures = summary.measures.iter().map(|measure| {
            let (of, kind) = match &measure.total {
                Total::Count => (ValueType::Int64, ValueType::Int64),
                Total::Sum(name) => {
                    let of = kind_of(table, name)?;
                    (of, sum_type(of))
                }
                Total::Min(name) | Total::Max(name) => {
                    let of = kind_of(table, name)?;
                    (of, of)
                }
                Total::Avg(name) => (kind_of(table, name)?, ValueType::Double),
            };
            Ok(SummaryColumn {
                name: measure.name.clone(),
                total: measure.total.clone(),
                of,
                kind,
            })
        });
        Ok(Self {
            name: summary.view.clone(),
            table: summary.from,
            shows: Shows::Summary {
                by: by.collect::<Result<_, Invariant>>()?,
                measures: measures.collect::<Result<_, Invariant>>()?,
            },
        })
    }

    /// Returns its columns as read; averages count as doubles.
    pub(super) fn columns(&self, table: &TableSchema) -> Vec<(String, ValueType)> {
        match &self.shows {
            Shows::Ranking { .. } => {
                let rank = (RANK.to_owned(), ValueType::Int64);
                [rank].into_iter().chain(table.shown_columns()).collect()
            }
            Shows::Summary { by, measures } => {
                let measures = measures.iter();
                let measures = measures.map(|measure| (measure.name.clone(), measure.kind));
                by.iter().cloned().chain(measures).collect()
            }
        }
    }

    /// Returns the columns that tell its rows apart.
    pub(super) fn leading(&self, table: &TableSchema) -> Vec<(String, ValueType)> {
        match &self.shows {
            Shows::Ranking { .. } => table.leading_columns().collect(),
            Shows::Summary { by, .. } => by.clone(),
        }
    }

    /// Returns whether it is a summary.
    #[must_use]
    pub fn is_summary(&self) -> bool {
        matches!(self.shows, Shows::Summary { .. })
    }
}

/// Returns the type of a dimension, or of a measure that is stored as it is shown.
fn kind_of(table: &TableSchema, name: &str) -> Result<ValueType, Invariant> {
    let dimensions = table.dimensions.iter();
    let dimensions = dimensions.map(|dimension| (&dimension.name, dimension.kind));
    let shown = table.shown.iter();
    let shown = shown.filter(|shown| matches!(shown.value, ShownValue::Stored(_)));
    let mut columns = dimensions.chain(shown.map(|shown| (&shown.name, shown.kind)));
    let found = columns.find(|(own, _)| *own == name);
    let found = found.ok_or(Invariant("a summary names columns of its table"))?;
    Ok(found.1)
}
