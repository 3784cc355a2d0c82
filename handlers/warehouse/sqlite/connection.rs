//! The connection to the file: opened, held by one operation at a time, and what its failures mean.

use std::path::{Component, Path};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode};
use tokio::sync::OwnedMutexGuard;

use super::functions;
use crate::warehouse::error::{FailureKind, WarehouseError};

/// How long a statement waits for another process's lock.
pub(super) const BUSY_TIMEOUT: Duration = Duration::from_secs(10);
/// The folder that may be made for the file: local state lives in it, and no other folder is ours to make.
const STATE_FOLDER: &str = ".sluice";

/// The connection while an operation or a transaction uses it. An open transaction ends with it.
#[derive(Debug)]
pub(super) struct Held(pub(super) OwnedMutexGuard<Option<Connection>>);

impl Held {
    /// Returns the connection.
    pub(super) fn connection(&mut self) -> Result<&mut Connection, WarehouseError> {
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
        // A connection that cannot undo its transaction would spoil the next operation: it is opened afresh.
        if !connection.is_autocommit() && connection.execute_batch("ROLLBACK").is_err() {
            *self.0 = None;
        }
    }
}

/// Opens the file, which is made if it is missing, for use by one process among several.
pub(super) fn open(path: &Path) -> rusqlite::Result<Connection> {
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
    // A name in double quotes that no table has is an error, and not a text.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DQS_DML, false)?;
    functions::register(&connection)?;
    Ok(connection)
}

/// Runs what blocks on a thread made for that.
pub(super) async fn blocking<T: Send + 'static>(
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

/// Names what failed and what can be done about it.
pub(super) fn failed(
    purpose: &'static str,
    object: &str,
) -> impl Fn(rusqlite::Error) -> WarehouseError + use<> {
    let object = object.to_owned();
    move |error| {
        if error.to_string().contains(functions::OVERFLOW) {
            return WarehouseError::Overflow {
                table: object.clone(),
                group: None,
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

/// Returns whether somebody else holds a lock.
pub(super) fn is_busy(error: &rusqlite::Error) -> bool {
    kind_of(error) == FailureKind::Transient
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
