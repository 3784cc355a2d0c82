//! The statements that read and change gold's rows; pure text. All values are parameters or bulk rows.

use xxhash_rust::xxh3::xxh3_128;

use super::sql_schema::{SqlSchema, literal, quote};
use crate::event::EventTime;
use crate::value::decimal::MAX_PRECISION;
use crate::warehouse::azure_sql::errors::OVERFLOW;
use crate::warehouse::dialect;
use crate::warehouse::dialect::{ColumnDefinition, Content, Dialect};
use crate::warehouse::lookup::EXPIRED_AT_ONCE;
use crate::warehouse::model::Order;
use crate::warehouse::model::text::{self, ALL_ROWS, MOST_CHARS, NULL};
use crate::warehouse::schema::{KEY, MeasureColumn, Merge, TableSchema, ValueType};

/// What a session is like: an error undoes its transaction, and a lock is not waited for forever.
pub(crate) const SESSION: &str = "SET XACT_ABORT ON; SET LOCK_TIMEOUT 30000";
/// Answers if the connection is alive.
pub(crate) const PROBE: &str = "SELECT 1 AS [alive]";
/// Opens a transaction without a lock of gold's.
pub(crate) const BEGIN: &str = "BEGIN TRANSACTION";
/// Makes everything visible.
pub(crate) const COMMIT: &str = "COMMIT TRANSACTION";
/// Undoes everything.
pub(crate) const ROLLBACK: &str = "IF @@TRANCOUNT > 0 ROLLBACK TRANSACTION";

/// Removes the rows of a table.
pub(crate) fn clear(sql_schema: &SqlSchema, physical: &str) -> String {
    format!("DELETE FROM {}", sql_schema.of(physical))
}

/// Removes rows of periods before the one with this start, [`EXPIRED_AT_ONCE`] at most; nothing where a table has no periods.
pub(crate) fn expire(
    sql_schema: &SqlSchema,
    (table, physical): (&TableSchema, &str),
    kept_from: EventTime,
) -> Option<String> {
    let (time, kind) = (
        table.time()?,
        match table.grain.is_of_dates() {
            true => "date",
            false => "datetime2(0)",
        },
    );
    Some(format!(
        "DELETE TOP ({EXPIRED_AT_ONCE}) FROM {} WHERE {} < CAST({} AS {kind})",
        sql_schema.of(physical),
        quote(time),
        literal(&text::period(table.grain, kept_from.0)?.replace('Z', "")),
    ))
}

/// Reads all rows of a book, with the columns that it has.
pub(crate) fn read_book(sql_schema: &SqlSchema, book: &str) -> String {
    format!("SELECT b.* FROM {} AS b", sql_schema.of(book))
}

/// Counts the rows of a table or view by its full name.
pub(crate) fn count(full_name: &str) -> String {
    format!("SELECT COUNT_BIG(*) AS [rows] FROM {full_name}")
}

/// Lists the columns of a table or view.
pub(crate) fn names(sql_schema: &SqlSchema, name: &str) -> String {
    let full = literal(&sql_schema.of(name));
    format!(
        "SELECT CAST(c.[name] AS nvarchar(128)) AS [column] FROM sys.columns AS c\n\
         WHERE c.[object_id] IN (OBJECT_ID({full}, N'V'), OBJECT_ID({full}, N'U'))"
    )
}

/// Reads the first rows of a table or view.
pub(crate) fn read(
    sql_schema: &SqlSchema,
    name: &str,
    columns: &[(String, ValueType)],
    order: &[Order],
    limit: usize,
) -> String {
    let names: Vec<String> = columns.iter().map(|(name, _)| quote(name)).collect();
    // No table has more rows than that.
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let mut sql = format!(
        "SELECT TOP ({limit}) {} FROM {}",
        names.join(", "),
        sql_schema.of(name)
    );
    let terms = order.iter().flat_map(|order| {
        let kind = columns.iter().find(|(name, _)| *name == order.column);
        let kind = kind.map_or(ValueType::Int64, |(_, kind)| *kind);
        sql_schema.order_terms(&quote(&order.column), kind, order.descending)
    });
    let terms: Vec<String> = terms.collect();
    if !terms.is_empty() {
        sql.push_str(&format!(" ORDER BY {}", terms.join(", ")));
    }
    sql
}

/// How many characters of a group's name an error has, which takes 2,048 when each of them is written twice.
const LONGEST_GROUP: usize = 1_000;
/// The longest name of a temporary table.
const LONGEST_TEMPORARY: usize = 116;

/// How the names begin of the temporary tables that take rows, and the keys of rows.
const ROWS: &str = "#sluice_";
const KEYS: &str = "#sluice_keys_";
/// The column of such a key that says which row it is of.
const NUMBER: &str = "n";

/// Returns the name of a temporary table for a table.
fn temporary(start: &str, physical: &str) -> String {
    let name = format!("{start}{physical}");
    match name.len() <= LONGEST_TEMPORARY {
        true => name,
        false => format!("{start}{:032x}", xxh3_128(physical.as_bytes())),
    }
}

/// The statements of a merge into one table.
#[derive(Clone, Debug)]
pub(crate) struct MergeStatements {
    /// The temporary table that takes the rows.
    pub(crate) delta: String,
    /// Makes it, empty.
    pub(crate) create: String,
    /// What is done with its rows, without the check of their number.
    steps: String,
    /// What reads the rows that are stored of their groups, where they are not merged by these steps.
    pub(crate) reading: Option<Reading>,
}

/// The statements that read the rows of a table by their keys.
#[derive(Clone, Debug)]
pub(crate) struct Reading {
    /// The temporary table that takes the keys.
    pub(crate) keys: String,
    /// Makes it, empty.
    create: String,
    /// Answers how many keys there are, and then with the number of each that is found and the columns of its measures;
    /// empties the table of keys.
    pub(crate) rows: String,
}

impl Reading {
    fn of(sql_schema: &SqlSchema, table: &TableSchema, physical: &str) -> Self {
        let keys = quote(&temporary(KEYS, physical));
        let full = sql_schema.of(physical);
        let number = ColumnDefinition {
            name: NUMBER.to_owned(),
            kind: sql_schema.declared_type(Content::Value(ValueType::Int64)),
            required: true,
            is_key: false,
            is_indexed: false,
        };
        let columns = dialect::columns(table, sql_schema).into_iter();
        let key = columns.filter(|column| column.is_key);
        let columns: Vec<ColumnDefinition> = [number].into_iter().chain(key).collect();
        let stored = stored_columns(table);
        let stored: Vec<String> = stored.iter().map(|name| format!("t.{name}")).collect();
        Self {
            create: format!(
                "DROP TABLE IF EXISTS {keys};\n{}",
                dialect::create_table(sql_schema, &keys, &columns)
            ),
            rows: format!(
                "SELECT COUNT_BIG(*) AS [rows] FROM {keys};\n\
                 SELECT d.{}, {}\nFROM {keys} AS d\nJOIN {full} AS t ON {};\n\
                 DELETE FROM {keys}",
                quote(NUMBER),
                stored.join(", "),
                same_group(table)
            ),
            keys,
        }
    }
}

/// Returns the columns of the measures of a table.
fn stored_columns(table: &TableSchema) -> Vec<String> {
    let columns = table.measures.iter().flat_map(MeasureColumn::columns);
    columns.map(|column| quote(&column.name)).collect()
}

impl MergeStatements {
    /// Works out the statements for a table whose rows lie in `physical`. The temporary table is named after it: two that
    /// are made for one gold table have other columns. What rules watch is read before it is merged.
    pub(crate) fn of(
        sql_schema: &SqlSchema,
        table: &TableSchema,
        physical: &str,
        is_watched: bool,
    ) -> Self {
        let delta = quote(&temporary(ROWS, physical));
        let columns = dialect::columns(table, sql_schema);
        let same = same_group(table);
        let full = sql_schema.of(physical);
        let rows = loaded_rows(&delta, &columns);
        let join = format!("FROM {full} AS t\nJOIN {rows} AS d ON {same}");
        let names: Vec<String> = columns.iter().map(|column| quote(&column.name)).collect();
        let names = names.join(", ");
        let is_merged = table.is_merged_by_sql() && !is_watched;
        let measures = table.measures.iter();
        let (updates, overflows): (Vec<String>, Vec<String>) = match is_merged {
            true => (
                measures.clone().map(update).collect(),
                measures.filter_map(overflow).collect(),
            ),
            // What is loaded is what comes out, and was checked when it was merged.
            false => {
                let columns = stored_columns(table).into_iter();
                (
                    columns.map(|name| format!("{name} = d.{name}")).collect(),
                    Vec::new(),
                )
            }
        };
        let reading = (!is_merged).then(|| Reading::of(sql_schema, table, physical));
        let mut create = format!(
            "DROP TABLE IF EXISTS {delta};\n{}",
            dialect::create_table(sql_schema, &delta, &loaded_columns(sql_schema, &columns))
        );
        if let Some(reading) = &reading {
            create.push_str(&format!(";\n{}", reading.create));
        }
        let check = match overflows.is_empty() {
            true => String::new(),
            false => format!(
                "DECLARE @group nvarchar(2048) = (SELECT TOP (1) {} {join}\nWHERE {});\n\
                 IF @group IS NOT NULL\n    THROW {OVERFLOW}, @group, 1;\n",
                group(sql_schema, table),
                overflows.join("\n    OR ")
            ),
        };
        Self {
            create,
            reading,
            steps: format!(
                "{check}UPDATE t SET {}\n{join};\n\
                 INSERT INTO {full} ({names})\nSELECT {names} FROM {rows} AS d\n\
                 WHERE NOT EXISTS (SELECT 1 FROM {full} AS t WHERE {same});\n\
                 DELETE FROM {delta}",
                updates.join(",\n    ")
            ),
            delta,
        }
    }

    /// Merges the rows of the temporary table, of which there must be so many, and empties it: raises [`OVERFLOW`] if a
    /// sum would not fit; where rows have not arrived, nothing is done and the answer is a row with their number.
    pub(crate) fn merge(&self, rows: u64) -> String {
        format!(
            "DECLARE @rows bigint = (SELECT COUNT_BIG(*) FROM {});\n\
             IF @rows <> {rows}\nBEGIN\n    SELECT @rows AS [rows];\n    RETURN;\nEND;\n{}",
            self.delta, self.steps
        )
    }
}

/// Returns the columns of the temporary table that takes rows: a table's own, decimals as text.
fn loaded_columns(sql_schema: &SqlSchema, columns: &[ColumnDefinition]) -> Vec<ColumnDefinition> {
    let loaded = columns.iter().map(|column| ColumnDefinition {
        kind: match is_decimal(column) {
            // Not of a length: the driver declares a load of nvarchar(n) with twice the length.
            true => sql_schema.declared_type(Content::Value(ValueType::Text)),
            false => column.kind.clone(),
        },
        ..column.clone()
    });
    loaded.collect()
}

/// Returns the rows of that table as a table has them.
fn loaded_rows(delta: &str, columns: &[ColumnDefinition]) -> String {
    let values = columns.iter().map(|column| {
        let (name, kind) = (quote(&column.name), &column.kind);
        match is_decimal(column) {
            true => format!("CAST({name} AS {kind}) AS {name}"),
            false => name,
        }
    });
    let values: Vec<String> = values.collect();
    format!("(SELECT {} FROM {delta})", values.join(", "))
}

fn is_decimal(column: &ColumnDefinition) -> bool {
    column.kind.starts_with("decimal(")
}

/// Returns what names the group of a loaded row in the message of an error, where a percent sign is written twice.
fn group(sql_schema: &SqlSchema, table: &TableSchema) -> String {
    let time = table.time().map(|name| (name, table.time_type()));
    let dimensions = table.dimensions.iter();
    let dimensions = dimensions.map(|column| (column.name.as_str(), column.kind));
    let terms = time.into_iter().chain(dimensions).map(|(name, kind)| {
        let style = match kind {
            ValueType::Date => ", 23",
            ValueType::Timestamp => ", 126",
            _ => "",
        };
        let value = format!("CONVERT(nvarchar({MOST_CHARS}), d.{}{style})", quote(name));
        let name = sql_schema.literal(&format!("{name} = "));
        format!("{name}, ISNULL({value}, N'{NULL}')")
    });
    let terms: Vec<String> = terms.collect();
    match terms.is_empty() {
        true => format!("N'{ALL_ROWS}'"),
        false => format!(
            "REPLACE(LEFT(CONCAT({}), {LONGEST_GROUP}), N'%', N'%%')",
            terms.join(", N', ', ")
        ),
    }
}

fn same_group(table: &TableSchema) -> String {
    let key = table.time().into_iter().chain([KEY]);
    let terms: Vec<String> = key
        .map(|name| format!("t.{0} = d.{0}", quote(name)))
        .collect();
    terms.join(" AND ")
}

fn update(measure: &MeasureColumn) -> String {
    let name = quote(&measure.name);
    let value = match measure.source.merge() {
        Merge::Add if measure.source.is_nullable() => format!(
            "CASE WHEN t.{name} IS NULL THEN d.{name} WHEN d.{name} IS NULL THEN t.{name} \
             ELSE t.{name} + d.{name} END"
        ),
        Merge::Add => format!("t.{name} + d.{name}"),
        Merge::Min => extreme(&name, "<"),
        Merge::Max => extreme(&name, ">"),
        // No statement can: what is loaded is merged already.
        Merge::First | Merge::Last | Merge::Unite => format!("d.{name}"),
    };
    format!("{name} = {value}")
}

/// Takes the new value where there is no other or where it compares so to the old one; a null never does.
fn extreme(name: &str, comparison: &str) -> String {
    format!(
        "CASE WHEN t.{name} IS NULL OR d.{name} {comparison} t.{name} THEN d.{name} ELSE t.{name} END"
    )
}

/// Returns a condition that holds where a sum would have more digits than its column. CASE, because only it keeps the
/// order of evaluation: the difference is computed only where it cannot overflow itself.
fn overflow(measure: &MeasureColumn) -> Option<String> {
    let ValueType::Decimal { precision, scale } = measure.kind else {
        return None;
    };
    if measure.source.merge() != Merge::Add {
        return None;
    }
    let name = quote(&measure.name);
    let most = largest(precision.min(MAX_PRECISION), scale);
    Some(format!(
        "CASE WHEN d.{name} > 0 AND t.{name} > 0 THEN CASE WHEN t.{name} > {most} - d.{name} THEN 1 ELSE 0 END\n      \
         WHEN d.{name} < 0 AND t.{name} < 0 THEN CASE WHEN t.{name} < -{most} - d.{name} THEN 1 ELSE 0 END\n      \
         ELSE 0 END = 1"
    ))
}

/// Returns the largest number of a type as a literal of just that type.
fn largest(precision: u8, scale: u8) -> String {
    let whole = "9".repeat(usize::from(precision - scale.min(precision)));
    match scale {
        0 => format!("{whole}."),
        _ => format!("{whole}.{}", "9".repeat(scale.into())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::ColumnIndex;
    use crate::warehouse::schema::MeasureSource;

    fn measure(source: MeasureSource, kind: ValueType) -> MeasureColumn {
        let name = "m".to_owned();
        MeasureColumn {
            name,
            source,
            kind,
            condition: None,
        }
    }

    #[test]
    fn the_largest_number_has_as_many_digits_as_its_type() {
        assert_eq!(largest(38, 2), format!("{}.99", "9".repeat(36)));
        assert_eq!(largest(38, 0), format!("{}.", "9".repeat(38)));
        assert_eq!(largest(38, 38), format!(".{}", "9".repeat(38)));
    }

    #[test]
    fn a_null_neither_wins_nor_spoils_a_merge() {
        let (source, kind) = (MeasureSource::Min(ColumnIndex::new(0)), ValueType::Int64);
        assert_eq!(
            update(&measure(source, kind)),
            "[m] = CASE WHEN t.[m] IS NULL OR d.[m] < t.[m] THEN d.[m] ELSE t.[m] END"
        );
        assert_eq!(
            update(&measure(MeasureSource::Sum(ColumnIndex::new(0)), kind)),
            "[m] = CASE WHEN t.[m] IS NULL THEN d.[m] WHEN d.[m] IS NULL THEN t.[m] ELSE t.[m] + d.[m] END"
        );
        assert_eq!(
            update(&measure(MeasureSource::Rows, kind)),
            "[m] = t.[m] + d.[m]"
        );
    }

    #[test]
    fn only_sums_of_decimals_are_checked_for_their_digits() {
        let decimal = ValueType::Decimal {
            precision: 38,
            scale: 2,
        };
        for (source, kind, is_checked) in [
            (MeasureSource::Sum(ColumnIndex::new(0)), decimal, true),
            (MeasureSource::Max(ColumnIndex::new(0)), decimal, false),
            (MeasureSource::Rows, ValueType::Int64, false),
        ] {
            assert_eq!(overflow(&measure(source, kind)).is_some(), is_checked);
        }
    }
}
