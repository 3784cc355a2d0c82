//! Queues: the poison queue of the blob trigger, of which messages of sources that have been refined after all are removed,
//! and those that alerts are put into.
//!
//! The host puts a message into the poison queue after its fifth try of a blob, in the blob's own account. It is only ever a
//! note to people; what is unfinished is found in bronze itself.

use std::fmt::Debug;

use async_trait::async_trait;
use azure_core::http::StatusCode;
use azure_storage_queue::models::{QueueClientReceiveMessagesOptions, QueueMessage};
use azure_storage_queue::{QueueClient, QueueServiceClient, QueueServiceClientOptions};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;

use super::StorageError;
use super::account::{AccountError, StorageAccount};
use super::object::ObjectPath;

/// Where the host puts blobs that failed too often.
const QUEUE: &str = "webjobs-blobtrigger-poison";
/// How long a message that was looked at is hidden from the next look.
const HIDDEN_SECONDS: i32 = 120;
/// Messages in one answer; the service gives no more.
const MESSAGES: i32 = 32;

/// A message of the poison queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PoisonMessage {
    /// Its id.
    pub id: String,
    /// What it takes to delete it.
    pub receipt: String,
    /// Its text.
    pub text: String,
}

impl PoisonMessage {
    /// Returns the blob that failed, if this is such a message.
    #[must_use]
    pub fn blob(&self) -> Option<ObjectPath> {
        #[derive(Deserialize)]
        #[serde(rename_all = "PascalCase")]
        struct Message {
            #[serde(rename = "Type")]
            kind: String,
            container_name: String,
            blob_name: String,
        }
        let decoded = STANDARD.decode(self.text.trim()).ok();
        let json = decoded.as_deref().unwrap_or(self.text.as_bytes());
        let message: Message = serde_json::from_slice(json).ok()?;
        (message.kind == "BlobTrigger")
            .then(|| ObjectPath::new(&message.container_name, &message.blob_name))
    }
}

/// The poison queue.
#[async_trait]
pub trait PoisonQueue: Debug + Send + Sync {
    /// Returns some messages, which are then hidden for a while; none if there are none, or no queue.
    async fn receive(&self) -> Result<Vec<PoisonMessage>, StorageError>;

    /// Deletes a message; one that is gone is fine.
    async fn delete(&self, message: &PoisonMessage) -> Result<(), StorageError>;
}

/// The poison queue in Azure's Queue storage or in Azurite.
pub struct AzurePoisonQueue(QueueClient);

impl Debug for AzurePoisonQueue {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(QUEUE)
    }
}

impl AzurePoisonQueue {
    /// Uses the queue of the account that the blobs are in. Nothing is sent yet.
    ///
    /// # Errors
    /// Fails if the account has no queue service.
    pub fn new(account: &StorageAccount) -> Result<Self, AccountError> {
        let service = service(account)?;
        Ok(Self(service.queue_client(QUEUE).map_err(refused)?))
    }
}

#[async_trait]
impl PoisonQueue for AzurePoisonQueue {
    async fn receive(&self) -> Result<Vec<PoisonMessage>, StorageError> {
        const OPERATION: &str = "receive messages of queue";
        let options = QueueClientReceiveMessagesOptions {
            number_of_messages: Some(MESSAGES),
            visibility_timeout: Some(HIDDEN_SECONDS),
            ..QueueClientReceiveMessagesOptions::default()
        };
        let failed = |error: &azure_core::Error| StorageError::from_azure(OPERATION, QUEUE, error);
        let answer = match self.0.receive_messages(Some(options)).await {
            Ok(answer) => answer,
            Err(error) if error.http_status() == Some(StatusCode::NotFound) => return Ok(vec![]),
            Err(error) => return Err(failed(&error)),
        };
        let received = answer.into_model().map_err(|error| failed(&error))?;
        // An answer without a list is an empty one.
        let messages = received.items.unwrap_or_default().into_iter();
        Ok(messages
            .filter_map(|message| {
                Some(PoisonMessage {
                    id: message.message_id?,
                    receipt: message.pop_receipt?,
                    text: message.message_text?,
                })
            })
            .collect())
    }

    async fn delete(&self, message: &PoisonMessage) -> Result<(), StorageError> {
        match self
            .0
            .delete_message(&message.id, &message.receipt, None)
            .await
        {
            Ok(_) => Ok(()),
            Err(error) if error.http_status() == Some(StatusCode::NotFound) => Ok(()),
            Err(error) => Err(StorageError::from_azure(
                "delete message of queue",
                QUEUE,
                &error,
            )),
        }
    }
}

/// The queues of an account, for whoever puts messages into them.
pub struct AzureQueues(QueueServiceClient);

impl Debug for AzureQueues {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("AzureQueues")
    }
}

impl AzureQueues {
    /// Uses the queues of an account. Nothing is sent yet.
    ///
    /// # Errors
    /// Fails if the account has no queue service.
    pub fn new(account: &StorageAccount) -> Result<Self, AccountError> {
        Ok(Self(service(account)?))
    }

    /// Puts a text into a queue as Base64, which is how triggers of Azure Functions read it.
    ///
    /// # Errors
    /// Fails if there is no such queue, or the service does.
    pub async fn put(&self, queue: &str, text: &str) -> Result<(), StorageError> {
        const OPERATION: &str = "put a message into queue";
        let failed = |error: &azure_core::Error| StorageError::from_azure(OPERATION, queue, error);
        let client = self.0.queue_client(queue).map_err(|error| failed(&error))?;
        let message = QueueMessage {
            message_text: Some(STANDARD.encode(text)),
        };
        let body = message.try_into().map_err(|error| failed(&error))?;
        let sent = client.send_message(body, None).await;
        sent.map_err(|error| failed(&error))?;
        Ok(())
    }
}

fn service(account: &StorageAccount) -> Result<QueueServiceClient, AccountError> {
    let options = QueueServiceClientOptions {
        client_options: account.client_options(),
        ..QueueServiceClientOptions::default()
    };
    let url = account.queue_service_url()?;
    let service = QueueServiceClient::new(url, account.credential(), Some(options));
    service.map_err(refused)
}

fn refused(error: azure_core::Error) -> AccountError {
    AccountError {
        setting: QUEUE.to_owned(),
        problem: crate::store::account::Problem::Credential(error.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_its_blob_and_a_foreign_one_none() {
        let json = r#"{"Type":"BlobTrigger","FunctionId":"Host.Functions.silver","BlobType":"BlockBlob","ContainerName":"bronze","BlobName":"orders/0/a.jsonl","ETag":"\"0x8\""}"#;
        let message = |text: &str| PoisonMessage {
            id: "1".into(),
            receipt: "r".into(),
            text: text.into(),
        };
        let blob = ObjectPath::new("bronze", "orders/0/a.jsonl");
        assert_eq!(message(&STANDARD.encode(json)).blob(), Some(blob.clone()));
        assert_eq!(message(json).blob(), Some(blob));
        assert_eq!(message("hello").blob(), None);
    }
}
