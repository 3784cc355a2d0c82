//! The warehouse in a file of SQLite.

use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use rusqlite::Connection;
use tokio::sync::Mutex;

use super::connection::{Held, blocking, failed, is_busy, open};
use super::ddl::{Sqlite, quote};
use super::transaction::outbox;
use super::{books, query, read, transaction};
use crate::event::UnixMillis;
use crate::warehouse::contract::{Begun, Opened, Outbox, Prepared, Reports, RowVisitor, Warehouse};
use crate::warehouse::dialect::removal;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::lookup::{columns_of, present, without_ties};
use crate::warehouse::model::{
    Answer, Arrangement, Blocked, Build, Changed, Delivery, Fill, Message, Order, Outstanding,
    Progress, Remarks, Resend, Run, Standing, Swap, TableRows,
};
use crate::warehouse::schema::{BOOKS, GoldSchema, TableIndex, TableSchema, ValueType, ViewSchema};

/// A warehouse in a file.
#[derive(Debug)]
pub struct SqliteWarehouse {
    path: PathBuf,
    pub(super) schema: Arc<GoldSchema>,
    connection: Arc<Mutex<Option<Connection>>>,
    /// The one that fills what is made beside live tables.
    beside: Arc<Mutex<Option<Connection>>>,
}

impl SqliteWarehouse {
    /// Makes a warehouse in the file at `path`, which is opened, and made if it is missing, when it is first used.
    #[must_use]
    pub fn new(path: PathBuf, schema: GoldSchema) -> Self {
        Self {
            path,
            schema: Arc::new(schema),
            connection: Arc::default(),
            beside: Arc::default(),
        }
    }

    /// Takes the connection, opened, for one operation.
    pub(super) async fn hold(&self) -> Result<Held, WarehouseError> {
        self.hold_of(&self.connection).await
    }

    async fn hold_of(
        &self,
        connection: &Arc<Mutex<Option<Connection>>>,
    ) -> Result<Held, WarehouseError> {
        let mut slot = Arc::clone(connection).lock_owned().await;
        let path = self.path.clone();
        blocking(move || {
            if slot.is_none() {
                *slot = Some(open(&path).map_err(failed("open", &path.display().to_string()))?);
            }
            Ok(Held(slot))
        })
        .await
    }

    /// Returns the columns that a table or view is read with: a book has all, and unknown values where it lacks one.
    async fn readable(&self, name: &str) -> Result<Vec<(String, ValueType)>, WarehouseError> {
        let all = columns_of(&self.schema, name)?;
        let found = match BOOKS.iter().any(|book| book.name == name) {
            true => Vec::new(),
            false => self.columns(name).await?,
        };
        // What is not there at all is read, and fails with the reason.
        Ok(if found.is_empty() { all } else { found })
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

#[async_trait]
impl Warehouse for SqliteWarehouse {
    fn may_be_paused(&self) -> bool {
        false
    }

    async fn is_awake(&self) -> Result<bool, WarehouseError> {
        Ok(true)
    }

    fn round_trips(&self) -> u64 {
        0
    }

    fn schema(&self) -> &GoldSchema {
        &self.schema
    }

    async fn look(&self) -> Result<Standing, WarehouseError> {
        self.with(|connection, schema| Ok(books::look(connection, schema)?.standing))
            .await
    }

    async fn prepare(&self, build: &Build) -> Result<Prepared, WarehouseError> {
        let build = build.clone();
        self.with(move |connection, schema| books::prepare(connection, schema, &build))
            .await
    }

    async fn block(
        &self,
        table: TableIndex,
        from: Option<&Progress>,
        blocked: &Blocked,
    ) -> Result<(), WarehouseError> {
        let (from, blocked) = (from.cloned(), blocked.clone());
        self.with(move |connection, schema| {
            books::block(connection, (schema, table), from.as_ref(), &blocked)
        })
        .await
    }

    async fn remark(&self, remarks: &Remarks) -> Result<Changed, WarehouseError> {
        let held = self.hold().await?;
        let (schema, remarks) = (Arc::clone(&self.schema), remarks.clone());
        blocking(move || transaction::remark(held, &schema, &remarks)).await
    }

    fn removal(&self, table: &str, progress: &Progress) -> Vec<String> {
        removal(&Sqlite, table, progress)
    }

    async fn drop_retired(&self, physical: &[String], build: &Build) -> Result<(), WarehouseError> {
        let (physical, build) = (physical.to_vec(), build.clone());
        self.with(move |connection, schema| {
            for name in physical {
                match books::drop_retired(connection, schema, &name, &build) {
                    Err(error) if is_busy(&error) => {}
                    dropped => dropped.map_err(failed("drop", &name))?,
                }
            }
            Ok(())
        })
        .await
    }

    async fn arrange(
        &self,
        changes: &[Arrangement],
        build: &Build,
        at: UnixMillis,
    ) -> Result<Changed, WarehouseError> {
        let held = self.hold().await?;
        let schema = Arc::clone(&self.schema);
        let (changes, build) = (changes.to_vec(), build.clone());
        blocking(move || transaction::arrange(held, &schema, (&changes, &build, at))).await
    }

    async fn fill(&self, fill: Fill) -> Result<Opened, WarehouseError> {
        let held = self.hold_of(&self.beside).await?;
        let schema = Arc::clone(&self.schema);
        blocking(move || transaction::fill(held, schema, fill)).await
    }

    async fn swap(&self, swap: &Swap) -> Result<Changed, WarehouseError> {
        let held = self.hold().await?;
        let (schema, swap) = (Arc::clone(&self.schema), swap.clone());
        blocking(move || transaction::swap(held, &schema, &swap)).await
    }

    async fn close(&self) {}

    async fn begin(&self, run: Run) -> Result<Begun, WarehouseError> {
        let held = self.hold().await?;
        let schema = Arc::clone(&self.schema);
        blocking(move || transaction::begin(held, schema, &run)).await
    }
}

#[async_trait]
impl Outbox for SqliteWarehouse {
    async fn claim(&self, most: usize) -> Result<Vec<Message>, WarehouseError> {
        self.with(move |connection, schema| outbox::claim(connection, &schema.dataset, most))
            .await
    }

    async fn settle(&self, deliveries: &[Delivery]) -> Result<(), WarehouseError> {
        let deliveries = deliveries.to_vec();
        self.with(move |connection, schema| {
            outbox::settle(connection, &schema.dataset, &deliveries)
        })
        .await
    }

    async fn next_message(&self) -> Result<Option<UnixMillis>, WarehouseError> {
        self.with(|connection, schema| outbox::next(connection, &schema.dataset))
            .await
    }

    async fn outstanding(&self) -> Result<Outstanding, WarehouseError> {
        self.with(|connection, schema| outbox::outstanding(connection, &schema.dataset))
            .await
    }

    async fn resend(&self, resend: &Resend) -> Result<u64, WarehouseError> {
        let resend = resend.clone();
        self.with(move |connection, schema| outbox::resend(connection, &schema.dataset, &resend))
            .await
    }

    async fn forget(&self, before: UnixMillis) -> Result<(), WarehouseError> {
        self.with(move |connection, schema| outbox::forget(connection, &schema.dataset, before))
            .await
    }
}

#[async_trait]
impl Reports for SqliteWarehouse {
    async fn columns(&self, name: &str) -> Result<Vec<(String, ValueType)>, WarehouseError> {
        let columns = columns_of(&self.schema, name)?;
        let name = name.to_owned();
        self.with(move |connection, _| {
            let found = read::names(connection, &name).map_err(failed("read", &name))?;
            Ok(present(columns, &found))
        })
        .await
    }

    async fn read_table(
        &self,
        name: &str,
        order: Option<Order>,
        limit: usize,
    ) -> Result<TableRows, WarehouseError> {
        let columns = self.readable(name).await?;
        let order = order.map(|order| without_ties(&self.schema, (name, &columns), order));
        let (order, name) = (order.unwrap_or_default(), name.to_owned());
        self.with(move |connection, schema| {
            let source = read::Source {
                table: schema.table_of(&name),
                is_summary: schema.view(&name).is_some_and(ViewSchema::is_summary),
                name: &name,
                columns: &columns,
            };
            let rows = read::rows(connection, source, &order, limit);
            rows.map_err(failed("read", &name))
        })
        .await
    }

    async fn count_rows(&self, name: &str) -> Result<u64, WarehouseError> {
        columns_of(&self.schema, name)?;
        let name = name.to_owned();
        self.with(move |connection, _| {
            let sql = format!("SELECT count(*) FROM {}", quote(&name));
            let count = connection.query_row(&sql, [], |row| row.get(0));
            count.map_err(failed("count", &name))
        })
        .await
    }

    async fn visit_rows(
        &self,
        table: &TableSchema,
        mut visit: RowVisitor,
    ) -> Result<(), WarehouseError> {
        let table = table.clone();
        self.with(move |connection, _| {
            let source = read::Source {
                table: Some(&table),
                is_summary: false,
                name: &table.name,
                columns: &table.columns(),
            };
            let visited = read::each_row(connection, source, &[], usize::MAX, &mut visit);
            visited.map_err(failed("read", &table.name))
        })
        .await
    }

    async fn query(&self, sql: &str, most: usize) -> Result<Answer, WarehouseError> {
        let (path, sql) = (self.path.clone(), sql.to_owned());
        blocking(move || query::query(&path, &sql, most)).await
    }
}
