//! What gold needs of a database.

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

use super::error::WarehouseError;
use super::model::{Order, Progress, Row, Run, TableRows};
use super::schema::{GoldSchema, TableIndex};

/// What became of the start of a transaction.
#[derive(Debug)]
pub enum Begun {
    /// It is open: every table stood where it should.
    Open(Box<dyn Transaction>),
    /// Another run was first; nothing has changed.
    Conflict,
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
    /// transaction is then over.
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError>;

    /// Makes everything visible and durable.
    ///
    /// # Errors
    /// With [`FailureKind::Ambiguous`](super::error::FailureKind::Ambiguous) it may have happened: the progress tells.
    async fn commit(self: Box<Self>) -> Result<(), WarehouseError>;
}

/// The tables of gold that do not fit the dataset file, with the reason of each.
pub type Unfit = BTreeMap<TableIndex, WarehouseError>;

/// A database that holds gold, as runs change it. It knows its [`GoldSchema`] from the start.
///
/// - a transaction is atomic, isolated from readers and durable once committed
/// - the rows of a transaction are merged by set-based statements
/// - a failure tells whether repeating the whole transaction may help
#[async_trait]
pub trait Warehouse: Reports {
    /// Returns whether looking at the database may cost money or time, because it pauses when it is not used.
    fn may_be_paused(&self) -> bool;

    /// Returns what gold looks like here.
    fn schema(&self) -> &GoldSchema;

    /// Creates the tables and views that are missing and checks those that are there. A table that is created has no
    /// progress, also if one of its name had some. Returns the tables of gold that do not fit the dataset file, each
    /// with its [`WarehouseError::Mismatch`]; they are never changed.
    ///
    /// # Errors
    /// Fails if the database does, or with [`WarehouseError::Mismatch`] if a table that records progress does not fit.
    async fn ensure(&self) -> Result<Unfit, WarehouseError>;

    /// Returns the tables that are not there yet, and changes nothing; before gold's first run `sluice_progress` is among
    /// them.
    ///
    /// # Errors
    /// Fails as [`Warehouse::ensure`] does.
    async fn missing(&self) -> Result<Vec<String>, WarehouseError>;

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
}

/// Gold as people and tests read it; runs do not need it.
#[async_trait]
pub trait Reports: Debug + Send + Sync {
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
    /// As [`Reports::read_table`].
    async fn count_rows(&self, name: &str) -> Result<u64, WarehouseError>;

    /// Hands every row of a table or view of gold to `visit`, in no particular order, as [`Reports::read_table`]
    /// writes it, without holding all rows at once.
    ///
    /// # Errors
    /// As [`Reports::read_table`].
    async fn visit_rows(&self, name: &str, visit: RowVisitor) -> Result<(), WarehouseError>;
}

/// Takes the rows of a table, one by one.
pub type RowVisitor = Box<dyn FnMut(Vec<Option<String>>) + Send>;
