//! The columns that a rule or a summary may name: those of silver, or those of a gold table as its report shows them. Pure.

use crate::dataset::column::Draft;
use crate::dataset::{AVERAGE_SCALE, Aggregate, ColumnIndex, ColumnType, GoldTable};
use crate::expr::Type;
use crate::value::decimal::MAX_PRECISION;

/// A column that a rule or a summary may name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::dataset::gold) struct TableColumn {
    /// Its name.
    pub(in crate::dataset::gold) name: String,
    /// Its type.
    pub(in crate::dataset::gold) kind: Type,
    /// Whether it may be null.
    pub(in crate::dataset::gold) nullable: bool,
    /// Whether it tells what a row is about: a column of the key, the time or a dimension.
    pub(in crate::dataset::gold) tells: bool,
    /// Whether it is the latest event time of a group.
    pub(in crate::dataset::gold) is_last_time: bool,
}

/// Returns the columns of silver; nothing if one of them could not be read, which is reported.
pub(super) fn of_rows(columns: &[Draft], key: &[ColumnIndex]) -> Option<Vec<TableColumn>> {
    let columns = columns.iter().enumerate();
    let columns = columns.map(|(place, column)| {
        let named = column.as_named()?;
        Some(TableColumn {
            name: column.name.clone(),
            kind: named.kind,
            nullable: named.nullable,
            tells: key.contains(&ColumnIndex::new(place)),
            is_last_time: false,
        })
    });
    columns.collect()
}

/// Returns the columns of a gold table; nothing if a type is not known, which is reported.
pub(in crate::dataset::gold) fn columns_of(
    table: &GoldTable,
    event_time: Option<ColumnIndex>,
    kind_of: &dyn Fn(ColumnIndex) -> Option<(String, ColumnType)>,
) -> Option<Vec<TableColumn>> {
    let mut columns = Vec::new();
    if let Some(name) = table.grain.time_column() {
        columns.push(TableColumn {
            name: name.to_owned(),
            kind: match table.grain.is_of_dates() {
                true => Type::Date,
                false => Type::Timestamp,
            },
            nullable: false,
            tells: true,
            is_last_time: false,
        });
    }
    for index in &table.by {
        let (name, kind) = kind_of(*index)?;
        columns.push(TableColumn {
            name,
            kind: kind.into(),
            nullable: true,
            tells: true,
            is_last_time: false,
        });
    }
    for measure in &table.measures {
        let (kind, nullable) = measured(measure.aggregate, kind_of)?;
        let is_last_time = matches!(measure.aggregate, Aggregate::Max(column) if Some(column) == event_time)
            && measure.condition.is_none();
        columns.push(TableColumn {
            name: measure.name.clone(),
            kind,
            nullable,
            tells: false,
            is_last_time,
        });
    }
    Some(columns)
}

fn measured(
    aggregate: Aggregate,
    kind_of: &dyn Fn(ColumnIndex) -> Option<(String, ColumnType)>,
) -> Option<(Type, bool)> {
    let of = |column| kind_of(column).map(|(_, kind)| kind);
    let scale = |column| {
        Some(match of(column)? {
            ColumnType::Decimal { scale, .. } => scale,
            _ => 0,
        })
    };
    let exact = |scale| Type::Decimal {
        precision: MAX_PRECISION,
        scale,
    };
    Some(match aggregate {
        Aggregate::Count | Aggregate::CountDistinct(_) => (Type::Int64, false),
        Aggregate::Sum(column) => (exact(scale(column)?), true),
        Aggregate::Avg(column) => (exact(scale(column)?.max(AVERAGE_SCALE)), true),
        Aggregate::Min(column)
        | Aggregate::Max(column)
        | Aggregate::First(column)
        | Aggregate::Last(column) => (of(column)?.into(), true),
    })
}
