//! The last run of a timer, kept over restarts in `azure-webjobs-hosts/timers/…`.

use async_trait::async_trait;
use azure_storage_blob::BlobClient;

use crate::functions_host::trigger::storage;
use crate::functions_host::wire::timer::{ScheduleStatus, parse_status, status_json};
use sluice::error::chain;

/// Keeps a timer's status.
#[async_trait]
pub(crate) trait Monitor: Send + Sync {
    /// The last status written.
    async fn read(&self) -> Result<Option<ScheduleStatus>, String>;
    /// Replaces the status.
    async fn write(&self, status: ScheduleStatus) -> Result<(), String>;
}

/// The name of a timer's status blob.
pub(crate) fn blob_name(host_id: &str, function: &str) -> String {
    format!("timers/{host_id}/Host.Functions.{function}.Listener/status")
}

/// A status in a blob.
pub(crate) struct BlobMonitor(pub(crate) BlobClient);

#[async_trait]
impl Monitor for BlobMonitor {
    async fn read(&self) -> Result<Option<ScheduleStatus>, String> {
        let text = storage::get_text(&self.0).await;
        let text = text.map_err(|error| format!("read timer status: {}", chain(&error)))?;
        Ok(text.as_deref().and_then(parse_status))
    }

    async fn write(&self, status: ScheduleStatus) -> Result<(), String> {
        let written = storage::put(&self.0, status_json(status), None).await;
        written.map_err(|error| format!("write timer status: {}", chain(&error)))
    }
}
