//! Rows of gold tables as rules compare them; pure.

use crate::error::Invariant;
use crate::value::time::MICROS_PER_DAY;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{Datum, Row, joined_row};
use crate::warehouse::schema::{Holds, MeasureColumn, TableSchema};

/// A row of a gold table.
#[derive(Clone, Copy, Debug)]
pub(in crate::warehouse) struct Group<'a> {
    pub(super) start: i64,
    pub(super) key: [u8; 16],
    pub(super) dimensions: &'a [Datum],
    /// As they are merged: one value for each measure.
    pub(super) measures: &'a [Datum],
}

impl<'a> Group<'a> {
    pub(super) fn of(row: &'a Row) -> Self {
        Self {
            start: row.start,
            key: row.key,
            dimensions: &row.dimensions,
            measures: &row.measures,
        }
    }

    /// As [`Self::of`], of a row that had other measures.
    pub(super) fn with(row: &'a Row, measures: &'a [Datum]) -> Self {
        Self {
            measures,
            ..Self::of(row)
        }
    }
}

/// A row of a gold table as a warehouse has read it.
#[derive(Debug)]
pub(in crate::warehouse) struct OwnGroup {
    start: i64,
    key: [u8; 16],
    dimensions: Vec<Datum>,
    measures: Vec<Datum>,
}

/// A group of a table that takes the place of another one, and that group of the other, if it has it.
pub(in crate::warehouse) type Pair = (OwnGroup, Option<OwnGroup>);

impl OwnGroup {
    /// Puts a group together: `next` returns the values of its columns after the key, in their order.
    ///
    /// # Errors
    /// Fails if a value cannot be read, or is not what the table has there.
    pub(in crate::warehouse) fn of(
        key: [u8; 16],
        layout: &TableSchema,
        mut next: impl FnMut(Holds) -> Result<Option<Datum>, WarehouseError>,
    ) -> Result<Self, WarehouseError> {
        let start = match layout.time() {
            None => 0,
            Some(_) => match next(Holds::Value(layout.time_type()))? {
                Some(Datum::Timestamp(start)) => start,
                Some(Datum::Date(days)) => i64::from(days) * MICROS_PER_DAY,
                _ => {
                    return Err(
                        Invariant("a row of a table with periods has the start of one").into(),
                    );
                }
            },
        };
        let mut dimensions = Vec::with_capacity(layout.dimensions.len());
        for dimension in &layout.dimensions {
            dimensions.push(next(Holds::Value(dimension.kind))?.unwrap_or(Datum::Null));
        }
        let holds = layout.measures.iter().flat_map(MeasureColumn::holds);
        let parts = holds.map(next).collect::<Result<_, _>>()?;
        Ok(Self {
            start,
            key,
            dimensions,
            measures: joined_row(layout, parts)?,
        })
    }

    pub(super) fn view(&self) -> Group<'_> {
        Group {
            start: self.start,
            key: self.key,
            dimensions: &self.dimensions,
            measures: &self.measures,
        }
    }
}
