//! What the blob service's answers mean.

use azure_core::http::StatusCode;
use azure_core::http::headers::{HeaderName, Headers};
use azure_core::time::OffsetDateTime;
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

/// Reads an entry of a listing; nothing for a folder, which a hierarchical namespace lists among the blobs.
///
/// # Errors
/// Fails if the service does not say a blob's name, size or time: retention decides on them, and a guess would let it
/// remove what is young.
pub(super) fn described(container: &str, item: BlobItem) -> azure_core::Result<Option<ObjectInfo>> {
    let values = item.metadata.and_then(|metadata| metadata.values);
    // A blob without metadata has none.
    let metadata = lowered(values.unwrap_or_default());
    if metadata
        .get("hdi_isfolder")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"))
    {
        return Ok(None);
    }
    let name = item.name.ok_or_else(|| missing("name"))?;
    let properties = item.properties.ok_or_else(|| missing("properties"))?;
    Ok(Some(ObjectInfo {
        path: ObjectPath::new(container, &name),
        size: properties.content_length.ok_or_else(|| missing("size"))?,
        created: millis(properties.creation_time.or(properties.last_modified))?,
        metadata,
    }))
}

/// Makes the failure of an answer that lacks what it always has.
pub(super) fn missing(part: &str) -> azure_core::Error {
    let message = format!("the service does not say the blob's {part}");
    azure_core::Error::with_message(azure_core::error::ErrorKind::DataConversion, message)
}

pub(super) fn lowered(metadata: impl IntoIterator<Item = (String, String)>) -> Metadata {
    metadata
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), value))
        .collect()
}

/// Returns when the service answered, by its own clock; nothing where it does not say.
pub(super) fn answered(headers: &Headers) -> Option<UnixMillis> {
    let date = headers.get_optional_str(&HeaderName::from_static("date"))?;
    let date = chrono::DateTime::parse_from_rfc2822(date).ok()?;
    Some(UnixMillis(date.timestamp_millis()))
}

/// Returns when a blob was made.
///
/// # Errors
/// Fails if the service does not say, or says a time that is none of this era.
pub(super) fn millis(time: Option<OffsetDateTime>) -> azure_core::Result<UnixMillis> {
    let nanos = time
        .ok_or_else(|| missing("time of creation"))?
        .unix_timestamp_nanos();
    let millis = i64::try_from(nanos / 1_000_000);
    Ok(UnixMillis(millis.map_err(|_| missing("time of creation"))?))
}
