//! What is there in the database, asked for at once; pure text.

use super::sql_schema::{SqlSchema, literal};
use crate::warehouse::schema::BOOKS;

/// What the rows with the columns of tables and views are called.
pub(crate) const COLUMNS: &str = "columns";
/// What the rows with the texts of views are called.
pub(crate) const VIEWS: &str = "views";

/// Lists the columns of every table and view of a schema, and the texts of its views as far as the user may see them.
/// Names of types and objects are compared without case.
const READ_CATALOG: &str = "\
SELECT N'columns' AS [part], CAST(o.[name] AS nvarchar(128)) AS [object], CAST(o.[type] AS nvarchar(2)) AS [kind],
    CAST(c.[name] AS nvarchar(128)) AS [column], CAST(y.[name] AS nvarchar(128)) AS [type],
    CAST(c.[max_length] AS int) AS [length], CAST(c.[precision] AS int) AS [precision],
    CAST(c.[scale] AS int) AS [scale], CAST(c.[is_nullable] AS int) AS [nullable],
    CASE WHEN k.[column_id] IS NULL THEN 0 ELSE 1 END AS [key],
    CASE WHEN n.[column_id] IS NULL THEN 0 ELSE 1 END AS [indexed]
FROM sys.objects AS o
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
JOIN sys.columns AS c ON c.[object_id] = o.[object_id]
JOIN sys.types AS y ON y.[user_type_id] = c.[user_type_id]
LEFT JOIN (SELECT i.[object_id], x.[column_id] FROM sys.indexes AS i
    JOIN sys.index_columns AS x ON x.[object_id] = i.[object_id] AND x.[index_id] = i.[index_id]
    WHERE i.[is_primary_key] = 1 AND x.[key_ordinal] > 0) AS k ON k.[object_id] = c.[object_id] AND k.[column_id] = c.[column_id]
LEFT JOIN (SELECT DISTINCT i.[object_id], x.[column_id] FROM sys.indexes AS i
    JOIN sys.index_columns AS x ON x.[object_id] = i.[object_id] AND x.[index_id] = i.[index_id]
    WHERE i.[is_primary_key] = 0 AND x.[key_ordinal] = 1) AS n ON n.[object_id] = c.[object_id] AND n.[column_id] = c.[column_id]
WHERE LOWER(s.[name]) = LOWER(@P1) AND RTRIM(o.[type]) IN (N'U', N'V')
ORDER BY o.[object_id], c.[column_id];
SELECT N'views' AS [part], CAST(o.[name] AS nvarchar(128)) AS [object], CAST(m.[definition] AS nvarchar(max)) AS [text]
FROM sys.sql_modules AS m
JOIN sys.objects AS o ON o.[object_id] = m.[object_id]
JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id]
WHERE LOWER(s.[name]) = LOWER(@P1) AND RTRIM(o.[type]) = N'V'";

/// Asks for the catalog of a schema, whose name is the parameter, and for all rows of the books that are there. Each row
/// begins with what it is a part of: answers without rows tell nothing apart.
pub(crate) fn look(sql_schema: &SqlSchema) -> String {
    let books = BOOKS.iter().filter(|book| book.is_read).map(|book| {
        let full = sql_schema.of(book.name);
        format!(
            ";\nIF OBJECT_ID({}, N'U') IS NOT NULL\n    SELECT {} AS [part], b.* FROM {full} AS b",
            literal(&full),
            literal(book.name)
        )
    });
    let books: Vec<String> = books.collect();
    format!("{READ_CATALOG}{}", books.concat())
}

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
