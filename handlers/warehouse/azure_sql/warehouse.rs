//! The warehouse in a database on a server.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::connect::{Connector, Session};
use super::errors::{failed, failed_commit, is_locked};
use super::held::Held;
use super::statements::{SqlSchema, ddl, dml, look, select, steps};
use super::{ado, read, transaction};
use crate::event::UnixMillis;
use crate::warehouse::contract::{Begun, Opened, Prepared, Reports, RowVisitor, Warehouse};
use crate::warehouse::dialect::{Upkeep, removal, state_of, upkeep};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::{QUERY, columns_of, present, refused_query, without_ties};
use crate::warehouse::model::{
    Answer, Arrangement, Blocked, Build, Changed, Fill, Order, Progress, Remarks, Run, Standing,
    Swap, TableRows,
};
use crate::warehouse::options::Options;
use crate::warehouse::schema::{
    BOOKS, BUILDS, FRESHNESS, GoldSchema, RANK, TableIndex, TableSchema, ValueType,
};

/// [`AzureSqlWarehouse::idle`], unless a test sets it.
const IDLE: Duration = Duration::from_secs(5);

/// A warehouse in a database on a server.
#[derive(Debug)]
pub struct AzureSqlWarehouse {
    pub(super) connector: Connector,
    pub(super) schema: Arc<GoldSchema>,
    pub(super) sql_schema: SqlSchema,
    pub(super) kept: Arc<Mutex<Option<Session>>>,
    /// The session that fills what is made beside live tables.
    beside: Arc<Mutex<Option<Session>>>,
    /// How long a connection is taken to be alive without asking.
    pub(super) idle: Duration,
}

impl AzureSqlWarehouse {
    /// Makes a warehouse in the database that an ADO connection string names. It is connected to when it is first
    /// used.
    ///
    /// # Errors
    /// Returns what is wrong with the string or the options and what is allowed, without what is secret.
    pub fn new(text: &str, options: &Options, schema: GoldSchema) -> Result<Self, String> {
        let settings = ado::parse(text)?;
        Ok(Self {
            connector: Connector::new(settings, options)?,
            schema: Arc::new(schema),
            sql_schema: SqlSchema::named(options.schema.as_deref())?,
            kept: Arc::default(),
            beside: Arc::default(),
            idle: IDLE,
        })
    }

    /// Takes the connection, alive, for one operation.
    pub(super) async fn hold(&self) -> Result<Held, WarehouseError> {
        self.hold_of(&self.kept).await
    }

    async fn hold_of(&self, session: &Arc<Mutex<Option<Session>>>) -> Result<Held, WarehouseError> {
        let mut slot = Arc::clone(session).lock_owned().await;
        // Taken out while it is tried, so that a trial that is abandoned does not leave it half used.
        let session = match slot.take() {
            Some(mut session) => session.is_usable(self.idle).await.then_some(session),
            None => None,
        };
        let session = match session {
            Some(session) => session,
            None => self.connector.open().await?,
        };
        Ok(Held {
            slot,
            session: Some(session),
        })
    }

    /// Looks what is there and what is to be done, and whether there is anything at all.
    async fn upkeep(&self, session: &mut Session) -> Result<(Upkeep, bool), WarehouseError> {
        let schema = self.sql_schema.0.as_str();
        let rows = session
            .query(&look::look(&self.sql_schema), &[&schema])
            .await;
        let rows = rows.map_err(failed("check", "gold's tables and views"))?;
        let (catalog, known) = read::look(&self.schema, rows)?;
        let upkeep = upkeep(&self.schema, &self.sql_schema, &catalog, known)?;
        Ok((upkeep, catalog.is_empty()))
    }

    /// Makes everything complete in the open transaction, and notes the build.
    async fn complete(
        &self,
        session: &mut Session,
        (statements, is_new): (Vec<String>, bool),
        build: &Build,
    ) -> Result<(), WarehouseError> {
        let create = failed("create", "gold's tables and views");
        if is_new {
            let made = session.run(&ddl::create_schema(&self.sql_schema)).await;
            made.map_err(&create)?;
        }
        for batch in statements {
            session.run(&batch).await.map_err(&create)?;
        }
        let (dataset, hash) = (self.schema.dataset.as_str(), build.hash.as_str());
        let values: [&dyn tiberius::ToSql; 3] = [&dataset, &build.stamp, &hash];
        let raised = session
            .execute(&steps::raise(&self.sql_schema), &values)
            .await;
        raised.map_err(failed("write", BUILDS))?;
        Ok(())
    }

    async fn blocked(
        &self,
        session: &mut Session,
        table: TableIndex,
        blocked: &Blocked,
    ) -> Result<(), WarehouseError> {
        let name = self.schema.table_at(table)?.name.as_str();
        let (dataset, reason) = (self.schema.dataset.as_str(), blocked.reason.as_str());
        let version = blocked.version.map(|version| version.to_string());
        // Empty text is stored as null.
        let version = version.as_deref().unwrap_or("");
        let at = transaction::iso(blocked.at.as_event_time());
        let (definition, at) = (blocked.definition.as_str(), at.as_str());
        let state = state_of(blocked);
        let values: [&dyn tiberius::ToSql; 8] = [
            &name,
            &dataset,
            &reason,
            &version,
            &definition,
            &blocked.stamp,
            &at,
            &state,
        ];
        let noted = session
            .execute(&steps::block(&self.sql_schema), &values)
            .await;
        noted.map_err(failed("write", FRESHNESS))?;
        Ok(())
    }

    /// Reads a book with the columns that it has; a value that is not there is unknown.
    async fn read_book(
        &self,
        name: &str,
        columns: Vec<(String, ValueType)>,
    ) -> Result<TableRows, WarehouseError> {
        let mut held = self.hold().await?;
        let sql = dml::read_book(&self.sql_schema, name);
        let rows = held.session()?.run(&sql).await;
        let rows = rows.map_err(failed("read", name))?;
        held.give_back();
        let columns: Vec<String> = columns.into_iter().map(|(name, _)| name).collect();
        let rows = rows.into_iter().map(|row| {
            let mut row = read::book_row(row);
            columns.iter().map(|name| row.remove(name)).collect()
        });
        Ok(TableRows {
            rows: rows.collect(),
            columns,
        })
    }
}

#[async_trait]
impl Warehouse for AzureSqlWarehouse {
    fn may_be_paused(&self) -> bool {
        true
    }

    async fn is_awake(&self) -> Result<bool, WarehouseError> {
        let mut slot = self.kept.lock().await;
        let is_usable = match slot.as_mut() {
            Some(session) => session.is_usable(self.idle).await,
            None => false,
        };
        if !is_usable {
            *slot = self.connector.open_now().await?.ok();
        }
        Ok(slot.is_some())
    }

    fn round_trips(&self) -> u64 {
        self.connector.round_trips.load(Ordering::Relaxed)
    }

    fn schema(&self) -> &GoldSchema {
        &self.schema
    }

    async fn look(&self) -> Result<Standing, WarehouseError> {
        let mut held = self.hold().await?;
        let (upkeep, _) = self.upkeep(held.session()?).await?;
        held.give_back();
        Ok(upkeep.standing)
    }

    async fn prepare(&self, build: &Build) -> Result<Prepared, WarehouseError> {
        let mut held = self.hold().await?;
        let session = held.session()?;
        transaction::lock(session, &self.sql_schema, None).await?;
        let (found, is_new) = self.upkeep(session).await?;
        if found.standing.build.as_ref().is_some_and(|ran| ran > build) {
            let undone = session.run(dml::ROLLBACK).await;
            undone.map_err(failed("roll back", "a gold transaction"))?;
            held.give_back();
            return Ok(Prepared::Replaced);
        }
        self.complete(session, (found.statements, is_new), build)
            .await?;
        let (complete, _) = self.upkeep(session).await?;
        session.run(dml::COMMIT).await.map_err(failed_commit)?;
        held.give_back();
        Ok(Prepared::Ready(Box::new(complete.standing)))
    }

    async fn block(
        &self,
        table: TableIndex,
        from: Option<&Progress>,
        blocked: &Blocked,
    ) -> Result<(), WarehouseError> {
        let mut held = self.hold().await?;
        let session = held.session()?;
        transaction::lock(session, &self.sql_schema, Some(&self.schema.dataset)).await?;
        let (found, _) = self.upkeep(session).await?;
        let name = &self.schema.table_at(table)?.name;
        if found.standing.progress.get(name) == from {
            self.blocked(session, table, blocked).await?;
        }
        session.run(dml::COMMIT).await.map_err(failed_commit)?;
        held.give_back();
        Ok(())
    }

    async fn remark(&self, remarks: &Remarks) -> Result<Changed, WarehouseError> {
        let held = self.hold().await?;
        let names = (self.schema.as_ref(), &self.sql_schema);
        transaction::remark(held, names, remarks).await
    }

    fn removal(&self, table: &str, progress: &Progress) -> Vec<String> {
        removal(&self.sql_schema, table, progress)
    }

    async fn drop_retired(&self, physical: &[String], build: &Build) -> Result<(), WarehouseError> {
        let mut held = self.hold().await?;
        let session = held.session()?;
        for name in physical {
            let drop = steps::drop_retired(&self.sql_schema, (&self.schema.dataset, build), name);
            match session.run(&drop).await {
                // Its transaction is undone, and the session, whose time limit is another one now, given up.
                Err(error) if is_locked(&error) => return Ok(()),
                dropped => dropped.map_err(failed("drop", name))?,
            };
        }
        held.give_back();
        Ok(())
    }

    async fn arrange(
        &self,
        changes: &[Arrangement],
        build: &Build,
        at: UnixMillis,
    ) -> Result<Changed, WarehouseError> {
        let held = self.hold().await?;
        let names = (self.schema.as_ref(), &self.sql_schema);
        transaction::arrange(held, names, (changes, build, at)).await
    }

    async fn fill(&self, fill: Fill) -> Result<Opened, WarehouseError> {
        let held = self.hold_of(&self.beside).await?;
        let names = (Arc::clone(&self.schema), self.sql_schema.clone());
        transaction::fill(held, names, &fill).await
    }

    async fn swap(&self, swap: &Swap) -> Result<Changed, WarehouseError> {
        let held = self.hold().await?;
        transaction::swap(held, (self.schema.as_ref(), &self.sql_schema), swap).await
    }

    async fn close(&self) {
        *self.kept.lock().await = None;
        *self.beside.lock().await = None;
    }

    async fn begin(&self, run: Run) -> Result<Begun, WarehouseError> {
        let held = self.hold().await?;
        let schema = Arc::clone(&self.schema);
        transaction::begin(held, schema, self.sql_schema.clone(), &run).await
    }
}

#[async_trait]
impl Reports for AzureSqlWarehouse {
    async fn columns(&self, name: &str) -> Result<Vec<(String, ValueType)>, WarehouseError> {
        let columns = columns_of(&self.schema, name)?;
        let mut held = self.hold().await?;
        let sql = dml::names(&self.sql_schema, name);
        let rows = held.session()?.run(&sql).await;
        let rows = rows.map_err(failed("read", name))?;
        held.give_back();
        let found = rows.into_iter().flat_map(read::cells).flatten();
        Ok(present(columns, &found.collect::<Vec<String>>()))
    }

    async fn read_table(
        &self,
        name: &str,
        order: Option<Order>,
        limit: usize,
    ) -> Result<TableRows, WarehouseError> {
        let columns = columns_of(&self.schema, name)?;
        if BOOKS.iter().any(|book| book.name == name) {
            return self.read_book(name, columns).await;
        }
        let found = self.columns(name).await?;
        // What is not there at all is read, and fails with the reason.
        let columns = if found.is_empty() { columns } else { found };
        let view = self.schema.view(name);
        let is_ranking = view.is_some_and(|view| !view.is_summary());
        // A view has no order of its own.
        let by_rank = || Order {
            column: RANK.to_owned(),
            descending: false,
        };
        let order = match order {
            Some(order) => without_ties(&self.schema, (name, &columns), order),
            None => is_ranking.then(by_rank).into_iter().collect(),
        };
        let sql = dml::read(&self.sql_schema, name, &columns, &order, limit);
        let mut held = self.hold().await?;
        let rows = held
            .session()?
            .run(&sql)
            .await
            .map_err(failed("read", name))?;
        held.give_back();
        Ok(TableRows {
            columns: columns.into_iter().map(|(name, _)| name).collect(),
            rows: rows.into_iter().map(read::cells).collect(),
        })
    }

    async fn count_rows(&self, name: &str) -> Result<u64, WarehouseError> {
        columns_of(&self.schema, name)?;
        let sql = dml::count(&self.sql_schema.of(name));
        let mut held = self.hold().await?;
        let rows = held.session()?.run(&sql).await;
        let count = rows.and_then(|rows| read::count(&rows));
        let count = count.map_err(failed("count", name))?;
        held.give_back();
        Ok(count)
    }

    async fn visit_rows(
        &self,
        table: &TableSchema,
        mut visit: RowVisitor,
    ) -> Result<(), WarehouseError> {
        let (name, columns) = (table.name.as_str(), table.columns());
        let sql = dml::read(&self.sql_schema, name, &columns, &[], usize::MAX);
        let mut held = self.hold().await?;
        let session = held.session()?;
        let visited = session.visit(&sql, |row| visit(read::cells(row))).await;
        visited.map_err(failed("read", name))?;
        held.give_back();
        Ok(())
    }

    async fn query(&self, sql: &str, most: usize) -> Result<Answer, WarehouseError> {
        let run = failed("run", QUERY);
        let sql = select::only_select(sql).map_err(refused_query)?;
        let mut held = self.hold().await?;
        let session = held.session()?;
        session.run(dml::BEGIN).await.map_err(&run)?;
        let answer = session.select(sql, most).await.map_err(&run)?;
        // A connection with rows to come cannot be asked again: it is closed, and the server undoes the transaction.
        if !answer.is_cut {
            session.run(dml::ROLLBACK).await.map_err(&run)?;
            held.give_back();
        }
        Ok(answer)
    }
}
