//! How T-SQL says gold's tables and views.
//!
//! The subset runs on Azure SQL Database, SQL Server and Babelfish alike. Names are in brackets. Text is
//! `nvarchar(max)`: it is there to be read, and no key or comparison depends on it. Each view carries a mark of its
//! text, so that a changed one is found where the server lets us see its text.

use xxhash_rust::xxh3::xxh3_128;

use super::sql_schema::{SqlSchema, literal, quote};
use crate::error::Invariant;
use crate::warehouse::dialect;
use crate::warehouse::dialect::ViewDefinition;
use crate::warehouse::schema::GoldSchema;

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

/// Returns what tells a view's text from any other.
pub(crate) fn mark(view: &ViewDefinition) -> String {
    format!("{MARK}{:032x} */", xxh3_128(view.query.as_bytes()))
}

/// Returns the statement that creates a view; a batch of its own.
pub(crate) fn create_view(sql_schema: &SqlSchema, view: &ViewDefinition) -> String {
    let (name, mark) = (sql_schema.of(&view.name), mark(view));
    format!("CREATE VIEW {name} AS\n{mark}\n{}", view.query)
}

/// Returns the statement that removes a view.
pub(crate) fn drop_view(sql_schema: &SqlSchema, name: &str) -> String {
    format!("DROP VIEW IF EXISTS {}", sql_schema.of(name))
}

/// Returns the script that creates everything that is missing, for those who deploy by hand. Batches are separated by
/// `GO`; running it again changes nothing but views.
pub(crate) fn script(schema: &GoldSchema, sql_schema: &SqlSchema) -> Result<String, Invariant> {
    let about = |name: &str| Ok(format!("-- {}", dialect::description(schema, name)?));
    let mut batches = vec![create_schema(sql_schema)];
    for table in dialect::tables(schema, sql_schema) {
        batches.push(format!(
            "{}\nIF OBJECT_ID({}, N'U') IS NULL\n{}",
            about(&table.name)?,
            literal(&sql_schema.of(&table.name)),
            table.create(sql_schema)
        ));
    }
    for view in dialect::views(schema, sql_schema)? {
        let (about, drop) = (about(&view.name)?, drop_view(sql_schema, &view.name));
        batches.push(format!("{about}\n{drop}"));
        batches.push(create_view(sql_schema, &view));
    }
    let batches = batches.iter().map(|batch| format!("{batch};\nGO\n"));
    Ok(batches.collect::<Vec<String>>().join("\n"))
}
