//! What silver counts, and how much of it tables take in, in the books.

use rusqlite::{Connection, ToSql, params_from_iter};

use super::parts::stored;
use crate::table::log::Version;
use crate::warehouse::model::{Balance, Counted, Shadow};
use crate::warehouse::schema::FRESHNESS;
use crate::warehouse::sqlite::ddl::quote;

/// Writes the balance of a table that moves to a version, and whose freshness is written: from another version, or made
/// anew.
pub(super) fn write(
    connection: &Connection,
    name: &str,
    (from, to): (Option<Version>, Version),
    balance: &Balance,
) -> rusqlite::Result<()> {
    let taken = match from {
        None => "?4".to_owned(),
        Some(_) => "COALESCE(CASE WHEN \"counted_version\" = ?5 THEN \"rows_taken\" END, ?3) + ?4"
            .to_owned(),
    };
    let mut values: Vec<Box<dyn ToSql>> = vec![
        Box::new(name.to_owned()),
        Box::new(to.as_i64()),
        Box::new(balance.before.map(stored)),
        Box::new(stored(balance.taken)),
        Box::new(from.map(Version::as_i64)),
    ];
    update(connection, &taken, balance.silver.as_ref(), &mut values)
}

/// Writes the balance of a table that a shadow takes the place of.
pub(super) fn swapped(
    connection: &Connection,
    name: &str,
    shadow: &Shadow,
    silver: Option<&Counted>,
) -> rusqlite::Result<()> {
    let mut values: Vec<Box<dyn ToSql>> = vec![
        Box::new(name.to_owned()),
        Box::new(shadow.version.unwrap_or_default().as_i64()),
        Box::new(shadow.brings(silver).map(stored)),
    ];
    update(connection, "?3", silver, &mut values)
}

/// Writes a balance: the first two values are the table and the version, the others are those of `taken`.
fn update(
    connection: &Connection,
    taken: &str,
    silver: Option<&Counted>,
    values: &mut Vec<Box<dyn ToSql>>,
) -> rusqlite::Result<()> {
    let mut sql =
        format!("UPDATE {FRESHNESS} SET \"counted_version\" = ?2, \"rows_taken\" = {taken}");
    for (column, count) in silver.copied().unwrap_or_default().columns() {
        values.push(Box::new(silver.map(|_| stored(count))));
        sql.push_str(&format!(", {} = ?{}", quote(column), values.len()));
    }
    sql.push_str(" WHERE \"gold_table\" = ?1");
    let mut statement = connection.prepare_cached(&sql)?;
    statement.execute(params_from_iter(values.iter()))?;
    Ok(())
}
