//! How a table is removed by hand that the dataset file no longer has; pure.

use super::definition::Dialect;
use crate::warehouse::model::Progress;
use crate::warehouse::schema::{FRESHNESS, PROGRESS};

/// Returns the statements that remove what shows a table, the table and what the books say of it, in this order.
pub(in crate::warehouse) fn removal(
    dialect: &dyn Dialect,
    table: &str,
    progress: &Progress,
) -> Vec<String> {
    // An earlier build made a table under the public name itself.
    let views = progress
        .public_names(table)
        .filter(|name| progress.physical.is_some() || name != table);
    let mut statements: Vec<String> = views.map(|view| dialect.drop_view(&view)).collect();
    let physical = progress.physical.as_deref().unwrap_or(table);
    let physical = dialect.full_name(physical);
    statements.push(format!("DROP TABLE IF EXISTS {physical}"));
    let of_table = format!(
        "WHERE {} = {}",
        dialect.quote("gold_table"),
        dialect.literal(table)
    );
    let column = |name| dialect.quote(name);
    // How many tables were made for it stays, so that no name is used twice.
    let empty = dialect.literal("");
    let nothing = [
        ("log", "NULL"),
        ("generation", "0"),
        ("definition", empty.as_str()),
        ("version", "0"),
        ("physical", "NULL"),
        ("text", "NULL"),
        ("rankings", "NULL"),
    ]
    .map(|(name, value)| format!("{} = {value}", column(name)));
    statements.extend([
        format!(
            "UPDATE {} SET {} {of_table}",
            dialect.full_name(PROGRESS),
            nothing.join(", ")
        ),
        format!("DELETE FROM {} {of_table}", dialect.full_name(FRESHNESS)),
    ]);
    statements
}
