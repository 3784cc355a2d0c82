//! What reports compute of gold's tables, in DAX; pure.
//!
//! Only what can be added up is: a sum of averages or of counts of different values is no number that anybody wants.

use sluice::warehouse::schema::{
    MeasureColumn, MeasureSource, Shown, ShownValue, TableSchema, ValueType,
};

use super::model::{Kind, Measure};

/// Returns a column of a table, as DAX names it.
pub(super) fn column(table: &str, column: &str) -> String {
    let (table, column) = (table.replace('\'', "''"), column.replace(']', "]]"));
    format!("'{table}'[{column}]")
}

/// Returns the measure that reports use in place of a column; nothing where the column itself is what they show.
pub(super) fn measure(table: &TableSchema, shown: &Shown) -> Option<Measure> {
    let stored = |index: usize| table.measures.get(index);
    let of = |name: &str| column(&table.name, name);
    let (expression, about, kind) = match shown.value {
        ShownValue::Average { sum, count, scale } => {
            let (sum, count) = (of(&stored(sum)?.name), of(&stored(count)?.name));
            (
                format!("DIVIDE(SUM({sum}), SUM({count}))"),
                "The average of all values: their sum divided by their number.",
                Kind::Floating(Some(scale)),
            )
        }
        ShownValue::Stored(index) => {
            let stored = stored(index)?;
            let (expression, about) = of_stored(&of(&shown.name), table, stored)?;
            (expression, about, Kind::from(stored.kind))
        }
    };
    Some(Measure {
        name: name(&shown.name, &table.name),
        about: about.to_owned(),
        expression,
        format: kind.format(),
    })
}

fn of_stored(
    value: &str,
    table: &TableSchema,
    stored: &MeasureColumn,
) -> Option<(String, &'static str)> {
    let is_ordered = stored.kind != ValueType::Bool;
    Some(match stored.source {
        MeasureSource::Rows | MeasureSource::Values(_) | MeasureSource::Sum(_) => {
            (format!("SUM({value})"), "The sum of all rows.")
        }
        MeasureSource::Min(_) if is_ordered => {
            (format!("MIN({value})"), "The lowest value of all rows.")
        }
        MeasureSource::Max(_) if is_ordered => {
            (format!("MAX({value})"), "The highest value of all rows.")
        }
        MeasureSource::Distinct(_) => {
            let table = table.name.replace('\'', "''");
            (
                format!("IF(COUNTROWS('{table}') = 1, MAX({value}))"),
                "How many different values a row has, an estimate; blank for several rows together, since it does not add up.",
            )
        }
        MeasureSource::Min(_)
        | MeasureSource::Max(_)
        | MeasureSource::First(_)
        | MeasureSource::Last(_) => return None,
    })
}

/// Returns the name of a measure: no two of a model have one name, and none has that of a column beside it.
pub(super) fn name(measure: &str, table: &str) -> String {
    format!("{measure} ({table})")
}
