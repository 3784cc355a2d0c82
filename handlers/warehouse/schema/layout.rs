//! How a gold table of the dataset file becomes columns; pure.

use std::collections::HashSet;

use xxhash_rust::xxh3::xxh3_128;

use super::error::SchemaError;
use super::names::{KEY, RANK, SETTLED};
use super::table::{DimensionColumn, MeasureColumn, MeasureSource, Shown, ShownValue, TableSchema};
use super::value_type::ValueType;
use crate::dataset::{Aggregate, Dataset, GoldTable};
use crate::value::Grain;
use crate::value::decimal::MAX_PRECISION;

/// Fewest digits after the point of an average.
const AVERAGE_SCALE: u8 = 6;

/// Lays out a table.
pub(super) fn table_schema(
    dataset: &Dataset,
    table: &GoldTable,
) -> Result<TableSchema, SchemaError> {
    let dangling = || SchemaError::Dangling {
        table: table.table.clone(),
    };
    let mut dimensions = Vec::new();
    for index in &table.by {
        let column = dataset.columns.get(*index).ok_or_else(dangling)?;
        dimensions.push(DimensionColumn {
            name: column.name.clone(),
            column: *index,
            kind: column.kind.into(),
        });
    }

    let mut measures = Vec::new();
    let mut shown = Vec::new();
    for measure in &table.measures {
        let value = store(dataset, &mut measures, &measure.name, measure.aggregate);
        shown.push(Shown {
            name: measure.name.clone(),
            value: value.ok_or_else(dangling)?,
        });
    }

    let schema = TableSchema {
        name: table.table.clone(),
        report: format!("{}_report", table.table),
        grain: table.grain,
        definition: definition(dataset, table.grain, &dimensions, &measures),
        dimensions,
        measures,
        shown,
    };
    check_columns(&schema)?;
    Ok(schema)
}

/// Adds the stored columns of a measure and returns how it is shown.
fn store(
    dataset: &Dataset,
    measures: &mut Vec<MeasureColumn>,
    name: &str,
    aggregate: Aggregate,
) -> Option<ShownValue> {
    let kind_of = |column: usize| dataset.columns.get(column).map(|column| column.kind.into());
    let mut push = |name: String, source, kind| {
        measures.push(MeasureColumn { name, source, kind });
        measures.len() - 1
    };
    let name = name.to_owned();
    let stored = match aggregate {
        Aggregate::Count => push(name, MeasureSource::Rows, ValueType::Int64),
        Aggregate::Sum(column) => {
            push(name, MeasureSource::Sum(column), sum_type(kind_of(column)?))
        }
        Aggregate::Min(column) => push(name, MeasureSource::Min(column), kind_of(column)?),
        Aggregate::Max(column) => push(name, MeasureSource::Max(column), kind_of(column)?),
        Aggregate::Avg(column) => {
            let kind = sum_type(kind_of(column)?);
            let sum = push(format!("{name}_sum"), MeasureSource::Sum(column), kind);
            let count = push(
                format!("{name}_count"),
                MeasureSource::Values(column),
                ValueType::Int64,
            );
            let scale = scale_of(kind).max(AVERAGE_SCALE);
            return Some(ShownValue::Average { sum, count, scale });
        }
    };
    Some(ShownValue::Stored(stored))
}

/// The widest exact type, so that a sum does not overflow in practice.
fn sum_type(kind: ValueType) -> ValueType {
    ValueType::Decimal {
        precision: MAX_PRECISION,
        scale: scale_of(kind),
    }
}

fn scale_of(kind: ValueType) -> u8 {
    match kind {
        ValueType::Decimal { scale, .. } => scale,
        _ => 0,
    }
}

/// Hashes what the content of a table depends on. Columns go in by name, so that a new column of silver changes
/// nothing.
fn definition(
    dataset: &Dataset,
    grain: Grain,
    dimensions: &[DimensionColumn],
    measures: &[MeasureColumn],
) -> String {
    let name_of = |index: usize| {
        dataset
            .columns
            .get(index)
            .map(|column| column.name.as_str())
    };
    let mut text = format!("1 {grain:?}");
    for dimension in dimensions {
        text.push_str(&format!("|by {:?} {:?}", dimension.name, dimension.kind));
    }
    for measure in measures {
        let (verb, column) = match measure.source {
            MeasureSource::Rows => ("rows", None),
            MeasureSource::Values(column) => ("values", name_of(column)),
            MeasureSource::Sum(column) => ("sum", name_of(column)),
            MeasureSource::Min(column) => ("min", name_of(column)),
            MeasureSource::Max(column) => ("max", name_of(column)),
        };
        let MeasureColumn { name, kind, .. } = measure;
        text.push_str(&format!("|{name:?} = {verb} {column:?} {kind:?}"));
    }
    format!("{:032x}", xxh3_128(text.as_bytes()))
}

fn check_columns(schema: &TableSchema) -> Result<(), SchemaError> {
    let dimensions = schema.dimensions.iter().map(|column| column.name.as_str());
    let measures = schema.measures.iter().map(|column| column.name.as_str());
    let averages = schema
        .shown
        .iter()
        .filter(|shown| matches!(shown.value, ShownValue::Average { .. }))
        .map(|shown| shown.name.as_str());
    let reserved = [KEY, SETTLED, RANK].into_iter().chain(schema.time());
    let mut names = HashSet::new();
    for name in reserved.chain(dimensions).chain(measures).chain(averages) {
        if !names.insert(name.to_lowercase()) {
            return Err(SchemaError::DuplicateColumn {
                table: schema.name.clone(),
                column: name.to_owned(),
            });
        }
    }
    Ok(())
}
