//! One stored measure of every group.

use arrow_array::types::{
    Date32Type, Decimal128Type, Float64Type, Int64Type, TimestampMicrosecondType,
};
use arrow_array::{Array, ArrowPrimitiveType, PrimitiveArray};

use super::AggregateError;
use super::distinct::Distinct;
use super::groups::{Rows, Run, plain};
use super::of_one_row::OfOneRow;
use crate::dataset::ColumnType;
use crate::value::decimal;
use crate::warehouse::Datum;
use crate::warehouse::schema::{MeasureColumn, MeasureSource, Merge};

/// The values of a measure, by group.
#[derive(Debug)]
pub(super) struct Accumulator {
    name: String,
    /// Where its column is in a batch.
    at: Option<usize>,
    values: Values,
}

#[derive(Debug)]
enum Values {
    Rows(Vec<i64>),
    NotNull(Vec<i64>),
    SumInt64(Vec<Option<i128>>),
    SumDecimal(Vec<Option<i128>>),
    Int64(Merge, Vec<Option<i64>>),
    Double(Merge, Vec<Option<f64>>),
    Decimal(Merge, Vec<Option<i128>>),
    Timestamp(Merge, Vec<Option<i64>>),
    Date(Merge, Vec<Option<i32>>),
    OfOneRow(OfOneRow),
    Distinct(Distinct),
}

impl Accumulator {
    /// Makes an empty one, if a column of this type can be measured so.
    pub(super) fn new(
        measure: &MeasureColumn,
        at: Option<usize>,
        kind: Option<ColumnType>,
    ) -> Option<Self> {
        let merge = measure.source.merge();
        let values = match (measure.source, kind) {
            (MeasureSource::Rows, _) => Values::Rows(Vec::new()),
            (MeasureSource::Values(_), Some(_)) => Values::NotNull(Vec::new()),
            (MeasureSource::Sum(_), Some(ColumnType::Int64)) => Values::SumInt64(Vec::new()),
            (MeasureSource::Sum(_), Some(ColumnType::Decimal { .. })) => {
                Values::SumDecimal(Vec::new())
            }
            (MeasureSource::Min(_) | MeasureSource::Max(_), Some(kind)) => match kind {
                ColumnType::Int64 => Values::Int64(merge, Vec::new()),
                ColumnType::Double => Values::Double(merge, Vec::new()),
                ColumnType::Decimal { .. } => Values::Decimal(merge, Vec::new()),
                ColumnType::Timestamp(_) => Values::Timestamp(merge, Vec::new()),
                ColumnType::Date => Values::Date(merge, Vec::new()),
                ColumnType::String | ColumnType::Bool | ColumnType::Json => return None,
            },
            (_, Some(ColumnType::Json)) => return None,
            (MeasureSource::First(_) | MeasureSource::Last(_), Some(_)) => {
                Values::OfOneRow(OfOneRow::new(merge))
            }
            (MeasureSource::Distinct(_), Some(_)) => Values::Distinct(Distinct::default()),
            _ => return None,
        };
        Some(Self {
            name: measure.name.clone(),
            at,
            values,
        })
    }

    /// Makes room for `groups` groups.
    pub(super) fn grow(&mut self, groups: usize) {
        match &mut self.values {
            Values::Rows(counts) | Values::NotNull(counts) => counts.resize(groups, 0),
            Values::SumInt64(sums) | Values::SumDecimal(sums) => sums.resize(groups, None),
            Values::Int64(_, values) | Values::Timestamp(_, values) => values.resize(groups, None),
            Values::Double(_, values) => values.resize(groups, None),
            Values::Decimal(_, values) => values.resize(groups, None),
            Values::Date(_, values) => values.resize(groups, None),
            Values::OfOneRow(values) => values.grow(groups),
            Values::Distinct(values) => values.grow(groups),
        }
    }

    /// Returns about how many bytes are held beside a datum for each group.
    pub(super) fn bytes(&self) -> usize {
        match &self.values {
            Values::OfOneRow(values) => values.bytes(),
            Values::Distinct(values) => values.bytes(),
            _ => 0,
        }
    }

    /// Adds the rows of the runs; returns the group of a sum that has more than 38 digits, if one has.
    pub(super) fn add(
        &mut self,
        rows: Rows<'_>,
        runs: &[Run],
    ) -> Result<Option<usize>, AggregateError> {
        let array = self.at.and_then(|at| rows.batch.columns().get(at));
        let column = Column {
            name: &self.name,
            array: array.map(|array| array.as_ref()),
            runs,
        };
        match &mut self.values {
            Values::Rows(counts) => count(counts, runs, |run| run.rows.len()),
            Values::NotNull(counts) => {
                let array = column.array.ok_or_else(|| column.missing())?;
                count(counts, runs, |run| {
                    let nulls = array.slice(run.rows.start, run.rows.len()).null_count();
                    run.rows.len() - nulls
                });
            }
            Values::SumInt64(sums) => {
                return column.fold::<Int64Type, _>(sums, i128::from, checked_add);
            }
            Values::SumDecimal(sums) => {
                return column.fold::<Decimal128Type, _>(sums, |number| number, checked_add);
            }
            Values::Int64(merge, values) => {
                return column.extreme::<Int64Type>(values, *merge, |number| number);
            }
            Values::Double(merge, values) => {
                return column.extreme::<Float64Type>(values, *merge, plain);
            }
            Values::Decimal(merge, values) => {
                return column.extreme::<Decimal128Type>(values, *merge, |number| number);
            }
            Values::Timestamp(merge, values) => {
                return column.extreme::<TimestampMicrosecondType>(values, *merge, |time| time);
            }
            Values::Date(merge, values) => {
                return column.extreme::<Date32Type>(values, *merge, |day| day);
            }
            Values::OfOneRow(values) => {
                let array = array.ok_or_else(|| column.missing())?;
                values.add(rows, array, runs)?;
            }
            Values::Distinct(values) => {
                values.add(array.ok_or_else(|| column.missing())?, runs)?;
            }
        }
        Ok(None)
    }

    /// Returns the values in the order of the groups' numbers, and forgets them.
    pub(super) fn take(&mut self) -> Vec<Datum> {
        match &mut self.values {
            Values::Rows(counts) | Values::NotNull(counts) => {
                counts.drain(..).map(Datum::Int64).collect()
            }
            Values::SumInt64(values) | Values::SumDecimal(values) | Values::Decimal(_, values) => {
                datums(values, Datum::Decimal)
            }
            Values::Int64(_, values) => datums(values, Datum::Int64),
            Values::Timestamp(_, values) => datums(values, Datum::Timestamp),
            Values::Double(_, values) => datums(values, Datum::Double),
            Values::Date(_, values) => datums(values, Datum::Date),
            Values::OfOneRow(values) => values.take(),
            Values::Distinct(values) => values.take(),
        }
    }
}

fn datums<T>(values: &mut Vec<Option<T>>, wrap: fn(T) -> Datum) -> Vec<Datum> {
    let values = values.drain(..);
    values
        .map(|value| value.map_or(Datum::Null, wrap))
        .collect()
}

fn count(counts: &mut [i64], runs: &[Run], rows: impl Fn(&Run) -> usize) {
    for run in runs {
        if let Some(total) = counts.get_mut(run.group) {
            // A run lies within one batch, which is in memory.
            *total += i64::try_from(rows(run)).unwrap_or(i64::MAX);
        }
    }
}

fn checked_add(sum: i128, number: i128) -> Option<i128> {
    sum.checked_add(number)
}

/// A column of a batch and the runs that its rows form.
#[derive(Clone, Copy, Debug)]
struct Column<'a> {
    name: &'a str,
    array: Option<&'a dyn Array>,
    runs: &'a [Run],
}

impl Column<'_> {
    fn missing(&self) -> AggregateError {
        AggregateError::Column {
            column: format!("of measure {}", self.name),
        }
    }

    /// Combines the values that are not null into their groups' totals; returns the group of one that has more than 38
    /// digits, if one has.
    fn fold<T, A>(
        &self,
        totals: &mut [Option<A>],
        from: fn(T::Native) -> A,
        combine: impl Fn(A, A) -> Option<A>,
    ) -> Result<Option<usize>, AggregateError>
    where
        T: ArrowPrimitiveType,
        A: Copy + Fits,
    {
        let array = self.array.and_then(|array| array.as_any().downcast_ref());
        let array: &PrimitiveArray<T> = array.ok_or_else(|| self.missing())?;
        let nulls = array.nulls().filter(|nulls| nulls.null_count() > 0);
        for run in self.runs {
            let values = array.values().get(run.rows.clone());
            let (Some(values), Some(total)) = (values, totals.get_mut(run.group)) else {
                continue;
            };
            let mut sum = *total;
            for (row, value) in run.rows.clone().zip(values) {
                if nulls.is_some_and(|nulls| nulls.is_null(row)) {
                    continue;
                }
                let value = from(*value);
                sum = match sum {
                    None => Some(value),
                    Some(sum) => match combine(sum, value) {
                        None => return Ok(Some(run.group)),
                        combined => combined,
                    },
                };
            }
            if sum.is_some_and(|sum| !sum.fits()) {
                return Ok(Some(run.group));
            }
            *total = sum;
        }
        Ok(None)
    }

    fn extreme<T>(
        &self,
        values: &mut [Option<T::Native>],
        merge: Merge,
        from: fn(T::Native) -> T::Native,
    ) -> Result<Option<usize>, AggregateError>
    where
        T: ArrowPrimitiveType,
        T::Native: Fits,
    {
        match merge {
            Merge::Min => self.fold::<T, _>(values, from, |a, b| Some(if b < a { b } else { a })),
            // Of the others none is made of extremes but the maximum.
            Merge::Max | Merge::Add | Merge::First | Merge::Last | Merge::Unite => {
                self.fold::<T, _>(values, from, |a, b| Some(if b > a { b } else { a }))
            }
        }
    }
}

/// Returns whether a total can be stored.
trait Fits {
    fn fits(&self) -> bool {
        true
    }
}

impl Fits for i64 {}
impl Fits for f64 {}
impl Fits for i32 {}

impl Fits for i128 {
    fn fits(&self) -> bool {
        decimal::fits(*self)
    }
}
