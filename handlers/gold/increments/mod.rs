//! Aggregates rows of silver to what they add to each gold table; pure.
//!
//! Rows are cut into runs of one group. Silver's files are sorted by event time, so the runs of a table without
//! dimensions are long, and each measure then goes through whole slices of a column.

mod accumulator;
mod distinct;
mod error;
mod filter;
mod groups;
mod of_one_row;
mod rows;
#[cfg(test)]
mod tests;

use arrow_array::{Array, RecordBatch, TimestampMicrosecondArray};

use crate::dataset::ColumnIndex;
use crate::dataset::Dataset;
use crate::error::Invariant;
use crate::expr::Condition;
use crate::value::hash::hash_keys;
use crate::warehouse::schema::{TableIndex, TableSchema};
use crate::warehouse::{Datum, Row};
use accumulator::Accumulator;
pub use error::AggregateError;
use filter::Filter;
use groups::{Groups, Rows};
pub use rows::Watchers;

/// Aggregates rows for several tables at once.
#[derive(Debug)]
pub struct Aggregator {
    columns: Vec<ColumnIndex>,
    event_time: usize,
    tables: Vec<TableAggregator>,
}

#[derive(Debug)]
struct TableAggregator {
    index: TableIndex,
    schema: TableSchema,
    /// Which rows have a group, if not all have one.
    filter: Option<Filter>,
    groups: Groups,
    /// Where the columns are that tell apart rows of one event time, if that is asked for.
    told_apart_by: Vec<usize>,
    accumulators: Vec<(Accumulator, Option<Filter>)>,
}

impl Aggregator {
    /// Makes an aggregator for these tables of gold, each with how it lies.
    ///
    /// # Errors
    /// Fails if a measure is of a type that it cannot have.
    pub fn new(
        dataset: &Dataset,
        tables: &[(TableIndex, &TableSchema)],
    ) -> Result<Self, AggregateError> {
        let mut columns = vec![dataset.event_time];
        let mut aggregators = Vec::new();
        for (index, table) in tables {
            for column in table.sources() {
                if !columns.contains(&column) {
                    columns.push(column);
                }
            }
            aggregators.push(TableAggregator::new(*index, table, &columns, dataset)?);
        }
        Ok(Self {
            columns,
            event_time: 0,
            tables: aggregators,
        })
    }

    /// Returns the columns of the dataset that rows must have, in this order.
    #[must_use]
    pub fn columns(&self) -> &[ColumnIndex] {
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

    /// Returns about how many bytes are held, over all tables.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        let bytes = self.tables.iter().map(TableAggregator::bytes);
        bytes.sum::<usize>() as u64
    }

    /// Returns what the rows add to each table, and forgets it.
    pub fn take(&mut self) -> Vec<(TableIndex, Vec<Row>)> {
        self.tables
            .iter_mut()
            .map(|table| (table.index, table.take()))
            .collect()
    }
}

impl TableAggregator {
    fn new(
        index: TableIndex,
        schema: &TableSchema,
        columns: &[ColumnIndex],
        dataset: &Dataset,
    ) -> Result<Self, AggregateError> {
        let position = |column: ColumnIndex| {
            let position = columns.iter().position(|wanted| *wanted == column);
            position.ok_or(Invariant("every column of a table is read"))
        };
        let filter = |condition: &Option<Condition>| {
            let condition = condition.as_ref();
            condition
                .map(|condition| Filter::new(condition, columns, dataset.columns.len()))
                .transpose()
        };
        let dimensions = schema.dimensions.iter();
        let dimensions = dimensions.map(|dimension| position(dimension.column));
        let dimensions = dimensions.collect::<Result<_, _>>()?;
        let told_apart_by = schema.told_apart_by.iter();
        let told_apart_by = told_apart_by.map(|column| position(*column));
        let accumulators = schema.measures.iter().map(|measure| {
            let source = measure.source.column();
            let at = source.map(position).transpose()?;
            let column = source.map(|index| dataset.column(index)).transpose()?;
            let accumulator = Accumulator::new(measure, at, column.map(|column| column.kind));
            let accumulator = accumulator.ok_or_else(|| AggregateError::Column {
                column: measure.name.clone(),
            })?;
            Ok((accumulator, filter(&measure.condition)?))
        });
        Ok(Self {
            index,
            accumulators: accumulators.collect::<Result<_, AggregateError>>()?,
            filter: filter(&schema.condition)?,
            groups: Groups::new(schema.steps(), dimensions),
            told_apart_by: told_apart_by.collect::<Result<_, _>>()?,
            schema: schema.clone(),
        })
    }

    fn add(&mut self, times: &[i64], rows: &RecordBatch) -> Result<(), AggregateError> {
        let Some(filter) = &self.filter else {
            return self.add_all(times, rows);
        };
        let (times, rows) = filter.rows(times, rows)?;
        self.add_all(&times, &rows)
    }

    /// Adds rows each of which has a group.
    fn add_all(&mut self, times: &[i64], rows: &RecordBatch) -> Result<(), AggregateError> {
        self.groups.assign(times, rows)?;
        let groups = self.groups.len();
        let hashes = match self.told_apart_by.is_empty() {
            true => Vec::new(),
            false => hash_keys(rows.columns(), &self.told_apart_by).map_err(|error| {
                AggregateError::Column {
                    column: format!("that tells rows apart ({error})"),
                }
            })?,
        };
        let added = Rows {
            batch: rows,
            times,
            hashes: &hashes,
        };
        let measures = self.accumulators.iter_mut().zip(&self.schema.measures);
        for ((accumulator, filter), measure) in measures {
            accumulator.grow(groups);
            let overflow = match filter {
                None => accumulator.add(added, self.groups.runs())?,
                Some(filter) => accumulator.add(added, &filter.runs(rows, self.groups.runs())?)?,
            };
            if let Some(group) = overflow {
                return Err(AggregateError::Overflow {
                    table: self.schema.name.clone(),
                    measure: measure.name.clone(),
                    group: self.groups.name(group, &self.schema)?,
                });
            }
        }
        Ok(())
    }

    fn bytes(&self) -> usize {
        // A measure is held by its accumulator, and then by its row.
        let measures = self.accumulators.len() * 2 * size_of::<Datum>();
        let beside = self.accumulators.iter().map(|(own, _)| own.bytes());
        self.groups.bytes() + self.groups.len() * measures + beside.sum::<usize>()
    }

    fn take(&mut self) -> Vec<Row> {
        let mut rows = self.groups.take();
        for (accumulator, _) in &mut self.accumulators {
            for (row, datum) in rows.iter_mut().zip(accumulator.take()) {
                row.measures.push(datum);
            }
        }
        rows
    }
}
