//! The blob trigger's payload: the whole blob in base64, its name, and what its metadata says.

use std::borrow::Cow;
use std::collections::BTreeMap;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::DateTime;
use serde::Deserialize;

use super::invocation::{Envelope, InvocationError, nested};
use crate::event::UnixMillis;
use crate::store::object::{Metadata, Source};

#[derive(Debug, Deserialize)]
struct BlobMetadata<'a> {
    /// The capture of `bronze/{name}`.
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(rename = "Properties")]
    properties: Option<Properties>,
    /// User metadata, whose names may have changed their case on the way.
    #[serde(rename = "Metadata", default)]
    user: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Properties {
    #[serde(alias = "Created")]
    created_on: Option<String>,
    last_modified: Option<String>,
}

/// A blob that was created in the bronze container.
#[derive(Debug)]
pub(super) struct BlobInvocation<'a> {
    /// Its name in the container.
    pub(super) name: String,
    content: Cow<'a, str>,
    /// Names in lower case.
    metadata: Metadata,
    created: Option<UnixMillis>,
}

impl<'a> BlobInvocation<'a> {
    pub(super) fn parse(body: &'a [u8]) -> Result<Self, InvocationError> {
        let envelope = Envelope::<BlobMetadata<'_>>::parse(body)?;
        let content = envelope.text()?;
        let metadata = envelope.metadata;
        let name = metadata
            .name
            .as_deref()
            .ok_or_else(|| InvocationError::Part {
                part: "Metadata",
                detail: "no name; the path in function.json must be bronze/{name}".to_owned(),
            })?;
        let name: String = nested(name, "name")?;
        let user: Metadata = metadata
            .user
            .into_iter()
            .map(|(key, value)| (key.to_lowercase(), value))
            .collect();
        let properties = metadata.properties;
        let times =
            properties.and_then(|properties| properties.created_on.or(properties.last_modified));
        let created = times.and_then(|text| DateTime::parse_from_rfc3339(&text).ok());
        Ok(Self {
            name,
            content,
            metadata: user,
            created: created.map(|time| UnixMillis(time.timestamp_millis())),
        })
    }

    /// Decodes the content. `now` counts as the time of creation where the host does not tell it.
    pub(super) fn into_source(self, now: UnixMillis) -> Result<Source, InvocationError> {
        let content =
            STANDARD
                .decode(self.content.as_bytes())
                .map_err(|error| InvocationError::Part {
                    part: "Data",
                    detail: error.to_string(),
                })?;
        Ok(Source::of_object(
            self.name,
            Bytes::from(content),
            &self.metadata,
            self.created.unwrap_or(now),
        ))
    }
}
