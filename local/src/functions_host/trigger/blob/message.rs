//! The messages between detection and execution, and of the poison queue.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Serialize};

use crate::functions_host::wire::json_text;

/// The queue for failed blobs, in the blob's own storage account.
pub(crate) const POISON_QUEUE: &str = "webjobs-blobtrigger-poison";

/// A blob that a function is to run for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
pub(crate) struct BlobMessage {
    #[serde(rename = "Type", default = "message_type")]
    kind: String,
    pub(crate) function_id: String,
    #[serde(default = "block_blob")]
    blob_type: String,
    pub(crate) container_name: String,
    pub(crate) blob_name: String,
    #[serde(rename = "ETag")]
    pub(crate) etag: String,
}

fn message_type() -> String {
    "BlobTrigger".to_owned()
}

fn block_blob() -> String {
    "BlockBlob".to_owned()
}

/// The internal queue of one host.
pub(crate) fn queue_name(host_id: &str) -> String {
    format!("azure-webjobs-blobtrigger-{host_id}")
}

/// How the host's own records name a function.
pub(crate) fn function_id(function: &str) -> String {
    format!("Host.Functions.{function}")
}

impl BlobMessage {
    pub(crate) fn new(function: &str, container: &str, blob: &str, etag: &str) -> Self {
        Self {
            kind: message_type(),
            function_id: function_id(function),
            blob_type: block_blob(),
            container_name: container.to_owned(),
            blob_name: blob.to_owned(),
            etag: format!("\"{}\"", etag.trim_matches('"')),
        }
    }

    /// The text of a queue message: JSON in base64, as the extension writes it.
    pub(crate) fn encode(&self) -> String {
        STANDARD.encode(json_text(self))
    }

    /// Reads a queue message, base64 or plain.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        let decoded = STANDARD.decode(text.trim()).ok();
        serde_json::from_slice(decoded.as_deref().unwrap_or(text.as_bytes())).ok()
    }

    /// Returns whether the message is about this version of the blob.
    pub(crate) fn is_for(&self, etag: &str) -> bool {
        self.etag.trim_matches('"') == etag.trim_matches('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_the_extensions() {
        let message = BlobMessage::new("silver", "bronze", "a/b.jsonl", "0x1");
        let text = STANDARD.decode(message.encode()).expect("base64");
        assert_eq!(
            String::from_utf8_lossy(&text),
            r#"{"Type":"BlobTrigger","FunctionId":"Host.Functions.silver","BlobType":"BlockBlob","ContainerName":"bronze","BlobName":"a/b.jsonl","ETag":"\"0x1\""}"#
        );
        assert_eq!(
            BlobMessage::decode(&message.encode()),
            Some(message.clone())
        );
        assert!(message.is_for("\"0x1\""));
        assert!(!message.is_for("0x2"));
    }
}
