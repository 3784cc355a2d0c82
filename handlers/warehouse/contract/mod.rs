//! What gold needs of a database.

mod outbox;

use std::collections::BTreeMap;
use std::fmt::Debug;

use async_trait::async_trait;

use crate::event::UnixMillis;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{
    Answer, Arrangement, Blocked, Build, Changed, Fill, Filled, Order, Progress, Remarks, Row, Run,
    Standing, Swap, TableRows, Told,
};
use crate::warehouse::schema::{GoldSchema, TableIndex, TableSchema, ValueType};

pub use outbox::Outbox;

/// What became of the start of a transaction.
#[derive(Debug)]
pub enum Begun {
    /// It is open: every table stood where it should.
    Open(Box<dyn Transaction>),
    /// Another run was first; nothing has changed.
    Conflict,
    /// A later build has run against these tables; nothing has changed.
    Replaced,
}

/// What became of the upkeep of a database.
#[derive(Debug)]
pub enum Prepared {
    /// Everything is there, as far as it fits, and no later build has run.
    Ready(Box<Standing>),
    /// A later build has run against these tables; nothing has changed.
    Replaced,
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

    /// Takes what became true of rows of silver, for a rule on these that the transaction moves.
    ///
    /// # Errors
    /// Fails if the transaction is over.
    async fn raise(&mut self, rule: &str, told: Told) -> Result<(), WarehouseError>;

    /// Makes everything visible and durable.
    ///
    /// # Errors
    /// With [`FailureKind::Ambiguous`](crate::warehouse::FailureKind::Ambiguous) it may have happened: the progress tells.
    async fn commit(self: Box<Self>) -> Result<(), WarehouseError>;
}

/// What became of the start of a part of the filling of shadows.
#[derive(Debug)]
pub enum Opened {
    /// It is open: every shadow stood where it should.
    Open(Box<dyn Filling>),
    /// Another run was first, or is at it; nothing has changed.
    Conflict,
    /// A later build has run against these tables; nothing has changed.
    Replaced,
}

/// A transaction that fills shadows, which no reader sees. Dropping it undoes everything.
#[async_trait]
pub trait Filling: Debug + Send {
    /// As [`Transaction::merge`].
    ///
    /// # Errors
    /// As [`Transaction::merge`].
    async fn merge(&mut self, table: TableIndex, rows: Vec<Row>) -> Result<(), WarehouseError>;

    /// Notes where the shadows stand now, and makes everything durable.
    ///
    /// # Errors
    /// As [`Transaction::commit`].
    async fn commit(self: Box<Self>, filled: &[Filled]) -> Result<(), WarehouseError>;
}

/// A database that holds gold, as runs change it. It knows its [`GoldSchema`] from the start.
///
/// - a transaction is atomic, isolated from readers and durable once committed
/// - the rows of a transaction are merged by set-based statements
/// - a failure tells whether repeating the whole transaction may help
#[async_trait]
pub trait Warehouse: Reports + Outbox {
    /// Returns whether looking at the database may cost money or time, because it pauses when it is not used.
    fn may_be_paused(&self) -> bool;

    /// Returns whether the database can be used now: one that was paused begins to resume, and is not waited for.
    ///
    /// # Errors
    /// Fails if the database does.
    async fn is_awake(&self) -> Result<bool, WarehouseError>;

    /// Returns how many round trips to a server there were since it was opened; a file has none.
    fn round_trips(&self) -> u64;

    /// Returns what gold looks like here.
    fn schema(&self) -> &GoldSchema;

    /// Looks what is there, and changes nothing.
    ///
    /// # Errors
    /// Fails if the database does, or with [`WarehouseError::Mismatch`] if a table that records progress does not fit.
    async fn look(&self) -> Result<Standing, WarehouseError>;

    /// Makes the books and views complete, renames the tables of earlier builds, and notes `build` as the highest one
    /// that ever ran, in one transaction, unless a higher one has; returns what there is then. Tables that do not fit
    /// are never changed.
    ///
    /// # Errors
    /// As [`Warehouse::look`].
    async fn prepare(&self, build: &Build) -> Result<Prepared, WarehouseError>;

    /// Notes that a table is blocked, if it still has this progress: no period of it is complete from then on.
    ///
    /// # Errors
    /// Fails if the database does.
    async fn block(
        &self,
        table: TableIndex,
        from: Option<&Progress>,
        blocked: &Blocked,
    ) -> Result<(), WarehouseError>;

    /// Writes what a run says of tables that it does not move into their freshness, unless a later build has run.
    ///
    /// # Errors
    /// Fails if the database does; a lock that is not granted is no failure.
    async fn remark(&self, remarks: &Remarks) -> Result<Changed, WarehouseError>;

    /// Returns the statements that remove a table that the dataset file no longer has, with its views and what the books
    /// say of it, for people to run.
    fn removal(&self, table: &str, progress: &Progress) -> Vec<String>;

    /// Drops tables that were replaced, each with the note of it and in a transaction that waits two seconds at most for
    /// those who read it. What is still in use stays.
    ///
    /// # Errors
    /// Fails if the database does; a lock that is not granted is no failure.
    async fn drop_retired(&self, physical: &[String], build: &Build) -> Result<(), WarehouseError>;

    /// Changes which shadows tables have, all at once: creates their tables, and retires those that are no longer wanted.
    ///
    /// # Errors
    /// Fails if the database does; nothing has changed then.
    async fn arrange(
        &self,
        changes: &[Arrangement],
        build: &Build,
        at: UnixMillis,
    ) -> Result<Changed, WarehouseError>;

    /// Opens a transaction that fills shadows, with a session and locks of its own: no run of live tables waits for it.
    ///
    /// # Errors
    /// Fails if the database does; nothing has changed then.
    async fn fill(&self, fill: Fill) -> Result<Opened, WarehouseError>;

    /// Puts shadows in the place of live tables, all at once, and waits two seconds at most for those who read them. The
    /// tables that were live are retired.
    ///
    /// # Errors
    /// As [`Transaction::commit`]; a lock that is not granted is no failure.
    async fn swap(&self, swap: &Swap) -> Result<Changed, WarehouseError>;

    /// Gives up a session that is kept for the next operation: a database pauses only when it has none.
    async fn close(&self);

    /// Returns the tables that are not there yet, and changes nothing; before gold's first run `sluice_progress` is among
    /// them.
    ///
    /// # Errors
    /// As [`Warehouse::look`], and if a table does not fit.
    async fn missing(&self) -> Result<Vec<String>, WarehouseError> {
        let standing = self.look().await?;
        match standing.unfit.into_values().next() {
            Some(mismatch) => Err(mismatch),
            None => Ok(standing.missing),
        }
    }

    /// Returns the progress of the tables that have some, by name.
    ///
    /// # Errors
    /// As [`Warehouse::look`].
    async fn progress(&self) -> Result<BTreeMap<String, Progress>, WarehouseError> {
        Ok(self.look().await?.progress)
    }

    /// Opens a transaction and moves the tables' progress and freshness in it.
    ///
    /// # Errors
    /// Fails if the database does; nothing has changed then.
    async fn begin(&self, run: Run) -> Result<Begun, WarehouseError>;
}

/// Gold as people and tests read it; runs do not need it.
#[async_trait]
pub trait Reports: Debug + Send + Sync {
    /// Returns those columns of a table or view of gold that are there, in the order of the dataset file and without the key:
    /// one that shows an earlier definition lacks what is new, and one that is not there has none.
    ///
    /// # Errors
    /// As [`Reports::read_table`].
    async fn columns(&self, name: &str) -> Result<Vec<(String, ValueType)>, WarehouseError>;

    /// Returns the first rows of a table or view of gold as text, with the columns of [`Reports::columns`]. Rows that tie in
    /// the order are ordered by the time and the dimensions of their table.
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

    /// Hands every row of a gold table that is laid out like this to `visit`, with the columns of [`TableSchema::columns`], in
    /// no particular order, as [`Reports::read_table`] writes it, without holding all rows at once.
    ///
    /// # Errors
    /// Fails if the table lies in another way, or if the database fails.
    async fn visit_rows(
        &self,
        table: &TableSchema,
        visit: RowVisitor,
    ) -> Result<(), WarehouseError>;

    /// Runs a query of somebody's own and returns its first `most` rows as text. It cannot change anything: a file is
    /// opened for reading only; on a server it must be a SELECT that nothing else stands beside, and its transaction is
    /// undone.
    ///
    /// # Errors
    /// Fails if it is no query, or if the database refuses it or fails.
    async fn query(&self, sql: &str, most: usize) -> Result<Answer, WarehouseError>;
}

/// Takes the rows of a table, one by one.
pub type RowVisitor = Box<dyn FnMut(Vec<Option<String>>) + Send>;
