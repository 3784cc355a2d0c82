//! Gold in a file of SQLite: the warehouse of local runs.
//!
//! One connection is kept and used by one operation or transaction at a time; calls block on threads made for that.
//! The file is in WAL mode, so readers see the last committed state while a transaction runs. Decimals are exact: see
//! `ddl` for how they are stored and `functions` for how they are added.

mod ddl;
mod dml;
mod ensure;
mod functions;
#[cfg(test)]
mod tests;
mod transaction;

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::schema::{GoldSchema, PROGRESS, ValueType};
use super::{
    Begun, FailureKind, Order, Progress, RowVisitor, Run, TableRows, Warehouse, WarehouseError,
    ddl as layout,
};
use crate::table::log::Version;
use ddl::{Sqlite, create_view, order_terms, quote};

/// How long a statement waits for another process's lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The folder that may be made for the file: local state lives in it, and no other folder is ours to make.
const STATE_FOLDER: &str = ".sluice";

/// A warehouse in a file.
#[derive(Debug)]
pub struct SqliteWarehouse {
    path: PathBuf,
    schema: Arc<GoldSchema>,
    connection: Arc<Mutex<Option<Connection>>>,
}

impl SqliteWarehouse {
    /// Makes a warehouse in the file at `path`, which is opened, and made if it is missing, when it is first used.
    #[must_use]
    pub fn new(path: PathBuf, schema: GoldSchema) -> Self {
        Self {
            path,
            schema: Arc::new(schema),
            connection: Arc::default(),
        }
    }

    /// Takes the connection, opened, for one operation.
    async fn hold(&self) -> Result<Held, WarehouseError> {
        let mut slot = Arc::clone(&self.connection).lock_owned().await;
        let path = self.path.clone();
        blocking(move || {
            if slot.is_none() {
                *slot = Some(open(&path).map_err(failed("open", &path.display().to_string()))?);
            }
            Ok(Held(slot))
        })
        .await
    }

    async fn with<T: Send + 'static>(
        &self,
        act: impl FnOnce(&mut Connection, &GoldSchema) -> Result<T, WarehouseError> + Send + 'static,
    ) -> Result<T, WarehouseError> {
        let mut held = self.hold().await?;
        let schema = Arc::clone(&self.schema);
        blocking(move || act(held.connection()?, &schema)).await
    }
}

/// Returns the script that creates gold's tables and views in a file, as the handler does by itself. Running it again
/// changes nothing but views.
#[must_use]
pub fn script(schema: &GoldSchema) -> String {
    let about = |name: &str| format!("-- {}", layout::description(schema, name));
    let tables = layout::tables(schema, &Sqlite).into_iter().map(|table| {
        let create = table.create(&Sqlite);
        let create = create.replacen("CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1);
        format!("{}\n{create};\n", about(&table.name))
    });
    let views = layout::views(schema, &Sqlite).into_iter().map(|view| {
        let (about, name) = (about(&view.name), quote(&view.name));
        let create = create_view(&view);
        format!("{about}\nDROP VIEW IF EXISTS {name};\n{create};\n")
    });
    tables.chain(views).collect::<Vec<String>>().join("\n")
}

#[async_trait]
impl Warehouse for SqliteWarehouse {
    fn may_be_paused(&self) -> bool {
        false
    }

    fn schema(&self) -> &GoldSchema {
        &self.schema
    }

    async fn ensure(&self) -> Result<(), WarehouseError> {
        self.with(ensure::ensure).await
    }

    async fn progress(&self) -> Result<BTreeMap<String, Progress>, WarehouseError> {
        self.with(|connection, _| read_progress(connection).map_err(failed("read", PROGRESS)))
            .await
    }

    async fn begin(&self, run: Run) -> Result<Begun, WarehouseError> {
        let held = self.hold().await?;
        let schema = Arc::clone(&self.schema);
        blocking(move || transaction::begin(held, schema, &run)).await
    }

    async fn read_table(
        &self,
        name: &str,
        order: Option<Order>,
        limit: usize,
    ) -> Result<TableRows, WarehouseError> {
        let missing = || WarehouseError::NoSuchTable { name: name.into() };
        let columns = self.schema.columns_of(name).ok_or_else(missing)?;
        let name = name.to_owned();
        self.with(move |connection, _| {
            let rows = read_rows(connection, &name, &columns, order.as_ref(), limit);
            rows.map_err(failed("read", &name))
        })
        .await
    }

    async fn count_rows(&self, name: &str) -> Result<u64, WarehouseError> {
        let missing = || WarehouseError::NoSuchTable { name: name.into() };
        self.schema.columns_of(name).ok_or_else(missing)?;
        let name = name.to_owned();
        self.with(move |connection, _| {
            let sql = format!("SELECT count(*) FROM {}", quote(&name));
            let count = connection.query_row(&sql, [], |row| row.get(0));
            count.map_err(failed("count", &name))
        })
        .await
    }

    async fn visit_rows(&self, name: &str, mut visit: RowVisitor) -> Result<(), WarehouseError> {
        let missing = || WarehouseError::NoSuchTable { name: name.into() };
        let columns = self.schema.columns_of(name).ok_or_else(missing)?;
        let name = name.to_owned();
        self.with(move |connection, _| {
            let visited = each_row(connection, &name, &columns, None, usize::MAX, &mut visit);
            visited.map_err(failed("read", &name))
        })
        .await
    }
}

/// The connection while an operation or a transaction uses it. An open transaction ends with it.
#[derive(Debug)]
struct Held(OwnedMutexGuard<Option<Connection>>);

impl Held {
    fn connection(&mut self) -> Result<&mut Connection, WarehouseError> {
        self.0.as_mut().ok_or_else(|| WarehouseError::Statement {
            purpose: "use",
            object: "the connection to SQLite".to_owned(),
            kind: FailureKind::Transient,
            source: "it was closed".into(),
        })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let Some(connection) = self.0.as_ref() else {
            return;
        };
        // A connection that cannot undo its transaction is of no use to the next operation: it is opened afresh.
        if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
            *self.0 = None;
        }
    }
}

fn open(path: &Path) -> rusqlite::Result<Connection> {
    let folder = path.parent().filter(|folder| !folder.exists());
    if let Some(folder) = folder {
        let is_ours = folder
            .components()
            .any(|part| part == Component::Normal(STATE_FOLDER.as_ref()));
        if is_ours {
            // Where this fails, opening the file does too, with the reason.
            std::fs::create_dir_all(folder).ok();
        }
    }
    let connection = Connection::open(path)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    functions::register(&connection)?;
    Ok(connection)
}

fn read_progress(connection: &Connection) -> rusqlite::Result<BTreeMap<String, Progress>> {
    let mut statement = connection.prepare_cached(&format!(
        "SELECT \"gold_table\", \"generation\", \"definition\", \"version\" FROM {PROGRESS}"
    ))?;
    let rows = statement.query_map([], |row| {
        let progress = Progress {
            generation: row.get(1)?,
            definition: row.get(2)?,
            version: Version(row.get(3)?),
        };
        Ok((row.get(0)?, progress))
    })?;
    rows.collect()
}

fn read_rows(
    connection: &Connection,
    name: &str,
    columns: &[(String, ValueType)],
    order: Option<&Order>,
    limit: usize,
) -> rusqlite::Result<TableRows> {
    let mut rows = Vec::new();
    each_row(connection, name, columns, order, limit, |row| {
        rows.push(row)
    })?;
    Ok(TableRows {
        columns: columns.iter().map(|(name, _)| name.clone()).collect(),
        rows,
    })
}

fn each_row(
    connection: &Connection,
    name: &str,
    columns: &[(String, ValueType)],
    order: Option<&Order>,
    limit: usize,
    mut visit: impl FnMut(Vec<Option<String>>),
) -> rusqlite::Result<()> {
    let names: Vec<String> = columns.iter().map(|(name, _)| quote(name)).collect();
    let mut sql = format!("SELECT {} FROM {}", names.join(", "), quote(name));
    if let Some(order) = order {
        let kind = columns.iter().find(|(name, _)| *name == order.column);
        let kind = kind.map_or(ValueType::Text, |(_, kind)| *kind);
        let terms = order_terms(&quote(&order.column), kind, order.descending);
        sql.push_str(&format!(" ORDER BY {}", terms.join(", ")));
    }
    sql.push_str(" LIMIT ?");

    let mut statement = connection.prepare(&sql)?;
    let mut found = statement.query([i64::try_from(limit).unwrap_or(i64::MAX)])?;
    while let Some(row) = found.next()? {
        let cells = columns.iter().enumerate();
        let cells = cells.map(|(i, (_, kind))| row.get_ref(i).map(|value| text_of(value, *kind)));
        visit(cells.collect::<Result<_, _>>()?);
    }
    Ok(())
}

fn text_of(value: ValueRef<'_>, kind: ValueType) -> Option<String> {
    match value {
        ValueRef::Null => None,
        ValueRef::Integer(number) if kind == ValueType::Bool => Some((number != 0).to_string()),
        ValueRef::Integer(number) => Some(number.to_string()),
        ValueRef::Real(number) => Some(number.to_string()),
        ValueRef::Text(text) => Some(String::from_utf8_lossy(text).into_owned()),
        ValueRef::Blob(bytes) => Some(bytes.iter().map(|byte| format!("{byte:02x}")).collect()),
    }
}

/// Runs what blocks on a thread made for that.
async fn blocking<T: Send + 'static>(
    act: impl FnOnce() -> Result<T, WarehouseError> + Send + 'static,
) -> Result<T, WarehouseError> {
    match tokio::task::spawn_blocking(act).await {
        Ok(outcome) => outcome,
        Err(error) => Err(WarehouseError::Statement {
            purpose: "run",
            object: "a database call".to_owned(),
            kind: FailureKind::Ambiguous,
            source: Box::new(error),
        }),
    }
}

/// Names what failed and tells what can be done about it.
fn failed(
    purpose: &'static str,
    object: &str,
) -> impl Fn(rusqlite::Error) -> WarehouseError + use<> {
    let object = object.to_owned();
    move |error| {
        if error.to_string().contains(functions::OVERFLOW) {
            return WarehouseError::Overflow {
                table: object.clone(),
            };
        }
        WarehouseError::Statement {
            purpose,
            object: object.clone(),
            kind: kind_of(&error),
            source: Box::new(error),
        }
    }
}

fn kind_of(error: &rusqlite::Error) -> FailureKind {
    match error.sqlite_error_code() {
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::FileLockingProtocolFailed
            | ErrorCode::OperationInterrupted,
        ) => FailureKind::Transient,
        _ => FailureKind::Permanent,
    }
}
