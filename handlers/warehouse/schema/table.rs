//! One table of gold: its columns and what they are computed from; pure.

use std::collections::BTreeSet;

use xxhash_rust::xxh3::xxh3_64;

use super::measure::MeasureColumn;
use super::value_type::ValueType;
use crate::dataset::ColumnIndex;
use crate::event::EventTime;
use crate::expr::Condition;
use crate::value::time::notation::Zone;
use crate::value::{Grain, Steps};

/// A gold table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableSchema {
    /// Its name.
    pub name: String,
    /// The name of its report view.
    pub report: String,
    /// The time step of its rows.
    pub grain: Grain,
    /// How many minutes lie between the starts of its windows, where these overlap.
    pub every: Option<u8>,
    /// By whose clocks its days begin; UTC's if nothing is said.
    pub zone: Option<Zone>,
    /// How far below the watermark its periods are kept, in microseconds; for ever if nothing is said.
    pub keep: Option<i64>,
    /// Which rows of silver have a group, if not all have one.
    pub condition: Option<Condition>,
    /// The dimension columns.
    pub dimensions: Vec<DimensionColumn>,
    /// The measures as stored.
    pub measures: Vec<MeasureColumn>,
    /// The columns of silver that tell apart rows of one event time, where a measure is of one row; none otherwise.
    pub told_apart_by: Vec<ColumnIndex>,
    /// The measures as shown, in the file's order.
    pub shown: Vec<Shown>,
    /// The names of stored columns by whose range rules look for groups: they have indexes.
    pub searched: BTreeSet<String>,
    /// A hash of grain, condition, dimensions and measures; when it changes, the table is made anew from silver.
    pub definition: String,
    /// Grain, condition, dimensions and measures as text, of which the definition is the hash.
    pub text: String,
}

/// A dimension column of a gold table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DimensionColumn {
    /// Its name.
    pub name: String,
    /// The silver column.
    pub column: ColumnIndex,
    /// Its type.
    pub kind: ValueType,
}

/// A measure as a view shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Its name.
    pub name: String,
    /// What it is.
    pub value: ShownValue,
    /// Its type as read; averages count as doubles.
    pub kind: ValueType,
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

/// The longest name of a table that its number is put after: no name has more than 128 characters.
const LONGEST_NAME: usize = 100;

impl TableSchema {
    /// Returns the name of the table that holds its rows, the `made`th that was made for it.
    #[must_use]
    pub fn physical(&self, made: u64) -> String {
        format!("{}__{made}", self.stem())
    }

    /// Returns whether a name, in lower case, is one that its tables have or will have.
    pub(super) fn makes(&self, name: &str) -> bool {
        let number = name.strip_prefix(&format!("{}__", self.stem().to_lowercase()));
        number
            .is_some_and(|number| !number.is_empty() && number.chars().all(|c| c.is_ascii_digit()))
    }

    /// Returns what its tables' names begin with: its name, or as much of it as there is room for, made unique.
    fn stem(&self) -> String {
        if self.name.len() <= LONGEST_NAME {
            return self.name.clone();
        }
        // Names are of ASCII letters, digits and _.
        let start: String = self.name.chars().take(LONGEST_NAME - 17).collect();
        format!("{start}_{:016x}", xxh3_64(self.name.as_bytes()))
    }

    /// Returns the name under which a view has the exact text of a column that it shows as a number: `NAME_exact`, and
    /// more underscores where the table has that itself.
    #[must_use]
    pub fn exact(&self, name: &str) -> String {
        let dimensions = self.dimensions.iter().map(|column| &column.name);
        let measures = self.measures.iter().map(|column| &column.name);
        let shown = self.shown.iter().map(|shown| &shown.name);
        let own: Vec<&String> = dimensions.chain(measures).chain(shown).collect();
        let mut exact = format!("{name}_exact");
        while own.iter().any(|own| own.eq_ignore_ascii_case(&exact)) {
            exact.push('_');
        }
        exact
    }

    /// Returns the columns of silver that it is made of beside the event time, some of them more than once.
    pub fn sources(&self) -> impl Iterator<Item = ColumnIndex> {
        let measured = self.measures.iter().filter_map(|m| m.source.column());
        let conditions = self.measures.iter().map(|m| &m.condition);
        let conditions = conditions.chain([&self.condition]).flatten();
        let needed = conditions.flat_map(|condition| condition.columns());
        let dimensions = self.dimensions.iter().map(|d| d.column);
        let needed = needed.map(ColumnIndex::new);
        let all = dimensions.chain(measured).chain(needed);
        all.chain(self.told_apart_by.iter().copied())
    }

    /// Returns whether rows are merged by statements alone; otherwise they are read, merged and written.
    #[must_use]
    pub fn is_merged_by_sql(&self) -> bool {
        let mut measures = self.measures.iter();
        measures.all(|measure| measure.source.merge().is_sql())
    }

    /// Returns its periods.
    #[must_use]
    pub fn steps(&self) -> Steps {
        Steps {
            grain: self.grain,
            every: self.every,
            zone: self.zone.clone(),
        }
    }

    /// Returns the start of the first period that is kept when this is the watermark; nothing where all are.
    #[must_use]
    pub fn kept_from(&self, watermark: Option<EventTime>) -> Option<EventTime> {
        let oldest = watermark?.0.saturating_sub(self.keep?);
        Some(EventTime(self.steps().first_open(oldest)))
    }

    /// Returns the name of the time column, which the grain `all` does not have.
    #[must_use]
    pub fn time(&self) -> Option<&'static str> {
        self.grain.time_column()
    }

    /// Returns the name of the column in which the report shows the ends of windows.
    #[must_use]
    pub fn end(&self) -> Option<&'static str> {
        self.grain.end_column()
    }

    /// Returns the columns as read, without the key: the time, the dimensions and the measures as they are stored.
    #[must_use]
    pub fn columns(&self) -> Vec<(String, ValueType)> {
        let measures = self.measures.iter().map(|m| (m.name.clone(), m.kind));
        self.leading_columns().chain(measures).collect()
    }

    /// Returns the time column and the dimensions.
    pub(in crate::warehouse) fn leading_columns(
        &self,
    ) -> impl Iterator<Item = (String, ValueType)> {
        let time = self.time().map(|name| (name.to_owned(), self.time_type()));
        let dimensions = self.dimensions.iter().map(|d| (d.name.clone(), d.kind));
        time.into_iter().chain(dimensions)
    }

    /// Returns the time column, the dimensions and the measures as views show them.
    pub(super) fn shown_columns(&self) -> impl Iterator<Item = (String, ValueType)> {
        let shown = self
            .shown
            .iter()
            .map(|shown| (shown.name.clone(), shown.kind));
        self.leading_columns().chain(shown)
    }

    /// Returns the type of the time column: a point in time up to hours, a day for what is longer.
    #[must_use]
    pub fn time_type(&self) -> ValueType {
        match self.grain.is_of_dates() {
            true => ValueType::Date,
            false => ValueType::Timestamp,
        }
    }
}
