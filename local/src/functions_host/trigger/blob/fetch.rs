//! Reading a blob for an invocation.

use azure_core::http::StatusCode;
use azure_core::time::OffsetDateTime;
use azure_storage_blob::BlobServiceClient;
use azure_storage_blob::models::BlobClientGetPropertiesResultHeaders as _;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use url::Url;

use super::message::BlobMessage;
use crate::functions_host::wire::blob::{BlobProperties, capitalised};
use sluice::error::chain;

/// A blob as it is now.
#[derive(Debug)]
pub(super) enum Fetched {
    /// The version that the message is about.
    Found(Bytes, Box<BlobProperties>),
    /// Deleted, or replaced by a version with a message of its own.
    Gone,
}

/// Reads the blob of a message, whole.
pub(super) async fn fetch(
    service: &BlobServiceClient,
    message: &BlobMessage,
) -> Result<Fetched, String> {
    let BlobMessage {
        container_name,
        blob_name,
        ..
    } = message;
    let failed = |error: azure_core::Error| format!("read blob {blob_name}: {}", chain(&error));
    let blob = service.blob_client(container_name, blob_name);
    let properties = match blob.get_properties(None).await {
        Ok(properties) => properties,
        Err(error) if error.http_status() == Some(StatusCode::NotFound) => {
            return Ok(Fetched::Gone);
        }
        Err(error) => return Err(failed(error)),
    };
    let etag = properties.etag().map_err(failed)?;
    if !etag.is_some_and(|etag| message.is_for(etag.as_ref())) {
        return Ok(Fetched::Gone);
    }
    let mut metadata: Vec<_> = properties
        .metadata()
        .map_err(failed)?
        .into_iter()
        .map(|(name, value)| (capitalised(&name), value))
        .collect();
    metadata.sort();
    let missing = |header: &str| format!("read blob {blob_name}: the answer has no {header}");
    let last_modified = properties.last_modified().map_err(failed)?.and_then(time);
    let created_on = properties.creation_time().map_err(failed)?.and_then(time);
    let mut found = BlobProperties {
        uri: uri(service.url(), container_name, blob_name),
        last_modified: last_modified.ok_or_else(|| missing("Last-Modified"))?,
        created_on: created_on.ok_or_else(|| missing("x-ms-creation-time"))?,
        content_length: 0,
        content_type: properties.content_type().map_err(failed)?,
        content_hash: properties
            .content_md5()
            .map_err(failed)?
            .map(|md5| STANDARD.encode(md5)),
        access_tier: properties.access_tier().map_err(failed)?,
        access_tier_changed_on: properties
            .access_tier_change_time()
            .map_err(failed)?
            .and_then(time),
        metadata,
    };
    let content = match blob.download(None).await {
        Ok(result) => result.body.collect().await.map_err(failed)?,
        Err(error) if error.http_status() == Some(StatusCode::NotFound) => {
            return Ok(Fetched::Gone);
        }
        Err(error) => return Err(failed(error)),
    };
    found.content_length = content.len() as u64;
    Ok(Fetched::Found(content, Box::new(found)))
}

/// The blob's address without query, percent-encoded but for the slashes.
fn uri(service: &Url, container: &str, blob: &str) -> String {
    let mut uri = service.clone();
    uri.set_query(None);
    if let Ok(mut segments) = uri.path_segments_mut() {
        segments
            .pop_if_empty()
            .push(container)
            .extend(blob.split('/'));
    }
    uri.to_string()
}

fn time(time: OffsetDateTime) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp(time.unix_timestamp(), time.nanosecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_uri_is_that_of_the_blob_without_signature() {
        let service = Url::parse("http://127.0.0.1:10000/devstoreaccount1?sig=x").expect("url");
        assert_eq!(
            uri(&service, "bronze", "sub/dir/a b.dat"),
            "http://127.0.0.1:10000/devstoreaccount1/bronze/sub/dir/a%20b.dat"
        );
    }
}
