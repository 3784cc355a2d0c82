//! Creates what is missing in the file and checks what is there.

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use super::connection::failed;
use super::ddl::{Sqlite, create_view, quote};
use crate::warehouse::contract::Unfit;
use crate::warehouse::dialect;
use crate::warehouse::dialect::ColumnDefinition;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::refuse;
use crate::warehouse::schema::GoldSchema;

/// Creates the tables and views that are missing, in one transaction, and checks those that are there.
pub(super) fn ensure(
    connection: &mut Connection,
    schema: &GoldSchema,
) -> Result<Unfit, WarehouseError> {
    // Looked at without a lock first: the usual answer is that nothing is to be done.
    let (to_do, unfit) = statements(connection, schema)?;
    if to_do.is_empty() {
        return Ok(unfit);
    }
    let create = failed("create", "gold's tables and views");
    let transaction = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(&create)?;
    let (to_do, unfit) = statements(&transaction, schema)?;
    for statement in to_do {
        transaction.execute_batch(&statement).map_err(&create)?;
    }
    transaction.commit().map_err(create)?;
    Ok(unfit)
}

/// Returns the tables that are not there, after those that are there were checked.
pub(super) fn missing(
    connection: &mut Connection,
    schema: &GoldSchema,
) -> Result<Vec<String>, WarehouseError> {
    let (_, unfit) = statements(connection, schema)?;
    if let Some(mismatch) = unfit.into_values().next() {
        return Err(mismatch);
    }
    let mut missing = Vec::new();
    for table in dialect::tables(schema, &Sqlite) {
        let found = object(connection, &table.name).map_err(failed("check", &table.name))?;
        if found.is_none() {
            missing.push(table.name);
        }
    }
    Ok(missing)
}

/// Works out what is to be done, and which tables do not fit.
pub(super) fn statements(
    connection: &Connection,
    schema: &GoldSchema,
) -> Result<(Vec<String>, Unfit), WarehouseError> {
    let mut statements = Vec::new();
    let mut unfit = Unfit::new();
    for table in dialect::tables(schema, &Sqlite) {
        let check = failed("check", &table.name);
        let Some((kind, _)) = object(connection, &table.name).map_err(&check)? else {
            statements.push(table.create(&Sqlite));
            // A table that somebody dropped starts from nothing, whatever its progress was.
            if !dialect::is_book(&table.name) {
                statements.extend(dialect::forget(&Sqlite, &table.name));
            }
            continue;
        };
        let problems = match kind.as_str() {
            "table" => table.problems(&columns(connection, &table.name).map_err(check)?),
            _ => vec![format!("it is a {kind}")],
        };
        if !problems.is_empty() {
            refuse(&mut unfit, schema, (table.name, problems))?;
        }
    }
    for view in dialect::views(schema, &Sqlite)? {
        // Of a table that stays as it is the views do, too.
        if unfit.contains_key(&view.table) {
            continue;
        }
        let found = object(connection, &view.name).map_err(failed("check", &view.name))?;
        match found {
            None => statements.push(create_view(&view)),
            Some((kind, sql)) if kind == "view" => {
                let create = create_view(&view);
                if sql != create {
                    statements.push(format!("DROP VIEW {}", quote(&view.name)));
                    statements.push(create);
                }
            }
            Some((kind, _)) => {
                let problem = format!("its view {} is a {kind}, not a view", view.name);
                let table = schema.table_at(view.table)?.name.clone();
                refuse(&mut unfit, schema, (table, vec![problem]))?;
            }
        }
    }
    Ok((statements, unfit))
}

fn object(connection: &Connection, name: &str) -> rusqlite::Result<Option<(String, String)>> {
    connection
        .prepare_cached("SELECT type, COALESCE(sql, '') FROM sqlite_schema WHERE name = ?1 COLLATE NOCASE AND type IN ('table', 'view')")?
        .query_row([name], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()
}

fn columns(connection: &Connection, table: &str) -> rusqlite::Result<Vec<ColumnDefinition>> {
    let mut statement = connection
        .prepare_cached("SELECT name, type, \"notnull\", pk FROM pragma_table_info(?1)")?;
    let rows = statement.query_map(params![table], |row| {
        Ok(ColumnDefinition {
            name: row.get(0)?,
            kind: row.get(1)?,
            required: row.get(2)?,
            is_key: row.get::<_, i64>(3)? > 0,
        })
    })?;
    rows.collect()
}
