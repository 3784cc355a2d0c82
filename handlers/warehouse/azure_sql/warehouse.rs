//! The warehouse in a database on a server.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::connect::{Connector, Session};
use super::errors::{failed, failed_commit};
use super::held::Held;
use super::statements::{SqlSchema, dml, ensure};
use super::{ado, read, transaction};
use crate::warehouse::contract::{Begun, Reports, RowVisitor, Unfit, Warehouse};
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::columns_of;
use crate::warehouse::model::{Order, Progress, Run, TableRows};
use crate::warehouse::options::Options;
use crate::warehouse::schema::{GoldSchema, PROGRESS, RANK};

/// [`AzureSqlWarehouse::idle`], unless a test sets it.
const IDLE: Duration = Duration::from_secs(5);

/// A warehouse in a database on a server.
#[derive(Debug)]
pub struct AzureSqlWarehouse {
    pub(super) connector: Connector,
    pub(super) schema: Arc<GoldSchema>,
    pub(super) sql_schema: SqlSchema,
    pub(super) kept: Arc<Mutex<Option<Session>>>,
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
            idle: IDLE,
        })
    }

    /// Takes the connection, alive, for one operation.
    pub(super) async fn hold(&self) -> Result<Held, WarehouseError> {
        let mut slot = Arc::clone(&self.kept).lock_owned().await;
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

    /// Looks what is missing and what does not fit.
    async fn plan(&self, session: &mut Session) -> Result<(Vec<String>, Unfit), WarehouseError> {
        let catalog = self.catalog(session).await?;
        ensure::plan(&self.schema, &self.sql_schema, &catalog)
    }

    /// Reads what is there.
    async fn catalog(&self, session: &mut Session) -> Result<ensure::Catalog, WarehouseError> {
        let check = failed("check", "gold's tables and views");
        let sql_schema = self.sql_schema.0.as_str();
        let columns = session.query(ensure::READ_COLUMNS, &[&sql_schema]).await;
        let columns = columns.map_err(&check)?;
        let views = session.query(ensure::READ_VIEWS, &[&sql_schema]).await;
        read::catalog(&columns, &views.map_err(&check)?).map_err(&check)
    }
}

#[async_trait]
impl Warehouse for AzureSqlWarehouse {
    fn may_be_paused(&self) -> bool {
        true
    }

    fn schema(&self) -> &GoldSchema {
        &self.schema
    }

    async fn ensure(&self) -> Result<Unfit, WarehouseError> {
        let mut held = self.hold().await?;
        let session = held.session()?;
        // Looked at without a lock first: the usual answer is that nothing is to be done.
        let (mut to_do, mut unfit) = self.plan(session).await?;
        if !to_do.is_empty() {
            transaction::lock(session, &self.sql_schema).await?;
            (to_do, unfit) = self.plan(session).await?;
            for batch in to_do {
                let created = session.run(&batch).await;
                created.map_err(failed("create", "gold's tables and views"))?;
            }
            session.run(dml::COMMIT).await.map_err(failed_commit)?;
        }
        held.give_back();
        Ok(unfit)
    }

    async fn missing(&self) -> Result<Vec<String>, WarehouseError> {
        let mut held = self.hold().await?;
        let catalog = self.catalog(held.session()?).await?;
        held.give_back();
        let (_, unfit) = ensure::plan(&self.schema, &self.sql_schema, &catalog)?;
        if let Some(mismatch) = unfit.into_values().next() {
            return Err(mismatch);
        }
        Ok(ensure::missing(&self.schema, &self.sql_schema, &catalog))
    }

    async fn progress(&self) -> Result<BTreeMap<String, Progress>, WarehouseError> {
        let mut held = self.hold().await?;
        let rows = held
            .session()?
            .run(&dml::read_progress(&self.sql_schema))
            .await;
        let progress = rows.and_then(|rows| read::progress(&rows));
        let progress = progress.map_err(failed("read", PROGRESS))?;
        held.give_back();
        Ok(progress)
    }

    async fn begin(&self, run: Run) -> Result<Begun, WarehouseError> {
        let held = self.hold().await?;
        let schema = Arc::clone(&self.schema);
        transaction::begin(held, schema, self.sql_schema.clone(), &run).await
    }
}

#[async_trait]
impl Reports for AzureSqlWarehouse {
    async fn read_table(
        &self,
        name: &str,
        order: Option<Order>,
        limit: usize,
    ) -> Result<TableRows, WarehouseError> {
        let columns = columns_of(&self.schema, name)?;
        let is_ranking = self
            .schema
            .rankings
            .iter()
            .any(|ranking| ranking.name == name);
        // A view has no order of its own.
        let by_rank = || Order {
            column: RANK.to_owned(),
            descending: false,
        };
        let order = order.or_else(|| is_ranking.then(by_rank));
        let sql = dml::read(&self.sql_schema, name, &columns, order.as_ref(), limit);
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

    async fn visit_rows(&self, name: &str, mut visit: RowVisitor) -> Result<(), WarehouseError> {
        let columns = columns_of(&self.schema, name)?;
        let sql = dml::read(&self.sql_schema, name, &columns, None, usize::MAX);
        let mut held = self.hold().await?;
        let session = held.session()?;
        let visited = session.visit(&sql, |row| visit(read::cells(row))).await;
        visited.map_err(failed("read", name))?;
        held.give_back();
        Ok(())
    }
}
