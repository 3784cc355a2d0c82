//! A query of somebody's own, on a connection that cannot write.

use std::path::Path;

use rusqlite::fallible_iterator::FallibleIterator as _;
use rusqlite::types::ValueRef;
use rusqlite::{Batch, Connection, OpenFlags};

use super::connection::{BUSY_TIMEOUT, failed};
use super::read::text_of;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::{QUERY, refused_query};
use crate::warehouse::model::Answer;
use crate::warehouse::schema::ValueType;

/// Runs a query on the file, which is opened for reading only, and returns its first rows.
pub(super) fn query(path: &Path, sql: &str, most: usize) -> Result<Answer, WarehouseError> {
    let connection = open(path).map_err(failed("open", &path.display().to_string()))?;
    let run = failed("run", QUERY);
    let mut statements = Batch::new(&connection, sql);
    let statement = statements.next().map_err(&run)?;
    let Some(mut statement) = statement else {
        return Err(refused_query("it is empty"));
    };
    if statement.column_count() == 0 || !statement.readonly() {
        return Err(refused_query("only a SELECT is run"));
    }
    // What follows may not even be understood.
    if !matches!(statements.next(), Ok(None)) {
        return Err(refused_query("only one statement is run"));
    }
    let names = statement.column_names().map(str::to_owned);
    let names: Vec<String> = names.collect();
    let mut kinds = vec![None; names.len()];
    let mut answer = Answer::default();
    let mut rows = statement.query([]).map_err(&run)?;
    while let Some(row) = rows.next().map_err(&run)? {
        if answer.rows.len() == most {
            answer.is_cut = true;
            break;
        }
        let cells = kinds.iter_mut().enumerate().map(|(index, kind)| {
            let value = row.get_ref(index)?;
            *kind = kind_with(*kind, value);
            Ok(text_of(value, ValueType::Text))
        });
        let cells: rusqlite::Result<Vec<Option<String>>> = cells.collect();
        answer.rows.push(cells.map_err(&run)?);
    }
    let kinds = kinds
        .into_iter()
        .map(|kind| kind.unwrap_or(ValueType::Text));
    answer.columns = names.into_iter().zip(kinds).collect();
    Ok(answer)
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

/// Returns the type of a column with one more value: SQLite's columns have none of their own.
fn kind_with(kind: Option<ValueType>, value: ValueRef<'_>) -> Option<ValueType> {
    let found = match value {
        ValueRef::Null => return kind,
        ValueRef::Integer(_) => ValueType::Int64,
        ValueRef::Real(_) => ValueType::Double,
        ValueRef::Text(_) | ValueRef::Blob(_) => ValueType::Text,
    };
    Some(match (kind, found) {
        (None, found) => found,
        (Some(kind), found) if kind == found => kind,
        (Some(ValueType::Text), _) | (_, ValueType::Text) => ValueType::Text,
        _ => ValueType::Double,
    })
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    fn file() -> (TempDir, std::path::PathBuf) {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("gold.db");
        let connection = Connection::open(&path).unwrap();
        connection
            .execute_batch(
                "PRAGMA journal_mode = WAL; CREATE TABLE t (a, b);
                 INSERT INTO t VALUES (1, 1.5), (2, 3), (NULL, 'x')",
            )
            .unwrap();
        (folder, path)
    }

    #[test]
    fn rows_come_with_the_types_of_their_values() {
        let (_folder, path) = file();
        let answer = query(&path, "select a, b, x'0aff' as c from t;", 2).unwrap();
        let columns = [
            ("a".to_owned(), ValueType::Int64),
            ("b".to_owned(), ValueType::Double),
            ("c".to_owned(), ValueType::Text),
        ];
        assert_eq!(answer.columns, columns);
        let cell = |text: &str| Some(text.to_owned());
        assert_eq!(answer.rows[1], [cell("2"), cell("3"), cell("0aff")]);
        assert!(answer.is_cut);
        let answer = query(&path, "with x as (select b from t) select * from x", 3).unwrap();
        assert_eq!(answer.columns[0].1, ValueType::Text);
        assert!(!answer.is_cut);
        let none = query(&path, "select a from t where false", 3).unwrap();
        assert_eq!(none.columns.len(), 1, "names are there without rows");
    }

    #[test]
    fn nothing_can_be_changed_and_nothing_made() {
        let (folder, path) = file();
        let copy = folder.path().join("copy.db");
        for sql in [
            "delete from t".to_owned(),
            "delete from t returning a".to_owned(),
            "create table u (x)".to_owned(),
            format!("vacuum into '{}'", copy.display()),
            format!("attach '{}' as c", copy.display()),
            "select 1; delete from t".to_owned(),
            "select 1; selct".to_owned(),
            "pragma query_only = 0".to_owned(),
            String::new(),
        ] {
            assert!(query(&path, &sql, 9).is_err(), "{sql}");
        }
        assert!(!copy.exists());
        let count = query(&path, "select count(*) from t", 9).unwrap();
        assert_eq!(count.rows[0][0].as_deref(), Some("3"));
        let missing = folder.path().join("missing.db");
        assert!(query(&missing, "select 1", 9).is_err() && !missing.exists());
    }
}
