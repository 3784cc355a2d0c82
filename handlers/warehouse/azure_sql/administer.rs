//! What people do with a database beside the handler.

use super::ado;
use super::connect::Connector;
use super::errors::failed;
use crate::warehouse::error::WarehouseError;
use crate::warehouse::options::Options;

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
