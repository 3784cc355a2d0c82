//! What is missing in the database, and what is there and does not fit; pure.
//!
//! What is there is read with one query, so that a function without the right to create anything finds that nothing
//! is to be done. Tables are compared column by column and never changed. A view is ours: it is made anew when its
//! mark is another one, or, where the server does not show its text, when its columns are others.

use std::collections::BTreeMap;

use super::ddl::{MARK, create_schema, create_view, drop_view, mark};
use super::sql_schema::SqlSchema;
use crate::warehouse::contract::Unfit;
use crate::warehouse::dialect;
use crate::warehouse::dialect::{ColumnDefinition, TableDefinition, ViewDefinition};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::refuse;
use crate::warehouse::schema::GoldSchema;

/// Lists the columns of every table and view of a schema. Names of types and objects are compared without case.
pub(crate) const READ_COLUMNS: &str = "\
SELECT CAST(o.[name] AS nvarchar(128)) AS [object], CAST(o.[type] AS nvarchar(2)) AS [kind],
    CAST(c.[name] AS nvarchar(128)) AS [column], CAST(y.[name] AS nvarchar(128)) AS [type],
    CAST(c.[max_length] AS int) AS [length], CAST(c.[precision] AS int) AS [precision],
    CAST(c.[scale] AS int) AS [scale], CAST(c.[is_nullable] AS int) AS [nullable],
    CASE WHEN k.[column_id] IS NULL THEN 0 ELSE 1 END AS [key]
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
JOIN sys.columns AS c ON c.[object_id] = o.[object_id]
JOIN sys.types AS y ON y.[user_type_id] = c.[user_type_id]
LEFT JOIN (SELECT i.[object_id], x.[column_id] FROM sys.indexes AS i
    JOIN sys.index_columns AS x ON x.[object_id] = i.[object_id] AND x.[index_id] = i.[index_id]
    WHERE i.[is_primary_key] = 1 AND x.[key_ordinal] > 0) AS k ON k.[object_id] = c.[object_id] AND k.[column_id] = c.[column_id]
WHERE LOWER(s.[name]) = LOWER(@P1) AND RTRIM(o.[type]) IN (N'U', N'V')
ORDER BY o.[object_id], c.[column_id]";

/// Lists the texts of a schema's views, as far as the user may see them.
pub(crate) const READ_VIEWS: &str = "\
SELECT CAST(o.[name] AS nvarchar(128)) AS [object], CAST(m.[definition] AS nvarchar(max)) AS [text]
FROM sys.sql_modules AS m
JOIN sys.objects AS o ON o.[object_id] = m.[object_id]
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
WHERE LOWER(s.[name]) = LOWER(@P1) AND RTRIM(o.[type]) = N'V'";

/// A table or view that is there.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// Whether it is a view.
    pub(crate) is_view: bool,
    /// Its columns, in order.
    pub(crate) columns: Vec<ColumnDefinition>,
    /// A view's text, where the server shows it.
    pub(crate) text: Option<String>,
}

/// What is there, by name in lower case.
pub(crate) type Catalog = BTreeMap<String, Found>;

/// A column as the catalog describes it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CatalogType<'a> {
    pub(crate) name: &'a str,
    /// Bytes; -1 for `max`.
    pub(crate) length: i32,
    pub(crate) precision: i32,
    pub(crate) scale: i32,
}

impl CatalogType<'_> {
    /// Returns the type as it is declared.
    pub(crate) fn declared(&self) -> String {
        let name = self.name.to_ascii_lowercase();
        match name.as_str() {
            "decimal" | "numeric" => format!("decimal({},{})", self.precision, self.scale),
            "nvarchar" | "nchar" if self.length >= 0 => format!("{name}({})", self.length / 2),
            "binary" | "varbinary" | "char" | "varchar" if self.length >= 0 => {
                format!("{name}({})", self.length)
            }
            "nvarchar" | "varchar" | "varbinary" => format!("{name}(max)"),
            "datetime2" | "datetimeoffset" | "time" => format!("{name}({})", self.scale),
            _ => name,
        }
    }
}

/// Works out the batches that create what is missing, in order, and which tables do not fit.
///
/// # Errors
/// Fails with [`WarehouseError::Mismatch`] if a table that records progress does not fit.
pub(crate) fn plan(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    catalog: &Catalog,
) -> Result<(Vec<String>, Unfit), WarehouseError> {
    let mut batches = Vec::new();
    let mut unfit = Unfit::new();
    for table in dialect::tables(schema, sql_schema) {
        match catalog.get(&table.name.to_ascii_lowercase()) {
            None => {
                batches.push(table.create(sql_schema));
                // A table that somebody dropped starts from nothing, whatever its progress was.
                if !dialect::is_book(&table.name) {
                    batches.extend(dialect::forget(sql_schema, &table.name));
                }
            }
            Some(found) => {
                let problems = table_problems(&table, found);
                if !problems.is_empty() {
                    refuse(&mut unfit, schema, (table.name, problems))?;
                }
            }
        }
    }
    if catalog.is_empty() && !batches.is_empty() {
        batches.insert(0, create_schema(sql_schema));
    }
    for view in dialect::views(schema, sql_schema)? {
        // Of a table that stays as it is the views do, too.
        if unfit.contains_key(&view.table) {
            continue;
        }
        let found = catalog.get(&view.name.to_ascii_lowercase());
        if found.is_some_and(|found| !found.is_view) {
            let problem = format!("its view {} is a table, not a view", view.name);
            let table = schema.table_at(view.table)?.name.clone();
            refuse(&mut unfit, schema, (table, vec![problem]))?;
            continue;
        }
        if found.is_some_and(|found| is_current(&view, found)) {
            continue;
        }
        if found.is_some() {
            batches.push(drop_view(sql_schema, &view.name));
        }
        batches.push(create_view(sql_schema, &view));
    }
    Ok((batches, unfit))
}

/// Returns the tables that the catalog does not have.
pub(crate) fn missing(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    catalog: &Catalog,
) -> Vec<String> {
    let tables = dialect::tables(schema, sql_schema).into_iter();
    let names = tables.map(|table| table.name);
    names
        .filter(|name| !catalog.contains_key(&name.to_ascii_lowercase()))
        .collect()
}

fn is_current(view: &ViewDefinition, found: &Found) -> bool {
    match found.text.as_ref().filter(|text| text.contains(MARK)) {
        Some(text) => text.contains(&mark(view)),
        None => {
            let found: Vec<&str> = found.columns.iter().map(|c| c.name.as_str()).collect();
            let same = |(a, b): (&String, &&str)| a.eq_ignore_ascii_case(b);
            view.columns.len() == found.len() && view.columns.iter().zip(&found).all(same)
        }
    }
}

fn table_problems(expected: &TableDefinition, found: &Found) -> Vec<String> {
    match found.is_view {
        true => vec!["it is a view".to_owned()],
        false => expected.problems(&found.columns),
    }
}
