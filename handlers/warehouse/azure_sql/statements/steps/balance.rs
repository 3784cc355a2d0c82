//! What silver counts, and how much of it tables take in, in the books; pure text.

use crate::warehouse::azure_sql::statements::sql_schema::{SqlSchema, quote};
use crate::warehouse::model::{Counted, Shadow};
use crate::warehouse::schema::FRESHNESS;

/// How many parameters a run has for it, all of them text: a count or nothing for each of [`Counted::columns`], how many
/// rows silver had before or nothing, and how many the run takes in.
pub(super) const PARAMETERS: usize = 9;

/// Writes the balance of a table whose freshness is written; `first` is the first parameter of the run that is meant, and
/// the others are those of the table: its name, and the versions that it moves to and comes from.
pub(super) fn write(
    sql_schema: &SqlSchema,
    first: usize,
    (name, to, from): (usize, usize, usize),
    replaces: bool,
) -> String {
    // Text that is empty stands for a null.
    let count = |parameter: usize| format!("CAST(NULLIF(@P{parameter}, N'') AS bigint)");
    let columns = Counted::default().columns();
    let counts = (first..).zip(&columns);
    let counts =
        counts.map(|(parameter, (column, _))| format!("{} = {}", quote(column), count(parameter)));
    let counts: Vec<String> = counts.collect();
    let before = first + columns.len();
    let (before, taken) = (count(before), count(before + 1));
    let taken = match replaces {
        true => taken,
        false => format!(
            "ISNULL(CASE WHEN [counted_version] = @P{from} THEN [rows_taken] END, {before}) + {taken}"
        ),
    };
    format!(
        "UPDATE {} SET {}, [rows_taken] = {taken}, [counted_version] = @P{to}\nWHERE [gold_table] = @P{name}",
        sql_schema.of(FRESHNESS),
        counts.join(", "),
    )
}

/// Returns the columns of a table that a shadow takes the place of, with their values.
pub(in crate::warehouse::azure_sql::statements) fn swapped(
    silver: Option<&Counted>,
    shadow: &Shadow,
) -> String {
    let number = |count: Option<u64>| match count {
        Some(count) => i64::try_from(count).unwrap_or(i64::MAX).to_string(),
        None => "NULL".to_owned(),
    };
    let columns = silver.copied().unwrap_or_default().columns().into_iter();
    let counts = columns.map(|(column, count)| {
        let known = silver.map(|_| count);
        format!("{} = {}", quote(column), number(known))
    });
    let counts: Vec<String> = counts.collect();
    format!(
        "{}, [rows_taken] = {}, [counted_version] = {}",
        counts.join(", "),
        number(shadow.brings(silver)),
        number(Some(shadow.version.unwrap_or_default().0))
    )
}
