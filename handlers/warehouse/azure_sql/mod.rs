//! Gold in Azure SQL Database, and in what speaks its protocol and language.
//!
//! One connection is kept and used by one operation or transaction at a time. Before it is used again it is asked
//! whether it is alive, and it is opened afresh when it is not, when its token is about to expire, and after every
//! failure: a connection that is dropped undoes its transaction and gives its lock back. Decimals are exact.
//!
//! What a statement says is in `ddl` and `dml`, what is loaded in `load`, what is missing in `ensure`; these
//! are pure. `connect`, `transaction` and this module act.

mod ado;
mod connect;
mod ddl;
mod dml;
mod ensure;
mod errors;
mod grant;
mod load;
mod read;
#[cfg(test)]
mod tests;
mod transaction;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, OwnedMutexGuard};

use super::schema::{GoldSchema, PROGRESS};
use super::{
    Begun, FailureKind, Options, Order, Progress, RowVisitor, Run, TableRows, Warehouse,
    WarehouseError,
};
use connect::{Connector, Session};
use ddl::Place;
use errors::{failed, failed_commit};
pub use grant::Grant;

/// The schema that gold lives in, unless it is said otherwise.
pub const DEFAULT_SCHEMA: &str = "gold";
/// [`AzureSqlWarehouse::idle`], unless a test sets it.
const IDLE: Duration = Duration::from_secs(5);

/// A warehouse in a database on a server.
#[derive(Debug)]
pub struct AzureSqlWarehouse {
    connector: Connector,
    schema: Arc<GoldSchema>,
    place: Place,
    kept: Arc<Mutex<Option<Session>>>,
    /// How long a connection is taken to be alive without asking.
    idle: Duration,
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
            place: place(options.schema.as_deref())?,
            kept: Arc::default(),
            idle: IDLE,
        })
    }

    /// Takes the connection, alive, for one operation.
    async fn hold(&self) -> Result<Held, WarehouseError> {
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

    /// Looks what is missing.
    async fn plan(&self, session: &mut Session) -> Result<Vec<String>, WarehouseError> {
        let check = failed("check", "gold's tables and views");
        let place = self.place.0.as_str();
        let columns = session.query(ensure::READ_COLUMNS, &[&place]).await;
        let columns = columns.map_err(&check)?;
        let views = session.query(ensure::READ_VIEWS, &[&place]).await;
        let catalog = read::catalog(&columns, &views.map_err(&check)?).map_err(&check)?;
        ensure::plan(&self.schema, &self.place, &catalog)
    }
}

/// Runs batches one after the other in the database that an ADO connection string names: what an administrator does
/// before the app can log in.
///
/// # Errors
/// Fails at the first batch that the server refuses; those before it are done.
pub async fn administer(
    text: &str,
    options: &Options,
    batches: &[String],
) -> Result<(), WarehouseError> {
    let settings = ado::parse(text).map_err(|problem| WarehouseError::Setting { problem })?;
    let database = settings.database.clone();
    let connector =
        Connector::new(settings, options).map_err(|problem| WarehouseError::Setting { problem })?;
    let mut session = connector.open().await?;
    for batch in batches {
        let run = session.run(batch).await;
        run.map_err(failed("administer", &database))?;
    }
    Ok(())
}

/// Returns the script that creates gold in an Azure SQL database, for people who deploy it by hand and run the
/// function without the right to create anything. Batches are separated by `GO`.
///
/// # Errors
/// Fails if the schema's name is none.
pub fn script(schema: &GoldSchema, name: Option<&str>) -> Result<String, WarehouseError> {
    let place = place(name).map_err(|problem| WarehouseError::Setting { problem })?;
    Ok(ddl::script(schema, &place))
}

/// Returns server and database of an ADO connection string, as tools want them: the port only where it is not 1433.
///
/// # Errors
/// Fails if the string is none.
pub fn address(text: &str) -> Result<(String, String), WarehouseError> {
    let settings = ado::parse(text).map_err(|problem| WarehouseError::Setting { problem })?;
    let server = match settings.port {
        ado::DEFAULT_PORT => settings.host,
        port => format!("{},{port}", settings.host),
    };
    Ok((server, settings.database))
}

/// Returns every statement that the handler sends, each a batch of its own, with what it is for.
///
/// # Errors
/// Fails if the schema's name is none.
pub fn statements(
    schema: &GoldSchema,
    name: Option<&str>,
) -> Result<Vec<(String, String)>, WarehouseError> {
    let place = place(name).map_err(|problem| WarehouseError::Setting { problem })?;
    Ok(all_statements(schema, &place))
}

fn all_statements(schema: &GoldSchema, place: &Place) -> Vec<(String, String)> {
    let mut all = vec![
        ("open a session".to_owned(), dml::SESSION.to_owned()),
        ("probe".to_owned(), dml::PROBE.to_owned()),
        ("read columns".to_owned(), ensure::READ_COLUMNS.to_owned()),
        ("read views".to_owned(), ensure::READ_VIEWS.to_owned()),
        ("begin".to_owned(), dml::begin(place)),
        ("read progress".to_owned(), dml::read_progress(place)),
        ("start".to_owned(), dml::start(place)),
        ("advance".to_owned(), dml::advance(place)),
        ("refresh".to_owned(), dml::refresh(place)),
        ("commit".to_owned(), dml::COMMIT.to_owned()),
        ("roll back".to_owned(), dml::ROLLBACK.to_owned()),
    ];
    // What creates everything, and what replaces views.
    let created = ensure::plan(schema, place, &ensure::Catalog::new()).unwrap_or_default();
    all.extend(
        created
            .into_iter()
            .map(|batch| ("create".to_owned(), batch)),
    );
    let mut add = |purpose: &str, object: &str, sql: String| {
        all.push((format!("{purpose} {object}"), sql));
    };
    let read = |name: &str| {
        let columns = schema.columns_of(name).unwrap_or_default();
        let column = columns.last().map(|(name, _)| name.clone());
        let order = column.map(|column| Order {
            column,
            descending: true,
        });
        dml::read(place, name, &columns, order.as_ref(), 10)
    };
    for view in super::ddl::views(schema, place) {
        add("drop", &view.name, ddl::drop_view(place, &view.name));
        add("read", &view.name, read(&view.name));
    }
    for (index, table) in schema.tables.iter().enumerate() {
        let merge = dml::MergeStatements::of(place, index, table);
        let name = &table.name;
        add("read", name, read(name));
        add("clear", name, dml::clear(place, table));
        add("make a temporary table for", name, merge.create);
        add("count rows for", name, merge.count);
        if let Some(check) = merge.check {
            add("check the sums of", name, check);
        }
        add("merge rows into", name, merge.update);
        add("insert rows into", name, merge.insert);
        add("drop the temporary table of", name, merge.drop);
    }
    all
}

/// Checks the name of the schema.
fn place(name: Option<&str>) -> Result<Place, String> {
    let name = name.unwrap_or(DEFAULT_SCHEMA);
    let is_allowed = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let starts_well = name.starts_with(|c: char| c.is_ascii_alphabetic());
    if !starts_well || !name.chars().all(is_allowed) || name.len() > 100 {
        return Err(format!(
            "the schema {name:?} is not a name of 1 to 100 letters, digits and _ that starts with a letter"
        ));
    }
    Ok(Place(name.to_owned()))
}

#[async_trait]
impl Warehouse for AzureSqlWarehouse {
    fn may_be_paused(&self) -> bool {
        true
    }

    fn schema(&self) -> &GoldSchema {
        &self.schema
    }

    async fn ensure(&self) -> Result<(), WarehouseError> {
        let mut held = self.hold().await?;
        let session = held.session()?;
        // Looked at without a lock first: the usual answer is that nothing is to be done.
        if !self.plan(session).await?.is_empty() {
            transaction::lock(session, &self.place).await?;
            for batch in self.plan(session).await? {
                let created = session.run(&batch).await;
                created.map_err(failed("create", "gold's tables and views"))?;
            }
            session.run(dml::COMMIT).await.map_err(failed_commit)?;
        }
        held.give_back();
        Ok(())
    }

    async fn progress(&self) -> Result<BTreeMap<String, Progress>, WarehouseError> {
        let mut held = self.hold().await?;
        let rows = held.session()?.run(&dml::read_progress(&self.place)).await;
        let progress = rows.and_then(|rows| read::progress(&rows));
        let progress = progress.map_err(failed("read", PROGRESS))?;
        held.give_back();
        Ok(progress)
    }

    async fn begin(&self, run: Run) -> Result<Begun, WarehouseError> {
        let held = self.hold().await?;
        let schema = Arc::clone(&self.schema);
        transaction::begin(held, schema, self.place.clone(), &run).await
    }

    async fn read_table(
        &self,
        name: &str,
        order: Option<Order>,
        limit: usize,
    ) -> Result<TableRows, WarehouseError> {
        let missing = || WarehouseError::NoSuchTable { name: name.into() };
        let columns = self.schema.columns_of(name).ok_or_else(missing)?;
        let is_ranking = self
            .schema
            .rankings
            .iter()
            .any(|ranking| ranking.name == name);
        // A view has no order of its own.
        let by_rank = || Order {
            column: super::schema::RANK.to_owned(),
            descending: false,
        };
        let order = order.or_else(|| is_ranking.then(by_rank));
        let sql = dml::read(&self.place, name, &columns, order.as_ref(), limit);
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
        let missing = || WarehouseError::NoSuchTable { name: name.into() };
        self.schema.columns_of(name).ok_or_else(missing)?;
        let sql = dml::count(&self.place.of(name));
        let mut held = self.hold().await?;
        let rows = held.session()?.run(&sql).await;
        let count = rows.and_then(|rows| read::count(&rows));
        let count = count.map_err(failed("count", name))?;
        held.give_back();
        Ok(count)
    }

    async fn visit_rows(&self, name: &str, mut visit: RowVisitor) -> Result<(), WarehouseError> {
        let missing = || WarehouseError::NoSuchTable { name: name.into() };
        let columns = self.schema.columns_of(name).ok_or_else(missing)?;
        let sql = dml::read(&self.place, name, &columns, None, usize::MAX);
        let mut held = self.hold().await?;
        let session = held.session()?;
        let visited = session.visit(&sql, |row| visit(read::cells(row))).await;
        visited.map_err(failed("read", name))?;
        held.give_back();
        Ok(())
    }
}

/// The connection while an operation or a transaction uses it. Unless it is given back it is dropped, and the server
/// undoes what it did.
#[derive(Debug)]
struct Held {
    slot: OwnedMutexGuard<Option<Session>>,
    session: Option<Session>,
}

impl Held {
    fn session(&mut self) -> Result<&mut Session, WarehouseError> {
        self.session
            .as_mut()
            .ok_or_else(|| WarehouseError::Statement {
                purpose: "use",
                object: "the connection".to_owned(),
                kind: FailureKind::Transient,
                source: "it was closed".into(),
            })
    }

    /// Keeps the connection for the next operation.
    fn give_back(mut self) {
        *self.slot = self.session.take();
    }
}
