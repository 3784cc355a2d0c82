//! What the blob service's answers mean.

use azure_core::http::StatusCode;
use azure_storage_blob::models::BlobItem;

use crate::event::UnixMillis;
use crate::store::code_of;
use crate::store::object::{Metadata, ObjectInfo, ObjectPath};

pub(super) fn is_missing(error: &azure_core::Error) -> bool {
    error.http_status() == Some(StatusCode::NotFound)
}

pub(super) fn is_missing_container(answer: &azure_core::Result<()>) -> bool {
    answer
        .as_ref()
        .is_err_and(|error| code_of(error) == Some("ContainerNotFound"))
}

/// Returns whether a create was refused because the name is taken.
pub(super) fn is_taken(error: &azure_core::Error) -> bool {
    let taken = [
        "BlobAlreadyExists",
        "BlobImmutableDueToPolicy",
        "InvalidBlockList",
        "PathAlreadyExists",
    ];
    error.http_status() == Some(StatusCode::PreconditionFailed)
        || code_of(error).is_some_and(|code| taken.contains(&code))
}

pub(super) fn described(container: &str, item: BlobItem) -> Option<ObjectInfo> {
    let properties = item.properties?;
    let values = item.metadata.and_then(|metadata| metadata.values);
    let metadata = lowered(values.unwrap_or_default());
    // A hierarchical namespace lists its folders among the blobs.
    if metadata
        .get("hdi_isfolder")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    {
        return None;
    }
    Some(ObjectInfo {
        path: ObjectPath::new(container, &item.name?),
        size: properties.content_length.unwrap_or_default(),
        created: millis(properties.creation_time.or(properties.last_modified)),
        metadata,
    })
}

pub(super) fn lowered(metadata: impl IntoIterator<Item = (String, String)>) -> Metadata {
    metadata
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect()
}

pub(super) fn millis(time: Option<azure_core::time::OffsetDateTime>) -> UnixMillis {
    let nanos = time.map_or(0, |time| time.unix_timestamp_nanos());
    UnixMillis(i64::try_from(nanos / 1_000_000).unwrap_or_default())
}
