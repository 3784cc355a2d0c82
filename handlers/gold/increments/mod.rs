//! Aggregates rows of silver to what they add to each gold table; pure.
//!
//! Rows are cut into runs of one group. Silver's files are sorted by event time, so the runs of a table without
//! dimensions are long, and each measure then goes through whole slices of a column.

mod accumulator;
mod error;
mod groups;
#[cfg(test)]
mod tests;

use arrow_array::{Array, RecordBatch, TimestampMicrosecondArray};

use crate::dataset::Dataset;
use crate::warehouse::Row;
use crate::warehouse::schema::{GoldSchema, MeasureSource, TableSchema};
use accumulator::Accumulator;
pub use error::AggregateError;
use groups::Groups;

/// Aggregates rows for several tables at once.
#[derive(Debug)]
pub struct Aggregator {
    columns: Vec<usize>,
    event_time: usize,
    tables: Vec<TableAggregator>,
}

#[derive(Debug)]
struct TableAggregator {
    index: usize,
    schema: TableSchema,
    groups: Groups,
    accumulators: Vec<Accumulator>,
}

impl Aggregator {
    /// Makes an aggregator for these tables of gold, as indices.
    ///
    /// # Errors
    /// Fails if a measure is of a type that it cannot have.
    pub fn new(
        dataset: &Dataset,
        schema: &GoldSchema,
        tables: &[usize],
    ) -> Result<Self, AggregateError> {
        let chosen = tables
            .iter()
            .filter_map(|index| Some((*index, schema.tables.get(*index)?)));
        let mut columns = vec![dataset.event_time];
        let mut aggregators = Vec::new();
        for (index, table) in chosen {
            let measured = table.measures.iter().filter_map(|m| column_of(m.source));
            for column in table.dimensions.iter().map(|d| d.column).chain(measured) {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
            aggregators.push(TableAggregator::new(index, table, &columns, dataset)?);
        }
        Ok(Self {
            columns,
            event_time: 0,
            tables: aggregators,
        })
    }

    /// Returns the columns of the dataset that rows must have, in this order.
    #[must_use]
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Adds rows.
    ///
    /// # Errors
    /// Fails if a sum gets too large or a column is not what it should be.
    pub fn add(&mut self, rows: &RecordBatch) -> Result<(), AggregateError> {
        let times = rows.columns().get(self.event_time);
        let times = times
            .and_then(|column| column.as_any().downcast_ref::<TimestampMicrosecondArray>())
            .filter(|times| times.null_count() == 0)
            .ok_or_else(|| AggregateError::Column {
                column: "of the event time".to_owned(),
            })?;
        for table in &mut self.tables {
            table.add(times.values(), rows)?;
        }
        Ok(())
    }

    /// Returns how many groups are held, over all tables.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.tables.iter().map(|table| table.groups.len()).sum()
    }

    /// Returns what the rows add to each table, and forgets it.
    pub fn take(&mut self) -> Vec<(usize, Vec<Row>)> {
        self.tables
            .iter_mut()
            .map(|table| (table.index, table.take()))
            .collect()
    }
}

impl TableAggregator {
    fn new(
        index: usize,
        schema: &TableSchema,
        columns: &[usize],
        dataset: &Dataset,
    ) -> Result<Self, AggregateError> {
        let position = |column: usize| columns.iter().position(|wanted| *wanted == column);
        let dimensions = schema
            .dimensions
            .iter()
            .filter_map(|dimension| position(dimension.column))
            .collect();
        let accumulators = schema.measures.iter().map(|measure| {
            let at = column_of(measure.source).and_then(position);
            let kind = column_of(measure.source).and_then(|column| dataset.columns.get(column));
            let accumulator = Accumulator::new(measure, at, kind.map(|column| column.kind));
            accumulator.ok_or_else(|| AggregateError::Column {
                column: measure.name.clone(),
            })
        });
        Ok(Self {
            index,
            groups: Groups::new(schema.grain, dimensions),
            accumulators: accumulators.collect::<Result<_, _>>()?,
            schema: schema.clone(),
        })
    }

    fn add(&mut self, times: &[i64], rows: &RecordBatch) -> Result<(), AggregateError> {
        self.groups.assign(times, rows)?;
        let groups = self.groups.len();
        for (accumulator, measure) in self.accumulators.iter_mut().zip(&self.schema.measures) {
            accumulator.grow(groups);
            if !accumulator.add(rows, self.groups.runs())? {
                return Err(AggregateError::Overflow {
                    table: self.schema.name.clone(),
                    measure: measure.name.clone(),
                });
            }
        }
        Ok(())
    }

    fn take(&mut self) -> Vec<Row> {
        let mut rows = self.groups.take();
        for accumulator in &mut self.accumulators {
            for (row, datum) in rows.iter_mut().zip(accumulator.take()) {
                row.measures.push(datum);
            }
        }
        rows
    }
}

fn column_of(source: MeasureSource) -> Option<usize> {
    match source {
        MeasureSource::Rows => None,
        MeasureSource::Values(column)
        | MeasureSource::Sum(column)
        | MeasureSource::Min(column)
        | MeasureSource::Max(column) => Some(column),
    }
}
