//! What comes first in the script that people run: it ends with a sentence where something of another stands under a name of
//! gold's, before anything is changed; pure text. Names of the catalog may have another collation than those of the database,
//! so they are compared in the latter. The handler asks the same of what a look finds.

use crate::error::Invariant;
use crate::warehouse::azure_sql::statements::sql_schema::{SqlSchema, literal};
use crate::warehouse::dialect;
use crate::warehouse::schema::{BALANCE, GoldSchema, PROGRESS};

/// The error that ends the script.
const REFUSED: u32 = 50_039;
/// Ends a batch where the script was refused: some tools go on with the next batch after an error.
pub(super) const SKIP: &str = "IF SESSION_CONTEXT(N'sluice_refused') IS NOT NULL RETURN;\n";

/// What an object under a name of gold's may be, beside the view that gold has made.
#[derive(Clone, Copy)]
enum Kind {
    Book,
    /// The public name of a table, which an earlier build's table had itself.
    Public,
    /// A report or another view.
    View,
}

impl Kind {
    fn name(self) -> &'static str {
        match self {
            Self::Book => "book",
            Self::Public => "public",
            Self::View => "view",
        }
    }
}

/// Returns the names of gold, each with the table that it is of.
fn names(schema: &GoldSchema) -> Result<Vec<(String, String, Kind)>, Invariant> {
    let books = schema.books().map(|book| book.name.to_owned());
    let mut names: Vec<_> = books.map(|book| (book.clone(), book, Kind::Book)).collect();
    names.push((BALANCE.to_owned(), BALANCE.to_owned(), Kind::View));
    for table in &schema.tables {
        names.push((table.name.clone(), table.name.clone(), Kind::Public));
        names.push((table.report.clone(), table.name.clone(), Kind::View));
    }
    for view in &schema.views {
        let table = schema.table_at(view.table)?;
        names.push((view.name.clone(), table.name.clone(), Kind::View));
    }
    Ok(names)
}

/// Most rows of an INSERT: a server takes a thousand.
const ROWS: usize = 500;

/// Returns the statements that insert rows into a table variable.
fn insert<const N: usize>(into: &str, rows: impl Iterator<Item = [String; N]>) -> String {
    let rows = rows.map(|row| format!("({})", row.map(|text| literal(&text)).join(", ")));
    let rows: Vec<String> = rows.collect();
    let statements = rows.chunks(ROWS);
    let statements =
        statements.map(|rows| format!("INSERT INTO {into} VALUES {};", rows.join(",\n    ")));
    statements.collect::<Vec<_>>().join("\n")
}

/// Returns what reads those columns of the book of progress that an earlier build's may lack.
fn of_books(progress: &str) -> [String; 3] {
    ["dataset", "physical", "rankings"].map(|column| {
        format!(
            "CASE WHEN COL_LENGTH({progress}, {}) IS NULL THEN N'NULL' ELSE N'[{column}]' END",
            literal(column)
        )
    })
}

/// Returns the batch; `mark` is in the text of every view that gold has made.
pub(super) fn guard(
    schema: &GoldSchema,
    sql_schema: &SqlSchema,
    mark: &str,
) -> Result<String, Invariant> {
    let names = names(schema)?;
    let names = names
        .into_iter()
        .map(|(name, table, kind)| [name, table, kind.name().to_owned()]);
    let columns = schema.tables.iter().flat_map(|table| {
        let columns = dialect::columns(table, sql_schema).into_iter();
        columns.map(|column| {
            // Lengths and scales are compared by the next run, which changes nothing that does not fit.
            let kind = column.kind.split('(').next().unwrap_or_default();
            [table.name.clone(), column.name, kind.to_owned()]
        })
    });
    let (names, columns) = (insert("@names", names), insert("@columns", columns));
    let progress = literal(&sql_schema.of(PROGRESS));
    let [dataset, physical, rankings] = of_books(&progress);
    let (own, mark) = (literal(&schema.dataset), literal(mark));
    let in_schema = literal(&sql_schema.0);
    Ok(format!(
        "-- What is somebody else's is never replaced: where it is in the way, this says so and nothing is changed.\n\
         EXEC sp_set_session_context @key = N'sluice_refused', @value = NULL;\n\
         DROP TABLE IF EXISTS #sluice_books;\n\
         CREATE TABLE #sluice_books ([gold_table] nvarchar(128) COLLATE DATABASE_DEFAULT, [dataset] nvarchar(128) COLLATE DATABASE_DEFAULT,\n    \
         [physical] nvarchar(128) COLLATE DATABASE_DEFAULT, [rankings] nvarchar(max) COLLATE DATABASE_DEFAULT);\n\
         DECLARE @read nvarchar(max) = N'INSERT INTO #sluice_books SELECT [gold_table], ' + {dataset} + N', ' + {physical} + N', ' + {rankings}\n    \
         + N' FROM ' + {progress};\n\
         IF OBJECT_ID({progress}, N'U') IS NOT NULL EXEC(@read);\n\
         DECLARE @names TABLE ([name] nvarchar(128), [table] nvarchar(128), [kind] nvarchar(10));\n\
         {names}\n\
         DECLARE @columns TABLE ([table] nvarchar(128), [name] nvarchar(128), [type] nvarchar(128));\n\
         {columns}\n\
         DECLARE @problem nvarchar(2048) = (SELECT TOP (1) N'gold cannot show ' + n.[table] + N': ' + n.[name] + N' is a name of dataset '\n    \
         + b.[dataset] + N' here; give one of the two another name, or its dataset another database schema'\n\
         FROM @names AS n JOIN #sluice_books AS b ON b.[dataset] <> {own} AND (LOWER(n.[name]) IN (LOWER(b.[gold_table]), LOWER(b.[gold_table] + N'_report'))\n    \
         OR CHARINDEX(N',' + LOWER(n.[name]) + N',', N',' + LOWER(b.[rankings]) + N',') > 0)\n\
         WHERE n.[kind] <> N'book');\n\
         IF @problem IS NULL SET @problem = (SELECT TOP (1) N'gold cannot show ' + n.[table] + N': ' + n.[name]\n    \
         + N' is there and gold has not made it; drop or rename it, or give what has its name in the dataset file another one'\n\
         FROM @names AS n\n\
         JOIN sys.objects AS o ON LOWER(o.[name] COLLATE DATABASE_DEFAULT) = LOWER(n.[name])\n\
         JOIN sys.schemas AS s ON s.[schema_id] = o.[schema_id] AND LOWER(s.[name]) = LOWER({in_schema})\n\
         LEFT JOIN #sluice_books AS b ON b.[gold_table] = n.[table]\n\
         WHERE CASE\n    \
         WHEN n.[kind] = N'book' THEN CASE WHEN RTRIM(o.[type]) = N'U' THEN 0 ELSE 1 END\n    \
         WHEN RTRIM(o.[type]) = N'V' THEN CASE WHEN CHARINDEX({mark}, OBJECT_DEFINITION(o.[object_id])) > 0 THEN 0 ELSE 1 END\n    \
         WHEN n.[kind] <> N'public' OR RTRIM(o.[type]) <> N'U' OR b.[physical] IS NOT NULL THEN 1\n    \
         WHEN b.[gold_table] IS NOT NULL THEN 0\n    \
         WHEN EXISTS (SELECT 1 FROM @columns AS e WHERE e.[table] = n.[table] AND NOT EXISTS (SELECT 1 FROM sys.columns AS c\n        \
         WHERE c.[object_id] = o.[object_id] AND LOWER(c.[name] COLLATE DATABASE_DEFAULT) = LOWER(e.[name])\n        \
         AND TYPE_NAME(c.[user_type_id]) COLLATE DATABASE_DEFAULT = e.[type])) THEN 1\n    \
         WHEN (SELECT COUNT(*) FROM sys.columns AS c WHERE c.[object_id] = o.[object_id])\n        \
         <> (SELECT COUNT(*) FROM @columns AS e WHERE e.[table] = n.[table]) THEN 1\n    \
         ELSE 0 END = 1);\n\
         IF @problem IS NOT NULL\nBEGIN\n    \
         EXEC sp_set_session_context @key = N'sluice_refused', @value = 1;\n    \
         THROW {REFUSED}, @problem, 1;\nEND"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::warehouse::azure_sql::script;
    use crate::warehouse::fixture::{TABLES, schema_of};

    #[test]
    fn the_script_looks_for_what_is_anothers_before_it_changes_anything() {
        let text = script(&schema_of(TABLES), None).unwrap();
        let mut batches = text.split("GO\n");
        let first = batches.next().unwrap();
        for name in [
            "(N'sluice_progress', N'sluice_progress', N'book')",
            "(N'sluice_old', N'sluice_old', N'book')",
            "(N'daily', N'daily', N'public')",
            "(N'daily_report', N'daily', N'view')",
            "(N'top', N'daily', N'view')",
            "(N'daily', N'total', N'decimal')",
            "(N'daily', N'_key', N'binary')",
            "b.[dataset] <> N'orders'",
        ] {
            assert!(first.contains(name), "{name}: {first}");
        }
        assert!(
            first
                .trim_end()
                .ends_with("THROW 50039, @problem, 1;\nEND;")
        );
        // Its own temporary table aside.
        let others = first
            .replace("TABLE #sluice_books", "")
            .replace("TABLE IF EXISTS #sluice_books", "");
        for change in [
            "CREATE TABLE",
            "CREATE VIEW",
            "ALTER",
            "DROP TABLE",
            "UPDATE",
            "DELETE",
            "sp_rename",
        ] {
            assert!(!others.contains(change), "{change}: {first}");
        }
    }

    #[test]
    fn no_batch_of_a_script_that_was_refused_does_anything() {
        let text = script(&schema_of(TABLES), None).unwrap();
        let batches: Vec<&str> = text.split("GO\n").skip(1).collect();
        assert!(batches.len() > 20, "{}", batches.len());
        for batch in batches.iter().filter(|batch| !batch.trim().is_empty()) {
            assert!(batch.trim_start().starts_with(SKIP), "{batch}");
        }
    }
}
