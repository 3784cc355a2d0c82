//! The view that shows what silver counts beside what each gold table has taken in of it; pure.

use super::definition::{Content, Dialect, ViewDefinition};
use crate::warehouse::schema::{BALANCE, BALANCE_COLUMNS, FRESHNESS, ValueType};

/// Returns the view, which has a row for each gold table. Its counts are of one version, at which the balance adds up:
/// every record has a fate (S2), and every row of silver is in the table (G1).
pub(in crate::warehouse) fn balance(dialect: &dyn Dialect) -> ViewDefinition {
    let column = |name: &str| format!("f.{}", dialect.quote(name));
    let fates = ["rows", "duplicates", "filtered", "quarantined"].map(column);
    let unaccounted = format!(
        "{} + {} - ({})",
        column("records"),
        column("redriven"),
        fates.join(" + ")
    );
    let missing = format!("{} - {}", column("rows"), column("rows_taken"));
    let flag = dialect.declared_type(Content::Value(ValueType::Bool));
    let values = BALANCE_COLUMNS.iter().map(|(name, _)| {
        let value = match *name {
            "version" => column("counted_version"),
            "unaccounted" => unaccounted.clone(),
            "rows_missing" => missing.clone(),
            // Null where something is unknown.
            "is_balanced" => format!(
                "CAST(CASE WHEN {unaccounted} = 0 AND {missing} = 0 THEN 1 \
                 WHEN {unaccounted} <> 0 OR {missing} <> 0 THEN 0 END AS {flag})"
            ),
            name => column(name),
        };
        format!("{value} AS {}", dialect.quote(name))
    });
    let values: Vec<String> = values.collect();
    ViewDefinition {
        name: BALANCE.to_owned(),
        physical: FRESHNESS.to_owned(),
        columns: BALANCE_COLUMNS
            .iter()
            .map(|(name, _)| (*name).to_owned())
            .collect(),
        query: format!(
            "SELECT\n    {}\nFROM {} AS f",
            values.join(",\n    "),
            dialect.full_name(FRESHNESS)
        ),
    }
}
