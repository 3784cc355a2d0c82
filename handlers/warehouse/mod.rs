//! The SQL edge: tables, and how far they have come, changed in one transaction.
//!
//! [`Warehouse`] is what gold needs of a database. Progress and data become visible together (G1), and the progress
//! that a transaction started from is a fence: of two runs that start from the same version one is first, and the
//! other changes nothing (G2).

pub mod azure_sql;
mod ddl;
#[cfg(test)]
mod fixture;
pub mod schema;
pub mod sqlite;

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use crate::event::{EventTime, UnixMillis};
use crate::table::log::Version;
use azure_sql::AzureSqlWarehouse;
use schema::GoldSchema;
use sqlite::SqliteWarehouse;

/// How far a gold table has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// The generation of silver that it was made from.
    pub generation: u32,
    /// What it was made to show.
    pub definition: String,
    /// The version of silver's log that it equals the aggregate of.
    pub version: Version,
}

/// A value of gold.
#[derive(Clone, Debug, PartialEq)]
pub enum Datum {
    /// None.
    Null,
    /// A 64-bit integer.
    Int64(i64),
    /// A 64-bit floating-point number.
    Double(f64),
    /// An exact number, times ten to its column's scale.
    Decimal(i128),
    /// Text.
    Text(String),
    /// True or false.
    Bool(bool),
    /// Microseconds since 1970 in UTC.
    Timestamp(i64),
    /// Days since 1970.
    Date(i32),
}

/// What a run adds to one group of a gold table.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// The start of the period, in microseconds since 1970; 0 for the grain `all`.
    pub start: i64,
    /// The hash of the exact dimension values.
    pub key: [u8; 16],
    /// The dimension values, as the table's schema orders them.
    pub dimensions: Vec<Datum>,
    /// What is merged into the stored measures, as the table's schema orders them.
    pub measures: Vec<Datum>,
}

/// How one table moves in a transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The table, as an index into [`GoldSchema::tables`].
    pub table: usize,
    /// The progress that it must still have; none where it must have none.
    pub from: Option<Progress>,
    /// The version that it stands at afterwards.
    pub to: Version,
    /// Whether its rows are removed first.
    pub replace: bool,
}

/// A transaction to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    /// The tables that it moves, each once.
    pub steps: Vec<Step>,
    /// The watermark at the version that they move to.
    pub watermark: Option<EventTime>,
    /// Now.
    pub at: UnixMillis,
}

/// What became of the start of a transaction.
#[derive(Debug)]
pub enum Begun {
    /// It is open: every table stood where it should.
    Open(Box<dyn Transaction>),
    /// Another run was first; nothing has changed.
    Overtaken,
}

/// A transaction that has moved the tables' progress and takes their rows. Nothing is visible before
/// [`Transaction::commit`]; dropping it undoes everything.
#[async_trait]
pub trait Transaction: Debug + Send {
    /// Merges rows into a table: each into the group with its start and key, which is made where it is missing. Each
    /// group occurs once in `rows`, and may occur again in a later call.
    ///
    /// # Errors
    /// Fails if the database does, or with [`WarehouseError::Overflow`] if a sum no longer fits its column; the
    /// transaction is then of no more use.
    async fn merge(&mut self, table: usize, rows: Vec<Row>) -> Result<(), WarehouseError>;

    /// Makes everything visible and durable.
    ///
    /// # Errors
    /// With [`FailureKind::Ambiguous`] it may have happened: the progress tells.
    async fn commit(self: Box<Self>) -> Result<(), WarehouseError>;
}

/// A database that holds gold. It knows its [`GoldSchema`] from the start.
///
/// - a transaction is atomic, isolated from readers and durable once committed
/// - the rows of a transaction are merged by set-based statements
/// - a failure tells whether repeating the whole transaction may help
#[async_trait]
pub trait Warehouse: Debug + Send + Sync {
    /// Tells whether looking at the database may cost money or time, because it pauses when it is not used.
    fn may_be_paused(&self) -> bool;

    /// Returns what gold looks like here.
    fn schema(&self) -> &GoldSchema;

    /// Creates the tables and views that are missing and checks those that are there. A table that is created has no
    /// progress, also if one of its name had some.
    ///
    /// # Errors
    /// Fails with [`WarehouseError::Mismatch`] if a table that is there does not fit; it is never changed.
    async fn ensure(&self) -> Result<(), WarehouseError>;

    /// Returns the progress of the tables that have some, by name.
    ///
    /// # Errors
    /// Fails if the database does.
    async fn progress(&self) -> Result<BTreeMap<String, Progress>, WarehouseError>;

    /// Opens a transaction and moves the tables' progress and freshness in it.
    ///
    /// # Errors
    /// Fails if the database does; nothing has changed then.
    async fn begin(&self, run: Run) -> Result<Begun, WarehouseError>;

    /// Returns the first rows of a table or view of gold as text, without the key column.
    ///
    /// # Errors
    /// Fails if gold has no such table or view, or if the database fails.
    async fn read_table(
        &self,
        name: &str,
        order: Option<Order>,
        limit: usize,
    ) -> Result<TableRows, WarehouseError>;

    /// Returns the number of rows of a table or view of gold.
    ///
    /// # Errors
    /// As [`Warehouse::read_table`].
    async fn count_rows(&self, name: &str) -> Result<u64, WarehouseError> {
        let rows = self.read_table(name, None, usize::MAX).await?;
        Ok(rows.rows.len() as u64)
    }

    /// Hands every row of a table or view of gold to `visit`, in no particular order, as [`Warehouse::read_table`]
    /// writes it. A warehouse that can does not hold all rows at once.
    ///
    /// # Errors
    /// As [`Warehouse::read_table`].
    async fn visit_rows(&self, name: &str, mut visit: RowVisitor) -> Result<(), WarehouseError> {
        let rows = self.read_table(name, None, usize::MAX).await?;
        rows.rows.into_iter().for_each(&mut visit);
        Ok(())
    }
}

/// Takes the rows of a table, one by one.
pub type RowVisitor = Box<dyn FnMut(Vec<Option<String>>) + Send>;

/// The order of rows that are read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// The column; numbers order as numbers.
    pub column: String,
    /// Whether the highest comes first.
    pub descending: bool,
}

/// Rows of a table as text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableRows {
    /// The columns' names.
    pub columns: Vec<String>,
    /// The rows; a null is nothing.
    pub rows: Vec<Vec<Option<String>>>,
}

/// What a caller can do about a failed database operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// Nothing happened; repeating the whole transaction may succeed.
    Transient,
    /// It may or may not have happened; the progress tells.
    Ambiguous,
    /// Repeating it changes nothing.
    Permanent,
}

/// A database operation that failed.
#[derive(Debug, Error)]
pub enum WarehouseError {
    /// A statement failed.
    #[error("{purpose} {object}")]
    Statement {
        /// What it was for: a verb phrase such as "merge rows into".
        purpose: &'static str,
        /// The table or database.
        object: String,
        /// What a caller can do about it.
        kind: FailureKind,
        /// The cause.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// A table that is there is not the one that the dataset file describes.
    #[error(
        "gold table {table} does not fit the dataset file: {}; drop or rename it, and it is made anew from silver",
        problems.join(", ")
    )]
    Mismatch {
        /// The table.
        table: String,
        /// What is wrong, each naming its column.
        problems: Vec<String>,
    },
    /// A sum has more than 38 digits.
    #[error("a sum in {table} has more than 38 digits; nothing was written")]
    Overflow {
        /// The table.
        table: String,
    },
    /// Gold has no table or view of that name.
    #[error("gold has no table or view named {name}")]
    NoSuchTable {
        /// The name asked for.
        name: String,
    },
    /// The setting names no database.
    #[error("GoldDatabase: {problem}")]
    Setting {
        /// What is wrong and what is allowed; without secrets.
        problem: String,
    },
}

impl WarehouseError {
    /// Returns what a caller can do about it.
    #[must_use]
    pub fn kind(&self) -> FailureKind {
        match self {
            Self::Statement { kind, .. } => *kind,
            Self::Mismatch { .. }
            | Self::Overflow { .. }
            | Self::NoSuchTable { .. }
            | Self::Setting { .. } => FailureKind::Permanent,
        }
    }
}

/// What a connection to Azure SQL takes from outside of the setting `GoldDatabase`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The database schema of gold, [`azure_sql::DEFAULT_SCHEMA`] if none is given.
    pub schema: Option<String>,
    /// Which managed identity logs in where the connection string has no `User Id`.
    pub client_id: Option<String>,
    /// Whether this process runs where managed identities are.
    pub on_azure: bool,
}

impl Options {
    /// Reads `GOLD_SCHEMA`, `AZURE_CLIENT_ID`, and what tells that this is Azure.
    #[must_use]
    pub fn from_lookup(lookup: &dyn Fn(&str) -> Option<String>) -> Self {
        let present = |name: &str| lookup(name).filter(|value| !value.trim().is_empty());
        Self {
            schema: present("GOLD_SCHEMA"),
            client_id: present("AZURE_CLIENT_ID"),
            on_azure: present("IDENTITY_ENDPOINT").is_some(),
        }
    }
}

/// Returns the warehouse that the setting `GoldDatabase` names, as [`connect_with`] does, with no other settings.
///
/// # Errors
/// Fails if the setting names no database.
pub fn connect(setting: &str, schema: GoldSchema) -> Result<Arc<dyn Warehouse>, WarehouseError> {
    connect_with(setting, &Options::default(), schema)
}

/// Returns the warehouse that the setting `GoldDatabase` names: `sqlite:` and the path of a file, or an ADO connection
/// string of an Azure SQL database. It is opened when it is first used.
///
/// # Errors
/// Fails if the setting names no database; the error contains no secret.
pub fn connect_with(
    setting: &str,
    options: &Options,
    schema: GoldSchema,
) -> Result<Arc<dyn Warehouse>, WarehouseError> {
    let refuse = |problem: String| WarehouseError::Setting { problem };
    if let Some(path) = setting.strip_prefix("sqlite:") {
        if path.is_empty() {
            return Err(refuse("a path must follow sqlite:".to_owned()));
        }
        return Ok(Arc::new(SqliteWarehouse::new(path.into(), schema)));
    }
    if setting.contains('=') {
        let warehouse = AzureSqlWarehouse::new(setting, options, schema);
        return Ok(Arc::new(warehouse.map_err(refuse)?));
    }
    Err(refuse(
        "expected sqlite:<path> or an ADO connection string such as \
         Server=tcp:<server>.database.windows.net;Database=<database>;\
         Authentication=Active Directory Managed Identity"
            .to_owned(),
    ))
}
