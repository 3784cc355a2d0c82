//! Checkpoints in blob storage, in the layout that all Event Hubs SDKs share.

use std::collections::HashMap;

use azure_core::http::StatusCode;
use azure_storage_blob::models::{
    BlobClientGetPropertiesResultHeaders as _, BlockBlobClientUploadOptions,
};
use azure_storage_blob::{BlobClient, BlobServiceClient};
use bytes::Bytes;
use sluice::error::chain;
use sluice::store::account::StorageAccount;

use super::Checkpoint;
use crate::hub_client::EventHubConnection;

/// The container in the host's storage account.
pub(crate) const CONTAINER: &str = "azure-webjobs-eventhub";

/// The name of a partition's checkpoint blob.
pub(crate) fn blob_name(namespace: &str, hub: &str, group: &str, partition: &str) -> String {
    format!("{namespace}/{hub}/{group}/checkpoint/{partition}").to_lowercase()
}

/// Reads a checkpoint; a blob without one counts as none.
pub(crate) async fn read(
    service: &BlobServiceClient,
    name: &str,
) -> Result<Option<Checkpoint>, String> {
    let properties = match client(service, name).get_properties(None).await {
        Ok(properties) => properties,
        Err(error) if error.http_status() == Some(StatusCode::NotFound) => return Ok(None),
        Err(error) => return Err(format!("read checkpoint {name}: {error}")),
    };
    let metadata = properties
        .metadata()
        .map_err(|error| format!("read metadata of checkpoint {name}: {error}"))?;
    let field = |key: &str| {
        metadata
            .iter()
            .find(|(name, _)| name.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    };
    let sequence_number = field("sequencenumber").and_then(|text| text.parse().ok());
    Ok(sequence_number.map(|sequence_number| Checkpoint {
        sequence_number,
        // The sequence number is what a receiver starts after.
        offset: field("offset").cloned().unwrap_or_default(),
    }))
}

/// Writes a checkpoint over the last one.
pub(crate) async fn write(
    service: &BlobServiceClient,
    name: &str,
    checkpoint: &Checkpoint,
) -> Result<(), String> {
    let metadata = HashMap::from([
        ("offset".to_owned(), checkpoint.offset.clone()),
        (
            "sequencenumber".to_owned(),
            checkpoint.sequence_number.to_string(),
        ),
    ]);
    let options = BlockBlobClientUploadOptions {
        metadata: Some(metadata),
        ..Default::default()
    };
    let content = Bytes::new().into();
    let written = client(service, name)
        .block_blob_client()
        .upload(content, Some(options))
        .await;
    written
        .map(|_| ())
        .map_err(|error| format!("write checkpoint {name}: {error}"))
}

/// Sets the checkpoints of all partitions of a hub back by so many events, as somebody does who wants them delivered again;
/// returns how many events that are in all. Where a partition has fewer, its checkpoint is removed. Whoever reads the
/// partition already goes on where it is.
///
/// # Errors
/// Fails if the hub or the storage account cannot be reached.
pub async fn set_back(
    account: &StorageAccount,
    connection: &EventHubConnection,
    group: &str,
    by: i64,
) -> Result<i64, String> {
    let service = account.blob_service().map_err(|error| chain(&error))?;
    let partitions = Box::pin(connection.partition_ids()).await;
    let mut events = 0;
    for partition in partitions.map_err(|error| chain(&error))? {
        let name = blob_name(connection.namespace(), connection.hub(), group, &partition);
        let Some(checkpoint) = read(&service, &name).await? else {
            continue;
        };
        let sequence_number = checkpoint.sequence_number.saturating_sub(by);
        if sequence_number >= 0 {
            let offset = String::new();
            let earlier = Checkpoint {
                sequence_number,
                offset,
            };
            write(&service, &name, &earlier).await?;
        } else {
            let deleted = client(&service, &name).delete(None).await;
            deleted.map_err(|error| format!("delete checkpoint {name}: {error}"))?;
        }
        events += checkpoint.sequence_number - sequence_number.max(-1);
    }
    Ok(events)
}

fn client(service: &BlobServiceClient, name: &str) -> BlobClient {
    service.blob_client(CONTAINER, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkpoint_blobs_are_named_as_the_sdks_name_them() {
        assert_eq!(
            blob_name("My.servicebus.windows.net", "Events", "$Default", "3"),
            "my.servicebus.windows.net/events/$default/checkpoint/3"
        );
    }
}
