//! What people do with a database beside the handler, and what the deliverer of alerts does.

use async_trait::async_trait;
use chrono::DateTime;
use tiberius::Row;

use super::connect::Connector;
use super::errors::failed;
use super::statements::steps::outbox;
use super::warehouse::AzureSqlWarehouse;
use super::{ado, read};
use crate::event::UnixMillis;
use crate::warehouse::contract::Outbox;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::model::{Delivery, Message, Outstanding, Resend};
use crate::warehouse::options::Options;
use crate::warehouse::schema::{ALERTS, OUTBOX};

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

/// Returns server and database of an ADO connection string, as tools want them: the port only where it is not 1433.
///
/// # Errors
/// Fails if it is not a valid connection string.
pub fn address(text: &str) -> Result<(String, String), WarehouseError> {
    let settings = ado::parse(text).map_err(|problem| WarehouseError::Setting { problem })?;
    let server = match settings.port {
        ado::DEFAULT_PORT => settings.host,
        port => format!("{},{port}", settings.host),
    };
    Ok((server, settings.database))
}

impl AzureSqlWarehouse {
    async fn run_on(
        &self,
        sql: &str,
        (purpose, object): (&'static str, &str),
    ) -> Result<Vec<Row>, WarehouseError> {
        let mut held = self.hold().await?;
        let rows = held.session()?.run(sql).await;
        let rows = rows.map_err(failed(purpose, object))?;
        held.give_back();
        Ok(rows)
    }
}

#[async_trait]
impl Outbox for AzureSqlWarehouse {
    async fn claim(&self, most: usize) -> Result<Vec<Message>, WarehouseError> {
        let sql = outbox::claim(&self.sql_schema, &self.schema.dataset, most);
        let rows = self.run_on(&sql, ("claim messages of", OUTBOX)).await?;
        Ok(rows.into_iter().map(message).collect())
    }

    async fn settle(&self, deliveries: &[Delivery]) -> Result<(), WarehouseError> {
        let sql = outbox::settle(&self.sql_schema, &self.schema.dataset, deliveries);
        self.run_on(&sql, ("write", OUTBOX)).await?;
        Ok(())
    }

    async fn next_message(&self) -> Result<Option<UnixMillis>, WarehouseError> {
        let sql = outbox::next(&self.sql_schema, &self.schema.dataset);
        let rows = self.run_on(&sql, ("read", OUTBOX)).await?;
        let cell = rows.into_iter().next().map(read::cells);
        let text = cell.and_then(|cells| cells.into_iter().next().flatten());
        Ok(text.as_deref().and_then(time_of))
    }

    async fn outstanding(&self) -> Result<Outstanding, WarehouseError> {
        let sql = outbox::outstanding(&self.sql_schema, &self.schema.dataset);
        let rows = self.run_on(&sql, ("read", OUTBOX)).await?;
        let cells = rows.into_iter().next().map(read::cells);
        let mut cells = cells.unwrap_or_default().into_iter();
        let mut next = || cells.next().flatten();
        let number = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        Ok(Outstanding {
            open: number(next()),
            waiting: number(next()),
            oldest: next().as_deref().and_then(time_of),
            failed: number(next()),
            error: next(),
        })
    }

    async fn resend(&self, resend: &Resend) -> Result<u64, WarehouseError> {
        let sql = outbox::resend(&self.sql_schema, &self.schema.dataset, resend);
        let rows = self.run_on(&sql, ("write", OUTBOX)).await?;
        read::count(&rows).map_err(failed("write", OUTBOX))
    }

    async fn forget(&self, before: UnixMillis) -> Result<(), WarehouseError> {
        let (dataset, before) = (&self.schema.dataset, before.as_event_time());
        let sql = outbox::forget(&self.sql_schema, dataset, before);
        self.run_on(&sql, ("forget alerts of", ALERTS)).await?;
        Ok(())
    }
}

fn time_of(text: &str) -> Option<UnixMillis> {
    let time = DateTime::parse_from_rfc3339(text).ok()?;
    Some(UnixMillis(time.timestamp_millis()))
}

/// Reads a message with its alert from the columns of [`outbox::claim`].
fn message(row: Row) -> Message {
    let mut cells = read::cells(row).into_iter();
    let mut next = || cells.next().flatten();
    let (message, target, attempts, alert_id) = (next(), next(), next(), next());
    Message {
        message: message.unwrap_or_default(),
        target: target.unwrap_or_default(),
        attempts: attempts.and_then(|text| text.parse().ok()).unwrap_or(0),
        alert_id: alert_id.unwrap_or_default(),
        rule: next().unwrap_or_default(),
        table: next(),
        kind: next().unwrap_or_default(),
        period_start: next(),
        event_time: next(),
        raised_at: next(),
        cleared_at: next(),
        fields: next(),
        alerts: next().and_then(|text| text.parse().ok()),
    }
}
