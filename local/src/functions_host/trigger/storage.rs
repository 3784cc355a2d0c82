//! The host's containers, queues and small blobs in its storage account.

use std::collections::HashMap;

use azure_core::http::StatusCode;
use azure_storage_blob::models::BlockBlobClientUploadOptions;
use azure_storage_blob::{BlobClient, BlobServiceClient};
use azure_storage_queue::models::QueueClientGetPropertiesResultHeaders as _;
use azure_storage_queue::{QueueClient, QueueServiceClient, QueueServiceClientOptions};
use bytes::Bytes;
use sluice::error::chain;
use sluice::store::account::StorageAccount;

/// The container for receipts and timer status.
pub(crate) const HOSTS_CONTAINER: &str = "azure-webjobs-hosts";

/// Creates a container unless it is there.
pub(crate) async fn ensure_container(
    service: &BlobServiceClient,
    name: &str,
) -> Result<(), String> {
    match service.blob_container_client(name).create(None).await {
        Ok(_) => Ok(()),
        Err(error) if error.http_status() == Some(StatusCode::Conflict) => Ok(()),
        Err(error) => Err(format!("create container {name}: {}", chain(&error))),
    }
}

/// A client of a queue, which is created unless it is there.
pub(crate) async fn ensure_queue(
    account: &StorageAccount,
    name: &str,
) -> Result<QueueClient, String> {
    let failed = |error: &dyn std::error::Error| format!("open queue {name}: {}", chain(error));
    let url = account
        .queue_service_url()
        .map_err(|error| failed(&error))?;
    let options = QueueServiceClientOptions {
        client_options: account.client_options(),
        ..Default::default()
    };
    let service = QueueServiceClient::new(url, account.credential(), Some(options))
        .map_err(|error| failed(&error))?;
    let queue = service.queue_client(name).map_err(|error| failed(&error))?;
    match queue.create(None).await {
        Ok(_) => Ok(queue),
        Err(error) if error.http_status() == Some(StatusCode::Conflict) => Ok(queue),
        Err(error) => Err(failed(&error)),
    }
}

/// Returns the number of messages in a queue, hidden ones included.
pub(crate) async fn queue_length(queue: &QueueClient) -> Result<u64, String> {
    let failed = |error: azure_core::Error| format!("read length of queue: {}", chain(&error));
    let properties = queue.get_properties(None).await.map_err(failed)?;
    let count = properties.approximate_messages_count().map_err(failed)?;
    count
        .and_then(|count| u64::try_from(count).ok())
        .ok_or_else(|| "read length of queue: the answer has none".to_owned())
}

/// Writes a small blob, over one that is there.
pub(crate) async fn put(
    blob: &BlobClient,
    content: String,
    metadata: Option<HashMap<String, String>>,
) -> Result<(), azure_core::Error> {
    let options = BlockBlobClientUploadOptions {
        metadata,
        ..Default::default()
    };
    let content = Bytes::from(content).into();
    blob.block_blob_client()
        .upload(content, Some(options))
        .await
        .map(|_| ())
}

/// Reads a small blob as text; none if it is not there.
pub(crate) async fn get_text(blob: &BlobClient) -> Result<Option<String>, azure_core::Error> {
    match blob.download(None).await {
        Ok(result) => {
            let bytes = result.body.collect().await?;
            Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
        }
        Err(error) if error.http_status() == Some(StatusCode::NotFound) => Ok(None),
        Err(error) => Err(error),
    }
}
