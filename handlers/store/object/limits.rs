//! What Blob storage does not take, refused before anything is sent and alike by every store.

use thiserror::Error;

use super::{Metadata, ObjectPath};
use crate::store::{ErrorKind, StorageError};

/// Most bytes that the metadata of an object may hold, names and values together.
pub const MAX_METADATA_BYTES: usize = 8 * 1024;
/// Most UTF-16 units that an object's name may have.
pub const MAX_NAME_UNITS: usize = 1_024;

/// Why an object cannot be created as described.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(super) enum Refusal {
    #[error("{0:?} is not a container: 3 to 63 lower-case letters, digits and single hyphens")]
    Container(String),
    #[error(
        "the name is empty, longer than {MAX_NAME_UNITS} characters or ends with a dot or slash"
    )]
    Name,
    #[error("metadata name {0:?} is not a lower-case identifier")]
    MetadataName(String),
    #[error("the value of metadata {0:?} is empty, padded with blanks or not printable ASCII")]
    MetadataValue(String),
    #[error("the metadata is {0} bytes, more than {MAX_METADATA_BYTES}")]
    MetadataSize(usize),
    #[error("the object has {size} bytes, but bytes {start} to {end} were asked for")]
    Range { start: u64, end: u64, size: u64 },
}

impl Refusal {
    /// Makes it the failure of `operation` on `path`.
    pub(super) fn of(self, operation: &'static str, path: &ObjectPath) -> StorageError {
        StorageError {
            operation,
            object: path.to_string(),
            kind: ErrorKind::Permanent,
            source: Box::new(self),
        }
    }
}

/// Checks what is known about an object before it is created.
pub(super) fn check(path: &ObjectPath, metadata: &Metadata) -> Result<(), Refusal> {
    if !is_container(path.container()) {
        return Err(Refusal::Container(path.container().to_owned()));
    }
    let name = path.name();
    let too_long = name.encode_utf16().count() > MAX_NAME_UNITS;
    // The service makes a slash of a backslash.
    let odd = name.ends_with(['.', '/']) || name.contains(|c: char| c.is_control() || c == '\\');
    if name.is_empty() || too_long || odd {
        return Err(Refusal::Name);
    }

    for (name, value) in metadata {
        if !is_identifier(name) {
            return Err(Refusal::MetadataName(name.clone()));
        }
        let printable = value.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if value.is_empty() || !printable || value.trim() != value {
            return Err(Refusal::MetadataValue(name.clone()));
        }
    }
    let size = metadata
        .iter()
        .map(|(name, value)| name.len() + value.len())
        .sum();
    if size > MAX_METADATA_BYTES {
        return Err(Refusal::MetadataSize(size));
    }
    Ok(())
}

fn is_container(name: &str) -> bool {
    let legal = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (3..=63).contains(&name.len())
        && name.bytes().all(legal)
        && !name.starts_with('-')
        && !name.ends_with('-')
        && !name.contains("--")
}

fn is_identifier(name: &str) -> bool {
    let mut bytes = name.bytes();
    let starts_well = bytes
        .next()
        .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'_');
    starts_well
        && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}
