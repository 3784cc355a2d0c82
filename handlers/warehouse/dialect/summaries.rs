//! A view that adds up the rows of a gold table when it is read; pure.

use super::columns::Columns;
use super::definition::{Dialect, ViewDefinition};
use crate::dataset::Total;
use crate::warehouse::schema::{SummaryColumn, TableSchema, ValueType};

/// Returns the view of this name over a table, whose rows lie in `physical`: by these of its columns, with these measures.
pub(super) fn view(
    (name, physical): (&str, &str),
    table: &TableSchema,
    (by, measures): (&[(String, ValueType)], &[SummaryColumn]),
    dialect: &dyn Dialect,
) -> ViewDefinition {
    let mut columns = Columns::new(table, dialect);
    let mut terms = Vec::new();
    for (name, kind) in by {
        let (value, grouped) = dialect.grouped(&columns.of_table(name), *kind);
        columns.first.push((name.clone(), value));
        terms.extend(grouped);
    }
    for measure in measures {
        let value = value(measure, &columns, dialect);
        columns.first.push((measure.name.clone(), value));
    }
    let end = match terms.is_empty() {
        true => String::new(),
        false => format!("\nGROUP BY {}", terms.join(", ")),
    };
    columns.view(name, physical, ("", &end))
}

/// Returns the expression of a measure.
fn value(measure: &SummaryColumn, columns: &Columns<'_>, dialect: &dyn Dialect) -> String {
    let of = |name: &str| columns.of_table(name);
    let number = |name: &str| {
        let value = of(name);
        dialect.number(&value, measure.of).unwrap_or(value)
    };
    match &measure.total {
        Total::Count => dialect.count(None),
        Total::Sum(name) => dialect.sum(&of(name), measure.of),
        Total::Min(name) => format!("min({})", number(name)),
        Total::Max(name) => format!("max({})", number(name)),
        Total::Avg(name) => {
            let (sum, count) = (
                dialect.sum(&of(name), measure.of),
                dialect.count(Some(&of(name))),
            );
            dialect.average(&sum, &count, measure.average_scale())
        }
    }
}
