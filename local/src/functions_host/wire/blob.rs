//! The blob trigger's body, in the shape of the 5.x extension.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Payload, PayloadWriter, never, ordered, with_offset};

/// A blob as downloaded.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct BlobProperties {
    /// Without query.
    pub(crate) uri: String,
    pub(crate) last_modified: DateTime<Utc>,
    pub(crate) created_on: DateTime<Utc>,
    pub(crate) content_length: u64,
    pub(crate) content_type: Option<String>,
    /// MD5 as base64.
    pub(crate) content_hash: Option<String>,
    pub(crate) access_tier: Option<String>,
    pub(crate) access_tier_changed_on: Option<DateTime<Utc>>,
    pub(crate) metadata: Vec<(String, String)>,
}

#[derive(Serialize)]
struct Metadata<'blob>(#[serde(serialize_with = "ordered_slice")] &'blob [(String, String)]);

fn ordered_slice<S: serde::Serializer>(
    pairs: &&[(String, String)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    ordered(pairs, serializer)
}

#[derive(Serialize)]
struct Empty {}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct ImmutabilityPolicy {
    expires_on: Option<()>,
    policy_mode: Option<()>,
}

/// `Azure.Storage.Blobs.Models.BlobProperties`, member by member.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Properties<'blob> {
    last_modified: String,
    created_on: String,
    metadata: Metadata<'blob>,
    object_replication_destination_policy_id: Option<()>,
    object_replication_source_properties: Option<()>,
    blob_type: u8,
    copy_completed_on: String,
    copy_status_description: Option<()>,
    copy_id: Option<()>,
    copy_progress: Option<()>,
    copy_source: Option<()>,
    copy_status: u8,
    blob_copy_status: Option<()>,
    is_incremental_copy: bool,
    destination_snapshot: Option<()>,
    lease_duration: u8,
    lease_state: u8,
    lease_status: u8,
    content_length: u64,
    content_type: Option<&'blob str>,
    #[serde(rename = "ETag")]
    etag: Empty,
    content_hash: Option<&'blob str>,
    content_encoding: Option<()>,
    content_disposition: Option<()>,
    content_language: Option<()>,
    cache_control: Option<()>,
    blob_sequence_number: u64,
    accept_ranges: &'static str,
    blob_committed_block_count: u64,
    is_server_encrypted: bool,
    encryption_key_sha256: Option<()>,
    encryption_scope: Option<()>,
    access_tier: Option<&'blob str>,
    access_tier_inferred: bool,
    archive_status: Option<()>,
    access_tier_changed_on: String,
    smart_access_tier: Option<()>,
    version_id: Option<()>,
    is_latest_version: bool,
    tag_count: u64,
    expires_on: String,
    is_sealed: bool,
    rehydrate_priority: Option<()>,
    last_accessed: String,
    immutability_policy: ImmutabilityPolicy,
    has_legal_hold: bool,
}

impl<'blob> From<&'blob BlobProperties> for Properties<'blob> {
    fn from(properties: &'blob BlobProperties) -> Self {
        let never = with_offset(never());
        Self {
            last_modified: with_offset(properties.last_modified),
            created_on: with_offset(properties.created_on),
            metadata: Metadata(&properties.metadata),
            object_replication_destination_policy_id: None,
            object_replication_source_properties: None,
            blob_type: 0,
            copy_completed_on: never.clone(),
            copy_status_description: None,
            copy_id: None,
            copy_progress: None,
            copy_source: None,
            copy_status: 0,
            blob_copy_status: None,
            is_incremental_copy: false,
            destination_snapshot: None,
            lease_duration: 0,
            lease_state: 0,
            lease_status: 1,
            content_length: properties.content_length,
            content_type: properties.content_type.as_deref(),
            etag: Empty {},
            content_hash: properties.content_hash.as_deref(),
            content_encoding: None,
            content_disposition: None,
            content_language: None,
            cache_control: None,
            blob_sequence_number: 0,
            accept_ranges: "bytes",
            blob_committed_block_count: 0,
            is_server_encrypted: true,
            encryption_key_sha256: None,
            encryption_scope: None,
            access_tier: properties.access_tier.as_deref(),
            access_tier_inferred: properties.access_tier.is_some(),
            archive_status: None,
            access_tier_changed_on: properties
                .access_tier_changed_on
                .map_or_else(|| never.clone(), with_offset),
            smart_access_tier: None,
            version_id: None,
            is_latest_version: false,
            tag_count: 0,
            expires_on: never.clone(),
            is_sealed: false,
            rehydrate_priority: None,
            last_accessed: never,
            immutability_policy: ImmutabilityPolicy {
                expires_on: None,
                policy_mode: None,
            },
            has_legal_hold: false,
        }
    }
}

/// Writes the body of one blob; a capture may take the place of a built-in key.
pub(crate) fn payload(
    binding: &str,
    content: &[u8],
    properties: &BlobProperties,
    captures: &[(String, String)],
) -> Payload {
    let captured = |key: &str| {
        captures
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case(key))
    };
    let mut writer = PayloadWriter::with_bytes(binding, content);
    if !captured("Uri") {
        writer = writer.text("Uri", &properties.uri);
    }
    if !captured("Properties") {
        writer = writer.object("Properties", &Properties::from(properties));
    }
    if !captured("Metadata") {
        writer = writer.object("Metadata", &Metadata(&properties.metadata));
    }
    for (name, value) in captures {
        if !name.to_ascii_lowercase().ends_with("trigger") {
            writer = writer.text(name, value);
        }
    }
    writer.finish()
}

/// A metadata name as it comes back from Azurite to .NET: each word capitalised.
///
/// HTTP clients differ in the case they report, so whoever reads these must not depend on it.
pub(crate) fn capitalised(name: &str) -> String {
    let mut start = true;
    let capitalise = |c: char| {
        let out = if start { c.to_ascii_uppercase() } else { c };
        start = c == '_' || c == '-';
        out
    };
    name.chars().map(capitalise).collect()
}
