//! How T-SQL says gold's tables and views.
//!
//! The subset runs on Azure SQL Database and SQL Server, and on Babelfish where that has `ALTER VIEW` (4.4.0 has not).
//! Names are in brackets. Text is
//! `nvarchar(max)`: it is there to be read, and no key or comparison depends on it. Each view carries a mark of its
//! text, so that a changed one is found where the server lets us see its text.

mod guard;

use xxhash_rust::xxh3::xxh3_128;

use super::sql_schema::{SqlSchema, literal, quote};
use crate::error::Invariant;
use crate::warehouse::dialect::{self, Dialect, Found, TableDefinition, ViewDefinition};
use crate::warehouse::schema::{GoldSchema, NEXT, PROGRESS, RETIRED, TableSchema};
use guard::{SKIP, guard};

/// How the mark in a view's text begins.
pub(crate) const MARK: &str = "/* sluice ";

/// Returns the statement that creates the schema where it is missing.
pub(crate) fn create_schema(sql_schema: &SqlSchema) -> String {
    let create = format!("CREATE SCHEMA {}", quote(&sql_schema.0));
    format!(
        "IF NOT EXISTS (SELECT 1 FROM sys.schemas WHERE LOWER([name]) = LOWER({}))\n    EXEC({})",
        literal(&sql_schema.0),
        literal(&create)
    )
}

/// Returns what tells a view's text from any other, whichever table it shows.
pub(crate) fn mark(sql_schema: &SqlSchema, view: &ViewDefinition) -> String {
    let physical = sql_schema.of(&view.physical);
    let query = view.query.replace(&physical, "?");
    format!("{MARK}{:032x} */", xxh3_128(query.as_bytes()))
}

/// Returns the statement that makes a view, or makes the one of its name show this and keeps its permissions; a batch of
/// its own.
pub(crate) fn show_view(sql_schema: &SqlSchema, view: &ViewDefinition) -> String {
    let (name, mark) = (sql_schema.of(&view.name), mark(sql_schema, view));
    format!("CREATE OR ALTER VIEW {name} AS\n{mark}\n{}", view.query)
}

/// Returns whether a view was made by gold; nothing where the server hides its text.
pub(crate) fn is_made(found: &Found) -> Option<bool> {
    found.text.as_ref().map(|text| text.contains(MARK))
}

/// Returns whether a view that is there shows just this, as far as the server lets us see: where its text is hidden, its
/// columns tell.
pub(crate) fn is_shown(sql_schema: &SqlSchema, view: &ViewDefinition, found: &Found) -> bool {
    match found.text.as_ref().filter(|text| text.contains(MARK)) {
        Some(text) => {
            text.contains(&mark(sql_schema, view)) && text.contains(&sql_schema.of(&view.physical))
        }
        None => {
            let found: Vec<&str> = found.columns.iter().map(|c| c.name.as_str()).collect();
            let same = |(a, b): (&String, &&str)| a.eq_ignore_ascii_case(b);
            view.columns.len() == found.len() && view.columns.iter().zip(&found).all(same)
        }
    }
}

/// Returns the script that creates everything that is missing, for those who deploy by hand: each table as the first one
/// of its name and without rows, for a run to fill. Batches are separated by `GO`; running it again changes nothing but
/// views, which go on showing the table that has the rows. Where something of another has a name of gold's, the first batch
/// ends with an error and the others do nothing.
pub(crate) fn script(schema: &GoldSchema, sql_schema: &SqlSchema) -> Result<String, Invariant> {
    let mut batches = vec![create_schema(sql_schema)];
    batches.extend(make_books(schema, sql_schema)?);
    let progress = sql_schema.of(PROGRESS);
    for (index, table) in schema.indexed_tables() {
        let physical = table.physical(1);
        let rows = dialect::table(table, &physical, sql_schema);
        let noted = dialect::note_prepared(schema, sql_schema, table, (&physical, 1));
        let name = literal(&table.name);
        let full = literal(&sql_schema.of(&table.name));
        // There are servers that find a view where they are asked for a table.
        batches.push(format!(
            "IF OBJECT_ID({full}, N'U') IS NOT NULL AND OBJECT_ID({full}, N'V') IS NULL\nBEGIN\n    {};\n{};\n{noted};\nEND",
            sql_schema.rename(&table.name, &physical),
            dialect::note_name(schema, sql_schema, table, (&physical, 1)),
        ));
        batches.push(format!(
            "{}\nIF NOT EXISTS (SELECT 1 FROM {progress} WHERE [gold_table] = {name})\n    \
             AND OBJECT_ID({full}, N'U') IS NULL AND OBJECT_ID({full}, N'V') IS NULL\nBEGIN\n{};\n{noted};\nEND",
            about(schema, &table.name)?,
            rows.create(sql_schema)
        ));
        batches.push(make_beside(schema, sql_schema, table, &rows));
        batches.extend(make_indexes(sql_schema, table, &rows));
        for view in dialect::views(schema, index, &physical, sql_schema)? {
            batches.push(format!(
                "{}\nDECLARE @physical nvarchar(128) = (SELECT [physical] FROM {progress}\n    \
                 WHERE [gold_table] = {name} AND [definition] = {});\n\
                 DECLARE @view nvarchar(max) = REPLACE({}, {}, QUOTENAME(@physical));\n\
                 IF @view IS NOT NULL EXEC(@view)",
                about(schema, &view.name)?,
                literal(&table.definition),
                literal(&show_view(sql_schema, &view)),
                literal(&quote(&physical)),
            ));
        }
    }
    let batches = batches.iter().map(|batch| format!("{SKIP}{batch};\nGO\n"));
    let first = format!("{};\nGO\n", guard(schema, sql_schema, MARK)?);
    let batches = std::iter::once(first).chain(batches);
    Ok(batches.collect::<Vec<String>>().join("\n"))
}

/// Returns a line that says what a table or view holds.
fn about(schema: &GoldSchema, name: &str) -> Result<String, Invariant> {
    Ok(format!("-- {}", dialect::description(schema, name)?))
}

/// Returns the batches that make the books, or add the columns that they lack, and the view of the balance.
fn make_books(schema: &GoldSchema, sql_schema: &SqlSchema) -> Result<Vec<String>, Invariant> {
    let mut batches = Vec::new();
    for book in dialect::books(schema, sql_schema) {
        let full = literal(&sql_schema.of(&book.name));
        batches.push(format!(
            "{}\nIF OBJECT_ID({full}, N'U') IS NULL\n{}",
            about(schema, &book.name)?,
            book.create(sql_schema)
        ));
        for column in book.columns.iter().filter(|column| !column.required) {
            batches.push(format!(
                "IF COL_LENGTH({full}, {}) IS NULL\n    {}",
                literal(&column.name),
                sql_schema.add_column(&book.name, column)
            ));
        }
    }
    let balance = dialect::balance(sql_schema);
    batches.push(format!(
        "{}\nEXEC({})",
        about(schema, &balance.name)?,
        literal(&show_view(sql_schema, &balance))
    ));
    Ok(batches)
}

/// Returns the batches that make the indexes that a table lacks, whichever of its tables is shown.
fn make_indexes(
    sql_schema: &SqlSchema,
    table: &TableSchema,
    first: &TableDefinition,
) -> Vec<String> {
    let (progress, name) = (sql_schema.of(PROGRESS), literal(&table.name));
    let batches = first.indexed().map(|column| {
        let create = format!(
            "IF NOT EXISTS (SELECT 1 FROM sys.indexes WHERE [object_id] = OBJECT_ID({}, N'U') AND [name] = {})\n    {}",
            literal(&sql_schema.of(&first.name)),
            literal(&column.name),
            sql_schema.create_index(&first.name, &column.name)
        );
        format!(
            "-- A rule looks for groups by a range of this column.\n\
             DECLARE @physical nvarchar(128) = (SELECT [physical] FROM {progress}\n    \
             WHERE [gold_table] = {name} AND [definition] = {});\n\
             DECLARE @index nvarchar(max) = REPLACE({}, {}, QUOTENAME(@physical));\n\
             IF @index IS NOT NULL EXEC(@index)",
            literal(&table.definition),
            literal(&create),
            literal(&quote(&first.name)),
        )
    });
    batches.collect()
}

/// Returns the batch that makes a table beside the live one, for an app that must not: where the dataset file has another
/// definition or generation than the live table, or one is asked for, and none is there for it.
fn make_beside(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    table: &TableSchema,
    first: &TableDefinition,
) -> String {
    let (progress, next, old) = (
        sql_schema.of(PROGRESS),
        sql_schema.of(NEXT),
        sql_schema.of(RETIRED),
    );
    let (name, dataset) = (literal(&table.name), literal(&schema.dataset));
    let (definition, generation) = (literal(&table.definition), schema.generation);
    let is_for = format!(
        "[gold_table] = {name} AND [definition] = {definition} AND [generation] = {generation}"
    );
    // The first table of the name without its number.
    let stem = first.name.trim_end_matches(|c: char| c.is_ascii_digit());
    format!(
        "-- Where {} is to be made anew: a table beside it, for a run to fill.\n\
         DECLARE @log nvarchar(64) = (SELECT [log] FROM {next} WHERE {is_for} AND [is_asked] = 1);\n\
         DECLARE @asked bigint = (SELECT [is_asked] FROM {next} WHERE {is_for});\n\
         DECLARE @n bigint = (SELECT ISNULL([n], 0) + 1 FROM {progress} WHERE [gold_table] = {name} AND [generation] <> 0\n    \
         AND ([definition] <> {definition} OR [generation] <> {generation} OR @asked = 1)\n    \
         AND NOT EXISTS (SELECT 1 FROM {next} WHERE {is_for} AND [physical] IS NOT NULL));\n\
         IF @n IS NOT NULL\nBEGIN\n    \
         DECLARE @physical nvarchar(128) = {} + CAST(@n AS nvarchar(20));\n    \
         DECLARE @create nvarchar(max) = REPLACE({}, {}, QUOTENAME(@physical));\n    \
         BEGIN TRANSACTION;\n    \
         EXEC(@create);\n    \
         UPDATE {progress} SET [n] = @n WHERE [gold_table] = {name};\n    \
         INSERT INTO {old} ([dataset], [physical], [since])\n        \
         SELECT [dataset], [physical], SYSUTCDATETIME() FROM {next} WHERE [gold_table] = {name} AND [physical] IS NOT NULL;\n    \
         DELETE FROM {next} WHERE [gold_table] = {name};\n    \
         INSERT INTO {next} ([gold_table], [dataset], [generation], [definition], [physical], [log], [is_asked])\n        \
         VALUES ({name}, {dataset}, {generation}, {definition}, @physical, @log, @asked);\n    \
         COMMIT TRANSACTION;\nEND",
        table.name,
        literal(stem),
        literal(&first.create(sql_schema)),
        literal(&quote(&first.name)),
    )
}
