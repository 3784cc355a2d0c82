//! How a gold table of the dataset file becomes columns; pure.

use std::collections::{BTreeSet, HashSet};

use super::canonical::{self, scale_of, sum_type};
use super::error::SchemaError;
use super::measure::{MeasureColumn, MeasureSource, told_apart_by};
use super::names::{KEY, RANK, SETTLED, report_of};
use super::table::{DimensionColumn, Shown, ShownValue, TableSchema};
use super::value_type::ValueType;
use crate::dataset::{AVERAGE_SCALE, Aggregate, ColumnIndex, Dataset, GoldTable, Measure};
use crate::error::Invariant;
use crate::value::Steps;
use crate::value::time::micros;

/// Lays out a table.
pub(super) fn table_schema(
    dataset: &Dataset,
    table: &GoldTable,
) -> Result<TableSchema, SchemaError> {
    let mut dimensions = Vec::new();
    for index in &table.by {
        let column = dataset.column(*index)?;
        dimensions.push(DimensionColumn {
            name: column.name.clone(),
            column: *index,
            kind: column.kind.into(),
        });
    }

    let mut measures = Vec::new();
    let mut shown = Vec::new();
    for measure in &table.measures {
        let (value, kind) = store(dataset, &mut measures, measure)?;
        shown.push(Shown {
            name: measure.name.clone(),
            value,
            kind,
        });
    }

    let steps = Steps {
        grain: table.grain,
        every: table.every,
        zone: table.zone.clone(),
    };
    let keep = table.keep.map(micros);
    let head = (&steps, keep, table.condition.as_ref());
    let text = canonical::write(dataset, head, &dimensions, &measures)?;
    let schema = TableSchema {
        name: table.table.clone(),
        report: report_of(&table.table),
        grain: steps.grain,
        every: steps.every,
        zone: steps.zone,
        keep,
        condition: table.condition.clone(),
        searched: BTreeSet::new(),
        definition: canonical::hash(&text),
        text,
        dimensions,
        told_apart_by: told_apart_by(dataset, &measures),
        measures,
        shown,
    };
    check_columns(&schema)?;
    Ok(schema)
}

/// Adds the stored columns of a measure and returns how it is shown, and of which type.
fn store(
    dataset: &Dataset,
    measures: &mut Vec<MeasureColumn>,
    measure: &Measure,
) -> Result<(ShownValue, ValueType), Invariant> {
    let kind_of = |column: ColumnIndex| Ok(dataset.column(column)?.kind.into());
    let mut push = |name: String, source, kind| {
        measures.push(MeasureColumn {
            name,
            source,
            kind,
            condition: measure.condition.clone(),
        });
        measures.len() - 1
    };
    let name = measure.name.clone();
    let (source, kind) = match measure.aggregate {
        Aggregate::Count => (MeasureSource::Rows, ValueType::Int64),
        Aggregate::Sum(column) => (MeasureSource::Sum(column), sum_type(kind_of(column)?)),
        Aggregate::Min(column) => (MeasureSource::Min(column), kind_of(column)?),
        Aggregate::Max(column) => (MeasureSource::Max(column), kind_of(column)?),
        Aggregate::First(column) => (MeasureSource::First(column), kind_of(column)?),
        Aggregate::Last(column) => (MeasureSource::Last(column), kind_of(column)?),
        Aggregate::CountDistinct(column) => (MeasureSource::Distinct(column), ValueType::Int64),
        Aggregate::Avg(column) => {
            let kind = sum_type(kind_of(column)?);
            let sum = push(format!("{name}_sum"), MeasureSource::Sum(column), kind);
            let count = push(
                format!("{name}_count"),
                MeasureSource::Values(column),
                ValueType::Int64,
            );
            let scale = scale_of(kind).max(AVERAGE_SCALE);
            return Ok((ShownValue::Average { sum, count, scale }, ValueType::Double));
        }
    };
    Ok((ShownValue::Stored(push(name, source, kind)), kind))
}

fn check_columns(schema: &TableSchema) -> Result<(), SchemaError> {
    let dimensions = schema.dimensions.iter().map(|column| column.name.as_str());
    let measures = schema.measures.iter().flat_map(MeasureColumn::columns);
    let measures: Vec<String> = measures.map(|column| column.name).collect();
    let measures = measures.iter().map(String::as_str);
    let averages = schema
        .shown
        .iter()
        .filter(|shown| matches!(shown.value, ShownValue::Average { .. }))
        .map(|shown| shown.name.as_str());
    let reserved = [KEY, SETTLED, RANK].into_iter().chain(schema.time());
    let reserved = reserved.chain(schema.end());
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
