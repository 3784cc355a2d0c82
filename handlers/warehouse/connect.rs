//! From the setting `GoldDatabase` to a warehouse.

use std::sync::Arc;

use super::azure_sql::AzureSqlWarehouse;
use super::contract::Warehouse;
use super::error::WarehouseError;
use super::options::Options;
use super::schema::GoldSchema;
use super::sqlite::SqliteWarehouse;

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
